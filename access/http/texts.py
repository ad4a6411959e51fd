"""The words of the status page, by id (`access/locale`, domain `status`), and whose language it speaks."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from nvr.base.catalogue import Catalogue, Language

STATUS: Final = Catalogue("access", "status")

_CAUSES: Final[Mapping[str, str]] = MappingProxyType(
    {"not-found": "not-found-stream", "stalled": "no-pictures-arrive"},
)
"""Ids of causes whose word is another text's here."""


def cause_text(cause: str, language: Language) -> str:
    """What went wrong with a camera; a cause that has no text yet stands as its id."""
    return (
        STATUS.text(language, _CAUSES.get(cause, cause)) if STATUS.has(language, _CAUSES.get(cause, cause)) else cause
    )


def picture_text(fault: str, language: Language) -> str:
    """What is wrong with a camera's picture; a fault that has no text yet stands as its id."""
    return STATUS.text(language, f"picture-{fault}") if STATUS.has(language, f"picture-{fault}") else fault


def language_of(wanted: str | None, accepted: str | None) -> Language:
    """The language asked for by `?lang=`, else the first of Accept-Language that there is, else French.

    RFC 9110 section 12.5.4; quality values are not weighed: browsers send their languages in order.
    """
    offers = [wanted or "", *(part.partition(";")[0].strip() for part in (accepted or "").split(","))]
    for offer in offers:
        match offer.lower().partition("-")[0]:
            case "fr":
                return "fr"
            case "en":
                return "en"
    return "fr"
