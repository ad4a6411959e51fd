import pytest

from access.cameras.places import describe, is_at
from storage.register.tables import Point

POINT = Point(
    point="p12",
    number="12 bis",
    address="1, place de la Mairie",
    streets="rue de l'Église; avenue du Général-Leclerc",
    view="vers le parvis",
)


@pytest.mark.parametrize(
    ("place", "there"),
    [
        ("p12", True),
        ("12 bis", True),
        ("12", False),
        ("Place de la MAIRIE", True),
        ("rue de l’église", True),
        ("general leclerc", True),
        ("leclerc", True),
        ("lec", False),
        ("rue", True),
        ("rue de la Paix", False),
        ("", False),
        ("—", False),
    ],
)
def test_words_mean_the_point(place: str, there: bool) -> None:
    assert is_at(place, POINT) == there


def test_point_is_described_in_words() -> None:
    assert describe(POINT) == "point 12 bis, 1, place de la Mairie, vers le parvis"


def test_point_without_address_is_found_by_its_number_alone() -> None:
    assert is_at("7", Point(point="p7", number="7", address=None, streets=None))
    assert not is_at("mairie", Point(point="p7", number="7", address=None, streets=None))
