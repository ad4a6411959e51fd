"""What is encrypted opens with the identity, whole or not at all, and by age's own programs."""

import io
from pathlib import Path

import pyrage
import pytest

from nvr.base.errors import InvalidValue
from storage.backup.age import (
    BackupDamaged,
    NotForThisIdentity,
    decrypt,
    decrypt_small,
    encrypt,
    hash_of,
    identities_of,
    new_identity,
    recipients_of,
)

IDENTITY, RECIPIENT = new_identity()
CLEAR = bytes(range(256)) * 1000


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    path = tmp_path / "part.age"
    written = encrypt(io.BytesIO(CLEAR), path, recipients_of([RECIPIENT]))
    assert written == hash_of(path)
    return path


def test_file_is_age_and_opens_with_the_identity_alone(sealed: Path, tmp_path: Path) -> None:
    assert sealed.read_bytes().startswith(b"age-encryption.org/v1\n")
    assert pyrage.decrypt(sealed.read_bytes(), identities_of(IDENTITY)) == CLEAR
    decrypt(sealed, tmp_path / "clear", identities_of(f"# the town's\n\n{IDENTITY}\n"))
    assert (tmp_path / "clear").read_bytes() == CLEAR
    assert (tmp_path / "clear").stat().st_mode & 0o777 == 0o600
    for opening in (lambda: decrypt(sealed, tmp_path / "no", _other()), lambda: decrypt_small(sealed, _other())):
        with pytest.raises(NotForThisIdentity):
            opening()


def _other() -> list[object]:
    return list(identities_of(new_identity()[0]))


@pytest.mark.parametrize("behind", [-10, 60, 100_000, None])
def test_changed_file_does_not_open(sealed: Path, tmp_path: Path, behind: int | None) -> None:
    """So many bytes behind the header, whose length age varies; within its checksum; the last byte."""
    content = bytearray(sealed.read_bytes())
    header_bytes = content.index(b"\n", content.index(b"\n--- ") + 1) + 1
    content[-1 if behind is None else header_bytes + behind] ^= 1
    sealed.write_bytes(content)
    with pytest.raises(BackupDamaged):
        decrypt(sealed, tmp_path / "clear", identities_of(IDENTITY))
    with pytest.raises(BackupDamaged):
        decrypt_small(sealed, identities_of(IDENTITY))


def test_existing_file_is_never_written_over(sealed: Path) -> None:
    with pytest.raises(FileExistsError):
        encrypt(io.BytesIO(b""), sealed, recipients_of([RECIPIENT]))


@pytest.mark.parametrize(
    "text", ["", "# nothing", "AGE-SECRET-KEY-1QQ", RECIPIENT], ids=["empty", "comment", "key", "recipient"]
)
def test_what_is_no_identity_is_refused_and_not_told(text: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        identities_of(text)
    assert "AGE-SECRET-KEY-1QQ" not in str(refused.value)


def test_no_recipient_and_what_is_none_are_refused() -> None:
    for texts in ([], ["age1nonsense"], [IDENTITY]):
        with pytest.raises(InvalidValue):
            recipients_of(texts)
