"""A backup put onto an empty server, the ledger last (docs/design/backup.md, "Restoring")."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.exc import DBAPIError

from config.database import Location
from nvr.base.clock import Clock
from nvr.base.errors import Refused
from nvr.base.jcs import Json, canonical
from nvr.base.units import UtcUs
from storage.backup import small
from storage.backup.age import BackupDamaged, Identities, decrypt, decrypt_small
from storage.backup.databases import ledger_at
from storage.backup.keys_back import KeysBack, bring_back
from storage.backup.layout import CONFIGURATION, LOG_KEY, Layout
from storage.backup.making import Told
from storage.backup.manifest import LEDGER, REGISTER, STATE
from storage.backup.on_server import holds_rows, put_on_server
from storage.backup.reading import Found
from storage.databases import words_of
from storage.durable import make_directory, remove_file, remove_tree, replace_file, replace_from
from storage.index.writer import Index
from storage.keeping.restored import Restored, write_restored
from storage.ledger.reader import LedgerReader
from storage.ledger.store import read_log_key
from storage.volume import VolumeLost, open_volume

_FOLDER_MODE: Final = 0o755
_PRIVATE_MODE: Final = 0o700
_PEOPLES: Final = frozenset({CONFIGURATION, "alarm.json", "camera-ca.pem"})
"""What people write: where it stands already, it is theirs."""


class NotEmpty(Refused):
    """There is a system on this server already; nothing was changed."""

    message_id = "backup-not-empty"


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What a restore found, and what is missing."""

    ledger_size: int
    last_utc_us: UtcUs
    """The newest entry's time: what came after it is not in the backup."""
    keys: KeysBack
    unknown: Mapping[str, int]
    """By volume, sealed files that the ledger does not know: the keeper will take them in as recovered."""
    volumes_out: Mapping[str, str]
    """Volumes that are not there, and why."""


def open_state(found: Found, identities: Identities) -> dict[str, small.Owned]:
    """The small files of the set, in memory.

    Raises:
        NotForThisIdentity, BackupDamaged: the identity does not open it, or it is not what it should be.
    """
    return small.unpack(decrypt_small(found.at.path / STATE, identities))


def refuse_founded(layout: Layout, found: Found) -> None:
    """Check that there is nothing that a restore would overwrite; what it began itself it may.

    Raises:
        NotEmpty: something stands there; its path is named.
        BackupDamaged: the backup is of another system than the configuration.
        RegisterAway, RegisterNotGranted: the register's server can not be asked.
    """
    if layout.settings.system.origin != found.manifest.origin:
        raise BackupDamaged(part=CONFIGURATION, why=f"of {layout.settings.system.origin}, not {found.manifest.origin}")
    register = layout.settings.register_location
    occupied = not isinstance(register, Path) and holds_rows(register)  # its server is asked before anything is begun
    if layout.restoring.exists() and layout.restoring.read_bytes() == _begun(found):
        return
    paths = layout.settings.paths
    made = (path for name, path in sorted(layout.files.items()) if name not in _PEOPLES)
    for path in (layout.ledger, paths.register, paths.index, *made):
        if path.exists():
            raise NotEmpty(path=str(path))
    if occupied:
        raise NotEmpty(path=str(register))


def restore(
    layout: Layout, found: Found, identities: Identities, state: Mapping[str, small.Owned], clock: Clock, told: Told
) -> RestoreReport:
    """Put everything in its place; `refuse_founded` found nothing.

    Raises:
        NotForThisIdentity, BackupDamaged: a part does not open, or is not what it should be.
        LedgerDamaged, NoteInvalid: the ledger is not what was signed.
        RegisterAway, RegisterNotGranted, RegisterNotTaken, RegisterOfOthers, DatabaseInUse: the register's server
            does not take it. What was begun starts no keeper; the same restore may be run again.
        OSError: a disk refused. What was begun starts no keeper; the same restore may be run again.
    """
    make_directory(layout.restoring.parent, _FOLDER_MODE)
    replace_file(layout.restoring, _begun(found))  # R3
    if layout.work.exists():
        remove_tree(layout.work)
    make_directory(layout.work, _PRIVATE_MODE)
    try:
        return _restore(layout, found, identities, state, clock, told)
    finally:
        remove_tree(layout.work)


