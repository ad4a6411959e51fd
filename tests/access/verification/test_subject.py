"""Files under test are read only when they are files of a sane size, and never through a link."""

import os
from pathlib import Path

import pytest

from access.export.layout import LOG_KEY
from access.verification.report import CannotRun
from access.verification.subject import MOST_BYTES, Subject
from tests.access.export.test_signing import UNKNOWN_KIND


def told(subject: Subject, name: str) -> str:
    with pytest.raises(CannotRun) as stopped:
        subject.bytes_of(name)
    assert stopped.value.found.file == name
    return stopped.value.found.id


@pytest.mark.parametrize("key", [b"no key", UNKNOWN_KIND])
def test_key_of_the_ledger_that_is_none_is_told(tmp_path: Path, key: bytes) -> None:
    (tmp_path / LOG_KEY).parent.mkdir()
    (tmp_path / LOG_KEY).write_bytes(key)
    with pytest.raises(CannotRun) as stopped:
        _ = Subject(tmp_path).log_key
    assert (stopped.value.found.id, stopped.value.found.file) == ("key-unusable", LOG_KEY)


def test_link_pipe_directory_and_absent_file_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "directory").mkdir()
    subject = Subject(tmp_path)
    assert [told(subject, name) for name in ("link", "pipe", "directory", "absent")] == [
        "not-a-file",
        "not-a-file",
        "not-a-file",
        "file-missing",
    ]


def test_giant_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "giant").touch()
    os.truncate(tmp_path / "giant", MOST_BYTES + 1)
    assert told(Subject(tmp_path), "giant") == "file-too-large"


def test_entries_are_named_by_what_the_manifest_relies_on(good: Path) -> None:
    names = Subject(good).entry_names()
    assert [name for name in names if not name.startswith("seal-")] == ["grant", "release-1", "open", "export"]
    assert len(names) == 6


def test_proof_with_more_in_it_is_refused(bundle: Path) -> None:
    path = bundle / "proofs" / "grant.tlog-proof"
    path.write_text(path.read_text().replace("\nindex", "\nextra AAAA\nindex"))
    with pytest.raises(CannotRun, match="more than a proof"):
        Subject(bundle).proof("grant")


def test_records_under_another_name_are_refused(bundle: Path) -> None:
    first, second = sorted((bundle / "proofs" / "records").iterdir())
    first.write_bytes(second.read_bytes())
    with pytest.raises(CannotRun, match="records-invalid"):
        Subject(bundle).records(first.stem)
