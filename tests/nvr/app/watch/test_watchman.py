"""The watch at work over channels that work, fail, or were away: who is told what, and when."""

import asyncio
import itertools
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from config.load import load
from nvr.app.watch.letter import Letter, LetterKind
from nvr.app.watch.look import Looker
from nvr.app.watch.memory import Memory
from nvr.app.watch.memory import load as remembered
from nvr.app.watch.observation import ChannelFailing, Observation
from nvr.app.watch.probes import Probes
from nvr.app.watch.readings import AccessSeen, OldHold, recorder_seen
from nvr.app.watch.sending import Outcome
from nvr.app.watch.told import Change
from nvr.app.watch.watchman import Watchman
from nvr.app.watch.wording import Written
from nvr.base.clock import SimClock
from nvr.base.ids import CameraId
from nvr.base.stop import Stop
from nvr.base.units import US_PER_SECOND, UtcUs
from storage.index.database import open_database
from storage.index.rows import Order
from storage.snapshot import CameraEntry
from tests.nvr.app.fixtures import write_config

MIDNIGHT = 1_790_028_000_000_000  # 2026-09-22 00:00 in Paris
ORDERS = (Order("o", "2026-1", UtcUs(0), None, 30, None, None),)
CAMERAS = tuple(CameraEntry(CameraId(f"cam{number}"), "rtsp://192.0.2.1/", 0) for number in range(1, 4))


class Given:
    """What the watch would see; `silent` cameras are not recorded."""

    def __init__(self, clock: SimClock) -> None:
        self.clock = clock
        self.probes = Probes(4)
        self.silent: set[str] = set()
        self.failing: list[ChannelFailing] = []
        self.keeper_answers = True
        self.access: AccessSeen | None = AccessSeen()

    async def look(self, failing: list[ChannelFailing]) -> Observation:
        self.failing = list(failing)
        states = [
            {"camera": each.camera, "state": "waiting" if each.camera in self.silent else "recording"}
            for each in CAMERAS
        ]
        answer = recorder_seen({"state": {"cameras": states}})
        seen = Observation(
            self.clock.utc_us(), CAMERAS, {0: answer}, orders=ORDERS, failing_channels=failing, access=self.access
        )
        return seen if self.keeper_answers else replace(seen, keeper=None)


@dataclass
class Inbox:
    """A channel that keeps what it is given, or refuses it."""

    outcome: Outcome = field(default_factory=lambda: Outcome("ok"))
    letters: list[tuple[Letter, Written]] = field(default_factory=list)

    async def send(self, letter: Letter, written: Written) -> Outcome:
        if self.outcome.is_sent:
            self.letters.append((letter, written))
        return self.outcome


class World:
    """A watch, its clock, and its channels."""

    def __init__(self, folder: Path, *names: str, hour: int = 0, per_hour: int = 12) -> None:
        alarm = f'[alarm]\nlanguage = "en"\nmessages_per_hour = {per_hour}\n'
        self.settings = load(write_config(folder, alarm), {})
        self.clock = SimClock(MIDNIGHT + hour * 3600 * US_PER_SECOND)
        self.given = Given(self.clock)
        self.inboxes = {name: Inbox() for name in names}
        self.watchman = self.begun(Memory())

    def begun(self, memory: Memory) -> Watchman:
        return Watchman(self.settings, self.clock, cast("Looker", self.given), self.inboxes, memory)

    async def restart(self) -> None:
        memory = await asyncio.to_thread(remembered, self.settings.paths.watch)
        self.watchman = self.begun(memory)

    async def for_minutes(self, minutes: int) -> None:
        for _ in range(minutes * 2):
            self.clock.advance(30 * US_PER_SECOND)
            await self.watchman.look()
            for name in self.inboxes:
                await self.watchman.tell(name)

    def changes(self, name: str) -> list[tuple[Change, list[str]]]:
        return [
            (each.change, sorted(each.new or each.ended or each.passed))
            for letter, _ in self.inboxes[name].letters
            for each in letter.tidings
        ]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, "mail", "command")


@pytest.fixture
def morning(tmp_path: Path) -> World:
    world = World(tmp_path, "mail", hour=6)
    open_database(world.settings.paths.index).dispose()
    return world


@pytest.fixture
def frugal(tmp_path: Path) -> World:
    return World(tmp_path, "mail", per_hour=2)


