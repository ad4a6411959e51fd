"""The gaps that the keeper tells, since nobody was there to tell them: a recorder that ended without a word. Pure."""

from collections.abc import Callable, Iterable, Mapping

from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from storage.index.rows import GapRow
from storage.ledger.machine import Gap, Seal
from storage.records import GapCause


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
                    detail=None,
                )
            )
    return told


def gaps_shortened(gaps: Iterable[GapRow], seals: Iterable[Seal]) -> list[Gap]:
    """The keeper's gaps once recovered segments show that there was footage in their beginning.

    A segment that grew when the recorder died is only known after the next boot has been told.
    """
    ends: dict[str, int] = {}
    for seal in seals:
        ends[seal.camera] = max(ends.get(seal.camera, 0), seal.end_utc_us)
    shortened = []
    for gap in gaps:
        end = ends.get(gap.camera, 0)
        if gap.boot is None and gap.cause == GapCause.STOPPED and gap.to_utc_us and gap.from_utc_us < end:
            begin = min(end, gap.to_utc_us)
            shortened.append(_ended(gap, gap.to_utc_us).model_copy(update={"from_utc_us": begin}))
    return shortened


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
