"""The missing seconds of one camera, as events (DESIGN.md, invariant 4)."""

from dataclasses import dataclass

from nvr.base.ids import CameraId, uuid7
from nvr.base.units import UtcUs
from recorder.ports import EventSink
from storage.records import GapCause


@dataclass(slots=True)
class _Open:
    gap: str
    from_utc_us: UtcUs
    cause: GapCause
    detail: str


class GapLog:
    """At most one gap is open at a time. The event loop owns it.

    A gap that closes where it began says that pictures came late and none is missing.
    """

    def __init__(self, camera: CameraId, events: EventSink) -> None:
        self._camera = camera
        self._events = events
        self._open: _Open | None = None

    @property
    def is_open(self) -> bool:
        """Whether pictures are missing now."""
        return self._open is not None

    def open(self, cause: GapCause, from_utc_us: UtcUs, detail: str) -> None:
        """From this instant on there are no pictures, for this cause.

        An open gap of the same cause goes on, with the newer detail told at its end; one of another cause ends here.
        """
        if self._open is not None and self._open.cause is cause:
            self._open.detail = detail
            return
        self.close(from_utc_us)
        self._open = _Open(gap=uuid7(from_utc_us), from_utc_us=from_utc_us, cause=cause, detail=detail)
        self._tell(self._open, None)

    def close(self, to_utc_us: UtcUs) -> None:
        """Pictures begin again at this instant; nothing happens when no gap is open."""
        if self._open is not None:
            self._tell(self._open, UtcUs(max(to_utc_us, self._open.from_utc_us)))
            self._open = None

    def note(self, cause: GapCause, from_utc_us: UtcUs, to_utc_us: UtcUs, detail: str) -> None:
        """A gap that is known whole."""
        self.open(cause, from_utc_us, detail)
        self.close(to_utc_us)

    def _tell(self, gap: _Open, to_utc_us: UtcUs | None) -> None:
        self._events.gap(
            gap=gap.gap,
            camera=self._camera,
            from_utc_us=gap.from_utc_us,
            to_utc_us=to_utc_us,
            cause=gap.cause,
            detail=gap.detail,
        )
