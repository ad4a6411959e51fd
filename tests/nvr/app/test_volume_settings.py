from pathlib import Path

import pytest

from config.load import load, parse
from nvr.app.volume_settings import VolumeSettings
from nvr.base.errors import ConfigError
from storage.keeping.settings import EvidenceSetting
from tests.nvr.app.fixtures import write_config

ANOTHER = '[[volume]]\nname = "b"\npath = "/srv/b"\n'


def test_volume_that_is_added_or_removed_is_followed(tmp_path: Path) -> None:
    file = write_config(tmp_path)
    volumes = VolumeSettings(load(file, {}))
    assert [volume.name for volume in volumes.read()] == ["a"]
    text = file.read_text()
    file.write_text(text + ANOTHER)
    assert volumes.paths() == [tmp_path / "a", Path("/srv/b")]
    file.write_text(text)
    assert volumes.paths() == [tmp_path / "a"]


def test_file_that_can_not_be_used_leaves_the_last_good_list_and_is_told_each_time(tmp_path: Path) -> None:
    file = write_config(tmp_path)
    volumes = VolumeSettings(load(file, {}))
    before = volumes.read()
    text = file.read_text()
    for bad in ("not TOML", text + "unknown = 1\n"):
        file.write_text(bad)
        for _ in range(2):
            with pytest.raises(ConfigError):
                volumes.read()
        assert volumes.last_good() == before
    file.unlink()
    with pytest.raises(ConfigError):
        volumes.read()
    file.write_text(text + ANOTHER)
    assert len(volumes.last_good()) == 2


def test_evidence_volume_is_for_copies_and_for_no_recording(tmp_path: Path) -> None:
    file = write_config(tmp_path)
    volumes = VolumeSettings(load(file, {}))
    file.write_text(file.read_text() + ANOTHER + "evidence = true\nbudget_gib = 2\n")
    assert [volume.name for volume in volumes.for_recording()] == ["a"]
    assert volumes.paths() == [tmp_path / "a", Path("/srv/b")]
    assert volumes.evidence() == [EvidenceSetting(Path("/srv/b"), takes_copies=True, budget_bytes=2 << 30)]
    file.write_text(file.read_text() + "drain = true\n")
    assert [one.takes_copies for one in volumes.evidence()] == [False]


def test_settings_of_a_text_stay_as_they_are(tmp_path: Path) -> None:
    settings = parse(write_config(tmp_path).read_text(), tmp_path / "scelle.toml")
    assert VolumeSettings(settings).read() == settings.volume
