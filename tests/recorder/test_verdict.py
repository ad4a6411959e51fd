from dataclasses import replace

import pytest

from nvr.base.catalogue import Language
from recorder.errors import Cause
from recorder.measuring import Measured
from recorder.onvif.examining import Examined
from recorder.onvif.media import Profile
from recorder.verdict import Decree, Finding, Level, Sessions, decree, findings, level, of_device
from tests.texts import catalogue

GOOD = Measured("avc1.4d001f", 1920, 1080, 250, 10_000, 25_000, 2000, 4_000_000, 0, sound=False, clock_offset_us=9000)
ALONE = Sessions(recorded=False, recording_lost=False)


@pytest.mark.parametrize(
    ("width", "height", "fps_milli", "verdict"),
    [
        (704, 576, 12_000, Decree.NARROW),
        (704, 576, 11_980, Decree.NARROW),
        (704, 576, 11_900, Decree.WIDE),
        (576, 704, 12_000, Decree.NARROW),
        (960, 540, 25_000, Decree.WIDE),
        (703, 576, 25_000, Decree.WIDE),
        (352, 288, 6_000, Decree.WIDE),
        (352, 288, 5_900, Decree.BELOW),
        (1920, 1080, 5_000, Decree.BELOW),
        (320, 240, 25_000, Decree.BELOW),
    ],
)
def test_verdict_is_that_of_the_norm(width: int, height: int, fps_milli: int, verdict: Decree) -> None:
    assert decree(replace(GOOD, width=width, height=height, fps_milli=fps_milli)) is verdict
    assert decree(None) is Decree.UNKNOWN


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, []),
        ({"clock_offset_us": 1_000_000}, []),
        ({"clock_offset_us": -1_000_001}, ["test-clock-off"]),
        ({"clock_offset_us": None}, []),
        ({"sound": True}, ["test-sound"]),
        ({"sound": None}, ["test-sound-unknown"]),
        ({"lost": 3}, ["test-packets-lost"]),
        ({"lost": None}, ["test-lost-unknown"]),
        ({"key_interval_ms": 5001}, ["test-keys-rare"]),
        ({"key_interval_ms": None}, ["test-keys-none"]),
        (
            {"sound": True, "lost": 1, "width": 320, "height": 240},
            ["test-decree-below", "test-packets-lost", "test-sound"],
        ),
    ],
)
def test_what_is_amiss_is_found_and_the_worst_stands_first(change: dict[str, object], found: list[str]) -> None:
    measured = replace(GOOD, **change)  # type: ignore[arg-type]
    assert [finding.id for finding in findings(measured, None, ALONE)] == found


def test_refused_session_beside_a_recording_is_no_failure_of_the_camera() -> None:
    (finding,) = findings(None, Cause.REJECTED, Sessions(recorded=True, recording_lost=False))
    assert (finding.level, finding.id) == (Level.WARNING, "test-one-session")
    assert [each.id for each in findings(None, Cause.REJECTED, ALONE)] == ["cause-rejected"]


def test_device_that_its_recording_has_open_is_not_said_to_refuse_a_session() -> None:
    (finding,) = findings(None, Cause.IN_USE, Sessions(recorded=True, recording_lost=False))
    assert (finding.level, finding.id) == (Level.WARNING, "test-in-use")
    assert [each.id for each in findings(None, Cause.IN_USE, ALONE)] == ["cause-in-use"]


def test_recording_that_the_test_cost_is_told() -> None:
    (finding,) = findings(GOOD, None, Sessions(recorded=True, recording_lost=True))
    assert finding.id == "test-recording-lost"


def test_notes_alone_leave_a_camera_good() -> None:
    note, warning = Finding(Level.NOTE, "a", {}), Finding(Level.WARNING, "b", {})
    assert level((note,)) is None
    assert level((warning, note)) is Level.WARNING


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_cause_has_its_words_and_its_remedy(language: Language) -> None:
    texts = catalogue(language)
    for cause in Cause:
        assert texts[f"cause-{cause.value}"].todo


LARGE = Profile("m", "main", "1", "H264", 3840, 2160, 25_000)
NO_CLOCK = replace(GOOD, clock_offset_us=None)


@pytest.mark.parametrize(
    ("examined", "measured", "found"),
    [
        (Examined(), GOOD, []),
        (Examined(), NO_CLOCK, ["test-clock-unknown"]),
        (Examined(), None, []),
        (Examined(clock_offset_us=-90_000_000), GOOD, []),
        (Examined(clock_offset_us=-90_000_000), NO_CLOCK, ["test-clock-off"]),
        (Examined(clock_offset_us=-90_000_000), None, ["test-clock-off"]),
        (Examined(clock_offset_us=1_900_000), NO_CLOCK, []),
        (Examined(cause=Cause.UNAUTHORIZED), GOOD, ["test-onvif-unauthorized"]),
        (Examined(cause=Cause.REFUSED), GOOD, []),
        (Examined(largest=LARGE), GOOD, ["test-onvif-larger"]),
        (Examined(largest=replace(LARGE, width=GOOD.width, height=GOOD.height + 8)), GOOD, []),
    ],
)
def test_words_of_the_device_add_what_the_stream_does_not_tell(
    examined: Examined, measured: Measured | None, found: list[str]
) -> None:
    assert [finding.id for finding in of_device(examined, measured)] == found
