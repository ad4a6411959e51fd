"""What may be configured: a frozen model of the TOML file, unknown keys refused.

Each field is documented where it is declared; `config/scelle.example.toml` shows them all. Paths are absolute.
"""

import os
import re
import zoneinfo
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, Field, PlainValidator, PrivateAttr, model_validator

from config.alarm import Alarm
from config.database import INDEX_SCHEMA, REGISTER_SCHEMA, Location, PostgresSchema, postgres_url
from config.section import AbsolutePath, Section
from config.shards import AUTO, Shards, shard_setting

_NAME: Final = r"^[a-z0-9][a-z0-9_.-]{0,62}$"
_BAY: Final = r"^[^\s\x00-\x1f][^\x00-\x1f]{0,31}$"
_SOCKET_BYTES: Final = 107
"""`sun_path` of Linux less its closing zero (unix(7)): a longer path can not be bound."""
_ORIGIN: Final = r"^[a-z0-9][a-z0-9.-]*(/[a-zA-Z0-9._-]+)*$"


class Preset(StrEnum):
    """Who must agree before footage is opened: DESIGN.md "Presets"."""

    SIMPLE = "simple"
    STANDARD = "standard"
    STRICT = "strict"


def _known_timezone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("not a time zone of the IANA database, for example Europe/Paris") from error
    return name


def _room_for_sockets(path: Path) -> Path:
    longest = len(os.fsencode(path / "recorder-63.sock"))
    if longest > _SOCKET_BYTES:
        raise ValueError(f"too long by {longest - _SOCKET_BYTES} bytes: a socket's path may have {_SOCKET_BYTES}")
    return path


def _fingerprint(text: str) -> str:
    digits = re.sub(r"^sha-?256( fingerprint)?[ :=]|[:\s]", "", text.strip().lower())
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise ValueError("not a SHA-256 fingerprint: 64 hexadecimal digits, with or without colons")
    return digits


Fingerprint = Annotated[str, AfterValidator(_fingerprint)]
PostgresUrl = Annotated[str, AfterValidator(postgres_url)]
PinnedHost = Annotated[str, Field(pattern=r"^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$")]


class System(Section):
    """What this system is."""

    origin: Annotated[str, Field(pattern=_ORIGIN, max_length=255)]
    """Name of the ledger, written in every checkpoint and segment; never changed. A host name of the town, a path."""

    timezone: Annotated[str, AfterValidator(_known_timezone)] = "Europe/Paris"
    """Local time of the cameras: the days of the prefect's order are counted in it."""

    preset: Preset = Preset.STANDARD
    """Who must agree: `simple`, `standard`, `strict`. The custodian set in force decides; this is what `init` made."""


class Paths(Section):
    """Where the small files lie; the footage lies on the volumes."""

    state: AbsolutePath = Path("/var/lib/scelle")
    """Ledger, index, register, spools, snapshots: see docs/design/processes.md "Files"."""

    runtime: Annotated[AbsolutePath, AfterValidator(_room_for_sockets)] = Path("/run/scelle")
    """The sockets between roles."""

    secrets: AbsolutePath = Path("/var/lib/scelle/secrets/cameras.json")
    """Camera passwords, mode 0600. The systemd credential `secrets` wins over it."""

    @property
    def camera_snapshot(self) -> Path:
        """What recorders know of the cameras."""
        return self.state / "snapshot" / "cameras.json"

    @property
    def custodians(self) -> Path:
        """The custodian set in force, signed."""
        return self.state / "snapshot" / "custodians.json"

    @property
    def ledger(self) -> Path:
        """The keeper's folder of the ledger."""
        return self.state / "ledger"

    @property
    def spool(self) -> Path:
        """The folder that holds one folder of spools per shard."""
        return self.state / "spool"

    @property
    def shard(self) -> Path:
        """The folder of the recorders' own state."""
        return self.state / "shard"

    @property
    def index(self) -> Path:
        """The index database."""
        return self.state / "index" / "index.db"

    @property
    def register(self) -> Path:
        """The register database."""
        return self.state / "register" / "register.db"

    @property
    def access(self) -> Path:
        """The folder of grants, export key and staging."""
        return self.state / "access"

    @property
    def export_key(self) -> Path:
        """RSA-3072, PKCS#8."""
        return self.access / "export.key"

    @property
    def watch(self) -> Path:
        """The folder of what the watch has told."""
        return self.state / "watch"

    @property
    def backup(self) -> Path:
        """The folder in which backups are prepared, and where the last good one is noted."""
        return self.state / "backup"

    @property
    def last_backup(self) -> Path:
        """When the last whole backup was made."""
        return self.backup / "last.json"

    @property
    def keeper_socket(self) -> Path:
        """Where the keeper answers."""
        return self.runtime / "keeper.sock"

    @property
    def access_socket(self) -> Path:
        """Where access answers."""
        return self.runtime / "access.sock"

    @property
    def watch_socket(self) -> Path:
        """Where the watch answers."""
        return self.runtime / "watch.sock"

    def recorder_socket(self, shard: int) -> Path:
        """Where the recorder of this shard answers."""
        return self.runtime / f"recorder-{shard}.sock"


