from nvr.base.ids import CameraId, is_uuid7
from nvr.base.units import UtcUs
from recorder.gaps import GapLog
from storage.records import GapCause
from tests.recorder.fakes import MemoryEvents

CAMERA = CameraId("cam1")


def _told(events: MemoryEvents) -> list[tuple[int, int | None, GapCause, str]]:
    return [(gap.from_utc_us, gap.to_utc_us, gap.cause, gap.detail) for gap in events.told]


def test_gap_is_told_when_it_opens_and_under_the_same_id_when_it_closes() -> None:
    events = MemoryEvents()
    log = GapLog(CAMERA, events)
    log.open(GapCause.SILENT, UtcUs(100), "refused")
    was_open = log.is_open
    log.close(UtcUs(200))
    assert (was_open, log.is_open) == (True, False)
    assert _told(events) == [(100, None, GapCause.SILENT, "refused"), (100, 200, GapCause.SILENT, "refused")]
    assert len(events.gaps) == 1
    assert all(is_uuid7(gap) for gap in events.gaps)


def test_same_cause_goes_on_and_the_last_detail_is_told_at_the_end() -> None:
    events = MemoryEvents()
    log = GapLog(CAMERA, events)
    log.open(GapCause.SILENT, UtcUs(100), "starting")
    log.open(GapCause.SILENT, UtcUs(150), "timeout")
    log.close(UtcUs(200))
    assert _told(events) == [(100, None, GapCause.SILENT, "starting"), (100, 200, GapCause.SILENT, "timeout")]


def test_other_cause_ends_the_open_gap_and_begins_its_own() -> None:
    events = MemoryEvents()
    log = GapLog(CAMERA, events)
    log.open(GapCause.SILENT, UtcUs(100), "")
    log.open(GapCause.FELL_BEHIND, UtcUs(150), "")
    log.close(UtcUs(200))
    assert [(gap.from_utc_us, gap.to_utc_us, gap.cause) for gap in events.gaps.values()] == [
        (100, 150, GapCause.SILENT),
        (150, 200, GapCause.FELL_BEHIND),
    ]


def test_gap_never_ends_before_it_began() -> None:
    events = MemoryEvents()
    log = GapLog(CAMERA, events)
    log.open(GapCause.SILENT, UtcUs(100), "")
    log.close(UtcUs(40))
    assert _told(events)[-1][:2] == (100, 100)


def test_close_without_gap_tells_nothing() -> None:
    events = MemoryEvents()
    GapLog(CAMERA, events).close(UtcUs(5))
    assert events.told == []
