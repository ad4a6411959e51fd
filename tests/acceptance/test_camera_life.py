"""A camera of a running system: its login stays secret, where it looked is handed over, who aims it is left alone."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest

from access.export.layout import positions_path
from access.export.manifest import decode
from access.verification.bundle import verify_bundle
from nvr.app.demo.processes import DemoFailed
from nvr.app.demo.story import hand_over
from nvr.base.clock import SystemClock
from nvr.base.errors import Refused
from nvr.base.ids import CameraId
from nvr.base.jcs import canonical
from nvr.base.units import US_PER_DAY, US_PER_SECOND
from nvr.base.wire import Client
from nvr.sim.onvif.camera import Head, OnvifCamera, Preset
from nvr.sim.onvif.head import HeadState
from nvr.sim.onvif.server import OnvifSimulator
from nvr.sim.onvif.words import Asked
from storage.index.queries import IndexReader
from storage.index.rows import GapRow, SegmentRow
from storage.svs1.layout import Flags
from storage.svs1.scan import scan
from tests.acceptance.conftest import Town, beside
from tests.acceptance.test_faults import ALWAYS, entries, sealed_file
from tests.canary import forms

pytestmark = pytest.mark.timeout(300)

REASON = "mât tourné par la tempête"
USER, PASSWORD = "kanarienvogel", "c4nary:%40é/\\\"'#?&=@ ."
NEEDLES = tuple(text.encode() for text in {USER, "c4nary", *forms(USER, PASSWORD)})


def _told(content: bytes) -> bool:
    return any(needle in content for needle in NEEDLES)


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() and _told(path.read_bytes())}


def _processes() -> list[str]:
    """The programs that carry it where `ps` shows it."""
    seen = []
    for process in psutil.Process().children(recursive=True):
        shown = "\0".join([*process.cmdline(), *process.environ().values()])
        if _told(shown.encode()):
            seen.append(process.name())
    return seen


def test_password_stands_in_the_secrets_file_and_nowhere_else(town: Town) -> None:
    stage = town.stage
    password = stage.folder / "passwords" / "camera"
    password.touch(mode=0o600)
    password.write_text(f"{PASSWORD}\n")
    add = ("admin", *stage.as_person("admin"), "camera", "add")
    with pytest.raises(DemoFailed) as refused:
        stage.processes.run(*add, "leaky", "--url", f"rtsp://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:1/live")
    assert "url" in str(refused.value.fields["why"])
    assert not _told(str(refused.value.fields["why"]).encode())
    login = ("--user", USER, "--camera-password-file", str(password))
    stage.processes.run(*add, "dead", "--url", "rtsp://127.0.0.1:1/live", *login)
    stage.until("the camera is told as dead", lambda: stage.cameras().get("dead", {}).get("cause") == "refused")
    told = [
        stage.processes.answer("admin", *stage.as_person("admin"), "camera", "list"),
        stage.processes.answer("nvr", "status", "--config", str(stage.config)),
    ]
    assert not _told(json.dumps(told, ensure_ascii=False).encode())
    assert _processes() == []
    assert _files(stage.folder) == {town.settings.paths.secrets, password}


REFUSED = {
    "fr": ("Refusé : aucun arrêté préfectoral ne couvre unasked au ", "--without-order MOTIF --until JOUR"),
    "en": ("Refused: no order of the prefect covers unasked on ", "--without-order REASON --until DAY"),
}
"""How the refusal begins, and what it offers."""


@contextmanager
def order_for_the_first_camera_alone(town: Town) -> Iterator[None]:
    """Inside, the order of the demo covers one camera; after it all of them again."""
    edit = {"authorisation": "demo-1", "reason": REASON}
    act(town, "admin", "authorisation.edit", **edit, cameras=["cam1"])
    try:
        yield
    finally:
        act(town, "admin", "authorisation.edit", **edit, all_cameras=True)


def about(town: Town, name: str) -> list[dict[str, Any]]:
    """The entries that name it, in their order."""
    return [entry for entry in entries(town) if name in json.dumps(entry)]


def test_camera_that_no_order_covers_is_refused_in_words_and_recorded_once_a_person_decides(town: Town) -> None:
    stage = town.stage
    add = ("camera", "add", "unasked", "--url", stage.url.replace("{n}", "3"))
    with order_for_the_first_camera_alone(town):
        for language, (refusal, offer) in REFUSED.items():
            with pytest.raises(DemoFailed) as failed:
                stage.processes.run("admin", *stage.as_person("admin"), "--lang", language, *add)
            assert failed.value.fields["code"] == 1
            said = str(failed.value.fields["why"])
            assert said.startswith(refusal)
            assert offer in said
        assert not about(town, "unasked")
        assert not state(town, "unasked")
        until_utc_us = SystemClock().utc_us() // US_PER_SECOND * US_PER_SECOND + 90 * US_PER_DAY
        until = datetime.fromtimestamp(until_utc_us // US_PER_SECOND, UTC).isoformat()
        decision = ("--without-order", REASON, "--until", until)
        stage.processes.run("admin", *stage.as_person("admin"), *add, *decision)
        stage.until("it is recorded", lambda: bool(state(town, "unasked").get("records")))
    decided, added, *_ = about(town, "unasked")
    assert (decided["t"], added["t"]) == ("uncovered", "camera")
    assert decided["actor"] == {"id": "admin", "role": "administrator"}
    assert (decided["body"]["cameras"], decided["body"]["until_utc_us"]) == (["unasked"], until_utc_us)


MAIRIE, GARE = Preset("1", "Mairie", 0.25, 0.5, 0.1), Preset("2", "Gare", -0.5, -0.2, 0.4)
DOME = OnvifCamera(login="none", head=Head(presets=(MAIRIE, GARE), default_degrees=True))
LOOKED = {
    "Mairie": {"pan_mdeg": 45_000, "tilt_mdeg": -22_500, "zoom_milli": 100, "preset": "Mairie"},
    "Gare": {"pan_mdeg": -90_000, "tilt_mdeg": -54_000, "zoom_milli": 400, "preset": "Gare"},
}
"""As a recorder is to seal it: pan is -180 to 180 degrees for -1 to 1, tilt -90 to 0, zoom 0 to 1."""
OLDEST_US = 10 * US_PER_SECOND
"""What was seen longer before a group of pictures does not go with it."""


@dataclass
class Witnessed(HeadState):
    """A head that notes when it told where it looks, as nobody but the dome itself knows it."""

    told: list[tuple[int, str]] = field(default_factory=list)

    def ptz(self, asked: Asked, utc: str) -> str:
        answer = super().ptz(asked, utc)
        if asked.operation == "GetStatus":
            (name,) = [
                preset.name for preset in self.head.presets if (preset.pan, preset.tilt) == (self.pan, self.tilt)
            ]
            self.told.append((SystemClock().utc_us(), name))
        return answer

    def near(self, utc_us: int) -> set[str]:
        """Where it may have been seen at this instant, which lies between a question and its answer."""
        before = [name for told_us, name in self.told if told_us <= utc_us]
        after = [name for told_us, name in self.told if told_us > utc_us]
        return {*before[-1:], *after[:1]}


@contextmanager
def dome() -> Iterator[tuple[Witnessed, str]]:
    """A dome that looks at the Mairie, on an event loop beside the test, and the address of its device service."""
    with beside(OnvifSimulator(DOME)) as simulator:
        assert simulator.head is not None
        simulator.head = head = Witnessed(simulator.head.head)
        head.go("1")
        yield head, simulator.url


def add_dome(town: Town, name: str, address: str, number: int) -> None:
    """A dome with the pictures of a camera of the demo: nobody said where it is to stand, so every move is one."""
    url = town.stage.url.replace("{n}", str(number))
    asked = ("--kind", "dome", "--ptz", "onvif", "--ptz-address", address)
    add = ("camera", "add", name, "--url", url, "--point", f"p{number}", *asked)
    town.stage.processes.run("admin", *town.stage.as_person("admin"), *add)
    town.stage.until("the dome is recorded, and where it looks too", lambda: observed(town, name) > 0)


def state(town: Town, name: str) -> Mapping[str, Any]:
    """What the recorder says of the camera; empty while it does not know it."""
    return town.stage.cameras().get(name, {})


def observed(town: Town, name: str) -> int:
    """How many of its observations went with pictures."""
    sealed: int = (state(town, name).get("dome") or {}).get("sealed", 0)
    return sealed


def told(town: Town, kind: str, camera: str) -> list[dict[str, Any]]:
    """The entries of this kind about the camera, in their order."""
    return [entry for entry in entries(town) if entry["t"] == kind and entry["body"]["camera"] == camera]


def rotate(town: Town, name: str) -> None:
    """Close at once the segment of the camera that grows."""

    async def ask() -> None:
        async with Client(town.settings.paths.recorder_socket(0)) as recorder:
            await recorder.call("rotate", {"cameras": [name]})

    asyncio.run(ask())


def known(town: Town, camera: str) -> tuple[list[SegmentRow], list[GapRow]]:
    """The camera's segments and gaps."""
    index = IndexReader.at(town.settings.paths.index)
    try:
        return index.segments(CameraId(camera), *ALWAYS), index.gaps(CameraId(camera), *ALWAYS)
    finally:
        index.close()


