"""What a pass asks of the index, in either database."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest

from config.database import Location
from nvr.base.units import US_PER_DAY
from storage.index.writer import Index
from storage.keeping.surveys import decisions_at, guarded, reserve_of
from storage.ledger import people
from storage.ledger.machine import Missing, Seal
from storage.retention import Verdict
from storage.volume import Space
from tests.storage.index.entries import leaves
from tests.storage.ledger.samples import NOW_UTC_US, hash_of, hold, seal, uuid

ZONE = ZoneInfo("Europe/Paris")
OLD = NOW_UTC_US - 40 * US_PER_DAY
HALF_A_DAY_US = US_PER_DAY // 2


@pytest.fixture
def index(location: Location) -> Iterator[Index]:
    opened = Index(location)
    yield opened
    opened.close()


def test_pages_leave_nothing_out_and_lost_and_held_footage_is_judged_too(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.keeping.surveys.PAGE", 2)
    old = [seal(number, start_utc_us=OLD + number // 2) for number in range(5)]
    lost = Missing(seg=uuid(0), camera="hall-1", start_utc_us=1, end_utc_us=2, why="x")
    other = seal(5, camera="other", start_utc_us=OLD)
    held = hold(camera="other").model_copy(update={"from_utc_us": OLD, "to_utc_us": OLD + 1})
    index.apply(leaves([*old, other, lost, held, seal(6)]))
    verdicts: dict[str, Verdict] = {one.segment.seg: one.verdict for one in decisions_at(index, ZONE, NOW_UTC_US)}
    due = {uuid(number): Verdict.DUE for number in range(5)}
    assert {seg: verdict for seg, verdict in verdicts.items() if seg != uuid(6)} == due | {uuid(5): Verdict.HELD}
    assert verdicts.get(uuid(6), Verdict.KEPT) is Verdict.KEPT


def long_segment(number: int) -> Seal:
    start = NOW_UTC_US - (10 - number) * US_PER_DAY
    return seal(number, start_utc_us=start).model_copy(update={"end_utc_us": start + HALF_A_DAY_US})


def test_most_of_a_camera_is_stopped_until_a_person_allows_it(index: Index) -> None:
    camera = people.Camera(camera="hall-1", url_hash=hash_of(6), shard=0, retention_days=1, retired=False)
    index.apply(leaves([camera, *map(long_segment, range(4))]))
    decisions = list(decisions_at(index, ZONE, NOW_UTC_US))
    kept, halts = guarded(index, decisions, NOW_UTC_US)
    assert (len(decisions), kept, [halt.about for halt in halts]) == (4, [], ["hall-1"])
    allow = people.Allow(camera="hall-1", reason=hash_of(7), until_utc_us=NOW_UTC_US + 1)
    index.apply(leaves([allow], first=5))
    kept, halts = guarded(index, decisions, NOW_UTC_US)
    assert ([one.allowed for one in kept], halts) == (["hall-1"] * 4, [])


def test_reserve_is_never_more_than_a_share_of_a_small_volume() -> None:
    assert reserve_of(Space(free_bytes=0, total_bytes=1000), 7) == 7
    assert reserve_of(Space(free_bytes=0, total_bytes=100), 7) == 5
