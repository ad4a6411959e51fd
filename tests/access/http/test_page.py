"""What is wrong stands first, in words; whatever a town names its cameras, the page stays a page."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.http.page import render_message, render_status
from access.http.texts import STATUS
from access.http.view import Alarm, CameraState, StatusView
from nvr.base.catalogue import Catalogue, Language
from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from tests.access.http.views import NOW, WELL, WRONG, camera, dome, volume

PARIS = ZoneInfo("Europe/Paris")
VOID = {"meta", "br"}


class Balance(HTMLParser):
    """Refuses tags that are not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags_of(page: str) -> list[str]:
    parser = Balance()
    parser.feed(page)
    assert parser.open == []
    return parser.seen


def words_of(page: str) -> str:
    return re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("view", [WELL, WRONG, replace(WELL, cameras=[], volumes=[])], ids=["well", "wrong", "empty"])
def test_page_is_well_formed(view: StatusView, language: Language) -> None:
    assert tags_of(render_status(view, language, PARIS)).count("table") == 3 - (not view.cameras)


@pytest.mark.parametrize(
    ("language", "text"), [("fr", "reçoit les seconds exemplaires"), ("en", "takes second copies")]
)
def test_disk_of_copies_is_no_disk_for_recording_and_one_that_is_away_has_no_room(
    language: Language, text: str
) -> None:
    away = replace(volume("a"), in_service=False, free_bytes=None, total_bytes=None, oldest_utc_us=None)
    page = words_of(render_status(replace(WELL, volumes=[away, replace(volume("e"), evidence=True)]), language, PARIS))
    assert text in page
    assert not re.search(r"(?<![\d.,])0 (B|o)\b", page)


def test_what_is_wrong_stands_first_and_says_cause_and_since_when() -> None:
    page = render_status(WRONG, "fr", PARIS)
    first = page[: page.index("<table")]
    for text in ("À traiter (10)", "provisoire", "30/11/2026", "ne répond pas", "presque plein", "hors service"):
        assert text in first
    assert "caméra injoignable" in first
    assert "les images n’arrivent plus" in first
    assert 'depuis <time datetime="2026-09-21T16:00:46+02:00">16:00:46 +02:00</time>' in first
    assert 'depuis <time datetime="2026-09-18T16:13:20+02:00">18/09/2026 16:13:20 +02:00</time>' in first


def test_cameras_that_fail_stand_before_those_that_record() -> None:
    page = render_status(WRONG, "en", PARIS)
    names = re.findall(r'<th scope="row">([a-z0-9-]+)<small>', page)
    assert names[:6] == ["ecole", "gare-parvis", "mat-7", "poste", "stade-nord", "cam-001"]


@pytest.mark.parametrize(
    ("language", "size", "shown"),
    [("fr", 0, "(0 écriture)"), ("fr", 2, "(2 écritures)"), ("en", 0, "(0 entries)"), ("en", 1, "(1 entry)")],
)
def test_entries_under_the_checkpoint_are_counted_as_the_language_does(
    language: Language, size: int, shown: str
) -> None:
    view = replace(WELL, ledger=replace(WELL.ledger, checkpoint_size=size))
    assert shown in words_of(render_status(view, language, PARIS))


def test_no_text_of_ours_can_become_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Catalogue, "text", lambda *_, **__: "<b>{value}")
    for view in (WELL, WRONG, replace(WELL, cameras=[], volumes=[])):
        assert "<b>" not in render_status(view, "fr", PARIS)
    assert "<b>" not in render_message("not-found", "fr")


def test_values_are_told_in_the_manner_of_the_language() -> None:
    french, english = render_status(WELL, "fr", PARIS), render_status(WELL, "en", PARIS)
    assert "4,0 Mbit/s" in french
    assert "812,0 Gio / 7,3 Tio" in french
    assert "14 j" in french
    assert "4.0 Mbit/s" in english
    assert "812.0 GiB / 7.3 TiB" in english
    assert "2 (3 min 10 s)" in english
    assert "2026-09-21 16:13:20 +02:00" in english


