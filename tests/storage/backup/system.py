"""A whole system to back up: the keeper's town, with a register, keys and a configuration around it."""

import asyncio
import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from config.load import parse
from nvr.base.ids import ActId, SegmentId, uuid7
from nvr.base.jcs import Json
from storage.backup.age import Identities, identities_of, new_identity
from storage.backup.folder import create_folder
from storage.backup.layout import Layout
from storage.backup.making import Made, RegisterCopy, make_backup
from storage.backup.reading import read_set
from storage.backup.restoring import RestoreReport, open_state, refuse_founded, restore
from storage.keeping.keeper import Keeper
from storage.keyring.layout import SlotState
from storage.keyring.places import KeyringFile, file_names
from storage.ledger import people
from storage.ledger.store import read_log_key
from storage.register.acts import Proposal
from storage.register.personal import Personal, salted
from storage.register.ports import StoredLeaf
from storage.register.register import Register
from storage.sealing import SealedSegment
from tests.storage.keeping.town import Town, hold_of
from tests.storage.ledger.samples import OFFICER
from tests.storage.sealed import NOW_US, ORIGIN

IDENTITY, RECIPIENT = new_identity()
SECRETS = {
    "machine.key": b"seed of the machine, 32 bytes ...",
    "export.key": b"-----BEGIN PRIVATE KEY----- export",
    "custodians.json": b'{"set":{},"signatures":[]}',
    "logins.json": b'{"cam-1": ["root", "camera password"]}',
}
CONFIG = """
[system]
origin = "{origin}"
[paths]
state = "{root}/state"
runtime = "/run/scelle-test"
secrets = "{root}/state/secrets/cameras.json"
[[volume]]
name = "a"
path = "{root}/volume"
[keyring]
places = [{places}]
[keys]
machine_key = "{root}/etc/machine.key"
[backup]
recipients = ["{recipient}"]
keep = 3
"""


def told(_what: str, _done: int, _total: int) -> None:
    """Nobody looks."""


class _Ledger:
    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    async def append(self, entries: Sequence[Mapping[str, Json]]) -> Sequence[StoredLeaf]:
        return [StoredLeaf(one.index, one.leaf) for one in await self._keeper.append(entries)]

    async def entries(self, from_index: int, limit: int) -> Sequence[StoredLeaf]:
        return [StoredLeaf(index, leaf) for index, leaf in await self._keeper.entries(from_index, limit)]

    async def entry(self, index: int) -> bytes:
        return await self._keeper.entry(index)


def account(name: str) -> Proposal:
    """An act with a personal value."""
    personal = Personal(salted(person=f"Jeanne {name}"))
    body = people.Account(
        account=name,
        roles=("officer",),
        ends_utc_us=None,
        person=personal.committed["person"].commitment,
        service=None,
        designation=None,
        disabled=False,
    )
    return Proposal(ActId(uuid7(NOW_US)), OFFICER, body, personal)


def hold(segment: SealedSegment) -> Proposal:
    """An act that protects what this segment shows."""
    return Proposal(ActId(uuid7(NOW_US)), OFFICER, hold_of(segment, uuid7(NOW_US)))


class System:
    """A town whose keeper runs, and a medium."""

    def __init__(self, directory: Path) -> None:
        self.town = Town(directory / "server")
        self.medium = directory / "medium"
        self.identities: Identities = identities_of(IDENTITY)
        root = self.town.directory
        config = CONFIG.format(
            origin=ORIGIN,
            root=root,
            places=", ".join(f'"{place}"' for place in self.town.recorder.places),
            recipient=RECIPIENT,
        ).replace(f"{root}/volume", str(self.town.recorder.volume.path))
        file = root / "etc" / "scelle.toml"
        file.parent.mkdir(parents=True)
        file.write_text(config)
        self._config = config
        self.layout = Layout(parse(config, file), file)
        for name, content in SECRETS.items():
            path = self.layout.files[name]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o600)
        create_folder(self.medium, ORIGIN)

    def move_register(self, url: str | None) -> None:
        """From now on it is in this database, or in its file: by the configuration, nothing is copied."""
        file = self.layout.configuration
        text = file.read_text() if file.exists() else self._config
        self._config = text.partition("[database]")[0]
        database = "" if url is None else f'[database]\nregister = "{url}"\n'
        self.layout = Layout(parse(self._config + database, file), file)
        if file.exists():
            file.write_text(self._config + database)

    async def register(self) -> Register:
        """The register as access has it, over this keeper."""
        return await Register.open(self.layout.settings.register_location, _Ledger(self.town.keeper))

    def public(self) -> Ed25519PublicKey:
        """The key that verifies the ledger."""
        return read_log_key(self.town.settings.ledger).public_key()

    def backup(self, register: RegisterCopy | None = None) -> Made:
        """One run."""
        return make_backup(self.layout, self.medium, self.town.clock, sw="scelle test", told=told, register=register)

    def lose_the_server(self, *, keep_places: int = 0) -> None:
        """All of the state is gone, and of the keyring all but the first places; the footage is there."""
        for path in (self.town.directory / "state", self.town.directory / "etc"):
            shutil.rmtree(path)
        for place in self.town.recorder.places[keep_places:]:
            shutil.rmtree(place)

    def restore(self, name: str | None = None) -> RestoreReport:
        """As the command does."""
        found = read_set(self.medium, name)
        state = open_state(found, self.identities)
        refuse_founded(self.layout, found)
        return restore(self.layout, found, self.identities, state, self.town.clock, told)


def live_keys(places: Collection[Path]) -> list[set[SegmentId]]:
    """The segments of which each place has a key."""
    return [_live(place) for place in places]


def _live(place: Path) -> set[SegmentId]:
    found = set()
    for name in file_names(place):
        with KeyringFile(place / name) as file:
            for number, head in file.slots():
                if head is not None and head.state is SlotState.LIVE and file.payload(number, head) is not None:
                    found.add(head.segment)
    return found


async def ready(directory: Path) -> System:
    """A system with footage whose keeper has ended."""
    system = await asyncio.to_thread(System, directory)
    await system.town.keeper.start()
    register = await system.register()
    await register.act(lambda _: [account("j.martin")])
    await register.close()
    await system.town.tell(await asyncio.to_thread(system.town.record, 1))
    await system.town.keeper.close()
    return system


async def burn(system: System, *, keep_places: int = 0) -> None:
    """The server is lost; a keeper is not there any more."""
    await system.town.keeper.close()
    await asyncio.to_thread(system.lose_the_server, keep_places=keep_places)


async def back(system: System) -> RestoreReport:
    """Restored, and a keeper on it, which has not looked yet."""
    report = await asyncio.to_thread(system.restore)
    system.town.keeper = system.town.new_keeper()
    return report


async def keys(system: System) -> list[set[SegmentId]]:
    return await asyncio.to_thread(live_keys, system.town.recorder.places)
