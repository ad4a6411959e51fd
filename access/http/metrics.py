"""The status page's figures for Prometheus: counters, states and sizes; ids and names as labels, and nothing else.

docs/metrics.md lists them; a test holds the list and the code together.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from access.http.view import CameraState, CameraView, CopiesView, DomeView, StatusView
from nvr.base.units import US_PER_SECOND

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

Sample: TypeAlias = tuple[tuple[str, ...], float | None]
"""Values of the labels, and the figure; None is left out."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric: `samples` gives its values of one view. `kind` is "gauge" or "counter"."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str
    samples: Callable[[StatusView], Iterable[Sample]]

    def of(self, view: StatusView) -> Metric:
        """The metric with its samples."""
        make = CounterMetricFamily if self.kind == "counter" else GaugeMetricFamily
        family = make(self.name, self.help, labels=self.labels)
        for labels, value in self.samples(view):
            if value is not None:
                family.add_metric(labels, value)
        return family


def render_metrics(view: StatusView) -> bytes:
    """All figures in the text format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(_View(view))
    return generate_latest(registry)


class _View(Collector):
    def __init__(self, view: StatusView) -> None:
        self._view = view

    def collect(self) -> Iterator[Metric]:
        for figure in FIGURES:
            yield figure.of(self._view)


def _of_camera(value: Callable[[CameraView], float | None]) -> Callable[[StatusView], Iterable[Sample]]:
    return lambda view: (((camera.camera,), value(camera)) for camera in view.cameras)


def _states(view: StatusView) -> Iterator[Sample]:
    for camera in view.cameras:
        for state in CameraState:
            yield (camera.camera, state.value), float(camera.state is state)


def _causes(view: StatusView) -> Iterator[Sample]:
    return (((camera.camera, camera.cause), 1.0) for camera in view.cameras if camera.cause is not None)


def _dome_states(view: StatusView) -> Iterator[Sample]:
    return (((camera.camera, camera.dome.state), 1.0) for camera in view.cameras if camera.dome is not None)


def _of_dome(value: Callable[[DomeView], float]) -> Callable[[StatusView], Iterable[Sample]]:
    return lambda view: (((camera.camera,), value(camera.dome)) for camera in view.cameras if camera.dome is not None)


def _pictures(view: StatusView) -> Iterator[Sample]:
    return (((camera.camera, fault), 1.0) for camera in view.cameras for fault in camera.picture)


def _alarms(view: StatusView) -> Iterator[Sample]:
    ids = [alarm.id for alarm in view.alarms]
    return (((each,), float(ids.count(each))) for each in dict.fromkeys(ids))


def _float(value: int | None) -> float | None:
    return None if value is None else float(value)


def _of_copies(value: Callable[[CopiesView], float | None]) -> Callable[[StatusView], Iterable[Sample]]:
    return lambda view: () if view.copies is None else [((), value(view.copies))]


def _held(values: Callable[[CopiesView], tuple[int, int]]) -> Callable[[StatusView], Iterable[Sample]]:
    """By the number of files: 1, which wait for their copy, and 2."""
    return lambda view: () if view.copies is None else zip((("1",), ("2",)), values(view.copies), strict=True)


def _seconds(utc_us: int | None) -> float | None:
    return None if utc_us is None else utc_us / US_PER_SECOND


_CAMERA: Final = ("camera",)
_VOLUME: Final = ("volume",)

FIGURES: Final = (
    Figure(
        "scelle_camera_state",
        "gauge",
        ("camera", "state"),
        "1 for the state in which the camera's recording is.",
        _states,
    ),
    Figure(
        "scelle_camera_wrong",
        "gauge",
        _CAMERA,
        "1 where somebody should look: neither recorded nor absent.",
        _of_camera(lambda c: float(c.wrong)),
    ),
    Figure("scelle_camera_trouble", "gauge", ("camera", "cause"), "1 for what is wrong with the camera now.", _causes),
    Figure(
        "scelle_camera_picture_trouble",
        "gauge",
        ("camera", "fault"),
        "1 for what is wrong with the camera's picture now.",
        _pictures,
    ),
    Figure(
        "scelle_camera_picture_judged_timestamp_seconds",
        "gauge",
        _CAMERA,
        "When the camera's picture was last judged, in seconds since 1970 UTC.",
        _of_camera(lambda c: _seconds(c.picture_looked_utc_us)),
    ),
    Figure(
        "scelle_camera_frames_total",
        "counter",
        _CAMERA,
        "Pictures that storage accepted.",
        _of_camera(lambda c: c.frames),
    ),
    Figure(
        "scelle_camera_records_total",
        "counter",
        _CAMERA,
        "Records that storage accepted.",
        _of_camera(lambda c: c.records),
    ),
    Figure(
        "scelle_camera_accepted_bytes_total",
        "counter",
        _CAMERA,
        "Bytes of pictures that storage accepted.",
        _of_camera(lambda c: c.bytes),
    ),
    Figure(
        "scelle_camera_written_bytes_total",
        "counter",
        _CAMERA,
        "Bytes of sealed records that a volume took.",
        _of_camera(lambda c: c.written),
    ),
    Figure(
        "scelle_camera_lost_packets_total",
        "counter",
        _CAMERA,
        "RTP packets that did not come.",
        _of_camera(lambda c: c.lost),
    ),
    Figure(
        "scelle_camera_dropped_records_total",
        "counter",
        _CAMERA,
        "Records that storage could not take.",
        _of_camera(lambda c: c.dropped),
    ),
    Figure(
        "scelle_camera_reconnects_total",
        "counter",
        _CAMERA,
        "Sessions after the first.",
        _of_camera(lambda c: c.reconnects),
    ),
    Figure(
        "scelle_camera_bitrate_bits_per_second",
        "gauge",
        _CAMERA,
        "Bit rate as received.",
        _of_camera(lambda c: c.bitrate_bps),
    ),
    Figure(
        "scelle_camera_last_record_timestamp_seconds",
        "gauge",
        _CAMERA,
        "Where the last record ends, in seconds since 1970 UTC.",
        _of_camera(lambda c: _seconds(c.last_record_utc_us)),
    ),
    Figure(
        "scelle_camera_gaps_today",
        "gauge",
        _CAMERA,
        "Gaps of the local day.",
        _of_camera(lambda c: float(c.gaps_today)),
    ),
    Figure(
        "scelle_camera_gap_today_seconds",
        "gauge",
        _CAMERA,
        "Length of the gaps of the local day.",
        _of_camera(lambda c: _seconds(c.gap_today_us)),
    ),
    Figure(
        "scelle_dome_state",
        "gauge",
        ("camera", "state"),
        "1 for what the dome does now, as far as known.",
        _dome_states,
    ),
    Figure("scelle_dome_answers_total", "counter", _CAMERA, "Answers of the dome.", _of_dome(lambda d: d.answers)),
    Figure("scelle_dome_failures_total", "counter", _CAMERA, "Failures to ask it.", _of_dome(lambda d: d.failures)),
    Figure(
        "scelle_dome_sealed_observations_total",
        "counter",
        _CAMERA,
        "Observations sealed with pictures.",
        _of_dome(lambda d: d.sealed),
    ),
    Figure(
        "scelle_dome_dropped_observations_total",
        "counter",
        _CAMERA,
        "Observations lost before they were sealed.",
        _of_dome(lambda d: d.dropped),
    ),
    Figure(
        "scelle_recorder_up",
        "gauge",
        ("shard",),
        "1 while the recorder of the shard answers.",
        lambda view: (((str(each.shard),), float(each.answers)) for each in view.recorders),
    ),
    Figure(
        "scelle_volume_in_service",
        "gauge",
        _VOLUME,
        "1 while the volume takes footage.",
        lambda view: (((each.name,), float(each.in_service)) for each in view.volumes),
    ),
    Figure(
        "scelle_volume_free_bytes",
        "gauge",
        _VOLUME,
        "Free room.",
        lambda view: (((each.name,), _float(each.free_bytes)) for each in view.volumes),
    ),
    Figure(
        "scelle_volume_size_bytes",
        "gauge",
        _VOLUME,
        "Size of the file system.",
        lambda view: (((each.name,), _float(each.total_bytes)) for each in view.volumes),
    ),
    Figure(
        "scelle_volume_oldest_timestamp_seconds",
        "gauge",
        _VOLUME,
        "Start of the oldest footage, in seconds since 1970 UTC.",
        lambda view: (((each.name,), _seconds(each.oldest_utc_us)) for each in view.volumes),
    ),
    Figure(
        "scelle_held_segments",
        "gauge",
        ("files",),
        "Segments that holds keep, by the number of their files.",
        _held(lambda c: (c.once_segments, c.twice_segments)),
    ),
    Figure(
        "scelle_held_bytes",
        "gauge",
        ("files",),
        "Size of one file of each of these segments.",
        _held(lambda c: (c.once_bytes, c.twice_bytes)),
    ),
    Figure(
        "scelle_copies_left_bytes",
        "gauge",
        (),
        "What the evidence volume with the most room takes yet.",
        _of_copies(lambda c: c.left_bytes),
    ),
    Figure(
        "scelle_copies_used_up_timestamp_seconds",
        "gauge",
        (),
        "When that will be used up at the rate of the last week, in seconds since 1970 UTC.",
        _of_copies(lambda c: _seconds(c.used_up_utc_us)),
    ),
    Figure(
        "scelle_ledger_up", "gauge", (), "1 while the ledger answers.", lambda view: [((), float(view.ledger.answers))]
    ),
    Figure("scelle_ledger_entries", "gauge", (), "Entries.", lambda view: [((), float(view.ledger.size))]),
    Figure(
        "scelle_ledger_checkpoint_timestamp_seconds",
        "gauge",
        (),
        "When the last checkpoint was signed, in seconds since 1970 UTC.",
        lambda view: [((), _seconds(view.ledger.checkpoint_utc_us))],
    ),
    Figure("scelle_alarms", "gauge", ("alarm",), "How often the alarm stands on the status page.", _alarms),
)
