"""No clock epoch is used twice by a shard, whatever ended the process before."""

from pathlib import Path

import pytest

from nvr.app.roles.shardstate import next_epoch, note_epoch
from nvr.base.errors import ConfigError


def test_every_start_has_an_epoch_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "shard" / "0.json"
    assert [next_epoch(file, now) for now in (1, 2, 3)] == [1, 2, 3]


def test_epoch_that_began_while_recording_is_not_used_again(tmp_path: Path) -> None:
    file = tmp_path / "0.json"
    next_epoch(file, 1)
    note_epoch(file, 5, 2)
    assert next_epoch(file, 3) == 6


@pytest.mark.parametrize("content", ["", "[]", '{"clock_epoch":"many"}'])
def test_state_that_can_not_be_trusted_is_no_reason_to_begin_anew(tmp_path: Path, content: str) -> None:
    file = tmp_path / "0.json"
    file.write_text(content)
    with pytest.raises(ConfigError):
        next_epoch(file, 1)
