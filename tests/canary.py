"""Every password that a test gives to a camera or a database is looked for in all that it and its children tell.

Nobody has to think of it: passwords are noted where they are made, whoever makes them. Looked through are what the test
and its child processes wrote to standard output and error, every log record of any level, and the command line and
environment of every child. `tests.acceptance.conftest` looks through the logs of whole systems.
"""

import base64
import json
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

import config.database
import storage.postgresql
from nvr.sim.camera import SimCamera
from recorder.rtsp.auth import Credentials

SHORTEST: Final = 6
"""Shorter passwords would be found in any text."""


class OfTheCamera(str):
    """An argument of a program that stands for a camera, and so has to know its own password."""

    __slots__ = ()


def forms(user: str, password: str) -> set[str]:
    """How a login may come to stand in a text."""
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {password, quote(password), quote(password, safe=""), json.dumps(password)[1:-1], repr(password)[1:-1], pair}


class Watch:
    """What the test that runs gave to cameras, and the children that it began."""

    def __init__(self) -> None:
        self._needles: set[str] = set()
        self._commands: list[str] = []

    def begin(self) -> None:
        """Another test."""
        self._needles.clear()
        self._commands.clear()

    def note_login(self, user: str, password: str) -> None:
        """A camera was given this login."""
        if len(password) >= SHORTEST:
            self._needles.update(forms(user, password))

    def note_child(self, arguments: object, environment: Iterable[str]) -> None:
        """A child began: what `ps` shows of it."""
        listed = arguments if isinstance(arguments, list | tuple) else [arguments]
        ours = (each for each in listed if not isinstance(each, OfTheCamera))
        self._commands += [os.fsdecode(each) if isinstance(each, bytes) else str(each) for each in ours]
        self._commands += environment

    def found(self, sections: Iterable[tuple[str, str]]) -> list[str]:
        """The names of the sections that hold a password, and whether a command line does."""
        told = [*sections, ("the command line or environment of a child", "\0".join(self._commands))]
        return [name for name, text in told if any(needle in text for needle in self._needles)]


@contextmanager
def watching(watch: Watch) -> Iterator[None]:
    """Inside, logins and children are noted, whoever makes them."""
    patch = pytest.MonkeyPatch()

    def noted(made: type[SimCamera | Credentials]) -> Callable[..., None]:
        make: Callable[..., None] = made.__init__

        @wraps(make)
        def init(self: SimCamera | Credentials, *args: object, **named: object) -> None:
            make(self, *args, **named)
            watch.note_login(self.user, self.password)

        return init

    begin: Callable[..., None] = subprocess.Popen.__init__

    @wraps(begin)
    def popen(self: subprocess.Popen[bytes], args: object, *more: object, **named: object) -> None:
        environment = named.get("env")
        values = environment.values() if isinstance(environment, Mapping) else ()
        watch.note_child(args, [os.fsdecode(value) for value in values])
        begin(self, args, *more, **named)

    read = config.database.password_in

    @wraps(read)
    def password_in(file: Path) -> str:
        password = read(file)
        watch.note_login("", password)
        return password

    with patch.context() as patched:
        patched.setattr(storage.postgresql, "password_in", password_in)
        patched.setattr(SimCamera, "__init__", noted(SimCamera))
        patched.setattr(Credentials, "__init__", noted(Credentials))
        patched.setattr(subprocess.Popen, "__init__", popen)
        yield
