"""What the keeper's core is told of the configuration."""

from pathlib import Path

import pytest

from config.database import PostgresSchema
from config.load import parse
from nvr.app.keeper_settings import keeper_settings
from storage.keeping.settings import EvidenceSetting
from tests.nvr.app.fixtures import CONFIG


@pytest.mark.parametrize(("section", "reserve_bytes"), [("", 10 << 30), ("[keeper]\nreserve_gib = 0\n", 0)])
def test_reserve_of_the_configuration_reaches_the_keeper(section: str, reserve_bytes: int) -> None:
    settings = parse(CONFIG.format("/srv") + section, Path("scelle.toml"))
    assert keeper_settings(settings).reserve_bytes == reserve_bytes


def test_evidence_volume_reaches_the_keeper_with_its_budget() -> None:
    table = '[[volume]]\nname = "e"\npath = "/srv/e"\nevidence = true\nbudget_gib = 3\n'
    settings = keeper_settings(parse(CONFIG.format("/srv") + table, Path("scelle.toml")))
    assert settings.evidence() == [EvidenceSetting(Path("/srv/e"), budget_bytes=3 << 30)]
    assert Path("/srv/e") in settings.volumes()


def test_keeper_reads_spools_wherever_a_recorder_puts_them() -> None:
    settings = parse(CONFIG.format("/srv"), Path("scelle.toml"))
    paths = settings.paths
    assert keeper_settings(settings).spool_directories == (paths.spool, paths.runtime / "spool")


def test_index_on_a_server_reaches_the_keeper() -> None:
    settings = parse(CONFIG.format("/srv") + '[database]\nindex = "postgresql:///scelle"\n', Path("scelle.toml"))
    assert (
        keeper_settings(settings).index_location
        == settings.index_location
        == PostgresSchema("postgresql:///scelle", "scelle_index")
    )
    without = parse(CONFIG.format("/srv"), Path("scelle.toml"))
    assert keeper_settings(without).index_location == without.index_location == Path("/srv/state/index/index.db")
