"""Movies and the proofs of their records are written together, from samples that were checked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from access.export.collect import ReleaseDiffers, collect
from access.export.movies import write_movies
from access.export.recordproof import SegmentProof
from nvr.base.ids import SegmentId
from storage.svs1.opening import WrongRecordKey
from tests.access.footage import FRAME_US, START_UTC_US, FakeRecord, FakeRelease, Town, codec_of, encode, records_of


@pytest.fixture
def release(town: Town) -> FakeRelease:
    """One segment, granted from the middle of its second group to the middle of its third."""
    sets, units = encode(100)
    town.seal(records_of(units), codec_of(sets))
    return town.grant(START_UTC_US + 30 * FRAME_US, START_UTC_US + 60 * FRAME_US)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where a bundle is made."""
    (tmp_path / "bundle" / "video").mkdir(parents=True)
    (tmp_path / "bundle" / "proofs" / "records").mkdir(parents=True)
    return tmp_path / "bundle"


def test_proof_discloses_the_keys_of_exported_records_alone(release: FakeRelease, root: Path) -> None:
    (plan,) = collect(release)
    (movie,) = write_movies(release, plan, root, first_number=1)
    assert (root / movie.path).is_file()
    (path,) = (root / "proofs" / "records").iterdir()
    proof = SegmentProof.model_validate_json(path.read_bytes())
    assert [(one.seq, one.packets, len(one.rest)) for one in proof.records] == [(0, 0, 0), (2, 25, 0), (3, 10, 15)]
    assert len(proof.inner) == 5


@dataclass(frozen=True, slots=True)
class Changed(FakeRelease):
    """A release whose record 2 is changed on the way out, once it was planned."""

    change: Mapping[str, Any] = field(default_factory=dict)

    def records(self, segment: SegmentId) -> Iterator[FakeRecord]:
        for record in FakeRelease.records(self, segment):
            yield replace(record, **self.change) if record.seq == 2 else record


def changed(release: FakeRelease, change: Mapping[str, Any]) -> FakeRelease:
    return Changed(release.grant, release.sealed, change=change)


def test_sample_that_is_not_what_was_sealed_is_refused(release: FakeRelease, root: Path) -> None:
    (plan,) = collect(release)
    (record,) = [one for one in release.records(plan.parts[0].gops[0].segment) if one.seq == 2]
    first, pts = record.packets[0]
    forged = memoryview(bytes([first[0] ^ 1]) + bytes(first[1:]))
    lying = changed(release, {"packets": [(forged, pts), *record.packets[1:]]})
    with pytest.raises(ReleaseDiffers):
        write_movies(lying, plan, root, first_number=1)


def test_key_that_its_record_does_not_commit_to_is_refused(release: FakeRelease, root: Path) -> None:
    (plan,) = collect(release)
    with pytest.raises(WrongRecordKey):
        write_movies(changed(release, {"key": bytes(32)}), plan, root, first_number=1)


def test_record_that_is_gone_since_it_was_planned_is_named(release: FakeRelease, root: Path) -> None:
    (plan,) = collect(release)
    with pytest.raises(ReleaseDiffers, match="record 2"):
        write_movies(changed(release, {"seq": 99}), plan, root, first_number=1)
