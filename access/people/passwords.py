"""Passwords: Argon2id in a thread, the same work for an account that does not exist, and a delay that grows."""

import asyncio
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from access.arguments import HIDDEN
from nvr.base.clock import Clock
from nvr.base.errors import InvalidValue, Refused
from nvr.base.units import US_PER_SECOND, MonoUs

LEAST_CHARACTERS: Final = 12
MOST_CHARACTERS: Final = 200
AT_ONCE: Final = 2
"""Hashes under way: each takes 64 MiB."""

FREE_FAILURES: Final = 3
FIRST_DELAY_S: Final = 1
MOST_DELAY_S: Final = 300
MOST_NAMES: Final = 10_000
"""Names whose failures are remembered; beyond, the oldest are forgotten."""


class WrongPassword(Refused):
    """No such account, or another password: which of them is not said."""

    message_id = "wrong-password"


class TooManyAttempts(Refused):
    """The password was not looked at: wait `wait_s` seconds."""

    message_id = "too-many-attempts"


def default_hasher() -> PasswordHasher:
    """Argon2id with 64 MiB, 3 passes, 1 lane (docs/design/keys.md "Primitives")."""
    return PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)


def check_length(password: str) -> None:
    """Raises InvalidValue: a new password is too short or too long."""
    if not LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
        expected = f"{LEAST_CHARACTERS} to {MOST_CHARACTERS} characters"
        raise InvalidValue(field="password", value=HIDDEN, expected=expected)


class Passwords:
    """Hashes and checks passwords, off the event loop."""

    def __init__(self, hasher: PasswordHasher, stand_in: str) -> None:
        self._hasher = hasher
        self._stand_in = stand_in
        self._slots = asyncio.Semaphore(AT_ONCE)

    @classmethod
    async def prepare(cls, hasher: PasswordHasher) -> "Passwords":
        """With a stand-in hash, against which attempts on unknown accounts are checked."""
        return cls(hasher, await asyncio.to_thread(hasher.hash, secrets.token_urlsafe()))

    async def hash(self, password: str) -> str:
        """The Argon2id hash of a new password.

        Raises:
            InvalidValue: it is too short or too long; the field is `password`.
        """
        check_length(password)
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password is the one behind the hash; without a hash it takes as long and is not."""
        async with self._slots:
            matches = await asyncio.to_thread(self._matches, stored or self._stand_in, password[:MOST_CHARACTERS])
        return matches and stored is not None

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerifyMismatchError, InvalidHashError):
            return False


@dataclass(slots=True)
class _Failures:
    count: int
    until_mono_us: MonoUs


class Throttle:
    """How long an account must wait after wrong passwords: nothing for the first three, then 1, 2, 4 ... 300 s.

    It counts by the name that was tried, known or not, so that it reveals nothing. The event loop alone uses it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def check(self, name: str) -> None:
        """Raises TooManyAttempts while the name must wait."""
        failures = self._failures.get(name)
        left_us = 0 if failures is None else failures.until_mono_us - self._clock.mono_us()
        if left_us > 0:
            raise TooManyAttempts(wait_s=-(-left_us // US_PER_SECOND))

    def failed(self, name: str) -> None:
        """Count one more wrong password."""
        failures = self._failures.setdefault(name, _Failures(0, self._clock.mono_us()))
        self._failures.move_to_end(name)
        if len(self._failures) > MOST_NAMES:
            self._failures.popitem(last=False)
        failures.count += 1
        over = failures.count - FREE_FAILURES
        if over > 0:
            delay_s = min(FIRST_DELAY_S << min(over - 1, 20), MOST_DELAY_S)
            failures.until_mono_us = MonoUs(self._clock.mono_us() + delay_s * US_PER_SECOND)

    def succeeded(self, name: str) -> None:
        """Forget the failures."""
        self._failures.pop(name, None)
