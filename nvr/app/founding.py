"""Founding a system: directories, keys, the provisional custodian set, the ledger's first entries.

Nothing that exists is overwritten. The envelopes' secrets are handed back once, to be printed; nothing keeps them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from config import secrets
from config.database import PostgresSchema
from config.model import Preset, Settings
from nvr.base.errors import Refused
from nvr.base.units import UtcUs
from storage import databases, sqlite
from storage.durable import create_file, make_directory, remove_files, remove_tree
from storage.keyring import create_place
from storage.ledger.entries import build
from storage.ledger.machine import CustodianSet as SetBody
from storage.ledger.store import Leaf, Ledger, create_ledger
from storage.snapshot import CameraSnapshot
from storage.snapshot import publish as publish_snapshot
from storage.vault.hpke import KeyPair
from storage.vault.seats import CustodianSet, Seat, SeatKey, SignedSet, WitnessPolicy
from storage.volume import IDENTITY_NAME, create_volume

_KEY_MODE: Final = 0o600
_PRIVATE_FOLDER_MODE: Final = 0o700
_EXPORT_KEY_BITS: Final = 3072


@dataclass(frozen=True, slots=True)
class Quorum:
    """What a preset asks for: m of n seats, and the witness (DESIGN.md "Presets")."""

    m: int
    n: int
    witness: WitnessPolicy


QUORUMS: Final = MappingProxyType(
    {
        Preset.SIMPLE: Quorum(1, 3, WitnessPolicy.NONE),
        Preset.STANDARD: Quorum(2, 5, WitnessPolicy.RECOMMENDED),
        Preset.STRICT: Quorum(3, 5, WitnessPolicy.REQUIRED),
    }
)


class AlreadyFounded(Refused):
    """Something that `init` would make is there already; nothing was changed."""

    message_id = "already-founded"


class WitnessMissing(Refused):
    """The preset requires a witness, which does not exist yet."""

    message_id = "witness-missing"


@dataclass(frozen=True, slots=True)
class Envelope:
    """The secret of one provisional seat: to be sealed in an envelope, and then forgotten here."""

    seat: int
    key: KeyPair


def refuse_without_witness(settings: Settings) -> None:
    """Check that grants of the preset can ever be answered.

    Raises:
        WitnessMissing: its set would require a witness, and there is none: footage could be recorded, never opened.
    """
    if QUORUMS[settings.system.preset].witness is WitnessPolicy.REQUIRED:
        raise WitnessMissing(preset=settings.system.preset.value)


def refuse_what_exists(settings: Settings, others: Iterable[Path]) -> None:
    """Check that nothing stands where something will be made.

    Raises:
        AlreadyFounded: something does; its path is named.
    """
    for path in _made(settings, others):
        if path.exists():
            raise AlreadyFounded(path=str(path))
    for schema in _schemas(settings):
        if databases.exists(schema):
            raise AlreadyFounded(path=str(schema))


def on_one_disk(settings: Settings) -> list[tuple[Path, Path]]:
    """Keyring places that share a disk with another place or with a volume, each with what it shares it with.

    A disk that fails takes what lies on it together: both copies of the keys, or footage with a copy of its keys.
    """
    places = [*settings.keyring.places]
    others = [*places, *(volume.path for volume in settings.volume)]
    pairs = ((place, other) for at, place in enumerate(places) for other in others[at + 1 :])
    return [pair for pair in pairs if _device(pair[0]) == _device(pair[1])]


def _device(path: Path) -> int:
    """The file system on which the path is, or will be."""
    while not path.exists():
        path = path.parent
    return path.stat().st_dev


def undo(settings: Settings, others: Iterable[Path]) -> None:
    """Remove what a founding that failed has made, so that it can be tried again; empty folders stay.

    Only after `refuse_what_exists` found nothing: whatever stands there now is this founding's own, and nothing was
    recorded under it.
    """
    made = _made(settings, others)
    for folder in filter(Path.is_dir, made):
        remove_tree(folder)
    remove_files(path for path in made if path.exists())
    for schema in _schemas(settings):
        databases.remove(schema)


def _schemas(settings: Settings) -> list[PostgresSchema]:
    locations = (settings.register_location, settings.index_location)
    return [location for location in locations if isinstance(location, PostgresSchema)]


def _made(settings: Settings, others: Iterable[Path]) -> list[Path]:
    paths = settings.paths
    files = [file for database in (paths.register, paths.index) for file in sqlite.files_of(database)]
    return [
        paths.ledger,
        paths.custodians,
        paths.camera_snapshot,
        *files,
        paths.export_key,
        paths.secrets,
        settings.keys.machine_key,
        *(volume.path / IDENTITY_NAME for volume in settings.volume),
        *others,
    ]


def found(settings: Settings, now_utc_us: UtcUs) -> list[Envelope]:
    """Make everything but accounts; the refusals come before, `undo` after a failure.

    Raises:
        VolumeLost: a volume's directory can not be written.
        OSError: another directory can not be written.
    """
    _make_directories(settings)
    machine = KeyPair.generate()
    make_directory(settings.keys.machine_key.parent)
    create_file(settings.keys.machine_key, machine.seed, _KEY_MODE)
    create_file(settings.paths.export_key, _export_key(), _KEY_MODE)
    secrets.replace(settings.paths.secrets, {})
    for volume in settings.volume:
        create_volume(volume.path, settings.system.origin, now_utc_us=now_utc_us)
    for place in settings.keyring.places:
        create_place(place)
    custodians, envelopes = provisional_set(settings, machine, now_utc_us)
    create_file(settings.paths.custodians, SignedSet(custodians).pack())
    _begin_ledger(settings, custodians, now_utc_us)
    publish_snapshot(settings.paths.camera_snapshot, CameraSnapshot(ledger_size=2, cameras=()))
    return envelopes


def provisional_set(settings: Settings, machine: KeyPair, now_utc_us: UtcUs) -> tuple[CustodianSet, list[Envelope]]:
    """A first set in which every seat has an envelope alone, and the envelopes' keys."""
    quorum = QUORUMS[settings.system.preset]
    envelopes = [Envelope(number, KeyPair.generate()) for number in range(1, quorum.n + 1)]
    seats = tuple(
        Seat(
            number=envelope.seat,
            role=f"seat {envelope.seat}",
            envelope=SeatKey(f"envelope {envelope.seat}", envelope.key.public, None),
        )
        for envelope in envelopes
    )
    custodians = CustodianSet(
        origin=settings.system.origin,
        number=1,
        preset=settings.system.preset.value,
        m=quorum.m,
        seats=seats,
        machine=SeatKey("machine", machine.public, None),
        witness=quorum.witness,
        valid_from_utc_us=now_utc_us,
        provisional=True,
    )
    return custodians, envelopes


def _make_directories(settings: Settings) -> None:
    paths = settings.paths
    folders = (
        paths.camera_snapshot.parent,
        paths.spool,
        paths.shard,
        paths.index.parent,
        paths.access / "grants",
        paths.access / "staging",
        paths.runtime,
        paths.secrets.parent,
        paths.watch,
    )
    for folder in folders:
        make_directory(folder)
    make_directory(paths.register.parent, _PRIVATE_FOLDER_MODE)


def _begin_ledger(settings: Settings, custodians: CustodianSet, now_utc_us: UtcUs) -> None:
    create_ledger(settings.paths.ledger, settings.system.origin, now_utc_us)
    body = SetBody(
        set=custodians.hash.hex(),
        number=custodians.number,
        preset=settings.system.preset.value,
        m=custodians.m,
        n=custodians.n,
        provisional=custodians.provisional,
    )
    ledger = Ledger(settings.paths.ledger, settings.system.origin)
    try:
        ledger.append_groups([[Leaf.of(build(body, ts_utc_us=now_utc_us))]])
        ledger.sign()
    finally:
        ledger.close()


def _export_key() -> bytes:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=_EXPORT_KEY_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
