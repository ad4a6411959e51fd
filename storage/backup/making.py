"""One run of a backup, in the order that keeps it whole (docs/design/backup.md, "Order of a run")."""

import io
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from nvr.base.clock import Clock
from nvr.base.errors import ConfigError
from nvr.base.jcs import Json, canonical
from nvr.base.units import UtcUs
from storage.backup import folder, small
from storage.backup.age import BackupDamaged, Recipients, encrypt, hash_of, recipients_of
from storage.backup.databases import RegisterState, copy_ledger, copy_register
from storage.backup.keys import merge, read_places
from storage.backup.layout import LOGINS, NEEDED, Layout
from storage.backup.manifest import (
    KEY_LIST,
    KEYS,
    LEDGER,
    MANIFEST,
    REGISTER,
    STATE,
    File,
    KeyList,
    Manifest,
    parse_keys,
    sign,
)
from storage.durable import make_directory, remove_file, remove_files, remove_tree, replace_file
from storage.keyring.places import KeyringUnreachable
from storage.ledger.store import read_log_key

RegisterCopy: TypeAlias = Callable[[Path], RegisterState]
"""Copies the register into a SQLite file."""

Told: TypeAlias = Callable[[str, int, int], None]
"""Hears what is being done, how much of it is done, of how much."""

_LAST_MODE: Final = 0o644
_FOLDER_MODE: Final = 0o755
_PRIVATE_MODE: Final = 0o700


@dataclass(frozen=True, slots=True)
class Made:
    """A set that is whole."""

    path: Path
    manifest: Manifest
    keys: KeyList
    removed: tuple[str, ...]
    """Sets that went."""


@dataclass(slots=True)
class _Run:
    """What a run has done so far."""

    begun: Path
    recipients: Recipients
    work: Path
    told: Told
    parts: list[File] = field(default_factory=list)

    def add(self, name: str, source: Path) -> File:
        """Encrypt a copy into the set, and remove it."""
        with source.open("rb") as file:
            written = encrypt(file, self.begun / name, self.recipients)
        remove_file(source)
        return File(name=name, bytes=written.size, sha256=written.sha256)


def make_backup(
    layout: Layout,
    directory: Path,
    clock: Clock,
    *,
    sw: str,
    told: Told,
    register: RegisterCopy | None = None,
) -> Made:
    """Make one set in the directory, and remove what it replaces; `register` copies it where `copy_register` shall not.

    Raises:
        InvalidValue: there is no recipient.
        NoBackupFolder, BackupRunning: the directory is none of ours, or somebody else writes there.
        ConfigError: a file without which a backup is worth nothing can not be read.
        KeyringUnreachable: no place of the keyring can be read.
        BackupDamaged: the medium did not give back what was written.
        OSError, DatabaseNotCopied: a disk refused; no set was made.
        RegisterAway, RegisterNotGranted, RegisterOtherVersion: the register's server did; no set was made.
    """
    settings = layout.settings
    recipients = recipients_of(settings.backup.recipients)
    with folder.locked(directory, settings.system.origin):
        folder.remove_unfinished(directory)  # K1
        _empty(layout.work)
        now_utc_us = clock.utc_us()
        run = _Run(folder.begin_set(directory, now_utc_us), recipients, layout.work, told)
        try:
            manifest, keys = _fill(
                layout, run, register or partial(copy_register, settings.register_location), now_utc_us, sw
            )
            _read_back(run, [*manifest.parts, *keys.parts])  # K8
            made = folder.finish_set(run.begun)  # K9
        finally:
            remove_tree(layout.work)
        removed = _tidy(directory, now_utc_us, settings.backup.keep)  # K10
        _note(layout, made, manifest)  # K11
    return Made(made.path, manifest, keys, removed)


def prune(layout: Layout, directory: Path, clock: Clock) -> tuple[str, ...]:
    """Remove from the medium what the server has destroyed by now; the names of what went.

    Key files go of which no place has one any more: none while a place can not be read.

    Raises:
        NoBackupFolder, BackupRunning: as `make_backup`.
        KeyringUnreachable: a place can not be read.
        BackupDamaged: a list of keys is not what was signed.
    """
    settings = layout.settings
    with folder.locked(directory, settings.system.origin):
        folder.remove_unfinished(directory)
        places = read_places(settings.keyring.places)
        if places.out:
            raise KeyringUnreachable(places=len(places.out))
        removed = list(_tidy(directory, clock.utc_us(), settings.backup.keep))
        for one in (one for one in folder.sets_in(directory) if one.has_keys):
            removed += _drop_keys(layout, one, {f"{KEYS}/{name}.age" for name in places.copies})
    return tuple(removed)


