import errno
import os
from pathlib import Path

import pytest

from config import secrets
from config.secrets import Login
from nvr.base.errors import ConfigError


def test_logins_come_back_and_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    logins = {"cam-1": Login("viewer", "päss"), "cam-2": Login("root", "")}
    secrets.replace(file, logins)
    assert secrets.load(file) == logins
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]


def test_absent_file_holds_nothing(tmp_path: Path) -> None:
    assert secrets.load(tmp_path / "secrets.json") == {}


@pytest.mark.parametrize("content", ["hunter22", "[]", '{"a": "hunter22"}', '{"a": ["u"]}', '{"a": [1, "hunter22"]}'])
def test_broken_file_is_named_without_its_content(tmp_path: Path, content: str) -> None:
    file = tmp_path / "secrets.json"
    file.write_text(content)
    file.chmod(0o600)
    with pytest.raises(ConfigError) as refusal:
        secrets.load(file)
    assert "hunter22" not in f"{refusal.value!r} {refusal.value} {refusal.value.__cause__}"


@pytest.mark.parametrize("odd", ["p%40:é/\\\"'#?&=@ ", "密码", "\N{PILE OF POO}", " "])
def test_password_of_any_characters_comes_back(tmp_path: Path, odd: str) -> None:
    file = tmp_path / "secrets.json"
    secrets.replace(file, {"cam-1": Login(odd, odd)})
    assert secrets.load(file) == {"cam-1": Login(odd, odd)}


@pytest.mark.parametrize("bad", [r"hunter22\r\nX: y", r"hunter22\u0000", r"hunter22\ud800"])
@pytest.mark.parametrize("place", ['["{}", "p"]', '["u", "{}"]'])
def test_login_that_no_header_can_hold_is_named_by_its_reference_alone(tmp_path: Path, bad: str, place: str) -> None:
    file = tmp_path / "secrets.json"
    file.write_text('{"cam-7": ' + place.replace("{}", bad) + "}")
    file.chmod(0o600)
    with pytest.raises(ConfigError, match="control character") as refusal:
        secrets.load(file)
    assert "cam-7" in str(refusal.value)
    assert "hunter22" not in f"{refusal.value!r} {refusal.value}"


def test_file_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    secrets.replace(file, {})
    file.chmod(0o604)
    with pytest.raises(ConfigError, match="chmod"):
        secrets.load(file)


def test_login_is_not_shown() -> None:
    assert "hunter22" not in repr(Login("viewer", "hunter22"))


@pytest.mark.parametrize("refusing", ["fsync", "fchmod"])
def test_disk_that_is_full_keeps_the_file_before_and_leaves_no_password_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusing: str
) -> None:
    file = tmp_path / "secrets.json"
    before = {"cam-1": Login("viewer", "one")}
    secrets.replace(file, before)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, refusing, full)
    with pytest.raises(OSError, match="No space left"):
        secrets.replace(file, {"cam-1": Login("viewer", "two")})
    assert secrets.load(file) == before
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]


def test_file_that_a_crash_left_half_written_is_written_over(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    (tmp_path / ".secrets.json.new").write_text("half")
    secrets.replace(file, {})
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]
