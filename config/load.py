"""From the TOML file to `Settings`: every fault with its file, line and key."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config.lines import KeyPath, key_lines, line_of
from config.model import Settings
from config.section import Section
from nvr.base.errors import ConfigError

AnySection = TypeVar("AnySection", bound=Section)

DEFAULT_FILE: Final = Path("/etc/scelle/scelle.toml")
FILE_VARIABLE: Final = "SCELLE_CONFIG"
CREDENTIALS_VARIABLE: Final = "CREDENTIALS_DIRECTORY"

_AT: Final = re.compile(r" \(at line (?P<line>\d+), column \d+\)$")


def config_file(option: Path | None, environment: Mapping[str, str]) -> Path:
    """The file to read: the option, else `SCELLE_CONFIG`, else `/etc/scelle/scelle.toml`."""
    if option is not None:
        return option
    return Path(environment.get(FILE_VARIABLE) or DEFAULT_FILE)


def load(file: Path, environment: Mapping[str, str]) -> Settings:
    """The settings in the file; systemd credentials stand for the machine key, the secrets and the database's password.

    Raises:
        ConfigError: the file can not be read, is not TOML, or has a missing, unknown or wrong key.
    """
    settings = read_as(Settings, file)
    settings.read_from(file)
    return _with_credentials(settings, environment)


def read_as(model: type[AnySection], file: Path) -> AnySection:
    """Another file of ours. Raises ConfigError as `load` does."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(file=str(file), why=f"the file can not be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(file=str(file), why="the file is not UTF-8 text") from error
    return parse_as(model, text, file)


def parse(text: str, file: Path) -> Settings:
    """The settings in this text; `file` names it in errors. Raises ConfigError as `load` does."""
    return parse_as(Settings, text, file)


def parse_as(model: type[AnySection], text: str, file: Path) -> AnySection:
    """The same of another file of ours. Raises ConfigError as `load` does."""
    try:
        body = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _AT.search(str(error))
        line = int(at["line"]) if at else len(text.splitlines())
        raise ConfigError(file=str(file), line=line, why=f"not TOML: {_AT.sub('', str(error))}") from error
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise _first(error, text, file) from error


def _with_credentials(settings: Settings, environment: Mapping[str, str]) -> Settings:
    folder = environment.get(CREDENTIALS_VARIABLE)
    if folder is None:
        return settings
    changes: dict[str, object] = {}
    names = ("machine-key", "secrets", "alarm-secrets", "database-password")
    machine_key, secrets, alarm_secrets, password = (Path(folder, name) for name in names)
    if machine_key.exists():
        changes["keys"] = settings.keys.model_copy(update={"machine_key": machine_key})
    if alarm_secrets.exists():
        changes["alarm"] = settings.alarm.model_copy(update={"secrets": alarm_secrets})
    if secrets.exists():
        changes["paths"] = settings.paths.model_copy(update={"secrets": secrets})
    if password.exists():
        changes["database"] = settings.database.model_copy(update={"password_file": password})
    return settings.model_copy(update=changes)


def _first(error: ValidationError, text: str, file: Path) -> ConfigError:
    """One fault, as people mend one at a time: unknown keys first (a misspelt key is missing too), then by line."""
    lines = key_lines(text)

    def place(fault: ErrorDetails) -> tuple[bool, int]:
        return fault["type"] != "extra_forbidden", line_of(lines, fault["loc"])

    fault = min(error.errors(include_url=False, include_input=False), key=place)
    return ConfigError(file=str(file), line=place(fault)[1], key=_dotted(fault["loc"]), why=_why(fault))


def _dotted(key: KeyPath) -> str | None:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
    return text.removeprefix(".") or None


def _why(fault: ErrorDetails) -> str:
    if fault["type"] == "extra_forbidden":
        return "unknown key"
    if fault["type"] == "missing":
        return "the key is missing"
    return fault["msg"].removeprefix("Value error, ")
