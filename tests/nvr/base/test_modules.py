"""A module of ours as a process."""

import subprocess
from pathlib import Path

from nvr.base.modules import module_command


def test_module_that_lies_where_a_person_stands_is_not_taken_for_ours(tmp_path: Path) -> None:
    (tmp_path / "nvr").mkdir()
    (tmp_path / "nvr" / "__init__.py").write_text("raise SystemExit('a stranger was loaded')")
    (tmp_path / "json.py").write_text("raise SystemExit('a stranger was loaded')")
    command = module_command("nvr.app.cli.custodian", "--help")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
