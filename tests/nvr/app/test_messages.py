"""Texts for people: every message that the code can raise or say is there, in both languages, and can be filled in."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from nvr.app import messages
from nvr.app.messages import chosen_language, explain, say, without_language
from nvr.base.catalogue import Catalogue
from nvr.base.errors import ConfigError, InvalidValue, NvrError
from storage.books import INDEX_REBUILT
from storage.keeping.discarded import HELD_LOST
from storage.keeping.evidence_room import Stopped
from storage.keeping.keeper import DAMAGED
from tests.texts import Message, catalogue

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("access", "config", "nvr", "recorder", "storage")
SPOKEN = {"say": 0, "secret": 0, "abort_on_no": 0, "text": 0}
"""Calls that show a text, and where its id stands."""

FRENCH, ENGLISH = catalogue("fr"), catalogue("en")


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path, ast.parse(path.read_text())


def called(call: ast.Call) -> str:
    return (
        call.func.id
        if isinstance(call.func, ast.Name)
        else call.func.attr
        if isinstance(call.func, ast.Attribute)
        else ""
    )


def error_classes() -> dict[str, ast.ClassDef]:
    """Every subclass of NvrError, by name."""
    classes = {node.name: node for _, tree in trees() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    known, grown = {"NvrError"}, True
    while grown:
        more = {
            name
            for name, node in classes.items()
            if {base.id for base in node.bases if isinstance(base, ast.Name)} & known
        }
        grown = not more <= known
        known |= more
    return {name: classes[name] for name in known}


def takes_a_message_id(node: ast.ClassDef) -> bool:
    """Whether the first argument is the message id; a class with its own `__init__` has fields of its own."""
    return not any(isinstance(part, ast.FunctionDef) and part.name == "__init__" for part in node.body)


def ids_of_errors() -> Iterator[tuple[str, str]]:
    classes = error_classes()
    by_id = {name for name, node in classes.items() if name == "NvrError" or takes_a_message_id(node)}
    for name, node in classes.items():
        for statement in node.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id="message_id")], value=ast.Constant(value=str(text))):
                    yield text, name
    for path, tree in trees():
        for call in ast.walk(tree):
            match call:
                case ast.Call(args=[ast.Constant(value=str(text)), *_]) if called(call) in by_id:
                    yield text, f"{path.relative_to(ROOT)}:{call.lineno}"


def ids_of_texts() -> Iterator[tuple[str, str]]:
    for path, tree in trees():
        if "nvr/app" not in str(path):
            continue
        for call in ast.walk(tree):
            match call:
                case ast.Call(args=[ast.Constant(value=str(text)), *_]) if called(call) in SPOKEN and "-" in text:
                    yield text, f"{path.relative_to(ROOT)}:{call.lineno}"


def test_every_message_that_the_code_raises_or_says_has_its_text() -> None:
    used = [*ids_of_errors(), *ids_of_texts()]
    missing = sorted({f"{text} ({where})" for text, where in used if text not in ENGLISH})
    assert len(used) > 50
    assert not missing


def test_every_fault_that_a_role_tells_in_a_sentence_has_its_text() -> None:
    told = [
        ast.unparse(call.args[1])
        for _, tree in trees()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "Fault.told"
    ]
    stopped = '''f"copies-{self.stopped or 'late'}"'''
    assert stopped in told
    constants = {"DAMAGED": DAMAGED, "HELD_LOST": HELD_LOST, "INDEX_REBUILT": INDEX_REBUILT}
    ids = {constants.get(text) or ast.literal_eval(text) for text in told if text != stopped}
    assert len(ids) > 3
    ids |= {f"copies-{why}" for why in (*Stopped, "late")}
    assert ids <= ENGLISH.keys()


def test_words_that_the_page_on_backups_says_one_sees_are_those_that_are_written() -> None:
    rows = re.findall(r"^\| \d+ \| .* \| (.*) \|$", (ROOT / "docs" / "backup.md").read_text(), re.MULTILINE)
    ids = {text for row in rows for text in re.findall(r"`([a-z]+(?:-[a-z]+)+)`", row)}
    quoted = {text for row in rows for text in re.findall(r'"([^"]+)"', row)} - {"synchronized: yes"}  # timedatectl's
    assert ids == {"ledger-restored"}
    assert ids <= ENGLISH.keys()
    assert quoted == {"Restored"}
    assert ENGLISH["restore-done"].what.startswith("Restored: ")


@pytest.mark.parametrize("messages", [FRENCH, ENGLISH], ids=["fr", "en"])
def test_text_without_its_fields_is_still_a_text(messages: dict[str, Message]) -> None:
    for message in messages.values():
        assert message.lines({})


def test_error_is_explained_with_its_fields_and_its_id() -> None:
    told = explain(InvalidValue(field="camera", value="É", expected="a-z"))
    assert "camera" in told
    assert "a-z" in told
    assert told.endswith("[invalid-value]")
    assert "line 3" in explain(ConfigError(file="scelle.toml", line=3, why="unknown key"))


def test_instants_are_told_as_dates() -> None:
    error = InvalidValue(field="to_utc_us", value=1_795_305_600_000_000, expected="after from_utc_us")
    told = explain(error)
    assert "2026-11-22 00:00:00+00:00" in told
    assert "utc_us" not in told


def test_error_is_told_even_where_the_texts_were_never_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "TEXTS", Catalogue("nvr.app", "nothing"))
    told = explain(InvalidValue(field="camera", value="É", expected="a-z"))
    assert told.startswith("invalid-value: field=camera, value=É, expected=a-z\n")
    assert "python -m tools.catalogues" in told
    with pytest.raises(ConfigError) as missing:
        say("denied")
    assert explain(missing.value).count("nothing.mo") == 1


def test_unknown_error_is_told_as_it_is() -> None:
    assert explain(NvrError("never-heard-of", at="x")) == "never-heard-of: at=x"
    assert say("never-heard-of") == "never-heard-of"


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        ([], {}, "fr"),
        ([], {"LANG": ""}, "fr"),
        ([], {"LANG": "C.UTF-8"}, "fr"),
        ([], {"LANG": "en_GB.UTF-8", "LC_ALL": "POSIX"}, "fr"),
        ([], {"LANG": "fr_FR.UTF-8"}, "fr"),
        ([], {"LANG": "en_GB.UTF-8"}, "en"),
        ([], {"LANG": "de_DE.UTF-8"}, "en"),
        ([], {"LANG": "frp_IT"}, "en"),
        ([], {"LANG": "fr_FR.UTF-8", "LC_ALL": "en_US"}, "en"),
        ([], {"LC_MESSAGES": "fr_CH"}, "fr"),
        ([], {"LANG": "fr_FR.UTF-8", "LANGUAGE": "en_GB:en"}, "en"),
        ([], {"LANG": "en_GB.UTF-8", "LANGUAGE": "fr:en"}, "fr"),
        (["--lang", "fr"], {"LANG": "en_GB"}, "fr"),
        (["--lang=en", "x"], {"LANG": "fr_FR"}, "en"),
        (["--lang"], {}, "fr"),
        (["--", "--lang", "fr"], {"LANG": "en"}, "en"),
        (["--", "--lang", "en"], {}, "fr"),
        (["hold", "list", "--lang=en", "--lang", "fr"], {}, "fr"),
    ],
)
def test_language_is_that_of_the_option_or_of_the_locale(
    arguments: list[str], environment: dict[str, str], language: str
) -> None:
    assert chosen_language(arguments, environment) == language


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (["hold", "list"], ["hold", "list"]),
        (["--lang", "fr", "hold", "list"], ["hold", "list"]),
        (["hold", "--lang=en", "list", "--lang", "fr", "--old"], ["hold", "list", "--old"]),
        (["verify", "--", "--lang", "de"], ["verify", "--", "--lang", "de"]),
    ],
)
def test_no_command_has_to_know_the_language(arguments: list[str], left: list[str]) -> None:
    assert without_language(arguments) == left


@pytest.mark.parametrize("arguments", [["--lang", "de"], ["--lang=frog"], ["hold", "--lang"]])
def test_language_that_there_is_not_is_refused_by_its_option(arguments: list[str]) -> None:
    with pytest.raises(InvalidValue) as told:
        without_language(arguments)
    assert told.value.field == "--lang"
