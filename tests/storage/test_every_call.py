"""Every call to the keyring's places and to the spool fails once: recording goes on, and nothing of it is lost.

The calls to the volume itself are in `test_volume_writer`, those of the keeper in `keeping/test_every_call`.
"""

import errno
import shutil
from collections import Counter
from pathlib import Path

import pytest

from storage import spool
from tests.storage.faulty import FaultyDisk
from tests.storage.restarted import Restarted
from tests.storage.sealed import Recorder
from tests.storage.story import Promise, record, spools_of

WHOLE = {"mairie": 7, "gare": 4}
"""Records of each camera in the story, init records among them."""


def _record(directory: Path, root: str, number: int, code: int) -> tuple[FaultyDisk, list[Promise]]:
    """The story, whose call number `number` below the root fails; what was promised."""
    recorder = Recorder(directory)
    spools_of(directory).mkdir(parents=True)
    promises: list[Promise] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "RETRY_SECONDS", 0.01)
        faulty = FaultyDisk(patch, directory / root, fail_at=number, code=code)
        record(recorder, spools_of(directory), promises.append)
    return faulty, promises


@pytest.mark.parametrize(
    "code",
    [
        errno.EIO,
        pytest.param(errno.ENOSPC, marks=pytest.mark.long),
        pytest.param(errno.EROFS, marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("root", ["keys-a", "keys-b", "state/spool"])
def test_call_that_fails_beside_the_volume_costs_no_record(founded: Path, tmp_path: Path, root: str, code: int) -> None:
    number, faulty = 0, None
    while faulty is None or len(faulty.calls) >= number:
        number += 1
        directory = tmp_path / str(number)
        try:
            faulty, promises = _record(directory, root, number, code)
        except OSError:
            assert root == "state/spool"  # without a spool, no recorder begins: its supervisor starts it again
            assert not list((directory / "disk").glob("segments/*"))
            continue
        spools_of(directory).rename(directory / "spool")
        shutil.rmtree(directory / "state")
        shutil.copytree(founded, directory / "state")
        (directory / "spool").rename(spools_of(directory))
        restarted = Restarted(directory)
        restarted.check(promises)
        assert not restarted.found
        kept = Counter[str]()
        for seal in restarted.seals.values():
            kept[seal.camera] += seal.records
        assert kept == WHOLE
    assert number > 5
