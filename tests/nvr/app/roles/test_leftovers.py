"""What boots before left on several volumes: a fault of one is its own, and none goes untold."""

from pathlib import Path

import pytest

from nvr.app.roles import leftovers
from nvr.app.roles.faults import Faults
from nvr.app.roles.leftovers import DAMAGED, NOT_RECOVERED, TORN, Leftovers
from nvr.base.units import UtcUs
from storage.growing import MOST_DISCARDED_BYTES
from storage.keyring import KeyringReader, create_place
from storage.sealing import SealedSegment
from storage.volume import Volume, create_volume
from tests.storage.sealed import ORIGIN

GOLDEN = Path(__file__).resolve().parents[3] / "golden" / "svs1"
SHARD = 0


@pytest.fixture
def volumes(tmp_path: Path) -> list[Volume]:
    made = [create_volume(tmp_path / name, ORIGIN, now_utc_us=UtcUs(1)) for name in ("a", "b")]
    for volume in made:
        volume.growing_directory(SHARD).mkdir(parents=True)
    return made


@pytest.fixture
def keyring(tmp_path: Path) -> KeyringReader:
    create_place(tmp_path / "keys")
    return KeyringReader([tmp_path / "keys"])


def leave(volume: Volume, name: str, content: bytes) -> Path:
    file = volume.growing_directory(SHARD) / f"{name}.svs"
    file.write_bytes(content)
    return file


def torn() -> bytes:
    return (GOLDEN / "torn.svs").read_bytes()


def test_unreadable_file_leaves_all_others_to_be_recovered(volumes: list[Volume], keyring: KeyringReader) -> None:
    unreadable = volumes[0].growing_directory(SHARD) / "x.svs"
    unreadable.mkdir()  # what the kernel refuses to read, for root too
    for volume in volumes:
        leave(volume, "y", torn())
    faults, sealed = Faults(), list[SealedSegment]()
    Leftovers(volumes, SHARD, keyring, faults).take_up(sealed.append)
    assert [segment.volume for segment in sealed] == [volume.id for volume in volumes]
    assert faults.holds(DAMAGED, unreadable)
    assert not faults.holds(NOT_RECOVERED, volumes[0].path)


def test_keyring_that_can_not_be_reached_is_told_per_volume(volumes: list[Volume], tmp_path: Path) -> None:
    for volume in volumes:
        leave(volume, "y", torn())
    faults = Faults()
    Leftovers(volumes, SHARD, KeyringReader([tmp_path / "nowhere"]), faults).take_up(lambda _: None)
    assert [(fault["id"], fault["where"]) for fault in faults.shown()] == [
        (NOT_RECOVERED, str(volume.path)) for volume in volumes
    ]


def test_damaged_file_is_shown_and_stays(volumes: list[Volume], keyring: KeyringReader) -> None:
    file = leave(volumes[0], "x", b"x" * (MOST_DISCARDED_BYTES + 1))
    faults = Faults()
    Leftovers(volumes, SHARD, keyring, faults).take_up(lambda _: None)
    assert faults.holds(DAMAGED, file)
    assert file.exists()


@pytest.mark.parametrize(("least", "shown"), [(0, True), (1 << 20, False)])
def test_torn_bytes_beyond_what_a_crash_tears_are_shown(
    volumes: list[Volume], keyring: KeyringReader, monkeypatch: pytest.MonkeyPatch, *, least: int, shown: bool
) -> None:
    monkeypatch.setattr(leftovers, "LARGE_TORN_BYTES", least)
    leave(volumes[0], "y", torn())
    faults, sealed = Faults(), list[SealedSegment]()
    Leftovers(volumes, SHARD, keyring, faults).take_up(sealed.append)
    assert len(sealed) == 1
    assert faults.holds(TORN, sealed[0].segment) is shown


def test_file_that_grows_after_the_listing_is_left_alone(volumes: list[Volume], keyring: KeyringReader) -> None:
    leave(volumes[0], "y", b"short")
    found = Leftovers(volumes, SHARD, keyring, Faults())
    new = leave(volumes[0], "z", b"also short")
    found.take_up(lambda _: None)
    assert new.exists()
