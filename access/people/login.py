"""Who asks: an account and its password, checked anew with every act."""

from access.people.accounts import find_person, password_hash
from access.people.passwords import Passwords, Throttle, WrongPassword
from access.policy import Person
from access.turns import Turns
from nvr.base.clock import Clock
from nvr.base.units import US_PER_SECOND
from storage.register.register import Register


class Login:
    """Checks passwords; wrong ones make the account wait, longer each time."""

    def __init__(self, register: Register, passwords: Passwords, clock: Clock) -> None:
        self._register = register
        self._passwords = passwords
        self._clock = clock
        self._throttle = Throttle(clock)
        self._next_mono_us = 0
        self._turns = Turns()

    async def check(self, account: str, password: str, *, never_waits: bool) -> Person:
        """The person whose account and password these are.

        With `never_waits` the password is looked at however many were wrong before: a hold must not wait for somebody
        who tries passwords. The caller lets whoever was wrong there `wait_in_line`.

        Raises:
            TooManyAttempts: the account must wait; the password was not looked at.
            WrongPassword: there is no such account, or it has another password.
        """
        if never_waits:
            return await self._look(account, password)
        # In turn: of attempts that are sent at once, each after the first wrong one must find it counted.
        async with self._turns.of(account):
            self._throttle.check(account)
            return await self._look(account, password)

    async def _look(self, account: str, password: str) -> Person:
        stored, person = await self._register.read(
            lambda session: (password_hash(session, account), find_person(session, account))
        )
        matches = await self._passwords.verify(stored, password)
        if not matches or person is None:
            self._throttle.failed(account)
            raise WrongPassword
        self._throttle.succeeded(account)
        return person

    async def wait_in_line(self) -> None:
        """Wait before a wrong password that `never_waits` is answered: one answer a second in all, whoever asks.

        A right password is not in this line, so that no hold waits for somebody who tries passwords.
        """
        now = self._clock.mono_us()
        self._next_mono_us = max(self._next_mono_us, now) + US_PER_SECOND
        await self._clock.sleep((self._next_mono_us - now) / US_PER_SECOND)
