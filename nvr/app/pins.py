"""What a custodian's tool knows beforehand, in a file beside the key: the log, the sets, the checkpoint seen last.

JSON: `{"v":1,"t":"scelle-pins","origin","log_public","sets":[hex],"last":{"size","root"} or null}`; `log_public` is the
Ed25519 key in base64. It comes from the founding of the system or from a colleague, never with a grant file.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nvr.base.jcs import Json, canonical
from storage.durable import replace_file
from storage.ledger.note import Checkpoint
from storage.vault.fields import Fields, to_base64
from storage.vault.verification import Pins

_TYPE: Final = "scelle-pins"
_VERSION: Final = 1
_MODE: Final = 0o600


@dataclass(frozen=True, slots=True)
class PinFile:
    """The pins of one custodian."""

    origin: str
    log_public: bytes
    sets: tuple[bytes, ...]
    last: Checkpoint | None = None

    def pins(self) -> Pins:
        """As the verification takes them."""
        return Pins(
            log_public=Ed25519PublicKey.from_public_bytes(self.log_public),
            origin=self.origin,
            sets=frozenset(self.sets),
            last=self.last,
        )

    def having_seen(self, checkpoint: Checkpoint) -> "PinFile":
        """The same, with this checkpoint as the last."""
        return replace(self, last=checkpoint)

    def write(self, path: Path) -> None:
        """Put it at the path, whole or not at all."""
        last: Json = None if self.last is None else {"size": self.last.size, "root": self.last.root.hex()}
        body: dict[str, Json] = {
            "v": _VERSION,
            "t": _TYPE,
            "origin": self.origin,
            "log_public": to_base64(self.log_public),
            "sets": [each.hex() for each in self.sets],
            "last": last,
        }
        replace_file(path, canonical(body), _MODE)


def read_pins(data: bytes) -> PinFile:
    """The pins in these bytes. Raises DocumentInvalid: they are none of this version."""
    fields = Fields.parse(data, "pins")
    fields.expect("v", _VERSION)
    fields.expect("t", _TYPE)
    origin = fields.text("origin")
    last = fields.optional_object("last")
    return PinFile(
        origin=origin,
        log_public=fields.base64("log_public"),
        sets=tuple(bytes.fromhex(text) for text in fields.texts("sets")),
        last=None if last is None else Checkpoint(origin, last.number("size"), last.hexadecimal("root")),
    )


def pins_beside(key_file: Path) -> Path:
    """Where the pins of this key file are kept."""
    return key_file.with_name(f"{key_file.stem}.pins.json")