class Database(Section):
    """Where index and register live, if not in SQLite files under `paths.state`."""

    index_url: PostgresUrl | None = Field(default=None, alias="index")
    """A PostgreSQL database, without a password; the index is its schema `scelle_index`."""

    register_url: PostgresUrl | None = Field(default=None, alias="register")
    """The same or another one; the register is its schema `scelle_register`."""

    password_file: AbsolutePath | None = None
    """Holds the password for both, where the server asks for one. The systemd credential `database-password` wins."""

    def schema_at(self, url: str | None, schema: str) -> PostgresSchema | None:
        """The schema of the database with this URL; None without one."""
        return None if url is None else PostgresSchema(url, schema, self.password_file)


class Volume(Section):
    """One disk that takes footage."""

    name: Annotated[str, Field(pattern=_NAME)]
    """As people call it."""

    path: AbsolutePath
    """Its mount point, or a folder in it; it carries `scelle-volume.json`."""

    bay: Annotated[str, Field(pattern=_BAY)] | None = None
    """Where the disk sits, as its server's front says it: no software knows it reliably."""

    drain: bool = False
    """It takes no new footage, on a person's word; what lies there is kept and destroyed as everywhere."""

    evidence: bool = False
    """It takes no recording, and a second copy of every segment that a hold keeps."""

    budget_gib: Annotated[int, Field(strict=True, ge=1, le=1_048_576)] | None = None
    """So much the copies may take on an evidence volume; without it, what the disk has."""


class Keyring(Section):
    """Where the key records lie."""

    places: Annotated[tuple[AbsolutePath, ...], Field(min_length=1, max_length=2)]
    """Two folders on different disks; one opens, two survive a disk."""


class Keys(Section):
    """Keys that must not lie on a volume."""

    machine_key: AbsolutePath = Path("/etc/scelle/machine.key")
    """The machine part's key. The systemd credential `machine-key` wins over it."""


class Recorder(Section):
    """How footage is taken in."""

    shards: Annotated[Shards, PlainValidator(shard_setting)] = AUTO
    """Recorder processes; each records the cameras that were dealt to it. `auto`: by cameras and cores, see
    `config.shards`."""

    segment_seconds: Annotated[int, Field(strict=True, ge=2, le=300)] = 300
    """Length of a segment. Shorter ones cost space and let a crash lose less of an open one."""

    queue_mib: Annotated[int, Field(strict=True, ge=8, le=4096)] = 256
    """What may wait for one volume's writer; more, where all cameras of the process send more in 5 s, up to 1024."""

    stall_seconds: Annotated[int, Field(strict=True, ge=2, le=300)] = 10
    """A camera that sends nothing for so long is silent: a gap begins and it is connected again."""

    ptz_seconds: Annotated[int, Field(strict=True, ge=1, le=60)] = 2
    """How often a dome that stands still is asked where it looks; one that moves is asked twice a second."""

    absent_minutes: Annotated[int, Field(strict=True, ge=1, le=1440)] = 15
    """A nomadic camera that does not answer for so long is absent, which is no fault."""

    absent_retry_minutes: Annotated[int, Field(strict=True, ge=1, le=60)] = 5
    """An absent camera is looked for again after at most so long."""


class Health(Section):
    """Whether cameras still show something useful, told without anybody's look: docs/design/health.md."""

    enabled: bool = True
    """Off: no picture is decoded, and no state of a camera's picture is told."""

    interval_seconds: Annotated[int, Field(strict=True, ge=5, le=3600)] = 60
    """One key frame of each camera is looked at so often."""

    looks: Annotated[int, Field(strict=True, ge=2, le=60)] = 3
    """So many looks in a row begin a fault, and so many end it."""

    dark_luma: Annotated[int, Field(strict=True, ge=0, le=255)] = 45
    """A picture is dark when not one pixel in fifty is so bright; black is 16, white 235."""

    covered_percent: Annotated[int, Field(strict=True, ge=0, le=100)] = 25
    """A lens is covered when no more of the usual detail is left, and what is left lies elsewhere."""

    blurred_percent: Annotated[int, Field(strict=True, ge=0, le=100)] = 70
    """A picture is blurred when its edges have less of their usual sharpness."""

    moved_percent: Annotated[int, Field(strict=True, ge=0, le=100)] = 50
    """A camera has moved when its picture agrees less with the usual one; 100 is the same."""

    frozen_mille: Annotated[int, Field(strict=True, ge=0, le=1000)] = 3
    """A picture is frozen when it differs by no more, in parts of a thousand, from the one before."""


