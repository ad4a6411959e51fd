"""What is wrong at one instant, and what nobody can know."""

from typing import Any

import pytest

from nvr.app.watch.conditions import judge
from nvr.app.watch.found import Condition
from nvr.app.watch.kinds import KINDS, Severity
from nvr.app.watch.observation import BackupSeen, ChannelFailing, Observation, OrdersSeen, VolumeSeen
from nvr.app.watch.readings import keeper_seen, recorder_seen
from nvr.base.ids import CameraId
from nvr.base.units import US_PER_DAY, US_PER_SECOND, UtcUs
from storage.snapshot import CameraEntry, CameraKind

NOW = UtcUs(1_790_000_000_000_000)


def entry(name: str, **more: Any) -> CameraEntry:  # noqa: ANN401 -- fields of an entry
    return CameraEntry(CameraId(name), "rtsp://192.0.2.1/", more.pop("shard", 0), **more)


def recorder(*states: dict[str, Any], **more: object) -> Any:  # noqa: ANN401 -- a recorder's answer
    return recorder_seen({"state": {"cameras": list(states)}, **more})


def kinds_of(seen: Observation) -> list[tuple[str, str]]:
    return [each.key for each in judge(seen).conditions]


def test_system_that_is_well_has_no_condition() -> None:
    seen = Observation(NOW, (entry("a"),), {0: recorder({"camera": "a", "state": "recording"})})
    assert kinds_of(seen) == []
    assert judge(seen).unsure == frozenset()
    assert (seen.recording(), len(seen.expected())) == (1, 1)


def test_silent_camera_is_told_from_where_its_last_record_ended() -> None:
    state = {"camera": "a", "state": "waiting", "cause": "unreachable", "last_record_utc_us": NOW - 60_000_000}
    (found,) = judge(Observation(NOW, (entry("a"),), {0: recorder(state)})).conditions
    assert found == Condition("camera-silent", "a", UtcUs(NOW - 60_000_000), "unreachable")


def test_camera_that_its_recorder_does_not_know_is_silent() -> None:
    assert kinds_of(Observation(NOW, (entry("a"),), {0: recorder()})) == [("camera-silent", "a")]


@pytest.mark.parametrize("state", ["absent", "commissioning", "recording"])
def test_camera_that_is_not_to_be_recorded_now_is_no_alarm(state: str) -> None:
    assert kinds_of(Observation(NOW, (entry("a"),), {0: recorder({"camera": "a", "state": state})})) == []


@pytest.mark.parametrize(
    ("cause", "silent"), [("unreachable", False), ("timeout", False), (None, False), ("unauthorized", True)]
)
def test_nomadic_camera_is_silent_only_when_it_is_there_and_refuses(cause: str | None, *, silent: bool) -> None:
    seen = Observation(
        NOW,
        (entry("a", kind=CameraKind.NOMADIC),),
        {0: recorder({"camera": "a", "state": "waiting", "cause": cause})},
    )
    assert bool(kinds_of(seen)) is silent


def test_camera_that_was_entered_as_taken_down_is_no_alarm_before_its_recorder_knows() -> None:
    taken_down = entry("a", absent=True)
    assert kinds_of(Observation(NOW, (taken_down,), {0: recorder({"camera": "a", "state": "waiting"})})) == []


def test_many_silent_cameras_are_critical_and_few_are_not() -> None:
    names = [f"c{number}" for number in range(12)]

    def severities(silent: int) -> list[Severity | None]:
        states = [{"camera": name, "state": "waiting" if at < silent else "recording"} for at, name in enumerate(names)]
        seen = Observation(NOW, [entry(name) for name in names], {0: recorder(*states)})
        return [each.severity for each in judge(seen).conditions]

    assert severities(2) == [None] * 2
    assert severities(3) == [Severity.CRITICAL] * 3


def test_of_cameras_whose_recorder_is_silent_nobody_knows() -> None:
    seen = Observation(NOW, (entry("a"), entry("b", shard=1)), {0: None, 1: recorder()})
    found = judge(seen)
    assert [each.key for each in found.conditions] == [("recorder-silent", "0"), ("camera-silent", "b")]
    assert found.is_unsure(("camera-silent", "a"))
    assert not found.is_unsure(("camera-silent", "b"))
    assert found.is_unsure(("volume-lost", "disk1"))


def test_silent_keeper_hides_its_own_faults_and_no_others() -> None:
    found = judge(Observation(NOW, keeper=None))
    assert [each.kind for each in found.conditions] == ["keeper-silent"]
    assert found.is_unsure(("keeper-fault", "index"))
    assert not found.is_unsure(("recorder-silent", "0"))


def test_faults_of_keeper_and_paused_retention() -> None:
    keeper = keeper_seen({"last_pass": {"paused": "ahead"}, "faults": {"clock": "x", "ingest": "disk"}})
    assert kinds_of(Observation(NOW, keeper=keeper)) == [("retention-paused", ""), ("keeper-fault", "ingest")]


