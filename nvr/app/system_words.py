"""What the operating system says of a failed call, as people read it: without its number, in their language."""

import errno
import os
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final, Literal

_SAID: Final = re.compile(r"\[Errno (\d+)\] ")


@cache
def _french() -> Mapping[str, str]:
    """What the system says in English, by the name of its number, in French."""
    text = resources.files("nvr.app").joinpath("texts", "words.toml").read_text(encoding="utf-8")
    words: Mapping[str, str] = tomllib.loads(text)["system"]
    return words


def in_words(text: str, language: Literal["fr", "en"]) -> str:
    """The text with each `[Errno N] ...` of Python's errors in words; one that has none in French stays English."""
    if language == "fr":
        for number in {int(found) for found in _SAID.findall(text)}:
            english = os.strerror(number)
            text = text.replace(f"[Errno {number}] {english}", _french().get(errno.errorcode.get(number, ""), english))
    return _SAID.sub("", text)
