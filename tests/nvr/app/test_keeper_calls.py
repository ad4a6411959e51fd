"""The keeper's calls, from the client that access has to the ledger and back."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from config.load import load
from config.model import Database, Settings
from nvr.app.first_account import nobody
from nvr.app.founding import found
from nvr.app.keeper_calls import keeper_handlers
from nvr.app.keeper_client import KeeperClient, LocalCaller
from nvr.app.keeper_settings import keeper_settings
from nvr.app.roles.keeper import only_keeper, started
from nvr.base.clock import SystemClock
from nvr.base.errors import ConfigError, InvalidValue, NvrError
from nvr.base.ids import CameraId, PointId, uuid7
from nvr.base.jcs import Json
from nvr.base.stop import Stop
from nvr.base.wire import Client, Server
from storage.keeping.keeper import Keeper
from storage.ledger.note import ProofFile, open_checkpoint
from storage.ledger.store import read_log_key
from storage.merkle import leaf_hash, verify_inclusion
from storage.snapshot import CameraEntry
from storage.snapshot import load as load_snapshot
from tests.nvr.app.fixtures import write_config
from tests.storage.until import until

CAMERA = CameraEntry(CameraId("north"), "rtsp://10.0.0.1/", 0, secret="camera.north", point=PointId("p1"), absent=True)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = load(write_config(tmp_path), {})
    found(settings, SystemClock().utc_us())
    return settings


@pytest.fixture
async def caller(settings: Settings) -> AsyncIterator[LocalCaller]:
    keeper = Keeper(keeper_settings(settings), SystemClock())
    await keeper.start()
    yield LocalCaller(keeper_handlers(keeper, nobody))
    await keeper.close()


def refusal(act: str) -> Mapping[str, Json]:
    body = {"requisition": "R-2026-000001", "reason": "0" * 64}
    return {"t": "refuse", "actor": {"id": "p.leroy", "role": "validator"}, "act": act, "body": body}


async def test_act_is_appended_once_and_proved(settings: Settings, caller: LocalCaller) -> None:
    keeper = KeeperClient(caller)
    act = uuid7(SystemClock().utc_us())
    (first,) = await keeper.append([refusal(act)])
    (again,) = await keeper.append([refusal(act)])
    assert again == first
    assert await keeper.find_act(act) == first.index
    assert await keeper.entry(first.index) == first.leaf
    assert (await keeper.entries(first.index, 10))[0] == first
    proof = await keeper.proof(first.index)
    key = (await asyncio.to_thread(read_log_key, settings.paths.ledger)).public_key()
    checkpoint = open_checkpoint(ProofFile(proof.index, proof.path, proof.checkpoint).checkpoint, key)
    verify_inclusion(leaf_hash(first.leaf), proof.index, checkpoint.size, proof.path, checkpoint.root)
    assert (await keeper.consistency(1)).checkpoint == proof.checkpoint


async def test_status_tells_faults_with_the_id_and_the_values_of_their_text(settings: Settings) -> None:
    keeper = Keeper(keeper_settings(settings), SystemClock())
    await keeper.start()
    path = str(settings.volume[0].path)
    await asyncio.to_thread(Path(path).rename, f"{path}-away")
    await keeper.retention_pass()  # which looks which volumes there are
    told = (await LocalCaller(keeper_handlers(keeper, nobody)).call("status"))["faults"][path]
    assert (told["id"], told["fields"]["path"]) == ("volume-lost", path)
    assert told["what"].startswith("volume-lost: ")
    await keeper.close()


async def test_snapshot_that_was_published_is_what_recorders_read(settings: Settings, tmp_path: Path) -> None:
    keeper = Keeper(keeper_settings(settings), SystemClock())
    await keeper.start()
    socket = tmp_path / "run" / "k.sock"
    async with Server(socket, keeper_handlers(keeper, nobody)), Client(socket) as client:
        assert await KeeperClient(client).publish([CAMERA]) == 2
        assert await KeeperClient(client).rotate([CAMERA.camera]) == []
    await keeper.close()
    snapshot = await asyncio.to_thread(load_snapshot, settings.paths.camera_snapshot)
    assert snapshot.cameras == (CAMERA,)


@pytest.mark.parametrize(
    ("call", "args"),
    [
        ("append", {}),
        ("append", {"entries": [1]}),
        ("append", {"entries": [{**refusal("0" * 32), "t": "seal"}]}),
        ("append", {"entries": [{**refusal("not an id")}]}),
        ("entry", {"index": "1"}),
        ("entry", {"index": -1}),
        ("entry", {"index": True}),
        ("entry", {"index": 99}),
        ("entry", {"index": 2**70}),
        ("entries", {"from": 0, "limit": 2**64}),
        ("consistency", {"from_size": 2**70}),
        ("rotate", {}),
        ("entries", {"from": 0}),
        ("proof", {"index": 99}),
        ("consistency", {"from_size": 0}),
        ("find_act", {}),
        ("rotate", {"cameras": "north"}),
        ("publish", {"cameras": [{"camera": "north"}]}),
        ("publish", {"cameras": [{**asdict(CAMERA), "kind": "flying"}]}),
        ("publish", {"cameras": [{**asdict(CAMERA), "absent": 1}]}),
    ],
    ids=str,
)
async def test_argument_that_is_wrong_is_named_and_nothing_is_done(
    call: str, args: dict[str, Any], caller: LocalCaller
) -> None:
    with pytest.raises(InvalidValue):
        await caller.call(call, args)
    assert (await caller.call("status"))["ledger_size"] == 2


async def test_unknown_call_is_refused(caller: LocalCaller) -> None:
    with pytest.raises(NvrError, match="unknown-call"):
        await caller.call("erase")


def test_ledger_has_one_keeper(settings: Settings) -> None:
    with only_keeper(settings.paths.ledger), pytest.raises(ConfigError, match="another keeper"):
        only_keeper(settings.paths.ledger).__enter__()
    with only_keeper(settings.paths.ledger):
        pass


def test_keeper_without_a_ledger_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nvr-admin init"):
        only_keeper(tmp_path / "ledger").__enter__()


async def test_keeper_whose_index_is_away_waits_for_it_and_ends_when_it_is_told(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    server = f"postgresql:///scelle?host={settings.paths.runtime}"
    away = settings.model_copy(update={"database": Database.model_validate({"index": server})})
    stop = Stop()
    waiting = asyncio.create_task(started(away, SystemClock(), stop))
    await until(lambda: "waiting for the index: index-unavailable" in caplog.text)
    assert not waiting.done()
    stop.set()
    assert await waiting is None
    keeper = await started(settings, SystemClock(), Stop())
    assert keeper is not None
    await keeper.close()
