import asyncio
import logging

import pytest

from access.grantstore import GrantWiped
from access.policy import Denied
from access.release import handed_out
from nvr.base.errors import InvalidValue, Retryable
from nvr.base.ids import GrantId, uuid7
from nvr.base.jcs import canonical
from nvr.base.units import UtcUs
from storage.keyring import KeyRef
from storage.ledger.people import Grant, Hold, Requisition
from storage.register.register import Register
from storage.vault.grantfile import parse_grant_file
from storage.vault.unseal import NotReleased
from tests.access.opened import Opened
from tests.access.world import DAY_US, HOUR_US, NOW_UTC_US, World
from tests.storage.register.keeper import Died
from tests.storage.sealed import CAMERA, GOP_US, custodians


@pytest.fixture
async def opened(world: World) -> Opened:
    return await Opened.begin(world)


def kept(opened: Opened, grant: str) -> list[str]:
    directory = opened.world.directory / "grants" / grant
    return sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []


async def test_validation_completes_the_requisition_lifts_the_hold_and_grants_in_one_group(opened: Opened) -> None:
    made = await opened.validate(await opened.ask(), valid_days=3)
    bodies = [entry.body for entry in (await opened.world.keeper.all())[-4:-1]]
    requisition, hold, grant = bodies
    assert isinstance(requisition, Requisition)
    assert isinstance(hold, Hold)
    assert isinstance(grant, Grant)
    assert requisition.authority_number is not None
    assert (hold.hold, hold.until_utc_us) == (requisition.hold, None)
    assert (grant.opener, grant.valid_until_utc_us) == ("a.martin", opened.world.clock.utc_us() + 3 * DAY_US)
    assert (made["state"], made["release_waits"]) == ("released", None)


async def test_cameras_are_rotated_before_their_segments_are_released(opened: Opened) -> None:
    made = await opened.validate(await opened.ask())
    assert opened.world.keeper.rotated == [(CAMERA,)]
    assert made["segs"] == [start.segment for start in opened.starts]
    assert (await opened.world.keeper.types())[-1] == "release"


async def test_narrowed_grant_releases_less_and_narrows_the_hold(opened: Opened) -> None:
    number = await opened.ask()
    made = await opened.validate(number, to_utc_us=NOW_UTC_US + 2 * GOP_US)
    assert made["segs"] == [opened.starts[0].segment]
    hold = (await opened.world.act("root", "hold.list"))[0]
    assert hold["to_utc_us"] == NOW_UTC_US + 2 * GOP_US


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"cameras": ["other"]}, "cameras"),
        ({"from_utc_us": NOW_UTC_US - 1}, "from_utc_us"),
        ({"to_utc_us": NOW_UTC_US + 10 * GOP_US}, "to_utc_us"),
        ({"to_utc_us": NOW_UTC_US}, "to_utc_us"),
        ({"valid_days": 91}, "valid_days"),
        ({"authority_number": ""}, "authority_number"),
        ({"basis": None}, "basis"),
        ({"checked": None}, "checked"),
        ({"opener": "b.petit"}, "opener"),
    ],
)
async def test_wrong_validation_is_named_and_leaves_no_key_behind(
    opened: Opened, said: dict[str, object], field: str
) -> None:
    number = await opened.ask()
    with pytest.raises(InvalidValue) as refusal:
        await opened.validate(number, **said)
    assert refusal.value.field == field
    assert await asyncio.to_thread(opened.store.grants) == []


async def test_future_is_not_granted(opened: Opened) -> None:
    made = await opened.world.act(
        "a.martin",
        "requisition.new",
        cameras=[CAMERA],
        from_utc_us=NOW_UTC_US,
        to_utc_us=NOW_UTC_US + 2 * HOUR_US,
        asked_by="OPJ",
    )
    with pytest.raises(InvalidValue, match="to_utc_us"):
        await opened.validate(made["requisition"])


@pytest.mark.parametrize(
    ("account", "rule"),
    [("a.martin", "role-missing"), ("f.audit", "role-missing"), ("root", "role-missing"), ("c.both", "same-person")],
)
async def test_who_may_not_validate_is_told_the_rule_and_so_is_the_ledger(
    opened: Opened, account: str, rule: str
) -> None:
    made = await opened.world.act(
        "c.both",
        "requisition.new",
        cameras=[CAMERA],
        from_utc_us=NOW_UTC_US,
        to_utc_us=NOW_UTC_US + GOP_US,
        asked_by="OPJ",
    )
    said = {"authority_number": "1", "basis": "60-1", "checked": "rappel"}
    with pytest.raises(Denied, match=rule):
        await opened.world.act(account, "requisition.validate", requisition=made["requisition"], **said)
    assert await opened.world.denials() == [(account, "requisition.validate", rule)]
    assert await asyncio.to_thread(opened.store.grants) == []


