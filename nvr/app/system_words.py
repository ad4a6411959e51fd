"""What the operating system says of a failed call, as people read it: without its number, in their language."""

import errno
import os
import re
from typing import Final

from nvr.base.catalogue import Catalogue, Language

SYSTEM: Final = Catalogue("nvr.app", "system")
_SAID: Final = re.compile(r"\[Errno (\d+)\] ")


def in_words(text: str, language: Language) -> str:
    """The text with each `[Errno N] ...` of Python's errors in words; one that has none of ours keeps the system's."""
    for number in {int(found) for found in _SAID.findall(text)}:
        said, name = os.strerror(number), errno.errorcode.get(number, "")
        if SYSTEM.has(language, name):
            text = text.replace(f"[Errno {number}] {said}", SYSTEM.text(language, name))
    return _SAID.sub("", text)
