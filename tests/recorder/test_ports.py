import inspect

import pytest

from recorder.ports import EventSink, SegmentSink
from storage.spool_events import SpoolEvents
from storage.volume_writer import VolumeWriter
from tests.recorder.fakes import MemoryEvents, MemorySink


def _parameters(owner: type, method: str) -> list[tuple[str, object]]:
    return [(each.name, each.kind) for each in inspect.signature(getattr(owner, method)).parameters.values()]


@pytest.mark.parametrize("implementation", [MemorySink, VolumeWriter])
@pytest.mark.parametrize("method", ["open_segment", "append", "close_segment", "failed"])
def test_segments_can_be_handed_over_as_the_port_says(implementation: type, method: str) -> None:
    assert _parameters(implementation, method) == _parameters(SegmentSink, method)


@pytest.mark.parametrize("implementation", [MemoryEvents, SpoolEvents])
@pytest.mark.parametrize("method", ["gap", "clock"])
def test_events_can_be_told_as_the_port_says(implementation: type, method: str) -> None:
    assert _parameters(implementation, method) == _parameters(EventSink, method)
