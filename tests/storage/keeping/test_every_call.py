"""Every call of a retention pass to a disk fails once: nothing that is held goes, and what is due goes in the end."""

import errno
import itertools
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from storage.keeping.places import AFTER_FAULT_US
from tests.storage.faulty import CALLS, CHANGING, NAMING, FaultyDisk
from tests.storage.keeping.destroying import HELD, keeper_when_due, started_again


@pytest.mark.parametrize(
    ("code", "calls"),
    [
        (errno.EIO, (*CHANGING, *NAMING)),
        pytest.param(errno.EIO, CALLS, marks=pytest.mark.long),
        pytest.param(errno.ENOSPC, CALLS, marks=pytest.mark.long),
        pytest.param(errno.EROFS, CALLS, marks=pytest.mark.long),
    ],
    ids=["input", "input-at-reads-too", "full", "read-only"],
)
@pytest.mark.parametrize("root", ["disk", "keys-a", pytest.param("keys-b", marks=pytest.mark.long)])
async def test_call_that_fails_while_footage_is_destroyed_is_made_good(
    due_footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str, code: int, calls: Sequence[str]
) -> None:
    for number in itertools.count(1):
        directory = tmp_path / str(number)
        shutil.copytree(due_footage, directory)
        keeper, clock = await keeper_when_due(directory)
        with monkeypatch.context() as patch:
            faulty = FaultyDisk(patch, directory / root, fail_at=number, code=code, only=calls)
            await keeper._survive("retention", keeper.retention_pass)
        clock.advance(AFTER_FAULT_US)
        await keeper.retention_pass()
        await keeper.reconcile()
        assert not (await keeper.status()).faults
        await keeper.close()
        left = await started_again(directory)
        left.check()
        assert left.files == HELD
        if len(faulty.calls) < number:
            break
    assert number > 3
