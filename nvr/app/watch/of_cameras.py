"""What is wrong with cameras. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nvr.app.watch.found import Condition, Key
from nvr.app.watch.kinds import Severity
from nvr.app.watch.observation import Observation
from nvr.base.units import US_PER_SECOND
from recorder.errors import Cause
from recorder.ptz.watch import DomeState
from recorder.verdict import Decree, decree_of
from storage.snapshot import CameraEntry, CameraKind

_SILENT_DOME_US: Final = 600 * US_PER_SECOND
"""A dome that was switched off and on again answers within minutes."""

_MILLI: Final = 1000

_MANY: Final = 3
_SHARE: Final = 4
"""So many silent cameras, and one in so many of all, are more than cameras that fail: a switch, a link, the power."""

_NO_FAULT: Final = frozenset({"recording", "absent", "commissioning"})

_AWAY: Final = frozenset({Cause.UNREACHABLE, Cause.REFUSED, Cause.TIMEOUT, Cause.CLOSED, Cause.STALLED})
"""Of a nomadic camera these mean that it is not there, which is no fault; of any other that it is silent."""

_KINDS: Final = ("camera-silent", "picture-fault", "dome-silent", "fell-behind", "recorded-nowhere", "below-decree")


def of_cameras(seen: Observation) -> Iterator[Condition]:
    """Every condition of a camera whose recorder answers."""
    yield from _silent(seen)
    for state in seen.states().values():
        yield from _picture(state)
    yield from silent_domes(seen)
    yield from recorded_nowhere(seen)
    yield from _below_decree(seen)
    for camera, records in seen.fell_behind.items():
        yield Condition("fell-behind", camera, detail=str(records))


def unsure_cameras(seen: Observation) -> Iterator[Key]:
    """The cameras of recorders that do not answer, of which nobody knows."""
    if seen.cameras is None:
        yield from ((kind, "") for kind in _KINDS)
    silent = {shard for shard, answer in seen.recorders.items() if answer is None}
    for each in seen.cameras or ():
        if each.shard in silent:
            yield from ((kind, each.camera) for kind in _KINDS)


def recorded_nowhere(seen: Observation) -> list[Condition]:
    """Cameras that came back before anybody said where: exports could not name the place."""
    states = seen.states()
    return [
        Condition("recorded-nowhere", each.camera)
        for each in seen.cameras or ()
        if (each.absent or each.kind is CameraKind.NOMADIC) and each.placement is None
        if states.get(each.camera, {}).get("state") == "recording"
    ]


def silent_domes(seen: Observation) -> list[Condition]:
    """Domes whose pictures are recorded, and of which nobody has known for a while where they look."""
    recorded = [state for state in seen.states().values() if state.get("state") == "recording" and state.get("dome")]
    return [
        Condition("dome-silent", str(state["camera"]), since_utc_us=state["dome"]["since_utc_us"])
        for state in recorded
        if state["dome"].get("state") == DomeState.UNKNOWN
        if seen.now_utc_us - state["dome"]["since_utc_us"] >= _SILENT_DOME_US
    ]


def _silent(seen: Observation) -> list[Condition]:
    states = seen.states()
    answering = {shard for shard, answer in seen.recorders.items() if answer is not None}
    silent = [
        each for each in seen.cameras or () if each.shard in answering and _is_silent(each, states.get(each.camera, {}))
    ]
    total = len(seen.cameras or ())
    severity = Severity.CRITICAL if len(silent) >= _MANY and len(silent) * _SHARE >= total else None
    return [
        Condition(
            "camera-silent",
            each.camera,
            since_utc_us=states.get(each.camera, {}).get("last_record_utc_us"),
            detail=states.get(each.camera, {}).get("cause"),
            severity=severity,
        )
        for each in silent
    ]


def _is_silent(entry: CameraEntry, state: Mapping[str, Any]) -> bool:
    if state.get("state") in _NO_FAULT or entry.absent:
        return False
    return not (entry.kind is CameraKind.NOMADIC and (state.get("cause") is None or state["cause"] in _AWAY))


def _below_decree(seen: Observation) -> Iterator[Condition]:
    """Cameras whose recording is not good enough for any view."""
    for camera, rate in seen.rates.items():
        if decree_of(rate.width, rate.height, rate.fps_milli) is Decree.BELOW:
            detail = f"{rate.width}x{rate.height}, {rate.fps_milli / _MILLI:.1f}/s"
            yield Condition("below-decree", camera, detail=detail)


def _picture(state: Mapping[str, Any]) -> Iterator[Condition]:
    health = state.get("health") or {}
    faults = tuple(map(str, health.get("faults") or ()))
    if faults:
        yield Condition("picture-fault", str(state["camera"]), health.get("since_utc_us"), detail=",".join(faults))