async def test_second_validation_is_refused(opened: Opened) -> None:
    number = await opened.ask()
    await opened.validate(number)
    with pytest.raises(Denied, match="already-decided"):
        await opened.validate(number)


async def test_two_of_three_seats_open_and_one_does_not(opened: Opened) -> None:
    grant = (await opened.validate(await opened.ask()))["grant"]
    first = await opened.answer(grant, 2)
    assert (first["state"], first["seats"], first["seats_missing"]) == ("collecting", [2], 1)
    second = await opened.answer(grant, 3)
    assert (second["state"], second["seats"], second["records_missing"]) == ("open", [2, 3], {})
    body = (await opened.world.keeper.all())[-1].body.model_dump()
    assert body == {"grant": grant, "seats": (2, 3), "segs": 3, "records": 12}


async def test_collection_survives_a_restart(opened: Opened) -> None:
    grant = (await opened.validate(await opened.ask()))["grant"]
    await opened.answer(grant, 1)
    await restart(opened)
    assert (await opened.answer(grant, 2))["state"] == "open"
    await restart(opened)
    assert await opened.everything(await opened.open(grant))


async def test_death_between_the_keys_and_their_entry_is_made_good_at_the_next_start(opened: Opened) -> None:
    grant = (await opened.validate(await opened.ask()))["grant"]
    await opened.answer(grant, 1)
    keeper = opened.world.keeper
    append = keeper.append

    async def die(entries: object) -> list[object]:
        raise Died

    keeper.append = die  # type: ignore[assignment,method-assign]
    with pytest.raises(Died):
        await opened.answer(grant, 2)
    keeper.append = append  # type: ignore[method-assign]
    await restart(opened)
    with pytest.raises(Denied, match="not-open"):
        await opened.open(grant)
    await opened.grants.housekeep()
    assert await opened.everything(await opened.open(grant))
    await opened.grants.housekeep()
    assert (await keeper.types()).count("open") == 1


async def test_release_waits_for_a_keeper_that_is_away_and_follows_with_the_file(opened: Opened) -> None:
    number = await opened.ask()

    async def away(cameras: object) -> list[object]:
        raise Retryable("peer-unreachable")

    rotate = opened.world.keeper.rotate
    opened.world.keeper.rotate = away  # type: ignore[assignment,method-assign]
    opened.world.clock.advance(-HOUR_US + 60_000_000)  # the footage is a minute old
    made = await opened.validate(number)
    assert (made["state"], made["release_waits"]) == ("validated", "peer-unreachable")
    with pytest.raises(Retryable):
        await opened.file(made["grant"])
    opened.world.keeper.rotate = rotate  # type: ignore[method-assign]
    assert (await opened.answer(made["grant"], 1))["state"] == "collecting"


async def test_old_footage_does_not_wait_for_a_rotation(opened: Opened) -> None:
    async def away(cameras: object) -> list[object]:
        raise Retryable("peer-unreachable")

    opened.world.keeper.rotate = away  # type: ignore[assignment,method-assign]
    assert (await opened.validate(await opened.ask()))["state"] == "released"


async def test_tool_gets_the_proof_from_the_checkpoint_that_it_saw_last(opened: Opened) -> None:
    await opened.grant(first=0, last=3)
    second = await opened.grant(first=3, last=6)  # the tools demand consistency: they remember
    assert (await opened.open(second)).grant.open_index is not None


async def test_lost_memory_of_what_tools_saw_is_made_good_by_naming_the_size(opened: Opened) -> None:
    await opened.grant(first=0, last=3)
    await asyncio.to_thread((opened.world.directory / "grants" / "seen.json").unlink)
    made = await opened.validate(await opened.ask(first=3, last=6))
    last = opened.tools[0].last
    assert last is not None
    file = await opened.world.act("a.martin", "grant.file", grant=made["grant"], from_sizes=[last.size])
    assert opened.tools[0].answer(file, opened.world.clock.utc_us())["kind"] == "shares"


async def test_answer_that_is_none_is_refused_and_not_kept(opened: Opened) -> None:
    grant = (await opened.validate(await opened.ask(first=0, last=3)))["grant"]
    other = (await opened.validate(await opened.ask(first=3, last=6)))["grant"]
    good = opened.tools[0].answer(await opened.file(grant), opened.world.clock.utc_us())
    wrong = [
        None,
        {},
        {**good, "v": 2},
        {**good, "seat": 2},
        {**good, "kid": "00" * 16},
        {**good, "sig": None},
        {**good, "checkpoint": {**good["checkpoint"], "size": 1}},
        {**good, "kind": "keys"},
    ]
    for given in wrong:
        with pytest.raises(InvalidValue) as refusal:
            await opened.world.act("b.petit", "grant.answer", grant=grant, answer=given)
        assert refusal.value.field == "answer"
    with pytest.raises(InvalidValue, match="another grant"):
        await opened.world.act("b.petit", "grant.answer", grant=other, answer=good)
    assert kept(opened, grant) == kept(opened, other) == ["release.key"]


