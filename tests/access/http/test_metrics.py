"""The metrics are those that the page lists, and give nothing away."""

import re
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
from prometheus_client.parser import text_string_to_metric_families

from access.http.app import make_app
from access.http.metrics import FIGURES, render_metrics
from access.http.view import Alarm, CameraState, StatusView
from tests.access.http.views import COPIES, GIB, NOW, WELL, WRONG, camera, dome, volume

PAGE = Path(__file__).resolve().parents[3] / "docs" / "metrics.md"
LABELS = {"camera", "state", "cause", "fault", "shard", "volume", "alarm", "files"}


def values(view: StatusView) -> dict[tuple[str, frozenset[str]], float]:
    families = text_string_to_metric_families(render_metrics(view).decode())
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_list_of_the_page_is_the_real_one() -> None:
    rows = re.findall(r"^\| `(scelle_\w+)` \| (\w+) \| [^|]+ \| ([^|]*)\|", PAGE.read_text(), re.MULTILINE)
    listed = [(name, kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows]
    assert listed == [(figure.name, figure.kind, figure.labels) for figure in FIGURES]


def test_every_figure_is_told_under_the_name_and_kind_that_are_listed() -> None:
    cameras = [*WRONG.cameras, replace(camera("dome-1"), dome=dome())]
    every = replace(WRONG, cameras=cameras, copies=COPIES)
    told = {
        (sample.name, family.type)
        for family in text_string_to_metric_families(render_metrics(every).decode())
        for sample in family.samples
    }
    unknown_now = {"scelle_ledger_checkpoint_timestamp_seconds", "scelle_recorder_up"}
    assert told == {(figure.name, figure.kind) for figure in FIGURES if figure.name not in unknown_now}


def test_no_room_is_told_of_a_disk_that_is_away() -> None:
    away = replace(volume("a"), in_service=False, free_bytes=None, total_bytes=None)
    told = {name for name, labels in values(replace(WELL, volumes=[away])) if "a" in labels}
    assert "scelle_volume_in_service" in told
    assert not told & {"scelle_volume_free_bytes", "scelle_volume_size_bytes"}


def test_every_state_and_counter_of_a_camera_is_told() -> None:
    found = values(WRONG)
    states = {
        state.value: found["scelle_camera_state", frozenset({"stade-nord", state.value})] for state in CameraState
    }
    assert states == {state.value: float(state is CameraState.STALLED) for state in CameraState}
    assert found["scelle_camera_trouble", frozenset({"gare-parvis", "unreachable"})] == 1
    assert found["scelle_camera_picture_trouble", frozenset({"poste", "covered"})] == 1
    assert not [labels for name, labels in found if name.endswith("picture_trouble") and "cam-001" in labels]
    assert found["scelle_camera_lost_packets_total", frozenset({"cam-001"})] == 7
    assert found["scelle_camera_written_bytes_total", frozenset({"cam-001"})] == 59_000_000
    assert found["scelle_volume_in_service", frozenset({"disque-2"})] == 0
    assert found["scelle_alarms", frozenset({"order-ends"})] == 1
    assert values(WELL)["scelle_recorder_up", frozenset({"0"})] == 1


def test_what_nobody_can_tell_is_absent() -> None:
    silent = replace(camera("cam-x", CameraState.UNKNOWN), lost=None, bitrate_bps=None, last_record_utc_us=None)
    names = {name for name, _ in values(replace(WELL, cameras=[silent]))}
    assert "scelle_camera_state" in names
    assert not names & {
        "scelle_camera_lost_packets_total",
        "scelle_camera_bitrate_bits_per_second",
        "scelle_camera_last_record_timestamp_seconds",
    }


def test_no_address_login_path_or_place_is_in_a_label() -> None:
    secret = "rtsp://admin:hunter2@192.0.2.7/stream"
    view = replace(
        WRONG,
        town=secret,
        cameras=[replace(camera("cam-x"), place=secret)],
        alarms=[Alarm("footage-damaged", NOW, f"/srv/scelle/disk1: {secret}")],
    )
    text = render_metrics(view).decode()
    assert not [word for word in ("rtsp", "hunter2", "192.0.2.7", "/srv") if word in text]
    assert {label for figure in FIGURES for label in figure.labels} <= LABELS


async def test_metrics_are_served_beside_the_page_and_locked_down_like_it() -> None:
    async def status() -> StatusView:
        return WELL

    transport = httpx.ASGITransport(app=make_app(status, zone=ZoneInfo("Europe/Paris")))
    async with httpx.AsyncClient(transport=transport, base_url="http://ville.example") as client:
        answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content == render_metrics(WELL)


def test_absent_camera_is_not_wrong_and_one_that_failed_is() -> None:
    cameras = [camera("a", CameraState.ABSENT), camera("b", CameraState.WAITING)]
    told = values(replace(WELL, cameras=cameras))
    assert told["scelle_camera_wrong", frozenset({"a"})] == 0
    assert told["scelle_camera_wrong", frozenset({"b"})] == 1
    assert told["scelle_camera_state", frozenset({"a", "absent"})] == 1


def test_dome_is_told_by_its_state_and_counters() -> None:
    found = values(replace(WELL, cameras=[replace(camera("dome-1"), dome=dome("away")), camera("cam-1")]))
    assert found["scelle_dome_state", frozenset({"dome-1", "away"})] == 1
    assert found["scelle_dome_failures_total", frozenset({"dome-1"})] == 4
    assert found["scelle_dome_dropped_observations_total", frozenset({"dome-1"})] == 2
    assert not [key for key in found if key[0].startswith("scelle_dome") and "cam-1" in key[1]]


def test_held_footage_is_told_by_the_number_of_its_files_with_the_room_for_copies() -> None:
    found = values(replace(WELL, copies=COPIES))
    assert found["scelle_held_segments", frozenset({"1"})] == 3
    assert found["scelle_held_segments", frozenset({"2"})] == 40
    assert found["scelle_held_bytes", frozenset({"1"})] == 450_000_000
    assert found["scelle_held_bytes", frozenset({"2"})] == 6_000_000_000
    assert found["scelle_copies_left_bytes", frozenset()] == 800 * GIB
    assert found["scelle_copies_used_up_timestamp_seconds", frozenset()] == NOW // 1_000_000 + 400 * 86_400


def test_nothing_is_told_of_copies_without_an_evidence_volume_and_no_room_while_none_takes_them() -> None:
    def told(view: StatusView) -> set[str]:
        return {name for name, _ in values(view) if name.startswith(("scelle_held", "scelle_copies"))}

    full = replace(COPIES, left_bytes=None, used_up_utc_us=None)
    assert told(WELL) == set()
    assert told(replace(WELL, copies=full)) == {"scelle_held_segments", "scelle_held_bytes"}
