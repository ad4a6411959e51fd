"""Databases for tests: everything that is said of an index or a register is said of both kinds."""

from collections.abc import Callable

import pytest

from config.database import Location
from tools.postgresql_server import Server


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system("postgresql"))])
def new_location(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Location]:
    """Gives places of databases that are not there yet, of either kind."""
    if request.param == "sqlite":
        return lambda: tmp_path_factory.mktemp("database") / "some.db"
    server: Server = request.getfixturevalue("postgresql")
    return server.fresh


@pytest.fixture
def location(new_location: Callable[[], Location]) -> Location:
    """One of them."""
    return new_location()
