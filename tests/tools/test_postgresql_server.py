"""The server that tests and benchmarks start."""

import pytest

from tools.postgresql_server import Server


@pytest.mark.system("postgresql")
def test_server_answers_comes_back_after_its_death_and_leaves_nothing() -> None:
    server = Server()
    server.start()
    server.sql("CREATE TABLE kept (x integer)")
    server.sql("CHECKPOINT")
    server.kill()
    server.start()
    assert server.sql("SELECT count(*) FROM kept") == "0"
    assert server.fresh() != server.fresh()
    server.close()
    assert not server.directory.exists()


def test_machine_without_a_server_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.postgresql_server.programs", lambda: None)
    with pytest.raises(RuntimeError, match="no PostgreSQL"):
        Server()
