"""The whole story without a person: from a requisition to a verified bundle, through the real command lines."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from nvr.app.demo.processes import DemoFailed
from nvr.app.demo.stage import CAMERAS, Stage
from nvr.base.ids import CameraId
from nvr.base.units import US_PER_SECOND
from storage.index.queries import IndexReader

_MARGIN_S: Final = 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def play(stage: Stage, seconds: int) -> dict[str, object]:
    """Let the cameras be recorded for so long, then ask for that time, open it, hand it over and verify it."""
    begin_us = stage.clock.utc_us()
    stage.wait(seconds + _MARGIN_S)
    end_us = begin_us + seconds * US_PER_SECOND
    states = stage.cameras()
    bundle = stage.folder / "bundle"
    number = hand_over(stage, [f"cam{number}" for number in range(1, CAMERAS + 1)], begin_us, end_us, bundle)
    verified = stage.processes.answer("nvr", "verify", str(bundle))
    return {
        "cameras": len(states),
        **_recorded(stage),
        "frames": sum(state["frames"] for state in states.values()),
        "requisition": number,
        "bundle": str(bundle),
        "verified": verified["ok"],
        "seconds_exported": seconds,
    }


def hand_over(stage: Stage, cameras: Sequence[str], begin_us: int, end_us: int, bundle: Path) -> str:
    """Ask for these cameras in [begin, end), open what is granted and export it to `bundle`; the requisition."""
    number = _requisition(stage, cameras, begin_us, end_us)
    _opened(stage, _validated(stage, number))
    stage.processes.run("export", *stage.as_person("officer"), "export", number, "--out", str(bundle))
    return number


def _requisition(stage: Stage, cameras: Sequence[str], begin_us: int, end_us: int) -> str:
    answer = stage.processes.answer(
        "export",
        *stage.as_person("officer"),
        *("requisition", "new", "--from", _iso(begin_us), "--to", _iso(end_us)),
        *(word for camera in cameras for word in ("--camera", camera)),
        *("--asked-by", "OPJ Bernard, commissariat (demo)", "--basis", "60-1"),
    )
    return str(answer["requisition"])


def _validated(stage: Stage, number: str) -> str:
    answer = stage.processes.answer(
        "export",
        *stage.as_person("validator"),
        *("requisition", "validate", number, "--authority-number", "demo/2026/1", "--basis", "60-1"),
        *("--checked", "call back to the switchboard (demo)"),
    )
    return str(answer["grant"])


def _opened(stage: Stage, grant: str) -> None:
    """Custodians answer one after the other, each in a process of its own, until the grant is open."""
    for seat in (1, 2):
        grant_file = stage.folder / f"grant-{seat}.json"
        answer = stage.folder / f"answer-{seat}.json"
        stage.processes.run("export", *stage.as_person("officer"), "grant", "file", grant, "--out", str(grant_file))
        _custodian(stage, seat, grant_file, answer)
        stage.processes.run("export", *stage.as_person("officer"), "grant", "answer", grant, str(answer))


def _custodian(stage: Stage, seat: int, grant_file: Path, answer: Path) -> None:
    key = stage.custodians / f"seat-{seat}.key"
    page = key.with_suffix(".txt").read_text(encoding="utf-8")
    passphrase = stage.folder / "passwords" / f"seat-{seat}"
    passphrase.touch(mode=0o600)
    passphrase.write_text(f"{_typed_from(page)}\n")
    stage.processes.run(
        "custodian",
        *("open", str(grant_file), "--key", str(key), "--out", str(answer)),
        *("--passphrase-file", str(passphrase), "--yes"),
    )


def _typed_from(page: str) -> str:
    """The passphrase on an envelope's page, as a person would read it there."""
    found = re.search(r"\b[0-9A-Z]{5}(-[0-9A-Z]{5}){4}\b", page)
    if found is None:
        raise DemoFailed(command="envelope", code="-", why="the page shows no passphrase")
    return found[0]


def _recorded(stage: Stage) -> Mapping[str, Any]:
    """What the index knows: sealed segments, their records without the init record, gaps."""
    reader = IndexReader.at(stage.settings.index_location)
    try:
        segments, gaps = 0, 0
        records = 0
        for number in range(1, CAMERAS + 1):
            coverage = reader.coverage(CameraId(f"cam{number}"), 0, 2**53)
            segments += len(coverage.segments)
            records += sum(segment.records - 1 for segment in coverage.segments)
            gaps += len(coverage.gaps)
    finally:
        reader.close()
    return {"segments": segments, "records": records, "gaps": gaps}


def _iso(utc_us: int) -> str:
    return (_EPOCH + timedelta(microseconds=utc_us)).isoformat()
