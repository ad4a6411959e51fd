"""Volumes as a screen and as JSON show them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from nvr.app.figures import show_number
from nvr.app.messages import LANGUAGE, say
from nvr.app.volumes.footage import Footage
from nvr.app.volumes.known_disks import KnownDisk, KnownVolume
from nvr.app.volumes.overview import VolumeReport
from nvr.app.volumes.smart import Verdict
from nvr.app.words import word
from nvr.base.units import US_PER_SECOND
from storage.index.on_volume import Stretch

_GIB: Final = 1 << 30
_WORST: Final = (Verdict.FAILING, Verdict.AGEING, Verdict.UNKNOWN, Verdict.OK)


def volume_json(report: VolumeReport) -> dict[str, Any]:
    """All of it."""
    setting, seen, footage = report.setting, report.seen, report.footage
    return {
        "name": setting.name,
        "path": str(setting.path),
        "bay": bay_of(report),
        "volume": seen.volume,
        "readable": seen.why is None,
        "why": seen.why,
        "drain": setting.drain,
        "evidence": setting.evidence,
        "budget_gib": setting.budget_gib,
        "disks": [asdict(one.disk) | {"health": asdict(one.health)} for one in seen.disks],
        "disks_seen_utc_us": seen.disks_seen_utc_us,
        "health_utc_us": seen.health_utc_us,
        "free_bytes": None if seen.space is None else seen.space.free_bytes,
        "total_bytes": None if seen.space is None else seen.space.total_bytes,
        "recorders": [
            {"shard": shard, "answers": each is not None, **{key: (each or {}).get(key) for key in _OF_RECORDER}}
            for shard, each in report.recorders.items()
        ],
        "keeper_uses": report.keeper,
        "footage": None if footage is None else footage_json(footage),
    }


_OF_RECORDER: Final = ("state", "reason", "cameras", "growing", "worst_write_us", "worst_sync_us", "errors")


def footage_json(footage: Footage) -> dict[str, Any]:
    """What lies there."""
    return {
        "segments": footage.segments,
        "bytes": footage.bytes,
        "from_utc_us": footage.from_utc_us,
        "to_utc_us": footage.to_utc_us,
        "ends_utc_us": footage.ends_utc_us,
        "held_bytes": footage.held_bytes,
        "held_alone": footage.held_alone,
        "saved": footage.saved,
        "copies": asdict(footage.copies),
        "cameras": [asdict(one) for one in footage.cameras],
        "held": [{"hold": one.hold, **asdict(one.stretch)} for one in footage.held],
        "lost": [asdict(one) for one in footage.lost],
    }


def volume_row(report: VolumeReport) -> dict[str, Any]:
    """One volume for a person; what is not known is said to be."""
    seen, footage = report.seen, report.footage
    told = [each for each in report.recorders.values() if each is not None]
    cameras = sorted({camera for each in told for camera in each.get("cameras", ())})
    errors = sum(count for each in told for count in (each.get("errors") or {}).values())
    unknown = word("unknown")
    return {
        "volume": report.setting.name,
        "path": str(report.setting.path),
        "bay": bay_of(report) or unknown,
        "disk": disks_text(seen.disks) or unknown,
        "disk_seen_utc_us": seen.disks_seen_utc_us,
        "state": state_text(report),
        "why": why_text(report),
        "free_GiB": unknown if seen.space is None else f"{seen.space.free_bytes // _GIB} / {_total(report)}",
        "cameras": cameras if told else unknown,
        "footage_from_utc_us": None if footage is None else footage.from_utc_us,
        "footage_to_utc_us": None if footage is None else footage.to_utc_us,
        "footage_GiB": unknown if footage is None else _gib(footage.bytes),
        "held_GiB": unknown if footage is None else _gib(footage.held_bytes),
        **(_of_copies(report) if report.setting.evidence else {}),
        "worst_write_ms": _worst(told, "worst_write_us"),
        "worst_sync_ms": _worst(told, "worst_sync_us"),
        "errors": errors if told else unknown,
        "SMART": smart_text(seen.disks),
        "SMART_seen_utc_us": seen.health_utc_us,
        "id": seen.volume or unknown,
    }


def _of_copies(report: VolumeReport) -> dict[str, Any]:
    copies = word("unknown") if report.footage is None else _gib(report.footage.copies.bytes)
    return {"copies_GiB": copies, "budget_GiB": report.setting.budget_gib}


def state_text(report: VolumeReport) -> str:
    """How it stands, in one word where all recorders agree; those that do not answer are named."""
    if report.setting.evidence:
        return _evidence_state(report)
    states = {shard: _state(each) for shard, each in report.recorders.items()}
    if len(set(states.values())) == 1:
        return next(iter(states.values()))
    return ", ".join(f"{state} ({shard})" for shard, state in states.items())


def _evidence_state(report: VolumeReport) -> str:
    """No recorder lists it: as the keeper has it, and what a person wants."""
    if report.keeper is None:
        return word("unknown")
    if not report.keeper:
        return word("away")
    return word("evidence") if not report.setting.drain else f"{word('evidence')} ({word('drained')})"


def why_text(report: VolumeReport) -> str | None:
    """Why it is not as it should be, each reason once."""
    told = [each.get("reason") for each in report.recorders.values() if each is not None]
    keeper = say("volume-keeper-without") if report.keeper is False else None
    return "; ".join(dict.fromkeys(str(why) for why in (report.seen.why, *told, keeper) if why)) or None


def bay_of(report: VolumeReport) -> str | None:
    """Where its disks sit: as the configuration says, else as their enclosure does."""
    slots = [one.disk.slot for one in report.seen.disks if one.disk.slot]
    return report.setting.bay or ", ".join(slots) or None


def disks_text(disks: Sequence[KnownDisk]) -> str:
    """Models and serial numbers."""
    return ", ".join(one.disk.label for one in disks)


def smart_text(disks: Sequence[KnownDisk]) -> str:
    """The worst verdict, with what it rests on."""
    for verdict in _WORST:
        of_it = [one.health for one in disks if one.health.verdict is verdict]
        if of_it:
            reasons = ", ".join(reason for one in of_it for reason in one.reasons)
            return word(verdict.value) + (f" ({reasons})" if reasons else "")
    return word("unknown")


def disk_rows(volume: str, known: KnownVolume) -> list[dict[str, Any]]:
    """One row a disk, with what it says of itself."""
    return [
        {
            "volume": volume,
            "path": known.path,
            "device": one.disk.name,
            "disk": one.disk.label,
            "SMART": smart_text([one]),
            "powered_hours": one.health.hours,
            "celsius": one.health.celsius,
        }
        for one in known.disks
    ]


def stretch_row(stretch: Stretch) -> dict[str, Any]:
    """Footage of one camera, for a person."""
    return {
        "camera": stretch.camera,
        "from_utc_us": stretch.from_utc_us,
        "to_utc_us": stretch.to_utc_us,
        "hours": show_number(stretch.length_us / (3600 * US_PER_SECOND), LANGUAGE, 1),
        "segments": stretch.segments,
        "GiB": _gib(stretch.bytes),
    }


def _state(told: Mapping[str, Any] | None) -> str:
    if told is None:
        return word("unknown")
    state = str(told.get("state"))
    return word("drained" if state == "draining" and not told.get("growing") else state)


def _total(report: VolumeReport) -> int:
    return 0 if report.seen.space is None else report.seen.space.total_bytes // _GIB


def _worst(told: Sequence[Mapping[str, Any]], key: str) -> int | None:
    return max((int(each.get(key) or 0) // 1000 for each in told), default=None)


def _gib(size: int) -> str:
    return show_number(size / _GIB, LANGUAGE, 1)
