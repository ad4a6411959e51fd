"""The sheet that goes with a disk to its vendor: which disk, that nothing on it opens, who answers for it. Pure."""

from collections.abc import Mapping
from typing import Final

from nvr.app.messages import lines
from nvr.base.catalogue import LANGUAGES, Language

_WIDTH: Final = 78


def sheet(language: Language, fields: Mapping[str, object], *, with_keys: bool) -> str:
    """One language's part: its text with the fields filled in; what is not known is a dash, to be written in.

    `with_keys`: a place of the keyring was on the disk, and the sheet must not say otherwise.
    """
    (keys,) = lines(language, "volume-sheet-with-keys" if with_keys else "volume-sheet-without-keys")
    return "\n".join(lines(language, "volume-sheet", **fields, keys=keys)) + "\n"


def sheets(fields: Mapping[str, object], *, with_keys: bool) -> str:
    """The whole sheet: French first, English below; one page of A4 in a fixed-width type."""
    rule = f"\n{'-' * _WIDTH}\n\n"
    return rule.join(sheet(language, fields, with_keys=with_keys) for language in LANGUAGES)