class CameraTls(Section):
    """Whose certificates cameras may show that are reached by `rtsps://`, and by `https://`: streams and ONVIF."""

    ca_file: AbsolutePath | None = None
    """The town's own certification authority, in PEM; without it, those that the system trusts."""

    pins: Mapping[PinnedHost, Fingerprint] = {}
    """SHA-256 fingerprints of certificates, by host or `host:port` as in the camera's address: only this certificate
    is accepted from there, whoever signed it. For cameras that sign their own."""


class Keeper(Section):
    """How the volumes are kept."""

    reserve_gib: Annotated[int, Field(strict=True, ge=0, le=10_240)] = 10
    """A volume with less room than this, and than 5 % of its size, is relieved of its oldest footage, never of what a
    hold covers or what is younger than its order's minimum. 0: recording stops when a disk is full."""

    scrub_days: Annotated[int, Field(strict=True, ge=0, le=365)] = 0
    """Every file is read and hashed once in so many days, slowly and beside everything else. 0: only when asked for, by
    `nvr-admin index check`."""


class Hold(Section):
    """How much holds may keep, and when somebody looks whether they are still needed."""

    room_percent: Annotated[int, Field(strict=True, ge=0, le=100)] = 30
    """Where all holds would keep more of the room for footage, a new one is provisional: a validator confirms it within
    96 hours, or it runs out. 0: each is, unless a validator places it. 100: none is."""

    review_days: Annotated[int, Field(strict=True, ge=1, le=3650)] = 90
    """Holds that were placed so long ago and still keep footage are listed at the beginning of each quarter."""


class Access(Section):
    """The console and the HTTP interface."""

    host: str = "127.0.0.1"
    """Address to listen on; behind a reverse proxy with TLS it stays on loopback."""

    port: Annotated[int, Field(strict=True, ge=0, le=65_535)] = 8080
    """0 lets the kernel choose."""

    staging_minutes: Annotated[int, Field(strict=True, ge=5, le=1440)] = 60
    """A bundle that nobody takes any further for so long is wiped from staging; it is made anew on demand."""


class Backup(Section):
    """Copies of all but the footage: docs/backup.md."""

    recipients: tuple[Annotated[str, Field(pattern=r"^age1[a-z0-9]+$")], ...] = ()
    """Who can open a backup: `nvr-admin backup-key` makes one. Without any there are no backups."""

    directory: AbsolutePath | None = None
    """Where the nightly backup goes: a medium that was begun with `nvr-admin backup DIR --new`."""

    keep: Annotated[int, Field(strict=True, ge=1, le=32)] = 7
    """So many sets are kept, the newest alone with keys; none longer than 32 days."""

    old_days: Annotated[int, Field(strict=True, ge=1, le=30)] = 2
    """The alarm `backup-old` when the last good one is older; only where there are recipients."""


class Settings(Section):
    """The whole file."""

    system: System
    paths: Paths = Paths()
    database: Database = Database()
    volume: Annotated[tuple[Volume, ...], Field(min_length=1)]
    """One `[[volume]]` table per disk."""

    keyring: Keyring
    keys: Keys = Keys()
    recorder: Recorder = Recorder()
    health: Health = Health()
    camera_tls: CameraTls = CameraTls()
    keeper: Keeper = Keeper()
    hold: Hold = Hold()
    access: Access = Access()
    alarm: Alarm = Alarm()
    backup: Backup = Backup()

    _file: Path | None = PrivateAttr(default=None)

    @property
    def file(self) -> Path | None:
        """Where these settings were read; None for those of a text."""
        return self._file

    @property
    def index_schema(self) -> PostgresSchema | None:
        """Where the index is, if not in its file."""
        return self.database.schema_at(self.database.index_url, INDEX_SCHEMA)

    @property
    def index_location(self) -> Location:
        """Where the index is."""
        return self.index_schema or self.paths.index

    @property
    def register_location(self) -> Location:
        """Where the register is."""
        return self.database.schema_at(self.database.register_url, REGISTER_SCHEMA) or self.paths.register

    def read_from(self, file: Path) -> None:
        """Remember where they were read."""
        self._file = file

    @model_validator(mode="after")
    def _names_and_folders_differ(self) -> "Settings":
        names = [volume.name for volume in self.volume]
        paths = [volume.path for volume in self.volume]
        if len(set(names)) < len(names):
            raise ValueError("two volumes have the same name")
        if len(set(paths)) < len(paths):
            raise ValueError("two volumes have the same path")
        if all(volume.evidence for volume in self.volume):
            raise ValueError("no volume takes recordings: each one is an evidence volume")
        if any(volume.budget_gib is not None and not volume.evidence for volume in self.volume):
            raise ValueError("budget_gib is for a volume with `evidence = true`")
        if len(set(self.keyring.places)) < len(self.keyring.places):
            raise ValueError("both keyring places are the same folder")
        if any(self.keys.machine_key.is_relative_to(path) for path in paths):
            raise ValueError("keys.machine_key lies on a volume: whoever takes the disk would have both parts")
        return self
