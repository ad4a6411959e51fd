"""What there is of a place is told by a running system, by the real commands, and while parts of it are away."""

import os
import subprocess
from datetime import UTC, datetime
from typing import Any

import pytest

from nvr.app.demo.processes import command_line
from nvr.base.units import US_PER_SECOND
from tests.acceptance.conftest import Town

pytestmark = pytest.mark.timeout(300)

MINUTE_US = 60 * US_PER_SECOND


def scope(town: Town) -> tuple[str, ...]:
    """The last minutes at the first camera's place, as its town might write it."""
    now = town.stage.clock.utc_us()
    begin, end = (
        datetime.fromtimestamp(at // US_PER_SECOND, UTC).isoformat() for at in (now - 30 * MINUTE_US, now + MINUTE_US)
    )
    return "--place", "1 DEMO-STREET", "--from", begin, "--to", end


def asked(town: Town, person: str = "officer") -> dict[str, Any]:
    told: dict[str, Any] = town.stage.processes.answer(
        "export" if person == "officer" else "admin", *town.stage.as_person(person), "footage", *scope(town)
    )
    return told


def test_footage_of_a_place_is_told_with_its_countdown_and_who_holds_it(town: Town) -> None:
    stage = town.stage
    stage.until(
        "a segment is sealed", lambda: "recorded" in asked(town)["cameras"][0]["coverage"]["totals_us"], seconds=90
    )
    told = asked(town)
    (camera,) = told["cameras"]
    assert (camera["camera"], [one["matched"] for one in camera["placements"]]) == ("cam1", [["1 demo street"]])
    totals = camera["coverage"]["totals_us"]
    assert sum(totals.values()) == told["to_utc_us"] - told["from_utc_us"]
    assert {"recorded", "no camera there", "to come"} <= totals.keys()
    assert (camera["countdown"]["state"], camera["countdown"]["held"]) == ("counting", "none")
    made = stage.processes.answer(
        "export", *stage.as_person("officer"), "requisition", "new", *scope(town), "--asked-by", "OPJ"
    )
    assert made["countdown"]["held"] == "whole"
    (by_number,), (unnamed,) = asked(town)["overlaps"], asked(town, "admin")["overlaps"]
    assert (by_number["requisition"], unnamed["requisition"], unnamed["keeps"]) == (made["requisition"], None, True)
    with town.without("keeper"):
        away = asked(town)["cameras"][0]
    assert away["countdown"]["held"] in {"whole", "part"}


@pytest.mark.parametrize(
    ("language", "parts"),
    [("fr", ("détruit dans", "heure locale, UTC+", "existe")), ("en", ("destroyed in", "local time, UTC+", "there"))],
)
def test_person_reads_it_in_words(town: Town, language: str, parts: tuple[str, ...]) -> None:
    done = subprocess.run(
        command_line("admin", *town.stage.as_person("admin"), "footage", *scope(town), "--lang", language),
        env={**os.environ, "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for part in parts:
        assert part in done.stdout
