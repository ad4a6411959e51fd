"""Changing the `[[volume]]` tables of the configuration; everything else in the file stays as people wrote it.

tomlkit keeps comments, order and spaces. What comes out is read as every role will read it, and compared with what was
meant, before it is written: a file of a shape that the library does not keep is refused, and not spoilt.
"""

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Self

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT

from config.load import parse
from config.model import Settings, Volume
from nvr.base.errors import ConfigError, Refused, Retryable
from storage.durable import replace_file

_SECTION: Final = "volume"


class ConfigChanged(Retryable):
    """The file was changed since it was read; nothing was written. `file`."""

    message_id = "config-changed"


class ConfigNotWritten(Retryable):
    """The file can not be written; `file`, `why`."""

    message_id = "config-not-written"


class ConfigNotKept(Refused):
    """The change would alter more than it should: the file is to be edited by hand. `file`, `change`."""

    message_id = "config-not-kept"


class VolumeTables:
    """One change of the file: `read`, then one of the others, which writes. Blocking."""

    def __init__(self, file: Path, content: bytes) -> None:
        self._file = file
        self._content = content
        self.settings = parse(content.decode(), file)

    @classmethod
    def read(cls, file: Path) -> Self:
        """The file as it is now. Raises ConfigError: it can not be used."""
        try:
            return cls(file.resolve(), file.read_bytes())
        except OSError as error:
            raise ConfigError(file=str(file), why=f"the file can not be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ConfigError(file=str(file), why="the file is not UTF-8 text") from error

    def add(self, volume: Volume) -> None:
        """One more table, behind the others.

        Raises:
            ConfigError: the file would not be valid: the name or path is taken, for example.
            ConfigChanged, ConfigNotWritten, ConfigNotKept: nothing was written.
        """
        self._write(self._added(volume), (*self.settings.volume, volume), f"add {volume.path}")

    def check_can_add(self, volume: Volume) -> None:
        """Everything that `add` refuses but for the writing itself. Raises as it does."""
        self._checked(self._added(volume), (*self.settings.volume, volume), f"add {volume.path}")
        self.check_can_write()

    def check_can_write(self) -> None:
        """Check, before anything else is done, that there is no lack of rights. Raises ConfigNotWritten."""
        if not os.access(self._file.parent, os.W_OK):
            raise ConfigNotWritten(file=str(self._file), why="its folder can not be written")

    def drain(self, path: Path, *, drain: bool) -> None:
        """Say of this volume whether it is drained. Raises as `add`."""

        def change(tables: AoT) -> None:
            for table in tables:
                if Path(str(table.get("path"))) == path:
                    _set_drain(table, drain=drain)

        meant = [one.model_copy(update={"drain": drain}) if one.path == path else one for one in self.settings.volume]
        self._write(self._changed(change), tuple(meant), f"drain = {str(drain).lower()} for {path}")

    def remove(self, path: Path) -> None:
        """Take the volume's table away, with the comments inside it. Raises as `add`."""
        self._write(*self._removed(path))

    def check_can_remove(self, path: Path) -> None:
        """Everything that `remove` refuses but for the writing itself. Raises as it does."""
        self._checked(*self._removed(path))
        self.check_can_write()

    def _removed(self, path: Path) -> tuple[str, tuple[Volume, ...], str]:
        def change(tables: AoT) -> None:
            for at in reversed(range(len(tables))):
                if Path(str(tables[at].get("path"))) == path:
                    del tables[at]

        return self._changed(change), tuple(one for one in self.settings.volume if one.path != path), f"remove {path}"

    def _added(self, volume: Volume) -> str:
        def change(tables: AoT) -> None:
            table = tomlkit.table()
            table.update(keys_of(volume))
            table.add(tomlkit.nl())
            tables.append(table)

        return self._changed(change)

    def _changed(self, change: Callable[[AoT], None]) -> str:
        try:
            document = tomlkit.parse(self._content)
            tables = document[_SECTION]
            if not isinstance(tables, AoT):
                raise ConfigNotKept(file=str(self._file), change="[[volume]] tables")
            change(tables)
            return tomlkit.dumps(document)
        except TOMLKitError as error:
            raise ConfigNotKept(file=str(self._file), change=str(error)) from error

    def _checked(self, text: str, meant: tuple[Volume, ...], change: str) -> None:
        after = parse(text, self._file)
        if after.volume != meant or _rest(after) != _rest(self.settings):
            raise ConfigNotKept(file=str(self._file), change=change)

    def _write(self, text: str, meant: tuple[Volume, ...], change: str) -> None:
        self._checked(text, meant, change)
        try:
            status = self._file.stat()
            if self._file.read_bytes() != self._content:
                raise ConfigChanged(file=str(self._file))
            mode, owner = stat.S_IMODE(status.st_mode), (status.st_uid, status.st_gid)
            replace_file(self._file, text.encode(), mode, owner=owner)
        except OSError as error:
            raise ConfigNotWritten(file=str(self._file), why=error.strerror) from error


def keys_of(volume: Volume) -> Mapping[str, str | int | bool]:
    """The keys of a new table."""
    bay = {} if volume.bay is None else {"bay": volume.bay}
    evidence = {"evidence": True} if volume.evidence else {}
    budget = {} if volume.budget_gib is None else {"budget_gib": volume.budget_gib}
    return {"name": volume.name, "path": str(volume.path), **bay, **evidence, **budget}


def _set_drain(table: Any, *, drain: bool) -> None:  # noqa: ANN401 -- tomlkit's item, a mutable mapping
    if drain:
        table["drain"] = True
    elif "drain" in table:
        del table["drain"]


def _rest(settings: Settings) -> Settings:
    return settings.model_copy(update={"volume": ()})
