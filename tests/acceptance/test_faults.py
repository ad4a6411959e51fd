"""Faults of a whole running system: what was recorded is there, is told once, and gives nothing away."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from access.verification.segment import verify_segment
from nvr.app.demo.stage import CAMERAS
from nvr.app.demo.story import play
from nvr.base.ids import CameraId
from storage.index.queries import IndexReader
from storage.ledger.reader import DATABASE_NAME, LedgerReader
from tests.acceptance.conftest import Town

pytestmark = pytest.mark.timeout(300)

ALWAYS = (0, 2**53 - 1)
NEEDLE_BYTES = 24


def recorder_state(town: Town) -> dict[str, Any]:
    answer = town.stage.status(town.settings.paths.recorder_socket(0))
    state: dict[str, Any] = {"cameras": [], "growing": []} if answer is None else answer["state"]
    return state


def entries(town: Town) -> Iterator[dict[str, Any]]:
    reader = LedgerReader(town.settings.paths.ledger / DATABASE_NAME)
    try:
        size = reader.size()
        for index in range(size):
            yield json.loads(reader.entry(index))
    finally:
        reader.close()


def sealed_file(town: Town, segment: str) -> Path:
    (found,) = [path for volume in town.settings.volume for path in volume.path.glob(f"segments/*/*/{segment}.svs")]
    return found


def counters(town: Town) -> dict[str, tuple[int, int, int]]:
    """What each camera lost, by any cause, since the recorder began."""
    return {c["camera"]: (c["lost"], c["dropped"], c["reconnects"]) for c in recorder_state(town)["cameras"]}


def records_grow(town: Town, records: int) -> None:
    """Until every camera has so many more records."""
    before = {camera["camera"]: camera["records"] for camera in recorder_state(town)["cameras"]}

    def all_went_on() -> bool:
        after = recorder_state(town)["cameras"]
        return len(after) == CAMERAS and all(c["records"] >= before[c["camera"]] + records for c in after)

    town.stage.until(f"every camera has {records} more records", all_went_on)


def assert_told_once(town: Town) -> None:
    """Every event of every spool is in the ledger, in its place, and so is every seal."""
    told = list(entries(town))
    spooled = Counter((e["spool"]["boot"], e["spool"]["shard"], e["spool"]["n"]) for e in told if e["spool"])
    assert set(spooled.values()) == {1}
    for boot, shard in {(boot, shard) for boot, shard, _ in spooled}:
        numbers = sorted(n for b, s, n in spooled if (b, s) == (boot, shard))
        assert numbers == list(range(len(numbers)))
    seals = Counter(entry["body"]["seg"] for entry in told if entry["t"] == "seal")
    assert set(seals.values()) == {1}


def test_recorder_killed_mid_segment_loses_no_whole_record_and_the_gap_says_why(town: Town) -> None:
    stage = town.stage
    stage.until("every camera grows", lambda: len(recorder_state(town)["growing"]) == CAMERAS)
    growing = {grown["seg"]: grown for grown in recorder_state(town)["growing"]}
    town.kill("recorder")
    stage.until("cameras are recorded again", stage.are_recorded)
    index = IndexReader.at(town.settings.paths.index)
    try:
        stage.until("all are in the index", lambda: all(index.segment(seg) for seg in growing))
        for seg, grown in growing.items():
            row = index.segment(seg)
            assert row is not None
            assert row.recovered
            assert row.records >= grown["records"]
            assert verify_segment(sealed_file(town, seg)).ok
            causes = {gap.cause for gap in index.gaps(CameraId(grown["camera"]), *ALWAYS)}
            assert "stopped" in causes
    finally:
        index.close()
    assert not [entry for entry in entries(town) if entry["t"] == "missing"]


def test_recording_lives_through_the_keepers_death_and_nothing_enters_the_ledger_twice(town: Town) -> None:
    recorder = town.process("recorder")
    before = counters(town)
    town.kill("keeper")
    town.kill("keeper")
    records_grow(town, 12)
    assert town.process("recorder").pid == recorder.pid
    assert counters(town) == before
    assert_told_once(town)


def test_what_was_recorded_while_keeper_and_access_were_dead_is_told_afterwards_and_once(town: Town) -> None:
    stage = town.stage
    recorder = town.process("recorder")
    before = counters(town)
    known = {entry["body"]["seg"] for entry in entries(town) if entry["t"] == "seal"}
    with town.without("keeper", "access"):
        records_grow(town, 14)  # more than another segment
        sealed = {path.stem for volume in town.settings.volume for path in volume.path.glob("segments/*/*/*.svs")}
        assert len(sealed - known) >= CAMERAS
        assert known == {entry["body"]["seg"] for entry in entries(town) if entry["t"] == "seal"}
    index = IndexReader.at(town.settings.paths.index)
    try:
        stage.until("all are in the index", lambda: all(index.segment(seg) for seg in sealed))
        rows = [row for seg in sealed - known if (row := index.segment(seg)) is not None]
    finally:
        index.close()
    assert not any(row.recovered for row in rows)
    assert sealed <= {entry["body"]["seg"] for entry in entries(town) if entry["t"] == "seal"}
    assert town.process("recorder").pid == recorder.pid
    assert counters(town) == before
    assert_told_once(town)
    assert not [entry for entry in entries(town) if entry["t"] == "missing"]


def test_configuration_that_is_mistyped_while_all_run_is_told_and_costs_no_picture(town: Town) -> None:
    """The recorder follows the section `camera_tls`, so that a camera's new certificate costs the others nothing."""
    stage, before = town.stage, counters(town)

    def told() -> list[str]:
        answer = stage.status(town.settings.paths.recorder_socket(0))
        return (
            [] if answer is None else [fault["what"] for fault in answer["faults"] if fault["id"] == "files-not-taken"]
        )

    whole = stage.config.read_text()
    try:
        stage.config.write_text(f'{whole}\n[camera_tls.pins]\n"cam1" = "mistyped"\n')
        stage.until("the mistake is told", lambda: any("camera_tls.pins.cam1" in what for what in told()))
        records_grow(town, 4)
    finally:
        stage.config.write_text(whole)
    stage.until("it is over", lambda: not told())
    assert counters(town) == before


