"""The calls of access's socket: what one caller sends, and what the disk refuses him, ends the role for nobody."""

import errno
import os
import sqlite3
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from nvr.app.access_parts import AccessParts, access_handlers
from nvr.app.disk import AccessDiskRefused
from nvr.base.errors import InvalidValue

ASKED: dict[str, object] = {"account": "a.martin", "password": "p", "name": "hold.list", "args": {}}
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "staging")


@dataclass
class Failing:
    """Any part of access, of which every call fails."""

    error: Exception

    async def fail(self, *_: object) -> None:
        raise self.error

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever is called
        return self.fail


def handlers(error: Exception) -> Any:  # noqa: ANN401 -- calls by name
    part: Any = Failing(error)
    return access_handlers(AccessParts(part, part, part, part, part))


@pytest.mark.parametrize("call", ["act", "status", "bundle_read", "grant_read", "grant_write"])
async def test_full_disk_is_told_to_the_caller_with_the_file(call: str) -> None:
    with pytest.raises(AccessDiskRefused) as refusal:
        await handlers(FULL)[call](ASKED)
    assert refusal.value.fields == {"file": "staging", "why": "No space left on device"}


async def test_database_that_the_disk_refuses_is_told_to_the_caller() -> None:
    full = OperationalError("COMMIT", {}, sqlite3.OperationalError("database or disk is full"))
    with pytest.raises(AccessDiskRefused) as refusal:
        await handlers(full)["act"](ASKED)
    assert refusal.value.fields["why"] == "database or disk is full"


@pytest.mark.parametrize(
    "error", [ValueError("a fault"), TimeoutError(), IntegrityError("", {}, sqlite3.IntegrityError("unique"))]
)
async def test_fault_of_the_program_stays_one(error: Exception) -> None:
    with pytest.raises(type(error)):
        await handlers(error)["act"](ASKED)


@pytest.mark.parametrize(
    ("field", "value"), [("account", None), ("password", 1), ("name", ["act"]), ("args", "text"), ("args", None)]
)
async def test_odd_value_is_refused_by_its_field(field: str, value: object) -> None:
    with pytest.raises(InvalidValue) as refusal:
        await handlers(FULL)["act"]({**ASKED, field: value})
    assert refusal.value.field == field
