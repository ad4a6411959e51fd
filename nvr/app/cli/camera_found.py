"""What `camera discover` shows, and the list of the new ones that `camera import` reads."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from nvr.app.fleet_file.text import list_text
from nvr.app.messages import LANGUAGE, say
from nvr.base.catalogue import Language
from nvr.base.errors import InvalidValue

_NO_NAME: Final = re.compile(r"[^a-z0-9]+")
_MOST_NAME: Final = 63


def found_rows(found: Iterable[Mapping[str, Any]]) -> list[dict[str, str | None]]:
    """One row a camera."""
    return [
        {
            "address": each["address"],
            "make": each["make"] or "-",
            "model": each["model"] or "-",
            "serial": each["serial"] or "-",
            "camera": ", ".join(each["cameras"]) or say("found-new"),
        }
        for each in found
    ]


def found_line(found: Sequence[Mapping[str, Any]], csv: Path | None) -> str:
    """How many there are, and what to do next."""
    new = sum(not each["cameras"] for each in found)
    if not found:
        return say("found-none")
    if csv is not None:
        return say("found-written", found=len(found), new=new, file=csv)
    return say("found-some", found=len(found), new=new)


def write_new(file: Path, found: Iterable[Mapping[str, Any]], language: Language = LANGUAGE) -> None:
    """The cameras that nobody records yet as a list for `camera import`: names to change, logins to fill in.

    Raises:
        InvalidValue: the file is there already, or can not be written.
    """
    rows = [_row(each) for each in found if not each["cameras"]]
    try:
        with file.open("x", encoding="utf-8", newline="") as out:
            out.write(list_text(language, ("camera", "host", "user", "password", "point", "note"), rows))
    except OSError as error:
        raise InvalidValue(field="--csv", value=file, expected=error.strerror or "a file that can be written") from None


def _row(each: Mapping[str, Any]) -> dict[str, str]:
    """Its name holds the address, which is the one thing that no other camera has."""
    name = _NO_NAME.sub("-", f"{each['make'].split(' ')[0]}-{each['address']}".lower()).strip("-")[:_MOST_NAME]
    note = " ".join(part for part in (each["make"], each["model"], each["serial"]) if part)
    return {"camera": name, "host": each["address"], "note": note}
