"""The whole way: a simulated dome beside its simulated pictures, and records that carry where it looked."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from config.ptz import PtzSetting
from nvr.sim.onvif.camera import Head, OnvifCamera, Preset
from nvr.sim.onvif.server import OnvifSimulator
from nvr.sim.server import Simulator
from recorder.ptz.watch import DomeState
from recorder.status import State
from storage.records import MoveWhy, Record
from storage.snapshot import CameraEntry
from tests.recorder.city import OTHER, QUICK, SMALL, City, city, entry

HOME = Preset("1", "Mairie", 0.0, 0.0)
AWAY = Preset("2", "Gare", 0.5, 0.0)
DOME = OnvifCamera(head=Head(presets=(HOME, AWAY), default_degrees=True), login="none")
FAST = replace(QUICK, ptz_still_s=0.2)


def with_head(sim: Simulator, simulator: OnvifSimulator, expected: tuple[str, ...] = ("Mairie",)) -> CameraEntry:
    return replace(entry(sim, SMALL), ptz=PtzSetting(simulator.url, expected=expected).to_text())


@asynccontextmanager
async def dome_city(camera: OnvifCamera = DOME) -> AsyncIterator[tuple[City, OnvifSimulator]]:
    """One dome and one fixed camera."""
    async with OnvifSimulator(camera) as simulator:
        entries = lambda sim: [with_head(sim, simulator), entry(sim, OTHER)]  # noqa: E731 -- one line says it
        async with city(SMALL, OTHER, settings=FAST, entries=entries) as town:
            yield town, simulator


def observed(records: list[Record]) -> list[Any]:
    return [each for record in records for each in json.loads(record.observations or b"[]")]


def dome_state(town: City) -> DomeState | None:
    dome = town.status("cam1").dome
    return None if dome is None else dome.state


async def test_records_of_a_dome_carry_where_it_looked_and_when() -> None:
    async with dome_city() as (town, simulator):
        assert simulator.head is not None
        await town.until(lambda: dome_state(town) is DomeState.PRESET)
        await town.recorded("cam1", 60)
        dome = town.status("cam1").dome
        assert dome is not None
        assert dome.failures == 0
        assert town.status("cam2").dome is None
    seen = observed(town.sink.records("cam1"))
    assert len(seen) >= 3
    assert {(each["k"], each["pan_mdeg"], each["tilt_mdeg"], each["preset"]) for each in seen} == {
        ("ptz", 0, -45_000, "Mairie")
    }
    for record in town.sink.records("cam1"):
        end_utc_us = record.start_utc_us + record.dur_90k * 100 // 9
        assert all(each["t_utc_us"] < end_utc_us for each in observed([record]))
    instants = [each["t_utc_us"] for each in seen]
    assert instants == sorted(set(instants))
    assert observed(town.sink.records("cam2")) == []


async def test_move_that_nobody_ordered_is_told() -> None:
    async with dome_city() as (town, simulator):
        assert simulator.head is not None
        await town.until(lambda: dome_state(town) is DomeState.PRESET)
        simulator.head.go("2")
        await town.until(lambda: dome_state(town) is DomeState.AWAY)
        simulator.head.go("1")
        await town.until(lambda: dome_state(town) is DomeState.PRESET)
    begun, ended = town.events.moves
    assert (begun.camera, begun.why, begun.to_utc_us) == ("cam1", MoveWhy.LEFT, None)
    assert ended.move == begun.move
    assert ended.to_utc_us is not None


async def test_dome_that_does_not_answer_costs_no_picture() -> None:
    async with dome_city(replace(DOME, oddity="silent")) as (town, _):
        await town.recorded("cam1", 60)
        assert town.status("cam1").state is State.RECORDING
        assert dome_state(town) is DomeState.UNKNOWN
    assert [gap.detail for gap in town.events.of("cam1")] == ["starting", ""]
    assert town.events.moves == []


async def test_camera_that_becomes_a_dome_or_ceases_to_be_one_is_asked_or_not() -> None:
    async with OnvifSimulator(DOME) as simulator, city(SMALL, settings=FAST) as town:
        assert simulator.head is not None
        await town.recorded("cam1", 10)
        assert town.status("cam1").dome is None
        town.shard.apply([with_head(town.sim, simulator)])
        await town.until(lambda: dome_state(town) is DomeState.PRESET)
        town.shard.apply([entry(town.sim, SMALL)])
        assert town.status("cam1").dome is None
        polls = simulator.head.polls
        await town.recorded("cam1", 20)
        assert simulator.head.polls <= polls + 1


async def test_setting_that_says_nothing_is_told_and_the_camera_is_recorded() -> None:
    async with city(SMALL, settings=FAST, entries=lambda sim: [replace(entry(sim, SMALL), ptz="{}")]) as town:
        await town.recorded("cam1", 10)
        assert town.status("cam1").dome is None


async def test_dome_that_was_taken_down_is_not_asked() -> None:
    async with OnvifSimulator(DOME) as simulator:
        entries = lambda sim: [replace(with_head(sim, simulator), absent=True)]  # noqa: E731 -- one line says it
        async with city(SMALL, settings=FAST, entries=entries) as town:
            await town.recorded("cam1", 10)
            assert town.status("cam1").dome is None
        assert simulator.operations == []


async def test_stopped_shard_leaves_no_question_open() -> None:
    async with dome_city() as (town, simulator):
        assert simulator.head is not None
        await town.until(lambda: dome_state(town) is DomeState.PRESET)
        await town.end()
        polls = simulator.head.polls
        await asyncio.sleep(0)
        assert simulator.head.polls == polls
