"""What a shard says of its cameras, and how it is set."""

from dataclasses import dataclass, field
from enum import StrEnum

from nvr.base.ids import CameraId
from nvr.base.units import US_PER_SECOND, UtcUs
from recorder.health.watch import NOT_WATCHED, CameraHealth
from recorder.ptz.dome import DomeStatus
from recorder.rtsp.trust import Trust
from recorder.timeline import WINDOW_US


class State(StrEnum):
    """Where a camera's worker stands."""

    IDLE = "idle"
    """Not begun, or stopped."""
    CONNECTING = "connecting"
    """Until the first picture that can be recorded."""
    RECORDING = "recording"
    STALLED = "stalled"
    """The session stands, and pictures do not come, or do not reach a disk."""
    COMMISSIONING = "commissioning"
    """A person aims the camera: it is left alone, and nothing is recorded until then or `next_attempt_utc_us`."""
    WAITING = "waiting"
    """An attempt or a session failed; the next one begins later."""
    ABSENT = "absent"
    """It is not there, as a person entered, or as a nomadic camera may be: it is looked for from time to time."""


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """One camera as of now; counters begin with the worker, sizes in bytes, the bit rate of the last second or so."""

    camera: CameraId
    state: State
    cause: str | None
    """Id of what went wrong last; None once it records."""
    since_utc_us: UtcUs
    next_attempt_utc_us: UtcUs | None
    last_record_utc_us: UtcUs | None
    """Where the last record that storage took ends."""
    bytes: int
    """That storage accepted."""
    written: int
    """Of its sealed records, that a volume took since the process began."""
    records: int
    frames: int
    lost: int
    dropped: int
    reconnects: int
    bitrate_bps: int
    codec: str | None
    width: int
    height: int
    dome: DomeStatus | None = None
    """Of a camera that is asked where it looks."""
    health: CameraHealth = NOT_WATCHED
    """What is known of its picture."""


@dataclass(frozen=True, slots=True)
class ShardSettings:
    """How a shard records. `clock_epoch` is larger than any that this shard used before."""

    clock_epoch: int = 1
    segment_seconds: int = 300
    connect_timeout_s: int = 10
    """From the first packet to the answer to PLAY."""
    quiet_s: float = 1.0
    """Beyond two frame intervals and this without a picture, the camera counts as silent."""
    stall_s: int = 10
    """A session without any picture for so long is given up."""
    random_access_wait_s: int = 330
    """A session whose pictures bring no random access point for so long is given up; "smart" codecs take minutes."""
    retry_first_s: float = 1.0
    retry_most_s: float = 60.0
    retry_unauthorized_s: float = 60.0
    """The least wait after a refused password, doubled up to 16 times each time it is refused again: cameras lock
    accounts. A login that was changed is tried at once."""
    window_s: int = WINDOW_US // US_PER_SECOND
    """How far back the least delay is looked for, by which pictures are dated."""
    absent_after_s: float = 900.0
    """A nomadic camera that does not answer for so long is absent."""
    absent_retry_s: float = 300.0
    """The longest wait before an absent camera is looked for again."""
    connects_per_second: int = 100
    """Connections begin one after the other, a town's 113 within little more than a second."""
    retry_busy_s: float = 30.0
    """The least wait after a camera had no session to give: its old ones end by their time-out.

    A camera that says itself when to call again (Retry-After) is called then."""
    ptz_still_s: float = 2.0
    """How often a dome that stands still is asked where it looks."""
    trust: Trust = field(default_factory=Trust)
    """Whose certificates `rtsps` cameras may show."""
