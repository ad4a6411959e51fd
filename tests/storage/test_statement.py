"""The statement of a local day: its bounds in summer and winter, its cameras, its entries."""

from datetime import date

from storage.ledger.entries import MOST_ENTRY_BYTES, build, encode
from storage.ledger.machine import DestroyedOfCamera
from storage.retention import Reason
from storage.statement import DayLeft, days_to_state, statement_of
from tests.storage.test_retention import PARIS, START, at, segment

DAY = date(2026, 9, 10)
NOTHING_LEFT = DayLeft((), ())


def destroyed(reason: Reason | None = "cap", segments: int = 1) -> DestroyedOfCamera:
    return DestroyedOfCamera(
        reason=reason, from_utc_us=START, to_utc_us=START + 1, segments=segments, bytes=segments * 100, lost=0
    )


def test_days_that_are_over_are_stated_and_not_the_one_that_runs() -> None:
    assert list(days_to_state(DAY, at(2026, 9, 12, 12), PARIS)) == [DAY, date(2026, 9, 11)]
    assert list(days_to_state(DAY, at(2026, 9, 11, 0) - 1, PARIS)) == []
    assert list(days_to_state(DAY, at(2026, 9, 11, 0), PARIS)) == [DAY]
    assert list(days_to_state(DAY, at(2026, 9, 1), PARIS)) == []


def test_day_on_which_nothing_was_destroyed_has_a_statement() -> None:
    (one,) = statement_of(DAY, PARIS, [], NOTHING_LEFT)
    assert (one.day, one.cameras, one.part, one.parts) == ("2026-09-10", (), 0, 1)


def test_camera_has_what_was_destroyed_by_reason_and_what_was_left() -> None:
    left = DayLeft(held=[segment(1, file_bytes=7), segment(2, camera="other")], waiting=[segment(3)])
    (one,) = statement_of(DAY, PARIS, [("hall-1", destroyed("pressure")), ("hall-1", destroyed("cap", 5))], left)
    hall, other = one.cameras
    assert [each.reason for each in hall.destroyed] == ["cap", "pressure"]
    assert (hall.held, hall.held_bytes, hall.waiting) == (1, 7, 1)
    assert (other.camera, other.destroyed, other.held, other.waiting) == ("other", (), 1, 0)


def test_day_of_many_cameras_has_entries_that_fit_the_ledger() -> None:
    names = [f"{number:04d}-{'x' * 58}" for number in range(130)]
    most = dict.fromkeys(("from_utc_us", "to_utc_us", "segments", "bytes", "lost"), 2**53 - 1)
    every: tuple[Reason | None, ...] = ("cap", "camera", "pressure", None)
    reasons = [destroyed(reason).model_copy(update=most) for reason in every]
    parts = statement_of(DAY, PARIS, [(name, one) for name in names for one in reasons], NOTHING_LEFT)
    assert [(one.part, one.parts, len(one.cameras)) for one in parts] == [(0, 3, 60), (1, 3, 60), (2, 3, 10)]
    assert [each.camera for one in parts for each in one.cameras] == names
    assert all(len(encode(build(one, ts_utc_us=2**53 - 1))) <= MOST_ENTRY_BYTES for one in parts)
