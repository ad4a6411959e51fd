"""How much of a volume recording needs free."""

from storage.keeping.surveys import reserve_of
from storage.volume import Space


def test_reserve_is_never_more_than_a_twentieth_of_the_volume() -> None:
    assert reserve_of(Space(free_bytes=0, total_bytes=1000), 30) == 30
    assert reserve_of(Space(free_bytes=0, total_bytes=1000), 80) == 50
