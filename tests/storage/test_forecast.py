"""When disks run short: by hand for simple towns, and what must hold of every forecast."""

from hypothesis import given
from hypothesis import strategies as st

from nvr.base.units import US_PER_DAY, UtcUs
from storage.forecast import HORIZON_DAYS, Load, Stock, forecast
from storage.retention import Rules
from tests.storage.test_retention import CAMERA, START, order, rules

MIDNIGHT = START // US_PER_DAY * US_PER_DAY
RULES = rules(order(15, 5))


def days_of_stock(days: int, size: int = 100, held: int = 0) -> list[Stock]:
    """So many whole days before MIDNIGHT."""
    return [Stock(CAMERA, UtcUs(MIDNIGHT - day * US_PER_DAY), size, held) for day in range(1, days + 1)]


def load(
    free: int, stock: list[Stock] | None = None, *, daily: int = 100, reserve: int = 0, volume: str = "/srv/a"
) -> Load:
    return Load(volume, free, reserve, stock or [], {CAMERA: daily})


def pressure_days(one: Load, the_rules: Rules = RULES) -> float | None:
    """In how many days; None: not within the horizon."""
    (found,) = forecast([one], the_rules, MIDNIGHT).volumes
    return None if found.pressure_utc_us is None else (found.pressure_utc_us - MIDNIGHT) / US_PER_DAY


def full_days(one: Load, the_rules: Rules = RULES) -> float | None:
    (found,) = forecast([one], the_rules, MIDNIGHT).volumes
    return None if found.full_utc_us is None else (found.full_utc_us - MIDNIGHT) / US_PER_DAY


def test_new_disk_fills_before_anything_is_due() -> None:
    assert pressure_days(load(1_050)) == 10.5
    assert pressure_days(load(1_050, reserve=50)) == 10
    assert pressure_days(load(0, reserve=50)) == 0


def test_disk_on_which_as_much_becomes_due_as_comes_is_never_short() -> None:
    assert pressure_days(load(150, days_of_stock(16))) is None


def test_what_is_held_is_not_due_and_makes_room_short() -> None:
    held = days_of_stock(16, held=100)
    assert pressure_days(load(150, held)) == 1.5
    (found,) = forecast([load(150, held)], RULES, MIDNIGHT).volumes
    assert (found.due_bytes, found.daily_bytes, found.free_bytes) == (0, 100, 150)
    (found,) = forecast([load(150, days_of_stock(16))], RULES, MIDNIGHT).volumes
    assert found.due_bytes == 700


def test_more_cameras_than_the_disk_bears_are_told_before_the_minimum_is_missed() -> None:
    assert full_days(load(700)) is None
    assert full_days(load(550)) == 5.5
    found = forecast([load(550)], RULES, MIDNIGHT)
    assert found.minimum_at_risk_utc_us == found.volumes[0].full_utc_us


def test_footage_without_a_minimum_may_all_go() -> None:
    assert full_days(load(150), rules(order(15))) is None
    assert full_days(load(150), rules()) is None


def test_minimum_is_at_risk_only_when_no_disk_has_room_for_it() -> None:
    small, large = load(300), load(10_000, daily=10, volume="/srv/b")
    found = forecast([small, large], RULES, MIDNIGHT)
    assert found.volumes[0].full_utc_us is not None
    assert found.minimum_at_risk_utc_us is None


def test_town_without_disks_has_no_forecast() -> None:
    found = forecast([], RULES, MIDNIGHT)
    assert (found.volumes, found.minimum_at_risk_utc_us) == ((), None)


sizes = st.integers(0, 500)


@given(
    free=sizes,
    reserve=st.integers(0, 100),
    stock=st.lists(st.tuples(st.integers(1, 40), sizes, st.integers(0, 1)), max_size=12),
    daily=sizes,
    days=st.integers(1, 31),
    minimum=st.integers(0, 31),
    more=st.integers(0, 1000),
)
def test_pressure_comes_before_the_disk_is_full_and_more_room_never_brings_either_earlier(
    free: int,
    reserve: int,
    stock: list[tuple[int, int, int]],
    daily: int,
    days: int,
    minimum: int,
    more: int,
) -> None:
    the_rules = rules(order(days, minimum))
    kept = [
        Stock(CAMERA, UtcUs(MIDNIGHT - ago * US_PER_DAY), size, size * held) for ago, size, held in stock if ago <= days
    ]
    one = load(free, kept, daily=daily, reserve=reserve)
    wider = load(free + more, kept, daily=daily, reserve=reserve)
    never = HORIZON_DAYS + 1
    first, last = (never if at is None else at for at in (pressure_days(one, the_rules), full_days(one, the_rules)))
    assert 0 <= first <= last
    later = (never if at is None else at for at in (pressure_days(wider, the_rules), full_days(wider, the_rules)))
    assert all(after >= before for after, before in zip(later, (first, last), strict=True))
