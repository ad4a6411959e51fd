"""A whole system whose register is on a server is backed up and restored, there or into a file, or refused whole."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storage.backup.databases import copy_register
from storage.backup.folder import sets_in
from storage.backup.on_server import RegisterAway, RegisterOfOthers
from storage.backup.restoring import NotEmpty
from storage.database_faults import DatabaseInUse
from storage.register import tables
from storage.register.database import open_database
from tests.storage.backup.full import at_first_insert, contents
from tests.storage.backup.system import System, account, back, burn
from tests.storage.register.migrations.versions.test_r0012_revoked_and_reopened_grants import NEVER_ENDED
from tools.postgresql_server import Server

pytestmark = pytest.mark.system("postgresql")

NewDatabase = Callable[[], str]


async def rows(system: System) -> dict[str, list[Any]]:
    return await asyncio.to_thread(contents, system.layout.settings.register_location)


@pytest.mark.parametrize("before", ["file", "server"])
@pytest.mark.parametrize("after", ["file", "server"])
async def test_register_goes_from_file_and_server_to_either(
    system: System, new_database: NewDatabase, before: str, after: str
) -> None:
    if before == "server":
        await asyncio.to_thread(system.move_register, await asyncio.to_thread(new_database))
        register = await system.register()
        await register.act(lambda _: [account("a.durand")])
        await register.close()
    there = await rows(system)
    await asyncio.to_thread(system.backup)
    await burn(system)
    url = await asyncio.to_thread(new_database) if after == "server" else None
    await asyncio.to_thread(system.move_register, url)
    await back(system)
    assert there["act"]
    assert await rows(system) == there
    await system.town.keeper.start()
    await (await system.register()).close()
    assert await rows(system) == there
    with pytest.raises(NotEmpty):
        await asyncio.to_thread(system.restore)


async def test_copy_of_a_server_knows_what_it_has_seen_and_what_it_waits_for(served: System, tmp_path: Path) -> None:
    place = served.layout.settings.register_location
    state = await asyncio.to_thread(copy_register, place, tmp_path / "copy")
    assert state.seen == await served.town.keeper.ledger.size()
    assert state.proposed == frozenset()
    assert not await asyncio.to_thread(served.layout.settings.paths.register.exists)


async def test_server_that_goes_away_in_the_middle_leaves_no_set(served: System, postgresql: Server) -> None:
    before = await rows(served)
    try:
        with at_first_insert("act", "sqlite", postgresql.kill), pytest.raises(RegisterAway):
            await asyncio.to_thread(served.backup)
        assert await asyncio.to_thread(sets_in, served.medium) == []
        assert not served.layout.work.exists()
        with pytest.raises(RegisterAway):
            await asyncio.to_thread(served.backup)
    finally:
        await asyncio.to_thread(postgresql.start)
    await asyncio.to_thread(served.backup)
    assert len(await asyncio.to_thread(sets_in, served.medium)) == 1
    assert await rows(served) == before


async def test_schema_with_rows_is_refused_by_name_and_nothing_is_written(
    served: System, new_database: NewDatabase
) -> None:
    await asyncio.to_thread(served.backup)
    await burn(served)
    before = await rows(served)
    with pytest.raises(NotEmpty, match="scelle_register"):
        await asyncio.to_thread(served.restore)
    assert await rows(served) == before
    assert not (served.town.directory / "state").exists()
    await asyncio.to_thread(served.move_register, await asyncio.to_thread(new_database))
    await back(served)
    assert await rows(served) == before


async def test_server_that_is_away_is_told_before_anything_is_written(served: System, tmp_path: Path) -> None:
    await asyncio.to_thread(served.backup)
    await burn(served)
    await asyncio.to_thread(served.move_register, f"postgresql:///scelle?host={tmp_path}")
    with pytest.raises(RegisterAway):
        await asyncio.to_thread(served.restore)
    assert not (served.town.directory / "state").exists()
    await asyncio.to_thread(served.move_register, None)
    await back(served)


async def test_server_that_goes_away_while_it_is_written_starts_no_keeper_and_the_same_restore_goes_on(
    served: System, new_database: NewDatabase, postgresql: Server
) -> None:
    before = await rows(served)
    await asyncio.to_thread(served.backup)
    await burn(served)
    await asyncio.to_thread(served.move_register, await asyncio.to_thread(new_database))
    try:
        with at_first_insert("act", "postgresql", postgresql.kill), pytest.raises(RegisterAway):
            await asyncio.to_thread(served.restore)
        assert served.layout.restoring.exists()
        assert not served.layout.ledger.exists()
        with pytest.raises(RegisterAway):
            await asyncio.to_thread(served.restore)
    finally:
        await asyncio.to_thread(postgresql.start)
    await back(served)
    assert await rows(served) == before
    assert not served.layout.restoring.exists()


async def test_restore_that_was_cut_short_after_the_register_takes_its_own_rows_and_no_others(
    served: System, new_database: NewDatabase, postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await rows(served)
    await asyncio.to_thread(served.backup)
    await burn(served)
    url = await asyncio.to_thread(new_database)
    await asyncio.to_thread(served.move_register, url)

    def killed(*_: object) -> None:
        raise OSError("killed")

    with monkeypatch.context() as patch:
        patch.setattr("storage.backup.restoring.write_restored", killed)
        with pytest.raises(OSError, match="killed"):
            await asyncio.to_thread(served.restore)
    assert await rows(served) == before
    sql = "SET search_path TO scelle_register; UPDATE account SET person = {}"
    database = url.partition("@/")[2].partition("?")[0]
    person = before["account"][0][tables.Account.__table__.columns.keys().index("person")]
    await asyncio.to_thread(postgresql.sql, sql.format("'another'"), database)
    with pytest.raises(RegisterOfOthers, match="account"):
        await asyncio.to_thread(served.restore)
    await asyncio.to_thread(postgresql.sql, sql.format(f"'{person}'"), database)
    await back(served)
    assert await rows(served) == before


@pytest.mark.usefixtures("impatient")
async def test_access_that_still_writes_to_the_server_is_not_written_over(
    served: System, new_database: NewDatabase
) -> None:
    await asyncio.to_thread(served.backup)
    await burn(served)
    await asyncio.to_thread(served.move_register, await asyncio.to_thread(new_database))
    access = await asyncio.to_thread(open_database, served.layout.settings.register_location)
    with pytest.raises(DatabaseInUse):
        await asyncio.to_thread(served.restore)
    assert not served.layout.ledger.exists()
    await asyncio.to_thread(access.dispose)
    await back(served)


async def test_set_of_an_older_version_is_brought_to_ours(
    system: System, new_database: NewDatabase, tmp_path: Path
) -> None:
    """A register in a file may be copied by a program that was not started since its update."""
    there = await rows(system)
    engine = await asyncio.to_thread(open_database, system.layout.settings.register_location)
    with engine.begin() as connection:
        for statement in ("DROP TABLE uncovered", *NEVER_ENDED):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0008'")
    engine.dispose()
    await asyncio.to_thread(system.backup)
    await burn(system)
    await asyncio.to_thread(system.move_register, await asyncio.to_thread(new_database))
    await back(system)
    assert await rows(system) == there
