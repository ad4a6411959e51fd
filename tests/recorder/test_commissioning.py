from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from nvr.base.clock import SystemClock
from nvr.base.units import US_PER_SECOND, UtcUs
from nvr.sim.server import Simulator
from recorder.commissioning import left_of_commissioning
from recorder.status import State
from storage.records import GapCause
from storage.snapshot import MOST_COMMISSIONING_S, CameraEntry
from tests.recorder.city import OTHER, SMALL, City, city, entry

NOW = UtcUs(1_790_000_000_000_000)
MOST_US = MOST_COMMISSIONING_S * US_PER_SECOND
instants = st.one_of(st.none(), st.integers(-(10**15), 10**15).map(lambda us: UtcUs(NOW + us)))


@given(instants, instants)
def test_no_snapshot_whatever_it_says_stops_recording_for_longer_than_a_working_day(
    begin: UtcUs | None, end: UtcUs | None
) -> None:
    assert 0 <= left_of_commissioning(begin, end, NOW) <= MOST_US + 5 * US_PER_SECOND


def test_what_is_over_or_far_ahead_stops_nothing() -> None:
    minute = 60 * US_PER_SECOND
    assert left_of_commissioning(UtcUs(NOW - 2 * minute), UtcUs(NOW - 1), NOW) == 0
    assert left_of_commissioning(UtcUs(NOW + minute), UtcUs(NOW + 2 * minute), NOW) == 0
    assert left_of_commissioning(UtcUs(NOW + US_PER_SECOND), UtcUs(NOW + minute), NOW) == minute
    assert left_of_commissioning(NOW, None, NOW) == left_of_commissioning(None, NOW, NOW) == 0


def plays(town: City) -> int:
    return sum(request.method == "PLAY" for request in town.sim.requests("cam1"))


def commissioned(sim: Simulator, seconds: float, begun: int) -> CameraEntry:
    until = UtcUs(begun + round(seconds * US_PER_SECOND))
    return replace(entry(sim, SMALL), commissioned_from_utc_us=UtcUs(begun), commissioned_until_utc_us=until)


async def test_camera_is_left_alone_and_recorded_again_by_itself() -> None:
    """Nobody tells the recorder of the end: it has it from the beginning on."""
    async with city(SMALL, OTHER) as town:
        await town.recorded("cam1", 40)
        now = town.clock.utc_us()
        town.shard.apply([commissioned(town.sim, 3, now), entry(town.sim, OTHER)])
        await town.until(lambda: town.status("cam1").state is State.COMMISSIONING)
        assert town.status("cam1").next_attempt_utc_us == now + 3 * US_PER_SECOND
        sessions = plays(town)
        others = town.status("cam2").frames
        await town.until(lambda: town.status("cam1").state is State.RECORDING)
        assert plays(town) == sessions + 1
        assert town.status("cam2").frames > others
        assert town.status("cam2").reconnects == 0
        await town.end()
    gaps = town.events.of("cam1")
    (aimed,) = [gap for gap in gaps if gap.detail == "commissioning"]
    assert aimed.cause is GapCause.STOPPED
    assert aimed.to_utc_us is not None
    assert 0 <= aimed.to_utc_us - now - 3 * US_PER_SECOND < US_PER_SECOND
    assert not [
        record
        for record in town.sink.records("cam1")
        if aimed.from_utc_us < record.start_utc_us < (aimed.to_utc_us or 0)
    ]


async def test_end_before_its_time_records_at_once_and_the_gap_keeps_its_reason() -> None:
    async with city(SMALL, entries=lambda sim: [commissioned(sim, 3600, SystemClock().utc_us())]) as town:
        await town.until(lambda: town.status("cam1").state is State.COMMISSIONING)
        assert not town.sim.requests("cam1")
        now = town.clock.utc_us()
        town.shard.apply([commissioned(town.sim, 0, now)])
        await town.recorded("cam1", 10)
        await town.end()
    aimed = [gap for gap in town.events.of("cam1") if gap.detail == "commissioning"]
    assert [gap.cause for gap in aimed] == [GapCause.STOPPED]
    assert aimed[0].to_utc_us is not None


async def test_gap_says_from_its_beginning_on_that_the_camera_is_aimed() -> None:
    """A recorder that dies meanwhile tells no end of it: what was told first is then all that is known."""
    async with city(SMALL) as town:
        await town.recorded("cam1", 10)
        town.shard.apply([commissioned(town.sim, 3600, town.clock.utc_us())])
        await town.until(lambda: town.status("cam1").state is State.COMMISSIONING)
        begun = town.events.told[-1]
        assert (begun.cause, begun.detail, begun.to_utc_us) == (GapCause.STOPPED, "commissioning", None)
