"""What the status page shows, as data: no picture, no key, nobody's name. `make_app` asks for it at each request."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from nvr.base.ids import CameraId
from nvr.base.jcs import Json
from nvr.base.units import US_PER_DAY, UtcUs


class CameraState(StrEnum):
    """Where a camera's recording stands; the values are those that a recorder tells."""

    RECORDING = "recording"
    CONNECTING = "connecting"
    STALLED = "stalled"
    """The session stands, and pictures do not come, or do not reach a disk."""
    WAITING = "waiting"
    """An attempt or a session failed; the next one begins later."""
    COMMISSIONING = "commissioning"
    """A person aims it, and nothing is recorded meanwhile."""
    IDLE = "idle"
    """Not begun, or stopped."""
    ABSENT = "absent"
    """Not there, and no fault: entered so, or a nomadic camera that does not answer."""
    UNKNOWN = "unknown"
    """No recorder answers for it."""


@dataclass(frozen=True, slots=True)
class DomeView:
    """A camera that is asked where it looks: its state, never an angle (docs/design/domes.md).

    `state` is one of `preset`, `standing`, `moving`, `away`, `unknown`; the counters begin with the camera's worker.
    """

    state: str
    cause: str | None
    since_utc_us: UtcUs
    answers: int
    failures: int
    sealed: int
    dropped: int


@dataclass(frozen=True, slots=True)
class CameraView:
    """One camera. `cause` is the id of what went wrong, None when nothing did; gaps are those of the local day."""

    camera: CameraId
    place: str | None
    state: CameraState
    cause: str | None
    since_utc_us: UtcUs | None
    last_record_utc_us: UtcUs | None
    bitrate_bps: int | None
    gaps_today: int
    gap_today_us: int
    records: int | None = None
    """This and what follows count from the beginning of the camera's worker; None while no recorder answers for it."""
    frames: int | None = None
    bytes: int | None = None
    """That storage accepted."""
    written: int | None = None
    """Bytes of its sealed records that a volume took, since the recorder began."""
    lost: int | None = None
    """RTP packets that did not come."""
    dropped: int | None = None
    """Records that storage could not take."""
    reconnects: int | None = None
    dome: DomeView | None = None
    """Of a camera that is asked where it looks."""
    picture: tuple[str, ...] = ()
    """What is wrong with its picture: ids of `recorder.health.states.Fault`."""
    picture_since_utc_us: UtcUs | None = None
    picture_looked_utc_us: UtcUs | None = None
    """When its picture was last judged; None: never, or nobody does."""
    until_utc_us: UtcUs | None = None
    """When the commissioning ends, or the next attempt to connect begins."""

    @property
    def wrong(self) -> bool:
        """Whether somebody should look."""
        return self.state not in (CameraState.RECORDING, CameraState.ABSENT) or bool(self.picture)


@dataclass(frozen=True, slots=True)
class RecorderView:
    """One recorder process that should run."""

    shard: int
    answers: bool


@dataclass(frozen=True, slots=True)
class VolumeView:
    """One disk. `oldest_utc_us` is the start of the oldest footage on it; a low disk has less than its reserve free.

    Its room is None while nobody can tell. `evidence`: it takes no recording, and second copies of what holds keep.
    """

    name: str
    in_service: bool
    low: bool
    free_bytes: int | None
    total_bytes: int | None
    oldest_utc_us: UtcUs | None
    evidence: bool = False

    @property
    def wrong(self) -> bool:
        """Whether somebody should look."""
        return not self.in_service or self.low


@dataclass(frozen=True, slots=True)
class LedgerView:
    """The ledger; `checkpoint_size` and its time are of the last signed checkpoint, None before the first."""

    answers: bool
    size: int
    checkpoint_size: int | None
    checkpoint_utc_us: UtcUs | None

    @property
    def wrong(self) -> bool:
        """Whether somebody should look."""
        return not self.answers or (self.size > 0 and self.checkpoint_size is None)


@dataclass(frozen=True, slots=True)
class CopiesView:
    """What holds keep, there once and there twice; what waits for its copy is there once.

    `left_bytes` is what the evidence volume with the most room takes yet, None where none takes any; `used_up_utc_us`
    when that will be used up at the rate of the last week.
    """

    once_segments: int
    once_bytes: int
    twice_segments: int
    twice_bytes: int
    left_bytes: int | None
    used_up_utc_us: UtcUs | None


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that concerns no single camera or disk: the id of its text, and its value for the text.

    `values`: the value in languages in which it reads otherwise.
    """

    id: str
    since_utc_us: UtcUs | None
    value: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StatusView:
    """The whole page as of `now_utc_us`. `town` is the name of this system.

    `copies` is None without an evidence volume, and while nobody can tell.
    """

    town: str
    now_utc_us: UtcUs
    cameras: Sequence[CameraView]
    volumes: Sequence[VolumeView]
    ledger: LedgerView
    alarms: Sequence[Alarm] = ()
    recorders: Sequence[RecorderView] = ()
    copies: CopiesView | None = None

    @property
    def wrong(self) -> bool:
        """Whether somebody should look at anything."""
        parts: list[CameraView | VolumeView | LedgerView] = [*self.cameras, *self.volumes, self.ledger]
        return bool(self.alarms) or any(part.wrong for part in parts)

    def held_days(self, volume: VolumeView) -> int | None:
        """Whole days from the oldest footage of a disk to now."""
        if volume.oldest_utc_us is None:
            return None
        return max(0, self.now_utc_us - volume.oldest_utc_us) // US_PER_DAY

    def to_json(self) -> dict[str, Json]:
        """The same as a JSON object, with what is wrong marked."""
        return {
            "v": 1,
            "town": self.town,
            "now_utc_us": self.now_utc_us,
            "wrong": self.wrong,
            "alarms": [asdict(alarm) for alarm in self.alarms],
            "cameras": [asdict(one) | {"wrong": one.wrong} for one in self.cameras],
            "recorders": [asdict(one) for one in self.recorders],
            "volumes": [asdict(one) | {"wrong": one.wrong, "held_days": self.held_days(one)} for one in self.volumes],
            "ledger": asdict(self.ledger) | {"wrong": self.ledger.wrong},
            "copies": None if self.copies is None else asdict(self.copies),
        }
