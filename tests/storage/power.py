"""A disk that loses its power: what was done to it is taped, and every state is built that may be left of it.

What a sync has reached is there. Of the rest, anything may be: a write is there, or not, or up to some place, or as
zeros; a name is there or not, in any order; only a rename never leaves neither name (rename(2)).
"""

import os
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import cycle
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from storage import disk

PIECE_BYTES: Final = 64
"""A write is torn at such places: less than a sector, since what tests write is short."""


class Fate(Enum):
    """What became of something that no sync had reached."""

    THERE = auto()
    ABSENT = auto()
    TORN = auto()
    """Of a write: up to some place. Of anything else: absent."""
    ZEROS = auto()
    """Of a write: the length, without the bytes. Of anything else: absent."""


@dataclass(frozen=True, slots=True)
class Write:
    root: Path
    file: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    root: Path
    file: int
    size: int


@dataclass(frozen=True, slots=True)
class Name:
    """From now on the path names this file; None: a directory."""

    root: Path
    path: Path
    file: int | None


@dataclass(frozen=True, slots=True)
class Unname:
    root: Path
    path: Path


@dataclass(frozen=True, slots=True)
class Rename:
    root: Path
    source: Path
    target: Path
    file: int | None
    """None: a directory."""


@dataclass(frozen=True, slots=True)
class SyncFile:
    file: int


@dataclass(frozen=True, slots=True)
class SyncNames:
    directory: Path


