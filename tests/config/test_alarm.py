"""Section `[alarm]`: what would send a password in clear, or run something by chance, is refused by its key."""

from pathlib import Path

import pytest

from config.load import load, parse
from nvr.base.errors import ConfigError

BASE = """\
[system]
origin = "nvr.ville.example"
[[volume]]
name = "a"
path = "/a"
[keyring]
places = ["/k"]
"""
MAIL = '[alarm.mail]\nhost = "smtp.ville.example"\nsender = "nvr@ville.example"\nrecipients = ["a@ville.example"]\n'


def test_without_the_section_nobody_is_told_and_messages_would_be_french() -> None:
    alarm = parse(BASE, Path("f")).alarm
    assert (alarm.language, alarm.mail, alarm.command, alarm.apprise) == ("fr", None, None, None)


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_port_follows_from_the_encryption(security: str, port: int) -> None:
    mail = parse(f'{BASE}{MAIL}security = "{security}"\n', Path("f")).alarm.mail
    assert mail is not None
    assert mail.port_used == port
    own = parse(f'{BASE}{MAIL}security = "{security}"\nport = 2525\n', Path("f")).alarm.mail
    assert own is not None
    assert own.port_used == 2525


@pytest.mark.parametrize(
    ("text", "key", "why"),
    [
        (f'{MAIL}security = "none"\nuser = "nvr"\n', "alarm.mail", "without encryption"),
        (MAIL.replace('"a@ville.example"', '"A <a@ville.example>"'), "alarm.mail.recipients[0]", "pattern"),
        (MAIL.replace('"a@ville.example"', '"a@ville.example\\nBcc: b@x"'), "alarm.mail.recipients[0]", "pattern"),
        (MAIL.replace('["a@ville.example"]', "[]"), "alarm.mail.recipients", "at least 1"),
        ('[alarm.command]\nargv = ["sms"]\n', "alarm.command", "absolute"),
        ('[alarm.apprise]\nurls = ["ntfy://token@x/y"]\n', "alarm.apprise.urls", "unknown key"),
        ("[alarm]\ndaily_hour = 24\n", "alarm.daily_hour", "less than or equal to 23"),
    ],
)
def test_wrong_value_is_refused_by_its_key(text: str, key: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(BASE + text, Path("f"))
    assert caught.value.fields["key"] == key
    assert why in str(caught.value.fields["why"])


def test_credential_stands_for_the_secrets_file(tmp_path: Path) -> None:
    file = tmp_path / "scelle.toml"
    file.write_text(BASE)
    assert load(file, {"CREDENTIALS_DIRECTORY": str(tmp_path)}).alarm.secrets == Path("/etc/scelle/alarm.json")
    (tmp_path / "alarm-secrets").write_text("{}")
    assert load(file, {"CREDENTIALS_DIRECTORY": str(tmp_path)}).alarm.secrets == tmp_path / "alarm-secrets"
