"""Which error takes a volume out of service, for how long, and when room brings it back."""

import errno
import os
from pathlib import Path

import pytest

from storage.sealing import SegmentFailure
from storage.volume import Space, Volume, VolumeLost, create_volume
from storage.volume_health import VolumeState
from storage.volume_service import MINIMUM_FREE_BYTES, VolumeService
from tests.storage.sealed import NOW_US, ORIGIN, RESERVE_BYTES, service_of

ENOUGH = Space(10 * MINIMUM_FREE_BYTES, 20 * MINIMUM_FREE_BYTES)


def error(code: int) -> OSError:
    return OSError(code, os.strerror(code))


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    made = create_volume(tmp_path / "disk", ORIGIN, now_utc_us=NOW_US)
    made.growing_directory(0).mkdir()
    return made


@pytest.fixture
def service(volume: Volume) -> VolumeService:
    made = service_of(volume)
    made.saw_room(ENOUGH)
    made.reserve.make(ENOUGH.free_bytes)
    return made


def state(service: VolumeService) -> VolumeState | None:
    return None if service.lost is None else service.lost.state


@pytest.mark.parametrize("code", [errno.EIO, errno.EROFS, errno.ENXIO])
def test_write_that_the_disk_refused_takes_the_volume_out_and_what_grows_may_be_closed(
    service: VolumeService, code: int
) -> None:
    assert service.failed_write(error(code)) is SegmentFailure.WRITE
    assert state(service) is VolumeState.ERRING
    assert not service.suspect
    assert service.health.errors == {"write": 1, "sync": 0, "close": 0}


@pytest.mark.parametrize("code", [errno.EEXIST, errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_what_this_process_lacks_says_nothing_of_the_disk(service: VolumeService, code: int) -> None:
    assert service.failed_write(error(code)) is SegmentFailure.WRITE
    assert service.lost is None


def test_write_that_failed_since_the_volume_is_not_there_leaves_it_away(service: VolumeService, volume: Volume) -> None:
    volume.path.rename(volume.path.with_name("elsewhere"))
    service.failed_write(error(errno.ENOENT))
    assert state(service) is VolumeState.AWAY
    assert service.suspect


def test_failed_sync_and_close_leave_nothing_that_may_be_closed(volume: Volume) -> None:
    for number, fail in enumerate((VolumeService.failed_sync, VolumeService.failed_close)):
        service = service_of(volume)
        fail(service, error(errno.EIO))
        assert state(service) is VolumeState.ERRING
        assert service.suspect
        assert [service.health.errors["sync"], service.health.errors["close"]] == [1 - number, number]


def test_first_reason_stays(service: VolumeService) -> None:
    service.gone(VolumeLost(path="/srv/a", what="is another one"))
    service.failed_sync(error(errno.EIO))
    assert service.lost is not None
    assert (service.lost.state, service.lost.reason) == (VolumeState.AWAY, "is another one")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_want_of_room_ends_with_room(service: VolumeService, code: int) -> None:
    assert service.failed_write(error(code)) is SegmentFailure.FULL
    seen = [service.full]
    service.saw_room(ENOUGH)
    assert [*seen, service.full] == [True, False]
    service.failed_close(error(code))
    assert (service.full, service.lost, service.suspect) == (True, None, False)


def test_volume_is_full_before_a_write_finds_no_room(service: VolumeService) -> None:
    service.saw_room(Space(MINIMUM_FREE_BYTES - 1, ENOUGH.total_bytes))
    assert service.full
    assert not service.out_of_room
    service.saw_room(Space(MINIMUM_FREE_BYTES, ENOUGH.total_bytes))
    assert not service.full


def test_room_that_the_reserve_gave_does_not_bring_the_volume_back(service: VolumeService) -> None:
    def step() -> None:
        if service.reserve.held:
            raise error(errno.ENOSPC)

    service.reserve.with_room(step)
    assert service.full
    service.saw_room(Space(MINIMUM_FREE_BYTES + RESERVE_BYTES - 1, ENOUGH.total_bytes))
    assert service.full
    service.saw_room(Space(MINIMUM_FREE_BYTES + RESERVE_BYTES, ENOUGH.total_bytes))
    assert not service.full


def test_reserve_is_made_again_by_the_writer_once_it_is_told_of_room(volume: Volume) -> None:
    told: list[str] = []
    service = service_of(volume, lambda: told.append("look"))
    service.saw_room(Space(4 * RESERVE_BYTES - 1, ENOUGH.total_bytes))
    assert told == []
    service.saw_room(Space(4 * RESERVE_BYTES, ENOUGH.total_bytes))
    assert told == ["look"]
    service.renew_reserve()
    assert service.reserve.held
    service.saw_room(ENOUGH)
    assert told == ["look"]  # it is there


def test_volume_that_is_lost_gets_no_reserve(volume: Volume) -> None:
    service = service_of(volume)
    service.saw_room(ENOUGH)
    service.gone(VolumeLost(path="/srv/a", what="is another one"))
    service.renew_reserve()
    assert not service.reserve.held