async def test_cameras_that_fall_silent_are_one_message_and_one_more_when_they_are_back(world: World) -> None:
    world.given.silent = {"cam1", "cam2", "cam3"}
    await world.for_minutes(9)
    assert world.changes("mail") == []
    await world.for_minutes(60)
    assert world.changes("mail") == [(Change.RAISED, ["cam1", "cam2", "cam3"])]
    world.given.silent = set()
    await world.for_minutes(60)
    assert world.changes("mail")[1:] == [(Change.CLEARED, ["cam1", "cam2", "cam3"])]
    assert world.changes("command") == world.changes("mail")


async def test_running_watch_tells_over_each_channel_by_itself_and_ends_with_the_stop(world: World) -> None:
    stop = Stop()
    world.given.silent = {"cam1"}
    running = asyncio.create_task(world.watchman.run(stop))
    while not all(inbox.letters for inbox in world.inboxes.values()):
        if world.clock.sleepers:
            world.clock.advance(30 * US_PER_SECOND)
        await asyncio.sleep(0)
    stop.set()
    await running
    assert world.changes("mail") == world.changes("command") == [(Change.RAISED, ["cam1"])]


async def test_restart_of_the_watch_tells_nothing_twice_and_begins_no_patience_anew(world: World) -> None:
    world.given.silent = {"cam1"}
    for _ in range(12):
        await world.for_minutes(1)
        await world.restart()
    assert world.changes("mail") == [(Change.RAISED, ["cam1"])]


async def test_channel_that_fails_is_told_over_the_other_and_tells_what_it_missed_once(world: World) -> None:
    world.inboxes["mail"].outcome = Outcome("unreachable", "no route")
    world.given.silent = {"cam1"}
    await world.for_minutes(20)
    world.given.silent = set()
    await world.for_minutes(10)
    kinds = [each.kind for letter, _ in world.inboxes["command"].letters for each in letter.tidings]
    assert kinds == ["camera-silent", "channel-failed", "camera-silent"]
    channels = cast("list[dict[str, Any]]", world.watchman.status()["channels"])
    assert [each["cause"] for each in channels] == ["unreachable", None]
    world.inboxes["mail"].outcome = Outcome("ok")
    await world.for_minutes(20)
    told = {each.kind: each.change for letter, _ in world.inboxes["mail"].letters for each in letter.tidings}
    assert told["camera-silent"] is Change.PASSED
    assert world.given.failing == []


async def test_failing_channel_is_tried_with_growing_delays(world: World) -> None:
    attempts: list[int] = []

    class Failing(Inbox):
        async def send(self, _: Letter, __: Written) -> Outcome:
            attempts.append(world.clock.mono_us())
            return Outcome("timeout")

    world.inboxes["mail"] = Failing()
    world.watchman = world.begun(Memory())
    world.given.silent = {"cam1"}
    await world.for_minutes(60)
    assert 10 <= len(attempts) <= 30
    gaps = [after - before for before, after in itertools.pairwise(attempts)]
    assert max(gaps) >= 150 * US_PER_SECOND


async def test_daily_report_comes_once_a_local_day_at_its_hour_and_says_whether_all_is_well(morning: World) -> None:
    world = morning
    await world.for_minutes(59)
    assert world.inboxes["mail"].letters == []
    await world.for_minutes(5)
    await world.restart()
    await world.for_minutes(120)
    ((letter, written),) = world.inboxes["mail"].letters
    assert letter.kind is LetterKind.DAILY
    assert written.subject == "[test.example] all is well"
    assert "Recording: 3 of 3 cameras." in written.body
    world.given.silent = {"cam1"}
    await world.for_minutes(24 * 60)
    daily = [each for letter, each in world.inboxes["mail"].letters if letter.kind is LetterKind.DAILY]
    assert [each.subject for each in daily[1:]] == ["[test.example] 1 alarm open"]
    assert "All is well" not in daily[1].body
    assert "cam1" in daily[1].body


async def test_watch_that_has_just_begun_reports_on_no_day_before_it_has_seen_what_lasts(morning: World) -> None:
    morning.clock.advance(3 * 3600 * US_PER_SECOND)
    await morning.restart()
    morning.given.keeper_answers = False
    await morning.for_minutes(19)
    assert [letter.kind for letter, _ in morning.inboxes["mail"].letters] == [LetterKind.ALARM]
    await morning.for_minutes(2)
    assert morning.inboxes["mail"].letters[-1][1].subject == "[test.example] 1 alarm open"


