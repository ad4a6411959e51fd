"""Canonical JSON (RFC 8785, JCS) for the values that this system persists.

Only strings, integers below 2**53, booleans, null, arrays and objects with ASCII keys are allowed: for these
`json.dumps` with sorted keys gives the bytes of RFC 8785 (checked against the package rfc8785 in the tests), so
no number formatting of our own is needed. Floats are refused.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from nvr.base.units import MAX_PERSISTED_INT

Json: TypeAlias = "str | int | bool | Sequence[Json] | Mapping[str, Json] | None"


def canonical(value: Json) -> bytes:
    """The one UTF-8 encoding of the value.

    Raises:
        ValueError: the value holds a float, an integer of 2**53 or more, a key outside ASCII, or another type.
    """
    _check(value)
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_refuse
    ).encode("utf-8")


def is_text(value: str) -> bool:
    """Whether UTF-8 can write the text: a lone surrogate, which Python lets stand in a string, it can not."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def digest(value: Json) -> bytes:
    """SHA-256 over the canonical encoding; the value is expected to carry a domain label."""
    return hashlib.sha256(canonical(value)).digest()


def _check(value: object) -> None:
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, int):
        if abs(value) > MAX_PERSISTED_INT:
            raise ValueError(f"integer beyond 2**53: {value}")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if not (isinstance(key, str) and key.isascii()):
                raise ValueError(f"key is not an ASCII string: {key!r}")
            _check(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _check(item)
    else:
        raise ValueError(f"not a value of canonical JSON: {type(value).__name__}")  # noqa: TRY004 -- one error for all bad values


def _refuse(value: object) -> object:
    raise ValueError(f"not a value of canonical JSON: {type(value).__name__}")
