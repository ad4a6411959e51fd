"""Who may call the sockets between roles."""

import os
import pwd
from types import SimpleNamespace

import pytest

from nvr.app.peers import ROLE_USERS, WATCH_USERS, role_uids, watch_uids
from tests.systemd.test_units import UNITS


def test_root_and_this_user_may_call_though_no_user_of_a_role_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr(pwd, "getpwnam", nobody)
    assert role_uids() == {0, os.geteuid()}


def test_users_of_the_roles_may_call_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    users = {name: 900 + number for number, name in enumerate(ROLE_USERS)}
    monkeypatch.setattr(pwd, "getpwnam", lambda name: SimpleNamespace(pw_uid=users[name]))
    assert role_uids() == {0, os.geteuid(), 900, 901, 902}


def test_users_are_those_that_systemd_makes() -> None:
    made = (UNITS / "scelle.sysusers.conf").read_text().splitlines()
    assert {line.split()[1] for line in made if line.startswith("u ")} == {*ROLE_USERS, *WATCH_USERS}


def test_watch_is_no_role_that_may_call(monkeypatch: pytest.MonkeyPatch) -> None:
    users = {name: 900 + number for number, name in enumerate((*ROLE_USERS, *WATCH_USERS))}
    monkeypatch.setattr(pwd, "getpwnam", lambda name: SimpleNamespace(pw_uid=users[name]))
    assert watch_uids() == {903}
    assert not watch_uids() & role_uids()
