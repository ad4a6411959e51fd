"""What was seen of the whole system at one instant, as plain values. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nvr.app.watch.rates import Rate
from nvr.app.watch.readings import AccessSeen, KeeperSeen, RecorderSeen
from nvr.base.units import UtcUs
from storage.index.rows import Order
from storage.snapshot import CameraEntry


@dataclass(frozen=True, slots=True)
class VolumeSeen:
    """One volume of the configuration. `id` is None where no volume can be told; `why` says what is wrong with it."""

    name: str
    id: str | None
    path: str = ""
    free_bytes: int = 0
    total_bytes: int = 0
    why: str | None = None
    evidence: bool = False
    """It takes no recording, and second copies of what holds keep."""


@dataclass(frozen=True, slots=True)
class BackupSeen:
    """When the last whole backup was made (None: never, or it can not be read), and how old it may be."""

    made_utc_us: UtcUs | None
    old_days: int


@dataclass(frozen=True, slots=True)
class ChannelFailing:
    """A channel over which nothing goes out any more, since when and why."""

    name: str
    since_utc_us: UtcUs
    cause: str


@dataclass(frozen=True, slots=True)
class SetInForce:
    """The custodian set under which footage is sealed now; `provisional`: it is the one of the first day."""

    set_hash: str
    provisional: bool


@dataclass(frozen=True, slots=True)
class Observation:
    """One look. None stands for what did not answer or could not be read."""

    now_utc_us: UtcUs
    cameras: Sequence[CameraEntry] | None = ()
    """As the camera snapshot has them."""
    recorders: Mapping[int, RecorderSeen | None] = field(default_factory=dict)
    keeper: KeeperSeen | None = field(default_factory=KeeperSeen)
    ledger_before: int | None = None
    """The ledger's size some looks ago: by now the index should have come so far."""
    access: AccessSeen | None = field(default_factory=AccessSeen)
    volumes: Sequence[VolumeSeen] = ()
    orders: Sequence[Order] | None = ()
    """All of the prefect's orders."""
    custodians: SetInForce | None = None
    clock_synchronised: bool = True
    restarts: Mapping[str, int] = field(default_factory=dict)
    """By role, how often it was started anew within the last quarter of an hour."""
    rates: Mapping[str, Rate] = field(default_factory=dict)
    """By camera, what was really recorded within the last minutes."""
    fell_behind: Mapping[str, int] = field(default_factory=dict)
    """By camera, records that storage could not take within the last minutes."""
    failing_channels: Sequence[ChannelFailing] = ()
    key_places: Sequence[str] = ()
    failing_disks: Mapping[str, str] = field(default_factory=dict)
    """By volume, which of its disks says that it fails, and why."""
    backup: BackupSeen | None = None
    """None: no backups are configured."""

    def states(self) -> dict[str, Mapping[str, Any]]:
        """What recorders say of cameras, by name."""
        return {name: state for each in self.recorders.values() if each for name, state in each.cameras.items()}

    def expected(self) -> list[CameraEntry]:
        """The cameras that should be recorded now: all that are not absent, commissioned, or away by their nature."""
        states = self.states()
        not_now = ("absent", "commissioning")
        return [
            each
            for each in self.cameras or ()
            if not (each.absent and each.camera not in states)
            and states.get(each.camera, {}).get("state") not in not_now
        ]

    def recording(self) -> int:
        """How many of the expected ones are recorded."""
        states = self.states()
        return sum(states.get(each.camera, {}).get("state") == "recording" for each in self.expected())
