import random

from nvr.base.backoff import HEALTHY_RUN_US, Backoff


def test_delay_grows_to_its_ceiling_and_stays_there() -> None:
    backoff = Backoff(first_s=1, most_s=8, rng=random.Random(1))
    delays_s = [backoff.next_delay_s() for _ in range(8)]
    for delay_s, ceiling_s in zip(delays_s, [1, 2, 4, 8, 8, 8, 8, 8], strict=True):
        assert ceiling_s / 2 <= delay_s <= ceiling_s


def test_cameras_that_fail_together_do_not_come_back_together() -> None:
    delays_s = {Backoff(rng=random.Random(seed)).next_delay_s() for seed in range(100)}
    assert len(delays_s) == 100


def test_healthy_run_starts_again_from_the_shortest_delay_and_a_short_one_does_not() -> None:
    backoff = Backoff(first_s=1, most_s=60, rng=random.Random(2))
    for _ in range(5):
        backoff.next_delay_s()
    backoff.ran_for(HEALTHY_RUN_US - 1)
    assert backoff.next_delay_s() > 2
    backoff.ran_for(HEALTHY_RUN_US)
    assert backoff.next_delay_s() <= 1


def test_length_of_a_healthy_run_may_be_set() -> None:
    backoff = Backoff(healthy_us=5, rng=random.Random(2))
    for _ in range(5):
        backoff.next_delay_s()
    backoff.ran_for(5)
    assert backoff.next_delay_s() <= 1
