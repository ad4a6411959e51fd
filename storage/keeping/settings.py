"""What the keeper's core is told of the system."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Final

from config.database import Location, PostgresSchema

RESERVE_PERCENT: Final = 5
"""The reserve is never more of a volume than this: a small one is not emptied for it."""


LEAST_FREE_BYTES: Final = 64 << 20
"""So much stays free on an evidence volume: its directories need some of it."""


@dataclass(frozen=True, slots=True)
class EvidenceSetting:
    """A volume for second copies of held footage; `budget_bytes`: so much they may take, None: what the disk has."""

    path: Path
    takes_copies: bool = True
    """Not when a person drained it."""
    budget_bytes: int | None = None
    least_free_bytes: int = LEAST_FREE_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperSettings:
    """Where things are, and how often to look; paths as in docs/design/processes.md, "Files"."""

    origin: str
    """The ledger's origin: names this system."""
    state: Path
    volumes: Callable[[], Sequence[Path]]
    """As they are configured now; blocking. Raises ConfigError: the configuration can not be read as it is."""
    places: tuple[Path, ...]
    """Of the keyring."""
    zone: tzinfo
    """The cameras' local time."""
    evidence: Callable[[], Sequence[EvidenceSetting]] = tuple
    """Which of the volumes take second copies, and nothing else, as they are configured now; as `volumes`."""
    runtime: Path | None = None
    """Where a recorder's spool lies when the disk of `state` refused it at its start."""
    index_schema: PostgresSchema | None = None
    """Where the index is, if not in a file of `state`."""
    reserve_bytes: int = 0
    """A volume with less room than this, and than `RESERVE_PERCENT` of its size, is relieved of its oldest footage."""
    scrub_days: int = 0
    """Every file is hashed once in so many days; 0: only when somebody asks."""
    poll_s: float = 0.5
    retention_s: float = 60.0
    reconcile_s: float = 6 * 3600.0

    @property
    def ledger(self) -> Path:
        """The ledger's directory."""
        return self.state / "ledger"

    @property
    def blobs(self) -> Path:
        """State blobs, by hash."""
        return self.ledger / "blobs"

    @property
    def index(self) -> Path:
        """The index database, where it is a file."""
        return self.state / "index" / "index.db"

    @property
    def index_location(self) -> Location:
        """Where the index is."""
        return self.index_schema or self.index

    @property
    def spools(self) -> Path:
        """One directory per shard."""
        return self.state / "spool"

    @property
    def spool_directories(self) -> tuple[Path, ...]:
        """Wherever a recorder may have put its spool."""
        return (self.spools,) if self.runtime is None else (self.spools, self.runtime / "spool")

    @property
    def camera_snapshot(self) -> Path:
        """What recorders know of the cameras."""
        return self.state / "snapshot" / "cameras.json"
