"""`nvr-admin ledger checkpoint`: what somebody keeps elsewhere, as it was signed."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from nvr.app.cli.admin_books import app
from nvr.base.errors import Refused
from nvr.base.units import UtcUs
from storage.ledger.reader import DATABASE_NAME, LedgerReader
from storage.ledger.store import Ledger, create_ledger
from tests.nvr.app.fixtures import write_config


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    directory = tmp_path / "state" / "ledger"
    directory.mkdir(parents=True)
    create_ledger(directory, "test.example", UtcUs(1_790_000_000_000_000))
    ledger = Ledger(directory, "test.example")
    yield ledger
    ledger.close()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path)


def checkpoint(config: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["ledger-checkpoint", "--config", str(config), *words], catch_exceptions=False)


def test_newest_checkpoint_is_printed_byte_for_byte(config: Path, ledger: Ledger, tmp_path: Path) -> None:
    note = ledger.sign()
    assert checkpoint(config).output == note
    assert json.loads(checkpoint(config, "--json").output) == {"checkpoint": note}
    with closing(LedgerReader(tmp_path / "state" / "ledger" / DATABASE_NAME)) as reader:
        assert note == reader.checkpoint(1)


def test_file_that_is_there_already_is_left_alone(config: Path, ledger: Ledger, tmp_path: Path) -> None:
    note, out = ledger.sign(), tmp_path / "checkpoint.txt"
    assert checkpoint(config, "--out", str(out)).output == ""
    assert out.read_text() == note
    out.write_text("of last week")
    with pytest.raises(Refused, match="file-exists"):
        checkpoint(config, "--out", str(out))
    assert out.read_text() == "of last week"
