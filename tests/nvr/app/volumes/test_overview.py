"""Looking at all volumes: a disk that hangs, recorders that disagree, and volumes that nobody can read any more."""

import asyncio
import shutil
import threading
from pathlib import Path

import pytest

from config.model import Volume
from nvr.app.cli.volume_rows import state_text, volume_row
from nvr.app.volumes import overview as looked
from nvr.app.volumes.overview import VolumeReport, overview
from nvr.app.volumes.seen import HANGS, VolumeSeen, see
from nvr.base.clock import SystemClock
from nvr.base.errors import InvalidValue
from tests.nvr.app.volumes.server import TwoVolumes


@pytest.fixture
async def server(tmp_path: Path) -> TwoVolumes:
    return await asyncio.to_thread(TwoVolumes, tmp_path)


async def looked_at(server: TwoVolumes) -> looked.Overview:
    return await overview(await asyncio.to_thread(lambda: server.settings), SystemClock())


async def test_disk_that_hangs_keeps_nobody_from_the_others(
    server: TwoVolumes, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()

    def hangs_on_b(setting: Volume, *args: object) -> VolumeSeen:
        if setting.name == "b":
            answers.wait(30)
        return see(setting, *args)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(looked, "see", hangs_on_b)
    monkeypatch.setattr(looked, "_ASK_S", 0.2)
    try:
        found = await looked_at(server)
    finally:
        answers.set()
    assert found.hung
    assert [each.seen.why for each in found.volumes] == [None, HANGS]


async def test_dead_volume_is_the_one_whose_footage_nobody_else_has(server: TwoVolumes) -> None:
    await asyncio.to_thread(server.write_index, [server.segment(1, "b", hours_ago=1)])
    await asyncio.to_thread(shutil.rmtree, server.folder / "b")
    found = await looked_at(server)
    assert found.find("b").seen.volume == server.ids["b"]
    await asyncio.to_thread(server.write_index, [server.segment(n, v, hours_ago=1) for n, v in ((1, "a"), (2, "b"))])
    await asyncio.to_thread(shutil.rmtree, server.folder / "a")
    found = await looked_at(server)
    assert [each.seen.volume for each in found.volumes] == [None, None], "which is which nobody can tell"


async def test_volume_is_found_by_path_name_and_id_and_by_nothing_else(server: TwoVolumes) -> None:
    found = await looked_at(server)
    for text in ("b", str(server.folder / "b"), server.ids["b"]):
        assert found.find(text).setting.name == "b"
    with pytest.raises(InvalidValue, match="volume"):
        found.find("c")


def report(*states: str | None, growing: int = 0, drain: bool = False) -> VolumeReport:
    told = [None if state is None else {"state": state, "growing": growing, "errors": {}} for state in states]
    setting = Volume(name="a", path=Path("/srv/a"), drain=drain)
    return VolumeReport(setting, VolumeSeen("v", None, (), None), dict(enumerate(told)), keeper=None, footage=None)


@pytest.mark.parametrize(
    ("keeper", "drain", "text"),
    [(True, False, "evidence"), (True, True, "evidence (drained)"), (False, False, "away"), (None, False, "unknown")],
)
def test_evidence_volume_stands_as_the_keeper_has_it(keeper: bool | None, *, drain: bool, text: str) -> None:
    setting = Volume(name="e", path=Path("/srv/e"), evidence=True, drain=drain)
    unlisted = {0: {"state": "unlisted", "growing": 0}}
    one = VolumeReport(setting, VolumeSeen("v", None, (), None), unlisted, keeper=keeper, footage=None)
    assert (state_text(one), one.takes_footage) == (text, False)


@pytest.mark.parametrize(
    ("one", "text", "takes"),
    [
        (report("in-service", "in-service"), "in-service", True),
        (report("in-service", "erring"), "in-service (0), erring (1)", True),
        (report("draining", growing=2), "draining", True),
        (report("draining"), "drained", False),
        (report("away", None), "away (0), unknown (1)", False),
        (report(None), "unknown", False),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_state_is_one_word_where_recorders_agree_and_names_them_where_not(
    one: VolumeReport, text: str, takes: bool
) -> None:
    assert (state_text(one), one.takes_footage) == (text, takes)
    assert volume_row(one)["footage_GiB"] == "unknown"
