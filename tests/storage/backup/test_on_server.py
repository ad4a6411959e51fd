"""A register on a PostgreSQL server: its copy is of one instant and whole, and what is put there is all or nothing."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from config.database import PostgresSchema
from nvr.base.errors import ConfigError
from storage import databases
from storage.backup.on_server import (
    RegisterAway,
    RegisterNotGranted,
    RegisterNotTaken,
    RegisterOfOthers,
    RegisterOtherVersion,
    copy_from_server,
    holds_rows,
    put_on_server,
    size_on_server,
)
from storage.register.database import open_database
from tests.storage.backup.full import LARGE, at_first_insert, at_first_question, contents, fill
from tools.postgresql_server import Server

pytestmark = pytest.mark.system("postgresql")


@pytest.fixture
def place(postgresql: Server) -> PostgresSchema:
    return postgresql.fresh()


@pytest.fixture
def full(place: PostgresSchema) -> PostgresSchema:
    fill(place)
    return place


@pytest.fixture
def stranger(postgresql: Server) -> Iterator[str]:
    """A user who owns nothing."""
    postgresql.sql('CREATE USER "stran-ger"')
    yield "stran-ger"
    postgresql.sql('DROP OWNED BY "stran-ger"; DROP USER "stran-ger"')


def by(server: Server, place: PostgresSchema, user: str) -> PostgresSchema:
    return replace(place, url=server.url(user=user))


def sql(server: Server, place: PostgresSchema, text: str) -> str:
    return server.sql(f'SET search_path TO "{place.schema}"; {text}').removeprefix("SET").strip()


def test_every_row_goes_into_a_file_and_back_onto_a_server(
    postgresql: Server, full: PostgresSchema, tmp_path: Path
) -> None:
    file, back = tmp_path / "register", postgresql.fresh()
    copy_from_server(full, file)
    assert [path.name for path in tmp_path.iterdir()] == ["register"]
    assert all(contents(file).values())
    assert contents(file) == contents(full)
    assert not holds_rows(back)
    put_on_server(file, back)
    assert contents(back) == contents(full)
    assert holds_rows(back)


def test_server_counts_on_behind_the_rows_that_were_put_there(
    postgresql: Server, full: PostgresSchema, tmp_path: Path
) -> None:
    back = postgresql.fresh()
    copy_from_server(full, tmp_path / "register")
    put_on_server(tmp_path / "register", back)
    assert sql(postgresql, back, "SELECT nextval('act_row_seq')") == str(LARGE + 1)


def test_writer_that_commits_between_two_tables_does_not_wait_and_is_not_half_in_the_copy(
    postgresql: Server, full: PostgresSchema, tmp_path: Path
) -> None:
    before = contents(full)

    def write() -> None:
        change = "UPDATE progress SET ledger_size = 99; UPDATE uncovered SET reason = 'x'; DELETE FROM export"
        sql(postgresql, full, f"SET lock_timeout = 1; {change}")

    with at_first_insert("authorisation", "sqlite", write):
        copy_from_server(full, tmp_path / "register")
    assert contents(tmp_path / "register") == before
    assert contents(full)["progress"] == [(1, 99)]


def test_erasing_waits_for_the_copy_which_would_keep_what_was_erased(
    postgresql: Server, full: PostgresSchema, tmp_path: Path
) -> None:
    """The server keeps old rows of a table that it writes anew for whoever still looks at an older instant."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
    sql(postgresql, full, "UPDATE account SET person = 'Jeanne'")
    erasing: list[Future[None]] = []

    def erase() -> None:
        sql(postgresql, full, "UPDATE account SET person = NULL")
        postgresql.sql(f'VACUUM (FULL, ANALYZE) "{full.schema}".account')  # as `erase_leftovers`, of one table

    with ThreadPoolExecutor(1) as thread:

        def begin() -> None:
            erasing.append(thread.submit(erase))
            while postgresql.sql(waiting) == "0":
                assert not erasing[0].done()

        with at_first_question("alembic_version", begin):
            copy_from_server(full, tmp_path / "register")
        erasing[0].result()
    table = postgresql.sql(f"SELECT pg_relation_filepath('\"{full.schema}\".account')")
    postgresql.sql("CHECKPOINT")
    assert b"Jeanne" not in (postgresql.data / table).read_bytes()
    assert "Jeanne" in str(contents(tmp_path / "register")["account"])


def test_server_that_goes_away_while_it_is_read_is_told(
    postgresql: Server, full: PostgresSchema, tmp_path: Path
) -> None:
    try:
        with at_first_insert("authorisation", "sqlite", postgresql.kill), pytest.raises(RegisterAway) as told:
            copy_from_server(full, tmp_path / "register")
    finally:
        postgresql.start()
    assert told.value.fields["database"] == str(full)
    assert not any(contents(tmp_path / "register").values())


