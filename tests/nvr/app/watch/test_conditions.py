"""What is wrong at one instant, and what nobody can know."""

from typing import Any

import pytest

from nvr.app.watch.conditions import judge
from nvr.app.watch.found import Condition
from nvr.app.watch.kinds import KINDS, Severity
from nvr.app.watch.observation import BackupSeen, ChannelFailing, Observation, SetInForce, VolumeSeen
from nvr.app.watch.readings import access_seen, keeper_seen, recorder_seen
from nvr.base.ids import CameraId
from nvr.base.units import US_PER_SECOND, UtcUs
from storage.index.rows import Order
from storage.snapshot import CameraEntry, CameraKind

NOW = UtcUs(1_790_000_000_000_000)


def order(name: str = "always", end: int | None = None, cameras: Any = None, begin: int = 0) -> Order:  # noqa: ANN401
    return Order(name, name, UtcUs(begin), None if end is None else UtcUs(end), 30, None, cameras)


def observed(*args: Any, **more: Any) -> Observation:  # noqa: ANN401 -- as Observation has them
    """A look at a town whose order covers everything for good, unless it says otherwise."""
    known = {"orders": (order(),), "custodians": SetInForce("99" * 32, provisional=False)}
    return Observation(*args, **{**known, **more})


def entry(name: str, **more: Any) -> CameraEntry:  # noqa: ANN401 -- fields of an entry
    return CameraEntry(CameraId(name), "rtsp://192.0.2.1/", more.pop("shard", 0), **more)


def recorder(*states: dict[str, Any], **more: object) -> Any:  # noqa: ANN401 -- a recorder's answer
    return recorder_seen({"state": {"cameras": list(states)}, **more})


def kinds_of(seen: Observation) -> list[tuple[str, str]]:
    return [each.key for each in judge(seen).conditions]


def test_system_that_is_well_has_no_condition() -> None:
    seen = observed(NOW, (entry("a"),), {0: recorder({"camera": "a", "state": "recording"})})
    assert kinds_of(seen) == []
    assert judge(seen).unsure == frozenset()
    assert (seen.recording(), len(seen.expected())) == (1, 1)


def test_silent_camera_is_told_from_where_its_last_record_ended() -> None:
    state = {"camera": "a", "state": "waiting", "cause": "unreachable", "last_record_utc_us": NOW - 60_000_000}
    (found,) = judge(observed(NOW, (entry("a"),), {0: recorder(state)})).conditions
    assert found == Condition("camera-silent", "a", UtcUs(NOW - 60_000_000), "unreachable")


def test_camera_that_its_recorder_does_not_know_is_silent() -> None:
    assert kinds_of(observed(NOW, (entry("a"),), {0: recorder()})) == [("camera-silent", "a")]


@pytest.mark.parametrize("state", ["absent", "commissioning", "recording"])
def test_camera_that_is_not_to_be_recorded_now_is_no_alarm(state: str) -> None:
    assert kinds_of(observed(NOW, (entry("a"),), {0: recorder({"camera": "a", "state": state})})) == []


@pytest.mark.parametrize(
    ("cause", "silent"), [("unreachable", False), ("timeout", False), (None, False), ("unauthorized", True)]
)
def test_nomadic_camera_is_silent_only_when_it_is_there_and_refuses(cause: str | None, *, silent: bool) -> None:
    seen = observed(
        NOW,
        (entry("a", kind=CameraKind.NOMADIC),),
        {0: recorder({"camera": "a", "state": "waiting", "cause": cause})},
    )
    assert bool(kinds_of(seen)) is silent


def test_camera_that_was_entered_as_taken_down_is_no_alarm_before_its_recorder_knows() -> None:
    taken_down = entry("a", absent=True)
    assert kinds_of(observed(NOW, (taken_down,), {0: recorder({"camera": "a", "state": "waiting"})})) == []


def test_many_silent_cameras_are_critical_and_few_are_not() -> None:
    names = [f"c{number}" for number in range(12)]

    def severities(silent: int) -> list[Severity | None]:
        states = [{"camera": name, "state": "waiting" if at < silent else "recording"} for at, name in enumerate(names)]
        seen = observed(NOW, [entry(name) for name in names], {0: recorder(*states)})
        return [each.severity for each in judge(seen).conditions]

    assert severities(2) == [None] * 2
    assert severities(3) == [Severity.CRITICAL] * 3


