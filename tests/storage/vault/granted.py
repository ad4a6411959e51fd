"""A grant file over really sealed segments and a really signed log: what each custodian's tool is given."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nvr.base.ids import BootId, CameraId, SegmentId
from storage.ledger.entries import ACCESS, Actor, Salted, build, encode
from storage.ledger.machine import Body, Release, Stop
from storage.ledger.note import Checkpoint, sign_checkpoint
from storage.ledger.people import Continue, Grant
from storage.merkle import consistency_path, inclusion_path, leaf_hash, tree_hash
from storage.records import NoPredecessor, RandomAccess
from storage.svs1 import header as headers
from storage.svs1.layout import HEAD_BYTES
from storage.svs1.writer import Scratch, Sealed, SegmentWriter
from storage.vault.answer import Answer
from storage.vault.grantfile import ConsistencyProof, GrantedSegment, GrantFile, Proved, RecordClaim, parse_grant_file
from storage.vault.keyrecord import KeyRecord
from storage.vault.seal import SegmentKeys, new_segment_keys
from storage.vault.share import SeatKeys, answer
from storage.vault.unseal import machine_parts, wrap_machine_parts
from storage.vault.verification import Pins, VerifiedGrant, verify_grant_file
from tests.storage.sealed import CAMERA, CODEC, NOW_US, ORIGIN, Custodians, custodians, gop, pair, seed, segment_start
from tests.storage.sealed import uuid7_of as uuid7

LOG_KEY = Ed25519PrivateKey.from_private_bytes(seed("log"))
RELEASE = pair("release")
VALID_US = 15 * 86_400_000_000
IDR, NONE = RandomAccess.IDR, RandomAccess.NONE


@dataclass(frozen=True)
class SealedInMemory:
    """One segment: its keys, and head and rkc of each record."""

    header: headers.Header
    keys: SegmentKeys
    dek: bytes
    commit: bytes
    claims: Sequence[RecordClaim]

    def granted(self, seqs: Sequence[int] | None = None) -> GrantedSegment:
        chosen = self.claims if seqs is None else [self.claims[seq] for seq in seqs]
        return GrantedSegment(self.header, self.commit, self.keys.record, tuple(chosen))


def sealed_in_memory(
    people: Custodians,
    number: int = 0,
    *,
    camera: CameraId = CAMERA,
    raps: Sequence[RandomAccess] = (IDR, IDR, IDR),
    start_utc_us: int = NOW_US,
    continues: SegmentId | None = None,
    random: Mapping[str, bytes] | None = None,
) -> SealedInMemory:
    """Seal one group of pictures of 2 s for each random access point."""
    start = segment_start(number, camera=camera, start_utc_us=start_utc_us, continues=continues)
    header = headers.build(
        start,
        origin=ORIGIN,
        boot=BootId(uuid7("boot")),
        shard=0,
        set_hash=people.set.hash,
        previous=NoPredecessor.FIRST,
        software="scelle 0.1",
    )
    keys = new_segment_keys(
        people.set, hh=header.hh, segment=start.segment, camera=camera, start_utc_us=start.start_utc_us
    )
    writer = SegmentWriter(header, keys.dek, CODEC, Scratch())
    packed, init = writer.opening()
    claims = [_claim(init)]
    writer.written(init)
    for at, rap in enumerate(raps):
        one = writer.seal(gop(at, [b"x" * 50], start_utc_us=start_utc_us, random_access=rap))
        claims.append(_claim(one))
        writer.written(one)
    return SealedInMemory(header, keys, bytes(keys.dek), packed[-36:-4], claims)


def _claim(sealed: Sealed) -> RecordClaim:
    front = bytes(sealed.parts[0])
    return RecordClaim(front[:HEAD_BYTES], front[HEAD_BYTES : HEAD_BYTES + 32])


@dataclass
class Log:
    """A ledger in memory."""

    entries: list[bytes] = field(default_factory=list)

    def append(self, body: Body, *, act: str | None = None, actor: Actor = ACCESS) -> int:
        self.entries.append(encode(build(body, ts_utc_us=NOW_US, actor=actor, act=act)))
        return len(self.entries) - 1

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        leaves = [leaf_hash(entry) for entry in self.entries[:size]]
        return Checkpoint(ORIGIN, len(leaves), tree_hash(leaves))

    def prove(self, index: int) -> Proved:
        return Proved(self.entries[index], index, tuple(inclusion_path(self._node, index, len(self.entries))))

    def consistency(self, size: int) -> ConsistencyProof:
        return ConsistencyProof(size, tuple(consistency_path(self._node, size, len(self.entries))))

    def _node(self, level: int, index: int) -> bytes:
        return tree_hash([leaf_hash(entry) for entry in self.entries[index << level : (index + 1) << level]])


CHECKED = Salted(bytes(16), "rappel")


@dataclass
class Case:
    """One grant. Change a field, and `file()` builds what a server that lies would send."""

    people: Custodians = field(default_factory=custodians)
    sealed: Sequence[SealedInMemory] = ()
    listed: Sequence[GrantedSegment] | None = None
    from_utc_us: int = NOW_US
    to_utc_us: int = NOW_US + 10_000_000
    cameras: tuple[str, ...] = (CAMERA,)
    released: tuple[str, ...] | None = None
    answers: tuple[Answer, ...] = ()
    checked: Salted | None = CHECKED
    lost_to: Checkpoint | None = None
    """Up to where the log was that a restore cut after its five first entries, as a person declared."""

    def __post_init__(self) -> None:
        self.sealed = self.sealed or [sealed_in_memory(self.people)]
        self.log = Log()
        for at in range(5):
            self.log.append(Stop(reason=f"entry {at}"))
        if self.lost_to is not None:
            self.log.append(
                self.declaration(self.lost_to), act=uuid7("cut"), actor=Actor(id="admin", role="administrator")
            )

    @property
    def seen(self) -> Checkpoint:
        """What the tools saw last."""
        return self.log.checkpoint(3)

    def declaration(self, lost_to: Checkpoint) -> Continue:
        """What a person says after a restore."""
        return Continue(
            size=5,
            root=self.log.checkpoint(5).root.hex(),
            kept=None,
            seen=sign_checkpoint(lost_to, LOG_KEY),
            from_utc_us=NOW_US - 10,
            to_utc_us=NOW_US,
            backup_utc_us=NOW_US - 10,
            reason="0" * 64,
        )

    def grant_body(self) -> Grant:
        return Grant(
            grant=uuid7("grant"),
            requisition="R-2026-000123",
            cameras=self.cameras,
            from_utc_us=self.from_utc_us,
            to_utc_us=self.to_utc_us,
            valid_until_utc_us=NOW_US + VALID_US,
            opener="officer.durand",
            requested_by="officer.petit",
            release_public=base64.b64encode(RELEASE.public.raw).decode(),
            checked=CHECKED.commitment,
        )

    def file(self) -> GrantFile:
        names = tuple(one.header.segment for one in self.sealed) if self.released is None else self.released
        validator = Actor(id="valideur", role="validator")
        if len(self.log.entries) in (5, 6):
            self.grant_index = self.log.append(self.grant_body(), act=uuid7("act"), actor=validator)
            self.release_index = self.log.append(
                Release(grant=uuid7("grant"), set=self.people.set.hash.hex(), segs=names)
            )
        grant = self.log.prove(self.grant_index)
        records = [one.keys.record for one in self.sealed]
        parts = self._machine_parts(records)
        file = GrantFile(
            grant=grant,
            releases=(self.log.prove(self.release_index),),
            checkpoint=sign_checkpoint(self.log.checkpoint(), LOG_KEY),
            consistency=(self.log.consistency(3),),
            custodians=self.people.set,
            segments=tuple(self.listed or [one.granted() for one in self.sealed]),
            machine=(),
            answers=self.answers,
            continued=() if self.lost_to is None else (self.log.prove(5),),
            checked=self.checked,
        )
        return replace(file, machine=wrap_machine_parts(parts, self.people.set, file.grant_hash))

    def _machine_parts(self, records: Sequence[KeyRecord]) -> dict[SegmentId, bytes]:
        return machine_parts(self.people.machine, records, released=[record.segment for record in records])

    def pins(self) -> Pins:
        return Pins(log_public=LOG_KEY.public_key(), origin=ORIGIN, sets=[self.people.set.hash], last=self.seen)

    def verified(
        self, file: GrantFile | None = None, *, pins: Pins | None = None, now_utc_us: int = NOW_US
    ) -> VerifiedGrant:
        """The file as a tool reads it: through its bytes."""
        file = parse_grant_file((file or self.file()).pack())
        return verify_grant_file(file, pins or self.pins(), now_utc_us=now_utc_us)

    def answer(self, seat: int) -> Answer:
        holder = self.people.holders[seat - 1]
        return answer(self.verified(), SeatKeys(holder.pair, holder.sign))
