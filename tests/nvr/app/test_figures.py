"""Numbers, sizes and days as each language writes them."""

from datetime import date

import pytest

from nvr.app.figures import show_day, show_number, show_size
from nvr.base.catalogue import Language


@pytest.mark.parametrize(
    ("language", "number", "size", "day"),
    [
        ("fr", "12\u202f345,7", "1,5\u202fTo", "24/11/2026"),
        ("en", "12\u202f345.7", "1.5\u202fTB", "2026-11-24"),
    ],
)
def test_figures_are_written_as_the_language_does(language: Language, number: str, size: str, day: str) -> None:
    assert show_number(12_345.67, language, 1) == number
    assert show_size(1_500_000_000_000, language) == size
    assert show_day(date(2026, 11, 24), language) == day
