"""What cameras need: by hand for simple towns, and what must hold of every plan."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nvr.app.capacity.measured import Measured, Recorded
from nvr.app.capacity.plan import plan
from nvr.app.capacity.prices import Camera, Disk, Network, Phase, Prices, Running, Status

TODAY = date(2026, 11, 23)
TERA = 10**12
USABLE = 970 * 10**9
FREE_OF_MARGIN = Prices(margin_percent=0, disk=Disk(terabytes=1, spare=0))


def town(cameras: int, *rooms: int, daily: int = 10**9, days: int = 30, minimum: int = 0) -> Measured:
    return Measured(TODAY, tuple(Recorded(f"c{n}", daily, days, minimum) for n in range(cameras)), rooms)


def phase(cameras: int, begins: date = TODAY, status: Status = Status.STUDIED, **more: Any) -> Phase:  # noqa: ANN401
    return Phase(name=f"{cameras} more", begins=begins, cameras=cameras, status=status, **more)


def test_disks_that_suffice_need_nothing() -> None:
    found = plan(town(10, 310 * 10**9), FREE_OF_MARGIN)
    (now,) = found.stages
    assert (now.need_bytes, now.disks_to_buy, now.days_kept) == (310 * 10**9, 0, 30)
    assert (found.kept_days, found.kept_days_after_loss, found.full_on) == (30, 0, None)


def test_days_that_fit_are_told_and_disks_are_bought_for_the_rest() -> None:
    found = plan(town(10, 155 * 10**9), FREE_OF_MARGIN)
    assert (found.kept_days, found.full_on) == (14, TODAY)
    assert (found.stages[0].disks_to_buy, found.stages[0].days_kept) == (1, 30)


def test_spare_disk_keeps_the_days_when_the_largest_dies() -> None:
    prices = FREE_OF_MARGIN.model_copy(update={"disk": Disk(terabytes=1, spare=1)})
    found = plan(town(10, 2 * 310 * 10**9), prices)
    assert (found.stages[0].disks_to_buy, found.kept_days_after_loss) == (1, 0)
    assert plan(town(10, 310 * 10**9, 310 * 10**9), prices).stages[0].disks_to_buy == 0


def test_margin_is_room_that_is_not_there() -> None:
    prices = FREE_OF_MARGIN.model_copy(update={"margin_percent": 100})
    assert plan(town(10, 310 * 10**9), prices).kept_days == 14


def test_camera_with_fewer_days_leaves_room_to_the_others() -> None:
    cameras = (Recorded("a", 10**9, 30), Recorded("b", 10**9, 5))
    found = plan(Measured(TODAY, cameras, (26 * 10**9,)), FREE_OF_MARGIN)
    assert found.kept_days == 19  # 20 days of a and 6 of b


def test_phase_fills_the_disks_as_many_days_after_its_beginning_as_there_is_room() -> None:
    begins = TODAY + timedelta(days=100)
    found = plan(town(10, 310 * 10**9 + 50 * 10**9), Prices(margin_percent=0, phase=(phase(10, begins),)))
    assert found.full_on == begins + timedelta(days=6)  # five days fit
    assert [each.cameras for each in found.stages] == [10, 20]
    assert found.stages[1].begins == begins


def test_installed_phase_is_measured_already() -> None:
    found = plan(town(10, TERA), Prices(phase=(phase(4, status=Status.INSTALLED),)))
    assert len(found.stages) == 1
    assert [each.cameras for each in found.installed] == [4]


def test_phase_whose_day_is_past_and_that_is_not_installed_begins_today() -> None:
    found = plan(town(10, TERA), Prices(phase=(phase(4, TODAY - timedelta(days=30)),)))
    assert found.stages[1].begins == TODAY


def test_cameras_to_come_bring_what_the_file_says_and_else_the_average() -> None:
    day = 86_400 * 125_000  # of one Mbit/s
    prices = Prices(camera=Camera(mbit=3), phase=(phase(2, mbit=5), phase(3)))
    found = plan(town(1, TERA, daily=7), prices)
    assert [each.daily_bytes for each in found.stages] == [7, 7 + 10 * day, 7 + 19 * day]
    assert plan(town(2, TERA, daily=7), Prices(), added=3).stages[1].daily_bytes == 5 * 7


def test_every_euro_and_watt_has_its_cause() -> None:
    prices = Prices(
        margin_percent=0,
        disk=Disk(terabytes=1, euros=200, watts=10, years=5, spare=0, free_bays=1),
        network=Network(switch_ports=8, switch_euros=80, switch_watts=20, years=8, link_mbit=100),
        camera=Camera(euros=1000, watts=5, years=10),
        running=Running(euros_per_kwh=0.5, server_watts=100, maintenance_percent=10),
        phase=(phase(62, subsidy_percent=50),),
    )
    now, then = plan(town(10, 310 * 10**9), prices).stages
    assert (now.running.watts, now.running.renewal) == (100 + 50 + 10 + 40, 1000 + 40 + 20)
    assert now.running.maintenance == (10_000 + 200 + 160) / 10
    assert now.running.electricity == 200 * 8766 / 1000 * 0.5
    assert now.running.a_year == now.running.renewal + now.running.maintenance + now.running.electricity
    assert (then.disks_to_buy, then.bays_missing, then.switches_to_buy) == (2, 1, 7)
    assert (then.bought, then.subsidy) == (62 * 1000 + 2 * 200 + 7 * 80, (62_000 + 400 + 560) / 2)
    assert round(then.network_percent, 6) == round(72 * 10**9 * 8 / 86_400 / 10**6, 6)


towns = st.builds(
    lambda sizes, rooms: Measured(TODAY, tuple(Recorded("c", size, days) for size, days in sizes), tuple(rooms)),
    st.lists(st.tuples(st.integers(1, 10**11), st.integers(1, 30)), min_size=1, max_size=20),
    st.lists(st.integers(0, 20 * TERA), max_size=6),
)
files = st.builds(
    lambda margin, spare, phases: Prices(margin_percent=margin, disk=Disk(spare=spare), phase=tuple(phases)),
    st.integers(0, 100),
    st.integers(0, 3),
    st.lists(st.builds(phase, st.integers(1, 50), st.dates(TODAY, TODAY + timedelta(days=900))), max_size=4),
)


@given(towns, files, st.integers(0, 40))
def test_what_is_bought_keeps_the_days_even_without_the_spare_disks(now: Measured, prices: Prices, added: int) -> None:
    found = plan(now, prices, added)
    rooms = list(now.rooms_bytes)
    for stage in found.stages:
        rooms += [8 * USABLE] * stage.disks_to_buy
        left = sorted(rooms)[: len(rooms) - prices.disk.spare] if prices.disk.spare < len(rooms) else []
        assert sum(left) >= stage.need_bytes
        assert (stage.disks, stage.room_bytes) == (len(rooms), sum(rooms))
        assert stage.days_kept == max(each.days for each in now.cameras)
    assert found.stages[-1].cameras == len(now.cameras) + added + sum(each.cameras for each in prices.phase)


@given(towns, files)
def test_months_follow_the_calendar_and_disks_are_full_when_more_is_needed(now: Measured, prices: Prices) -> None:
    found = plan(now, prices)
    days = [each.day for each in found.months]
    assert days[0] == TODAY
    assert all(each.day == 1 for each in days[1:])
    assert (found.full_on == TODAY) == (found.months[0].need_bytes > found.months[0].room_today_bytes)
    assert all(each.need_bytes >= each.minimum_bytes for each in found.months)