def test_dome_that_moves_unordered_is_told_and_its_bundle_says_where_it_looked_and_when(town: Town) -> None:
    bundle = town.stage.folder / "dome"
    with dome() as (head, address):
        add_dome(town, "dome", address, 1)
        begin_us, answers = SystemClock().utc_us(), len(head.told)
        town.stage.until("it is seen in place", lambda: len(head.told) > answers)
        head.go("2")
        town.stage.until("that it left is in the ledger", lambda: len(told(town, "move", "dome")) == 1)
        head.go("1")
        town.stage.until("that it is back, too", lambda: len(told(town, "move", "dome")) == 2)
        end_us = SystemClock().utc_us()
        hand_over(town.stage, ["dome"], begin_us, end_us, bundle)
    report = verify_bundle(bundle)
    assert report.ok, report.findings
    positions = handed_over(town, bundle, begin_us, end_us)
    for each in positions:
        assert each == {"k": "ptz", "t_utc_us": each["t_utc_us"], **LOOKED[each["preset"]]}
        assert each["preset"] in head.near(each["t_utc_us"])
    assert [preset for preset, _ in groupby(each["preset"] for each in positions)] == ["Mairie", "Gare", "Mairie"]
    instants = [each["t_utc_us"] for each in positions]
    assert instants == sorted(instants)
    check_move(told(town, "move", "dome"), positions)
    assert not files_with(town, b'"pan_mdeg"')


