"""What stands against a directory that is to become a volume, and what is only said."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nvr.app.volumes.adding import Candidate, Identity, Neighbour, breaks_promises, faults, warnings
from nvr.app.volumes.devices import Disk
from nvr.app.volumes.mounts import Mount
from nvr.base.catalogue import Language
from storage.volume import Space
from tests.texts import catalogue

ORIGIN, PATH, GIB = "test.example", Path("/srv/disk3"), 1 << 30
MOUNT = Mount(PATH, "ext4", "/dev/sdc1", "8:33")
ROOT = Neighbour("/", Path("/"), Mount(Path("/"), "ext4", "/dev/sda1", "8:1"), [Disk("sda")])
OTHER = Neighbour(
    "disk1", Path("/srv/disk1"), Mount(Path("/srv/disk1"), "xfs", "/dev/sdb1", "8:17"), [Disk("sdb")], "v1"
)
GOOD = Candidate(PATH, True, MOUNT, [Disk("sdc")], None, frozenset(), Space(900 * GIB, 1000 * GIB), True)
OURS = Identity("v3", ORIGIN)


def found(**changes: Any) -> list[str]:  # noqa: ANN401 -- fields of a candidate
    return faults(replace(GOOD, **changes), ORIGIN, ROOT, [OTHER], 20 * GIB)


def kind(name: str) -> dict[str, Any]:
    return {"mount": replace(MOUNT, kind=name)}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"path": Path("/srv/disk1"), "is_directory": False}, ["configured"]),
        ({"is_directory": False}, ["no-directory"]),
        ({"mount": ROOT.mount}, ["not-mounted"]),
        ({"mount": None}, ["not-mounted"]),
        ({"disks": [Disk("sda")]}, ["system-disk"]),
        ({"mount": OTHER.mount}, ["same-disk"]),
        ({"disks": [Disk("sdc"), Disk("sdb")]}, ["same-disk"]),
        ({"disks": []}, []),
        ({"entries": frozenset({"segments"})}, ["without-identity"]),
        ({"entries": frozenset({"segments"}), "identity": OURS}, []),
        ({"identity": OURS, "space": Space(0, GIB)}, []),
        ({"identity": Identity(fault="Input/output error")}, ["identity-unreadable"]),
        ({"identity": Identity("v9", "autre.example")}, ["other-system"]),
        ({"identity": Identity("v1", ORIGIN)}, ["copy"]),
        ({"writable": False}, ["read-only"]),
        ({"space": None}, ["room-unreadable"]),
        ({"space": Space(19 * GIB, 1000 * GIB)}, ["too-small"]),
        (kind("nfs4"), ["kind"]),
        (kind("fuse.sshfs"), ["kind"]),
        (kind("vfat"), ["kind"]),
        (kind("btrfs"), []),
        (kind("tmpfs") | {"space": Space(0, GIB), "writable": False}, ["kind", "read-only", "too-small"]),
    ],
    ids=str,
)
def test_directory_is_judged(changes: dict[str, Any], expected: list[str]) -> None:
    assert found(**changes) == expected
    texts = catalogue("en")
    assert all(f"volume-add-{each}" in texts for each in expected)


@pytest.mark.parametrize(
    "name",
    [
        "nfs4",
        "cifs",
        "smb3",
        "fuse.sshfs",
        "9p",
        "vfat",
        "exfat",
        "msdos",
        "ntfs3",
        "tmpfs",
        "ramfs",
        "overlay",
        "squashfs",
        "iso9660",
    ],
)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_a_file_system_lacks_has_its_text(name: str, language: Language) -> None:
    assert breaks_promises(name) in catalogue(language)


@pytest.mark.parametrize("name", ["ext4", "xfs", "btrfs"])
def test_nothing_is_said_against_a_file_system_that_is_not_known_to_break_promises(name: str) -> None:
    assert breaks_promises(name) is None


def test_what_is_only_said_stands_in_the_way_of_nothing() -> None:
    place = Neighbour("/srv/keys1", Path("/srv/keys1"), MOUNT, [])
    odd = replace(GOOD, **kind("btrfs"), entries=frozenset({"films"}))
    assert [each.id for each in warnings(odd, [place])] == [
        "volume-kind-unknown",
        "volume-not-empty",
        "keys-on-one-disk",
    ]
    assert warnings(GOOD, [OTHER]) == []
    assert all(each.id in catalogue("en") for each in warnings(odd, [place]))
