"""What a backup would copy, without copying it."""

from dataclasses import dataclass
from pathlib import Path

from storage import disk
from storage.backup.age import recipients_of
from storage.backup.folder import check_folder
from storage.backup.keys import read_places
from storage.backup.layout import Layout
from storage.backup.on_server import size_on_server


@dataclass(frozen=True, slots=True)
class Plan:
    """How much there is to copy, about, and how much room there is for it."""

    bytes: int
    key_files: int
    free_bytes: int


def plan(layout: Layout, directory: Path) -> Plan:
    """Look at everything that a run reads, and at the medium.

    Raises:
        InvalidValue: there is no recipient.
        NoBackupFolder: the folder holds no backups.
        OSError: something can not be read.
        RegisterAway, RegisterNotGranted: the register's server does not say.
    """
    recipients_of(layout.settings.backup.recipients)
    check_folder(directory)
    copies = read_places(layout.settings.keyring.places).copies
    register = layout.settings.register_location
    files = [layout.ledger, *(each[0] for each in copies.values())]
    files += [path for path in layout.files.values() if path.exists()]
    total = register.stat().st_size if isinstance(register, Path) else size_on_server(register)
    total += sum(path.stat().st_size for path in files)
    room = disk.statvfs(directory)
    return Plan(total, len(copies), room.f_bavail * room.f_frsize)
