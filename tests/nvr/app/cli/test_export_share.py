"""The validator's gesture: whatever cuts it off leaves a validated grant, and the same again finishes it."""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
import typer

from nvr.app.cli.answering import KeyAtHand
from nvr.app.cli.export_share import give_share, grant_so_far
from nvr.app.cli.person import Person
from nvr.app.pins import PinFile, pins_beside, read_pins
from nvr.base.errors import Retryable
from nvr.base.ids import RequisitionNo
from storage.ledger.store import read_log_key
from storage.vault.keyfile import CustodianKeys, lock
from tests.access.opened import Opened
from tests.access.world import open_world
from tests.storage.sealed import ORIGIN, custodians, seed

STEPS = ("sitting.file", "grant_read", "sitting.upload", "grant_write", "sitting.answer")


@dataclass
class Wire:
    """The calls of access's socket, into the real parts; `away_at`: the step at which nothing answers."""

    opened: Opened
    loop: asyncio.AbstractEventLoop
    account: str = "b.petit"
    away_at: str | None = None
    asked: list[str] = field(default_factory=list)

    def act(self, name: str, **args: object) -> Any:  # noqa: ANN401 -- JSON
        given = {key: value for key, value in args.items() if value is not None}
        return self._run(name, self.opened.world.act(self.account, name, **given))

    def talk(self, work: Callable[[Any], Awaitable[Any]]) -> Any:  # noqa: ANN401 -- JSON
        return asyncio.run(cast("Any", work(self)))

    async def call(self, name: str, args: dict[str, Any]) -> Any:  # noqa: ANN401 -- JSON
        part = self.opened.grants.read_part if name == "grant_read" else self.opened.grants.write_part
        return await asyncio.to_thread(self._run, name, part(args))

    def _run(self, name: str, answer: Any) -> Any:  # noqa: ANN401 -- JSON
        self.asked.append(name)
        if name == self.away_at:
            answer.close()
            raise Retryable("peer-unreachable", socket="access.sock")
        return asyncio.run_coroutine_threadsafe(answer, self.loop).result(30)


@dataclass
class Desk:
    """A validator who holds seat 1, with the key at hand."""

    wire: Wire
    key: Path
    number: RequisitionNo
    grant: str

    @property
    def person(self) -> Person:
        return cast("Person", self.wire)

    async def give(self, *, yes: bool = True) -> Any:  # noqa: ANN401 -- JSON
        clock = self.wire.opened.world.clock
        passphrase = self.key.with_name("passphrase")
        key = KeyAtHand(self.key, passphrase, clock, yes, continued=False, shown_on=io.StringIO())
        return await asyncio.to_thread(give_share, self.person, self.number, self.grant, key)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_world(tmp_path) as world:
        opened = await Opened.begin(world)
        number = await opened.ask()
        grant = (await opened.validate(number))["grant"]
        key = tmp_path / "petit.key"
        await asyncio.to_thread(_write_key, key, tmp_path / "ledger")
        yield Desk(Wire(opened, asyncio.get_running_loop()), key, RequisitionNo(number), grant)


def _write_key(key: Path, ledger: Path) -> None:
    holder = custodians().holders[0]
    key.write_bytes(lock(CustodianKeys("Mme Petit", holder.pair, seed("sign", 1, 1)), "correct horse"))
    key.with_name("passphrase").write_text("correct horse\n")
    public = read_log_key(ledger).public_key().public_bytes_raw()
    PinFile(ORIGIN, public, (custodians().set.hash,)).write(pins_beside(key))


async def test_share_is_given_in_one_gesture_and_the_checkpoint_is_remembered(desk: Desk) -> None:
    (taken,) = (await desk.give())["answers"]
    assert (taken["state"], taken["seat"], taken["key"]) == ("collecting", 1, "holder")
    assert desk.wire.asked == list(STEPS)
    last = (await asyncio.to_thread(read_pins, pins_beside(desk.key).read_bytes())).last
    assert last is not None
    assert last.size == await desk.wire.opened.world.keeper.service.size()
    assert (await desk.wire.opened.answer(desk.grant, 3))["state"] == "open"


@pytest.mark.parametrize("step", STEPS)
async def test_gesture_that_is_cut_off_at_a_step_is_finished_by_the_same_again(
    desk: Desk, step: str, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.wire.away_at = step
    with pytest.raises(Retryable):
        await desk.give()
    assert desk.grant in capsys.readouterr().err  # it is said that the grant waits
    assert await asyncio.to_thread(grant_so_far, desk.person, desk.number) == desk.grant
    desk.wire.away_at = None
    (taken,) = (await desk.give())["answers"]
    assert (taken["state"], taken["seats"]) == ("collecting", [1])
    assert (await desk.wire.opened.answer(desk.grant, 2))["state"] == "open"


async def test_ledger_that_is_away_behind_the_upload_leaves_the_grant_and_the_same_again_finishes(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    await desk.wire.opened.answer(desk.grant, 2)
    keeper = desk.wire.opened.world.keeper
    append = keeper.append

    async def away(entries: object) -> list[object]:
        raise Retryable("peer-unreachable")

    keeper.append = away  # type: ignore[assignment,method-assign]
    taken = await desk.give()
    assert [one["refused"] for one in taken["answers"]] == ["peer-unreachable"]
    assert desk.grant in capsys.readouterr().err
    keeper.append = append  # type: ignore[method-assign]
    assert [one["state"] for one in (await desk.give())["answers"]] == ["open"]


async def test_grant_of_another_validator_is_not_gone_on_with(desk: Desk) -> None:
    desk.wire.account = "c.both"
    assert await asyncio.to_thread(grant_so_far, desk.person, desk.number) is None


async def test_validator_who_says_no_gives_nothing_and_the_grant_waits(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: False)
    with pytest.raises(typer.Exit):
        await desk.give(yes=False)
    assert desk.wire.opened.kept(desk.grant) == ["release.key"]
