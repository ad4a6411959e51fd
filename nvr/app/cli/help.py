"""The help of commands in the language of the process.

Its English stands beside each option and in each command's docstring, where who reads the code needs it, and is the id
of its French text (`nvr/app/locale/fr`, domain `help`): the one domain whose ids are sentences.
"""

from collections.abc import Callable
from typing import Any, Final

from nvr.base.catalogue import Catalogue, Language

HELP: Final = Catalogue("nvr.app", "help")


def translate(command: Any, language: Language) -> None:  # noqa: ANN401 -- Typer's commands and parameters have no public type
    """Put every help text of the command, and of those below it, into this language. Raises NotCompiled."""
    if language != "en":
        _each(command, lambda text: HELP.as_it_is(language, text))


def texts_of(command: Any) -> set[str]:  # noqa: ANN401 -- as above
    """Every help text of the command and of those below it, as the code has it."""
    found: set[str] = set()

    def seen(text: str) -> str:
        found.add(text)
        return text

    _each(command, seen)
    return found


def _each(command: Any, change: Callable[[str], str]) -> None:  # noqa: ANN401 -- as above
    for owner, attribute in ((command, "help"), (command, "epilog"), *((each, "help") for each in command.params)):
        text = getattr(owner, attribute, None)
        if text:
            setattr(owner, attribute, change(text))
    for below in getattr(command, "commands", {}).values():
        _each(below, change)
