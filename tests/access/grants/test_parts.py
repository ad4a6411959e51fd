"""Grant files and answers that outgrow a frame travel in parts, over the real socket."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from access.grants import parts as grantparts
from access.grants.parts import GrantParts, GrantPartUnknown
from access.grants.store import GrantStore, GrantWiped
from access.parts import PART_BYTES
from access.policy import Denied
from nvr.base.errors import InvalidValue
from nvr.base.ids import AccountId, GrantId
from nvr.base.jcs import canonical
from nvr.base.wire import MAX_FRAME_BYTES, Client, Server
from storage.vault.grantfile import parse_grant_file
from tests.access.opened import Opened
from tests.storage.vault.granted import Case

GRANT = GrantId("g")
ANN, BOB = AccountId("ann"), AccountId("bob")


class Desk:
    """Parts of one grant, behind a socket."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "grants" / GRANT
        self.store = GrantStore(folder / "grants")
        self.parts = GrantParts(self.store)

    def files(self) -> int:
        return len(list(self.folder.glob("*.part")))


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    await asyncio.to_thread(desk.store.new, GRANT)
    return desk


@pytest.fixture
async def client(desk: Desk, tmp_path: Path) -> AsyncIterator[Client]:
    calls = {"grant_read": desk.parts.read, "grant_write": desk.parts.write}
    async with Server(tmp_path / "a.sock", calls), Client(tmp_path / "a.sock") as client:
        yield client


def _large_file() -> bytes:
    """A grant file of more than 300 segments with a record for each second."""
    case = Case()
    file = case.file()
    (one,) = file.segments
    long = replace(one, records=one.records * 60)
    return replace(file, segments=(long,) * 320).pack()


async def test_file_of_more_than_300_segments_is_read_whole_through_the_socket(desk: Desk, client: Client) -> None:
    content = await asyncio.to_thread(_large_file)
    assert len(content) > MAX_FRAME_BYTES
    staged = await desk.parts.stage(GRANT, ANN, content)
    assert staged["size"] == len(content)
    got, eof = bytearray(), False
    while not eof:
        part = await client.call("grant_read", {"token": staged["token"], "offset": len(got)})
        got += base64.b64decode(part["data"])
        eof = part["eof"]
    assert got == content
    assert len((await asyncio.to_thread(parse_grant_file, content)).segments) == 320


