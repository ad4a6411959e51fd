"""The spool on a real disk, and on disks that refuse, tear and lie."""

import errno
import fcntl
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nvr.base.clock import SimClock
from nvr.base.ids import BootId
from nvr.base.jcs import Json
from storage import spool as spool_module
from storage.durable import write_all
from storage.ledger.machine import Stop
from storage.spool import SpoolStalled, SpoolWriter, lock_if_ended, signed_bytes, state_hash
from storage.spool_reader import SpoolReader
from tests.storage.faulty import FaultyDisk
from tests.storage.ledger.samples import NOW_UTC_US, uuid

BOOT = BootId(uuid(0x800))
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def writer(directory: Path, boot: BootId = BOOT) -> SpoolWriter:
    return SpoolWriter(directory, 0, boot, SimClock(utc_us=NOW_UTC_US), KEY, sw="scelle 1")


def read(directory: Path) -> list[tuple[int, str]]:
    return [(event.n, event.t) for event in SpoolReader(directory / "0" / f"{BOOT}.spool").read()]


class Disk:
    """Fails so many writes, each after half of its bytes."""

    def __init__(self, failures: int, error: int) -> None:
        self.failures = failures
        self.error = error

    def write_all(self, fd: int, parts: Sequence[bytes]) -> int:
        if self.failures:
            self.failures -= 1
            whole = b"".join(parts)
            write_all(fd, [whole[: len(whole) // 2]])
            raise OSError(self.error, os.strerror(self.error))
        return write_all(fd, parts)


def test_first_event_is_boot_and_all_are_durable_when_waited_for(tmp_path: Path) -> None:
    spool = writer(tmp_path)
    assert spool.tell(Stop(reason="x")) == 1
    spool.wait_durable()
    assert read(tmp_path) == [(0, "boot"), (1, "stop")]
    assert spool.state().pending == 0
    spool.close()


def test_every_group_is_synced_before_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    sync = os.fdatasync

    def counted(fd: int) -> None:
        sync(fd)
        synced.append(os.fstat(fd).st_size)

    monkeypatch.setattr(os, "fdatasync", counted)
    spool = writer(tmp_path)
    spool.wait_durable()
    assert synced[-1] == (tmp_path / "0" / f"{BOOT}.spool").stat().st_size
    spool.close()


def test_events_of_many_threads_are_numbered_without_a_hole(tmp_path: Path) -> None:
    spool = writer(tmp_path)
    tellers = [
        threading.Thread(target=lambda: [spool.event("stop", {"reason": "x"}) for _ in range(100)]) for _ in range(4)
    ]
    for teller in tellers:
        teller.start()
    for teller in tellers:
        teller.join()
    spool.close()
    assert [n for n, _ in read(tmp_path)] == list(range(401))


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_full_disk_loses_no_event_and_leaves_no_torn_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    disk = Disk(3, error)
    monkeypatch.setattr(spool_module, "RETRY_SECONDS", 0)
    monkeypatch.setattr(spool_module, "write_all", disk.write_all)
    spool = writer(tmp_path)
    for _ in range(20):
        spool.tell(Stop(reason="x"))
    spool.wait_durable()
    assert disk.failures == 0
    assert spool.state() == type(spool.state())(pending=0, failure=None)
    spool.close()
    assert [n for n, _ in read(tmp_path)] == list(range(21))


def test_sync_that_failed_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Callable[[int], None]] = []
    sync = os.fdatasync

    def once_bad(fd: int) -> None:
        calls.append(sync)
        if len(calls) == 1:
            os.ftruncate(fd, 3)
            raise OSError(errno.EIO, "the pages are gone")
        sync(fd)

    monkeypatch.setattr(spool_module, "RETRY_SECONDS", 0)
    monkeypatch.setattr(os, "fdatasync", once_bad)
    spool = writer(tmp_path)
    spool.wait_durable()
    spool.close()
    assert read(tmp_path) == [(0, "boot")]


def test_disk_that_stays_full_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "RETRY_SECONDS", 0)
    monkeypatch.setattr(spool_module, "write_all", Disk(1_000_000, errno.ENOSPC).write_all)
    spool = writer(tmp_path)
    with pytest.raises(SpoolStalled):
        spool.wait_durable(timeout_s=0)
    assert spool.state().pending == 1
    with pytest.raises(SpoolStalled):
        spool.close()


def test_nothing_is_written_behind_a_group_that_was_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closing, refused = threading.Event(), threading.Event()
    failures = iter([True] * (1 + spool_module.LAST_TRIES))

    def refuses_the_first_group(fd: int, parts: Sequence[bytes]) -> int:
        if next(failures, False):
            refused.set()
            assert closing.wait(10)
            raise OSError(errno.EIO, "no")
        return write_all(fd, parts)

    monkeypatch.setattr(spool_module, "_GROUP", 1)
    monkeypatch.setattr(spool_module, "RETRY_SECONDS", 0)
    monkeypatch.setattr(spool_module, "write_all", refuses_the_first_group)
    spool = writer(tmp_path)
    assert refused.wait(10)
    spool.tell(Stop(reason="behind"))
    monkeypatch.setattr(spool._hurry, "set", _then(spool._hurry.set, closing.set))
    with pytest.raises(SpoolStalled):
        spool.close()
    assert (tmp_path / "0" / f"{BOOT}.spool").read_bytes() == b""


def _then(first: Callable[[], None], second: Callable[[], None]) -> Callable[[], None]:
    def both() -> None:
        first()
        second()

    return both


def test_spool_is_locked_for_the_life_of_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "0" / f"{BOOT}.spool"
    assert lock_if_ended(path) is None
    spool = writer(tmp_path)
    assert lock_if_ended(path) is None
    spool.close()
    lock = lock_if_ended(path)
    assert lock is not None
    os.close(lock)


def test_spool_that_was_removed_before_it_was_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "0" / f"{BOOT}.spool"
    flock = fcntl.flock
    removed: list[bool] = []

    def too_late(fd: int, how: int) -> None:
        if not removed:
            removed.append(True)
            path.unlink()
        flock(fd, how)

    monkeypatch.setattr(fcntl, "flock", too_late)
    writer(tmp_path).close()
    assert read(tmp_path) == [(0, "boot")]


@pytest.mark.timeout(30)
def test_fault_of_the_program_is_raised_in_whoever_tells(tmp_path: Path) -> None:
    spool = writer(tmp_path)
    spool.event("gap", {"float": 1.5})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="not a value"):
        spool.wait_durable(timeout_s=45)  # told, though it may wait in the very group that failed
    with pytest.raises(ValueError, match="not a value"):
        spool.event("stop", {"reason": "x"})
    with pytest.raises(ValueError, match="not a value"):
        spool.close()


