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


@dataclass(frozen=True, slots=True)
class _Given:
    """The shares of one seat, and which of its keys gave them."""

    kid: str
    shares: Mapping[SegmentId, bytes] = field(repr=False)


def answer(verified: VerifiedGrant, keys: SeatKeys) -> Answer:
    """This seat's answer: its shares for the other seats, or, when it completes the quorum, the record keys.

    Shares of other seats that are not what was split are left out, and named in the answer's `bad`.

    Raises:
        NotYourSeat: the key has no seat in the set.
        ShareBad: a share of this seat is not what was split.
        KeyMismatch: the quorum is complete, and the keys are not those of the segments.
        WrapInvalid: what is wrapped to this key does not open.
    """
    file = verified.file
    seat = file.custodians.seat_of(keys.pair.public.kid)
    if seat is None:
        raise NotYourSeat(kid=keys.pair.public.kid)
    own = _own_shares(verified, keys.pair, seat.number)
    others, bad = _shares_of_others(verified, keys.pair, seat.number)
    if len(others) + 1 < file.custodians.m:
        kind, wrapped = AnswerKind.SHARES, _wrap_for_others(verified, keys.pair, seat.number, own)
    else:
        used = {seat.number: _Given(keys.pair.public.kid, own)}
        used |= {other: others[other] for other in sorted(others)[: file.custodians.m - 1]}
        kind, wrapped = AnswerKind.KEYS, _wrap_keys(verified, keys.pair, seat.number, used)
    unsigned = Answer(
        grant=file.grant_hash,
        seat=seat.number,
        kid=keys.pair.public.kid,
        kind=kind,
        wrapped=wrapped,
        size=verified.checkpoint.size,
        root=verified.checkpoint.root,
        bad=bad,
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


def _shares_of_others(verified: VerifiedGrant, pair: KeyPair, mine: int) -> tuple[dict[int, _Given], tuple[bytes, ...]]:
    """The good shares of other seats, and the digests of the answers whose shares are bad.

    An answer that lacks a segment of this file is neither: it was given to an earlier file, and is not used.
    """
    found: dict[int, _Given] = {}
    bad = []
    for other in verified.file.answers:
        if other.kind is not AnswerKind.SHARES or other.seat == mine:
            continue
        try:
            shares = _passed_shares(verified, pair, other)
        except (ShareBad, WrapInvalid, NotYourSeat):
            bad.append(other.digest)
            continue
        if all(segment.segment in shares for segment in verified.file.segments):
            found.setdefault(other.seat, _Given(other.kid, shares))
    return found, tuple(bad)


def _passed_shares(verified: VerifiedGrant, pair: KeyPair, other: Answer) -> dict[SegmentId, bytes]:
    info = answer_shares(verified.file.grant_hash, other.seat, other.kid, pair.public.kid)
    shares = _unwrap_map(pair, other.wrapped, info)
    for segment in verified.file.segments:
        if segment.segment in shares:
            _check_share(segment, other.seat, shares[segment.segment])
    return shares


def _check_share(segment: GrantedSegment, seat: int, share: bytes) -> None:
    if share_hash(segment.header.hh, seat, share) != segment.key_record.share_hashes.get(seat):
        raise ShareBad(seat=seat, segment=segment.segment)


def _wrap_for_others(
    verified: VerifiedGrant, pair: KeyPair, seat: int, shares: Mapping[SegmentId, bytes]
) -> tuple[Wrap, ...]:
    content = canonical({segment: share.hex() for segment, share in shares.items()})
    grant, kid = verified.file.grant_hash, pair.public.kid
    return tuple(
        Wrap(key.kid, key.public.wrap(content, answer_shares(grant, seat, kid, key.kid)))
        for other in verified.file.custodians.seats
        if other.number != seat
        for key in other.keys
    )


def _wrap_keys(verified: VerifiedGrant, pair: KeyPair, seat: int, by_seat: Mapping[int, _Given]) -> tuple[Wrap, ...]:
    grant = verified.file.grant_hash
    machine = _unwrap_map(pair, verified.file.machine, grant_machine(grant, pair.public.kid))
    keys: dict[str, Json] = {}
    for segment in verified.file.segments:
        shares = {number: given.shares[segment.segment] for number, given in by_seat.items()}
        seat_part = join(shares, verified.file.custodians.m)
        keys[segment.segment] = _record_keys(verified, segment, machine.get(segment.segment, b""), seat_part)
    public = verified.release_public
    kids: Json = {str(number): given.kid for number, given in by_seat.items()}
    content = canonical({"seats": sorted(by_seat), "kids": kids, "keys": keys})
    return (Wrap(public.kid, public.wrap(content, answer_keys(grant, seat, pair.public.kid))),)


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
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise WrapInvalid(kid=pair.public.kid) from error
