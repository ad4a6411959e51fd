"""The custodian set: who must agree before footage opens (docs/design/keys.md "The custodian set"). Pure."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from typing import Final, Literal, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from nvr.base.errors import EvidenceAtRisk
from nvr.base.jcs import Json, canonical
from nvr.base.units import UtcUs
from storage.vault.contexts import set_signed
from storage.vault.fields import DocumentInvalid, Fields, to_base64
from storage.vault.hpke import KeyInvalid, PublicKey
from storage.vault.shamir import MAX_SHARES

KeyOfSeat: TypeAlias = Literal["holder", "deputy", "envelope"]

VERSION: Final = 1
SIGN_PUBLIC_BYTES: Final = 32


class SetNotSigned(EvidenceAtRisk):
    """A custodian set lacks the signatures that it needs; `have` and `need` count seats."""

    message_id = "set-not-signed"


class WitnessPolicy(StrEnum):
    """Whether a release waits for the witness's cosignature."""

    NONE = "none"
    RECOMMENDED = "recommended"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class SeatKey:
    """One key of a seat, or of the machine; `sign` is an Ed25519 public key, None for envelope and machine."""

    name: str
    public: PublicKey
    sign: bytes | None

    @property
    def kid(self) -> str:
        """The key id."""
        return self.public.kid

    def as_json(self) -> Json:
        """As it stands in the set."""
        sign = None if self.sign is None else to_base64(self.sign)
        return {"name": self.name, "kid": self.kid, "public": self.public.text, "sign": sign}


@dataclass(frozen=True, slots=True)
class Seat:
    """A custodian's place: any one of its keys opens its share."""

    number: int
    role: str
    holder: SeatKey | None = None
    deputy: SeatKey | None = None
    envelope: SeatKey | None = None

    def key_of(self, kid: str) -> KeyOfSeat | None:
        """Which of the seat's keys this is."""
        named: tuple[tuple[KeyOfSeat, SeatKey | None], ...] = (
            ("holder", self.holder),
            ("deputy", self.deputy),
            ("envelope", self.envelope),
        )
        return next((name for name, key in named if key is not None and key.kid == kid), None)

    @property
    def keys(self) -> tuple[SeatKey, ...]:
        """The seat's keys: holder, deputy, envelope, as far as there are any."""
        return tuple(key for key in (self.holder, self.deputy, self.envelope) if key is not None)

    def as_json(self) -> Json:
        """As it stands in the set."""
        return {
            "seat": self.number,
            "role": self.role,
            "holder": None if self.holder is None else self.holder.as_json(),
            "deputy": None if self.deputy is None else self.deputy.as_json(),
            "envelope": None if self.envelope is None else self.envelope.as_json(),
        }


@dataclass(frozen=True, kw_only=True)
class CustodianSet:
    """The seats, how many of them must agree, and the machine's key.

    Raises:
        DocumentInvalid: seats not numbered 1 to n, a seat without key, one key in two places, or an impossible m.
    """

    origin: str
    number: int
    preset: str
    m: int
    seats: tuple[Seat, ...]
    machine: SeatKey
    witness: WitnessPolicy
    valid_from_utc_us: UtcUs
    provisional: bool = False
    previous: bytes | None = None

    def __post_init__(self) -> None:
        if [seat.number for seat in self.seats] != list(range(1, len(self.seats) + 1)):
            raise DocumentInvalid(what="set.seats: not numbered from 1")
        if not 1 <= self.m <= len(self.seats) <= MAX_SHARES:
            raise DocumentInvalid(what="set.m")
        if any(not seat.keys for seat in self.seats):
            raise DocumentInvalid(what="set.seats: one has no key")
        kids = [self.machine.kid, *(key.kid for seat in self.seats for key in seat.keys)]
        if len(set(kids)) != len(kids):
            raise DocumentInvalid(what="set.seats: one key in two places")

    @property
    def n(self) -> int:
        """How many seats there are."""
        return len(self.seats)

    def as_json(self) -> Json:
        """The JSON object."""
        return {
            "v": VERSION,
            "origin": self.origin,
            "number": self.number,
            "preset": self.preset,
            "m": self.m,
            "n": self.n,
            "provisional": self.provisional,
            "valid_from_utc_us": self.valid_from_utc_us,
            "previous": None if self.previous is None else self.previous.hex(),
            "machine": self.machine.as_json(),
            "witness": self.witness.value,
            "seats": [seat.as_json() for seat in self.seats],
        }

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 over the JCS bytes: it stands in headers, key records and the ledger."""
        return sha256(canonical(self.as_json())).digest()

    @property
    def wraps(self) -> int:
        """Shares in a key record under this set."""
        return sum(len(seat.keys) for seat in self.seats)

    def seat_of(self, kid: str) -> Seat | None:
        """The seat that has this key."""
        return next((seat for seat in self.seats if any(key.kid == kid for key in seat.keys)), None)


@dataclass(frozen=True, slots=True)
class SetSignature:
    """One seat's signature under a set."""

    seat: int
    kid: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class SignedSet:
    """The content of `custodians.json`."""

    set: CustodianSet
    signatures: tuple[SetSignature, ...] = ()

    def pack(self) -> bytes:
        """The JCS bytes."""
        signatures: list[Json] = [
            {"seat": item.seat, "kid": item.kid, "sig": to_base64(item.signature)} for item in self.signatures
        ]
        return canonical({"set": self.set.as_json(), "signatures": signatures})

    @classmethod
    def parse(cls, data: bytes) -> "SignedSet":
        """The signed set that these bytes are; no signature is checked yet.

        Raises:
            DocumentInvalid, KeyInvalid: they are none.
        """
        fields = Fields.parse(data, "custodians")
        signatures = tuple(
            SetSignature(item.number("seat", at_least=1), item.text("kid"), item.base64("sig"))
            for item in fields.objects("signatures")
        )
        return cls(parse_set(fields.object("set")), signatures)


