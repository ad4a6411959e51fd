from itertools import pairwise

from nvr.base.units import US_PER_SECOND
from nvr.sim.radio import Radio, RadioLink

CALM = Radio(jitter_us=1, loss=0.0, pause_every_us=10**12)


def arrivals(link: RadioLink, count: int, *, every_us: int, size: int) -> list[int]:
    return [link.arrival_us(number * every_us, size) - number * every_us for number in range(count)]


def test_calm_link_takes_its_time_and_no_longer() -> None:
    delays = arrivals(RadioLink(CALM, seed=1), 100, every_us=US_PER_SECOND, size=3000)
    assert all(380_000 <= delay < 380_100 for delay in delays)


def test_what_is_too_much_for_the_link_waits_ever_longer() -> None:
    delays = arrivals(RadioLink(CALM, seed=1), 60, every_us=US_PER_SECOND, size=75_000)
    assert all(later > earlier for earlier, later in pairwise(delays))
    assert delays[-1] > 59 * US_PER_SECOND


def test_pause_holds_everything_back_and_nothing_overtakes() -> None:
    link = RadioLink(Radio(), seed=7)
    sent = [number * 100_000 for number in range(12_000)]
    arrived = [link.arrival_us(at, 1500) for at in sent]
    assert arrived == sorted(arrived)
    assert link.pauses >= 3
    assert max(later - earlier for earlier, later in pairwise(arrived)) >= 5 * US_PER_SECOND


def test_same_seed_gives_the_same_link() -> None:
    one, other = (arrivals(RadioLink(Radio(), seed=3), 500, every_us=100_000, size=2000) for _ in range(2))
    assert one == other
