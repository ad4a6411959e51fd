"""Names of places as people write them, and whether one means another. Pure.

Two names are compared in a normal form: no case, accents, punctuation or articles, abbreviations written out (those
of La Poste, NF Z 10-011, and what people type). The form is made word by word, so that words that stand together in
one text stand together in its form.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from types import MappingProxyType
from typing import Final

_NO_WORD: Final = re.compile(r"[^a-z0-9]+")
_LIGATURES: Final = str.maketrans({"œ": "oe", "æ": "ae"})
"""Which Unicode does not decompose."""

_ARTICLES: Final = frozenset({"a", "au", "aux", "d", "de", "des", "du", "l", "la", "le", "les"})

_STREETS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "all": "allee",
        "av": "avenue",
        "ave": "avenue",
        "bd": "boulevard",
        "bld": "boulevard",
        "blvd": "boulevard",
        "boul": "boulevard",
        "bvd": "boulevard",
        "car": "carrefour",
        "carr": "carrefour",
        "ch": "chemin",
        "che": "chemin",
        "chem": "chemin",
        "crs": "cours",
        "esp": "esplanade",
        "fbg": "faubourg",
        "fg": "faubourg",
        "imp": "impasse",
        "mte": "montee",
        "pas": "passage",
        "pass": "passage",
        "pl": "place",
        "prom": "promenade",
        "qu": "quai",
        "r": "rue",
        "rle": "ruelle",
        "rte": "route",
        "rpt": "rond point",
        "sq": "square",
        "ven": "venelle",
    }
)
_TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cdt": "commandant",
        "col": "colonel",
        "cpt": "capitaine",
        "dr": "docteur",
        "gal": "general",
        "gen": "general",
        "lt": "lieutenant",
        "mal": "marechal",
        "nd": "notre dame",
        "pdt": "president",
        "pr": "professeur",
        "st": "saint",
        "ste": "sainte",
        "sts": "saints",
        "stes": "saintes",
    }
)
_WRITTEN_OUT: Final = {**_STREETS, **_TITLES}
_MORE_TYPES: Final = frozenset({"grand", "grande", "parvis", "pont", "sentier", "voie"})
_TYPES: Final = frozenset({word for name in _STREETS.values() for word in name.split()}) | _MORE_TYPES
"""A number before one of these is that of a house, and they alone tell no street from another."""

_HOUSE: Final = re.compile(r"(?:au )?(?:(?:n|no|numero) )?\d{1,4} ?(?:bis|ter|quater|[a-h])?(?: \d{1,4})? (?=(\w+) )")
_CROSSING: Final = re.compile(
    r"^(?:a )?(?:l )?(?:angle|croisement|intersection|carrefour|coin)\b(?: (?:entre|de|des|du|d|la|le|les|l)\b)*"
)
_LEAD: Final = re.compile(r"^(?:point|camera|quartier|district) ")

ENOUGH_PERCENT: Final = 70
"""Names that are no more alike than this are not offered."""


def bare(text: str) -> str:
    """The words of a text: no case, no accents, no punctuation; one space between them."""
    letters = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    return _NO_WORD.sub(" ", "".join(sign for sign in letters if not unicodedata.combining(sign)).casefold()).strip()


def normal(text: str) -> str:
    """The normal form; that of a normal form is itself. A text of articles alone keeps them."""
    words = bare(text).split()
    return " ".join(_WRITTEN_OUT.get(word, word) for word in words if word not in _ARTICLES) or " ".join(words)


def is_in(place: str, text: str) -> bool:
    """Whether the words of the place stand in the text, whole and one after the other.

    As written; or in normal form, where that says more than that there is a street.
    """
    return _stand_in(bare(place), bare(text)) or (bool(_telling(place)) and _stand_in(normal(place), normal(text)))


def is_name(place: str, name: str) -> bool:
    """Whether the place is this number or id, `point` or `camera` before it or not."""
    words = bare(place)
    return bool(words) and bare(name) in (words, _LEAD.sub("", words))


def meaning(place: str) -> Sequence[Sequence[str]]:
    """The ways in which the place may be meant; by each, all the texts that must stand at one point.

    As it is written; without the number of the house, since the order names streets; as the streets of a crossing.
    """
    ways = [[place], [_without_house(place)], crossing(place)]
    return [way for number, way in enumerate(ways) if any(way) and way not in ways[:number]]


def crossing(place: str) -> list[str]:
    """The streets of `rue X / rue Y`, `angle rue X et rue Y`; none when it is no crossing."""
    words = bare(place.replace("/", " slash ").replace("&", " et "))
    led = _CROSSING.match(words)
    rest = words[led.end() :].strip() if led else words
    parts = [part.strip() for part in re.split(r"\bslash\b", rest)]
    if len(parts) == 1:
        parts = _split_before_types(rest)
    if len(parts) == 1 and led and rest.split().count("et") == 1:
        parts = [part.strip() for part in re.split(r"\bet\b", rest)]
    return [_without_house(part) for part in parts if part] if len(parts) > 1 and all(parts) else []


def streets(text: str | None) -> list[str]:
    """The streets of an order's one text."""
    return [part.strip() for part in re.split(r"[;,/\n]| - ", text or "") if bare(part)]


def likeness_percent(place: str, text: str) -> int:
    """How alike two names are, 0 to 100: letter by letter as a whole, or by the words that tell one from the other.

    Under 100 where one does not mean the other.
    """
    whole = _alike(normal(_without_house(place)), normal(text))
    one, other = _telling(_without_house(place)), _telling(text)
    percent = int(100 * max(whole, 0.95 * max(_words_found(one, other), _words_found(other, one))))
    return percent if is_in(place, text) else min(percent, 99)


def _words_found(words: Sequence[str], others: Sequence[str]) -> float:
    """How well, on average, each word is found among the others."""
    return sum(max((_alike(word, each) for each in others), default=0.0) for word in words) / max(1, len(words))


def _telling(text: str) -> list[str]:
    """The words that tell a street from another: neither articles nor kinds of street."""
    return [word for word in normal(text).split() if word not in _TYPES | _ARTICLES]


def _alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _stand_in(words: str, text: str) -> bool:
    return bool(words) and f" {words} " in f" {text} "


def _without_house(place: str) -> str:
    words = bare(place)
    number = _HOUSE.match(f"{words} ")
    if number is None or not set(normal(number[1]).split()) & _TYPES:
        return words
    street = words[number.end() :]
    return street if _telling(street) else words


def _split_before_types(words: str) -> list[str]:
    """Cut at each `et` that another street begins behind: `Pierre et Marie Curie` stays whole."""
    told = words.split()
    ends = [0]
    for at, (word, _) in enumerate(pairwise(told)):
        following = next((each for each in told[at + 1 :] if each not in _ARTICLES and not each[0].isdigit()), "")
        if word == "et" and at > 0 and set(normal(following).split()) & _TYPES:
            ends.append(at)
    parts = [told[begin : end or None] for begin, end in pairwise([*ends, 0])]
    return [" ".join(part[1:] if number else part) for number, part in enumerate(parts)]
