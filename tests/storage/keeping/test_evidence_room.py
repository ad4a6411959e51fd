"""Which evidence volume takes the next copy."""

import asyncio
from dataclasses import replace

from nvr.base.units import UtcUs
from storage.keeping.evidence_room import Room, Stopped, best_room, spaces_of
from storage.keeping.settings import LEAST_FREE_BYTES, EvidenceSetting
from storage.sealing import SealedSegment
from storage.volume import Space, Volume, VolumeId, create_volume
from tests.storage.keeping.evidence import EvidenceTown
from tests.storage.sealed import NOW_US, ORIGIN


async def room(
    town: EvidenceTown, spaces: dict[VolumeId, Space], erring: dict[VolumeId, str] | None = None
) -> Room | Stopped:
    await town.keeper._look_at_volumes()
    evidence = town.keeper._volumes.evidence
    return await town.keeper.books.survey(best_room, evidence, (erring or {}).keys(), spaces)


def second(town: EvidenceTown) -> Volume:
    made = create_volume(town.directory / "evidence2", ORIGIN, now_utc_us=UtcUs(NOW_US + 2))
    town.paths.append(made.path)
    town.settings = replace(town.settings, evidence=lambda: [*town._evidence(), EvidenceSetting(made.path)])
    return made


def free(size: int) -> Space:
    return Space(LEAST_FREE_BYTES + size, 1 << 40)


async def test_volume_with_the_most_room_takes_the_copy(evidence_town: EvidenceTown) -> None:
    other = await asyncio.to_thread(second, evidence_town)
    await evidence_town.restart()
    one = evidence_town.evidence
    assert await room(evidence_town, {one.id: free(5), other.id: free(7)}) == Room(other, 7)
    assert await room(evidence_town, {one.id: free(9), other.id: free(7)}) == Room(one, 9)
    assert await room(evidence_town, {one.id: free(9), other.id: free(7)}, {one.id: "EIO"}) == Room(other, 7)
    evidence_town.budget_bytes = 3
    assert await room(evidence_town, {one.id: free(9), other.id: free(7)}) == Room(other, 7)


async def test_budget_is_used_by_copies_and_by_what_only_the_volume_has(
    evidence_town: EvidenceTown, held: list[SealedSegment]
) -> None:
    await evidence_town.pass_()
    await asyncio.to_thread(evidence_town.path(held[2]).unlink)
    await evidence_town.keeper.reconcile()
    evidence_town.budget_bytes = 1 << 20
    used = held[2].file_bytes + held[3].file_bytes
    found = await room(evidence_town, {evidence_town.evidence.id: free(1 << 30)})
    assert found == Room(evidence_town.evidence, (1 << 20) - used)


async def test_of_several_volumes_that_take_none_the_worst_reason_is_told(evidence_town: EvidenceTown) -> None:
    other = await asyncio.to_thread(second, evidence_town)
    await evidence_town.restart()
    one = evidence_town.evidence
    assert await room(evidence_town, {one.id: free(9)}, {one.id: "EIO"}) is Stopped.AWAY
    evidence_town.drained = True
    assert await room(evidence_town, {one.id: free(9), other.id: free(7)}, {other.id: "EIO"}) is Stopped.ERRING


async def test_volume_whose_room_can_not_be_read_takes_none(evidence_town: EvidenceTown) -> None:
    assert await room(evidence_town, {}) is Stopped.AWAY
    spaces = await asyncio.to_thread(spaces_of, evidence_town.keeper._volumes.in_use.values())
    assert spaces.keys() == evidence_town.keeper._volumes.in_use.keys()
    gone = replace(evidence_town.evidence, path=evidence_town.directory / "nowhere")
    assert await asyncio.to_thread(spaces_of, [gone]) == {}
