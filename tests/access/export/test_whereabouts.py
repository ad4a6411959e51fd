from dataclasses import dataclass

import pytest

from access.export.manifest import PlaceEntry
from access.export.whereabouts import Interval, whereabouts
from nvr.base.units import US_PER_SECOND

NOON = 1_790_000_000_000_000  # 21 September 2026, 14:13:20 UTC
HOUR = 3600 * US_PER_SECOND


@dataclass(frozen=True)
class At:
    """A placement by hours from the beginning of the interval."""

    begin: float
    end: float | None
    text: str
    late: bool = False

    def entry(self, camera: str = "mobile-2") -> PlaceEntry:
        return PlaceEntry(
            camera=camera,
            from_utc_us=NOON + round(self.begin * HOUR),
            to_utc_us=None if self.end is None else NOON + round(self.end * HOUR),
            text=self.text,
            entered_late=self.late,
            lat_e7=None,
            lon_e7=None,
        )


def told(*places: At) -> list[str]:
    entries = [place.entry() for place in places]
    return whereabouts(entries, Interval(["mobile-2"], NOON, NOON + 2 * HOUR), "fr").splitlines()


def test_camera_that_stood_still_has_the_whole_interval() -> None:
    head, line = told(At(-99, None, "point 40, halles"))
    assert head == "  mobile-2"
    assert line == "    du 2026-09-21 14:13:20 UTC au 2026-09-21 16:13:20 UTC : point 40, halles"


def test_camera_that_moved_is_at_one_place_after_the_other_and_what_was_entered_later_says_so() -> None:
    _, first, *second = told(At(0.5, None, "point 41", late=True), At(-1, 0.5, "point 40"))
    assert first.endswith("14:43:20 UTC : point 40")
    assert " ".join(line.strip() for line in second).startswith(
        "du 2026-09-21 14:43:20 UTC au 2026-09-21 16:13:20 UTC : point 41. SAISI APRÈS COUP"
    )


@pytest.mark.parametrize(
    ("places", "unknown"),
    [
        ((), ["14:13:20 UTC au 2026-09-21 16:13:20"]),
        ((At(-2, -1, "before"), At(2, None, "after")), ["14:13:20 UTC au 2026-09-21 16:13:20"]),
        ((At(0.5, 1, "between"),), ["14:13:20 UTC au 2026-09-21 14:43:20", "15:13:20 UTC au 2026-09-21 16:13:20"]),
    ],
)
def test_every_minute_without_a_placement_is_told(places: tuple[At, ...], unknown: list[str]) -> None:
    nowhere = [line for line in told(*places) if line.endswith("aucune implantation n'est inscrite au registre")]
    assert [line.removeprefix("    du 2026-09-21 ").split(" UTC : ")[0] for line in nowhere] == unknown


def test_each_camera_has_its_own_block_with_its_coordinates_and_no_line_is_too_wide() -> None:
    west = (
        At(-1, None, "point 7, " + "rue de l'Église " * 20)
        .entry("a")
        .model_copy(update={"lat_e7": 486_293_000, "lon_e7": -5})
    )
    text = whereabouts([west], Interval(["a", "b"], NOON, NOON + HOUR), "en")
    assert "WGS 84 48.6293000 -0.0000005" in " ".join(text.split())
    assert text.splitlines()[-2:] == [
        "  b",
        "    2026-09-21 14:13:20 UTC to 2026-09-21 15:13:20 UTC: the register has no placement",
    ]
    assert max(map(len, text.splitlines())) <= 120
