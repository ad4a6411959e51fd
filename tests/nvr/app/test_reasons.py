"""Every reason that an error gives in words has its French ones."""

import ast
from collections.abc import Iterator

import pytest

from nvr.app.messages import IN_WORDS, lines
from tests.contract.source import product, within
from tools.catalogues import ROOT, read

FRENCH = {str(entry.id) for entry in read(ROOT / "nvr/app/locale/fr/LC_MESSAGES/reasons.po") if entry.id}
SIMULATED = ("nvr.sim", "nvr.app.demo")
"""They speak to who tries the program out."""


def reasons() -> set[str]:
    """Every one of several words that the code has as it is; what is put together with a value stays English."""
    return {
        text
        for module in product().modules.values()
        if not any(within(module.name, package) for package in SIMULATED)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg in IN_WORDS
        for text in _constants(keyword.value)
        if " " in text
    }


def _constants(value: ast.expr) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from _constants(body)
            yield from _constants(orelse)


def test_every_reason_has_its_french_words_and_no_other_is_there() -> None:
    assert len(reasons()) > 200
    assert sorted(reasons() - FRENCH) == []
    assert sorted(FRENCH - reasons()) == []


def test_reason_is_told_in_the_language_of_the_text_around_it() -> None:
    given = {"field": "camera", "value": "a text", "expected": "a camera of the register"}
    assert lines("fr", "invalid-value", **given) == [
        "camera : la valeur a text n'est pas acceptable.",
        "Rien n'a été changé. Attendu : une caméra du registre.",
    ]
    assert lines("en", "invalid-value", **given)[1].endswith("a camera of the register.")


@pytest.mark.parametrize("odd", ["", "at most 7 {x}", 7, None])
def test_reason_that_has_no_french_words_is_told_as_it_is(odd: object) -> None:
    shown = "-" if odd is None else odd
    assert lines("fr", "invalid-value", field="x", value="y", expected=odd)[1].endswith(f"Attendu : {shown}.")
