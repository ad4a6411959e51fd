"""The server's side: machine parts out for a logged release, record keys in from an answer (docs/design/keys.md). Pure.

Only `access/release.py` uses this module.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from nvr.base.errors import EvidenceAtRisk, Refused
from nvr.base.ids import SegmentId
from nvr.base.jcs import canonical
from storage.svs1.contexts import record_key_commitment
from storage.vault.answer import Answer, AnswerInvalid, AnswerKind
from storage.vault.contexts import answer_keys, grant_machine, machine_wrap
from storage.vault.grantfile import RecordClaim
from storage.vault.hpke import KeyPair
from storage.vault.keyrecord import KeyRecord, Wrap
from storage.vault.seats import CustodianSet


class Claimed(Protocol):
    """A segment with what its file says of its records: a `GrantedSegment`, or whatever else knows the claims."""

    @property
    def segment(self) -> SegmentId:
        """The segment's id."""
        ...

    @property
    def records(self) -> Sequence[RecordClaim]:
        """Heads and commitments of its records."""
        ...


class NotReleased(Refused):
    """The segment is in no logged release of the grant: its machine part stays where it is."""

    message_id = "not-released"


class AnsweredKeyWrong(EvidenceAtRisk):
    """A record key that a custodian's tool sent is missing, or is not the record's; `segment`, `seq`."""

    message_id = "answered-key-wrong"


def machine_parts(
    machine: KeyPair, records: Iterable[KeyRecord], *, released: Collection[SegmentId]
) -> dict[SegmentId, bytes]:
    """The machine parts of these segments, each of which must be named by a release entry of the grant.

    Raises:
        NotReleased: one of them is not; nothing was unwrapped.
        WrapInvalid: a key record is not for this machine, or was altered.
    """
    wanted = list(records)
    for record in wanted:
        if record.segment not in released:
            raise NotReleased(segment=record.segment)
    return {record.segment: machine.unwrap(record.machine.ciphertext, machine_wrap(record.hh)) for record in wanted}


def wrap_machine_parts(
    parts: Mapping[SegmentId, bytes], custodians: CustodianSet, grant_hash: bytes
) -> tuple[Wrap, ...]:
    """The machine parts as they go out in the grant file: wrapped to every key of every seat."""
    content = canonical({segment: part.hex() for segment, part in parts.items()})
    return tuple(
        Wrap(key.kid, key.public.wrap(content, grant_machine(grant_hash, key.kid)))
        for seat in custodians.seats
        for key in seat.keys
    )


def record_keys(
    answer: Answer,
    release: KeyPair,
    segments: Iterable[Claimed],
    *,
    granted: Mapping[SegmentId, Collection[int]],
    partial: bool = False,
) -> dict[SegmentId, dict[int, bytes]]:
    """The record keys in an answer that was checked, each compared with its record's commitment.

    `granted` names the records that the grant covers; keys of others are dropped. With `partial`, keys that were not
    sent are left out instead of refused. The caller has called `answer.check` with the grant's hash.

    Raises:
        AnswerInvalid: the answer carries no keys, or none for this release key.
        WrapInvalid: it does not open.
        AnsweredKeyWrong: a granted record's key is missing or wrong.
    """
    sent = _parse_keys(_content(answer, release).get("keys"), answer.seat)
    keys: dict[SegmentId, dict[int, bytes]] = {}
    for segment in segments:
        wanted = granted.get(segment.segment, ())
        for claim in segment.records:
            seq = claim.head.seq
            if seq not in wanted:
                continue
            key = sent.get((segment.segment, seq))
            if key is None and partial:
                continue
            if key is None or record_key_commitment(key) != claim.rkc:
                raise AnsweredKeyWrong(segment=segment.segment, seq=seq)
            keys.setdefault(segment.segment, {})[seq] = key
    return keys


def used_seats(answer: Answer, release: KeyPair) -> tuple[int, ...]:
    """The seats whose shares the tool joined, as it says under the wrap: in ascending order, its own among them.

    Raises:
        AnswerInvalid: the answer carries no keys, none for this release key, or names no such seats.
        WrapInvalid: it does not open: another key than the one it names made it.
    """
    seats = _content(answer, release).get("seats")
    if (
        not isinstance(seats, list)
        or not all(type(seat) is int and seat > 0 for seat in seats)
        or seats != sorted(set(seats))
        or answer.seat not in seats
    ):
        raise AnswerInvalid(what="seats", seat=answer.seat)
    return tuple(seats)


def used_keys(answer: Answer, release: KeyPair) -> dict[int, str]:
    """By seat the id of the key that gave its share, as the tool says under the wrap; none by an older tool.

    Raises:
        AnswerInvalid: as `used_seats`, or the keys are not of these seats.
        WrapInvalid: it does not open.
    """
    seats, kids = used_seats(answer, release), _content(answer, release).get("kids")
    if kids is None:
        return {}
    if not isinstance(kids, dict) or not all(isinstance(kid, str) for kid in kids.values()):
        raise AnswerInvalid(what="kids", seat=answer.seat)
    if kids.keys() != {str(seat) for seat in seats} or kids[str(answer.seat)] != answer.kid:
        raise AnswerInvalid(what="kids", seat=answer.seat)
    return {seat: kids[str(seat)] for seat in seats}


def _content(answer: Answer, release: KeyPair) -> Mapping[str, Any]:
    wraps = [wrap for wrap in answer.wrapped if wrap.kid == release.public.kid]
    if answer.kind is not AnswerKind.KEYS or len(wraps) != 1:
        raise AnswerInvalid(what="no record keys for this grant", seat=answer.seat)
    info = answer_keys(answer.grant, answer.seat, answer.kid)
    try:
        body = json.loads(release.unwrap(wraps[0].ciphertext, info))
    except (ValueError, RecursionError) as error:
        raise AnswerInvalid(what="record keys", seat=answer.seat) from error
    if not isinstance(body, dict):
        raise AnswerInvalid(what="record keys", seat=answer.seat)
    return body


def _parse_keys(body: Any, seat: int) -> dict[tuple[SegmentId, int], bytes]:  # noqa: ANN401 -- whatever JSON holds
    try:
        return {
            (SegmentId(segment), int(seq)): bytes.fromhex(key)
            for segment, keys in body.items()
            for seq, key in keys.items()
        }
    except (ValueError, AttributeError, TypeError) as error:
        raise AnswerInvalid(what="record keys", seat=seat) from error
