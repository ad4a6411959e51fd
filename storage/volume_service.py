"""Whether one volume takes segments in this recorder, judged by what its calls and its room say.

docs/design/storage.md "Volumes". Its threads share one of these: each field has one that writes it, any may read.
"""

import errno
from collections.abc import Callable
from typing import Final

from storage.reserve import NO_ROOM, ROOM_FACTOR, Reserve
from storage.sealing import SegmentFailure
from storage.volume import Space, Volume, VolumeLost
from storage.volume_health import Standing, VolumeHealth, VolumeState

MINIMUM_FREE_BYTES: Final = 64 << 20
"""A volume with less room takes no new segment: each attempt would only cost a key record."""
_NOT_THE_DISK: Final = (errno.EEXIST, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""What fails one segment, and says nothing of the disk."""


class VolumeService:
    """In service until a call fails or the volume is no longer itself; that is never undone, want of room is.

    `changed` is called when the writer thread should look again.
    """

    def __init__(
        self, volume: Volume, shard: int, health: VolumeHealth, reserve_bytes: int, changed: Callable[[], None]
    ) -> None:
        self.volume = volume
        self.health = health
        self.reserve = Reserve(volume.growing_directory(shard), reserve_bytes, self._run_out_of_room)
        self.lost: Standing | None = None
        """Why it left service; None while it has not."""
        self.suspect = False
        """What was written since the last good sync is unknown: nothing may be closed any more."""
        self.out_of_room = False
        """A write found no room, and the sync thread has found none since."""
        self.space = Space(0, 0)
        """As of the last sync round."""
        self._reserve_bytes = reserve_bytes
        self._changed = changed

    @property
    def standing(self) -> Standing:
        """How the volume stands in this recorder."""
        if self.lost is not None:
            return self.lost
        if self.out_of_room:
            return Standing(VolumeState.FULL, "a write found no room")
        if self.full:
            return Standing(VolumeState.FULL, f"less than {MINIMUM_FREE_BYTES >> 20} MiB are left")
        return Standing(VolumeState.IN_SERVICE)

    @property
    def full(self) -> bool:
        """Whether there is no room for new segments."""
        return self.out_of_room or self.space.free_bytes < MINIMUM_FREE_BYTES

    def saw_room(self, space: Space) -> None:
        """By the sync thread. What the reserve gave is no room: it is for closing what grows."""
        self.space = space
        given_bytes = 0 if self.reserve.held else self._reserve_bytes
        if space.free_bytes >= MINIMUM_FREE_BYTES + given_bytes:
            self.out_of_room = False
        if not self.reserve.held and space.free_bytes >= ROOM_FACTOR * self._reserve_bytes:
            self._changed()

    def renew_reserve(self) -> None:
        """By the writer thread: make the reserve again, if there is room for it."""
        if self.lost is None:
            try:
                self.reserve.make(self.space.free_bytes)
            except OSError as error:
                self.failed_write(error)

    def failed_write(self, error: OSError) -> SegmentFailure:
        """A file could not be opened, or written: what that means for the segment, and for the volume."""
        if error.errno in NO_ROOM:
            self.out_of_room = True
            return SegmentFailure.FULL
        if error.errno not in _NOT_THE_DISK:
            self._err("write", error)
        return SegmentFailure.WRITE

    def failed_close(self, error: OSError) -> None:
        """A file could not be closed; want of room says nothing of the others."""
        if error.errno in NO_ROOM:
            self.out_of_room = True
        else:
            self.suspect = True
            self._err("close", error)

    def failed_sync(self, error: OSError) -> None:
        """Some write was lost; which one is not known."""
        self.suspect = True
        self.health.errors["sync"] += 1
        self._leave(Standing(VolumeState.ERRING, f"sync: {error}"))

    def gone(self, error: VolumeLost) -> None:
        """It is not there, or not itself."""
        self.suspect = True
        self._leave(Standing(VolumeState.AWAY, str(error.fields["what"])))

    def _err(self, what: str, error: OSError) -> None:
        self.health.errors[what] += 1
        try:
            self.volume.check()
        except VolumeLost as gone:
            self.gone(gone)
        else:
            self._leave(Standing(VolumeState.ERRING, f"{what}: {error}"))

    def _leave(self, why: Standing) -> None:
        self.lost = self.lost or why
        self._changed()

    def _run_out_of_room(self) -> None:
        self.out_of_room = True
