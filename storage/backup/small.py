"""The small files of a backup: one tar, with the owner and the mode of each file and folder."""

import grp
import io
import os
import pwd
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from storage.backup.age import BackupDamaged
from storage.backup.manifest import STATE
from storage.durable import make_directory, replace_file

_ANYBODY: Final = ""


@dataclass(frozen=True, slots=True)
class Owned:
    """A file or folder as it was: `content` is None for a folder. User and group are names, since numbers differ."""

    content: bytes | None
    mode: int
    user: str
    group: str


def read_owned(path: Path, content: bytes | None = None) -> Owned:
    """The file or folder at the path; `content` in place of the file's own. Raises OSError."""
    status = path.stat()
    if content is None and not path.is_dir():
        content = path.read_bytes()
    return Owned(content, status.st_mode & 0o7777, _user(status.st_uid), _group(status.st_gid))


def pack(files: Mapping[str, Owned]) -> bytes:
    """The tar that holds these, by name."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, one in sorted(files.items()):
            info = tarfile.TarInfo(name)
            info.mode, info.uname, info.gname = one.mode, one.user, one.group
            info.type = tarfile.DIRTYPE if one.content is None else tarfile.REGTYPE
            info.size = len(one.content or b"")
            tar.addfile(info, io.BytesIO(one.content or b""))
    return out.getvalue()


def unpack(data: bytes) -> dict[str, Owned]:
    """What the tar holds, by name; nothing is written anywhere. Raises BackupDamaged."""
    found = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
            for info in tar:
                file = tar.extractfile(info) if info.isfile() else None
                content = None if file is None else file.read()
                found[info.name] = Owned(content, info.mode, info.uname, info.gname)
    except tarfile.TarError as error:
        raise BackupDamaged(part=STATE, why="no tar") from error
    return found


def place(path: Path, one: Owned) -> None:
    """Put the file or folder there, durably, with its mode and, as root, its owner."""
    if one.content is None:
        make_directory(path)
        path.chmod(one.mode)
    else:
        make_directory(path.parent)
        replace_file(path, one.content, one.mode)
    give(path, one)


def give(path: Path, one: Owned) -> None:
    """Give the path to its owner, as far as this process may and the machine knows him."""
    if os.geteuid() == 0:
        os.chown(path, _uid(one.user), _gid(one.group))


def give_all(paths: Iterable[Path], one: Owned) -> None:
    """The same for several."""
    for path in paths:
        give(path, one)


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return _ANYBODY


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return _ANYBODY


def _uid(name: str) -> int:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return -1


def _gid(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return -1
