"""What goes on beside a volume's writer: all of it is synced every few seconds, its identity and its room looked at."""

import os

from nvr.base.stop import Stop
from storage import disk
from storage.volume import VolumeLost
from storage.volume_lock import lock_directory
from storage.volume_service import VolumeService


class VolumeSync:
    """`begin`, then `run` in a thread of its own.

    There is no further round once the volume left service: a failed sync is never tried again, since the kernel may
    count as clean what it could not write.
    """

    def __init__(self, service: VolumeService, *, interval_s: float) -> None:
        self.syncs = 0
        """Rounds that went well; any thread may read it."""
        self.stop = Stop()
        self._service = service
        self._interval_s = interval_s
        self._fd = -1
        """Of `growing/<shard>`; one for the life of the volume: the kernel tells each a write-back error once."""

    def begin(self, shard: int) -> None:
        """Lock the shard's directory, look at volume and room, make the reserve.

        Two recorders of one shard would write over each other's key records.

        Raises:
            VolumeLost: the volume is not there, does not take the reserve, or another recorder has it.
        """
        volume = self._service.volume
        volume.check()
        self._service.saw_room(volume.space())
        self._fd = lock_directory(volume.growing_directory(shard), f"recorder of shard {shard}")
        try:
            self._service.reserve.make(self._service.space.free_bytes)
        except OSError as error:
            os.close(self._fd)
            raise VolumeLost(path=str(volume.path), what=str(error)) from error

    def run(self) -> None:
        """Round after round, until the stop or until the volume leaves service; then the lock is given back."""
        try:
            while not self.stop.wait_in_thread(self._interval_s) and self._service.lost is None:
                self._round()
        finally:
            os.close(self._fd)

    def _round(self) -> None:
        service = self._service
        try:
            with service.health.timed(service.health.syncs):
                disk.syncfs(self._fd)
        except OSError as error:
            service.failed_sync(error)
            return
        try:
            service.volume.check()
            service.saw_room(service.volume.space())
        except VolumeLost as error:
            service.gone(error)
            return
        self.syncs += 1
