"""The header of a sealed segment (docs/design/svs1.md "Header"): who, when, how, under which custodian set. Pure."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from nvr.base.errors import InvalidValue
from nvr.base.ids import (
    AuthorisationId,
    BootId,
    CameraId,
    PlacementId,
    PointId,
    RunId,
    SegmentId,
    camera_id,
    is_uuid7,
    point_id,
)
from nvr.base.jcs import Json, canonical
from nvr.base.units import UtcUs
from storage.records import NoPredecessor, SegmentStart
from storage.svs1.contexts import header_hash
from storage.svs1.layout import HASH_BYTES, MAGIC, MAX_HEADER_JSON_BYTES, SegmentDamaged

MINOR_VERSION: Final = 1
AEAD_AES_256_GCM: Final = 2
"""RFC 9180 section 7.3."""
KEM_X_WING: Final = 0x647A
"""X-Wing's code point in the IANA registry "HPKE KEM Identifiers"."""

FIXED_BYTES: Final = len(MAGIC) + 4
"""Magic and length, which stand before the JSON."""
CLOSING_BYTES: Final = HASH_BYTES + 4
"""`commit` and CRC, which stand behind it."""

Predecessor: TypeAlias = bytes | NoPredecessor
"""The root of this camera's previous segment, or why none is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The header's JSON as values, with its exact bytes; made by `build` or `parse_json`."""

    segment: SegmentId
    camera: CameraId
    run: RunId
    shard: int
    boot: BootId
    origin: str
    point: PointId | None
    placement: PlacementId | None
    authorisation: AuthorisationId | None
    start_utc_us: UtcUs
    clock_epoch: int
    codec: str
    width: int
    height: int
    continues: SegmentId | None
    previous: Predecessor
    set_hash: bytes
    software: str
    json_bytes: bytes

    @property
    def hh(self) -> bytes:
        """SHA-256 over magic and JSON."""
        return header_hash(self.json_bytes)

    def pack(self, commit: bytes) -> bytes:
        """The whole header as it stands in the file."""
        length = len(self.json_bytes).to_bytes(4, "little")
        front = MAGIC + length + self.json_bytes + commit
        return front + zlib.crc32(front).to_bytes(4, "little")


def build(
    start: SegmentStart,
    *,
    origin: str,
    boot: BootId,
    shard: int,
    set_hash: bytes,
    previous: Predecessor,
    software: str,
) -> Header:
    """The header of a new segment."""
    named: Json = {"none": previous.value} if isinstance(previous, NoPredecessor) else {"root": previous.hex()}
    body: dict[str, Json] = {
        "v": MINOR_VERSION,
        "aead": AEAD_AES_256_GCM,
        "kem": KEM_X_WING,
        "origin": origin,
        "shard": shard,
        "boot": boot,
        "camera": start.camera,
        "run": start.run,
        "seg": start.segment,
        "point": start.point,
        "placement": start.placement,
        "authorisation": start.authorisation,
        "start_utc_us": start.start_utc_us,
        "clock_epoch": start.clock_epoch,
        "codec": start.codec.codec,
        "width": start.codec.width,
        "height": start.codec.height,
        "continues": start.continues,
        "prev": named,
        "set": set_hash.hex(),
        "sw": software,
    }
    return parse_json(canonical(body), file=f"{start.segment}.svs")


def parse_json(json_bytes: bytes, *, file: str) -> Header:
    """The header whose JSON this is; keys that this version does not know are left in `json_bytes`.

    Raises:
        SegmentDamaged: not canonical JSON, a value of the wrong type, or an algorithm that this version lacks.
    """
    try:
        body = json.loads(json_bytes)
        if not isinstance(body, dict) or canonical(body) != json_bytes:
            raise ValueError("not a canonical JSON object")
        return _header(body, json_bytes)
    except (ValueError, KeyError, RecursionError, InvalidValue) as error:
        what = "header too deep" if isinstance(error, RecursionError) else f"header: {error}"
        raise SegmentDamaged(file=file, offset=FIXED_BYTES, what=what) from error


