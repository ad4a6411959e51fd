"""What the watch remembers over a restart; a file that is not its own is told, and loses nothing but what was told."""

import json
from pathlib import Path

import pytest

from nvr.app.watch.book import Ended, Member
from nvr.app.watch.kinds import Severity
from nvr.app.watch.memory import NAME, Memory, MemoryLost, load, packed, save
from nvr.app.watch.told import Told
from nvr.base.units import UtcUs

MEMBER = Member(UtcUs(1), UtcUs(2), stands=True, since_utc_us=UtcUs(3), severity=Severity.WARNING, detail="é")
ENDED = Ended(UtcUs(1), UtcUs(2), Severity.CRITICAL)


def test_memory_comes_back_as_it_was(tmp_path: Path) -> None:
    told = Told(
        {("a", "x"): Severity.NOTICE}, {("a", "y"): ENDED}, {("b", ""): ENDED}, [UtcUs(5)], "2026-11-23", "2026-Q4"
    )
    memory = Memory({("a", "x"): MEMBER}, {"mail": told})
    save(tmp_path / "watch", packed(memory))
    assert load(tmp_path / "watch") == memory


def test_first_start_remembers_nothing(tmp_path: Path) -> None:
    assert load(tmp_path) == Memory()


@pytest.mark.parametrize("content", ["", "[]", '{"v":2}', '{"v":1}', '{"v":1,"members":[[1]],"channels":{}}'])
def test_file_that_the_watch_did_not_write_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / NAME).write_text(content)
    with pytest.raises(MemoryLost):
        load(tmp_path)


def test_memory_of_a_watch_that_knew_no_list_of_holds_is_read(tmp_path: Path) -> None:
    before = json.loads(packed(Memory(channels={"mail": Told(daily_day="2026-11-23")})))
    del before["channels"]["mail"]["review_quarter"]
    (tmp_path / NAME).write_text(json.dumps(before))
    assert load(tmp_path).channels["mail"] == Told(daily_day="2026-11-23")
