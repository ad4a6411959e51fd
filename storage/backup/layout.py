"""What a backup takes of a system, and where a restore puts it: names in the backup, paths by the configuration."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.model import Settings
from storage.keeping.restored import RESTORED_NAME
from storage.ledger.reader import DATABASE_NAME
from storage.ledger.store import KEY_NAME

CONFIGURATION: Final = "scelle.toml"
LOGINS: Final = "logins.json"
LOG_KEY: Final = "log.key"
NEEDED: Final = frozenset({CONFIGURATION, LOG_KEY, "machine.key", "export.key", "custodians.json"})
"""Without one of these there is no backup: nothing could be opened, or proven, by what is left."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Of one system: small files by name, folders of which all JSON files are taken, folders whose owner is kept."""

    settings: Settings
    configuration: Path

    @property
    def work(self) -> Path:
        """Copies in clear, while a run lasts."""
        return self.settings.paths.backup / ".work"

    @property
    def restoring(self) -> Path:
        """There while a restore is not ended."""
        return self.settings.paths.backup / "restoring.json"

    @property
    def ledger(self) -> Path:
        """The ledger's database."""
        return self.settings.paths.ledger / DATABASE_NAME

    @property
    def restored(self) -> Path:
        """Beside a restored ledger, until a `continue` stands in it (storage.keeping.restored)."""
        return self.settings.paths.ledger / RESTORED_NAME

    @property
    def files(self) -> dict[str, Path]:
        """Small files by their names."""
        paths = self.settings.paths
        found = {
            CONFIGURATION: self.configuration,
            LOGINS: paths.secrets,
            LOG_KEY: paths.ledger / KEY_NAME,
            "machine.key": self.settings.keys.machine_key,
            "export.key": paths.export_key,
            "custodians.json": paths.custodians,
            "cameras.json": paths.camera_snapshot,
            "seen.json": paths.access / "grants" / "seen.json",
        }
        if self.settings.alarm.secrets is not None:
            found["alarm.json"] = self.settings.alarm.secrets
        if self.settings.camera_tls.ca_file is not None:
            found["camera-ca.pem"] = self.settings.camera_tls.ca_file
        return found

    @property
    def folders(self) -> dict[str, Path]:
        """Folders of which every JSON file is taken, by the prefix of their names."""
        paths = self.settings.paths
        return {"sets": paths.access / "sets", "refusals": paths.access / "refusals", "shard": paths.shard}

    @property
    def owned(self) -> dict[str, Path]:
        """Folders and databases whose owner and mode are kept."""
        paths = self.settings.paths
        folders = {
            "state": paths.state,
            "access": paths.access,
            "grants": paths.access / "grants",
            "staging": paths.access / "staging",
            "index": paths.index.parent,
            "ledger": paths.ledger,
            "register": paths.register.parent,
            "runtime": paths.runtime,
            "secrets": paths.secrets.parent,
            "snapshot": paths.camera_snapshot.parent,
            "spool": paths.spool,
            "watch": paths.watch,
            **{f"place-{number}": place for number, place in enumerate(self.settings.keyring.places)},
        }
        return {f"owner/{name}": path for name, path in (folders | self.folders).items()}

    def path_of(self, name: str) -> Path | None:
        """Where the file or folder of this name belongs; None: this system has no place for it."""
        folder, slash, file = name.partition("/")
        if slash and folder in self.folders and "/" not in file and not file.startswith("."):
            return self.folders[folder] / file
        return (self.files | self.owned).get(name)
