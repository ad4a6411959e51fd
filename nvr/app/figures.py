"""Numbers, sizes and days as each language writes them. Pure."""

from datetime import date
from typing import Final

from nvr.base.catalogue import Language

_NARROW: Final = "\u202f"
_UNITS: Final = {"fr": ("Go", "To"), "en": ("GB", "TB")}


def show_day(day: date, language: Language) -> str:
    """As the language writes it in a table."""
    return f"{day:%d/%m/%Y}" if language == "fr" else f"{day:%Y-%m-%d}"


def show_number(value: float, language: Language, digits: int = 0) -> str:
    """With the language's decimal sign and thin spaces between thousands."""
    text = f"{value:,.{digits}f}".replace(",", _NARROW)
    return text.replace(".", ",") if language == "fr" else text


def show_size(size_bytes: int, language: Language) -> str:
    """In GB or TB of 10^9 and 10^12 bytes, as disks are sold."""
    unit_bytes, unit = unit_of(size_bytes, language)
    return f"{show_number(size_bytes / unit_bytes, language, 1)}{_NARROW}{unit}"


def unit_of(size_bytes: float, language: Language) -> tuple[int, str]:
    """The unit in which a size is a number that people read, in bytes, and its name."""
    giga, tera = _UNITS[language]
    return (10**12, tera) if size_bytes >= 10**12 else (10**9, giga)
