"""What people read: in both languages, without a gap, and never more of a camera than its name."""

import re
import string
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo

import pytest

from nvr.app.told_faults import ToldFault
from nvr.app.watch.book import Ended, Member
from nvr.app.watch.kinds import KINDS, Severity
from nvr.app.watch.letter import Daily, Letter, LetterKind, letter_json
from nvr.app.watch.observation import VolumeSeen
from nvr.app.watch.of_holds import OldKept
from nvr.app.watch.readings import OldHold, keeper_seen, recorder_seen
from nvr.app.watch.told import Change, Tiding
from nvr.app.watch.wording import write
from nvr.base.jcs import Json
from nvr.base.units import US_PER_DAY, US_PER_SECOND, UtcUs
from storage.faults import Fault, fault_json
from tests.texts import catalogue

PARIS = ZoneInfo("Europe/Paris")
NOW = UtcUs(1_795_401_600_000_000)  # 2026-11-23 03:40 in Paris
PAGE = Path(__file__).resolve().parents[4] / "docs" / "design" / "alarms.md"
LANGUAGES: tuple[Literal["fr", "en"], ...] = ("fr", "en")


def member(minutes: int = 30, detail: str | None = None, **more: object) -> Member:
    since = UtcUs(NOW - minutes * 60 * US_PER_SECOND)
    severity, until = more.get("severity", Severity.WARNING), more.get("until_utc_us")
    assert isinstance(severity, Severity)
    assert until is None or isinstance(until, int)
    return Member(since, NOW, True, since, severity, detail, None if until is None else UtcUs(until))


def letter(*tidings: Tiding, **more: object) -> Letter:
    daily = more.get("daily")
    assert daily is None or isinstance(daily, Daily)
    kind = LetterKind.ALARM if daily is None else LetterKind.DAILY
    return Letter(kind, "nvr.ville.example", NOW, 75, 78, tidings, daily)


def silent(*cameras: str, severity: Severity = Severity.WARNING) -> Mapping[str, Member]:
    return {camera: member(31, "unreachable", severity=severity) for camera in cameras}


