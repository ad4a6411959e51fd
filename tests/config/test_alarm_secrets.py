"""The secrets of the alarm channels: read whole or refused, and never told."""

from pathlib import Path

import pytest

from config.alarm_secrets import AlarmSecrets, load
from nvr.base.errors import ConfigError

SECRET = "hunter22"


def written(folder: Path, content: str, mode: int = 0o600) -> Path:
    file = folder / "alarm.json"
    file.write_text(content)
    file.chmod(mode)
    return file


def test_password_and_urls_come_back_and_repr_shows_none(tmp_path: Path) -> None:
    found = load(written(tmp_path, '{"mail": "hunter22", "apprise": ["ntfy://hunter22@h/x"]}'))
    assert (found.mail, found.apprise) == (SECRET, ("ntfy://hunter22@h/x",))
    assert SECRET not in repr(found)


def test_absent_file_holds_nothing(tmp_path: Path) -> None:
    assert load(tmp_path / "alarm.json") == AlarmSecrets()


@pytest.mark.parametrize(
    "content",
    [SECRET, '["hunter22"]', '{"mail": 7}', '{"apprise": "hunter22"}', '{"apprise": ["x", 7]}', '{"sms": "x"}'],
)
def test_broken_file_is_named_without_its_content(tmp_path: Path, content: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, content))
    assert SECRET not in str(caught.value)
    assert caught.value.fields["file"] == str(tmp_path / "alarm.json")


def test_file_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="everybody"):
        load(written(tmp_path, "{}", 0o644))


def test_file_that_can_not_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "alarm.json").mkdir()
    with pytest.raises(ConfigError, match="can not be read"):
        load(tmp_path / "alarm.json")
