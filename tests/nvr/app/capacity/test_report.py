"""The PDF for the council: two pages, whatever the plan, and what it must say."""

from datetime import date
from io import BytesIO
from itertools import pairwise

import pytest
from pypdf import PdfReader

from nvr.app.capacity.chart import chart_of
from nvr.app.capacity.measured import Measured, Recorded
from nvr.app.capacity.plan import plan
from nvr.app.capacity.prices import Disk, Phase, Prices, Status
from nvr.app.capacity.report import render
from nvr.app.figures import show_number, show_size
from nvr.base.catalogue import Language

TODAY = date(2026, 11, 23)
TOWN = Measured(TODAY, tuple(Recorded(f"c{n}", 43_200_000_000, 30, 15) for n in range(78)), (14 * 10**12,) * 9)
PHASES = tuple(
    Phase(
        name=f"Écoles « {number} », l'été",
        begins=date(2027, number + 1, 1),
        cameras=4,
        status=list(Status)[number % 4],
        points=tuple(map(str, range(40))) if number < 4 else (),
    )
    for number in range(8)
)


def pages(prices: Prices, language: Language = "fr", town: Measured = TOWN) -> list[str]:
    pdf = render("nvr.ville.example", town, plan(town, prices), prices, language)
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def test_report_has_two_pages_and_says_what_is_kept_and_what_is_to_be_bought() -> None:
    first, second = pages(Prices(disk=Disk(terabytes=8, euros=260), phase=PHASES))
    assert "nvr.ville.example, situation au 23/11/2026" in first
    assert "30 sur 30" in first
    assert "2 maintenant" in first
    assert "n'est pas encore autorisée" in first.replace("’", "'")
    assert "Écoles « 3 », l'été" in second.replace("’", "'").replace("\u202f", " ")
    assert "étudiée" in second
    assert "Non comptés, faute de prix : caméras, commutateurs, électricité" in " ".join(second.split())


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    "town", [TOWN, Measured(TODAY, (Recorded("c", 1, 1),), ()), Measured(TODAY, (Recorded("c", 10**12, 30),), (1,))]
)
def test_report_has_two_pages_for_the_smallest_and_the_poorest_town(town: Measured, language: Language) -> None:
    assert len(pages(Prices(), language, town)) == 2


def test_every_line_of_the_chart_stays_within_it_and_goes_from_left_to_right() -> None:
    found = chart_of(plan(TOWN, Prices(phase=PHASES)), "fr", str)
    assert found["title"] == "To"
    for name in ("need", "minimum", "room", "room_today"):
        line = found[name]
        assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in line)
        assert all(before[0] <= after[0] for before, after in pairwise(line))
    assert [each["label"] for each in found["ticks"]][:2] == ["50", "100"]


@pytest.mark.parametrize(
    ("language", "number", "size"), [("fr", "1\u202f234,5", "1,2\u202fTo"), ("en", "1\u202f234.5", "1.2\u202fTB")]
)
def test_numbers_are_written_as_the_language_does(language: Language, number: str, size: str) -> None:
    assert show_number(1234.5, language, 1) == number
    assert show_size(1_234_000_000_000, language) == size
