"""What disks say of themselves, in answers as smartctl 7 gives them, and in what it gives instead."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.app.volumes.smart import Verdict, judge

HEAD: dict[str, Any] = {"json_format_version": [1, 0]}


def attribute(number: int, name: str, raw: int, when_failed: str = "") -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "value": 100,
        "worst": 100,
        "thresh": 5,
        "when_failed": when_failed,
        "flags": {"value": 51, "string": "PO--CK ", "prefailure": True, "updated_online": True},
        "raw": {"value": raw, "string": str(raw)},
    }


def ata(*, passed: bool = True, reallocated: int = 0, pending: int = 0, when_failed: str = "") -> dict[str, Any]:
    """A hard disk behind SATA, as `smartctl --json --all` shows it, without the logs that nobody reads here."""
    return HEAD | {
        "smartctl": {"version": [7, 3], "argv": ["smartctl", "--json"], "exit_status": 0 if passed else 8},
        "device": {"name": "/dev/sdb", "info_name": "/dev/sdb [SAT]", "type": "sat", "protocol": "ATA"},
        "model_name": "ST8000VE001-3CC101",
        "serial_number": "WSD0ABCD",
        "smart_status": {"passed": passed},
        "ata_smart_attributes": {
            "revision": 10,
            "table": [
                attribute(1, "Raw_Read_Error_Rate", 120),
                attribute(5, "Reallocated_Sector_Ct", reallocated, when_failed),
                attribute(197, "Current_Pending_Sector", pending),
                attribute(198, "Offline_Uncorrectable", 0),
            ],
        },
        "power_on_time": {"hours": 31_204},
        "temperature": {"current": 34},
    }


def nvme(*, passed: bool = True, **log: int) -> dict[str, Any]:
    health = {
        "critical_warning": 0,
        "temperature": 35,
        "available_spare": 99,
        "available_spare_threshold": 10,
        "percentage_used": 3,
        "media_errors": 0,
    }
    return HEAD | {
        "smartctl": {"version": [7, 3], "exit_status": 0},
        "device": {"name": "/dev/nvme0", "info_name": "/dev/nvme0", "type": "nvme", "protocol": "NVMe"},
        "smart_status": {"passed": passed, "nvme": {"value": log.get("critical_warning", 0)}},
        "nvme_smart_health_information_log": health | log,
        "power_on_time": {"hours": 12_798},
        "temperature": {"current": 35},
    }


def message(text: str) -> dict[str, Any]:
    return HEAD | {"smartctl": {"exit_status": 2, "messages": [{"string": text, "severity": "information"}]}}


@pytest.mark.parametrize(
    ("answer", "verdict", "reasons"),
    [
        (ata(), Verdict.OK, ()),
        (ata(reallocated=8), Verdict.AGEING, ("reallocated sectors: 8",)),
        (ata(pending=8), Verdict.FAILING, ("pending sectors: 8",)),
        (
            ata(passed=False, reallocated=1975, when_failed="now"),
            Verdict.FAILING,
            ("SMART status: failed", "Reallocated_Sector_Ct: below its threshold", "reallocated sectors: 1975"),
        ),
        (nvme(), Verdict.OK, ()),
        (nvme(percentage_used=104), Verdict.AGEING, ("worn: 104 % of what it was made for",)),
        (nvme(media_errors=7), Verdict.FAILING, ("media errors: 7",)),
        (
            nvme(passed=False, critical_warning=1, available_spare=4),
            Verdict.FAILING,
            ("SMART status: failed", "critical warning: 0x01", "spare blocks: 4 %, less than 10 %"),
        ),
        (message("Device is in STANDBY mode, exit(2)"), Verdict.UNKNOWN, ("the disk sleeps",)),
        (message("/dev/x: Unable to detect device type"), Verdict.UNKNOWN, ("/dev/x: Unable to detect device type",)),
        (HEAD, Verdict.UNKNOWN, ("the disk says nothing of its health",)),
    ],
    ids=str,
)
def test_answer_is_judged(answer: dict[str, Any], verdict: Verdict, reasons: tuple[str, ...]) -> None:
    health = judge(json.dumps(answer).encode())
    assert (health.verdict, health.reasons) == (verdict, reasons)


def test_hours_and_temperature_are_told() -> None:
    health = judge(json.dumps(ata()).encode())
    assert (health.hours, health.celsius) == (31_204, 34)


@pytest.mark.parametrize("output", [b"", b"smartctl 5.43\n", b"[]", b"[" * 100_000, b'{"smart_status": 1}', b"\xff"])
def test_garbage_is_unknown_and_not_well(output: bytes) -> None:
    assert judge(output).verdict is Verdict.UNKNOWN


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(key=st.sampled_from(sorted(ata().keys() | nvme().keys())), value=JSON)
def test_answer_of_another_shape_ends_nothing(key: str, value: object) -> None:
    judge(json.dumps({**ata(), **nvme(), key: value}).encode())