def _restore(
    layout: Layout, found: Found, identities: Identities, state: Mapping[str, small.Owned], clock: Clock, told: Told
) -> RestoreReport:
    settings = layout.settings
    told("books", 0, 2)
    _place_folders(layout, state)
    small.place(layout.files[LOG_KEY], state[LOG_KEY])
    key = read_log_key(settings.paths.ledger)
    if key.public_key() != found.public:
        raise BackupDamaged(part=LOG_KEY, why="another key than the one that signed the manifest")
    decrypt(found.at.path / LEDGER, layout.work / "ledger", identities)  # R4
    at = ledger_at(layout.work / "ledger", found.public, whole=True)
    if at != found.manifest.ledger:
        raise BackupDamaged(part=LEDGER, why="another ledger than the manifest's")
    index = Index.anew(settings.index_location)  # R5
    try:
        progress = _follow(index, layout.work / "ledger", at.size)
        now = UtcUs(max(clock.utc_us(), progress))
        told("books", 1, 2)
        keys = bring_back(layout, found, identities, index, ZoneInfo(settings.system.timezone), now, told)  # R6, R7
        unknown, out = _volumes(layout, index)
    finally:
        index.close()
    _give_keys(layout, state)
    decrypt(found.at.path / REGISTER, layout.work / "register", identities)  # R8
    _put_register(layout.work / "register", settings.register_location)
    for name, one in state.items():
        path = layout.path_of(name)
        if path is not None and one.content is not None and not (name in _PEOPLES and path.exists()):
            small.place(path, one)
    for name in ("index", "ledger", "register"):  # files of their folder's role
        _give_files(layout, state, name)
    _put_ledger(layout, found, now)  # R9
    _give_files(layout, state, "ledger")
    remove_file(layout.restoring)
    return RestoreReport(at.size, UtcUs(progress), keys, unknown, out)


def _put_register(source: Path, place: Location) -> None:
    if isinstance(place, Path):
        make_directory(place.parent, _PRIVATE_MODE)
        _move(source, place)
        return
    try:
        put_on_server(source, place)
    except DBAPIError as error:
        raise BackupDamaged(part=REGISTER, why=words_of(error)) from error


def _put_ledger(layout: Layout, found: Found, now_utc_us: UtcUs) -> None:
    at = found.manifest.ledger
    restored = Restored(
        size=at.size,
        root=at.root,
        set_name=found.at.name,
        made_utc_us=found.manifest.made_utc_us,
        restored_utc_us=now_utc_us,
    )
    write_restored(layout.settings.paths.ledger, restored)
    _move(layout.work / "ledger", layout.ledger)


def _place_folders(layout: Layout, state: Mapping[str, small.Owned]) -> None:
    for name, path in layout.owned.items():
        one = state.get(name)
        if one is not None and not path.exists():
            small.place(path, one)


def _follow(index: Index, ledger: Path, size: int) -> int:
    reader = LedgerReader(ledger)
    try:
        return index.catch_up(size, reader.entries).ledger_utc_us
    finally:
        reader.close()


def _move(source: Path, target: Path) -> None:
    """Copy beside the target, then rename: the two may be on different disks."""
    with source.open("rb") as file:
        replace_from(target, file)
    remove_file(source)


def _give_files(layout: Layout, state: Mapping[str, small.Owned], name: str) -> None:
    folder, one = layout.owned[f"owner/{name}"], state.get(f"owner/{name}")
    if one is not None:
        small.give_all((path for path in folder.iterdir() if path.is_file()), one)


def _give_keys(layout: Layout, state: Mapping[str, small.Owned]) -> None:
    for number, place in enumerate(layout.settings.keyring.places):
        one = state.get(f"owner/place-{number}")
        if one is not None:
            small.give_all((place, *place.rglob("*")), one)


def _volumes(layout: Layout, index: Index) -> tuple[dict[str, int], dict[str, str]]:
    unknown, out = {}, {}
    for setting in layout.settings.volume:
        try:
            volume = open_volume(setting.path, layout.settings.system.origin)
        except VolumeLost as error:
            out[setting.name] = str(error.fields.get("what"))
            continue
        names = (path.stem for path in volume.segments.glob("*/*/*.svs"))
        unknown[setting.name] = sum(index.segment(name) is None for name in names)
    return unknown, out


def _begun(found: Found) -> bytes:
    body: dict[str, Json] = {"v": 1, "set": found.at.name, "made_utc_us": found.manifest.made_utc_us}
    return canonical(body)