def _fill(layout: Layout, run: _Run, copy: RegisterCopy, now_utc_us: UtcUs, sw: str) -> tuple[Manifest, KeyList]:
    settings, key = layout.settings, read_log_key(layout.settings.paths.ledger)
    logins = _logins(layout)  # K2
    register = copy(run.work / "register")  # K3
    at = copy_ledger(layout.ledger, run.work / "ledger", key.public_key(), register)  # K4
    run.told("books", 1, 1)
    tar = small.pack(_small_files(layout, logins))  # K5
    written = encrypt(io.BytesIO(tar), run.begun / STATE, run.recipients)
    parts = (
        File(name=STATE, bytes=written.size, sha256=written.sha256),
        run.add(REGISTER, run.work / "register"),
        run.add(LEDGER, run.work / "ledger"),
    )
    keys, degraded = _keys(layout, run)  # K6
    origin = settings.system.origin
    manifest = Manifest(
        v=1,
        t="scelle-backup-set",
        origin=origin,
        made_utc_us=now_utc_us,
        ledger=at,
        recipients=settings.backup.recipients,
        sw=sw,
        degraded=tuple(sorted(str(place) for place in degraded)),
        parts=parts,
    )
    listed = KeyList(v=1, t="scelle-backup-keys", origin=origin, made_utc_us=now_utc_us, parts=keys)
    replace_file(run.begun / KEY_LIST, sign(listed, key))  # K7
    replace_file(run.begun / MANIFEST, sign(manifest, key))
    folder.sync_set(run.begun)
    return manifest, listed


def _small_files(layout: Layout, logins: bytes | None) -> dict[str, small.Owned]:
    found: dict[str, small.Owned] = {}
    for name, path in layout.files.items():
        try:
            found[name] = small.read_owned(path)
        except OSError as error:
            if name in NEEDED:
                raise ConfigError(file=str(path), why=f"no backup without it: {error.strerror}") from error
    if LOGINS in found:
        found[LOGINS] = small.read_owned(layout.files[LOGINS], _both(logins, found[LOGINS].content))
    for prefix, directory in layout.folders.items():
        found |= {f"{prefix}/{path.name}": small.read_owned(path) for path in sorted(directory.glob("[!.]*.json"))}
    found |= {name: small.read_owned(path) for name, path in layout.owned.items() if path.exists()}
    return found


def _logins(layout: Layout) -> bytes | None:
    path = layout.files[LOGINS]
    return path.read_bytes() if path.exists() else None


def _both(before: bytes | None, after: bytes | None) -> bytes:
    """The logins of both readings: their references are never used twice."""
    return json.dumps({**json.loads(before or b"{}"), **json.loads(after or b"{}")}, ensure_ascii=False).encode()


def _keys(layout: Layout, run: _Run) -> tuple[tuple[File, ...], set[Path]]:
    all_places = layout.settings.keyring.places
    places = read_places(all_places)
    if len(places.out) == len(all_places):
        raise KeyringUnreachable(places=len(all_places))
    degraded = set(places.out)
    made = []
    for done, (name, copies) in enumerate(sorted(places.copies.items())):
        run.told("keys", done, len(places.copies))
        merged = merge(copies, run.work / name)
        if merged is not None:
            degraded |= {place for place in all_places for bad in merged.bad if bad.is_relative_to(place)}
            part = f"{KEYS}/{name}.age"
            make_directory((run.begun / part).parent)
            made.append(run.add(part, run.work / name))
    return tuple(made), degraded


def _read_back(run: _Run, parts: Sequence[File]) -> None:
    for done, part in enumerate(parts):
        run.told("read-back", done, len(parts))
        found = hash_of(run.begun / part.name)
        if (found.size, found.sha256) != (part.bytes, part.sha256):
            raise BackupDamaged(part=part.name, why="the medium gave back something else than was written")


def _tidy(directory: Path, now_utc_us: UtcUs, keep: int) -> tuple[str, ...]:
    sets = folder.sets_in(directory)
    with_keys = [one for one in sets if one.has_keys]
    for one in with_keys[:-1]:
        folder.remove_keys(one)
    going = folder.outdated([one.name for one in sets], now_utc_us, keep)
    for one in sets:
        if one.name in going:
            folder.remove_set(one)
    return tuple(sorted(going))


def _drop_keys(layout: Layout, one: folder.BackupSet, alive: Collection[str]) -> list[str]:
    """Remove key files of days that are destroyed, the list first: it names what is there."""
    path = one.path / KEY_LIST
    listed, _ = parse_keys(path.read_bytes())
    left = tuple(part for part in listed.parts if part.name in alive)
    gone = [part.name for part in listed.parts if part.name not in alive]
    if gone:
        replace_file(path, sign(listed.model_copy(update={"parts": left}), read_log_key(layout.settings.paths.ledger)))
        remove_files(one.path / name for name in gone)
    return gone


def _empty(work: Path) -> None:
    if work.exists():
        remove_tree(work)
    make_directory(work.parent, _FOLDER_MODE)
    make_directory(work, _PRIVATE_MODE)


def _note(layout: Layout, made: folder.BackupSet, manifest: Manifest) -> None:
    told: dict[str, Json] = {
        "v": 1,
        "made_utc_us": manifest.made_utc_us,
        "set": str(made.path),
        "ledger_size": manifest.ledger.size,
    }
    replace_file(layout.settings.paths.last_backup, canonical(told), _LAST_MODE)