def parse(data: bytes, *, file: str) -> tuple[Header, bytes]:
    """Header and `commit` from the beginning of a file; `data` may go on behind the header.

    Raises:
        SegmentDamaged: no whole header stands there, or another major version's.
    """
    if not data.startswith(MAGIC):
        known = data[:5] == MAGIC[:5]
        raise SegmentDamaged(file=file, offset=0, what="unknown version" if known else "not a sealed segment")
    length = int.from_bytes(data[len(MAGIC) : FIXED_BYTES], "little")
    end = FIXED_BYTES + length + CLOSING_BYTES
    if length > MAX_HEADER_JSON_BYTES or len(data) < end:
        raise SegmentDamaged(file=file, offset=len(MAGIC), what="header cut short")
    if zlib.crc32(data[: end - 4]) != int.from_bytes(data[end - 4 : end], "little"):
        raise SegmentDamaged(file=file, offset=0, what="CRC of the header")
    header = parse_json(data[FIXED_BYTES : FIXED_BYTES + length], file=file)
    return header, data[FIXED_BYTES + length : end - 4]


def _header(body: Mapping[str, Any], json_bytes: bytes) -> Header:
    if _integer(body, "aead") != AEAD_AES_256_GCM or _integer(body, "kem") != KEM_X_WING:
        raise ValueError("algorithms that this version does not know")
    if _integer(body, "v") < MINOR_VERSION:
        raise ValueError("v")
    point, placement, authorisation = (_optional_name(body, key) for key in ("point", "placement", "authorisation"))
    continues = _optional(body, "continues")
    return Header(
        segment=SegmentId(_uuid(_text(body, "seg"))),
        camera=camera_id(_text(body, "camera")),
        run=RunId(_uuid(_text(body, "run"))),
        shard=_integer(body, "shard"),
        boot=BootId(_uuid(_text(body, "boot"))),
        origin=_text(body, "origin"),
        point=None if point is None else PointId(point),
        placement=None if placement is None else PlacementId(placement),
        authorisation=None if authorisation is None else AuthorisationId(authorisation),
        start_utc_us=UtcUs(_integer(body, "start_utc_us")),
        clock_epoch=_integer(body, "clock_epoch"),
        codec=_text(body, "codec"),
        width=_integer(body, "width"),
        height=_integer(body, "height"),
        continues=None if continues is None else SegmentId(_uuid(continues)),
        previous=_predecessor(body["prev"]),
        set_hash=_hash(_text(body, "set")),
        software=_text(body, "sw"),
        json_bytes=json_bytes,
    )


def _predecessor(value: object) -> Predecessor:
    match value:
        case {"root": str(root), **others} if not others:
            return _hash(root)
        case {"none": str(reason), **others} if not others:
            return NoPredecessor(reason)
    raise ValueError("prev")


def _integer(body: Mapping[str, Any], key: str) -> int:
    value = body[key]
    if type(value) is not int or value < 0:
        raise ValueError(key)
    return value


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body[key]
    if not isinstance(value, str):
        raise ValueError(key)  # noqa: TRY004 -- one error for all bad values
    return value


def _optional(body: Mapping[str, Any], key: str) -> str | None:
    return None if body[key] is None else _text(body, key)


def _optional_name(body: Mapping[str, Any], key: str) -> str | None:
    # The ledger takes no other: a file of another's making must not stop whoever logs what lies on a volume.
    text = _optional(body, key)
    return None if text is None else point_id(text)


def _uuid(text: str) -> str:
    if not is_uuid7(text):
        raise ValueError(f"not a UUIDv7: {text!r}")
    return text


def _hash(text: str) -> bytes:
    value = bytes.fromhex(text)
    if len(value) != HASH_BYTES or value.hex() != text:
        raise ValueError(f"not a SHA-256 hash: {text!r}")
    return value
