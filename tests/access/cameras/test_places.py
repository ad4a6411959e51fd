import pytest
from sqlalchemy.orm import Session

from access.cameras.place_names import bare
from access.cameras.places import (
    MOST_SUGGESTIONS,
    cameras_at,
    cameras_named,
    describe,
    is_at,
    matches,
    points_at,
    suggestions,
)
from nvr.base.units import UtcUs
from storage.register.tables import Point
from tests.access.world import DAY_US, HOUR_US, NOW_UTC_US, World

POINT = Point(
    point="p12",
    number="12 bis",
    address="1, place de la Mairie",
    streets="rue de l'Église; avenue du Général-Leclerc",
    view="vers le parvis",
    district="Centre",
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


@pytest.mark.parametrize(
    ("place", "texts"),
    [
        ("p12", ()),
        ("point 12 bis", ()),
        ("quartier centre", ()),
        ("3 rue de l'Église", ("rue de l'Église",)),
        ("pl. de la mairie", ("1, place de la Mairie",)),
        ("angle r. de l'église et av. du Gal Leclerc", ("rue de l'Église", "avenue du Général-Leclerc")),
        ("angle rue de l'église et rue de la Paix", None),
        ("l'Église; avenue", ("1, place de la Mairie", "rue de l'Église; avenue du Général-Leclerc")),
    ],
)
def test_point_says_by_which_of_its_texts_it_is_meant(place: str, texts: tuple[str, ...] | None) -> None:
    assert matches(place, POINT) == texts


async def test_several_matches_are_all_found_and_the_nomadic_camera_where_it_stood_then(town: World) -> None:
    await town.act("root", "point.add", point="p13", number="13", streets="r. de l'Eglise", district="Centre")
    await town.act("root", "camera.add", camera="nomad", url="rtsp://192.0.2.2/live", kind="nomadic", point="p13")
    town.clock.advance(DAY_US)
    await town.act("root", "point.add", point="p14", number="14", address="quai Neuf")
    await town.act("root", "camera.move", camera="nomad", point="p14")
    town.clock.advance(DAY_US)
    first, second = (NOW_UTC_US, NOW_UTC_US + HOUR_US), (NOW_UTC_US + DAY_US + 1, NOW_UTC_US + 2 * DAY_US)

    async def found(place: str, interval: tuple[int, int]) -> list[str]:
        begin, end = map(UtcUs, interval)
        return [str(one) for one in await town.register.read(lambda session: cameras_at(session, place, begin, end))]

    assert await found("3 rue de l'église", first) == ["cam-1", "nomad"]
    assert await found("rue de l'église", second) == ["cam-1"]
    assert await found("qu. neuf", second) == ["nomad"]
    assert await found("centre", first) == ["nomad"]
    assert await found("caméra nomad", (0, 1)) == ["nomad"]
    assert await found("rue de l'eglse", first) == []


@pytest.mark.parametrize(
    "place", ["rue de l'Eglse", "rue Mairie", "cam-2", "rue de la Mairie / rue de l'Église", "zzz"]
)
async def test_suggestion_is_never_what_matched_and_matches_when_it_is_chosen(town: World, place: str) -> None:
    await town.act("root", "point.add", point="p13", number="13", streets="rue de l'Église; quai Neuf")

    def both(session: Session) -> None:
        assert points_at(session, place) == {}
        assert cameras_named(session, place) == []
        offered = suggestions(session, place)
        assert (offered == []) is (place == "zzz")
        assert bare(place) not in [bare(one.text) for one in offered]
        for one in offered:
            if one.camera is None:
                assert set(one.points) <= points_at(session, one.text).keys()
            else:
                assert cameras_named(session, one.text) == [one.camera]

    await town.register.read(both)


async def test_likest_names_come_first_and_no_more_than_a_person_reads(town: World) -> None:
    for letter in "abcdefghijk":
        await town.act("root", "point.add", point=letter, number=letter, streets=f"rue Hugo{letter * 2}")
    await town.act("root", "point.add", point="z", number="z", streets="rue Hugo")
    offered = await town.register.read(lambda session: suggestions(session, "rue Huggo"))
    assert (offered[0].text, len(offered)) == ("rue Hugo", MOST_SUGGESTIONS)
    likeness = [one.likeness_percent for one in offered]
    assert likeness == sorted(likeness, reverse=True)


async def test_one_street_of_two_points_is_one_suggestion(town: World) -> None:
    await town.act("root", "point.add", point="p13", number="13", streets="Rue de l'Eglise")
    (first, *_) = await town.register.read(lambda session: suggestions(session, "rue de l'Eglse"))
    assert (first.text, first.points) == ("rue de l'Église", ("p12", "p13"))
