"""Taking typed values out of parsed JSON: one error for all that is wrong with a document. Pure."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from nvr.base.errors import EvidenceAtRisk
from nvr.base.jcs import Json, canonical

HASH_BYTES: Final = 32


class DocumentInvalid(EvidenceAtRisk):
    """A set, key record, grant file or answer is not what its format says; `what` names the field."""

    message_id = "document-invalid"


class Fields:
    """A JSON object whose fields are asked for by name and type.

    Raises:
        DocumentInvalid: from any method, when the field is absent or of another type.
    """

    def __init__(self, value: object, what: str) -> None:
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise DocumentInvalid(what=what)
        self.value: Mapping[str, Any] = value
        self._what = what

    @classmethod
    def parse(cls, data: bytes, what: str) -> "Fields":
        """The canonical JSON object that these bytes are."""
        try:
            value = json.loads(data)
            if canonical(value) != data:
                raise DocumentInvalid(what=f"{what}: not canonical JSON")
        except (ValueError, RecursionError) as error:
            raise DocumentInvalid(what=f"{what}: not JSON") from error
        return cls(value, what)

    def text(self, key: str) -> str:
        """A string."""
        value = self._get(key)
        if not isinstance(value, str):
            self._refuse(key)
        return str(value)

    def optional_text(self, key: str) -> str | None:
        """A string, or null."""
        return None if self._get(key) is None else self.text(key)

    def number(self, key: str, *, at_least: int = 0) -> int:
        """An integer, not a truth value."""
        value = self._get(key)
        if type(value) is not int or value < at_least:
            self._refuse(key)
        return int(value)

    def truth(self, key: str) -> bool:
        """True or false."""
        value = self._get(key)
        if not isinstance(value, bool):
            self._refuse(key)
        return bool(value)

    def hexadecimal(self, key: str, size: int | None = HASH_BYTES) -> bytes:
        """Bytes in lower-case hex, of this length."""
        text = self.text(key)
        try:
            value = bytes.fromhex(text)
        except ValueError:
            self._refuse(key)
        if value.hex() != text or (size is not None and len(value) != size):
            self._refuse(key)
        return value

    def base64(self, key: str) -> bytes:
        """Bytes in base64, with padding."""
        text = self.text(key)
        try:
            value = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            self._refuse(key)
        if to_base64(value) != text:
            self._refuse(key)
        return value

    def object(self, key: str) -> "Fields":
        """A nested object."""
        return Fields(self._get(key), f"{self._what}.{key}")

    def optional_object(self, key: str) -> "Fields | None":
        """A nested object, or null."""
        return None if self._get(key) is None else self.object(key)

    def objects(self, key: str) -> "list[Fields]":
        """A list of objects."""
        value = self._get(key)
        if not isinstance(value, list):
            self._refuse(key)
        return [Fields(item, f"{self._what}.{key}") for item in value]

    def texts(self, key: str) -> list[str]:
        """A list of strings."""
        value = self._get(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self._refuse(key)
        return list(value)

    def expect(self, key: str, expected: Json) -> None:
        """A field of which only one value is known."""
        if self._get(key) != expected or type(self._get(key)) is not type(expected):
            self._refuse(key)

    def _get(self, key: str) -> Any:  # noqa: ANN401 -- whatever JSON holds
        if key not in self.value:
            self._refuse(key)
        return self.value[key]

    def _refuse(self, key: str) -> NoReturn:
        raise DocumentInvalid(what=f"{self._what}.{key}")


def to_base64(data: bytes) -> str:
    """Base64 with padding, as it stands in every document."""
    return base64.b64encode(data).decode()
