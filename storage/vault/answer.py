"""A custodian's answer to a grant file (docs/design/keys.md "Opening"): built, signed, parsed, checked. Pure."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from nvr.base.errors import EvidenceAtRisk
from nvr.base.jcs import Json, canonical
from storage.vault.contexts import answer_signed
from storage.vault.fields import DocumentInvalid, Fields, to_base64
from storage.vault.keyrecord import Wrap, parse_wrap
from storage.vault.seats import CustodianSet

VERSION: Final = 1
TYPE: Final = "scelle-answer"

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class AnswerInvalid(EvidenceAtRisk):
    """An answer is for another grant, by no seat of the set, or not signed by it; `what` says which."""

    message_id = "answer-invalid"


class AnswerKind(StrEnum):
    """What an answer carries."""

    SHARES = "shares"
    """The seat's shares, wrapped to the other seats: the quorum is not complete."""
    KEYS = "keys"
    """The record keys, wrapped to the grant's release key."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `grant` is the SHA-256 of the grant entry; `size` and `root` the checkpoint that the tool saw."""

    grant: bytes
    seat: int
    kid: str
    kind: AnswerKind
    wrapped: tuple[Wrap, ...]
    size: int
    root: bytes
    bad: tuple[bytes, ...] = ()
    """`digest` of each other answer whose shares proved bad: whoever keeps the answers drops these."""
    signature: bytes | None = None

    @property
    def digest(self) -> bytes:
        """SHA-256 of the answer file's bytes."""
        return sha256(self.pack()).digest()

    def as_json(self) -> dict[str, Json]:
        """The JSON object, with its signature."""
        sig = None if self.signature is None else to_base64(self.signature)
        return {**self._unsigned(), "sig": sig}

    def pack(self) -> bytes:
        """The answer file's bytes."""
        return canonical(self.as_json())

    def signed(self, key: Ed25519PrivateKey | None) -> "Answer":
        """The answer with its seat's signature; an envelope has no key, and its answers carry none."""
        return replace(self, signature=None if key is None else key.sign(self._message()))

    def check(self, custodians: CustodianSet, grant: bytes) -> None:
        """Check that it answers this grant, by a key of its seat, with that key's signature.

        An envelope signs nothing: of its answer this proves no more than the name of a key. That the key made it shows
        where it is unwrapped, since seat and key are in the context of every wrap.

        Raises:
            AnswerInvalid: it does not.
        """
        seat = custodians.seat_of(self.kid)
        if self.grant != grant:
            raise AnswerInvalid(what="another grant", seat=self.seat)
        if seat is None or seat.number != self.seat:
            raise AnswerInvalid(what="not a key of this seat", seat=self.seat)
        sign = next(key.sign for key in seat.keys if key.kid == self.kid)
        if sign is None and self.signature is None:
            return
        if sign is None or self.signature is None:
            raise AnswerInvalid(what="signature", seat=self.seat)
        try:
            Ed25519PublicKey.from_public_bytes(sign).verify(self.signature, self._message())
        except InvalidSignature as error:
            raise AnswerInvalid(what="signature", seat=self.seat) from error

    def _unsigned(self) -> dict[str, Json]:
        return {
            "v": VERSION,
            "t": TYPE,
            "grant": self.grant.hex(),
            "seat": self.seat,
            "kid": self.kid,
            "kind": self.kind.value,
            "wrapped": [{"kid": wrap.kid, "ct": to_base64(wrap.ciphertext)} for wrap in self.wrapped],
            "checkpoint": {"size": self.size, "root": self.root.hex()},
            "bad": [digest.hex() for digest in self.bad],
        }

    def _message(self) -> bytes:
        return canonical(answer_signed(sha256(canonical(self._unsigned())).digest()))


def parse_answer(data: bytes) -> Answer:
    """The answer in a file; nothing of it is checked yet.

    Raises:
        DocumentInvalid: it is none of this version.
    """
    return answer_from(Fields.parse(data, "answer"))


def answer_from(fields: Fields) -> Answer:
    """The answer in this object.

    Raises:
        DocumentInvalid: it is none of this version.
    """
    fields.expect("v", VERSION)
    fields.expect("t", TYPE)
    if fields.text("kind") not in set(AnswerKind):
        raise DocumentInvalid(what="answer.kind")
    checkpoint = fields.object("checkpoint")
    return Answer(
        grant=fields.hexadecimal("grant"),
        seat=fields.number("seat", at_least=1),
        kid=fields.text("kid"),
        kind=AnswerKind(fields.text("kind")),
        wrapped=tuple(parse_wrap(item) for item in fields.objects("wrapped")),
        size=checkpoint.number("size"),
        root=checkpoint.hexadecimal("root"),
        bad=tuple(_digest(text) for text in fields.texts("bad")),
        signature=None if fields.optional_text("sig") is None else fields.base64("sig"),
    )


def _digest(text: str) -> bytes:
    if _DIGEST.fullmatch(text) is None:
        raise DocumentInvalid(what="answer.bad")
    return bytes.fromhex(text)
