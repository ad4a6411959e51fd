"""Own files and copies of others lie on one volume: a check looks at each of them once, page by page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from storage.index.rows import ToCheck
from storage.index.writer import Index
from storage.keeping.checked_files import extent_of, files_to_check
from storage.ledger.machine import Body, Copied, Missing
from tests.storage.index.entries import leaves
from tests.storage.ledger.samples import NOW_UTC_US, seal, uuid

EVIDENCE: Final = uuid(0x301)
OF_ALL: Final = ToCheck(EVIDENCE, frozenset(), 0, 2 * NOW_UTC_US)
NAMES: Final = [uuid(number) for number in range(1, 7)]


def missing(number: int) -> Body:
    volume = seal(number).volume
    return Missing(seg=uuid(number), camera="hall-1", start_utc_us=1, end_utc_us=2, why="gone", volume=volume)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """Six segments with a copy each; of the second and the fifth the copy is the file by now."""
    seals: list[Body] = [seal(number) for number in range(1, 7)]
    opened = Index(tmp_path / "index.db")
    opened.apply(leaves([*seals, Copied(volume=EVIDENCE, segs=tuple(NAMES)), missing(2), missing(5)]))
    yield opened
    opened.close()


@pytest.mark.parametrize("limit", [1, 2, 4, 9])
def test_every_file_is_looked_at_once_and_in_order_whatever_fits_a_page(index: Index, limit: int) -> None:
    seen, after = list[str](), ""
    while rows := files_to_check(index, OF_ALL, after, limit):
        assert len(rows) <= limit
        seen += [row.seg for row in rows]
        after = seen[-1]
    assert seen == NAMES


def test_extent_counts_what_the_pages_give(index: Index) -> None:
    size = seal().file_bytes
    assert extent_of(index, OF_ALL, "") == (6, 6 * size)
    assert extent_of(index, OF_ALL, uuid(4)) == (2, 2 * size)
