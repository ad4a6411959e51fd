"""The key record of a segment (docs/design/keys.md): the machine part and every share, each wrapped. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from nvr.base.ids import CameraId, SegmentId, is_uuid7
from nvr.base.jcs import Json, canonical
from nvr.base.units import UtcUs
from storage.vault.fields import DocumentInvalid, Fields, to_base64

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Wrap:
    """Something wrapped to the key with this id."""

    kid: str
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class ShareWrap:
    """A seat's share, wrapped to one of the seat's keys."""

    seat: int
    wrap: Wrap


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What must be kept, beside the sealed file, for the segment to be opened ever again."""

    segment: SegmentId
    camera: CameraId
    start_utc_us: UtcUs
    hh: bytes
    set_hash: bytes
    m: int
    n: int
    machine: Wrap
    shares: tuple[ShareWrap, ...]
    share_hashes: Mapping[int, bytes]

    def as_json(self) -> Json:
        """The JSON object."""
        return {
            "v": VERSION,
            "seg": self.segment,
            "camera": self.camera,
            "start_utc_us": self.start_utc_us,
            "hh": self.hh.hex(),
            "set": self.set_hash.hex(),
            "m": self.m,
            "n": self.n,
            "machine": {"kid": self.machine.kid, "ct": to_base64(self.machine.ciphertext)},
            "shares": [
                {"seat": share.seat, "kid": share.wrap.kid, "ct": to_base64(share.wrap.ciphertext)}
                for share in self.shares
            ],
            "sh": {str(seat): value.hex() for seat, value in self.share_hashes.items()},
        }

    def pack(self) -> bytes:
        """The JCS bytes."""
        return canonical(self.as_json())

    @property
    def sha256(self) -> bytes:
        """The hash that the seal entry of the ledger holds."""
        return sha256(self.pack()).digest()

    @classmethod
    def parse(cls, data: bytes) -> "KeyRecord":
        """The key record that these bytes are.

        Raises:
            DocumentInvalid: they are none.
        """
        fields = Fields.parse(data, "key record")
        fields.expect("v", VERSION)
        segment = fields.text("seg")
        if not is_uuid7(segment):
            raise DocumentInvalid(what="key record.seg")
        hashes = fields.object("sh")
        n = fields.number("n", at_least=1)
        if set(hashes.value) != {str(seat) for seat in range(1, n + 1)}:
            raise DocumentInvalid(what="key record.sh")
        return cls(
            segment=SegmentId(segment),
            camera=CameraId(fields.text("camera")),
            start_utc_us=UtcUs(fields.number("start_utc_us")),
            hh=fields.hexadecimal("hh"),
            set_hash=fields.hexadecimal("set"),
            m=fields.number("m", at_least=1),
            n=n,
            machine=parse_wrap(fields.object("machine")),
            shares=tuple(
                ShareWrap(item.number("seat", at_least=1), parse_wrap(item)) for item in fields.objects("shares")
            ),
            share_hashes={seat: hashes.hexadecimal(str(seat)) for seat in range(1, n + 1)},
        )


def parse_wrap(fields: Fields) -> Wrap:
    """The wrap in this object's `kid` and `ct`."""
    return Wrap(fields.text("kid"), fields.base64("ct"))
