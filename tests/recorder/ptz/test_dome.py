"""A dome is asked without end, whatever it answers; what fails is a state and a counter, and pictures never wait."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from config.ptz import PtzSetting
from nvr.base.clock import SimClock
from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from recorder.errors import CameraUnreachable, Cause
from recorder.ptz.dome import DESCRIBE_US, WITHOUT_POSITION, Description, Dome, DomeParts, PtzDevice
from recorder.ptz.observation import Pending, Preset
from recorder.ptz.position import PAN_TILT_DEGREES, Kind, Position, Reading, Spaces
from recorder.ptz.watch import DomeState
from recorder.server_clock import ServerClock
from recorder.waiting import Pace
from storage.records import MoveWhy
from storage.snapshot import CameraEntry
from tests.recorder.fakes import MemoryEvents

S = 1_000_000
ENTRY = CameraEntry(CameraId("dome-1"), "rtsp://192.0.2.1/", 0, secret="dome-1")
SETTING = PtzSetting("192.0.2.1", expected=("A",))
A, B = (Preset(name, Position(Kind.DEGREES, pan, 0, 0)) for name, pan in (("A", 0), ("B", 90_000)))


@dataclass
class Head:
    """A dome in memory: a test sets where it looks, or what fails."""

    pan: float = 0.0
    moving: bool | None = False
    presets: tuple[Preset, ...] = (A, B)
    fault: Cause | None = None
    opened: int = 0
    described: int = 0
    read_count: int = 0

    async def open(self, entry: CameraEntry, setting: PtzSetting) -> PtzDevice:
        assert (entry.camera, setting.address) == (ENTRY.camera, SETTING.address)
        self._fail()
        self.opened += 1
        return self

    async def describe(self) -> Description:
        self._fail()
        self.described += 1
        return Description(Spaces(), self.presets)

    async def read(self) -> Reading:
        self._fail()
        self.read_count += 1
        return Reading((self.pan, 0.0), PAN_TILT_DEGREES, 0.0, "", self.moving)

    def _fail(self) -> None:
        if self.fault is not None:
            raise CameraUnreachable(self.fault)


@dataclass
class World:
    head: Head = field(default_factory=Head)
    clock: SimClock = field(default_factory=SimClock)
    events: MemoryEvents = field(default_factory=MemoryEvents)
    pending: Pending = field(default_factory=Pending)
    entry: CameraEntry = ENTRY
    dome: Dome = field(init=False)

    @asynccontextmanager
    async def asking(self, setting: PtzSetting = SETTING) -> AsyncIterator["World"]:
        server = ServerClock(self.clock, self.events, first_epoch=1, is_synchronised=lambda: True)
        parts = DomeParts(
            open=self.head.open,
            clock=self.clock,
            server=server,
            events=self.events,
            pace=Pace(self.clock, per_second=100),
            still_s=2.0,
        )
        self.dome = Dome(self.entry, setting, self.pending, parts)
        task = asyncio.create_task(self.dome.run())
        try:
            await self.until(lambda: self.clock.sleepers > 0)
            yield self
        finally:
            self.dome.stop()
            await asyncio.wait_for(task, 5)

    async def until(self, condition: Callable[[], bool]) -> None:
        for _ in range(1000):
            if condition():
                return
            await asyncio.sleep(0)
        raise AssertionError("it never happens")

    async def pass_s(self, seconds: float, step_s: float = 0.5) -> None:
        """Let time pass, with room for whoever wakes."""
        for _ in range(round(seconds / step_s)):
            self.clock.advance(round(step_s * S))
            for _ in range(20):
                await asyncio.sleep(0)

    def sealed(self) -> list[int]:
        """Where it looked, as it would be sealed with pictures that end now."""
        now = UtcUs(self.clock.utc_us() + 1)
        return [each["pan_mdeg"] for each in json.loads(self.pending.take(UtcUs(now - 60 * S), now) or b"[]")]


async def test_dome_that_a_person_aims_is_not_asked_and_its_moves_are_not_told() -> None:
    clock = SimClock()
    aimed = replace(
        ENTRY, commissioned_from_utc_us=clock.utc_us(), commissioned_until_utc_us=UtcUs(clock.utc_us() + 60 * S)
    )
    async with World(clock=clock, entry=aimed).asking() as world:
        for pan in (90.0, 40.0, 0.0):
            world.head.pan = pan
            await world.pass_s(19)
        assert world.head.read_count == 0
        await world.pass_s(10)
        assert world.head.read_count > 0
    assert world.events.moves == []


async def test_still_dome_is_asked_at_its_interval_and_a_moving_one_more_often() -> None:
    async with World().asking() as world:
        await world.pass_s(10)
        asked = world.head.read_count
        assert 5 <= asked <= 6
        world.head.moving = True
        await world.pass_s(2)
        before = world.head.read_count
        await world.pass_s(4)
        assert world.head.read_count - before == 8
        assert world.dome.status().state in {DomeState.MOVING, DomeState.PRESET}


async def test_observations_wait_for_pictures() -> None:
    async with World().asking() as world:
        world.head.pan = 12.5
        await world.pass_s(4)
        assert world.sealed() == [0, 12_500, 12_500]
        assert world.dome.status().sealed == 3


async def test_instant_of_an_observation_is_the_middle_of_the_question() -> None:
    world = World()
    begin_utc_us = world.clock.utc_us()

    class Slow(Head):
        async def read(self) -> Reading:
            world.clock.advance(200_000)
            return await super().read()

    world.head = Slow()
    async with world.asking():
        (seen,) = json.loads(world.pending.take(UtcUs(begin_utc_us), UtcUs(begin_utc_us + S)))
    assert seen["t_utc_us"] == begin_utc_us + 100_000


async def test_departure_from_the_expected_preset_is_told_and_its_return() -> None:
    async with World().asking() as world:
        await world.pass_s(4)
        assert world.dome.status().state is DomeState.PRESET
        left_utc_us = world.clock.utc_us()
        world.head.pan = 90.0
        await world.pass_s(6)
        assert world.dome.status().state is DomeState.AWAY
        world.head.pan = 0.0
        await world.pass_s(4)
        assert world.dome.status().state is DomeState.PRESET
    begun, ended = world.events.moves
    assert (begun.camera, begun.why, begun.from_utc_us, begun.to_utc_us) == ("dome-1", MoveWhy.LEFT, left_utc_us, None)
    assert ended.move == begun.move
    assert ended.to_utc_us is not None


async def test_failure_is_a_state_and_a_counter_and_ends_by_itself() -> None:
    async with World().asking() as world:
        await world.pass_s(2)
        world.head.fault = Cause.TIMEOUT
        await world.pass_s(5)
        status = world.dome.status()
        assert (status.state, status.cause) == (DomeState.PRESET, "timeout")
        assert status.failures in {1, 2}
        await world.pass_s(60)
        status = world.dome.status()
        assert (status.state, status.cause) == (DomeState.UNKNOWN, "timeout")
        assert 3 <= status.failures <= 12
        silent_since = status.since_utc_us
        world.head.fault = None
        await world.pass_s(61)
        status = world.dome.status()
        assert (status.state, status.cause) == (DomeState.PRESET, None)
        assert status.since_utc_us > silent_since
    assert world.events.moves == []
    assert world.events.told == []


async def test_refused_login_is_not_tried_again_for_half_an_hour() -> None:
    world = World(Head(fault=Cause.UNAUTHORIZED))
    async with world.asking():
        await world.pass_s(1790, step_s=10)
        assert world.dome.status().failures == 1
        await world.pass_s(20)
        assert world.dome.status().failures == 2
        assert world.dome.status().state is DomeState.UNKNOWN


async def test_move_while_it_did_not_answer_is_seen_afterwards() -> None:
    async with World().asking() as world:
        await world.pass_s(4)
        world.head.fault = Cause.UNREACHABLE
        await world.pass_s(20)
        world.head.fault, world.head.pan = None, 90.0
        await world.pass_s(30)
    assert [move.why for move in world.events.moves] == [MoveWhy.LEFT]


async def test_preset_that_is_redefined_is_told() -> None:
    async with World().asking() as world:
        await world.pass_s(2)
        world.head.presets = (replace(A, position=B.position), B)
        await world.pass_s(DESCRIBE_US / S + 2, step_s=2)
        assert world.head.described == 2
    assert MoveWhy.PRESET in [move.why for move in world.events.moves]


async def test_expected_presets_that_say_no_position_are_told_and_the_dome_is_watched_all_the_same() -> None:
    nowhere = tuple(replace(each, position=Position(Kind.DEGREES, None, None, None)) for each in (A, B))
    async with World(Head(presets=nowhere)).asking() as world:
        await world.pass_s(6)
        assert (world.dome.status().state, world.dome.status().cause) == (DomeState.STANDING, WITHOUT_POSITION)
        world.head.pan = 90.0
        await world.pass_s(4)
    assert [move.why for move in world.events.moves] == [MoveWhy.LEFT]


@pytest.mark.parametrize("expected", [("*",), ()])
async def test_dome_that_others_turn_is_told_only_if_nobody_expects_it(expected: tuple[str, ...]) -> None:
    async with World().asking(replace(SETTING, expected=expected)) as world:
        await world.pass_s(4)
        world.head.pan = 90.0
        await world.pass_s(20)
    assert bool(world.events.moves) is (expected == ())


async def test_stop_ends_a_question_that_has_no_answer() -> None:
    class Silent(Head):
        async def read(self) -> Reading:
            await asyncio.get_running_loop().create_future()
            raise AssertionError

    world = World(Silent())
    server = ServerClock(world.clock, world.events, first_epoch=1, is_synchronised=lambda: True)
    parts = DomeParts(world.head.open, world.clock, server, world.events, Pace(world.clock, per_second=1), 2.0)
    dome = Dome(ENTRY, SETTING, world.pending, parts)
    task = asyncio.create_task(dome.run())
    await world.until(lambda: world.head.described == 1)
    dome.stop()
    await asyncio.wait_for(task, 5)
