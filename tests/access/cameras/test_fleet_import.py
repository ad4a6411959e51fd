import asyncio
import json
import logging
from typing import Any

import pytest

from access.policy import Denied
from nvr.base.errors import InvalidValue, Retryable
from tests.access.world import World

FIRST = {
    "row": 2,
    "camera": "cam-2",
    "url": "rtsp://192.0.2.2/live",
    "user": "viewer",
    "password": "pass-of-2",
    "point": "p20",
    "number": "20",
    "address": "2 rue Haute",
    "lat_e7": -486_000_000,
}
SECOND = {"row": 3, "camera": "cam-3", "url": "rtsp://192.0.2.3/live", "point": "p12", "retention_days": 7}


async def run(town: World, *rows: dict[str, object], dry_run: bool = False) -> Any:  # noqa: ANN401 -- JSON
    return await town.act("root", "camera.import", cameras=list(rows), dry_run=dry_run)


async def test_good_list_is_entered_with_an_act_for_each_camera(town: World) -> None:
    before = len(await town.keeper.types())
    answer = await run(town, FIRST, SECOND)
    assert answer == {
        "added": ["cam-2", "cam-3"],
        "points": ["p20"],
        "unchanged": [],
        "differing": [],
        "faults": [],
        "uncovered": [],
        "done": True,
    }
    assert (await town.keeper.types())[before:] == ["point", "camera", "placement", "camera", "placement"]
    entries = {str(entry.camera): entry for entry in town.keeper.published[-1]}
    assert (entries["cam-2"].point, entries["cam-2"].secret) == ("p20", "cam-2")
    assert [entries[name].shard for name in ("cam-1", "cam-2", "cam-3")] == [0, 1, 0]


async def test_second_import_adds_nothing(town: World) -> None:
    await run(town, FIRST, SECOND)
    size = len(await town.keeper.types())
    answer = await run(town, FIRST, SECOND)
    assert (answer["added"], answer["unchanged"], answer["differing"]) == ([], ["cam-2", "cam-3"], [])
    assert len(await town.keeper.types()) == size


async def test_camera_that_differs_is_named_with_its_fields_and_stays(town: World) -> None:
    await run(town, FIRST)
    changed = {
        **FIRST,
        "url": "rtsp://192.0.2.99/",
        "password": "another",
        "address": "3 rue Basse",
        "retention_days": 3,
    }
    answer = await run(town, changed, SECOND)
    fields = ["url", "retention_days", "password", "address"]
    assert answer["differing"] == [{"row": 2, "camera": "cam-2", "fields": fields}]
    assert answer["added"] == ["cam-3"]
    assert "another" not in json.dumps(answer)
    assert town.keeper.published[-1][1].url == FIRST["url"]


async def test_all_faults_are_told_at_once_and_nothing_is_entered(town: World) -> None:
    await town.act("root", "camera.add", camera="cam-old", url="rtsp://192.0.2.8/")
    await town.act("root", "camera.retire", camera="cam-old")
    size = len(await town.keeper.types())
    answer = await run(
        town,
        FIRST,
        {"row": 3, "camera": "Cam 3", "url": "ftp://192.0.2.3/", "retention_days": 99},
        {"row": 4, "camera": "cam-2", "url": "rtsp://192.0.2.4/"},
        {"row": 5, "camera": "cam-5", "url": "rtsp://u:hunter22@192.0.2.5/", "password": "hunter23"},
        {"row": 6, "camera": "cam-old", "url": "rtsp://192.0.2.8/"},
        {"row": 7, "camera": "cam-7", "url": "rtsp://192.0.2.7/", "point": "p99"},
        {"row": 8, "camera": "cam-8", "url": "rtsp://192.0.2.7/", "point": "p20", "number": "21"},
        {"row": 9, "camera": "cam-9", "url": "rtsp://192.0.2.7/", "address": "somewhere"},
        {"row": 10, "camera": "cam-10", "url": "rtsp://192.0.2.7/", "colour": "red"},
    )
    assert [(fault["row"], fault["field"], fault["why"]) for fault in answer["faults"]] == [
        (3, "camera", "value"),
        (3, "url", "value"),
        (3, "retention_days", "value"),
        (4, "camera", "twice"),
        (5, "url", "value"),
        (5, "user", "value"),
        (6, "camera", "retired"),
        (7, "point", "unknown-point"),
        (8, "number", "other-row-differs"),
        (8, "address", "other-row-differs"),
        (8, "lat_e7", "other-row-differs"),
        (9, "point", "value"),
        (10, "colour", "value"),
    ]
    assert answer["done"] is False
    assert "hunter2" not in json.dumps(answer)
    assert len(await town.keeper.types()) == size
    assert not town.secrets_file.exists()


async def test_dry_run_says_what_would_be_and_changes_nothing(town: World) -> None:
    size = len(await town.keeper.types())
    answer = await run(town, FIRST, SECOND, dry_run=True)
    assert (answer["added"], answer["points"], answer["done"]) == (["cam-2", "cam-3"], ["p20"], False)
    assert len(await town.keeper.types()) == size
    assert not town.secrets_file.exists()


async def test_passwords_are_in_the_secrets_file_alone(town: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answer = await run(town, FIRST)
    content = await asyncio.to_thread(town.secrets_file.read_bytes)
    assert json.loads(content) == {"cam-2": ["viewer", "pass-of-2"]}
    leaves = b"".join(leaf for _, leaf in await town.keeper.service.entries(0, 1000))
    for place in (caplog.text, json.dumps(answer), repr(town.keeper.published), leaves.decode()):
        assert "pass-of-2" not in place
    assert b"192.0.2.2" not in leaves


async def test_list_is_entered_whole_or_not_at_all(town: World) -> None:
    town.keeper.answers = False
    with pytest.raises(Retryable):
        await run(town, FIRST, SECOND)
    town.keeper.answers = True
    assert len(await town.act("root", "camera.list")) in {1, 3}


@pytest.mark.parametrize("cameras", [None, "cam", [1], {"a": 1}, [{}] * 1001])
async def test_what_is_no_list_of_rows_is_refused(town: World, cameras: object) -> None:
    with pytest.raises(InvalidValue, match="cameras"):
        await town.act("root", "camera.import", cameras=cameras)


async def test_only_an_administrator_imports(town: World) -> None:
    with pytest.raises(Denied, match="role-missing"):
        await town.act("a.martin", "camera.import", cameras=[FIRST])
