from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.health.looks import PROFILE_BYTES, Look
from recorder.health.states import LEARNING_LOOKS, Fault, Light, Reference, Thresholds, Watched

GOOD = Look(
    luma=120,
    bright=200,
    colour=10,
    sharpness=400,
    detail=600,
    profile=b"\x10\x27" * (PROFILE_BYTES // 2),
    matches=(),
    change=40,
)
WELL, ELSE = 900, 100
MOVED = (GOOD, ELSE)
COVERED = (replace(GOOD, detail=20), ELSE)
BLURRED = (replace(GOOD, sharpness=200), WELL)
DARK = (replace(GOOD, luma=17, bright=20, detail=0, sharpness=0), ELSE)
FROZEN = (replace(GOOD, change=0), WELL)
FAULTS = [
    (MOVED, Fault.MOVED),
    (COVERED, Fault.COVERED),
    (BLURRED, Fault.BLURRED),
    (DARK, Fault.DARK),
    (FROZEN, Fault.FROZEN),
]


def shown(watched: Watched, *looks: tuple[Look, int]) -> tuple[Fault, ...]:
    for look, match in looks:
        watched.take(look, {light: match for light, _ in watched.compared()})
    return watched.faults


def learnt() -> Watched:
    watched = Watched(Thresholds())
    assert shown(watched, *[(GOOD, WELL)] * LEARNING_LOOKS) == ()
    assert watched.learnt
    return watched


@pytest.mark.parametrize(("disturbed", "fault"), FAULTS)
def test_fault_begins_at_the_third_look_and_ends_at_the_third_good_one(
    disturbed: tuple[Look, int], fault: Fault
) -> None:
    watched = learnt()
    assert shown(watched, disturbed, disturbed) == ()
    assert shown(watched, disturbed) == (fault,)
    assert shown(watched, (GOOD, WELL), (GOOD, WELL)) == (fault,)
    assert shown(watched, (GOOD, WELL)) == ()


@pytest.mark.parametrize(("disturbed", "fault"), FAULTS)
def test_what_comes_and_goes_is_no_fault(disturbed: tuple[Look, int], fault: Fault) -> None:
    watched = learnt()
    for _ in range(20):
        assert shown(watched, disturbed, disturbed, (GOOD, WELL)) == (), fault


@pytest.mark.parametrize(("disturbed", "fault"), FAULTS)
def test_nothing_is_learnt_from_a_disturbed_picture(disturbed: tuple[Look, int], fault: Fault) -> None:
    watched = learnt()
    before = dict(watched.references)
    shown(watched, *[disturbed] * 500)
    assert watched.references == before
    assert watched.faults == (fault,)


def test_without_a_reference_only_darkness_and_stillness_are_told() -> None:
    for disturbed, fault in FAULTS:
        expected = (fault,) if fault in (Fault.DARK, Fault.FROZEN) else ()
        assert shown(Watched(Thresholds()), *[disturbed] * 4) == expected


def test_camera_that_never_shows_the_same_view_twice_has_no_reference_and_no_verdict() -> None:
    watched = Watched(Thresholds())
    assert shown(watched, *[(GOOD, ELSE)] * 100) == ()
    assert not watched.learnt


def test_camera_that_turns_is_compared_with_nothing() -> None:
    watched = Watched(Thresholds(), aimed=False)
    assert shown(watched, *[(GOOD, ELSE)] * 50, *[MOVED] * 9, *[BLURRED] * 9) == ()
    assert watched.compared() == []
    assert shown(watched, *[DARK] * 3) == (Fault.DARK,)


def test_night_has_a_reference_of_its_own_and_is_no_fault_of_the_day() -> None:
    watched = learnt()
    night = replace(GOOD, luma=40, colour=0, sharpness=250)
    assert shown(watched, *[(night, WELL)] * 50) == ()
    assert set(watched.references) == set(Light)
    assert watched.references[Light.DAY].sharpness_64 > watched.references[Light.NIGHT].sharpness_64
    assert shown(watched, *[(replace(night, sharpness=100), WELL)] * 3) == (Fault.BLURRED,)


def test_night_that_was_not_learnt_yet_is_not_taken_for_a_turned_camera() -> None:
    watched = learnt()
    night = replace(GOOD, luma=40, colour=0)
    for _ in range(LEARNING_LOOKS - 1):
        watched.take(night, {Light.DAY: ELSE, Light.NIGHT: WELL})
    assert watched.faults == ()


def test_while_a_fault_holds_another_light_is_not_learnt() -> None:
    watched = learnt()
    shown(watched, *[MOVED] * 3)
    night = replace(GOOD, luma=40, colour=0)
    shown(watched, *[(night, ELSE)] * 50)
    assert set(watched.references) == {Light.DAY}
    assert watched.faults == (Fault.MOVED,)


def test_reference_follows_slowly() -> None:
    watched = learnt()
    autumn = replace(GOOD, sharpness=330, detail=500)
    assert shown(watched, *[(autumn, WELL)] * 100) == ()
    after = watched.references[Light.DAY]
    assert 330 * 64 < after.sharpness_64 < 400 * 64
    assert after.sharpness_64 < 390 * 64


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 65_535)), max_size=60))
def test_reference_stays_between_the_looks_that_it_was_made_of(looks: list[tuple[int, int, int]]) -> None:
    made = [
        replace(GOOD, sharpness=sharp, detail=detail, profile=value.to_bytes(2, "little") * (PROFILE_BYTES // 2))
        for sharp, detail, value in [(400, 600, 10_000), *looks]
    ]
    reference = Reference.of(made[0])
    for look in made[1:]:
        reference = reference.with_look(look)
    assert min(look.sharpness for look in made) <= reference.sharpness_64 / 64 <= max(look.sharpness for look in made)
    values = [int.from_bytes(look.profile[:2], "little") for look in made]
    assert min(values) <= int.from_bytes(reference.profile[:2], "little") <= max(values)


def test_recent_looks_are_two_and_the_newest_comes_first() -> None:
    watched = Watched(Thresholds())
    for value in b"abc":
        watched.take(replace(GOOD, profile=bytes([value]) * PROFILE_BYTES), {})
    assert [profile[:1] for profile in watched.recent] == [b"c", b"b"]