def test_boot_has_one_spool(tmp_path: Path) -> None:
    writer(tmp_path).close()
    with pytest.raises(FileExistsError):
        writer(tmp_path)


def test_closed_spool_takes_nothing(tmp_path: Path) -> None:
    spool = writer(tmp_path)
    spool.close()
    with pytest.raises(ValueError, match="closed"):
        spool.tell(Stop(reason="x"))


def test_heartbeat_is_signed_with_the_hash_of_its_state() -> None:
    frame: dict[str, Json] = {"boot": BOOT, "shard": 0, "n": 3, "t": "heartbeat", "ts_utc_us": 1, "mono_us": 2}
    state: dict[str, Json] = {"cameras": {"hall-1": {"records": 12}}}
    whole = signed_bytes({**frame, "body": {"state": state, "segments": 1, "sync": "unknown"}})
    assert state_hash(state).encode() in whole
    assert b"hall-1" not in whole


def test_spool_whose_directory_can_not_be_synced_leaves_no_lock_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "0").mkdir()
    with monkeypatch.context() as patch:
        FaultyDisk(patch, tmp_path, fail_at=1, only=["fsync"])
        with pytest.raises(OSError, match="Input/output"):
            writer(tmp_path)
    lock = lock_if_ended(tmp_path / "0" / f"{BOOT}.spool")
    assert lock is not None
    os.close(lock)