def test_of_cameras_whose_recorder_is_silent_nobody_knows() -> None:
    seen = observed(NOW, (entry("a"), entry("b", shard=1)), {0: None, 1: recorder()})
    found = judge(seen)
    assert [each.key for each in found.conditions] == [("recorder-silent", "0"), ("camera-silent", "b")]
    assert found.is_unsure(("camera-silent", "a"))
    assert not found.is_unsure(("camera-silent", "b"))
    assert found.is_unsure(("volume-lost", "disk1"))


def test_silent_keeper_hides_its_own_faults_and_no_others() -> None:
    found = judge(observed(NOW, keeper=None))
    assert [each.kind for each in found.conditions] == ["keeper-silent"]
    assert found.is_unsure(("keeper-fault", "index"))
    assert not found.is_unsure(("recorder-silent", "0"))


def test_faults_of_keeper_and_paused_retention() -> None:
    keeper = keeper_seen({"last_pass": {"paused": "ahead"}, "faults": {"clock": "x", "ingest": "disk"}})
    assert kinds_of(observed(NOW, keeper=keeper)) == [("retention-paused", ""), ("keeper-fault", "ingest")]


def test_held_footage_that_lies_once_is_an_alarm_of_its_own_and_a_dead_disk_is_told_once() -> None:
    faults = {"copies-waiting": "3 held segments lie once", "copies on /srv/e": "EIO", "mending on /srv/e": "EIO"}
    keeper = keeper_seen({"faults": faults})
    lost = VolumeSeen("e", None, "/srv/e", why="not mounted", evidence=True)
    found = kinds_of(observed(NOW, keeper=keeper, volumes=[lost]))
    assert sorted(found) == [("copies-waiting", ""), ("evidence-lost", "e")]
    assert judge(observed(NOW, keeper=None)).is_unsure(("copies-waiting", ""))


def test_disk_of_copies_that_fills_is_told_by_the_copies_that_wait_and_not_as_one_for_recording() -> None:
    full = VolumeSeen("e", "id-1", "/srv/e", 2, 100, evidence=True)
    assert kinds_of(observed(NOW, volumes=[full])) == []


def test_retention_pass_that_is_an_hour_old_is_missed() -> None:
    def at(seconds: int) -> list[tuple[str, str]]:
        return kinds_of(observed(NOW, keeper=keeper_seen({"last_pass_utc_us": NOW - seconds * US_PER_SECOND})))

    assert at(3599) == []
    assert at(3600) == [("retention-missed", "")]


def test_index_that_has_not_come_to_where_the_ledger_was_is_behind() -> None:
    keeper = keeper_seen({"ledger_size": 900, "index_size": 500})
    assert kinds_of(observed(NOW, keeper=keeper, ledger_before=500)) == []
    assert kinds_of(observed(NOW, keeper=keeper, ledger_before=501)) == [("index-behind", "")]


@pytest.mark.parametrize(
    ("hours", "told"), [(None, True), (47, False), (48, True), (-5, False)], ids=["never", "young", "old", "future"]
)
def test_backup_is_old_after_so_many_days_and_where_there_was_none(hours: int | None, *, told: bool) -> None:
    made = None if hours is None else UtcUs(NOW - hours * 3600 * US_PER_SECOND)
    assert kinds_of(Observation(NOW, backup=BackupSeen(made, 2))) == ([("backup-old", "")] if told else [])


def test_volumes_that_are_lost_or_almost_full() -> None:
    volumes = [
        VolumeSeen("gone", None, why="not mounted"),
        VolumeSeen("erring", "id-1", "/srv/1", 50, 100),
        VolumeSeen("full", "id-2", "/srv/2", 2, 100),
        VolumeSeen("well", "id-3", "/srv/3", 50, 100),
    ]
    answer = recorder(volumes=[{"volume": "id-1", "lost": True}, {"volume": "id-3", "lost": False}])
    found = kinds_of(observed(NOW, recorders={0: answer}, volumes=volumes))
    assert found == [("volume-lost", "gone"), ("volume-lost", "erring"), ("volume-low", "full")]


def test_disk_that_dies_is_one_alarm_however_many_tell_of_it() -> None:
    dead, well = VolumeSeen("a", None, "/srv/a", why="not mounted"), VolumeSeen("b", "id-b", "/srv/b", 50, 100)
    away = [{"id": "volume-away", "where": path, "what": "x"} for path in ("/srv/a", "/srv/b")]
    faults = {"/srv/a": "not mounted", "volume /srv/a": "EIO", "volume /srv/b": "EIO"}
    halts = [{"id": "retention-blind", "about": "/srv/a", "fields": {"why": "EIO"}}]
    keeper = keeper_seen({"faults": faults, "last_pass": {"halts": halts}})
    seen = observed(NOW, recorders={0: recorder(faults=away)}, keeper=keeper, volumes=[dead, well])
    assert kinds_of(seen) == [
        ("recorder-fault", "0 volume-away /srv/b"),
        ("keeper-fault", "volume /srv/b"),
        ("volume-lost", "a"),
    ]


