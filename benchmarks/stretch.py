"""One stretch of time in which cameras were recorded, and how it is shown."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.table import Row
from benchmarks.usage import Usage, busy_s, pss_mb, usage

WARM_S: Final = 5.0
"""From the first picture of the last camera to the beginning of the stretch."""

START_S: Final = 120.0
_LOOK_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Counted:
    """What was recorded since its beginning; `frames` and `lost` are None where the recorder does not tell them."""

    mono_s: float
    recording: int
    """Cameras of which pictures come now."""
    bytes: int
    frames: int | None = None
    lost: int | None = None
    """RTP packets that did not come, and records that storage did not take."""
    other_states: Mapping[str, int] = field(default_factory=dict)
    """Cameras of which no pictures come now, by state and cause."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The figures of one stretch."""

    name: str
    seconds: float
    used: Mapping[str, Usage]
    """By role."""
    pss_mb: Mapping[str, float]
    busy_s: float
    """CPU of the whole machine, with what others did on it."""
    counted: Counted

    def cores(self, role: str) -> float:
        """Mean of the cores that the role kept busy."""
        return (self.used[role].user_s + self.used[role].system_s) / self.seconds


def measure(
    name: str,
    processes: Callable[[], Mapping[str, Sequence[int]]],
    count: Callable[[], Counted],
    *,
    cameras: int,
    seconds: int,
) -> Stretch:
    """Wait until all cameras are recorded, at most START_S, then let `seconds` pass and take the difference.

    `processes` is asked once, at the stretch's beginning: by then roles have started what they need.
    """
    give_up_s = time.monotonic() + START_S
    while count().recording < cameras and time.monotonic() < give_up_s:
        time.sleep(_LOOK_S)
    time.sleep(WARM_S)
    counted, roles = count(), processes()
    began_s = time.monotonic()
    used, busy = {role: usage(pids) for role, pids in roles.items()}, busy_s()
    time.sleep(max(0.0, began_s + seconds - time.monotonic()))
    later = {role: usage(pids) for role, pids in roles.items()}
    elapsed_s, busy = time.monotonic() - began_s, busy_s() - busy
    counted = _between(counted, count())
    return Stretch(
        name,
        elapsed_s,
        {role: later[role].since(used[role]) for role in roles},
        {role: pss_mb(pids) for role, pids in roles.items()},
        busy,
        counted,
    )


def _between(first: Counted, last: Counted) -> Counted:
    def more(before: int | None, after: int | None) -> int | None:
        return None if before is None or after is None else after - before

    return Counted(
        mono_s=last.mono_s - first.mono_s,
        recording=last.recording,
        bytes=last.bytes - first.bytes,
        frames=more(first.frames, last.frames),
        lost=more(first.lost, last.lost),
        other_states=last.other_states,
    )


def counted_rows(stretch: Stretch, cameras: int) -> list[Row]:
    """What was recorded."""
    counted = stretch.counted
    rows = [
        Row(f"{stretch.name}: cameras recording", counted.recording, "cameras", cameras, counted.recording == cameras),
        Row(f"{stretch.name}: bytes", counted.bytes, "bytes", None, None),
        Row(f"{stretch.name}: rate", round(counted.bytes * 8 / counted.mono_s / 1e6, 1), "Mbit/s", None, None),
    ]
    rows += [
        Row(f"{stretch.name}: cameras {state}", number, "cameras", 0, met=False)
        for state, number in counted.other_states.items()
    ]
    if counted.frames is not None:
        rows.append(Row(f"{stretch.name}: frames", counted.frames, "frames", None, None))
    if counted.lost is not None:
        rows.append(Row(f"{stretch.name}: lost", counted.lost, "packets and records", 0, counted.lost == 0))
    busy = round(stretch.busy_s / stretch.seconds, 3)
    return [*rows, Row(f"{stretch.name}: whole machine, others too", busy, "cores", None, None)]


def role_rows(
    stretch: Stretch, role: str, *, goal_cores: float | None = None, goal_pss_mb: float | None = None
) -> list[Row]:
    """What one role took."""
    used, seconds, name = stretch.used[role], stretch.seconds, f"{stretch.name}: {role}"
    cores, memory = stretch.cores(role), stretch.pss_mb[role]
    met_cores = None if goal_cores is None else cores <= goal_cores
    met_memory = None if goal_pss_mb is None else memory <= goal_pss_mb
    return [
        Row(f"{name} cores", round(cores, 4), "cores", goal_cores, met_cores),
        Row(f"{name} cores_user", round(used.user_s / seconds, 4), "cores", None, None),
        Row(f"{name} cores_system", round(used.system_s / seconds, 4), "cores", None, None),
        Row(f"{name} pss_mb", round(memory, 1), "MB PSS", goal_pss_mb, met_memory),
        Row(f"{name} page_faults", round(used.minor_faults / seconds, 1), "1/s", None, None),
        Row(f"{name} major_faults", used.major_faults, "faults", None, None),
        Row(f"{name} switches_waiting", round(used.voluntary / seconds, 1), "1/s", None, None),
        Row(f"{name} switches_forced", round(used.involuntary / seconds, 1), "1/s", None, None),
    ]
