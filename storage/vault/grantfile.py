"""The grant file that goes out to the custodians (docs/design/keys.md "Opening"): built and parsed. Pure.

What it claims is checked by `storage.vault.verification`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from nvr.base.ids import SegmentId
from nvr.base.jcs import Json, canonical
from storage.ledger.entries import SALT_BYTES, Salted
from storage.svs1.header import Header, parse_json
from storage.svs1.layout import RecordHead
from storage.vault.answer import Answer, answer_from
from storage.vault.fields import DocumentInvalid, Fields, to_base64
from storage.vault.keyrecord import KeyRecord, Wrap, parse_wrap
from storage.vault.seats import CustodianSet, parse_set

VERSION: Final = 1
TYPE: Final = "scelle-grant"


@dataclass(frozen=True, slots=True)
class Proved:
    """An entry of the ledger, its exact bytes, and its audit path in the grant file's checkpoint."""

    entry: bytes
    index: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """That the tree of `from_size` entries is the beginning of that of the checkpoint."""

    from_size: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class RecordClaim:
    """A record that may be opened, or that lies between such: its head's 128 bytes, and the commitment to its key."""

    head_bytes: bytes
    rkc: bytes

    @property
    def head(self) -> RecordHead:
        """The head as values. Raises SegmentDamaged if it is none."""
        return RecordHead.parse(self.head_bytes, file="grant file", offset=0)


@dataclass(frozen=True, slots=True)
class GrantedSegment:
    """A segment of the grant, as the sealed file and the keyring have it."""

    header: Header
    commit: bytes
    key_record: KeyRecord
    records: tuple[RecordClaim, ...]

    @property
    def segment(self) -> SegmentId:
        """The segment's id, from its header."""
        return self.header.segment


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantFile:
    """Everything that a custodian's tool needs; no network, no clock but its own."""

    grant: Proved
    releases: tuple[Proved, ...]
    checkpoint: str
    consistency: tuple[ConsistencyProof, ...]
    custodians: CustodianSet
    segments: tuple[GrantedSegment, ...]
    machine: tuple[Wrap, ...]
    """The machine parts, JCS `{"<seg>": hex}`, wrapped to each key of each seat."""
    answers: tuple[Answer, ...] = ()
    continued: tuple[Proved, ...] = ()
    """The entries `continue` of a log that was restored: what a tool saw last may lie in the span that they declare."""
    checked: Salted | None = None
    """How the validator checked the request, to which the grant entry commits; None once it is erased."""

    @property
    def grant_hash(self) -> bytes:
        """SHA-256 of the grant entry: what every wrap and answer of this grant is bound to."""
        return sha256(self.grant.entry).digest()

    def as_json(self) -> dict[str, Json]:
        """The JSON object."""
        return {
            "v": VERSION,
            "t": TYPE,
            "grant": self.grant.entry.decode(),
            "releases": [release.entry.decode() for release in self.releases],
            "proofs": {
                "checkpoint": self.checkpoint,
                "grant": _proof_as_json(self.grant),
                "releases": [_proof_as_json(release) for release in self.releases],
                "consistency": [{"from_size": proof.from_size, "path": _hex(proof.path)} for proof in self.consistency],
            },
            "set": self.custodians.as_json(),
            "segments": [_segment_as_json(segment) for segment in self.segments],
            "machine": [{"kid": wrap.kid, "ct": to_base64(wrap.ciphertext)} for wrap in self.machine],
            "answers": [answer.as_json() for answer in self.answers],
            "checked": _salted_as_json(self.checked),
            "continued": [{"entry": each.entry.decode(), "proof": _proof_as_json(each)} for each in self.continued],
        }

    def pack(self) -> bytes:
        """The file's bytes."""
        return canonical(self.as_json())


def parse_grant_file(data: bytes) -> GrantFile:
    """The grant file in these bytes; nothing that it claims is checked yet.

    Raises:
        DocumentInvalid, KeyInvalid, SegmentDamaged: it is none of this version.
    """
    return grant_file_from(Fields.parse(data, "grant file"))


def grant_file_from(fields: Fields) -> GrantFile:
    """The grant file in this object. Raises as `parse_grant_file`."""
    fields.expect("v", VERSION)
    fields.expect("t", TYPE)
    proofs = fields.object("proofs")
    releases, release_proofs = fields.texts("releases"), proofs.objects("releases")
    if len(releases) != len(release_proofs):
        raise DocumentInvalid(what="grant file.releases")
    return GrantFile(
        grant=_proved(fields.text("grant"), proofs.object("grant")),
        releases=tuple(map(_proved, releases, release_proofs)),
        checkpoint=proofs.text("checkpoint"),
        consistency=tuple(
            ConsistencyProof(item.number("from_size"), _path(item)) for item in proofs.objects("consistency")
        ),
        custodians=parse_set(fields.object("set")),
        segments=tuple(_segment(item) for item in fields.objects("segments")),
        machine=tuple(parse_wrap(item) for item in fields.objects("machine")),
        answers=tuple(answer_from(item) for item in fields.objects("answers")),
        checked=_salted(fields.optional_object("checked")),
        continued=tuple(_proved(item.text("entry"), item.object("proof")) for item in fields.objects("continued")),
    )


def _segment(fields: Fields) -> GrantedSegment:
    record = KeyRecord.parse(canonical(dict(fields.object("key_record").value)))
    claims = tuple(
        RecordClaim(item.hexadecimal("head", None), item.hexadecimal("rkc")) for item in fields.objects("records")
    )
    for claim in claims:
        _ = claim.head
    header = parse_json(fields.base64("header"), file="grant file")
    return GrantedSegment(header, fields.hexadecimal("commit"), record, claims)


def _segment_as_json(segment: GrantedSegment) -> Json:
    records: list[Json] = [{"head": claim.head_bytes.hex(), "rkc": claim.rkc.hex()} for claim in segment.records]
    return {
        "header": to_base64(segment.header.json_bytes),
        "commit": segment.commit.hex(),
        "key_record": segment.key_record.as_json(),
        "records": records,
    }


def _salted(fields: Fields | None) -> Salted | None:
    return None if fields is None else Salted(fields.hexadecimal("salt", SALT_BYTES), fields.text("value"))


def _salted_as_json(salted: Salted | None) -> Json:
    return None if salted is None else {"salt": salted.salt.hex(), "value": salted.value}


def _proved(entry: str, proof: Fields) -> Proved:
    return Proved(entry.encode(), proof.number("index"), _path(proof))


def _proof_as_json(proved: Proved) -> Json:
    return {"index": proved.index, "path": _hex(proved.path)}


def _hex(path: Sequence[bytes]) -> list[str]:
    return [sibling.hex() for sibling in path]


def _path(fields: Fields) -> tuple[bytes, ...]:
    try:
        return tuple(bytes.fromhex(text) for text in fields.texts("path"))
    except ValueError as error:
        raise DocumentInvalid(what="grant file.proofs.path") from error
