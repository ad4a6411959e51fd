"""Minutes of a whole system whose roles die again and again: everything that was recorded is there, once."""

import random
from collections import Counter

import pytest

from access.verification.ledger import verify_ledger
from access.verification.segment import verify_segment
from nvr.app.demo.stage import CAMERAS
from nvr.app.demo.story import play
from nvr.base.ids import CameraId
from storage.index.queries import IndexReader
from storage.ledger.reader import DATABASE_NAME
from tests.acceptance.conftest import Town
from tests.acceptance.test_faults import ALWAYS, entries, sealed_file

ROUNDS = 8


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_after_many_deaths_every_segment_is_whole_once_and_the_story_still_ends(town: Town) -> None:
    dice = random.Random(11)
    for _ in range(ROUNDS):
        town.kill(dice.choice(["recorder", "recorder", "keeper"]))
        town.stage.until("cameras are recorded again", town.stage.are_recorded)
        town.stage.wait(dice.uniform(0, 12))
    assert play(town.stage, 20)["verified"] is True
    index = IndexReader.at(town.settings.paths.index)
    try:
        for number in range(1, CAMERAS + 1):
            camera = CameraId(f"cam{number}")
            segments = index.segments(camera, *ALWAYS)
            assert segments
            assert all(verify_segment(sealed_file(town, segment.seg)).ok for segment in segments)
            # Where no segment is, a gap says why; a second of grace at each seam, where frames lie apart.
            covered = sorted([(s.start_utc_us, s.end_utc_us) for s in segments] + _gaps(index, camera))
            end = covered[0][1]
            for start, stop in covered:
                assert start - end < 1_000_000, (camera, end, start)
                end = max(end, stop)
    finally:
        index.close()
    seals = Counter(entry["body"]["seg"] for entry in entries(town) if entry["t"] == "seal")
    assert set(seals.values()) == {1}
    assert verify_ledger(town.settings.paths.ledger / DATABASE_NAME).ok


def _gaps(index: IndexReader, camera: CameraId) -> list[tuple[int, int]]:
    return [(gap.from_utc_us, gap.to_utc_us or ALWAYS[1]) for gap in index.gaps(camera, *ALWAYS)]