def test_retention_pass_that_is_an_hour_old_is_missed() -> None:
    def at(seconds: int) -> list[tuple[str, str]]:
        return kinds_of(Observation(NOW, keeper=keeper_seen({"last_pass_utc_us": NOW - seconds * US_PER_SECOND})))

    assert at(3599) == []
    assert at(3600) == [("retention-missed", "")]


def test_index_that_has_not_come_to_where_the_ledger_was_is_behind() -> None:
    keeper = keeper_seen({"ledger_size": 900, "index_size": 500})
    assert kinds_of(Observation(NOW, keeper=keeper, ledger_before=500)) == []
    assert kinds_of(Observation(NOW, keeper=keeper, ledger_before=501)) == [("index-behind", "")]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (184, []),
        (183, [("order-ends", "6", Severity.NOTICE)]),
        (122, [("order-ends", "4", Severity.WARNING)]),
        (0, [("order-ended", "", None)]),
    ],
)
def test_order_is_told_half_a_year_and_four_months_before_its_end(days: int, expected: list[object]) -> None:
    seen = Observation(NOW, orders=OrdersSeen(known=True, end_utc_us=UtcUs(NOW + days * US_PER_DAY)))
    assert [(each.kind, each.subject, each.severity) for each in judge(seen).conditions] == expected


@pytest.mark.parametrize(
    ("hours", "told"), [(None, True), (47, False), (48, True), (-5, False)], ids=["never", "young", "old", "future"]
)
def test_backup_is_old_after_so_many_days_and_where_there_was_none(hours: int | None, *, told: bool) -> None:
    made = None if hours is None else UtcUs(NOW - hours * 3600 * US_PER_SECOND)
    assert kinds_of(Observation(NOW, backup=BackupSeen(made, 2))) == ([("backup-old", "")] if told else [])


def test_volumes_that_are_lost_or_almost_full() -> None:
    volumes = [
        VolumeSeen("gone", None, why="not mounted"),
        VolumeSeen("erring", "id-1", 50, 100),
        VolumeSeen("full", "id-2", 2, 100),
        VolumeSeen("well", "id-3", 50, 100),
    ]
    answer = recorder(volumes=[{"volume": "id-1", "lost": True}, {"volume": "id-3", "lost": False}])
    found = kinds_of(Observation(NOW, recorders={0: answer}, volumes=volumes))
    assert found == [("volume-lost", "gone"), ("volume-lost", "erring"), ("volume-low", "full")]


def test_everything_else_that_the_watch_sees() -> None:
    seen = Observation(
        NOW,
        None,
        {0: recorder(keyring_degraded=True, faults=[{"id": "footage-torn", "where": "/a", "what": "x"}])},
        access_answers=False,
        orders=None,
        provisional_set=True,
        clock_synchronised=False,
        restarts={"keeper": 3, "access": 2},
        fell_behind={"a": 4},
        failing_channels=[ChannelFailing("mail", NOW, "unreachable")],
        key_places=["/k1", "/k2"],
    )
    assert kinds_of(seen) == [
        ("access-silent", ""),
        ("role-restarts", "keeper"),
        ("snapshot-unreadable", ""),
        ("recorder-fault", "0 footage-torn /a"),
        ("key-place-lost", ""),
        ("fell-behind", "a"),
        ("clock-unsynchronised", ""),
        ("provisional-set", ""),
        ("index-unreadable", ""),
        ("channel-failed", "mail"),
    ]


def test_pictures_and_domes() -> None:
    long_ago = NOW - 600 * US_PER_SECOND
    states = [
        {"camera": "a", "state": "recording", "health": {"faults": ["covered", "dark"], "since_utc_us": long_ago}},
        {"camera": "b", "state": "recording", "dome": {"state": "unknown", "since_utc_us": long_ago}},
    ]
    found = judge(Observation(NOW, (entry("a"), entry("b")), {0: recorder(*states)})).conditions
    assert found == (
        Condition("picture-fault", "a", UtcUs(long_ago), "covered,dark"),
        Condition("dome-silent", "b", UtcUs(long_ago)),
    )


def test_every_condition_is_of_a_kind_in_the_table() -> None:
    seen = Observation(NOW, None, {0: None}, None, None, False, [VolumeSeen("a", None)], None)
    assert {each.kind for each in judge(seen).conditions} <= KINDS.keys()


@pytest.mark.parametrize(
    "answer", [{}, {"state": None, "volumes": {"a": 1}, "faults": "x"}, {"state": {"cameras": [7, {}]}}]
)
def test_answer_of_another_version_is_read_as_far_as_it_goes(answer: dict[str, Any]) -> None:
    assert recorder_seen(answer) == recorder_seen({})
    assert keeper_seen({**answer, "faults": None, "last_pass": 7, "ledger_size": "x"}) == keeper_seen({})