async def test_more_than_the_hour_allows_waits_and_comes_as_one_but_what_is_critical_does_not(frugal: World) -> None:
    world = frugal
    for silent in ({"cam1"}, {"cam1", "cam2"}):
        world.given.silent = set(silent)
        await world.for_minutes(11)
    world.given.silent = {"cam1"}
    await world.for_minutes(5)
    assert len(world.inboxes["mail"].letters) == 2
    world.given.keeper_answers = False
    await world.for_minutes(3)
    (_, _, (letter, _)) = world.inboxes["mail"].letters
    assert [(each.kind, each.change) for each in letter.tidings] == [
        ("keeper-silent", Change.RAISED),
        ("camera-silent", Change.CHANGED),
    ]


async def test_disk_that_refuses_the_memory_keeps_nobody_from_being_told(world: World, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a folder")
    world.given.silent = {"cam1"}
    await world.for_minutes(15)
    assert world.changes("mail") == [(Change.RAISED, ["cam1"])]


async def test_test_message_goes_out_at_once_and_its_failure_shows(world: World) -> None:
    assert (await world.watchman.test("mail")).is_sent
    ((letter, written),) = world.inboxes["mail"].letters
    assert letter.kind is LetterKind.TEST
    assert written.subject == "[test.example] test message"
    world.inboxes["command"].outcome = Outcome("failed", "no modem")
    assert await world.watchman.test("command") == Outcome("failed", "no modem")
    channels = cast("list[dict[str, Any]]", world.watchman.status()["channels"])
    assert [(each["cause"], each["detail"]) for each in channels] == [(None, None), ("failed", "no modem")]


async def test_status_says_what_stands_and_nothing_before_it_has_lasted(world: World) -> None:
    world.given.silent = {"cam1"}
    await world.for_minutes(1)
    assert world.watchman.status()["alarms"] == []
    await world.for_minutes(10)
    (alarm,) = cast("list[dict[str, Any]]", world.watchman.status()["alarms"])
    assert (alarm["id"], alarm["subject"], alarm["severity"]) == ("camera-silent", "cam1", "warning")


AGES_AGO = UtcUs(MIDNIGHT - 120 * 86_400 * US_PER_SECOND)
OLD = AccessSeen(old=(OldHold("019f", "R-2026-000007", "validated", 3, AGES_AGO, UtcUs(2 * MIDNIGHT)),))


async def report_after(world: World, days: int) -> str:
    """The subject of the next daily report that comes so many days later, at its hour."""
    world.clock.advance(days * 86_400 * US_PER_SECOND)
    await world.for_minutes(1)
    letter, written = world.inboxes["mail"].letters[-1]
    assert letter.kind is LetterKind.DAILY
    return written.subject.removeprefix("[test.example] ")


async def test_old_holds_are_listed_once_in_each_quarter(morning: World) -> None:
    world, listed = morning, "all is well; 1 old hold to look at"
    world.given.access = OLD
    await world.for_minutes(61)
    assert await report_after(world, 0) == listed
    await world.restart()
    await world.for_minutes(21)
    assert [await report_after(world, 1) for _ in range(8)] == ["all is well"] * 8  # until 30 September
    assert [await report_after(world, 1) for _ in range(3)] == [listed, "all is well", "all is well"]
    world.clock.advance(3600 * US_PER_SECOND)  # by winter time the same instant is an hour earlier
    assert await report_after(world, 92) == listed  # January
    assert len(world.inboxes["mail"].letters) == 13


async def test_list_of_old_holds_waits_for_access_and_for_its_channel(morning: World) -> None:
    world = morning
    world.given.access = None
    await world.for_minutes(80)
    assert "old hold" not in world.inboxes["mail"].letters[-1][1].subject
    world.given.access = OLD
    world.inboxes["mail"].outcome = Outcome("unreachable", "no route")
    world.clock.advance(86_400 * US_PER_SECOND)
    await world.for_minutes(2)
    world.inboxes["mail"].outcome = Outcome("ok")
    await world.for_minutes(20)
    daily = [written.subject for letter, written in world.inboxes["mail"].letters if letter.kind is LetterKind.DAILY]
    assert [("old hold" in subject) for subject in daily] == [False, True]
