import pytest

from access.export.leading import undecodable_first
from storage.records import RandomAccess

NONE, IDR, CRA, RECOVERY = RandomAccess.NONE, RandomAccess.IDR, RandomAccess.CRA, RandomAccess.RECOVERY_POINT
PTS = [30, 10, 20, 60, 40, 50]


def _sample(kind: int) -> bytes:
    """An access unit of H.265: SEI, then a slice of this kind."""
    return b"".join(len(nal).to_bytes(4, "big") + nal for nal in (b"\x4e\x01\x05", bytes((kind << 1, 1, 0x80))))


@pytest.mark.parametrize(
    ("random_access", "kinds", "found"),
    [
        (CRA, [21, 9, 8, 1, 0, 0], (1, 2)),
        (CRA, [21, 7, 9, 1, 0, 0], (2,)),
        (CRA, [16, 9, 9, 1, 0, 0], (1, 2)),
        (CRA, [21, 9], (1,)),
        (RECOVERY, [1, 0, 0, 1, 0, 0], (1, 2)),
        (IDR, [19, 7, 7, 1, 0, 0], ()),
        (NONE, [1, 0, 0, 1, 0, 0], ()),
    ],
    ids=["skipped", "one decodes", "broken link", "cut", "recovery point", "idr", "continuation"],
)
def test_pictures_before_the_random_access_point_are_told_by_kind(
    random_access: RandomAccess, kinds: list[int], found: tuple[int, ...]
) -> None:
    samples = [memoryview(_sample(kind)) for kind in kinds]
    assert undecodable_first(random_access, PTS, samples) == found


def test_sample_without_a_slice_is_not_named() -> None:
    assert undecodable_first(CRA, [20, 10], [_sample(21), b"\0\0\0\x03\x4e\x01\x05"]) == ()
