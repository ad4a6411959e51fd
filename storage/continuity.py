"""The gaps that the keeper tells, since nobody was there to tell them: a recorder that ended without a word. Pure."""

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Final

from nvr.base.ids import CameraId
from nvr.base.units import US_PER_SECOND, UtcUs
from storage.index.rows import GapRow
from storage.ledger.machine import Gap, Seal
from storage.records import GapCause

WITHOUT_A_WORD: Final = "the recorder ended without a word"
"""Text of a gap that only the next boot tells; the seconds up to the first picture after it are a gap of their own."""

_OF_A_VOLUME: Final = (GapCause.DISK_LOST, GapCause.FULL)
"""What a volume did not keep, as far as was known then."""

_SEAM_US: Final = US_PER_SECOND
"""What lies between two records and is not longer is no hole (docs/design/time.md "Gaps")."""


def gaps_at_boot(
    boot_utc_us: int, known_until: Mapping[CameraId, UtcUs], open_gaps: Iterable[GapRow], new_id: Callable[[], str]
) -> list[Gap]:
    """What a recorder's `boot` says of the time before it.

    Gaps that the process before left open end here. A camera without one has a gap from what is known of it last
    (footage or gap) to here, cause `stopped`. `known_until` names the shard's cameras.
    """
    told = []
    silent = set()
    for gap in open_gaps:
        silent.add(gap.camera)
        told.append(_ended(gap, max(gap.from_utc_us, boot_utc_us)))
    for camera, until in known_until.items():
        if camera not in silent and until < boot_utc_us:
            told.append(
                Gap(
                    gap=new_id(),
                    camera=camera,
                    from_utc_us=until,
                    to_utc_us=boot_utc_us,
                    cause=GapCause.STOPPED.value,
                    detail=WITHOUT_A_WORD,
                )
            )
    return told


def gaps_shortened(gaps: Iterable[GapRow], seals: Iterable[Seal], new_id: Callable[[], str]) -> list[Gap]:
    """The gaps less the footage of recovered segments; where that lies inside, a second gap follows it.

    A segment that grew when the recorder died is only known after the next boot has been told: those are the keeper's
    gaps. One that grew on a volume which left service was told as lost, and may be found when the volume is back.
    A gap of which nothing is left has no length.
    """
    recovered = list(seals)
    told = []
    for gap in gaps:
        if gap.to_utc_us is None or not (_is_of_the_keeper(gap) or gap.cause in _OF_A_VOLUME):
            continue
        footage = [(one.start_utc_us, one.end_utc_us) for one in recovered if one.camera == gap.camera]
        left = _without(gap.from_utc_us, gap.to_utc_us, footage)
        if left == [(gap.from_utc_us, gap.to_utc_us)]:
            continue
        ids = chain([gap.gap], iter(new_id, None))
        for (begin, end), name in zip(left or [(gap.to_utc_us, gap.to_utc_us)], ids, strict=False):
            told.append(_ended(gap, end).model_copy(update={"from_utc_us": begin, "gap": name}))
    return told


def _is_of_the_keeper(gap: GapRow) -> bool:
    return gap.boot is None and gap.cause == GapCause.STOPPED


def _without(begin: int, end: int, footage: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is left of [begin, end) without these stretches; a seam before one of them is none."""
    left = []
    for first, last in sorted(footage):
        if begin + _SEAM_US < min(first, end):
            left.append((begin, min(first, end)))
        begin = max(begin, last)
    if begin < end:
        left.append((begin, end))
    return left


def _ended(gap: GapRow, to_utc_us: int) -> Gap:
    return Gap.model_validate(
        {
            "gap": gap.gap,
            "camera": gap.camera,
            "from_utc_us": gap.from_utc_us,
            "to_utc_us": to_utc_us,
            "cause": gap.cause,
            "detail": gap.detail,
        }
    )