def parse_set(fields: Fields) -> CustodianSet:
    """The set in this object; it must be what `CustodianSet.as_json` would write.

    Raises:
        DocumentInvalid, KeyInvalid: it is none.
    """
    fields.expect("v", VERSION)
    machine = _seat_key(fields, "machine")
    if machine is None or fields.text("witness") not in set(WitnessPolicy):
        raise DocumentInvalid(what="set.machine or set.witness")
    seats = tuple(
        Seat(
            number=item.number("seat", at_least=1),
            role=item.text("role"),
            holder=_seat_key(item, "holder"),
            deputy=_seat_key(item, "deputy"),
            envelope=_seat_key(item, "envelope"),
        )
        for item in fields.objects("seats")
    )
    custodians = CustodianSet(
        origin=fields.text("origin"),
        number=fields.number("number"),
        preset=fields.text("preset"),
        m=fields.number("m", at_least=1),
        seats=seats,
        machine=machine,
        witness=WitnessPolicy(fields.text("witness")),
        valid_from_utc_us=UtcUs(fields.number("valid_from_utc_us")),
        provisional=fields.truth("provisional"),
        previous=None if fields.optional_text("previous") is None else fields.hexadecimal("previous"),
    )
    if canonical(custodians.as_json()) != canonical(dict(fields.value)):
        raise DocumentInvalid(what="set: key ids, counts or unknown fields")
    return custodians


def sign_set(custodians: CustodianSet, kid: str, key: Ed25519PrivateKey, *, signer: CustodianSet) -> SetSignature:
    """A signature under `custodians` by the holder or deputy of `signer` whose key id this is.

    Raises:
        SetNotSigned: no seat of the signing set has this key.
    """
    seat = signer.seat_of(kid)
    if seat is None:
        raise SetNotSigned(what="not a seat's key", kid=kid)
    return SetSignature(seat.number, kid, key.sign(canonical(set_signed(custodians.hash))))


def check_signatures(signed: SignedSet, previous: CustodianSet | None) -> None:
    """Check that m seats signed: of the set before, or of the set itself where it founds anew.

    A set founds anew when it names no predecessor (the first one, and a re-foundation) and when its predecessor is
    provisional. A provisional set can only be the first, and carries no signatures: its envelopes sign nothing.

    Raises:
        SetNotSigned: too few good signatures, or `previous` is not the set that it names.
    """
    custodians = signed.set
    if custodians.previous != (None if previous is None else previous.hash):
        raise SetNotSigned(what="names another set before")
    if custodians.provisional:
        if previous is not None:
            raise SetNotSigned(what="a provisional set can only be the first")
        return
    signer = custodians if previous is None or previous.provisional else previous
    message = canonical(set_signed(custodians.hash))
    good = {item.seat for item in signed.signatures if _is_good(item, signer, message)}
    if len(good) < signer.m:
        raise SetNotSigned(what="too few good signatures", have=len(good), need=signer.m)


def _is_good(item: SetSignature, signer: CustodianSet, message: bytes) -> bool:
    seat = signer.seat_of(item.kid)
    if seat is None or seat.number != item.seat:
        return False
    sign = next(key.sign for key in seat.keys if key.kid == item.kid)
    if sign is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(sign).verify(item.signature, message)
    except InvalidSignature:
        return False
    return True


def _seat_key(fields: Fields, name: str) -> SeatKey | None:
    item = fields.optional_object(name)
    if item is None:
        return None
    sign = None if item.optional_text("sign") is None else item.base64("sign")
    if sign is not None and len(sign) != SIGN_PUBLIC_BYTES:
        raise KeyInvalid(what="length of an Ed25519 public key")
    return SeatKey(item.text("name"), PublicKey(item.base64("public")), sign)
