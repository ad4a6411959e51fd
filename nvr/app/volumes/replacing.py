"""What stands against taking a volume out for good, and what it takes with it. Reads only."""

from nvr.app.volumes.overview import Overview, VolumeReport
from nvr.base.errors import Refused


class VolumeStillUsed(Refused):
    """The volume takes footage, or something grows there: it is to be drained first. `path`, `state`."""

    message_id = "volume-still-used"


class RecordersSilent(Refused):
    """Recorders do not answer, and the volume is not drained: they may be writing there. `path`, `shards`."""

    message_id = "volume-recorders-silent"


class OnlyVolume(Refused):
    """No other volume of the configuration takes recordings: one is to be added first. `path`."""

    message_id = "volume-only-one"


class VolumeNameless(Refused):
    """Nobody knows which volume was at the path. `path`."""

    message_id = "volume-nameless"


def refuse_replacing(found: Overview, report: VolumeReport) -> str:
    """Check that the volume may go; its id.

    Raises:
        VolumeStillUsed, RecordersSilent, OnlyVolume, VolumeNameless: it may not.
    """
    path = str(report.setting.path)
    if report.takes_footage:
        raise VolumeStillUsed(path=path, state=", ".join(sorted(report.states)))
    if report.unknown_recorders and not (report.setting.drain or report.setting.evidence):
        raise RecordersSilent(path=path, shards=", ".join(map(str, report.unknown_recorders)))
    if all(other is report or other.setting.evidence for other in found.volumes):
        raise OnlyVolume(path=path)
    if report.seen.volume is None:
        raise VolumeNameless(path=path)
    return report.seen.volume


def word_to_type(report: VolumeReport) -> str:
    """What a person writes who means this disk: its serial number, which is on its sticker; else the volume's name."""
    serials = [one.disk.serial for one in report.seen.disks if one.disk.serial]
    return serials[0] if serials else report.setting.name
