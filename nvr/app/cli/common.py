"""What the four command lines share: options, exit codes, passwords."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, TypeVar

import typer
from typer.main import get_command

from config.load import config_file, load
from config.model import Settings
from nvr.app.cli.help import translate
from nvr.app.messages import LANGUAGE, explain, say, without_language
from nvr.base.errors import ConfigError, InvalidValue, NvrError
from nvr.base.modules import module_command

_Function = TypeVar("_Function", bound=Callable[..., Any])

EXIT_REFUSED: Final = 1
EXIT_USAGE: Final = 2
EXIT_CONFIG: Final = 78
_TOLD_ON: Final = MappingProxyType({"config": "--config"})
_PERSON_TOLD_ON: Final = MappingProxyType({**_TOLD_ON, "account": "--as", "password_file": "--password-file"})
_LANG_HELP: Final = "Every command takes --lang fr or --lang en: the language of its texts."

ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Configuration; else SCELLE_CONFIG, else /etc/scelle.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


class _App(typer.Typer):
    def command(self, name: str | None = None, **options: Any) -> Callable[[_Function], _Function]:  # noqa: ANN401 -- typer's
        return super().command(name, epilog=_LANG_HELP, **options)


def new_app(help_text: str | None = None) -> typer.Typer:
    """A command line of ours: no completion commands, no traceback decoration (errors are told in words)."""
    return _App(
        help=help_text,
        epilog=_LANG_HELP,
        add_completion=False,
        no_args_is_help=help_text is not None,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


def command_elsewhere(
    app: typer.Typer, name: str, module: str, help_text: str, *first: str, of_person: bool = False
) -> None:
    """A command that another module is: this process becomes it, so that the others need not load what it needs.

    `first` are its first arguments: a command of that module. With `of_person` it is told who acts.
    """
    told_on = _PERSON_TOLD_ON if of_person else _TOLD_ON

    def become(context: typer.Context) -> None:
        values = ((option, context.find_root().params.get(name)) for name, option in told_on.items())
        given = [word for option, value in values if value is not None for word in (option, str(value))]
        given += ["--lang", LANGUAGE]
        command = module_command(module, *first, *given, *context.args)
        os.execv(command[0], command)  # noqa: S606 -- ourselves

    passing_on = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    app.command(name, help=help_text, context_settings=passing_on)(become)


def run(app: typer.Typer, program: str | None = None) -> int:
    """Run the command line; 0 done, 1 refused or failed, 2 usage, 78 configuration."""
    try:
        arguments = without_language(sys.argv[1:])
    except InvalidValue as error:
        sys.stderr.write(f"{explain(error)}\n")
        return EXIT_USAGE
    try:
        command = get_command(app)
        translate(command, LANGUAGE)
        command(arguments, prog_name=program)
    except ConfigError as error:
        sys.stderr.write(f"{explain(error)}\n")
        return EXIT_CONFIG
    except NvrError as error:
        sys.stderr.write(f"{explain(error)}\n")
        return EXIT_REFUSED
    except BrokenPipeError:
        # The reader of our output has seen enough; nothing may be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_REFUSED
    return 0


def settings_of(option: Path | None) -> Settings:
    """The settings that this command works with. Raises ConfigError."""
    return load(config_file(option, os.environ), os.environ)


def secret(prompt_id: str, file: Path | None, *, confirm: bool = False) -> str:
    """A password: from the file's first line, else asked for; never from the arguments or the environment.

    Raises:
        ConfigError: the file can not be read.
    """
    if file is None:
        return str(typer.prompt(say(prompt_id), hide_input=True, confirmation_prompt=confirm, err=True))
    try:
        return file.read_text(encoding="utf-8").partition("\n")[0]
    except OSError as error:
        raise ConfigError(file=str(file), why=f"the file can not be read: {error.strerror}") from error


def abort_on_no(question_id: str, **fields: object) -> None:
    """Ask; "no" ends the command with exit code 1."""
    if not typer.confirm(say(question_id, **fields), err=True):
        raise typer.Exit(EXIT_REFUSED)
