"""Samples are given to records in order, each to one, and to no record that does not fit itself."""

from pathlib import Path

import pytest

from access.verification.report import CannotRun
from access.verification.subject import Subject
from access.verification.weave import heads, weave
from tests.access.footage import FRAME_US, START_UTC_US
from tests.access.verification.bundles import change_json


def test_every_sample_belongs_to_one_record_in_order(good: Path) -> None:
    subject = Subject(good)
    (item,) = subject.manifest.items
    woven = weave(subject, item)
    numbers = [one.first + packet for one in woven for packet in one.packets]
    assert numbers == list(range(item.frames))
    assert [one.whole for one in woven] == [True, False]
    walls = sorted(one.wall_utc_us(packet) for one in woven for packet in one.packets)
    assert walls[0] == START_UTC_US + 25 * FRAME_US


@pytest.mark.parametrize(
    "change",
    [{"packets": 7}, {"seq": 9}, {"rest": []}, {"slices": []}, {"table": ""}, {"table": "00"}],
    ids=["count", "number", "withheld", "sizes", "no table", "short table"],
)
def test_record_that_does_not_fit_itself_is_refused(bundle: Path, change: dict[str, object]) -> None:
    path = max((bundle / "proofs" / "records").iterdir())
    change_json(path, lambda proof: proof["records"][-1].update(change))
    with pytest.raises(CannotRun, match="record-malformed"):
        list(heads(Subject(bundle), path.stem))


def test_record_told_twice_is_refused(bundle: Path) -> None:
    path = max((bundle / "proofs" / "records").iterdir())
    change_json(path, lambda proof: proof["records"].append(proof["records"][-1]))
    with pytest.raises(CannotRun, match="record-malformed"):
        list(heads(Subject(bundle), path.stem))
