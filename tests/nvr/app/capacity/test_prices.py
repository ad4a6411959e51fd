"""The town's figures: every fault is named with its line and key."""

from pathlib import Path

import pytest

from config.load import parse_as, read_as
from nvr.app.capacity.prices import Prices, Status
from nvr.base.errors import ConfigError

EXAMPLE = Path(__file__).resolve().parents[4] / "config" / "prices.example.toml"


def test_example_is_a_file_of_prices() -> None:
    found = read_as(Prices, EXAMPLE)
    assert [each.status for each in found.phase] == [Status.INSTALLED, Status.AUTHORISED, Status.STUDIED]
    assert found.phase[1].points == ("12", "13", "14")


def test_empty_file_prices_nothing() -> None:
    assert parse_as(Prices, "", Path("p.toml")) == Prices()


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("[disk]\neuro = 3\n", 2, "disk.euro"),
        ("[disk]\neuros = -3\n", 2, "disk.euros"),
        ("[disk]\neuros = nan\n", 2, "disk.euros"),
        ("[disk]\nterabytes = 0\n", 2, "disk.terabytes"),
        ('[[phase]]\nname = "a"\nbegins = 2027-02-30\n', 3, None),
        ('[[phase]]\nname = "a"\nbegins = 2027-02-01\ncameras = 2.5\nstatus = "studied"\n', 4, "phase[0].cameras"),
        ('[[phase]]\nname = "a"\nbegins = 2027-02-01\ncameras = 2\nstatus = "soon"\n', 5, "phase[0].status"),
    ],
)
def test_wrong_value_is_named_with_its_line_and_key(text: str, line: int, key: str | None) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_as(Prices, text, Path("p.toml"))
    assert (raised.value.fields["line"], raised.value.fields.get("key")) == (line, key)