def files_with(town: Town, needle: bytes) -> list[Path]:
    """What the server keeps of this: nothing, where it is for those alone to whom it was granted."""
    places = [town.settings.paths.state, town.stage.folder / "logs"]
    places += [volume.path / "segments" for volume in town.settings.volume]
    files = [file for place in places for file in place.rglob("*") if file.is_file()]
    return [file for file in files if needle in file.read_bytes()]


def handed_over(town: Town, bundle: Path, begin_us: int, end_us: int) -> list[dict[str, Any]]:
    """The positions beside the one movie: those of the granted groups and no others, as they were sealed."""
    manifest = decode((bundle / "manifest.json").read_bytes())
    (item,) = manifest.items
    path = positions_path(item.path)
    assert path in {file.path for file in manifest.files}
    records = json.loads((bundle / path).read_bytes())["records"]
    segments = {segment.seg for segment in item.segments}
    proven = {
        (seg, proof["seq"]): proof["table"]
        for seg in segments
        for proof in json.loads((bundle / "proofs" / "records" / f"{seg}.json").read_bytes())["records"]
    }
    groups = {
        (seg, head.seq - 1): head
        for seg in segments
        for head in scan(sealed_file(town, seg)).heads
        if Flags.OBSERVED in head.flags and head.start_utc_us < end_us and head.end_utc_us > begin_us
    }
    assert [(record["seg"], record["seq"]) for record in records] == sorted(groups)
    for record in records:
        where = record["seg"], record["seq"]
        assert proven[where] == canonical(record["observations"]).hex()
        first, *others = (each["t_utc_us"] for each in record["observations"])
        assert groups[where].start_utc_us - OLDEST_US <= first < groups[where].end_utc_us
        assert all(groups[where].start_utc_us <= other < groups[where].end_utc_us for other in others)
    return [each for record in records for each in record["observations"]]


def check_move(moves: list[dict[str, Any]], positions: list[dict[str, Any]]) -> None:
    """The ledger tells the move from and to what the bundle shows, and no angle."""
    began, ended = (entry["body"] for entry in moves)
    assert began == {**ended, "to_utc_us": None}
    assert (ended["why"], ended["moves"]) == ("left", 1)
    first_away = next(at for at, each in enumerate(positions) if each["preset"] == "Gare")
    assert ended["from_utc_us"] == positions[first_away - 1]["t_utc_us"]
    back = next(each for each in positions[first_away:] if each["t_utc_us"] == ended["to_utc_us"])
    assert back["preset"] == "Mairie"
    assert "mdeg" not in json.dumps(moves)


