"""What must last before it stands, what must be over before it has ended, and what comes along."""

from nvr.app.watch.book import Book
from nvr.app.watch.found import Condition, Findings
from nvr.app.watch.kinds import KINDS, Severity
from nvr.base.units import US_PER_SECOND, UtcUs

BEGIN = 1_790_000_000_000_000


def at(seconds: int) -> UtcUs:
    return UtcUs(BEGIN + seconds * US_PER_SECOND)


def silent(*cameras: str) -> Findings:
    return Findings(tuple(Condition("camera-silent", camera) for camera in cameras))


def test_blink_is_no_alarm_and_a_look_that_misses_it_begins_nothing_anew() -> None:
    book = Book(KINDS)
    for seconds in range(0, 590, 10):
        book.look(silent("a") if seconds % 60 else silent(), at(seconds))
    assert not book.standing()
    book.look(silent("a"), at(611))
    assert [key[1] for key in book.standing()] == ["a"]


def test_camera_that_was_well_for_two_minutes_begins_anew() -> None:
    book = Book(KINDS)
    book.look(silent("a"), at(0))
    book.look(silent("a"), at(300))
    book.look(silent(), at(310))
    book.look(silent("a"), at(430))
    book.look(silent("a"), at(700))
    assert not book.standing()


def test_cameras_that_a_switch_took_along_stand_together() -> None:
    book = Book(KINDS)
    cameras = [f"cam{number}" for number in range(78)]
    for seconds in range(0, 601, 10):
        book.look(silent(*cameras[: 1 + 3 * seconds // 10]), at(seconds))
        if book.standing():
            break
    assert (seconds, len(book.standing())) == (600, 78)


def test_cameras_that_come_back_within_a_minute_end_together() -> None:
    book = Book(KINDS)
    for seconds in range(0, 610, 10):
        book.look(silent("a", "b", "c"), at(seconds))
    for seconds in range(610, 660, 10):
        book.look(silent("c"), at(seconds))
    ended = {}
    for seconds in range(660, 900, 10):
        if ended := book.look(silent(), at(seconds)):
            break
    assert [key[1] for key in ended] == ["a", "b", "c"]
    assert seconds == 720


def test_what_nobody_can_know_neither_begins_nor_ends() -> None:
    book = Book(KINDS)
    for seconds in range(0, 610, 10):
        book.look(silent("a"), at(seconds))
    blind = Findings(unsure=frozenset({("camera-silent", "a")}))
    for seconds in range(610, 6000, 10):
        assert book.look(blind, at(seconds)) == {}
    assert book.standing()
    assert book.look(silent(), at(6200))


def test_clock_that_steps_back_ends_and_raises_nothing() -> None:
    book = Book(KINDS)
    book.look(silent("a"), at(0))
    for seconds in range(-7200, -7200 + 600, 60):
        book.look(silent("a"), at(seconds))
        assert not book.standing()
    book.look(silent("a"), at(-7200 + 600))
    assert book.standing()
    assert book.look(silent(), at(-20_000)) == {}
    assert book.standing()


def test_severity_of_what_stands_only_grows() -> None:
    book = Book(KINDS)
    many = Findings((Condition("camera-silent", "a", severity=Severity.CRITICAL),))
    for seconds in range(0, 660, 60):
        book.look(silent("a") if seconds < 600 else many, at(seconds))
    book.look(silent("a"), at(670))
    assert [each.severity for each in book.standing().values()] == [Severity.CRITICAL]


def test_kind_that_this_version_does_not_know_is_forgotten() -> None:
    book = Book(KINDS)
    book.look(silent("a"), at(0))
    member = book.members["camera-silent", "a"]
    assert Book(KINDS, {("of-another-version", "x"): member}).members == {}
