"""The catalogues are whole: both languages say the same, what the code says is there, and nothing else is."""

import ast
import errno
import functools
import re
import string
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Message

from nvr.app.words import DAY_SUFFIX, INSTANT_SUFFIX
from nvr.base.catalogue import CONTEXTS, LANGUAGES, Catalogue
from tests.contract.source import ROOT, product
from tests.texts import forms_of, id_of
from tools.catalogues import read, sources

UNITS = (INSTANT_SUFFIX, DAY_SUFFIX)
"""Of keys that headings leave out."""

Key = tuple[str, str | None]
SENTENCES = (("nvr/app", "help"), ("nvr/app", "reasons"))
"""English stands in the code, and is the id: tests/nvr/app/cli/test_help.py, tests/nvr/app/test_reasons.py."""
DOMAINS = sorted(
    {(str(source.parents[3].relative_to(ROOT)), source.stem) for source in sources()}.difference(SENTENCES)
)


@functools.cache
def entries(package: str, domain: str, language: str) -> dict[Key, Message]:
    """Every entry of a catalogue by its id and context."""
    found = read(ROOT / package / "locale" / language / "LC_MESSAGES" / f"{domain}.po")
    return {(id_of(entry), entry.context): entry for entry in found if entry.id}


def fields_of(entry: Message) -> set[str]:
    """The fields that all forms name; a singular may do without its number ("a segment")."""
    return {name for text in forms_of(entry) for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@functools.cache
def said() -> frozenset[str]:
    """Every string and every name of the code: what an id may come from."""
    found: set[str] = set()
    for module in product().modules.values():
        for node in ast.walk(module.tree):
            match node:
                case ast.Constant(value=str(text)):
                    found.update((text, *text.split()))
                case ast.Name(id=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)) | ast.arg(arg=name):
                    found.add(name)
    return frozenset(found)


@functools.cache
def made() -> frozenset[re.Pattern[str]]:
    """What f-strings and sums with a part of their own can become; those of fields alone could be anything."""
    patterns = set()
    for module in product().modules.values():
        for node in ast.walk(module.tree):
            match node:
                case ast.JoinedStr(values=parts):
                    own = "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))
                    if re.search(r"[a-z]{2,}-|-[a-z]{2,}", own) and " " not in own:
                        patterns.add("".join(map(_any_or_itself, parts)))
                case ast.BinOp(left=ast.Constant(value=str(own)), op=ast.Add()) if own.endswith("-"):
                    patterns.add(f"{re.escape(own)}(.+)")
    return frozenset(map(re.compile, patterns))


def _any_or_itself(part: ast.expr) -> str:
    return re.escape(str(part.value)) if isinstance(part, ast.Constant) else "(.+)"


def is_used(text_id: str) -> bool:
    """Whether the code names it, or makes it of a part of its own and of words that it names or makes."""
    if said() & {text_id, text_id.replace("-", "_"), text_id.upper(), *(f"{text_id}{suffix}" for suffix in UNITS)}:
        return True
    found = (pattern.fullmatch(text_id) for pattern in made())
    return any(all(map(is_used, match.groups())) for match in found if match)


def catalogues() -> Iterator[tuple[str, str]]:
    """Package and domain of every Catalogue that the code makes."""
    for module in product().modules.values():
        for node in ast.walk(module.tree):
            match node:
                case ast.Call(
                    func=ast.Name(id="Catalogue"), args=[ast.Constant(value=package), ast.Constant(value=domain)]
                ):
                    yield str(package).replace(".", "/"), str(domain)


def test_code_reads_each_catalogue_in_the_tree_and_no_other() -> None:
    assert sorted(catalogues()) == sorted([*DOMAINS, *SENTENCES])


@pytest.mark.parametrize(("package", "domain"), DOMAINS)
def test_languages_have_the_same_entries_with_the_same_fields(package: str, domain: str) -> None:
    french, english = (entries(package, domain, language) for language in LANGUAGES)
    assert french.keys() == english.keys()
    for key in french:
        assert fields_of(french[key]) == fields_of(english[key]), key
        assert french[key].id == english[key].id, f"{key}: one has plural forms, or counts another field"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("package", "domain"), DOMAINS)
