"""Where the keeper's files are, as docs/design/processes.md lists them."""

import dataclasses
from pathlib import Path

from tests.storage.keeping.town import Town


def test_files_are_where_the_design_says(tmp_path: Path) -> None:
    settings = Town(tmp_path).settings
    names = (settings.ledger, settings.blobs, settings.index, settings.spools, settings.camera_snapshot)
    assert [str(path.relative_to(settings.state)) for path in names] == [
        "ledger",
        "ledger/blobs",
        "index/index.db",
        "spool",
        "snapshot/cameras.json",
    ]
    assert settings.spool_directories == (settings.spools,)
    elsewhere = dataclasses.replace(settings, runtime=tmp_path / "run")
    assert elsewhere.spool_directories == (settings.spools, tmp_path / "run" / "spool")
