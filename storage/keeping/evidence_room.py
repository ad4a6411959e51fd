"""How much room there is for copies on evidence volumes, and what stands against any. Reads only."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from storage.index.on_evidence import copies_total
from storage.index.on_volume import total_on
from storage.index.queries import IndexReader
from storage.keeping.settings import EvidenceSetting
from storage.volume import SUFFIX, Space, Volume, VolumeId, VolumeLost


class Stopped(StrEnum):
    """Why no copy is made; the worse comes first, since one volume that takes copies is enough."""

    AWAY = "away"
    """None is in service."""
    ERRING = "erring"
    """A call failed there; it is taken again when the keeper starts."""
    GROWING = "growing"
    """Recordings grow there that nobody closed: it was a volume for recordings before."""
    DRAINED = "drained"
    """A person drained it."""
    FULL = "full"
    """The next copy finds no room on the disk, or none of the budget."""


@dataclass(frozen=True, slots=True)
class Room:
    """A volume that takes copies, and how many bytes it takes yet."""

    volume: Volume
    left_bytes: int


def best_room(
    index: IndexReader,
    evidence: Mapping[VolumeId, tuple[Volume, EvidenceSetting]],
    erring: Collection[VolumeId],
    spaces: Mapping[VolumeId, Space],
) -> Room | Stopped:
    """The evidence volume with the most room, or why there is none that takes copies."""
    found: list[Room] = []
    stopped: list[Stopped] = []
    for name, (volume, setting) in evidence.items():
        if name in erring:
            stopped.append(Stopped.ERRING)
        elif name not in spaces:
            stopped.append(Stopped.AWAY)
        elif not setting.takes_copies:
            stopped.append(Stopped.DRAINED)
        elif any(volume.path.glob(f"growing/*/*{SUFFIX}")):
            stopped.append(Stopped.GROWING)
        else:
            found.append(Room(volume, _left_bytes(index, name, setting, spaces[name])))
    if found:
        return max(found, key=lambda room: room.left_bytes)
    return min(stopped, key=list(Stopped).index, default=Stopped.AWAY)


def spaces_of(volumes: Iterable[Volume]) -> dict[VolumeId, Space]:
    """The room of each that says it."""
    found = {}
    for volume in volumes:
        try:
            found[volume.id] = volume.space()
        except VolumeLost:
            continue  # it is no more in use at the next look, which tells why
    return found


def _left_bytes(index: IndexReader, name: VolumeId, setting: EvidenceSetting, space: Space) -> int:
    left = space.free_bytes - setting.least_free_bytes
    if setting.budget_bytes is None:
        return left
    used = index.answer(lambda connection: (copies_total(connection, name) + total_on(connection, name)).bytes)
    return min(left, setting.budget_bytes - used)
