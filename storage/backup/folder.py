"""The folder on a backup medium: which sets are whole, what is begun, finished and removed there."""

import fcntl
import json
import os
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from nvr.base.errors import Refused
from nvr.base.jcs import canonical
from nvr.base.units import US_PER_DAY
from storage import disk
from storage.backup.manifest import KEY_LIST, KEYS, MANIFEST
from storage.durable import create_file, make_directory, remove_file, remove_tree, rename_file, sync_directory

IDENTITY_NAME: Final = "scelle-backup.json"
MOST_DAYS: Final = 32
"""Longer than any footage that is not held is kept: a set that old helps nobody."""

_PARTIAL: Final = ".partial"
_NAME: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_FORMAT: Final = "%Y%m%dT%H%M%SZ"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class NoBackupFolder(Refused):
    """The folder is not one of this system's backups: an empty mount point, for example; `why` says more."""

    message_id = "backup-no-folder"


class BackupRunning(Refused):
    """Another backup to this folder is under way."""

    message_id = "backup-running"


@dataclass(frozen=True, slots=True)
class BackupSet:
    """A set that is whole, by its folder; its key files go as soon as a newer set has its own."""

    path: Path
    has_keys: bool

    @property
    def name(self) -> str:
        """The instant at which it was begun, to the second, UTC."""
        return self.path.name


def create_folder(path: Path, origin: str) -> None:
    """Make an empty folder, or one that is missing, the place of this system's backups.

    Raises:
        NoBackupFolder: something is in it.
    """
    make_directory(path)
    if any(path.iterdir()):
        raise NoBackupFolder(directory=str(path), why="it is not empty")
    create_file(path / IDENTITY_NAME, canonical({"v": 1, "t": "scelle-backup", "origin": origin}))


def check_folder(path: Path) -> str:
    """The origin of the system whose backups lie here. Raises NoBackupFolder."""
    try:
        found = json.loads((path / IDENTITY_NAME).read_bytes())
    except (OSError, ValueError) as error:
        raise NoBackupFolder(directory=str(path), why=f"{IDENTITY_NAME} can not be read") from error
    if not isinstance(found, dict) or (found.get("t"), found.get("v")) != ("scelle-backup", 1):
        raise NoBackupFolder(directory=str(path), why=f"{IDENTITY_NAME} is of another version")
    return str(found.get("origin"))


@contextmanager
def locked(path: Path, origin: str) -> Iterator[None]:
    """Be the only one that writes here.

    Raises:
        NoBackupFolder: it is no such folder, or another system's.
        BackupRunning: somebody else does.
    """
    theirs = check_folder(path)
    if theirs != origin:
        raise NoBackupFolder(directory=str(path), why=f"it belongs to {theirs}")
    fd = disk.open_file(path / IDENTITY_NAME, os.O_RDONLY)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupRunning(directory=str(path)) from error
        yield
    finally:
        os.close(fd)


def sets_in(path: Path) -> list[BackupSet]:
    """The whole sets, the oldest first."""
    folders = (one for one in path.iterdir() if _NAME.fullmatch(one.name) and (one / MANIFEST).exists())
    return [BackupSet(one, (one / KEY_LIST).exists()) for one in sorted(folders)]


def begin_set(path: Path, now_utc_us: int) -> Path:
    """A folder for a new set, under the name of one that is not whole.

    It is named after now, and behind every set that is there: the newest has the last name, whatever the clock did.
    """
    name, second = _name(now_utc_us), timedelta(seconds=1)
    newest = max((one.name for one in sets_in(path)), default="")
    if name <= newest:
        name = (datetime.strptime(newest, _FORMAT).replace(tzinfo=UTC) + second).strftime(_FORMAT)
    begun = path / f".{name}{_PARTIAL}"
    make_directory(begun / KEYS)
    return begun


def finish_set(begun: Path) -> BackupSet:
    """Give the set, all of which is durable, its name."""
    final = begun.with_name(begun.name.removeprefix(".").removesuffix(_PARTIAL))
    rename_file(begun, final)
    return BackupSet(final, has_keys=True)


def remove_unfinished(path: Path) -> int:
    """Remove what earlier runs began and did not finish, or were removing; how many."""
    unfinished = [
        one
        for one in path.iterdir()
        if one.name.endswith(_PARTIAL) or (_NAME.fullmatch(one.name) and not (one / MANIFEST).exists())
    ]
    for one in unfinished:
        remove_tree(one)
    for whole in sets_in(path):
        if not whole.has_keys and (whole.path / KEYS).exists():
            remove_tree(whole.path / KEYS)
    return len(unfinished)


def remove_keys(one: BackupSet) -> None:
    """Remove the keys of a set: the list first, so that a set never says that it has what it has not."""
    remove_file(one.path / KEY_LIST)
    remove_tree(one.path / KEYS)


def remove_set(one: BackupSet) -> None:
    """Remove a set: its manifest first, so that what is left of it is none."""
    remove_file(one.path / MANIFEST)
    remove_tree(one.path)


def sync_set(begun: Path) -> None:
    """Make the names of all files of the set durable."""
    for folder in (*(one for one in begun.rglob("*") if one.is_dir()), begun):
        sync_directory(folder)


def outdated(names: Sequence[str], now_utc_us: int, keep: int) -> Collection[str]:
    """Which sets go, of these, the oldest first: all but the newest `keep`, and those of more than 32 days. Pure.

    The newest stays whatever its age: an old backup is better than none.
    """
    oldest = _name(now_utc_us - MOST_DAYS * US_PER_DAY)
    kept = names[-keep:]
    return {name for name in names[:-1] if name not in kept or name < oldest}


def _name(utc_us: int) -> str:
    return (_EPOCH + timedelta(microseconds=utc_us)).strftime(_FORMAT)
