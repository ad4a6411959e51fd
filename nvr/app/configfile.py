"""Writing the configuration file that `nvr-admin init` makes: what was chosen, and where the rest is described."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Choices:
    """What was asked at the founding; sections of further keys come as they are."""

    origin: str
    timezone: str
    preset: str
    volumes: Sequence[tuple[str, Path]]
    places: Sequence[Path]
    paths: Mapping[str, Path]
    machine_key: Path
    more: Mapping[str, Mapping[str, str | int]] = field(default_factory=dict)


def render(choices: Choices) -> str:
    """The TOML text."""
    blocks = [
        "# Made by `nvr-admin init`. Every other key and its default: config/scelle.example.toml.",
        _table("system", {"origin": choices.origin, "timezone": choices.timezone, "preset": choices.preset}),
        _table("paths", choices.paths),
        *(_table("volume", {"name": name, "path": path}, array=True) for name, path in choices.volumes),
        f"[keyring]\nplaces = [{', '.join(_value(place) for place in choices.places)}]\n",
        _table("keys", {"machine_key": choices.machine_key}),
        *(_table(name, section) for name, section in choices.more.items() if section),
    ]
    return "\n".join(blocks)


def _table(name: str, values: Mapping[str, str | int | Path], *, array: bool = False) -> str:
    header = f"[[{name}]]" if array else f"[{name}]"
    return "\n".join([header, *(f"{key} = {_value(value)}" for key, value in values.items()), ""])


def _value(value: str | int | Path) -> str:
    # A JSON string is a TOML basic string, but for DEL, which no path or name of ours holds.
    return str(value) if isinstance(value, int) else json.dumps(str(value), ensure_ascii=False)
