from typing import Literal

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from access.people.passwords import MOST_NAMES, Passwords, Throttle, TooManyAttempts, default_hasher
from nvr.base.clock import SimClock
from nvr.base.errors import InvalidValue

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def test_hash_is_argon2id_with_64_mib() -> None:
    parameters = extract_parameters(default_hasher().hash("x"))
    assert (parameters.type, parameters.memory_cost, parameters.time_cost) == (Type.ID, 65_536, 3)


async def test_right_password_is_known_and_wrong_ones_are_not() -> None:
    passwords = await Passwords.prepare(CHEAP)
    stored = await passwords.hash("correct horse battery")
    assert await passwords.verify(stored, "correct horse battery")
    assert not await passwords.verify(stored, "correct horse batterz")
    assert not await passwords.verify("not a hash", "correct horse battery")


async def test_unknown_account_costs_the_same_work_and_is_never_right() -> None:
    seen = []

    class Watched(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 -- argon2's own name
            seen.append(extract_parameters(str(hash)))
            return super().verify(hash, password)

    passwords = await Passwords.prepare(Watched(time_cost=2, memory_cost=16, parallelism=1))
    stored = await passwords.hash("correct horse battery")
    assert not await passwords.verify(None, "correct horse battery")
    await passwords.verify(stored, "other")
    assert seen[0] == seen[1]


@pytest.mark.parametrize("password", ["short", "x" * 201])
async def test_password_of_another_length_is_refused_and_not_shown(password: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        await (await Passwords.prepare(CHEAP)).hash(password)
    assert refusal.value.field == "password"
    assert password not in str(refusal.value)


def test_delay_grows_from_the_fourth_failure_and_is_bounded() -> None:
    clock = SimClock()
    throttle = Throttle(clock)
    waits = []
    for _ in range(14):
        throttle.failed("a")
        try:
            throttle.check("a")
            waits.append(0)
        except TooManyAttempts as refusal:
            waits.append(int(str(refusal.fields["wait_s"])))
            clock.advance(waits[-1] * 1_000_000)
            throttle.check("a")
    assert waits == [0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_one_account_does_not_make_another_wait_and_success_forgives() -> None:
    throttle = Throttle(SimClock())
    for _ in range(9):
        throttle.failed("a")
    throttle.check("b")
    throttle.succeeded("a")
    throttle.check("a")


def test_names_that_are_tried_do_not_fill_the_memory() -> None:
    throttle = Throttle(SimClock())
    for number in range(MOST_NAMES + 10):
        throttle.failed(str(number))
    assert len(throttle._failures) == MOST_NAMES
