"""Destroying what is due: the only code that removes footage.

The order of each batch: `expire` in the ledger; Doomed in the index, unless a hold covers it; under the lock that
keeps holds out, with the whole ledger applied: keys shredded, files removed, directories synced; `expired` in the
ledger; Gone in the index. A crash anywhere leaves Doomed segments, which the next run takes up again: every step may
be done twice.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Protocol

from nvr.base.clock import Clock
from storage.books import Books
from storage.durable import remove_file, remove_files
from storage.faults import Fault
from storage.index.on_evidence import copies_of
from storage.index.rows import SegmentRow
from storage.index.writer import Index
from storage.keyring import KeyRef, Shredded
from storage.ledger.machine import CameraSpan, Expire, Expired
from storage.ledger.service import Draft
from storage.retention import Decision, batches
from storage.volume import Volume, VolumeId, VolumeLost

BATCH: Final = 300
"""So many segments are destroyed while a hold waits: well below a second. Of so many cameras, an entry has room."""


class KeyShredder(Protocol):
    """The keyring, as far as destruction needs it: `storage.keyring.KeyringKeeper`."""

    def shred(self, refs: Iterable[KeyRef]) -> Shredded:
        """Zero the slots of these segments in every reachable place; durable on return."""
        ...


@dataclass(frozen=True, slots=True)
class Destroyed:
    """What one run did.

    `faults` names, by path, places of the keyring that could not be reached and volumes that kept a file: copies and
    files follow later.
    """

    segments: int
    bytes: int
    files: int
    faults: Mapping[str, str]

    def __add__(self, other: "Destroyed") -> "Destroyed":
        return Destroyed(
            segments=self.segments + other.segments,
            bytes=self.bytes + other.bytes,
            files=self.files + other.files,
            faults={**self.faults, **other.faults},
        )


NOTHING: Final = Destroyed(0, 0, 0, {})


class Reaper:
    """One per keeper. `volumes` gives those in service, by id; what lies on others is removed when they are back."""

    def __init__(
        self, books: Books, keyring: KeyShredder, volumes: Callable[[], Mapping[VolumeId, Volume]], clock: Clock
    ) -> None:
        self._books = books
        self._keyring = keyring
        self._volumes = volumes
        self._clock = clock

    async def run(self, decisions: Sequence[Decision]) -> Destroyed:
        """Destroy the due ones among the decisions, and whatever an earlier run left unfinished.

        Raises:
            IndexBehind: not every hold of the ledger is in the index; nothing was destroyed.
            KeyringUnreachable: no place of the keyring could be reached; nothing more was destroyed.
            LedgerUnavailable: the intent, or the deed, could not be logged; it is taken up again.
        """
        await self._books.follow()
        for reason, allowed, batch in batches(decisions, BATCH):
            segs = tuple(decision.segment.seg for decision in batch)
            latest = max(decision.deadline_utc_us for decision in batch)
            intent = Expire(segs=segs, reason=reason, deadline_utc_us=latest, allowed=allowed)
            await self._books.append([Draft(intent)])
        return await self.finish()

    async def finish(self) -> Destroyed:
        """Destroy everything whose destruction is in the ledger and that no hold covers. Raises as `run`."""
        total = NOTHING
        while (done := await self._destroy_batch()) is not None:
            total += done
        return total

    async def _destroy_batch(self) -> Destroyed | None:
        async with self._books.destruction:
            progress = await self._books.follow()
            # The earlier time keeps more: a hold that runs out by a wrong clock would be gone too soon.
            now_utc_us = min(self._clock.utc_us(), progress.ledger_utc_us)
            doomed = await self._books.ask(Index.doomed, now_utc_us, BATCH)
            if not doomed:
                return None
            names = [segment.seg for segment in doomed]
            copies = await self._books.ask(Index.answer, lambda connection: copies_of(connection, names))
            files, faults = await asyncio.to_thread(self._destroy, doomed, copies)
            await self._books.append([Draft(expired_body(doomed))])
            await self._books.follow()
        return Destroyed(len(doomed), sum(segment.file_bytes for segment in doomed), files, faults)

    def _destroy(self, doomed: Sequence[SegmentRow], copies: Mapping[str, str]) -> tuple[int, dict[str, str]]:
        """`copies`: the volumes of second files, by segment."""
        shredded = self._keyring.shred([segment.key_ref for segment in doomed])
        faults = {str(place): why for place, why in shredded.faults.items()}
        files = 0
        for name, volume in self._volumes().items():
            there = [segment for segment in doomed if name in (segment.volume, copies.get(segment.seg))]
            removed, fault = remove_footage(volume, there)
            files += removed
            if fault is not None:
                faults[str(volume.path)] = Fault.of(fault)
        return files, faults


def remove_footage(volume: Volume, segments: Iterable[SegmentRow]) -> tuple[int, VolumeLost | None]:
    """Remove the files of these segments, bent ones that were kept too, durably; how many, and why some may stay.

    A file that stays is of no use, its key is shredded before; the next comparison of the volume finds it again.
    """
    named = [(segment.camera, segment.start_utc_us, segment.seg) for segment in segments]
    paths = [path(*one) for one in named for path in (volume.sealed_path, volume.damaged_path)]
    try:
        return remove_files(paths), None
    except OSError as error:
        fault = VolumeLost(path=str(volume.path), what=str(error))
    removed = 0
    for path in paths:
        try:
            removed += remove_file(path)
        except OSError as error:
            fault = VolumeLost(path=str(volume.path), what=str(error))
    return removed, fault


def expired_body(segments: Sequence[SegmentRow]) -> Expired:
    """What the ledger says of destroyed segments."""
    spans = []
    ordered = sorted(segments, key=lambda one: (one.camera, one.start_utc_us))
    for camera, group in groupby(ordered, lambda one: one.camera):
        own = list(group)
        spans.append(
            CameraSpan(
                camera=camera,
                from_utc_us=own[0].start_utc_us,
                to_utc_us=max(segment.end_utc_us for segment in own),
                count=len(own),
            )
        )
    return Expired(
        segs=tuple(segment.seg for segment in segments),
        bytes=sum(segment.file_bytes for segment in segments),
        cameras=tuple(spans),
    )
