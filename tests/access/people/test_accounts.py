import logging

import pytest

from access.people.accounts import NotEmpty
from access.policy import Denied
from nvr.base.errors import InvalidValue
from tests.access.world import NOW_UTC_US, PASSWORD, World

WANTED = {"account": "h.new", "person": "Hélène Neuve", "roles": ["officer"], "password": "another long one"}


async def test_no_account_exists_until_the_first_is_made(world: World) -> None:
    with pytest.raises(Exception, match="wrong-password"):
        await world.service.act("root", PASSWORD, "account.list", {})
    made = await world.accounts.bootstrap("root", {"person": "Root", "password": PASSWORD})
    assert made["roles"] == ["administrator"]
    with pytest.raises(NotEmpty):
        await world.accounts.bootstrap("second", {"person": "Second", "password": PASSWORD})


async def test_account_is_made_and_can_log_in(town: World) -> None:
    made = await town.act("root", "account.add", **WANTED, service="PM", designation="arrêté 4")
    assert (made["person"], made["designation"], made["disabled"]) == ("Hélène Neuve", "arrêté 4", False)
    await town.service.act("h.new", "another long one", "camera.list", {})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"account": "root"}, "account"),
        ({"account": "Not A Name"}, "account"),
        ({"person": None}, "person"),
        ({"roles": []}, "roles"),
        ({"roles": ["king"]}, "roles"),
        ({"roles": ["custodian", "administrator"]}, "roles"),
        ({"roles": ["custodian", "auditor"]}, "roles"),
        ({"ends_utc_us": NOW_UTC_US}, "ends_utc_us"),
        ({"password": "short"}, "password"),
        ({"password": "H.NEW-and-more-of-it"}, "password"),
        ({"password": None}, "password"),
    ],
)
async def test_wrong_value_is_named(town: World, change: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        await town.act("root", "account.add", **{**WANTED, **change})
    assert refusal.value.field == field


async def test_only_an_administrator_makes_accounts(town: World) -> None:
    for account in ("a.martin", "b.petit", "f.audit", "g.fix"):
        with pytest.raises(Denied, match="role-missing"):
            await town.act(account, "account.add", **WANTED)


async def test_ended_account_can_not_act_and_keeps_its_name(town: World) -> None:
    await town.act("root", "account.end", account="a.martin")
    with pytest.raises(Denied, match="account-disabled"):
        await town.act("a.martin", "camera.list")
    names = [row["account"] for row in await town.act("f.audit", "account.list")]
    assert "a.martin" in names


async def test_nobody_ends_the_own_account_or_one_that_is_not(town: World) -> None:
    with pytest.raises(Denied, match="same-person"):
        await town.act("root", "account.end", account="root")
    with pytest.raises(InvalidValue) as refusal:
        await town.act("root", "account.end", account="nobody")
    assert refusal.value.field == "account"


async def test_password_is_nowhere_but_as_an_argon2id_hash(town: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await town.act("root", "account.add", **WANTED)
    with pytest.raises(Exception, match="wrong-password") as refusal:
        await town.service.act("h.new", "a wrong long one", "camera.list", {})
    shown = repr(await town.act("root", "account.list"))
    files = await _contents(town)
    for secret in ("another long one", "a wrong long one", PASSWORD):
        assert secret not in caplog.text
        assert secret not in str(refusal.value)
        assert secret not in shown
        assert secret.encode() not in files
    assert b"$argon2id$" in files
    assert "argon2" not in shown
    leaves = b"".join(leaf for _, leaf in await town.keeper.service.entries(0, 1000))
    assert b"argon2" not in leaves


async def _contents(town: World) -> bytes:
    await town.register.close()
    content = b"".join(path.read_bytes() for path in sorted(town.directory.rglob("*")) if path.is_file())
    await town.reopen()
    return content