async def test_answer_larger_than_a_frame_is_written_in_parts_and_taken_once(desk: Desk, client: Client) -> None:
    content = bytes(range(256)) * (MAX_FRAME_BYTES // 256 + 1)
    token = str((await desk.parts.expect(GRANT, ANN, len(content)))["token"])
    with pytest.raises(InvalidValue, match="token"):
        await desk.parts.take(token, GRANT, ANN)
    for offset in range(0, len(content), PART_BYTES):
        data = base64.b64encode(content[offset : offset + PART_BYTES]).decode()
        told = await client.call("grant_write", {"token": token, "offset": offset, "data": data})
        assert told == {"received": min(offset + PART_BYTES, len(content))}
    with pytest.raises(GrantPartUnknown):
        await desk.parts.take(token, GRANT, BOB)
    assert await desk.parts.take(token, GRANT, ANN) == content
    with pytest.raises(GrantPartUnknown):
        await desk.parts.take(token, GRANT, ANN)
    assert await asyncio.to_thread(desk.files) == 0


@pytest.mark.parametrize(
    ("offset", "data"),
    [(1, "YQ=="), (-1, "YQ=="), (None, "YQ=="), (True, "YQ=="), (0, "YWJjZA=="), (0, "?"), (0, None)],
)
async def test_part_that_is_not_the_next_or_too_long_is_refused(desk: Desk, offset: object, data: object) -> None:
    token = (await desk.parts.expect(GRANT, ANN, 3))["token"]
    with pytest.raises(InvalidValue):
        await desk.parts.write({"token": token, "offset": offset, "data": data})
    assert await desk.parts.write({"token": token, "offset": 0, "data": "YWJj"}) == {"received": 3}


async def test_tokens_are_for_their_direction_and_reading_stays_within_the_file(desk: Desk) -> None:
    file, answer = await desk.parts.stage(GRANT, ANN, b"file"), await desk.parts.expect(GRANT, ANN, 3)
    for call, token in ((desk.parts.read, answer), (desk.parts.write, file), (desk.parts.read, {"token": "x"})):
        with pytest.raises(GrantPartUnknown):
            await call({"token": token["token"], "offset": 0, "data": ""})
    for offset in (-1, 5, None, "0"):
        with pytest.raises(InvalidValue):
            await desk.parts.read({"token": file["token"], "offset": offset})


async def test_newer_file_takes_the_place_of_the_one_before_of_the_same_person(desk: Desk) -> None:
    first = await desk.parts.stage(GRANT, ANN, b"1")
    await desk.parts.stage(GRANT, BOB, b"2")
    await desk.parts.stage(GRANT, ANN, b"3")
    assert await asyncio.to_thread(desk.files) == 2
    with pytest.raises(GrantPartUnknown):
        await desk.parts.read({"token": first["token"], "offset": 0})


async def test_what_a_process_before_staged_is_removed_and_what_is_under_way_stays(desk: Desk) -> None:
    await desk.parts.stage(GRANT, ANN, b"1")
    await desk.parts.housekeep()
    assert await asyncio.to_thread(desk.files) == 1
    await GrantParts(desk.store).housekeep()
    assert await asyncio.to_thread(desk.files) == 0


async def test_end_of_the_grant_takes_its_parts_along(desk: Desk) -> None:
    token = (await desk.parts.stage(GRANT, ANN, b"1"))["token"]
    await asyncio.to_thread(desk.store.wipe, GRANT)
    with pytest.raises(GrantPartUnknown):
        await desk.parts.read({"token": token, "offset": 0})
    with pytest.raises(GrantWiped):
        await desk.parts.stage(GRANT, ANN, b"1")


async def test_grant_opens_with_files_and_answers_in_many_parts(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grantparts, "PART_BYTES", 1000)
    grant = (await opened.validate(await opened.ask()))["grant"]
    state: dict[str, Any] = {}
    for tool in opened.tools[:2]:
        given = canonical(tool.answer(await opened.file(grant), opened.world.clock.utc_us()))
        token = (await opened.world.act("b.petit", "grant.upload", grant=grant, size=len(given)))["token"]
        for offset in range(0, len(given), 1000):
            data = base64.b64encode(given[offset : offset + 1000]).decode()
            await opened.grants.write_part({"token": token, "offset": offset, "data": data})
        state = await opened.world.act("b.petit", "grant.answer", grant=grant, token=token)
    assert state["state"] == "open"
    opened.world.clock.advance(16 * 24 * 3600 * 1_000_000)
    with pytest.raises(Denied, match="grant-over"):
        await opened.world.act("b.petit", "grant.upload", grant=grant, size=1)


async def test_of_many_answers_announced_at_once_one_file_is_left(desk: Desk) -> None:
    made = await asyncio.gather(*(desk.parts.expect(GRANT, ANN, 10) for _ in range(8)))
    await desk.parts.housekeep()
    known = 0
    for staged in made:
        with contextlib.suppress(GrantPartUnknown):
            await desk.parts.write({"token": staged["token"], "offset": 0, "data": ""})
            known += 1
    assert (known, await asyncio.to_thread(desk.files)) == (1, 1)


async def test_file_that_is_staged_while_its_grant_is_wiped_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = desk.store.directory_of

    def wiped_meanwhile(grant: GrantId) -> Path:
        directory = found(grant)
        desk.store.wipe(grant)
        return directory

    monkeypatch.setattr(desk.store, "directory_of", wiped_meanwhile)
    with pytest.raises(GrantWiped):
        await desk.parts.stage(GRANT, ANN, b"file")


async def test_what_is_about_a_grant_that_ended_is_dropped_alone_and_with_others(desk: Desk) -> None:
    other = GrantId("h")
    await asyncio.to_thread(desk.store.new, other)
    alone = await desk.parts.stage(GRANT, ANN, b"1")
    both = await desk.parts.stage(frozenset({GRANT, other}), ANN, b"2")
    beside = await desk.parts.stage(other, ANN, b"3")
    coming = await desk.parts.expect(frozenset(), ANN, 3)
    await desk.parts.drop(GRANT)
    for gone in (alone, both):
        with pytest.raises(GrantPartUnknown):
            await desk.parts.read({"token": gone["token"], "offset": 0})
    assert (await desk.parts.read({"token": beside["token"], "offset": 0}))["eof"] is True
    assert await desk.parts.write({"token": coming["token"], "offset": 0, "data": "YWJj"}) == {"received": 3}


async def test_sitting_of_a_person_takes_the_place_of_his_last_one_and_of_no_grants_file(desk: Desk) -> None:
    file = await desk.parts.stage(GRANT, ANN, b"1")
    first = await desk.parts.stage(frozenset({GRANT}), ANN, b"2")
    await desk.parts.stage(frozenset({GRANT, GrantId("h")}), ANN, b"3")
    assert (await desk.parts.read({"token": file["token"], "offset": 0}))["eof"] is True
    with pytest.raises(GrantPartUnknown):
        await desk.parts.read({"token": first["token"], "offset": 0})
