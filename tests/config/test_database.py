"""Where index and register live: what may stand in the file, and that no secret is told."""

import re
import traceback
from pathlib import Path

import pytest

from config.database import PostgresSchema, password_in
from config.load import parse
from config.model import Settings
from nvr.base.errors import ConfigError

EXAMPLE = Path(__file__).resolve().parents[2] / "config" / "scelle.example.toml"
LEAST = """\
[system]
origin = "nvr.ville.example"
[keyring]
places = ["/srv/a/keyring"]
[[volume]]
name = "a"
path = "/srv/a"
[database]
"""


def settings(*lines: str) -> Settings:
    return parse("\n".join([LEAST, *lines]), Path("scelle.toml"))


def test_without_a_url_both_are_files() -> None:
    found = settings()
    assert (found.index_location, found.register_location) == (found.paths.index, found.paths.register)
    assert found.index_schema is None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///scelle",
        "postgresql://scelle-index@/scelle",
        "postgresql://scelle@db.ville.example:5433/scelle?sslmode=verify-full&sslrootcert=/etc/scelle/db.pem",
        "postgresql://scelle@[2001:db8::7]/scelle",
        "postgres:///?service=scelle",
        "postgresql:///scelle?host=/run/postgresql&passfile=/etc/scelle/pgpass",
    ],
)
def test_url_names_a_database_and_the_schema_is_ours(url: str) -> None:
    found = settings(f'index = "{url}"', 'password_file = "/etc/scelle/database.password"')
    password_file = Path("/etc/scelle/database.password")
    assert found.index_location == PostgresSchema(url, "scelle_index", password_file)
    assert found.register_location == found.paths.register
    both = settings(f'register = "{url}"').register_location
    assert both == PostgresSchema(url, "scelle_register", None)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgresql://scelle:c4nary-bird@db/scelle", "no password may stand here"),
        ("postgresql://scelle:@db/scelle", "no password may stand here"),
        ("postgresql:///scelle?password=c4nary-bird", "no password may stand here"),
        ("postgresql:///scelle?sslpassword=c4nary-bird", "none of channel_binding"),
        ("postgresql:///scelle?options=-csearch_path%3Dpublic", "none of channel_binding"),
        ("postgresql:///scelle?host=/a&host=/c4nary-bird", "given twice"),
        ("postgresql:///scelle?c4nary-bird", "not the URL"),
        ("mysql://c4nary-bird@db/scelle", "not the URL"),
        ("postgresql:scelle-c4nary-bird", "not the URL"),
        ("postgresql://db:0/c4nary-bird", "not the URL"),
        ("postgresql://db:70000/c4nary-bird", "not the URL"),
        ("postgresql://db:c4nary-bird/scelle", "not the URL"),
        ("postgresql://db/scelle/c4nary-bird", "not the URL"),
        ("postgresql://db/scelle#c4nary-bird", "not the URL"),
        ("postgresql://db/scelle%00c4nary-bird", "not the URL"),
        ("", "not the URL"),
    ],
)
@pytest.mark.parametrize("key", ["index", "register"])
def test_url_that_can_not_be_used_is_told_by_its_key_and_never_quoted(key: str, url: str, why: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        settings(f'{key} = "{url}"')
    assert (refusal.value.fields["key"], refusal.value.fields["line"]) == (f"database.{key}", 10)
    assert why in str(refusal.value.fields["why"])
    assert "c4nary" not in "".join(traceback.format_exception(refusal.value))


def test_password_file_is_named_by_its_key() -> None:
    with pytest.raises(ConfigError) as refusal:
        settings('password_file = "database.password"')
    assert refusal.value.fields["key"] == "database.password_file"


def test_example_shows_every_key_in_a_way_that_works() -> None:
    section = EXAMPLE.read_text().partition("[database]")[2].partition("\n[")[0]
    keys = re.findall(r"^# (\w+ = .+)$", section, re.MULTILINE)
    assert {key.partition(" ")[0] for key in keys} == {"index", "register", "password_file"}
    assert isinstance(settings(*keys).index_location, PostgresSchema)


def test_password_is_the_line_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes("pâss wörd \n".encode())
    file.chmod(0o600)
    assert password_in(file) == "pâss wörd "


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        (None, 0o600, "can not be read"),
        (b"c4nary\n", 0o604, "everybody can read it"),
        (b"\n", 0o600, "not one line"),
        (b"c4nary\nbird\n", 0o600, "not one line"),
        (b"c4nary\xff\n", 0o600, "not UTF-8"),
    ],
)
def test_file_that_holds_no_password_is_refused_without_its_content(
    tmp_path: Path, content: bytes | None, mode: int, why: str
) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
        file.chmod(mode)
    with pytest.raises(ConfigError, match=why) as refusal:
        password_in(file)
    assert refusal.value.fields["key"] == "database.password_file"
    assert "c4nary" not in "".join(traceback.format_exception(refusal.value))
