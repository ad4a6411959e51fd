"""A volume leaves for good by the act of an administrator, and never while it is used."""

from typing import Any

import pytest

from access.policy import Denied
from access.volumes import VolumeInService
from nvr.base.errors import InvalidValue, Retryable
from storage.index.on_evidence import Leaving
from storage.index.on_volume import Total
from storage.ledger.people import Discard
from tests.access.world import World
from tests.storage.ledger.samples import uuid

VOLUME = uuid(0x200)
ACT: dict[str, Any] = {"volume": VOLUME, "disk": "ST8000VE001 WSD0ABCD", "bay": "3", "reason": "Mme Petit, panne"}


async def discarded(world: World) -> list[Discard]:
    return [entry.body for entry in await world.keeper.all() if isinstance(entry.body, Discard)]


async def test_act_names_the_disk_and_what_is_lost_and_keeps_the_reason_as_a_commitment(town: World) -> None:
    town.index.volumes[VOLUME] = Leaving(Total(7, 700), Total(2, 200), Total(3, 300))
    shown = await town.act("root", "volume.replace", **ACT)
    assert (shown["segments"], shown["bytes"], shown["held"], shown["copies"]) == (7, 700, 2, 3)
    (body,) = await discarded(town)
    assert (body.volume, body.disk, body.bay) == (VOLUME, ACT["disk"], "3")
    assert (body.segments, body.bytes, body.held, body.copies) == (7, 700, 2, 3)
    (entry,) = [entry for entry in await town.keeper.all() if entry.t == "discard"]
    assert (entry.actor.id, entry.actor.role) == ("root", "administrator")
    assert "Petit" not in entry.model_dump_json()


async def test_only_an_administrator_takes_a_volume_out(town: World) -> None:
    for person in ("a.martin", "g.fix", "f.audit"):
        with pytest.raises(Denied):
            await town.act(person, "volume.replace", **ACT)
    assert await discarded(town) == []


@pytest.mark.parametrize(
    "told",
    [{"state": "in-service"}, {"state": "full"}, {"state": "draining", "growing": 1}, {"state": "away", "growing": 1}],
    ids=str,
)
async def test_volume_that_a_recorder_uses_is_refused(town: World, told: dict[str, Any]) -> None:
    town.volumes.told = [{"volume": VOLUME, "path": "/srv/a", "growing": 0, **told}]
    with pytest.raises(VolumeInService):
        await town.act("root", "volume.replace", **ACT)
    assert await discarded(town) == []


@pytest.mark.parametrize("state", ["draining", "away", "erring"])
async def test_volume_that_takes_nothing_goes(town: World, state: str) -> None:
    others: dict[str, Any] = {"volume": uuid(0x201), "path": "/srv/b", "state": "in-service", "growing": 3}
    town.volumes.told = [{"volume": VOLUME, "path": "/srv/a", "state": state, "growing": 0}, others]
    await town.act("root", "volume.replace", **ACT)
    assert len(await discarded(town)) == 1


async def test_nothing_happens_when_the_ledger_does_not_answer_or_the_id_is_none(town: World) -> None:
    with pytest.raises(InvalidValue, match="volume"):
        await town.act("root", "volume.replace", volume="disk1", reason="r")
    town.keeper.answers = False
    with pytest.raises(Retryable):
        await town.act("root", "volume.replace", **ACT)
