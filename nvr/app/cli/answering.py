"""A custodian at work: what came is checked, shown, agreed to, and answered, on a machine that needs no server."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TextIO

import typer

from nvr.app.cli.common import secret
from nvr.app.cli.custodian_scope import scope_fields
from nvr.app.cli.files import read_file
from nvr.app.messages import explain, say
from nvr.app.pins import PinFile, pins_beside, read_pins
from nvr.app.words import word
from nvr.base.clock import Clock
from nvr.base.errors import NvrError
from storage.ledger.note import Checkpoint
from storage.vault.answer import Answer
from storage.vault.grantfile import GrantFile, parse_grant_file
from storage.vault.keyfile import CustodianKeys, public_part, unlock
from storage.vault.share import NotYourSeat, SeatKeys, answer
from storage.vault.sitting import LookedAt, Named, look_at
from storage.vault.verification import VerifiedGrant, verify_grant_file


@dataclass(frozen=True)
class KeyAtHand:
    """A custodian's key file with the pins beside it, and what its holder said beforehand.

    `yes`: nothing is asked. `continued`: the holder was told that the ledger was restored. The passphrase is asked for
    when it is needed, once.
    """

    file: Path
    passphrase_file: Path | None
    clock: Clock
    yes: bool
    continued: bool
    shown_on: TextIO

    @cached_property
    def pins(self) -> PinFile:
        """What the tool knows beforehand."""
        return read_pins(read_file(pins_beside(self.file)))

    @cached_property
    def kid(self) -> str:
        """The key's id; it needs no passphrase."""
        return public_part(read_file(self.file)).kid

    @cached_property
    def keys(self) -> CustodianKeys:
        """The private keys."""
        return unlock(read_file(self.file), secret("ask-passphrase", self.passphrase_file))

    def having_seen(self, checkpoint: Checkpoint) -> None:
        """Keep the checkpoint as the last that was seen."""
        self.pins.having_seen(checkpoint).write(pins_beside(self.file))

    def verify(self, content: bytes) -> VerifiedGrant:
        """A grant file that holds. Raises what `verify_grant_file` does."""
        file = parse_grant_file(content)  # before the pins: what is no grant file is told as that
        pins = replace(self.pins.pins(), continued=self.continued)
        return verify_grant_file(file, pins, now_utc_us=self.clock.utc_us())

    def look_at(self, content: bytes) -> list[LookedAt]:
        """The grant files of a sitting. Raises what `look_at` does."""
        pins = replace(self.pins.pins(), continued=self.continued)
        return look_at(content, pins, now_utc_us=self.clock.utc_us())

    def agrees(self, verified: VerifiedGrant) -> bool:
        """Show what the ledger proves, never a text that the server sent, and ask whether to answer.

        Raises:
            NotYourSeat: there is nothing to be asked.
        """
        seat = verified.file.custodians.seat_of(self.kid)
        if seat is None:
            raise NotYourSeat(kid=self.kid)
        self.shown_on.write(f"{say('grant-scope', **scope_fields(verified))}\n")
        key = word(str(seat.key_of(self.kid)))
        self.shown_on.write(f"{say('seat-of-key', seat=seat.number, key=key)}\n")
        return self.yes or typer.confirm(say("ask-answer-grant"), err=True)

    def answer(self, verified: VerifiedGrant) -> Answer:
        """The answer; seats whose shares are bad are named. Raises what `storage.vault.share.answer` does."""
        made = answer(verified, _seat_keys(verified.file, self.keys))
        for seat in sorted({other.seat for other in verified.file.answers if other.digest in made.bad}):
            sys.stderr.write(f"{say('shares-bad', seat=seat)}\n")
        return made


@dataclass(frozen=True, slots=True)
class Sat:
    """What came of a sitting: the answers, what could not be answered, and the checkpoint that all of it is against."""

    answers: Sequence[tuple[Named, Answer]]
    refused: Sequence[tuple[Named, NvrError]]
    checkpoint: Checkpoint | None

    @property
    def number(self) -> int:
        """How many grant files were answered or refused."""
        return len(self.answers) + len(self.refused)


def sit(content: bytes, key: KeyAtHand) -> Sat:
    """Show the grants of a sitting one after the other, and answer those that the custodian agrees to.

    Raises:
        DocumentInvalid: it is no sitting.
    """
    looked = key.look_at(content)
    agreed: list[tuple[Named, VerifiedGrant]] = []
    refused: list[tuple[Named, NvrError]] = []
    for at, one in enumerate(looked, 1):
        try:
            if isinstance(one.verified, NvrError):
                raise one.verified
            key.shown_on.write(f"{say('sitting-head', at=at, number=len(looked))}\n")
            if key.agrees(one.verified):
                agreed.append((one.named, one.verified))
        except NvrError as error:
            head = say("sitting-refused", grant=one.named.grant, at=at, number=len(looked))
            sys.stderr.write(f"{head}\n{explain(error)}\n")
            refused.append((one.named, error))
    answers, checkpoint = [], None
    for named, verified in agreed:
        try:
            answers.append((named, key.answer(verified)))
        except NvrError as error:
            sys.stderr.write(f"{named.grant}: {explain(error)}\n")
            refused.append((named, error))
        else:
            checkpoint = verified.checkpoint
    return Sat(answers, refused, checkpoint)


def _seat_keys(file: GrantFile, keys: CustodianKeys) -> SeatKeys:
    """The private keys; an envelope's answers carry no signature, since the set names no signing key for it."""
    kid = keys.pair.public.kid
    seat = file.custodians.seat_of(kid)
    signs = seat is not None and any(key.kid == kid and key.sign is not None for key in seat.keys)
    return SeatKeys(keys.pair, keys.sign if signs else None)