def test_server_that_is_not_there_is_told_by_everything(tmp_path: Path) -> None:
    away, file = PostgresSchema(f"postgresql:///scelle?host={tmp_path}", "scelle_register"), tmp_path / "register"
    for work in (
        lambda: copy_from_server(away, file),
        lambda: put_on_server(file, away),
        lambda: holds_rows(away),
        lambda: size_on_server(away),
    ):
        with pytest.raises(RegisterAway):
            work()


def test_user_who_may_not_read_is_told_what_to_grant_and_then_it_is_enough(
    postgresql: Server, full: PostgresSchema, stranger: str, tmp_path: Path
) -> None:
    asking = by(postgresql, full, stranger)
    with pytest.raises(RegisterNotGranted):
        holds_rows(asking)
    with pytest.raises(RegisterNotGranted) as refused:
        copy_from_server(asking, tmp_path / "register")
    grant = str(refused.value.fields["grant"])
    usage, _ = grant.split(";", 1)
    postgresql.sql(usage)
    with pytest.raises(RegisterNotGranted):
        copy_from_server(asking, tmp_path / "register")
    postgresql.sql(grant)
    copy_from_server(asking, tmp_path / "register")
    assert contents(tmp_path / "register") == contents(full)


def test_user_who_may_make_no_schema_is_told_what_to_grant_and_then_it_is_enough(
    postgresql: Server, place: PostgresSchema, stranger: str, tmp_path: Path
) -> None:
    fill(tmp_path / "register")
    asking = by(postgresql, place, stranger)
    with pytest.raises(RegisterNotGranted) as refused:
        put_on_server(tmp_path / "register", asking)
    postgresql.sql(str(refused.value.fields["grant"]))
    put_on_server(tmp_path / "register", asking)
    assert contents(asking) == contents(tmp_path / "register")


def test_schema_of_another_version_is_not_copied(postgresql: Server, full: PostgresSchema, tmp_path: Path) -> None:
    sql(postgresql, full, "UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(RegisterOtherVersion, match="0001"):
        copy_from_server(full, tmp_path / "register")
    sql(postgresql, full, "DROP TABLE uncovered")
    with pytest.raises(RegisterOtherVersion, match="uncovered"):
        copy_from_server(full, tmp_path / "register")
    with pytest.raises(RegisterOtherVersion, match="no such schema"):
        copy_from_server(postgresql.fresh(), tmp_path / "register")


def test_rows_that_are_there_already_are_left_unless_they_are_those_of_the_file(
    postgresql: Server, full: PostgresSchema, tmp_path: Path
) -> None:
    copy_from_server(full, tmp_path / "register")
    before = contents(full)
    put_on_server(tmp_path / "register", full)
    assert contents(full) == before
    sql(postgresql, full, "UPDATE export SET files = 77")
    with pytest.raises(RegisterOfOthers):
        put_on_server(tmp_path / "register", full)
    assert sql(postgresql, full, "SELECT count(*) FROM export WHERE files = 77") == "2"


def test_any_row_of_any_table_is_one_and_the_version_is_none(postgresql: Server, place: PostgresSchema) -> None:
    open_database(place).dispose()
    assert not holds_rows(place)
    sql(postgresql, place, "CREATE TABLE theirs (x integer)")
    assert not holds_rows(place)
    sql(postgresql, place, "INSERT INTO theirs VALUES (1)")
    assert holds_rows(place)


def test_looking_for_rows_makes_nothing(place: PostgresSchema) -> None:
    assert not holds_rows(place)
    assert not databases.exists(place)
    assert size_on_server(place) == 0


def test_size_grows_with_the_rows(full: PostgresSchema, postgresql: Server) -> None:
    before = size_on_server(full)
    sql(postgresql, full, "INSERT INTO point (point, number) SELECT n, n FROM generate_series(1, 10000) n")
    assert size_on_server(full) > before + 100_000


def test_server_that_goes_away_while_it_is_written_has_nothing_of_it(
    postgresql: Server, place: PostgresSchema, tmp_path: Path
) -> None:
    fill(tmp_path / "register")
    try:
        with at_first_insert("authorisation", "postgresql", postgresql.kill), pytest.raises(RegisterAway):
            put_on_server(tmp_path / "register", place)
    finally:
        postgresql.start()
    assert not holds_rows(place)
    put_on_server(tmp_path / "register", place)
    assert contents(place) == contents(tmp_path / "register")


def test_text_that_the_server_can_not_hold_is_told_without_the_row(place: PostgresSchema, tmp_path: Path) -> None:
    fill(tmp_path / "register")
    with closing(sqlite3.connect(tmp_path / "register")) as file, file:
        file.execute("UPDATE export SET manifest = 'secret' || char(0)")
    with pytest.raises(RegisterNotTaken) as refused:
        put_on_server(tmp_path / "register", place)
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert not holds_rows(place)


def test_file_of_a_newer_version_is_refused(place: PostgresSchema, tmp_path: Path) -> None:
    fill(tmp_path / "register")
    with closing(sqlite3.connect(tmp_path / "register")) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigError, match="9999"):
        put_on_server(tmp_path / "register", place)
    assert not databases.exists(place)
