from typing import cast

import pytest

from access.export.bundle import Exporter
from access.people.passwords import WrongPassword
from access.policy import ActName, Denied
from nvr.app.handover import Handover
from nvr.base.errors import InvalidValue, Retryable
from tests.access.opened import Opened
from tests.access.world import HOUR_US, NOW_UTC_US, World
from tests.storage.sealed import CAMERA

ASKED = {
    "cameras": ["cam-1"],
    "from_utc_us": NOW_UTC_US - HOUR_US,
    "to_utc_us": NOW_UTC_US,
    "asked_by": "OPJ",
}


async def test_words_of_a_person_are_in_the_register_and_not_in_the_ledger(opened: Opened) -> None:
    world = opened.world
    said = "par le capitaine Renaud"
    kept = await world.act("a.martin", "hold.place", cameras=[CAMERA], from_utc_us=1, to_utc_us=2, asked_by=said)
    kept = await world.act("b.petit", "hold.end", hold=kept["hold"], reason=said)
    asked = {"cameras": [CAMERA], "from_utc_us": NOW_UTC_US, "to_utc_us": NOW_UTC_US + 1, "asked_by": said}
    first, second = [await world.act("a.martin", "requisition.new", authority=said, **asked) for _ in range(2)]
    refused = await world.act("b.petit", "requisition.refuse", requisition=first["requisition"], reason=said)
    decided = {"requisition": second["requisition"], "authority_number": said, "basis": "60-1", "checked": said}
    grant = await world.act("b.petit", "requisition.validate", **decided)
    closed = await world.act("b.petit", "requisition.close", requisition=second["requisition"], reason=said)
    assert {kept["end_reason"], refused["refusal"], grant["checked"], closed["authority_number"]} == {said}
    leaves = b"".join(leaf for _, leaf in await world.keeper.service.entries(0, 1000))
    assert b"Renaud" not in leaves
    await world.register.rebuild()
    shown = await world.act("a.martin", "requisition.show", requisition=first["requisition"])
    assert {key: shown[key] for key in refused} == refused


async def test_list_of_requisitions_is_without_what_outgrows_a_frame(opened: Opened) -> None:
    await opened.grant()
    (row,) = await opened.world.act("a.martin", "requisition.list")
    shown = await opened.world.act("a.martin", "requisition.show", requisition=row["requisition"])
    assert shown["grant"].keys() - row["grant"].keys() == {"segs", "release_public", "used"}
    assert {**shown, "grant": None} == {**row, "grant": None}


async def test_act_that_does_not_exist_is_named(town: World) -> None:
    with pytest.raises(InvalidValue) as refusal:
        await town.act("root", "video.watch")
    assert refusal.value.field == "name"


async def test_refusal_about_footage_is_in_the_ledger_with_who_and_why(town: World) -> None:
    with pytest.raises(Denied):
        await town.act("root", "requisition.new", **ASKED)
    with pytest.raises(Denied):
        await town.act("e.seat", "requisition.new", **ASKED)
    assert await town.denials() == [
        ("root", "requisition.new", "role-missing"),
        ("e.seat", "requisition.new", "custodian-requests"),
    ]


async def test_refusal_about_other_things_is_not(town: World) -> None:
    with pytest.raises(Denied):
        await town.act("a.martin", "account.list")
    assert await town.denials() == []


async def test_wrong_password_for_footage_is_in_the_ledger_without_a_name(town: World) -> None:
    with pytest.raises(WrongPassword):
        await town.service.act("a.martin", "wrong", "requisition.list", {})
    assert await town.denials() == [("access", "requisition.list", "password")]


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("hold.place", ASKED),
        ("requisition.new", ASKED),
        ("point.add", {"point": "p1", "number": "1"}),
        ("account.end", {"account": "g.fix"}),
    ],
)
async def test_nothing_happens_without_the_ledger(town: World, name: str, args: dict[str, object]) -> None:
    account = "a.martin" if name.startswith(("hold", "req")) else "root"
    town.keeper.answers = False
    before = await town.service.status()
    with pytest.raises(Retryable):
        await town.act(account, name, **args)
    assert await town.service.status() == before


async def test_export_needs_a_grant_that_is_validated_and_open(opened: Opened) -> None:
    world = opened.world
    exporter = cast("Exporter", None)  # nobody gets so far
    handover = Handover(world.register, opened.releases, exporter, world.clock, staging_minutes=60)
    world.handlers[ActName.EXPORT] = handover.export
    number = await opened.ask()
    for rule in ("not-validated", "not-open", "not-open"):
        with pytest.raises(Denied, match=rule):
            await world.act("a.martin", "export", requisition=number)
        if rule == "not-validated":
            grant = (await opened.validate(number))["grant"]
            await opened.answer(grant, 1)
    assert [rule for _, what, rule in await world.denials() if what == "export"] == [
        "not-validated",
        "not-open",
        "not-open",
    ]


async def test_status_counts_and_names_nobody(town: World) -> None:
    await town.act("a.martin", "requisition.new", **ASKED)
    status = await town.service.status()
    assert (status["cameras"], status["holds"], status["requisitions"]) == (1, 1, {"received": 1})
    for name in ("martin", "OPJ", "cam-1"):
        assert name not in repr(status)
