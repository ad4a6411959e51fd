"""Which disks stand behind a volume, in trees as sysfs has them."""

from pathlib import Path

import pytest

from nvr.app.volumes.devices import Disk, disks_of
from nvr.app.volumes.mounts import Mount, mount_of, mounts

MOUNTINFO = """\
21 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
30 21 8:17 / /srv/scelle/disk1 rw shared:7 - xfs /dev/sdb1 rw
31 21 253:0 / /srv/scelle/disk\\0402 rw - ext4 /dev/mapper/vg-two rw
32 30 0:44 / /srv/scelle/disk1 rw - tmpfs over rw
not a line
"""


class Machine:
    """A server's sysfs: a disk `sdb` with a partition, an NVMe disk, and a volume group over two disks."""

    def __init__(self, root: Path) -> None:
        self.sys, self.udev = root / "sys", root / "udev"
        self.udev.mkdir(parents=True)
        (self.sys / "dev" / "block").mkdir(parents=True)
        for name, number in (("sdb", "8:16"), ("sdc", "8:32"), ("nvme0n1", "259:0")):
            self.device(name, number)
        self.device("sdb/sdb1", "8:17", partition=True)
        self.device("nvme0n1/nvme0n1p2", "259:2", partition=True)
        self.device("dm-0", "253:0")
        slaves = self.sys / "block" / "dm-0" / "slaves"
        slaves.mkdir()
        (slaves / "sdb1").symlink_to(self.sys / "block" / "sdb" / "sdb1")
        (slaves / "sdc").symlink_to(self.sys / "block" / "sdc")

    def device(self, name: str, number: str, *, partition: bool = False) -> None:
        folder = self.sys / "block" / name
        (folder / "device").mkdir(parents=True)
        (folder / "dev").write_text(f"{number}\n")
        if partition:
            (folder / "partition").write_text("1\n")
        (self.sys / "dev" / "block" / number).symlink_to(folder)

    def write(self, path: str, content: bytes) -> None:
        (self.sys / "block" / path).write_bytes(content)

    def disks(self, device: str, source: str = "/dev/none") -> tuple[Disk, ...]:
        return disks_of(Mount(Path("/x"), "ext4", source, device), self.sys, self.udev)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_partition_is_on_its_disk_with_model_serial_and_slot(machine: Machine) -> None:
    (machine.udev / "b8:16").write_text("I:1\nE:ID_MODEL=ST8000VE001-3CC101\nE:ID_SERIAL_SHORT=WSD0ABCD\n")
    (machine.sys / "block" / "sdb" / "device" / "enclosure_device:Slot 03").mkdir()
    assert machine.disks("8:17") == (Disk("sdb", "ST8000VE001-3CC101", "WSD0ABCD", "Slot 03"),)


def test_logical_volume_is_on_all_its_disks(machine: Machine) -> None:
    assert [disk.name for disk in machine.disks("253:0")] == ["sdb", "sdc"]


def test_serial_is_read_without_udev_where_each_bus_has_it(machine: Machine) -> None:
    machine.write("nvme0n1/device/serial", b"S4EWNX0R  \n")
    machine.write("nvme0n1/device/model", b"SAMSUNG MZVLB1T0\n")
    machine.write("sdc/device/vpd_pg80", b"\x00\x80\x00\x08  WX1234\x00")
    assert machine.disks("259:2")[0].label == "SAMSUNG MZVLB1T0 S4EWNX0R"
    assert machine.disks("8:32")[0].serial == "WX1234"


def test_disk_that_says_nothing_has_its_name_and_no_more(machine: Machine) -> None:
    (disk,) = machine.disks("8:16")
    assert (disk, disk.label) == (Disk("sdb"), "sdb")


@pytest.mark.parametrize("device", ["8:99", "0:44"])
def test_device_that_the_kernel_does_not_show_has_no_disks(machine: Machine, device: str) -> None:
    assert machine.disks(device) == ()


def test_path_lies_on_the_innermost_and_last_of_what_is_mounted_over_it(tmp_path: Path) -> None:
    file = tmp_path / "mountinfo"
    file.write_text(MOUNTINFO)
    known = mounts(file)
    over = mount_of(Path("/srv/scelle/disk1/segments"), known)
    assert over is not None
    assert (over.kind, over.device) == ("tmpfs", "0:44")
    beside = mount_of(Path("/srv/scelle/disk 2"), known)
    assert beside is not None
    assert (beside.kind, beside.source) == ("ext4", "/dev/mapper/vg-two")
    unmounted = mount_of(Path("/srv/scelle/disk3"), known)
    assert unmounted is not None
    assert unmounted.point == Path("/")


def test_kernel_of_this_machine_is_understood() -> None:
    assert mount_of(Path("/proc"), mounts()) is not None
