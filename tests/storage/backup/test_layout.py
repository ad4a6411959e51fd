"""Names in a backup lead to paths of the configuration, and nowhere else."""

from pathlib import Path

import pytest

from tests.storage.backup.system import System


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> System:
    return System(tmp_path_factory.mktemp("system"))


def test_each_name_has_its_path(system: System) -> None:
    paths = system.layout.settings.paths
    assert system.layout.path_of("machine.key") == system.layout.settings.keys.machine_key
    assert system.layout.path_of("sets/0123.json") == paths.access / "sets" / "0123.json"
    assert system.layout.path_of("owner/ledger") == paths.ledger


@pytest.mark.parametrize("name", ["sets/../../x.json", "sets/.x", "../x", "/etc/passwd", "unknown", "sets/a/b.json"])
def test_name_that_leads_elsewhere_has_none(system: System, name: str) -> None:
    assert system.layout.path_of(name) is None


def test_every_secret_and_every_folder_of_a_role_is_named(system: System) -> None:
    state = Path(system.layout.settings.paths.state)
    assert {"machine.key", "export.key", "log.key", "logins.json", "alarm.json"} <= set(system.layout.files)
    assert {path for path in system.layout.owned.values() if path.is_relative_to(state)} >= {
        state / name for name in ("ledger", "index", "register", "access", "secrets", "spool", "shard", "watch")
    }
