"""The page answers in both languages, locked down by its headers, and says so when it can not know."""

import base64
import re
from collections.abc import AsyncIterator
from hashlib import sha256
from zoneinfo import ZoneInfo

import httpx
import pytest

from access.http.app import make_app
from access.http.view import StatusView
from nvr.base.errors import Retryable
from tests.access.http.views import WELL, WRONG

PARIS = ZoneInfo("Europe/Paris")


def client_of(view: StatusView | Exception) -> httpx.AsyncClient:
    async def status() -> StatusView:
        if isinstance(view, Exception):
            raise view
        return view

    transport = httpx.ASGITransport(app=make_app(status, zone=PARIS))
    return httpx.AsyncClient(transport=transport, base_url="http://ville.example")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A browser in a town where much is wrong."""
    async with client_of(WRONG) as client:
        yield client


@pytest.mark.parametrize(
    ("query", "accept", "language"),
    [
        ("", None, "fr"),
        ("", "en-GB,en;q=0.9,fr;q=0.5", "en"),
        ("", "de,fr;q=0.8", "fr"),
        ("", "de", "fr"),
        ("?lang=en", "fr", "en"),
        ("?lang=fr", "en", "fr"),
        ("?lang=xx", "en", "en"),
    ],
)
async def test_page_speaks_the_language_that_is_wanted(
    client: httpx.AsyncClient, query: str, accept: str | None, language: str
) -> None:
    answer = await client.get(f"/{query}", headers={"accept-language": accept} if accept else {})
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text


async def test_page_as_data(client: httpx.AsyncClient) -> None:
    told = (await client.get("/status.json")).json()
    assert told["wrong"] is True
    assert [one["camera"] for one in told["cameras"] if one["wrong"]] == [
        "gare-parvis",
        "stade-nord",
        "poste",
        "mat-7",
        "ecole",
    ]
    assert told["volumes"][0]["held_days"] == 14


@pytest.mark.parametrize("path", ["/", "/status.json", "/nowhere"])
async def test_every_answer_is_locked_down(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["x-frame-options"] == "DENY"


async def test_style_of_the_page_is_the_one_that_the_policy_allows(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in answer.headers["content-security-policy"]
    assert 'style="' not in answer.text


async def test_page_fetches_nothing_and_shows_no_picture(client: httpx.AsyncClient) -> None:
    page = (await client.get("/")).text
    assert not re.search(r"<(img|video|script|link|iframe|object|svg)\b|url\(|src=|https?://", page)


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/video", "/%2e%2e/etc/passwd"])
async def test_there_is_no_other_page(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert "Cette page n’existe pas." in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_nothing_can_be_changed(client: httpx.AsyncClient, method: str) -> None:
    assert (await client.request(method, "/")).status_code == 405


async def test_page_says_when_the_system_does_not_answer() -> None:
    async with client_of(Retryable("keeper-silent")) as client:
        answer = await client.get("/?lang=en")
    assert answer.status_code == 503
    assert "Recording does not depend on it." in answer.text


async def test_fault_of_the_program_is_not_hidden() -> None:
    async with client_of(ZeroDivisionError()) as client:
        with pytest.raises(ZeroDivisionError):
            await client.get("/")


async def test_page_of_a_town_where_all_is_well_says_so_first() -> None:
    async with client_of(WELL) as client:
        page = (await client.get("/")).text
    assert page.index("Tout fonctionne.") < page.index("cam-001")