@pytest.mark.parametrize(
    ("halt", "fields", "expected"),
    [
        ("retention-mass", {"length": "60 h", "stock": "90 h"}, ("retention-mass", "60 h / 90 h")),
        ("retention-blind", {"why": "EIO"}, ("retention-blind", "EIO")),
        ("retention-idle", {}, ("retention-idle", "")),
        ("retention-full", {"holds": "H-1 3.0 GiB"}, ("retention-full", "H-1 3.0 GiB")),
        ("retention-of-tomorrow", {"why": "x"}, ("keeper-fault", "retention-of-tomorrow")),
    ],
)
def test_destruction_that_waits_for_a_person_is_an_alarm(
    halt: str, fields: dict[str, str], expected: tuple[str, str]
) -> None:
    keeper = keeper_seen({"last_pass": {"halts": [{"id": halt, "about": "gare-1", "fields": fields}]}})
    (found,) = judge(observed(NOW, keeper=keeper)).conditions
    assert (found.kind, found.detail) == expected
    assert found.subject == "gare-1"


def test_minimum_at_risk_says_by_when_somebody_must_have_acted() -> None:
    (found,) = judge(observed(NOW, keeper=keeper_seen({"at_risk_utc_us": NOW + 5}))).conditions
    assert found == Condition("minimum-at-risk", until_utc_us=UtcUs(NOW + 5))


def test_disk_that_says_it_fails_is_an_alarm_of_its_volume() -> None:
    seen = observed(NOW, failing_disks={"disk1": "3, ST8000VE001 WSD0ABCD, pending sectors: 8"})
    (found,) = [each for each in judge(seen).conditions if each.kind == "disk-failing"]
    assert (found.subject, found.detail) == ("disk1", "3, ST8000VE001 WSD0ABCD, pending sectors: 8")


def test_everything_else_that_the_watch_sees() -> None:
    seen = observed(
        NOW,
        None,
        {0: recorder(keyring_degraded=True, faults=[{"id": "footage-torn", "where": "/a", "what": "x"}])},
        access=None,
        orders=None,
        custodians=SetInForce("5e" * 32, provisional=True),
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
    found = judge(observed(NOW, (entry("a"), entry("b")), {0: recorder(*states)})).conditions
    assert found == (
        Condition("picture-fault", "a", UtcUs(long_ago), "covered,dark"),
        Condition("dome-silent", "b", UtcUs(long_ago)),
    )


def test_every_condition_is_of_a_kind_in_the_table() -> None:
    seen = Observation(NOW, None, {0: None}, None, None, None, [VolumeSeen("a", None)], None)
    assert {each.kind for each in judge(seen).conditions} <= KINDS.keys()


@pytest.mark.parametrize(
    "answer", [{}, {"state": None, "volumes": {"a": 1}, "faults": "x"}, {"state": {"cameras": [7, {}]}}]
)
def test_answer_of_another_version_is_read_as_far_as_it_goes(answer: dict[str, Any]) -> None:
    assert recorder_seen(answer) == recorder_seen({})
    assert keeper_seen({**answer, "faults": None, "last_pass": 7, "ledger_size": "x"}) == keeper_seen({})


def test_used_envelope_is_told_until_another_set_is_in_force_and_never_of_a_provisional_one() -> None:
    used = {"set": "5e" * 32, "seat": 3, "requisition": "R-2026-000007", "opened_utc_us": NOW - 5}
    access = access_seen({"envelopes_used": [used, {**used, "set": "07" * 32, "seat": 1}]})
    mine = SetInForce("5e" * 32, provisional=False)
    (one,) = judge(observed(NOW, access=access, custodians=mine)).conditions
    assert one == Condition("envelope-used", "3", UtcUs(NOW - 5), "R-2026-000007")
    for other in (SetInForce("5e" * 32, provisional=True), SetInForce("99" * 32, provisional=False)):
        assert ("envelope-used", "3") not in kinds_of(observed(NOW, access=access, custodians=other))


def test_used_envelope_is_not_over_while_access_or_the_set_can_not_be_asked() -> None:
    mine = SetInForce("5e" * 32, provisional=False)
    assert judge(observed(NOW, access=None, custodians=mine)).is_unsure(("envelope-used", "3"))
    assert judge(observed(NOW, custodians=None)).is_unsure(("envelope-used", "3"))
    assert not judge(observed(NOW, custodians=mine)).is_unsure(("envelope-used", "3"))