def test_entry_is_whole(package: str, domain: str, language: str) -> None:
    for (text_id, context), entry in entries(package, domain, language).items():
        assert not entry.fuzzy, text_id
        assert all(forms_of(entry)), f"{text_id} is empty"
        assert context in (None, *CONTEXTS), text_id
        assert (text_id, None) in entries(package, domain, language), f"{text_id} has no first part"
        if not isinstance(entry.id, str):
            assert len(forms_of(entry)) == 2, text_id
            assert entry.id[1] in fields_of(entry), f"{text_id}: its msgid_plural names none of its fields"


@pytest.mark.parametrize(("package", "domain"), DOMAINS)
def test_no_source_says_an_entry_twice(package: str, domain: str) -> None:
    """Babel takes the last one without a word."""
    for language in LANGUAGES:
        source = ROOT / package / "locale" / language / "LC_MESSAGES" / f"{domain}.po"
        listed = re.findall(r'^(?:msgctxt "(.*)"\n)?msgid "(.+)"$', source.read_text(encoding="utf-8"), re.MULTILINE)
        assert len(listed) == len(set(listed)) == len(entries(package, domain, language))


@pytest.mark.parametrize(("package", "domain"), DOMAINS)
def test_every_entry_is_used(package: str, domain: str) -> None:
    ids = {text_id for text_id, _ in entries(package, domain, "fr")}
    assert sorted(text_id for text_id in ids - {*errno.errorcode.values()} if not is_used(text_id)) == []


def test_entry_that_nothing_names_would_be_found() -> None:
    assert is_used("camera-silent")
    assert not is_used("camera-neverheardof")
    assert not is_used("cause-neverheardof")


@pytest.mark.parametrize(("package", "domain"), DOMAINS)
def test_every_text_that_a_module_asks_its_catalogue_for_is_there(package: str, domain: str) -> None:
    asked = list(literal_calls(package, domain))
    missing = [
        f"{text_id} ({where})" for text_id, where in asked if (text_id, None) not in entries(package, domain, "fr")
    ]
    assert missing == []


def literal_calls(package: str, domain: str) -> Iterator[tuple[str, str]]:
    """Ids that stand in calls of `text`, `plural`, `parts`, `has` of the variable that holds this catalogue."""
    name = variable_of(package, domain)
    for module in product().modules.values():
        for node in ast.walk(module.tree):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id=found), attr="text" | "plural" | "parts" | "has"),
                    args=[_, ast.Constant(value=str(text_id)), *_],
                ) if found == name:
                    yield text_id, f"{module.path.relative_to(ROOT)}:{node.lineno}"


def variable_of(package: str, domain: str) -> str | None:
    for module in product().modules.values():
        for node in ast.walk(module.tree):
            match node:
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.Call(func=ast.Name(id="Catalogue"), args=args)):
                    if [ast.literal_eval(arg) for arg in args] == [package.replace("/", "."), domain]:
                        return name
    return None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("package", "domain"), DOMAINS)
def test_every_text_can_be_said_without_its_fields(package: str, domain: str, language: str) -> None:
    texts = Catalogue(package.replace("/", "."), domain)
    for text_id, _ in entries(package, domain, language):
        assert all(texts.parts("fr" if language == "fr" else "en", text_id))


def test_french_puts_a_space_before_high_punctuation() -> None:
    wrong = []
    for package, domain in (*DOMAINS, *SENTENCES):
        for (text_id, _), entry in entries(package, domain, "fr").items():
            for text in forms_of(entry):
                bare = re.sub(r"Exemple : (.|\n)*|\w+://\S+|HÔTE:PORT|\d:\d|\*:\d|[A-Z]+:[A-Z]+", "", text)
                wrong += [f"{domain} {text_id}: {found}" for found in re.findall(r"\S*[\w»)}][;:!?](?=\s|$)", bare)]
    assert wrong == []
