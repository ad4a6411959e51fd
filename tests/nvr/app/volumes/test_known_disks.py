"""What is remembered of a disk is there when the disk is not."""

from dataclasses import replace
from pathlib import Path

import pytest

from nvr.app.volumes.devices import Disk
from nvr.app.volumes.known_disks import FILE_NAME, NOTHING_KNOWN, KnownDisk, KnownVolume, load, store
from nvr.app.volumes.smart import Health, Verdict
from nvr.base.units import UtcUs

KNOWN = KnownVolume(
    "/srv/scelle/disk1",
    (KnownDisk(Disk("sdb", "ST8000VE001", "WSD0ABCD"), Health(Verdict.AGEING, ("reallocated sectors: 8",), 31, 34)),),
    UtcUs(1_795_000_000_000_000),
)


def test_what_was_seen_is_read_again(tmp_path: Path) -> None:
    store(tmp_path, NOTHING_KNOWN.with_volume("v1", KNOWN))
    assert load(tmp_path).volumes == {"v1": KNOWN}


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"volumes": {"v1": {"disks": [1]}}}', b'{"volumes": 3}'])
def test_file_that_can_not_be_read_knows_nothing(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / FILE_NAME).write_bytes(content)
    assert load(tmp_path) == NOTHING_KNOWN


def test_volume_that_was_seen_last_at_a_path_is_the_one_that_is_missed_there() -> None:
    later = replace(KNOWN, seen_utc_us=UtcUs(KNOWN.seen_utc_us + 1))
    known = NOTHING_KNOWN.with_volume("v1", KNOWN).with_volume("v2", later)
    assert (known.last_at(Path(KNOWN.path)), known.last_at(Path("/other"))) == ("v2", None)
