"""Every help text has its French one."""

import contextlib
import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.main import get_command

import nvr.app.cli
from nvr.app.cli.common import new_app
from nvr.app.cli.help import HELP, texts_of, translate
from tools.catalogues import ROOT, read

FRENCH = {
    str(entry.id): str(entry.string) for entry in read(ROOT / "nvr/app/locale/fr/LC_MESSAGES/help.po") if entry.id
}


def commands(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The command that each module of command lines is."""
    for found in pkgutil.iter_modules(nvr.app.cli.__path__):
        module = importlib.import_module(f"nvr.app.cli.{found.name}")
        made: list[typer.Typer] = [app for app in vars(module).values() if isinstance(app, typer.Typer)]
        if hasattr(module, "main") and hasattr(module, "run"):
            monkeypatch.setattr(module, "run", lambda app, *_, made=made: made.append(app) or 0)
            with contextlib.suppress(SystemExit):
                module.main()
        yield from (get_command(app) for app in made if app.registered_commands or app.registered_groups)


def test_every_help_text_has_its_french_one_and_no_other_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    said = set().union(*map(texts_of, commands(monkeypatch)))
    assert len(said) > 200
    assert sorted(said - FRENCH.keys()) == []
    assert sorted(FRENCH.keys() - said) == []


def test_french_help_keeps_its_example_and_names_the_same_options() -> None:
    for english, french in FRENCH.items():
        assert french
        assert french.partition("Exemple : ")[2] == english.partition("Example: ")[2]
        assert set(re.findall(r"--[a-z][a-z-]+", french)) == set(re.findall(r"--[a-z][a-z-]+", english)), english


def test_help_is_put_into_french_down_to_the_last_option() -> None:
    app, below = new_app("Holds: footage that must not be destroyed."), new_app("The ledger.")

    @below.command("x", help="Cameras.")
    def x(one: str = typer.Option("", help="Print the answer as JSON.")) -> None: ...

    app.add_typer(below, name="ledger")
    command = get_command(app)
    translate(command, "en")
    assert "Cameras." in texts_of(command)
    translate(command, "fr")
    ours = {FRENCH[text] for text in ("The ledger.", "Cameras.", "Print the answer as JSON.")}
    assert ours <= texts_of(command)


def test_help_that_has_no_french_stays_as_it_is() -> None:
    assert HELP.as_it_is("fr", "Never {heard} of.") == "Never {heard} of."
