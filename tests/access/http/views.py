"""Status views for tests: a town where all is well, and one where much is wrong."""

from dataclasses import replace

from access.http.view import (
    Alarm,
    CameraState,
    CameraView,
    CopiesView,
    DomeView,
    LedgerView,
    RecorderView,
    StatusView,
    VolumeView,
)
from nvr.base.ids import CameraId
from nvr.base.units import US_PER_DAY, US_PER_SECOND, UtcUs

NOW = UtcUs(1_790_000_000_000_000)
GIB = 2**30


def camera(
    name: str, state: CameraState = CameraState.RECORDING, cause: str | None = None, gaps: int = 0
) -> CameraView:
    return CameraView(
        camera=CameraId(name),
        place="point 12, place de la Mairie <nord>",
        state=state,
        cause=cause,
        since_utc_us=UtcUs(NOW - 754 * US_PER_SECOND),
        last_record_utc_us=UtcUs(NOW - 2 * US_PER_SECOND),
        bitrate_bps=4_037_000 if state is CameraState.RECORDING else None,
        gaps_today=gaps,
        records=120,
        frames=3_000,
        bytes=60_000_000,
        written=59_000_000,
        lost=7,
        dropped=3,
        reconnects=gaps,
        gap_today_us=gaps * 95 * US_PER_SECOND,
    )


def dome(state: str = "preset", cause: str | None = None) -> DomeView:
    return DomeView(state, cause, UtcUs(NOW - 3600 * US_PER_SECOND), answers=900, failures=4, sealed=890, dropped=2)


def volume(name: str, *, in_service: bool = True, low: bool = False) -> VolumeView:
    return VolumeView(
        name=name,
        in_service=in_service,
        low=low,
        free_bytes=812 * GIB,
        total_bytes=7450 * GIB,
        oldest_utc_us=UtcUs(NOW - 14 * US_PER_DAY - 5),
    )


LEDGER = LedgerView(
    answers=True, size=48_211, checkpoint_size=48_210, checkpoint_utc_us=UtcUs(NOW - 31 * US_PER_SECOND)
)

COPIES = CopiesView(
    once_segments=3,
    once_bytes=450_000_000,
    twice_segments=40,
    twice_bytes=6_000_000_000,
    left_bytes=800 * GIB,
    used_up_utc_us=UtcUs(NOW + 400 * US_PER_DAY),
)

WELL = StatusView(
    town="videoprotection.ville.example",
    now_utc_us=NOW,
    cameras=[camera(f"cam-{number:03d}", gaps=number % 3) for number in range(1, 9)],
    volumes=[volume("disque-1"), volume("disque-2")],
    ledger=LEDGER,
    recorders=[RecorderView(0, answers=True)],
)

WRONG = StatusView(
    town="videoprotection.ville.example",
    now_utc_us=NOW,
    cameras=[
        *WELL.cameras,
        camera("gare-parvis", CameraState.WAITING, "unreachable", 4),
        camera("stade-nord", CameraState.STALLED, "stalled", 1),
        replace(
            camera("poste"),
            picture=("covered", "blurred"),
            picture_since_utc_us=UtcUs(NOW - 120 * US_PER_SECOND),
            picture_looked_utc_us=UtcUs(NOW - 30 * US_PER_SECOND),
        ),
        replace(camera("mat-7", CameraState.COMMISSIONING), until_utc_us=UtcUs(NOW + 600 * US_PER_SECOND)),
        camera("ecole", CameraState.UNKNOWN),
    ],
    volumes=[volume("disque-1", low=True), volume("disque-2", in_service=False)],
    ledger=LedgerView(answers=False, size=0, checkpoint_size=None, checkpoint_utc_us=None),
    alarms=[Alarm("provisional-set", UtcUs(NOW - 3 * US_PER_DAY)), Alarm("order-ends", None, "30/11/2026")],
)