def test_index_that_was_lost_comes_back_with_its_holds_and_gaps(town: Town) -> None:
    stage = town.stage
    now = stage.clock.utc_us()
    requisition = stage.processes.answer(
        "export",
        *stage.as_person("officer"),
        *("requisition", "new", "--camera", "cam1", "--from", "2026-01-05 10:00", "--to", "2027-01-05 10:05"),
        *("--asked-by", "OPJ Bernard"),
    )

    def known() -> tuple[set[Any], set[Any], set[Any]]:
        index = IndexReader.at(town.settings.paths.index)
        try:
            gaps = {gap for n in range(1, CAMERAS + 1) for gap in index.gaps(CameraId(f"cam{n}"), 0, now)}
            segments = {row.seg for n in range(1, CAMERAS + 1) for row in index.segments(CameraId(f"cam{n}"), 0, now)}
            return segments, {gap.gap for gap in gaps}, {(hold.hold, hold.camera) for hold in index.holds()}
        finally:
            index.close()

    stage.until("the hold is applied", lambda: (requisition["hold"], "cam1") in known()[2])
    before = known()
    for file in town.settings.paths.index.parent.glob("index.db*"):
        file.unlink()
    town.kill("keeper")
    stage.until("the index is back", lambda: before[0] <= known()[0])
    segments, gaps, holds = known()
    assert (before[0] - segments, before[1] - gaps, before[2] - holds) == (set(), set(), set())
    assert before[1]
    assert before[2]


def test_what_the_server_keeps_holds_no_picture_and_no_key(town: Town, tmp_path: Path) -> None:
    summary = play(town.stage, 12)
    assert summary["verified"] is True
    bundle = Path(str(summary["bundle"]))
    needles = {sample[at : at + NEEDLE_BYTES] for sample, at in _samples(bundle)}
    keys = set(_record_keys(bundle)) | _custodian_seeds(town)
    needles |= keys | {key.hex().encode() for key in keys}
    assert len(needles) > 50
    places = [town.settings.paths.state, *(volume.path for volume in town.settings.volume)]
    places += [*town.settings.keyring.places, town.stage.folder / "logs"]
    searched = 0
    for place in places:
        for path in place.rglob("*"):
            if path.is_file() and path != town.settings.paths.export_key:
                searched += 1
                assert not any(found_in(path.read_bytes(), needles)), path
    assert searched > 20
    # The search itself works: the bundle that was handed over holds the pictures and the keys of the grant.
    handed_over = b"".join(path.read_bytes() for path in bundle.rglob("*") if path.is_file())
    assert {sample[at : at + NEEDLE_BYTES] for sample, at in _samples(bundle)} <= set(found_in(handed_over, needles))


def test_export_of_a_grant_that_nobody_opened_is_refused_and_the_refusal_is_in_the_ledger(town: Town) -> None:
    stage = town.stage
    answer = stage.processes.answer(
        "export",
        *stage.as_person("officer"),
        *("requisition", "new", "--camera", "cam2", "--from", "2026-11-01 10:00", "--to", "2027-11-01 10:05"),
        *("--asked-by", "OPJ Bernard"),
    )
    out = stage.folder / "refused"
    command = [sys.executable, "-m", "nvr.app.cli.export", *stage.as_person("officer")]
    done = subprocess.run(
        [*command, "export", answer["requisition"], "--out", out], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert not list(stage.folder.glob("refused*"))
    denied = [entry["body"] for entry in entries(town) if entry["t"] == "denied"]
    assert any(body["what"] == "export" and answer["requisition"] in str(body["object"]) for body in denied)


def found_in(content: bytes, needles: Iterable[bytes]) -> Iterator[bytes]:
    """The needles in the content, in one pass: looked for one by one, hundreds in 150 MB take half a minute."""
    if len(content) < 2:
        return
    by_pair: dict[int, list[bytes]] = {}
    for needle in needles:
        by_pair.setdefault(int.from_bytes(needle[:2]), []).append(needle)
    begins = np.zeros(1 << 16, dtype=bool)
    begins[list(by_pair)] = True
    data = np.frombuffer(content, dtype=np.uint8)
    pairs = data[:-1].astype(np.uint16) << 8 | data[1:]
    for at in np.flatnonzero(begins[pairs]).tolist():
        yield from (needle for needle in by_pair[int(pairs[at])] if content.startswith(needle, at))


def _samples(bundle: Path) -> Iterator[tuple[bytes, int]]:
    """Some samples of each movie, and where inside them to look: past the lengths and headers of the NAL units."""
    for movie in sorted(bundle.rglob("*.mp4")):
        with av.open(str(movie)) as container:
            for number, packet in enumerate(container.demux(video=0)):
                if packet.size > 4 * NEEDLE_BYTES and number % 8 == 0:
                    yield bytes(packet), packet.size // 2


def _record_keys(bundle: Path) -> Iterator[bytes]:
    for proof in sorted((bundle / "proofs" / "records").glob("*.json")):
        for record in json.loads(proof.read_bytes())["records"]:
            yield bytes.fromhex(record["k"])


def _custodian_seeds(town: Town) -> set[bytes]:
    return {town.settings.keys.machine_key.read_bytes()}
