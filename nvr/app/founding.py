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
from config.model import Preset, Settings
from nvr.base.errors import Refused
from nvr.base.units import UtcUs
from storage.durable import create_file, make_directory
from storage.keyring import create_place
from storage.ledger.entries import build
from storage.ledger.machine import CustodianSet as SetBody
from storage.ledger.store import Leaf, Ledger, create_ledger
from storage.snapshot import CameraSnapshot
from storage.snapshot import publish as publish_snapshot
from storage.vault.hpke import KeyPair
from storage.vault.seats import CustodianSet, Seat, SeatKey, SignedSet, WitnessPolicy
from storage.volume import create_volume

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


@dataclass(frozen=True, slots=True)
class Envelope:
    """The secret of one provisional seat: to be sealed in an envelope, and then forgotten here."""

    seat: int
    key: KeyPair


def refuse_what_exists(settings: Settings, others: Iterable[Path]) -> None:
    """Check that nothing stands where something will be made.

    Raises:
        AlreadyFounded: something does; its path is named.
    """
    paths = settings.paths
    made = [
        paths.ledger,
        paths.custodians,
        paths.register,
        paths.export_key,
        paths.secrets,
        settings.keys.machine_key,
        *(volume.path / "scelle-volume.json" for volume in settings.volume),
        *others,
    ]
    for path in made:
        if path.exists():
            raise AlreadyFounded(path=str(path))


def found(settings: Settings, now_utc_us: UtcUs) -> list[Envelope]:
    """Make everything but accounts; `refuse_what_exists` comes before.

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
        create_volume(volume.path, now_utc_us=now_utc_us)
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
