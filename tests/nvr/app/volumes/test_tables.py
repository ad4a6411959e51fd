"""Changes of the `[[volume]]` tables leave everything else as people wrote it, or are refused."""

import os
import stat
from pathlib import Path

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from config.load import load
from config.model import Volume
from nvr.app.volumes.tables import ConfigChanged, ConfigNotKept, ConfigNotWritten, VolumeTables
from nvr.base.errors import ConfigError
from storage import disk

HEAD = """\
# The town's recorder. Do not touch before calling Mme Petit.
[system]
origin = "nvr.ville.example"   # for good

"""
VOLUMES = """\
# the two in front
[[volume]]
name = "disk1"
path = "/srv/scelle/disk1" # mirrored
bay = "1"

[[volume]]
name = "disk2"
path = "/srv/scelle/disk2"

"""
REST = """\
[keyring]
# keys
places = ["/srv/scelle/keys1",
          "/srv/scelle/keys2"]

[recorder]
queue_mib   =   512
"""
DISK3 = Volume(name="disk3", path=Path("/srv/scelle/disk3"), bay="3")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "scelle.toml"
    path.write_text(HEAD + VOLUMES + REST)
    path.chmod(0o640)
    return path


def test_added_volume_stands_behind_the_others_and_nothing_else_has_changed(file: Path) -> None:
    VolumeTables.read(file).add(DISK3)
    text = file.read_text()
    before, table, after = text.partition('[[volume]]\nname = "disk3"\npath = "/srv/scelle/disk3"\nbay = "3"\n\n')
    assert table
    assert before.strip() == (HEAD + VOLUMES).strip()
    assert after.strip() == REST.strip()
    assert load(file, {}).volume[-1] == DISK3
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_drain_is_one_line_and_its_undoing_gives_the_file_back(file: Path) -> None:
    path = Path("/srv/scelle/disk1")
    VolumeTables.read(file).drain(path, drain=True)
    assert [(one.path.name, one.drain) for one in load(file, {}).volume] == [("disk1", True), ("disk2", False)]
    added = set(file.read_text().splitlines()) - set((HEAD + VOLUMES + REST).splitlines())
    assert added == {"drain = true"}
    VolumeTables.read(file).drain(path, drain=False)
    assert file.read_text() == HEAD + VOLUMES + REST


def test_removed_volume_takes_its_own_table_alone(file: Path) -> None:
    VolumeTables.read(file).remove(Path("/srv/scelle/disk1"))
    text = file.read_text()
    assert [one.name for one in load(file, {}).volume] == ["disk2"]
    assert text.startswith(HEAD)
    assert text.endswith(REST)


def test_last_volume_is_not_removed(file: Path) -> None:
    VolumeTables.read(file).remove(Path("/srv/scelle/disk1"))
    before = file.read_bytes()
    with pytest.raises(ConfigError):
        VolumeTables.read(file).remove(Path("/srv/scelle/disk2"))
    assert file.read_bytes() == before


@pytest.mark.parametrize("taken", [{"name": "disk1"}, {"path": Path("/srv/scelle/disk2")}])
def test_name_or_path_that_is_taken_is_refused(file: Path, taken: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="same"):
        VolumeTables.read(file).add(DISK3.model_copy(update=taken))
    assert file.read_text() == HEAD + VOLUMES + REST


def test_change_that_another_made_meanwhile_is_not_overwritten(file: Path) -> None:
    change = VolumeTables.read(file)
    file.write_text(HEAD + VOLUMES + REST + "stall_seconds = 20\n")
    with pytest.raises(ConfigChanged):
        change.add(DISK3)
    assert file.read_text().endswith("stall_seconds = 20\n")


def test_file_that_can_not_be_written_is_told_and_stays(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> int:
        raise OSError(30, "Read-only file system")

    change = VolumeTables.read(file)
    monkeypatch.setattr(disk, "open_file", refuses)
    with pytest.raises(ConfigNotWritten, match="Read-only"):
        change.add(DISK3)
    assert file.read_text() == HEAD + VOLUMES + REST


def test_volumes_of_an_inline_list_are_for_people_to_edit(file: Path) -> None:
    inline = 'volume = [{name = "disk1", path = "/srv/scelle/disk1"}]\n'
    file.write_text(inline + HEAD + REST)
    with pytest.raises(ConfigNotKept):
        VolumeTables.read(file).add(DISK3)
    assert file.read_text() == inline + HEAD + REST


def test_path_is_found_however_it_is_spelt(file: Path) -> None:
    file.write_text(file.read_text().replace('"/srv/scelle/disk2"', "'/srv//scelle/disk2/'"))
    VolumeTables.read(file).drain(Path("/srv/scelle/disk2"), drain=True)
    assert [one.drain for one in load(file, {}).volume] == [False, True]


@pytest.mark.parametrize("lost", ['bay = "1"\n', "queue_mib   =   512\n"])
def test_file_of_which_the_library_would_lose_a_line_is_left_as_it_is(
    file: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    dumps = tomlkit.dumps
    monkeypatch.setattr(tomlkit, "dumps", lambda document: dumps(document).replace(lost, ""))
    with pytest.raises(ConfigNotKept):
        VolumeTables.read(file).add(DISK3)
    assert file.read_text() == HEAD + VOLUMES + REST


def test_link_to_the_file_stays_a_link(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    VolumeTables.read(link).add(DISK3)
    assert link.is_symlink()
    assert load(file, {}).volume[-1] == DISK3


def test_new_file_has_the_owner_of_the_old_one(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given_to: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "fchown", lambda _, user, group: given_to.append((user, group)))
    status = file.stat()
    VolumeTables.read(file).add(DISK3)
    assert given_to == [(status.st_uid, status.st_gid)]


COMMENT = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=20).map(lambda text: f"# {text}\n")


@given(comments=st.lists(COMMENT, min_size=5, max_size=5), order=st.permutations([0, 1, 2]))
def test_what_people_wrote_around_the_tables_survives_a_drain_and_its_undoing(
    tmp_path_factory: pytest.TempPathFactory, comments: list[str], order: list[int]
) -> None:
    parts = [HEAD, VOLUMES, REST]
    text = "".join(comments[at] + parts[number] + "\n" for at, number in enumerate(order)) + comments[3]
    file = tmp_path_factory.mktemp("config") / "scelle.toml"
    file.write_text(text)
    path = Path("/srv/scelle/disk2")
    VolumeTables.read(file).drain(path, drain=True)
    assert load(file, {}).volume[1].drain
    lines = file.read_text().splitlines()
    lines.remove("drain = true")
    assert [line for line in lines if line] == [line for line in text.splitlines() if line]
