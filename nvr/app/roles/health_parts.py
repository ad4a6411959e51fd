"""The recorder's part of camera health: how the looking process is started, and how references are kept."""

import asyncio
import os
from typing import Final

from config.model import Health
from nvr.app.roles.faults import Faults
from nvr.app.roles.shardstate import NOT_READ, NOT_WRITTEN
from nvr.base.clock import Clock
from nvr.base.modules import module_command
from recorder.health.looker import Looker
from recorder.health.references import References
from recorder.health.states import Thresholds
from recorder.health.watch import HealthWatch
from storage.faults import Fault
from storage.snapshot import CameraEntry, CameraKind

COMMAND: Final = module_command("nvr.app.roles.health")

_NOT_JUDGED: Final = "pictures-not-judged"
_LOOKING: Final = "looking process"
_SAVE_EVERY_S: Final = 600.0
"""A reference changes slowly; a crash costs so much of it."""
_PASSED_ON: Final = ("PATH", "PYTHONPATH", "LANG", "LC_ALL")
_ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def environment() -> dict[str, str]:
    """What the looking process is told: none of the paths and credentials that the recorder has."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ} | _ONE_THREAD


def health_watch(settings: Health, references: References, clock: Clock, faults: Faults) -> HealthWatch | None:
    """What looks at the cameras of this shard; None where that is turned off. Blocking: it reads the references."""
    if not settings.enabled:
        return None
    try:
        references.load()
    except OSError as error:
        faults.tell(NOT_READ, references.file, error)
    thresholds = Thresholds(
        dark_luma=settings.dark_luma,
        covered_percent=settings.covered_percent,
        blurred_percent=settings.blurred_percent,
        moved_percent=settings.moved_percent,
        frozen_mille=settings.frozen_mille,
        looks=settings.looks,
    )

    def blind(is_blind: bool) -> None:  # noqa: FBT001 -- one caller, which knows nothing else
        if is_blind:
            faults.tell(_NOT_JUDGED, _LOOKING, Fault.told("it does not start, or does not answer", "looking-silent"))
        else:
            faults.over(_NOT_JUDGED, _LOOKING)

    looker = Looker(COMMAND, environment(), clock)
    interval_s = settings.interval_seconds
    return HealthWatch(
        looker, references, clock, interval_s=interval_s, thresholds=thresholds, blind=blind, aimed=_looks_one_way
    )


def _looks_one_way(entry: CameraEntry) -> bool:
    return entry.kind is not CameraKind.DOME and entry.ptz is None


async def keep_references(references: References, clock: Clock, faults: Faults) -> None:
    """Write the references now and then, and at the end; what the disk refuses is told and tried again."""
    try:
        while True:
            await clock.sleep(_SAVE_EVERY_S)
            await asyncio.to_thread(_save, references, references.content(), faults)
    finally:
        await asyncio.to_thread(_save, references, references.content(), faults)


def _save(references: References, content: bytes, faults: Faults) -> None:
    try:
        references.save(content)
    except OSError as error:
        faults.tell(NOT_WRITTEN, references.file, error)
    else:
        faults.over(NOT_WRITTEN, references.file)