@dataclass(frozen=True, slots=True)
class SyncAll:
    root: Path


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that the test wants to know of this moment."""

    what: object


Change: TypeAlias = Write | Truncate | Name | Unname | Rename
Event: TypeAlias = Change | SyncFile | SyncNames | SyncAll | Mark
Chooser: TypeAlias = Callable[[], Fate]
"""Decides what became of a change that no sync had reached."""


@dataclass(frozen=True)
class Left:
    """What is left on the disks: which file each path names (None: a directory), and what is in the files."""

    names: Mapping[Path, int | None]
    contents: Mapping[int, bytes]


def everything() -> Fate:
    """The process died, and the machine went on."""
    return Fate.THERE


def nothing() -> Fate:
    """The disk had only what it was told to sync."""
    return Fate.ABSENT


def every_other() -> Chooser:
    """Each second of the changes: so that a later write outlives the one before it."""
    fates = cycle((Fate.ABSENT, Fate.THERE))
    return lambda: next(fates)


def anything(seed: int) -> Chooser:
    """Whatever this seed says."""
    source, fates = random.Random(seed), tuple(Fate)
    return lambda: source.choice(fates)


def _move(names: dict[Path, int | None], source: Path, target: Path) -> None:
    for path in [path for path in names if path.is_relative_to(source)]:
        names[target / path.relative_to(source)] = names.pop(path)


class Tape:
    """Tapes what is done through `storage.disk` below `roots`, each a file system of its own. Any thread may call.

    What is there at the beginning is durable; `events` from `begin` on are what was done since.
    """

    def __init__(self, patch: pytest.MonkeyPatch, roots: Sequence[Path]) -> None:
        self.events: list[Event] = []
        self._roots = tuple(roots)
        self._lock = threading.RLock()
        self._named: dict[Path, int | None] = {}
        self._opened: dict[int, Path] = {}
        self._next = 1
        for root in roots:
            self._take_in(root)
        self.begin = len(self.events)
        for name in ("writev", "pwrite", "ftruncate", "allocate", "fsync", "fdatasync", "syncfs"):
            patch.setattr(disk, name, self._on_descriptor(getattr(disk, name), getattr(self, f"_{name}")))
        for name in ("open_file", "mkdir", "rename", "rename_exclusive", "link", "unlink", "rmdir"):
            patch.setattr(disk, name, self._on_path(getattr(disk, name), getattr(self, f"_{name}")))

    def mark(self, what: object) -> None:
        """Note that this has happened by now."""
        with self._lock:
            self.events.append(Mark(what))

    def marks(self, end: int) -> list[Any]:
        """What was noted before this event."""
        return [event.what for event in self.events[:end] if isinstance(event, Mark)]

    def left(self, end: int, choose: Chooser) -> Left:
        """What is left when the power goes before event number `end`, by path; None stands for a directory."""
        contents: dict[int, bytearray] = {}
        names: dict[Path, int | None] = {}
        for event, reached in self._reached(end):
            match event:
                case Write(_, file, offset, data):
                    _write(contents.setdefault(file, bytearray()), offset, data, Fate.THERE if reached else choose())
                case Truncate(_, file, size):
                    if reached or choose() is Fate.THERE:
                        content = contents.setdefault(file, bytearray())
                        content[:] = content[:size] + bytes(size - len(content))
                case Name():
                    if reached or choose() is Fate.THERE:
                        names[event.path] = event.file
                case Unname(_, path):
                    if reached or choose() is Fate.THERE:
                        names.pop(path, None)
                case Rename():
                    self._apply_rename(names, event, reached=reached, fate=choose())
        # A directory that held a name may have gone with the power.
        reachable = {path: file for path, file in names.items() if self._is_reachable(path, names)}
        return Left(reachable, {file: bytes(content) for file, content in contents.items()})

    def build(self, left: Left, directory: Path) -> None:
        """Write what is left into the directory, where each root stands under its last name."""
        written: dict[int, Path] = {}
        for path in sorted(left.names):
            root = self._root(path) or path
            target, file = directory / root.name / path.relative_to(root), left.names[path]
            if file is None:
                target.mkdir()
            elif file in written:
                target.hardlink_to(written[file])
            else:
                target.write_bytes(left.contents.get(file, b""))
                written[file] = target

    def _is_reachable(self, path: Path, named: Mapping[Path, int | None]) -> bool:
        root = self._root(path)
        return root is not None and all(one in named for one in path.parents if one.is_relative_to(root))

    def _apply_rename(self, names: dict[Path, int | None], event: Rename, *, reached: bool, fate: Fate) -> None:
        if event.file is None:  # a directory, with all that is in it; it never has two names
            if reached or fate is not Fate.ABSENT:
                _move(names, event.source, event.target)
            return
        if reached or fate is not Fate.ABSENT:
            names[event.target] = event.file
        if reached or fate is Fate.THERE:  # else both names stand, as where the two directories are written apart
            names.pop(event.source, None)

    def _reached(self, end: int) -> list[tuple[Change, bool]]:
        """The changes before the end, and whether some sync behind each had reached it."""
        files: set[int] = set()
        directories: set[Path] = set()
        roots: set[Path] = set()
        changes: list[tuple[Change, bool]] = []
        for event in reversed(self.events[:end]):
            match event:
                case SyncFile(file):
                    files.add(file)
                case SyncNames(directory):
                    directories.add(directory)
                case SyncAll(root):
                    roots.add(root)
                case Write() | Truncate():
                    changes.append((event, event.file in files or event.root in roots))
                case Name() | Unname():
                    changes.append((event, event.path.parent in directories or event.root in roots))
                case Rename():
                    both = {event.source.parent, event.target.parent} <= directories
                    changes.append((event, both or event.root in roots))
                case Mark():
                    pass
        return changes[::-1]

    def _take_in(self, root: Path) -> None:
        self._name(root, None)
        for path in sorted(root.rglob("*")):
            file = None if path.is_dir() else self._new()
            self._name(path, file)
            if file is not None:
                self.events.append(Write(root, file, 0, path.read_bytes()))
        self.events.append(SyncAll(root))

    def _new(self) -> int:
        self._next += 1
        return self._next

    def _name(self, path: Path, file: int | None) -> None:
        self._named[path] = file
        self._change(path, lambda root: Name(root, path, file))

    def _change(self, path: Path, event: Callable[[Path], Event]) -> None:
        root = self._root(path)
        if root is not None:
            self.events.append(event(root))

    def _root(self, path: Path) -> Path | None:
        return next((root for root in self._roots if path.is_relative_to(root)), None)

    def _on_descriptor(self, real: Callable[..., Any], note: Callable[..., None]) -> Callable[..., Any]:
        def call(fd: int, *args: Any) -> Any:  # noqa: ANN401 -- whatever the real call takes
            with self._lock:
                path = self._opened.get(fd)
                if path is None:
                    return real(fd, *args)
                at = os.lseek(fd, 0, os.SEEK_CUR)
                done = real(fd, *args)
                note(path, at, done, *args)
                return done

        return call

    def _on_path(self, real: Callable[..., Any], note: Callable[..., None]) -> Callable[..., Any]:
        def call(path: Path, *args: Any) -> Any:  # noqa: ANN401 -- whatever the real call takes
            with self._lock:
                there = path.exists()
                done = real(path, *args)
                if self._root(path) is not None:
                    note(path, there, done, *args)
                elif isinstance(done, int):
                    self._opened.pop(done, None)  # a descriptor that stood for another file before
                return done

        return call

    # What each call of `storage.disk` is on the tape.

    def _open_file(self, path: Path, there: bool, fd: int, flags: int, _mode: int = 0) -> None:
        self._opened[fd] = path
        if not there:
            self._name(path, self._new())
        elif flags & os.O_TRUNC:
            self._change(path, lambda root: Truncate(root, self._file(path), 0))

    def _writev(self, path: Path, at: int, done: int, parts: Sequence[bytes]) -> None:
        data = b"".join(parts)[:done]
        self._change(path, lambda root: Write(root, self._file(path), at, data))

    def _pwrite(self, path: Path, _: int, done: int, data: bytes, offset: int) -> None:
        self._change(path, lambda root: Write(root, self._file(path), offset, bytes(data[:done])))

    def _ftruncate(self, path: Path, _: int, _done: None, size: int) -> None:
        self._change(path, lambda root: Truncate(root, self._file(path), size))

    _allocate = _ftruncate

    def _fsync(self, path: Path, _: int, _done: None) -> None:
        file = self._named[path]
        self.events.append(SyncNames(path) if file is None else SyncFile(file))

    def _fdatasync(self, path: Path, _: int, _done: None) -> None:
        self.events.append(SyncFile(self._file(path)))

    def _syncfs(self, path: Path, _: int, _done: None) -> None:
        self._change(path, SyncAll)

    def _mkdir(self, path: Path, _there: bool, _done: None, _mode: int = 0) -> None:
        self._name(path, None)

    def _rename_exclusive(self, source: Path, _there: bool, _done: None, target: Path) -> None:
        file = self._named[source]
        _move(self._named, source, target)
        for fd, path in self._opened.items():
            if path.is_relative_to(source):
                self._opened[fd] = target / path.relative_to(source)
        self._change(source, lambda root: Rename(root, source, target, file))

    _rename = _rename_exclusive

    def _link(self, source: Path, _there: bool, _done: None, target: Path) -> None:
        self._name(target, self._file(source))

    def _unlink(self, path: Path, _there: bool, _done: None) -> None:
        self._named.pop(path, None)
        self._change(path, lambda root: Unname(root, path))

    _rmdir = _unlink

    def _file(self, path: Path) -> int:
        file = self._named[path]
        assert file is not None
        return file


def _write(content: bytearray, offset: int, data: bytes, fate: Fate) -> None:
    if fate is Fate.TORN:
        data = data[: len(data) // 2 // PIECE_BYTES * PIECE_BYTES]
    elif fate is Fate.ZEROS:
        data = bytes(len(data))
    if fate is not Fate.ABSENT and data:
        content.extend(bytes(max(0, offset + len(data) - len(content))))
        content[offset : offset + len(data)] = data
