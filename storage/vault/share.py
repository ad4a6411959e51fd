"""The custodian's side: from a grant file that holds to an answer (docs/design/keys.md "Opening"). Pure.

Keys of segments exist here for an instant, in the tool of whoever completes the quorum.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nvr.base.errors import EvidenceAtRisk, Refused
from nvr.base.ids import SegmentId
from nvr.base.jcs import Json, canonical
from storage.svs1.contexts import commitment, record_key, record_key_commitment
from storage.vault.answer import Answer, AnswerKind
from storage.vault.contexts import answer_keys, answer_shares, grant_machine, share_hash, share_wrap
from storage.vault.grantfile import GrantedSegment
from storage.vault.hpke import KeyPair, WrapInvalid
from storage.vault.keyrecord import Wrap
from storage.vault.shamir import SECRET_BYTES, join
from storage.vault.verification import VerifiedGrant


class NotYourSeat(Refused):
    """The key is none of the set's seats, or the file was made for the others."""

    message_id = "not-your-seat"


class ShareBad(EvidenceAtRisk):
    """A seat's share is not the one that was split; `seat` names it, `segment` where."""

    message_id = "share-bad"


class KeyMismatch(EvidenceAtRisk):
    """Joined shares and machine part do not give the segment's key, or a record is not what it is said to be."""

    message_id = "key-mismatch"


@dataclass(frozen=True, slots=True)
class SeatKeys:
    """A custodian's private keys; an envelope has no signing key."""

    pair: KeyPair = field(repr=False)
    sign: Ed25519PrivateKey | None = field(repr=False, default=None)


def answer(verified: VerifiedGrant, keys: SeatKeys) -> Answer:
    """This seat's answer: its shares for the other seats, or, when it completes the quorum, the record keys.

    Raises:
        NotYourSeat: the key has no seat in the set.
        ShareBad: a share of this or another seat is not what was split.
        KeyMismatch: the quorum is complete, and the keys are not those of the segments.
        WrapInvalid: what is wrapped to this key does not open.
    """
    file = verified.file
    seat = file.custodians.seat_of(keys.pair.public.kid)
    if seat is None:
        raise NotYourSeat(kid=keys.pair.public.kid)
    by_seat = {seat.number: _own_shares(verified, keys.pair, seat.number)}
    for other in file.answers:
        if other.kind is AnswerKind.SHARES and other.seat not in by_seat:
            by_seat[other.seat] = _passed_shares(verified, keys.pair, other)
    if len(by_seat) < file.custodians.m:
        kind, wrapped = AnswerKind.SHARES, _wrap_for_others(verified, seat.number, by_seat[seat.number])
    else:
        kind, wrapped = AnswerKind.KEYS, _wrap_keys(verified, keys.pair, by_seat)
    unsigned = Answer(
        grant=file.grant_hash,
        seat=seat.number,
        kid=keys.pair.public.kid,
        kind=kind,
        wrapped=wrapped,
        size=verified.checkpoint.size,
        root=verified.checkpoint.root,
    )
    return unsigned.signed(keys.sign)


def _own_shares(verified: VerifiedGrant, pair: KeyPair, seat: int) -> dict[SegmentId, bytes]:
    shares = {}
    for segment in verified.file.segments:
        mine = [one.wrap for one in segment.key_record.shares if (one.seat, one.wrap.kid) == (seat, pair.public.kid)]
        if not mine:
            raise NotYourSeat(kid=pair.public.kid, segment=segment.segment)
        share = pair.unwrap(mine[0].ciphertext, share_wrap(segment.header.hh, seat))
        _check_share(segment, seat, share)
        shares[segment.segment] = share
    return shares


def _passed_shares(verified: VerifiedGrant, pair: KeyPair, other: Answer) -> dict[SegmentId, bytes]:
    info = answer_shares(verified.file.grant_hash, other.seat, pair.public.kid)
    shares = _unwrap_map(pair, other.wrapped, info)
    for segment in verified.file.segments:
        _check_share(segment, other.seat, shares.get(segment.segment, b""))
    return shares


def _check_share(segment: GrantedSegment, seat: int, share: bytes) -> None:
    if share_hash(segment.header.hh, seat, share) != segment.key_record.share_hashes.get(seat):
        raise ShareBad(seat=seat, segment=segment.segment)


def _wrap_for_others(verified: VerifiedGrant, seat: int, shares: Mapping[SegmentId, bytes]) -> tuple[Wrap, ...]:
    content = canonical({segment: share.hex() for segment, share in shares.items()})
    grant = verified.file.grant_hash
    return tuple(
        Wrap(key.kid, key.public.wrap(content, answer_shares(grant, seat, key.kid)))
        for other in verified.file.custodians.seats
        if other.number != seat
        for key in other.keys
    )


def _wrap_keys(
    verified: VerifiedGrant, pair: KeyPair, by_seat: Mapping[int, Mapping[SegmentId, bytes]]
) -> tuple[Wrap, ...]:
    grant = verified.file.grant_hash
    machine = _unwrap_map(pair, verified.file.machine, grant_machine(grant, pair.public.kid))
    keys: dict[str, Json] = {}
    for segment in verified.file.segments:
        shares = {seat: shares[segment.segment] for seat, shares in by_seat.items()}
        seat_part = join(shares, verified.file.custodians.m)
        keys[segment.segment] = _record_keys(verified, segment, machine.get(segment.segment, b""), seat_part)
    public = verified.release_public
    return (Wrap(public.kid, public.wrap(canonical(keys), answer_keys(grant))),)


def _record_keys(
    verified: VerifiedGrant, segment: GrantedSegment, machine_part: bytes, seat_part: bytearray
) -> dict[str, str]:
    """The granted record keys of one segment, in hex by `seq`; the data key is overwritten before this returns."""
    if len(machine_part) != SECRET_BYTES:
        raise KeyMismatch(what="no machine part", segment=segment.segment)
    dek = bytearray(a ^ b for a, b in zip(machine_part, seat_part, strict=True))
    try:
        if commitment(dek, segment.header.hh) != segment.commit:
            raise KeyMismatch(what="commitment", segment=segment.segment)
        keys = {}
        granted = verified.records.get(segment.segment, ())
        for claim in segment.records:
            if claim.head.seq in granted:
                key = record_key(dek, segment.header.hh, claim.head_bytes)
                if record_key_commitment(key) != claim.rkc:
                    raise KeyMismatch(what="a record's head", segment=segment.segment, seq=claim.head.seq)
                keys[str(claim.head.seq)] = key.hex()
        return keys
    finally:
        dek[:] = seat_part[:] = bytes(SECRET_BYTES)


def _unwrap_map(pair: KeyPair, wraps: tuple[Wrap, ...], info: Json) -> dict[SegmentId, bytes]:
    mine = [wrap for wrap in wraps if wrap.kid == pair.public.kid]
    if not mine:
        raise NotYourSeat(kid=pair.public.kid)
    try:
        body = json.loads(pair.unwrap(mine[0].ciphertext, info))
        return {SegmentId(segment): bytes.fromhex(value) for segment, value in body.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise WrapInvalid(kid=pair.public.kid) from error
