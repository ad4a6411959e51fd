from nvr.base.units import US_PER_SECOND
from recorder.meter import Meter


def test_rate_is_smoothed_and_silence_is_counted() -> None:
    meter = Meter(0)
    meter.bytes_read += 1000
    meter.tick(US_PER_SECOND)
    assert (meter.bitrate_bps, meter.quiet_ticks) == (8000, 0)
    meter.tick(US_PER_SECOND)  # the same instant tells nothing
    assert meter.quiet_ticks == 0
    meter.tick(2 * US_PER_SECOND)
    meter.tick(3 * US_PER_SECOND)
    assert (meter.bitrate_bps, meter.quiet_ticks) == (4500, 2)
    meter.bytes_read += 1
    meter.tick(4 * US_PER_SECOND)
    assert meter.quiet_ticks == 0