MINUTE_US = 60 * US_PER_SECOND


def act(town: Town, who: str, name: str, **args: object) -> Any:  # noqa: ANN401 -- the act's JSON
    """One act of a person, as the command lines and nobody else would ask for it."""
    password = town.stage.password_file(who).read_text().strip()

    async def ask() -> Any:  # noqa: ANN401 -- as above
        async with Client(town.settings.paths.access_socket) as access:
            return await access.call("act", {"account": who, "password": password, "name": name, "args": args})

    return asyncio.run(ask())


def refused(town: Town, who: str, name: str, **args: object) -> str:
    with pytest.raises(Refused) as refusal:
        act(town, who, name, camera="aimed", **args)
    return refusal.value.message_id


def wait_until_left_alone(town: Town, until_utc_us: int) -> None:
    """The recorder says so, and screens too."""
    town.stage.until("it is left alone", lambda: state(town, "aimed").get("state") == "commissioning")
    assert state(town, "aimed")["next_attempt_utc_us"] == until_utc_us
    (shown,) = [each["state"] for each in act(town, "auditor", "camera.list") if each["camera"] == "aimed"]
    assert (shown["state"], shown["next_attempt_utc_us"]) == ("commissioning", until_utc_us)


def test_camera_that_is_aimed_is_left_alone_though_recorders_die_and_technicians_alone_say_so(town: Town) -> None:
    with dome() as (head, address):
        add_dome(town, "aimed", address, 2)
        for who in ("officer", "validator", "auditor"):
            assert refused(town, who, "camera.commission", minutes=10, reason=REASON) == "denied"
        assert refused(town, "admin", "camera.commission", minutes=8 * 60 + 1, reason=REASON) == "invalid-value"
        assert not told(town, "commission", "aimed")

        shown = act(town, "admin", "camera.commission", camera="aimed", minutes=10, reason=REASON)
        (begun,) = told(town, "commission", "aimed")
        wait_until_left_alone(town, begun["body"]["until_utc_us"])
        asked = head.polls
        head.go("2")
        town.kill("recorder")
        wait_until_left_alone(town, begun["body"]["until_utc_us"])
        assert refused(town, "officer", "camera.commission_end") == "denied"
        assert (state(town, "aimed")["records"], head.polls) == (0, asked)

        act(town, "admin", "camera.commission_end", camera="aimed")
        town.stage.until("it is recorded again, and where it looks", lambda: observed(town, "aimed") > 1)
        rotate(town, "aimed")
    ended = told(town, "commission", "aimed")[-1]
    came_after = ended["body"]["until_utc_us"]
    town.stage.until("what came after is known", lambda: known(town, "aimed")[0][-1].start_utc_us >= came_after)

    assert begun["actor"] == {"id": "admin", "role": "administrator"} == ended["actor"]
    assert begun["body"]["until_utc_us"] - begun["body"]["from_utc_us"] == 10 * MINUTE_US
    assert shown["reason"] == REASON
    assert "temp" not in json.dumps(begun)
    assert begun["body"]["commission"] == ended["body"]["commission"]
    check_that_nothing_was_recorded(town, begun["body"]["from_utc_us"], ended["body"]["until_utc_us"])
    assert not told(town, "move", "aimed")


def check_that_nothing_was_recorded(town: Town, from_utc_us: int, until_utc_us: int) -> None:
    """Two gaps, one of each recorder, say why, and no segment reaches into them."""
    segments, gaps = known(town, "aimed")
    before_death, after_death = (gap for gap in gaps if gap.detail == "commissioning")
    assert before_death.cause == after_death.cause == "stopped"
    assert not [gap for gap in gaps if before_death.from_utc_us < gap.from_utc_us < after_death.from_utc_us]
    begin_utc_us, end_utc_us = before_death.from_utc_us, after_death.to_utc_us or 0
    # It begins where the last picture ends that was recorded: the next one, late on a busy machine, was taken no more.
    assert from_utc_us - US_PER_SECOND <= begin_utc_us < until_utc_us <= end_utc_us
    # The end of a segment is rounded up to a whole microsecond.
    earlier = [segment for segment in segments if segment.end_utc_us <= begin_utc_us + 1]
    later = [segment for segment in segments if segment.start_utc_us >= end_utc_us]
    assert earlier
    assert later
    assert len(earlier) + len(later) == len(segments)