async def test_end_of_validity_wipes_key_and_answers(opened: Opened) -> None:
    grant = await opened.grant()
    assert len(kept(opened, grant)) == 3
    file = await opened.file(grant)
    await opened.grants.housekeep()
    assert len(kept(opened, grant)) == 3
    opened.world.clock.advance(15 * DAY_US)
    await opened.grants.housekeep()
    assert kept(opened, grant) == []
    with pytest.raises(Denied, match="grant-over"):
        await opened.file(grant)
    with pytest.raises(Denied, match="grant-over"):
        await opened.world.act("b.petit", "grant.answer", grant=grant, answer=file)
    with pytest.raises(GrantWiped):
        await asyncio.to_thread(opened.store.release_key, GrantId(grant))


async def test_closing_wipes_key_and_answers(opened: Opened) -> None:
    number = await opened.ask()
    grant = (await opened.validate(number))["grant"]
    await opened.world.act("b.petit", "requisition.close", requisition=number, reason="retirée")
    with pytest.raises(Denied, match="already-closed"):
        await opened.file(grant)
    await opened.grants.housekeep()
    assert kept(opened, grant) == []


async def test_key_of_a_grant_that_never_was_is_wiped_once_its_process_is_gone(opened: Opened) -> None:
    early = GrantId(uuid7(UtcUs(NOW_UTC_US - HOUR_US)))
    now = GrantId(uuid7(opened.world.clock.utc_us()))
    for grant in (early, now):
        await asyncio.to_thread(opened.store.new, grant)
    await opened.grants.housekeep()
    assert await asyncio.to_thread(opened.store.grants) == [now]  # it may be on its way to the ledger


async def test_segment_that_can_not_be_read_is_left_out_and_named(opened: Opened) -> None:
    path = opened.recorder.path_of(opened.starts[1])
    await asyncio.to_thread(path.unlink)
    made = await opened.validate(await opened.ask())
    assert made["segs"] == [opened.starts[0].segment, opened.starts[2].segment]


async def test_segment_that_vanishes_after_the_release_does_not_block_the_others(opened: Opened) -> None:
    made = await opened.validate(await opened.ask())
    path = opened.recorder.path_of(opened.starts[1])
    await asyncio.to_thread(path.unlink)
    await opened.answer(made["grant"], 1)
    state = await opened.answer(made["grant"], 2)
    assert (state["state"], state["unreadable"]) == ("open", {opened.starts[1].segment: "segment-unreadable"})
    release = await opened.open(made["grant"])
    assert len(await opened.everything(release)) == 2 * 3 * 4
    assert list(release.unreadable) == [opened.starts[1].segment]


async def test_nothing_to_release_is_said(opened: Opened) -> None:
    number = await opened.ask()
    opened.world.index.segments.clear()
    made = await opened.validate(number)
    assert (made["state"], made["release_waits"]) == ("validated", "nothing-to-release")


async def test_machine_part_of_what_is_not_released_stays_where_it_is(opened: Opened) -> None:
    start = opened.starts[0]
    record = await asyncio.to_thread(opened.recorder.keys.find, KeyRef(start.segment, start.start_utc_us, 0))
    assert record is not None
    with pytest.raises(NotReleased):
        handed_out(custodians().machine, [record], released=(), custodians=custodians().set, grant_hash=bytes(32))


async def test_no_key_is_in_ledger_or_log(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    grant = await opened.grant()
    pair = await asyncio.to_thread(opened.store.release_key, GrantId(grant))
    release = await opened.open(grant)
    (segment, *_) = await asyncio.to_thread(release.segments, CAMERA)
    key = (await asyncio.to_thread(lambda: next(release.records(segment.segment)))).key
    leaves = b"".join(leaf for _, leaf in await opened.world.keeper.service.entries(0, 1000))
    for secret in (pair.seed, key):
        assert secret.hex() not in caplog.text
        assert secret.hex().encode() not in leaves


async def test_grant_file_says_in_words_what_is_to_be_opened(opened: Opened) -> None:
    made = await opened.validate(await opened.ask())
    file = parse_grant_file(canonical(await opened.file(made["grant"])))
    for text in (file.scope_fr, file.scope_en):
        assert CAMERA in text
        assert "R-2026-000001" in text


async def test_unknown_grant_is_named(opened: Opened) -> None:
    for name in ("grant.file", "grant.answer"):
        with pytest.raises(InvalidValue) as refusal:
            await opened.world.act("a.martin", name, grant="0" * 32)
        assert refusal.value.field == "grant"


async def restart(opened: Opened) -> None:
    """Access ends and begins again: everything that was only in memory is gone."""
    world = opened.world
    await world.register.close()
    world.register = await Register.open(world.directory / "register" / "register.db", world.keeper)
    await world.compose()
    opened.compose()