EXAMPLES = {
    "fr": letter(
        Tiding("camera-silent", Change.RAISED, new=silent("gare-1", "gare-2", "mairie-1", severity=Severity.CRITICAL))
    ),
    "en": letter(
        daily=Daily(
            lost_us={"gare-1": 31 * 60 * US_PER_SECOND, "parc-2": 4_000_000},
            oldest_utc_us=UtcUs(NOW - 30 * US_PER_DAY),
            volumes=[VolumeSeen("disk1", "id", "/srv/disk1", 900 << 30, 7452 << 30)],
            order_end_utc_us=UtcUs(NOW + 400 * US_PER_DAY),
            standing={("camera-silent", "gare-1"): member(31, "unreachable")},
        )
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_message_that_the_page_shows_is_the_message_that_is_sent(language: Literal["fr", "en"]) -> None:
    written = write(EXAMPLES[language], language, PARIS)
    assert f"```\nSubject: {written.subject}\n\n{written.body}```" in PAGE.read_text()


def test_page_has_every_alarm_with_its_patience_and_severity() -> None:
    rows = re.findall(
        r"^\| `([a-z-]+)` \|.*\| ([a-z]+) \| ([0-9]+) s \| ([0-9]+) s \|$", PAGE.read_text(), re.MULTILINE
    )
    assert {(name, severity, int(after), int(clear)) for name, severity, after, clear in rows} == {
        (kind.id, kind.severity.word, kind.after_s, kind.clear_s) for kind in KINDS.values()
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_alarm_says_what_it_is_what_it_means_and_what_to_do(kind: str, language: Literal["fr", "en"]) -> None:
    details = {"volume-low": "5368709120", "picture-fault": "covered,dark", "channel-failed": "login"}
    details["hold-provisional"] = "cameras=3 before=120 with=462 limit=300"
    details["camera-unauthorised"] = "decided"
    subject = "0 footage-torn /a" if kind == "recorder-fault" else "a"
    new = {subject: member(30, details.get(kind, "why"), until_utc_us=NOW + US_PER_DAY)}
    written = write(letter(Tiding(kind, Change.RAISED, new=new)), language, PARIS)
    text = catalogue(language)[f"alarm-{kind}"]
    assert text.what in written.subject
    assert all(part and part in written.body for part in (text.what, text.means, text.todo))
    assert "2026-11-23 03:10+01:00" in written.body
    assert "2026-11-24 03:40+01:00" in written.body
    assert not re.search(r"[{}]|\([a-z_]+\)", written.body)


@pytest.mark.parametrize("language", LANGUAGES)
def test_decision_in_place_of_an_order_is_told_while_it_lasts_and_after_its_end(language: Literal["fr", "en"]) -> None:
    lasting = {"a": member(30, "decided", until_utc_us=NOW + US_PER_DAY), "b": member(30, "decision-over")}
    written = write(letter(Tiding("camera-unauthorised", Change.RAISED, new=lasting)), language, PARIS)
    first, second = [line for line in written.body.splitlines() if line.startswith(("- a", "- b"))]
    texts = catalogue(language)
    assert first.endswith(texts["letter-decided"].what)
    assert second.endswith(texts["letter-decision-over"].what)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", "3 segments ne sont plus ce qui a été scellé, dont 1 sous conservation. [segments-damaged]"),
        ("en", "3 segments are not what was sealed, 1 of them under hold. [segments-damaged]"),
    ],
)
def test_fault_of_the_keeper_is_told_in_the_language_of_its_reader(language: Literal["fr", "en"], said: str) -> None:
    damaged = fault_json(Fault.told("3 segments, nvr-admin index damaged", "segments-damaged", count=3, held=1))
    seen = keeper_seen({"faults": {"segments-damaged": damaged, "x": "no text of ours"}})
    new = {name: member(30, fault.packed()) for name, fault in seen.faults.items()}
    written = write(letter(Tiding("keeper-fault", Change.RAISED, new=new)), language, PARIS)
    lines = [line for line in written.body.splitlines() if line.startswith("- ")]
    assert lines[0].endswith(said)
    assert lines[1].endswith("no text of ours")


def test_fault_of_a_recorder_is_told_with_its_place_in_the_language_of_its_reader() -> None:
    why = fault_json(Fault.told("9 bytes", "segment-torn", bytes=9))
    told = recorder_seen({"faults": [{"id": "footage-torn", "where": "/x.svs", "what": "9 bytes", "why": why}]})
    new = {"0 footage-torn /x.svs": member(30, told.faults[0].what.packed())}
    written = write(letter(Tiding("recorder-fault", Change.RAISED, new=new)), "fr", PARIS)
    assert "/x.svs: 9 octets après le dernier enregistrement entier [segment-torn]" in written.body


def test_instants_of_a_fault_are_local() -> None:
    fields: dict[str, Json] = {"hold": "h", "segments": 2, "cameras": "a", "from_utc_us": NOW, "to_utc_us": NOW}
    fault = ToldFault.of(fault_json(Fault.told("lost", "held-lost", **fields)))
    new = {"held-lost h": member(30, fault.packed())}
    written = write(letter(Tiding("keeper-fault", Change.RAISED, new=new)), "fr", PARIS)
    assert "2 segments conservés de a sont perdus, du 2026-11-23 03:40+01:00 au 2026-11-23 03:40+01:00" in written.body


def test_no_text_of_an_alarm_has_a_field_that_nobody_fills_in() -> None:
    for language in LANGUAGES:
        for kind in KINDS:
            text = catalogue(language)[f"alarm-{kind}"]
            assert not [
                name
                for part in (text.what, text.means, text.todo)
                for _, name, _, _ in string.Formatter().parse(part)
                if name
            ]


def test_78_cameras_are_one_subject_and_each_is_named() -> None:
    names = [f"cam{number:02}" for number in range(78)]
    written = write(letter(Tiding("camera-silent", Change.RAISED, new=silent(*names))), "fr", PARIS)
    assert written.subject == "[nvr.ville.example] ALERTE : Caméra non enregistrée, 78"
    assert all(f"- {name}, depuis le" in written.body for name in names)


def test_list_without_end_is_cut_and_says_so() -> None:
    names = [f"cam{number:03}" for number in range(130)]
    written = write(letter(Tiding("camera-silent", Change.RAISED, new=silent(*names))), "en", PARIS)
    assert "- and 30 more: nvr-admin alarm list names them" in written.body
    assert "cam100" not in written.body


def test_end_says_how_long_it_was_and_what_still_stands() -> None:
    ended = {"gare-1": Ended(UtcUs(NOW - 3600 * US_PER_SECOND), NOW, Severity.WARNING)}
    over = write(letter(Tiding("camera-silent", Change.CLEARED, ended=ended)), "en", PARIS)
    assert over.subject == "[nvr.ville.example] OVER: Camera not recorded"
    assert "- gare-1, from 2026-11-23 02:40+01:00 to 2026-11-23 03:40+01:00, 60 min" in over.body
    assert "To do" not in over.body
    changed = write(
        letter(Tiding("camera-silent", Change.CHANGED, ended=ended, standing=silent("gare-2"))), "en", PARIS
    )
    assert "Still so:\n- gare-2" in changed.body
    assert "To do" in changed.body


def test_several_alarms_are_one_message_whose_subject_names_the_worst() -> None:
    keeper = Tiding("keeper-silent", Change.RAISED, new={"": member(severity=Severity.CRITICAL)})
    cameras = Tiding("camera-silent", Change.RAISED, new=silent("a"))
    written = write(letter(keeper, cameras), "en", PARIS)
    assert written.subject == "[nvr.ville.example] CRITICAL: The keeper does not answer (+1)"
    assert "WARNING: Camera not recorded" in written.body


def test_both_half_past_two_of_the_october_night_are_told_apart() -> None:
    first, second = UtcUs(1_792_888_200_000_000), UtcUs(1_792_891_800_000_000)
    texts = [write(Letter(LetterKind.TEST, "a.example", at, None, None), "en", PARIS).body for at in (first, second)]
    assert "2026-10-25 02:30+02:00" in texts[0]
    assert "2026-10-25 02:30+01:00" in texts[1]
    assert "not known" in texts[0]


def test_day_without_a_gap_says_so_and_an_index_that_is_silent_too() -> None:
    nothing = write(letter(daily=Daily({}, None)), "fr", PARIS)
    assert nothing.subject == "[nvr.ville.example] tout va bien"
    assert "Aucune image ne manque" in nothing.body
    unknown = write(letter(daily=Daily(None, None)), "fr", PARIS)
    assert "ne sont pas connues" in unknown.body
    assert "\n\n\n" not in unknown.body


@pytest.mark.parametrize(
    "doubtful",
    [
        letter(daily=Daily(None, None)),
        letter(daily=Daily({}, None, pending={("volume-lost", "disk1"): member(0)})),
        replace(letter(daily=Daily({}, None)), recording=None),
        letter(daily=Daily({}, None, standing={("provisional-set", ""): member(severity=Severity.NOTICE)})),
    ],
    ids=["index unknown", "something begins", "recording unknown", "a notice stands"],
)
def test_report_says_all_is_well_only_when_nothing_is_wrong_begins_or_is_unknown(doubtful: Letter) -> None:
    written = write(doubtful, "en", PARIS)
    assert "well" not in (written.subject + written.body).lower()
    assert "all is well" in write(letter(daily=Daily({}, None)), "en", PARIS).subject


def test_program_gets_the_same_as_values() -> None:
    written = write(EXAMPLES["fr"], "fr", PARIS)
    body = letter_json(EXAMPLES["fr"], written.subject, written.body)
    assert (body["kind"], body["severity"], body["recording"], body["expected"]) == ("alarm", "critical", 75, 78)
    alarms = cast("list[dict[str, Any]]", body["alarms"])
    assert [(each["id"], each["change"], len(each["new"])) for each in alarms] == [("camera-silent", "raised", 3)]


def old(hold: str, requisition: str | None, state: str | None, kept_bytes: int | None) -> OldKept:
    return OldKept(OldHold(hold, requisition, state, 3, UtcUs(NOW - 120 * US_PER_DAY), NOW), kept_bytes)


OLD = [
    old("019a", "R-2026-000007", "validated", 45 << 30),
    old("019b", "R-2026-000008", "received", None),
    old("019c", None, None, 3 << 29),
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_old_holds_are_listed_with_their_age_what_they_keep_and_who_ends_which(language: Literal["fr", "en"]) -> None:
    written = write(letter(daily=Daily({}, None, review=OLD)), language, PARIS)
    well, unknown = {"fr": ("tout va bien ; 3 ", "inconnu Gio"), "en": ("all is well; 3 ", "unknown GiB")}[language]
    assert well in written.subject
    sizes = {"fr": ("45,0 Gio", "1,5 Gio"), "en": ("45.0 GiB", "1.5 GiB")}[language]
    first, second, third = [line for line in written.body.splitlines() if "120" in line]
    for line, parts in (
        (first, ("R-2026-000007", sizes[0], "2026-07-26", "3 cam", "requisition close R-2026-000007")),
        (second, ("R-2026-000008", unknown, "validate")),
        (third, ("019c", sizes[1], "hold end 019c")),
    ):
        assert all(part in line for part in parts), line
    assert "hold list --old" in written.body
    assert "hold list" not in write(letter(daily=Daily({}, None, review=[])), language, PARIS).body
    assert not re.search(r"\([a-z_]+\)", written.body)


def test_program_gets_the_old_holds_as_values() -> None:
    body = letter_json(letter(daily=Daily({}, None, review=OLD[2:])), "", "")
    assert body["old_holds"] == [
        {
            "hold": "019c",
            "requisition": None,
            "requisition_state": None,
            "cameras": 3,
            "placed_utc_us": NOW - 120 * US_PER_DAY,
            "kept_bytes": 3 << 29,
        }
    ]
    assert letter_json(EXAMPLES["fr"], "", "")["old_holds"] == []
