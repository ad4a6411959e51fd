"""The systemd units: what they promise is written in them, and systemd itself finds no fault."""

import re
import subprocess
from pathlib import Path

import pytest

from config.model import Paths

UNITS = Path(__file__).resolve().parents[2] / "systemd"
LOOK = UNITS / "scelle-disks.service"
BACKUP = UNITS / "scelle-backup.service"
TIMED = [LOOK, BACKUP]
"""Those that are no roles: a timer starts them, and they end."""
SERVICES = sorted(set(UNITS.glob("*.service")) - set(TIMED))

EVERY_SERVICE = {
    "Type": "notify",
    "WatchdogSec": "30",
    "Restart": "always",
    "LimitCORE": "0",
    "UMask": "0027",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateDevices": "yes",
    "SystemCallFilter": "@system-service",
}


def directives(unit: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        if match := re.fullmatch(r"(?P<key>[A-Za-z]+)=(?P<value>.*)", line):
            found.setdefault(match["key"], []).append(match["value"])
        else:
            assert not line or line[0] in "[#", line
    return found


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_every_role_is_watched_restarted_and_fenced_in(unit: Path) -> None:
    found = directives(unit)
    assert {key: found[key] for key in EVERY_SERVICE} == {key: [value] for key, value in EVERY_SERVICE.items()}


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_no_way_to_end_keeps_a_role_from_being_started_again(unit: Path) -> None:
    found = directives(unit)
    assert "RestartPreventExitStatus" not in found
    assert found["StartLimitIntervalSec"] == ["0"]


def test_every_role_has_a_user_of_its_own_that_is_made() -> None:
    users = [directives(unit)["User"][0] for unit in SERVICES]
    assert len(set(users)) == len(SERVICES) == 4
    made = (UNITS / "scelle.sysusers.conf").read_text()
    assert all(f"u {user} " in made for user in users)


@pytest.mark.parametrize(
    ("unit", "never"),
    [
        ("scelle-recorder@.service", ["/etc/scelle/machine.key", "/var/lib/scelle/ledger", "/var/lib/scelle/access"]),
        ("scelle-keeper.service", ["/etc/scelle/machine.key", "/var/lib/scelle/access", "/var/lib/scelle/secrets"]),
        ("scelle-access.service", ["/var/lib/scelle/ledger"]),
        (
            "scelle-watch.service",
            [
                "/etc/scelle/machine.key",
                "/srv/scelle/keys1",
                "/srv/scelle/keys2",
                "/var/lib/scelle/access",
                "/var/lib/scelle/ledger",
                "/var/lib/scelle/register",
                "/var/lib/scelle/secrets",
            ],
        ),
    ],
)
def test_role_does_not_see_what_is_not_its_own(unit: str, never: list[str]) -> None:
    hidden = " ".join(directives(UNITS / unit)["InaccessiblePaths"])
    assert all(f"-{path}" in hidden.split() for path in never)


def test_keeper_has_no_network_and_access_no_writing_on_the_volumes() -> None:
    assert directives(UNITS / "scelle-keeper.service")["PrivateNetwork"] == ["yes"]
    assert directives(UNITS / "scelle-access.service")["ReadOnlyPaths"] == ["-/srv/scelle"]


def test_watch_has_a_network_and_writes_nothing_but_its_own_memory_and_socket() -> None:
    found = directives(UNITS / "scelle-watch.service")
    assert "PrivateNetwork" not in found
    assert found["ReadWritePaths"] == ["/run/scelle /var/lib/scelle/watch"]
    assert found["ReadOnlyPaths"] == ["-/srv/scelle"]


def test_watch_starts_without_a_file_of_secrets() -> None:
    """A credential that can not be loaded keeps a unit from starting, unless a text stands for it."""
    found = directives(UNITS / "scelle-watch.service")
    assert found["LoadCredential"] == ["alarm-secrets:/etc/scelle/alarm.json"]
    assert found["SetCredential"] == ["alarm-secrets:{}"]


def test_target_starts_every_role() -> None:
    wanted = directives(UNITS / "scelle.target")["Wants"][0].split()
    assert {name.replace("@0.", "@.") for name in wanted} == {unit.name for unit in SERVICES}


def test_look_at_disks_runs_as_root_and_reaches_nothing_but_disks_and_one_file() -> None:
    found = directives(LOOK)
    assert "User" not in found
    assert (found["Type"], found["PrivateNetwork"]) == (["oneshot"], ["yes"])
    assert found["CapabilityBoundingSet"] == ["CAP_SYS_RAWIO CAP_SYS_ADMIN"]
    assert (found["ProtectSystem"], found["ReadWritePaths"]) == (["strict"], ["/var/lib/scelle"])
    hidden = " ".join(found["InaccessiblePaths"])
    for path in (Paths().ledger, Paths().register.parent, Paths().access, Paths().secrets.parent):
        assert f"-{path}" in hidden.split()
    assert "-/etc/scelle/machine.key" in hidden.split()
    assert directives(UNITS / "scelle-disks.timer")["OnUnitActiveSec"] == ["30min"]


def test_every_folder_that_init_makes_belongs_to_a_role() -> None:
    paths = Paths()
    folders = {
        paths.camera_snapshot.parent,
        paths.ledger,
        paths.spool,
        paths.shard,
        paths.index.parent,
        paths.register.parent,
        paths.access,
        paths.secrets.parent,
        paths.watch,
    }
    lines = [line.split() for line in (UNITS / "scelle.tmpfiles.conf").read_text().splitlines() if line[0] != "#"]
    owned = {Path(line[1]): line[3] for line in lines if line[0] == "Z"}
    assert owned.keys() == folders
    assert all(owner.startswith("scelle-") for owner in owned.values())


def test_folders_with_what_people_did_are_for_their_role_alone() -> None:
    lines = [line.split() for line in (UNITS / "scelle.tmpfiles.conf").read_text().splitlines() if line[0] != "#"]
    modes = {Path(line[1]): line[2] for line in lines if line[0] == "d"}
    paths = Paths()
    private = (paths.register.parent, paths.access, paths.ledger, paths.secrets.parent, paths.watch)
    assert {modes[folder] for folder in private} == {"0700"}


@pytest.mark.system("systemd-analyze")
@pytest.mark.parametrize(
    "unit", [*SERVICES, *TIMED, *(each.with_suffix(".timer") for each in TIMED)], ids=lambda unit: unit.name
)
def test_systemd_finds_no_fault(unit: Path, tmp_path: Path) -> None:
    # The program is not installed where the packages put it: everything else is looked at.
    for each in UNITS.iterdir():
        text = re.sub(r"^ExecStart=/usr/bin/nvr\S*", "ExecStart=/bin/true", each.read_text(), flags=re.MULTILINE)
        (tmp_path / each.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / unit.name)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_death_of_the_looking_process_does_not_end_the_recorder_that_started_it() -> None:
    """systemd's default stops the whole unit when the kernel kills one of its processes for memory."""
    assert directives(UNITS / "scelle-recorder@.service")["OOMPolicy"] == ["continue"]


def test_backup_runs_nightly_without_a_network_and_writes_nowhere_but_beside_databases_and_on_media() -> None:
    found = directives(BACKUP)
    assert found["Type"] == ["oneshot"]
    assert found["PrivateNetwork"] == ["yes"]
    assert found["ProtectSystem"] == ["strict"]
    assert found["ReadWritePaths"] == ["/var/lib/scelle -/media -/mnt"]
    timer = directives(BACKUP.with_suffix(".timer"))
    assert timer["Persistent"] == ["yes"]
    assert timer["WantedBy"] == ["timers.target"]
