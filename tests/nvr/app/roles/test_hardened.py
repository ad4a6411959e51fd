"""Every role reads a key: the recorder its boot's, the keeper the ledger's, access the machine's."""

import runpy
from pathlib import Path

import pytest

from nvr.app import process
from nvr.app import roles as roles_package


@pytest.mark.parametrize("role", ["recorder", "keeper", "access"])
def test_role_gives_up_core_dumps(role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hardened: dict[str, bool] = {}

    def main(name: str, work: object, *, holds_keys: bool) -> int:
        hardened[name] = holds_keys
        return 0

    monkeypatch.setattr(process, "main", main)
    with pytest.raises(SystemExit):
        runpy.run_path(str(Path(str(roles_package.__file__)).with_name(f"{role}.py")), run_name="__main__")
    assert hardened == {role: True}
