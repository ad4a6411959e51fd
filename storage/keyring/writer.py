"""The recorder's side of the keyring: a key record is durable in every reachable place before it is used."""

import threading  # noqa: TID251 -- the writer threads of several volumes share one keyring
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from nvr.base.backoff import Backoff
from nvr.base.clock import Clock
from nvr.base.errors import NvrError
from nvr.base.units import US_PER_SECOND
from storage.days import utc_day
from storage.keyring.layout import FileHead, pack_slot, slot_bytes_for
from storage.keyring.places import KeyringFile, KeyringUnreachable, check_place, open_or_create
from storage.vault.keyrecord import KeyRecord

_FIRST_RETRY_S: Final = 60.0
_LAST_RETRY_S: Final = 3600.0
_MOST_OPEN_FILES: Final = 4


class KeyringWriter:
    """Appends the key records of one shard to its day files, in every place.

    A place that fails is left out, and tried again after a growing delay with new descriptors and new slots; until
    then `degraded` is true. Any thread may call any method; one lock guards all.
    """

    def __init__(self, places: Sequence[Path], shard: int, clock: Clock) -> None:
        if not places:
            raise ValueError("a keyring needs a place")
        self._places = [_Place(path, clock) for path in places]
        self._shard = shard
        self._lock = threading.Lock()

    @property
    def degraded(self) -> bool:
        """Whether a place is out: new key records have one copy only. Somebody must be told."""
        return any(place.fault is not None for place in self._places)

    @property
    def faults(self) -> Mapping[Path, str]:
        """The places that are out, and why."""
        return {place.path: place.fault for place in self._places if place.fault is not None}

    def put(self, *records: KeyRecord) -> None:
        """Write these key records, and return when they are durable in every place that can be reached.

        Raises:
            KeyringUnreachable: no place took all of them; segments under these keys must not be written.
        """
        groups: dict[FileHead, list[bytes]] = {}
        for record in records:
            head = self._file_of(record)
            groups.setdefault(head, []).append(pack_slot(record.segment, record.pack(), head.slot_bytes))
        whole = {head: b"".join(slots) for head, slots in groups.items()}
        with self._lock:
            taken = [place.append(whole) for place in self._places if place.is_due]
            # Without any copy, even a place whose delay is not over is better than no recording.
            taken = taken if any(taken) else [place.append(whole) for place in self._places]
            if not any(taken):
                raise KeyringUnreachable(places=len(self._places))

    def close(self) -> None:
        """Give all descriptors back."""
        with self._lock:
            for place in self._places:
                place.close()

    def _file_of(self, record: KeyRecord) -> FileHead:
        slot_bytes = slot_bytes_for(len(record.shares), record.n)
        return FileHead(slot_bytes, self._shard, utc_day(record.start_utc_us), record.set_hash)


class _Place:
    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self.fault: str | None = None
        self._clock = clock
        self._files: dict[FileHead, KeyringFile] = {}
        self._backoff = Backoff(first_s=_FIRST_RETRY_S, most_s=_LAST_RETRY_S)
        self._due_mono_us = 0

    @property
    def is_due(self) -> bool:
        return self.fault is None or self._clock.mono_us() >= self._due_mono_us

    def append(self, groups: Mapping[FileHead, bytes]) -> bool:
        try:
            for head, slots in groups.items():
                file = self._open(head)
                file.write(file.next_slot(), slots)
                file.sync()
        except (OSError, NvrError) as error:
            self.close()  # what those descriptors wrote is unknown
            self.fault = str(error)
            self._due_mono_us = self._clock.mono_us() + round(self._backoff.next_delay_s() * US_PER_SECOND)
            return False
        if self.fault is not None:
            self.fault = None
            self._backoff = Backoff(first_s=_FIRST_RETRY_S, most_s=_LAST_RETRY_S)
        return True

    def _open(self, head: FileHead) -> KeyringFile:
        file = self._files.get(head)
        if file is not None and not file.removed:
            return file
        self._forget_oldest()
        check_place(self.path)
        opened = self._files[head] = open_or_create(self.path / head.name, head)
        return opened

    def _forget_oldest(self) -> None:
        while len(self._files) >= _MOST_OPEN_FILES:
            self._files.pop(next(iter(self._files))).close()

    def close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()
