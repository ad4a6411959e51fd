"""From simulated cameras through a recorder to the real looking process, and back into the status."""

import sys
from dataclasses import replace
from pathlib import Path

from nvr.app.roles.health_parts import COMMAND, environment
from nvr.base.clock import SystemClock
from recorder.health.looker import Looker
from recorder.health.references import References
from recorder.health.states import Thresholds
from recorder.health.watch import HealthWatch
from recorder.status import State
from tests.recorder.city import OTHER, SMALL, city

ROOT = Path(__file__).resolve().parents[3]


def watch_with(command: tuple[str, ...], folder: Path) -> tuple[HealthWatch, Looker]:
    clock = SystemClock()
    looker = Looker(command, environment() | {"PYTHONPATH": str(ROOT)}, clock, answer_s=1, start_s=30)
    references = References(folder / "references")
    thresholds = Thresholds()
    return HealthWatch(looker, references, clock, interval_s=0, thresholds=thresholds, blind=lambda _: None), looker


async def test_cameras_of_both_codings_are_judged_while_they_are_recorded(tmp_path: Path) -> None:
    watch, looker = watch_with(COMMAND, tmp_path)
    async with city(SMALL, replace(OTHER, codec="h265"), health=watch) as town:
        await town.until(lambda: all(status.health.learnt for status in town.shard.status()))
        for status in town.shard.status():
            assert status.health.faults == ()
            assert status.health.looked_utc_us is not None
            assert (status.state, status.dropped, status.lost) == (State.RECORDING, 0, 0)
        assert looker.starts == 1
        await town.end()


async def test_recording_goes_on_as_if_nothing_was_while_the_looking_process_dies_again_and_again(
    tmp_path: Path,
) -> None:
    watch, looker = watch_with((sys.executable, "-m", "tests.recorder.health.stub_process", "dies"), tmp_path)
    async with city(SMALL, health=watch) as town:
        await town.until(lambda: looker.starts >= 2)
        await town.recorded("cam1", 20)
        status = town.status("cam1")
        assert (status.state, status.dropped, status.lost, status.reconnects) == (State.RECORDING, 0, 0, 0)
        assert status.health.looked_utc_us is None
        await town.end()
    assert [gap.detail for gap in town.events.of("cam1")] == ["starting", ""]
