import threading

import pytest

from nvr.base.bounded import BoundedQueue


def test_queue_without_a_bound_is_refused() -> None:
    with pytest.raises(ValueError, match="bound"):
        BoundedQueue[int](limit_bytes=0)


def test_offer_is_refused_past_the_bound_and_counted() -> None:
    queue = BoundedQueue[str](limit_bytes=10)
    assert queue.offer("a", 6)
    assert not queue.offer("b", 5)
    assert queue.offer("c", 4)
    statistics = queue.statistics()
    assert (statistics.items, statistics.held_bytes, statistics.refused, statistics.peak_bytes) == (
        2,
        10,
        1,
        10,
    )


def test_empty_queue_takes_an_item_larger_than_its_bound() -> None:
    queue = BoundedQueue[str](limit_bytes=10)
    assert queue.offer("large", 100)
    assert not queue.offer("small", 1)
    assert queue.take() == "large"
    assert queue.offer("small", 1)


def test_room_that_was_found_is_still_there_behind_a_control_item() -> None:
    queue = BoundedQueue[str](limit_bytes=10)
    assert queue.has_room(100)
    queue.insist("begin")
    assert queue.offer("large", 100)
    assert not queue.has_room(1)
    assert queue.statistics().refused == 1


def test_bound_that_is_lowered_costs_nothing_that_waits() -> None:
    queue = BoundedQueue[str](limit_bytes=10)
    queue.offer("eight", 8)
    queue.set_limit(4)
    assert not queue.offer("one", 1)
    assert queue.take() == "eight"
    queue.set_limit(20)
    assert queue.offer("twenty", 20)
    with pytest.raises(ValueError, match="positive"):
        queue.set_limit(0)


def test_control_item_passes_a_full_queue_in_its_order() -> None:
    queue = BoundedQueue[str](limit_bytes=1)
    queue.offer("data", 1)
    queue.insist("control")
    assert [queue.take(), queue.take()] == ["data", "control"]


def test_closed_queue_gives_what_is_left_and_then_none() -> None:
    queue = BoundedQueue[str](limit_bytes=10)
    queue.offer("left", 1)
    queue.close()
    assert not queue.offer("late", 1)
    with pytest.raises(ValueError, match="closed"):
        queue.insist("late")
    assert queue.take() == "left"
    assert queue.take() is None


def test_consumer_that_waits_is_woken_by_an_item_and_by_the_end() -> None:
    queue = BoundedQueue[int](limit_bytes=10)
    taken: list[int | None] = []
    consumer = threading.Thread(target=lambda: taken.extend([queue.take(), queue.take()]))
    consumer.start()
    queue.offer(7, 1)
    queue.close()
    consumer.join(timeout=10)
    assert taken == [7, None]


def test_take_gives_none_when_its_time_is_over() -> None:
    assert BoundedQueue[int](limit_bytes=1).take(timeout_s=0) is None