def test_two_hours_of_the_october_night_are_told_apart() -> None:
    first, second = UtcUs(1_792_888_200_000_000), UtcUs(1_792_891_800_000_000)
    pages = [render_status(replace(WELL, now_utc_us=at), "fr", PARIS) for at in (first, second)]
    assert "25/10/2026 02:30:00 +02:00" in pages[0]
    assert "25/10/2026 02:30:00 +01:00" in pages[1]


@given(text=st.text(max_size=40))
def test_names_can_not_become_markup(text: str) -> None:
    odd = replace(camera("x"), camera=CameraId(text), place=text, cause=text)
    plain = replace(odd, camera=CameraId("a"), place=text and "a")
    pages = [
        render_status(replace(WRONG, town=town, cameras=[one]), "fr", PARIS)
        for town, one in ((text, odd), ("a", plain))
    ]
    assert tags_of(pages[0]) == tags_of(pages[1])


def test_cause_without_a_text_stands_as_its_id() -> None:
    view = replace(WRONG, cameras=[replace(WRONG.cameras[-1], cause="brand-new")])
    assert "brand-new" in words_of(render_status(view, "fr", PARIS))


def test_message_is_a_page_too() -> None:
    assert "no-answer" not in words_of(render_message("no-answer", "fr"))
    assert tags_of(render_message("no-answer", "fr")).count("h1") == 1


def test_page_refreshes_itself() -> None:
    assert '<meta http-equiv="refresh" content="15">' in render_status(WELL, "fr", PARIS)
    assert WELL.now_utc_us == NOW


def test_absent_camera_is_told_with_its_date_and_is_nothing_to_look_at() -> None:
    away = replace(camera("mobile-2", CameraState.ABSENT), since_utc_us=UtcUs(NOW - 3_600_000_000))
    page = render_status(replace(WELL, cameras=[away]), "fr", PARIS)
    assert "Tout fonctionne." in page
    assert '<span class="ok">absente</span><small>depuis <time' in page


@pytest.mark.parametrize("state", ["preset", "standing", "moving", "away", "unknown"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_dome_is_told_by_its_state_and_no_angle(state: str, language: Language) -> None:
    view = replace(WELL, cameras=[replace(camera("dome-1"), dome=dome(state))])
    words = words_of(render_status(view, language, PARIS))
    assert STATUS.text(language, f"dome-{state}") in words
    assert "°" not in words


def test_dome_that_has_no_head_is_told_what_to_mend() -> None:
    cameras = [replace(camera("dome-1"), dome=dome("unknown", cause)) for cause in ("not-found", "timeout")]
    words = words_of(render_status(replace(WELL, cameras=cameras), "en", PARIS))
    assert "no PTZ service" in words
    assert "no answer in time" in words


def test_camera_that_records_and_shows_nothing_useful_is_among_the_troubles() -> None:
    page = render_status(WRONG, "fr", PARIS)
    troubles = page[page.index("<ul>") : page.index("</ul>")]
    assert "<strong>poste</strong>" in troubles
    assert "objectif couvert ?" in troubles
    assert "image floue" in troubles


def test_commissioning_says_until_when_nothing_is_recorded() -> None:
    page = render_status(WRONG, "en", PARIS)
    assert "being aimed, nothing is recorded until" in page
    assert "{value}" not in page


def test_alarm_that_reads_otherwise_in_a_language_reads_so_on_its_page() -> None:
    alarm = Alarm("keeper-fault", None, "disk: told", {"fr": "disk: dit", "en": "disk: said"})
    view = replace(WELL, alarms=[alarm])
    french, english = (render_status(view, language, PARIS) for language in ("fr", "en"))
    assert "disk: dit" in french
    assert "disk: said" in english
    assert "disk: told" not in french + english
