"""Names of streets as officers write them: what they mean, and what they do not."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.cameras.place_names import bare, crossing, is_in, is_name, likeness_percent, meaning, normal, streets

WORDS = st.sampled_from(
    [
        "rue",
        "R.",
        "av",
        "Bd",
        "de la",
        "d'",
        "l’",
        "Saint-",
        "St",
        "Église",
        "Cœur",
        "Général",
        "gal",
        "12",
        "bis",
        "et",
        "/",
    ]
)
NAMES = st.one_of(st.text(max_size=30), st.lists(WORDS, max_size=8).map(" ".join))


def whole_words_of_old(text: str) -> str:
    """The comparison that there was before abbreviations were known."""
    letters = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return re.sub("[^a-z0-9]+", " ", letters.casefold()).strip()


@given(NAMES)
def test_normal_form_of_a_normal_form_is_itself(name: str) -> None:
    assert normal(normal(name)) == normal(name)
    assert bare(bare(name)) == bare(name)


@given(NAMES, NAMES, NAMES)
def test_whole_words_that_stand_in_a_text_still_mean_it(before: str, place: str, after: str) -> None:
    text = f"{before} {place} {after}"
    if whole_words_of_old(place):
        assert f" {whole_words_of_old(place)} " in f" {whole_words_of_old(text)} "
        assert is_in(place, text)
        assert [place] in list(meaning(place))


@given(NAMES, NAMES)
def test_names_are_wholly_alike_only_where_one_means_the_other(one: str, other: str) -> None:
    assert 0 <= likeness_percent(one, other) <= 100
    assert likeness_percent(one, other) < 100 or is_in(one, other)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("r. de la Paix", "rue de la Paix"),
        ("rue Paix", "rue de la Paix"),
        ("av. du Gal Leclerc", "avenue du Général-Leclerc"),
        ("bd St-Michel", "boulevard Saint Michel"),
        ("boulevard sainte anne", "Bld Ste-Anne"),
        ("pl. de l’église", "1, place de l'Église"),
        ("rue du Sacre Coeur", "rue du Sacré-Cœur"),
        ("rpt de l'Europe", "Rond-Point de l'Europe"),
        ("rue N.-D.", "rue N D"),
        ("RUE D'ALSACE", "rue d'Alsace, de 1 à 50"),
    ],
)
def test_street_is_found_as_an_officer_writes_it(place: str, text: str) -> None:
    assert is_in(place, text)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("rue du Port", "rue des Ports"),
        ("rue du Général Leclerc", "avenue du Général Leclerc"),
        ("rue Leclerc", "rue du Général Leclerc"),
        ("rue de la", "avenue de la Rue"),
        ("rue L", "rue de la Paix"),
        ("12 rue", "rue de la Paix"),
        ("la", "rue du Bac"),
        ("", "rue du Bac"),
        ("—", "rue du Bac"),
    ],
)
def test_another_street_is_not_taken_for_it(place: str, text: str) -> None:
    assert not any(is_in(part, text) for way in meaning(place) for part in way)


@pytest.mark.parametrize(
    ("place", "street"),
    [
        ("12 rue du Bac", "rue du bac"),
        ("12bis, r. du Bac", "r du bac"),
        ("12 ter rue du Bac", "rue du bac"),
        ("12-14 rue du Bac", "rue du bac"),
        ("n° 12 rue du Bac", "rue du bac"),
        ("au 12 grande rue Haute", "grande rue haute"),
        ("8 mai 1945", None),
        ("12 rue", None),
        ("rue du 8 mai 1945", None),
    ],
)
def test_number_of_a_house_is_taken_off_and_no_other_number(place: str, street: str | None) -> None:
    assert list(meaning(place)[1:2]) == ([] if street is None else [[street]])


@pytest.mark.parametrize(
    ("place", "parts"),
    [
        ("rue X / rue Y", ["rue x", "rue y"]),
        ("angle rue X et rue Y", ["rue x", "rue y"]),
        ("à l'angle de la rue X et de l'av. Y", ["rue x", "de l av y"]),
        ("12 rue X & bd Y", ["rue x", "bd y"]),
        ("croisement Leclerc et Mairie", ["leclerc", "mairie"]),
        ("angle rue Pierre et Marie Curie et rue du Bac", ["rue pierre et marie curie", "rue du bac"]),
        ("rue X / rue Y / rue Z", ["rue x", "rue y", "rue z"]),
        ("rue Pierre et Marie Curie", []),
        ("carrefour de la Liberté", []),
        ("et rue Y", []),
        ("rue X /", []),
        ("/", []),
    ],
)
def test_crossing_is_told_from_a_street_with_an_et_in_it(place: str, parts: list[str]) -> None:
    assert crossing(place) == parts


@pytest.mark.parametrize(
    ("place", "name", "same"),
    [
        ("cam-1", "cam-1", True),
        ("Camera CAM 1", "cam-1", True),
        ("point 12 bis", "12 bis", True),
        ("quartier Centre", "Centre", True),
        ("12", "12 bis", False),
        ("point", "", False),
        ("", "", False),
    ],
)
def test_number_or_id_is_meant_as_a_whole(place: str, name: str, same: bool) -> None:
    assert is_name(place, name) is same


@pytest.mark.parametrize(
    ("place", "text", "offered"),
    [
        ("rue Leclerc", "avenue du Général-Leclerc", True),
        ("rue Victor Hugo", "rue Hugo", True),
        ("rue de l'Eglse", "rue de l'Église", True),
        ("12 rue du Generl Leclerc", "rue du Général Leclerc", True),
        ("rue de la Gare", "rue du Bac", False),
        ("rue", "avenue", False),
    ],
)
def test_near_name_is_likely_and_a_far_one_is_not(place: str, text: str, offered: bool) -> None:
    assert (likeness_percent(place, text) > 70) is offered


def test_one_text_of_streets_is_taken_apart() -> None:
    assert streets("rue A; rue B, allée C\nquai D / cours E - mail F;") == [
        "rue A",
        "rue B",
        "allée C",
        "quai D",
        "cours E",
        "mail F",
    ]
    assert streets("Général-Leclerc") == ["Général-Leclerc"]
    assert streets(None) == []
