"""When the clock may be believed: never early, and again by itself once it is plausible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.ledger.machine import ClockSync
from storage.retention_clock import Pause, Reading, RetentionClock

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
T0 = 1_790_000_000 * SECOND


UNDISCIPLINED: tuple[ClockSync, ...] = ("unsynchronised", "unknown")


class Server:
    """Its clocks, and a ledger that takes an entry when told; a reading every minute, as the keeper makes them."""

    def __init__(self) -> None:
        self.utc = self.ledger = T0
        self.mono = 500 * SECOND
        self.sync: ClockSync = "synchronised"
        self.clock = RetentionClock()

    def restart(self, *, off_us: int = 0) -> None:
        self.utc += off_us
        self.mono = 0
        self.clock = RetentionClock()

    def look(self) -> Pause | None:
        return self.clock.judge(Reading(self.utc, self.mono, self.ledger, self.sync))

    def run(self, us: int, *, entries: bool = True) -> list[Pause | None]:
        seen = []
        for _ in range(us // (60 * SECOND)):
            self.utc += 60 * SECOND
            self.mono += 60 * SECOND
            if entries:
                self.ledger = max(self.ledger, self.utc)
            seen.append(self.look())
        return seen


def started() -> Server:
    server = Server()
    assert server.look() is None
    return server


def test_synchronised_clock_that_runs_on_is_believed_with_and_without_entries() -> None:
    server = started()
    assert set(server.run(DAY)) == {None}
    assert set(server.run(DAY, entries=False)) == {None}


def test_clock_that_runs_on_without_a_time_server_is_believed_so_that_nothing_is_kept_too_long() -> None:
    for sync in UNDISCIPLINED:
        server = started()
        server.sync = sync
        assert set(server.run(DAY)) == {None}
        server.restart(off_us=HOUR // 2)
        assert set(server.run(DAY)) == {None}


@pytest.mark.parametrize(
    ("step", "pause"), [(-2 * HOUR, Pause.BEHIND), (-60 * SECOND, Pause.BEHIND), (DAY, Pause.AHEAD)]
)
def test_clock_without_a_time_server_that_stepped_pauses_until_it_is_put_right(step: int, pause: Pause) -> None:
    server = started()
    server.sync = "unsynchronised"
    server.utc += step
    assert server.look() is pause
    server.utc -= step
    assert server.look() is None


def test_leap_ahead_without_a_time_server_is_never_believed() -> None:
    server = started()
    server.sync = "unsynchronised"
    server.utc += DAY
    assert set(server.run(DAY)) == {Pause.AHEAD}


def test_entry_dated_by_a_clock_that_was_ahead_does_not_make_it_believed() -> None:
    server = started()
    server.sync = "unsynchronised"
    server.utc += 40 * DAY
    server.run(HOUR)
    server.sync = "synchronised"
    assert server.look() is Pause.AHEAD
    server.utc -= 40 * DAY
    assert server.look() is Pause.BEHIND
    assert set(server.run(HOUR)) == {Pause.BEHIND}
    server.restart()
    assert server.look() is Pause.BEHIND


def test_jump_of_a_synchronised_clock_is_not_believed_at_once_though_entries_follow_it() -> None:
    server = started()
    server.utc += 40 * DAY
    assert set(server.run(9 * 60 * SECOND)) == {Pause.AHEAD}
    server.utc -= 40 * DAY
    server.ledger = server.utc
    assert server.look() is None


def test_long_power_off_is_believed_after_ten_minutes_of_a_synchronised_clock() -> None:
    server = Server()
    server.restart(off_us=30 * DAY)
    assert server.look() is Pause.AHEAD
    seen = server.run(12 * 60 * SECOND)
    assert seen == [Pause.AHEAD] * 9 + [None] * 3
    assert set(server.run(DAY)) == {None}


def test_clock_that_loses_its_source_or_jumps_again_settles_anew() -> None:
    server = Server()
    server.restart(off_us=30 * DAY)
    server.look()
    server.run(9 * 60 * SECOND)
    server.sync = "unsynchronised"
    server.look()
    server.sync = "synchronised"
    assert set(server.run(10 * 60 * SECOND)) == {Pause.AHEAD}
    server.utc += DAY
    assert set(server.run(10 * 60 * SECOND)) == {Pause.AHEAD}
    assert server.run(60 * SECOND) == [None]


def test_short_stop_is_no_reason_to_wait() -> None:
    server = Server()
    server.restart(off_us=HOUR - SECOND)
    assert server.look() is None


def test_many_small_leads_do_not_add_up_to_a_large_one() -> None:
    server = started()
    seen = []
    for _ in range(48):
        server.utc += HOUR // 2
        seen += server.run(60 * SECOND)
    assert seen[2] is Pause.AHEAD


@given(st.lists(st.tuples(st.integers(-3 * DAY, 3 * DAY), st.booleans()), max_size=30))
def test_time_that_is_believed_never_leads_the_true_time_by_more_than_the_tolerance_unless_it_settled(
    steps: list[tuple[int, bool]],
) -> None:
    """Each reading a minute after the other, and no error of the clock lasts ten of them."""
    server = started()
    true = server.utc
    for number, (error, synchronised) in enumerate(steps):
        true += 60 * SECOND
        server.mono += 60 * SECOND
        server.utc = true + (error if number % 5 else 0)
        server.sync = "synchronised" if synchronised else "unsynchronised"
        server.ledger = max(server.ledger, server.utc)
        if server.look() is None:
            assert server.utc <= true + HOUR
