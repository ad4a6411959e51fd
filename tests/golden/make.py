"""Makes the golden files of the sealed segment and of the keys: `python -m tests.golden.make`.

The same bytes come out in every run, since every random value is injected. The wraps are the exception: HPKE takes its
randomness inside the library, so they were made once, and are kept for ever. A change of any of these files is a change
of the format: readers of every later version must go on reading them.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import shake_256
from pathlib import Path
from typing import Final

from nvr.base.jcs import Json, canonical
from storage.days import utc_day
from storage.keyring.layout import FileHead, pack_slot, pack_tombstone, slot_bytes_for
from storage.records import RandomAccess, Record
from storage.svs1.contexts import record_key
from storage.svs1.writer import Scratch, Sealed, SegmentWriter
from storage.vault import contexts
from storage.vault.keyfile import CustodianKeys, lock
from storage.vault.keyrecord import KeyRecord
from storage.vault.seal import new_segment_keys
from storage.vault.seats import SignedSet, sign_set
from storage.vault.shamir import split
from tests.storage.sealed import CAMERA, CODEC, NOW_US, custodians, gop, header_of, seed, segment_start

HERE: Final = Path(__file__).parent
DEK: Final = seed("golden dek")
PASSPHRASE: Final = "été à la mairie"
TORN_BYTES: Final = 1000
OBSERVATIONS: Final = canonical(
    [{"k": "ptz", "t_utc_us": NOW_US, "pan_mdeg": -90_000, "tilt_mdeg": 12_500, "zoom_milli": 0, "preset": "Mairie"}]
)


def stream(*what: object) -> Callable[[int], bytes]:
    """A random source that gives the same bytes in every run."""
    given = 0

    def random(size: int) -> bytes:
        nonlocal given
        given += size
        return shake_256(seed(*what)).digest(given)[given - size :]

    return random


def records() -> list[Record]:
    """Groups of pictures that use every field of a head."""
    random = stream("packets")
    first, second, third = (gop(at, [random(200 + 50 * at) for _ in range(3)]) for at in range(3))
    first.camera_offset_us = -1_250_000
    second.random_access, second.continuation = RandomAccess.NONE, True
    second.lost = 3
    third.random_access, third.unsynchronised, third.camera_offset_us = RandomAccess.CRA, True, 0
    third.pts_delta_90k[1], third.pts_delta_90k[2] = 7200, -3600
    return [first, second, third]


def segment() -> tuple[list[bytes], SegmentWriter, list[Json]]:
    """The parts of a closed segment in order of writing, its writer, and what its keys are."""
    writer = SegmentWriter(header_of(segment_start()), bytearray(DEK), CODEC, Scratch())
    header, init = writer.opening()
    parts = [header]
    keys: list[Json] = []

    def take(sealed: Sealed) -> None:
        parts.append(b"".join(sealed.parts))
        head = bytes(sealed.parts[0])[:128]
        keys.append({"key": record_key(DEK, writer.hh, head).hex(), "inner": sealed.inner.hex()})
        writer.written(sealed)

    take(init)
    for record in records():
        take(writer.seal(record))
    take(writer.seal_side(b'[{"event":"tamper"}]', start_utc_us=NOW_US, clock_epoch=1))
    parts.append(b"".join(writer.closing()))
    return parts, writer, keys


def svs1() -> dict[str, bytes]:
    """A closed segment, one that a crash left in the middle of a record, and the keys of both."""
    parts, writer, keys = segment()
    packets: list[Json] = [_packets(record) for record in records()]
    told: Json = {
        "dek": DEK.hex(),
        "hh": writer.hh.hex(),
        "root": writer.root().hex(),
        "records": keys,
        "packets": packets,
    }
    return {
        "svs1/closed.svs": b"".join(parts),
        "svs1/torn.svs": b"".join(parts[:4]) + parts[4][:TORN_BYTES],
        "svs1/keys.json": canonical(told),
    }


def observed() -> dict[str, bytes]:
    """A segment of a dome: a side record before its group of pictures."""
    writer = SegmentWriter(header_of(segment_start(1)), bytearray(DEK), CODEC, Scratch())
    header, init = writer.opening()
    parts = [header, *map(bytes, init.parts)]
    writer.written(init)
    record = gop(0, [stream("dome")(100)])
    record.observations = OBSERVATIONS
    group = writer.seal(record)
    parts += map(bytes, group.all_parts)
    writer.written(group)
    return {"svs1/observed.svs": b"".join([*parts, *writer.closing()])}


def keys() -> dict[str, bytes]:
    """A signed set, a split, every context, a key file, and a keyring file with a live, a shredded and a torn slot."""
    people = custodians(2, 3, envelopes=True)
    signatures = tuple(
        sign_set(people.set, one.pair.public.kid, one.sign, signer=people.set) for one in people.holders[:2]
    )
    secret = seed("golden secret")
    shares = split(secret, 3, 5, random=stream("coefficients"))
    person = CustodianKeys("Mme Petit", people.holders[0].pair, seed("sign", 1, 1))
    return {
        "keys/custodians.json": SignedSet(people.set, signatures).pack(),
        "keys/shares.json": canonical({"m": 3, "secret": secret.hex(), "shares": [share.hex() for share in shares]}),
        "keys/contexts.json": canonical(_contexts()),
        "keys/custodian.key": lock(person, PASSPHRASE, random=stream("key file")),
        "keys/ring.keys": _ring(),
    }


def made_once() -> dict[str, Callable[[], bytes]]:
    """What holds a wrap: made when it is not there, never again."""
    return {"keys/key-record.json": lambda: _key_record().pack()}


def write(directory: Path) -> None:
    """Write all of it below the directory, except what was made once and is there."""
    fresh: Mapping[str, bytes] = {**svs1(), **observed(), **keys()}
    once = {name: make() for name, make in made_once().items() if not (directory / name).exists()}
    for name, content in {**fresh, **once}.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_bytes(content)


def _packets(record: Record) -> list[Json]:
    found: list[Json] = []
    at = 0
    for size, delta in zip(record.sizes, record.pts_delta_90k, strict=True):
        found.append({"data": bytes(record.data[at : at + size]).hex(), "pts_90k": record.pts_90k + delta})
        at += size
    return found


def _contexts() -> Json:
    hh, kid = seed("hh"), seed("kid").hex()[:32]
    infos: Sequence[Json] = [
        contexts.machine_wrap(hh),
        contexts.share_wrap(hh, 3),
        contexts.set_signed(hh),
        contexts.key_file({"name": "argon2id"}, "public"),
        contexts.grant_machine(hh, kid),
        contexts.answer_shares(hh, 2, kid, seed("other kid").hex()[:32]),
        contexts.answer_keys(hh, 2, kid),
        contexts.answer_signed(hh),
    ]
    return {
        "hh": hh.hex(),
        "infos": [canonical(info).decode() for info in infos],
        "share_hash": contexts.share_hash(hh, 3, seed("share") + b"\x00").hex(),
    }


def _ring() -> bytes:
    # The payloads stand for key records, which no run could make again.
    payloads = [canonical({"stands for": "a key record", "number": number}) for number in range(3)]
    slot_bytes = slot_bytes_for(1, 1)
    head = FileHead(slot_bytes, shard=0, day=utc_day(NOW_US), set_hash=custodians().set.hash)
    names = [segment_start(number).segment for number in range(3)]
    live = pack_slot(names[0], payloads[0], slot_bytes)
    torn = pack_slot(names[2], payloads[2], slot_bytes)[:50]
    return head.pack() + live + pack_tombstone(names[1], slot_bytes) + torn


def _key_record() -> KeyRecord:
    header = header_of(segment_start())
    values = iter([DEK, seed("machine part"), seed("coefficients")])
    return new_segment_keys(
        custodians(2, 3, envelopes=True).set,
        hh=header.hh,
        segment=header.segment,
        camera=CAMERA,
        start_utc_us=NOW_US,
        random=lambda _: next(values),
    ).record


if __name__ == "__main__":
    write(HERE)
    print(json.dumps(sorted(str(path.relative_to(HERE)) for path in HERE.glob("*/*"))))  # noqa: T201 -- a tool
