"""What a disk says of its own health: the answer of `smartctl --json` (smartmontools 7), judged. Pure.

SMART predicts half of the failures at best: that a disk says nothing is no promise. What it does say is believed.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

_READS: Final = MappingProxyType({197: "pending sectors", 198: "uncorrectable sectors"})
"""ATA attributes of which one is too much: sectors that can not be read now, and footage that lies there."""
_REALLOCATED: Final = 5
_WORN_PERCENT: Final = 100
SLEEPS: Final = "the disk sleeps"
_STANDBY: Final = "STANDBY"


class Verdict(StrEnum):
    """What is to be expected of a disk."""

    OK = "ok"
    AGEING = "ageing"
    """It works on what it has in reserve: order its successor."""
    FAILING = "failing"
    """It loses footage, or says that it will: replace it."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Health:
    """The verdict, and what it rests on, in the words of SMART; `hours` it was powered, where it says so."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    hours: int | None = None
    celsius: int | None = None


def unknown(why: str) -> Health:
    """That nothing is known, and why."""
    return Health(Verdict.UNKNOWN, (why,))


def judge(output: bytes) -> Health:
    """The health in what `smartctl --json --all` wrote, whatever that is."""
    try:
        answer = json.loads(output)
    except (ValueError, RecursionError):
        return unknown("smartctl gave no JSON")
    if not isinstance(answer, Mapping):
        return unknown("smartctl gave no JSON object")
    passed = _mapping(answer.get("smart_status")).get("passed")
    failing = [*(["SMART status: failed"] if passed is False else []), *_ata_failing(answer), *_nvme_failing(answer)]
    ageing = [*_ata_ageing(answer), *_nvme_ageing(answer)]
    hours = _number(_mapping(answer.get("power_on_time")).get("hours"))
    celsius = _number(_mapping(answer.get("temperature")).get("current"))
    if failing:
        return Health(Verdict.FAILING, tuple(failing + ageing), hours, celsius)
    if passed is not True:
        return unknown(_why_not(answer))
    return Health(Verdict.AGEING if ageing else Verdict.OK, tuple(ageing), hours, celsius)


def _why_not(answer: Mapping[str, Any]) -> str:
    told = [str(each.get("string")) for each in _list(_mapping(answer.get("smartctl")).get("messages"))]
    if any(_STANDBY in text.upper() for text in told):
        return SLEEPS
    return "; ".join(told)[:200] or "the disk says nothing of its health"


def _ata_failing(answer: Mapping[str, Any]) -> Iterator[str]:
    for attribute in _attributes(answer):
        name, raw = attribute.get("name"), _raw(attribute)
        if attribute.get("when_failed") == "now":
            yield f"{name}: below its threshold"
        elif attribute.get("id") in _READS and raw:
            yield f"{_READS[attribute['id']]}: {raw}"


def _ata_ageing(answer: Mapping[str, Any]) -> Iterator[str]:
    for attribute in _attributes(answer):
        if attribute.get("id") == _REALLOCATED and _raw(attribute):
            yield f"reallocated sectors: {_raw(attribute)}"
        if attribute.get("when_failed") == "past":
            yield f"{attribute.get('name')}: was below its threshold"


def _nvme_failing(answer: Mapping[str, Any]) -> Iterator[str]:
    log = _mapping(answer.get("nvme_smart_health_information_log"))
    if warning := _number(log.get("critical_warning")):
        yield f"critical warning: 0x{warning:02x}"
    spare, threshold = _number(log.get("available_spare")), _number(log.get("available_spare_threshold"))
    if spare is not None and threshold is not None and spare < threshold:
        yield f"spare blocks: {spare} %, less than {threshold} %"
    if errors := _number(log.get("media_errors")):
        yield f"media errors: {errors}"


def _nvme_ageing(answer: Mapping[str, Any]) -> Iterator[str]:
    used = _number(_mapping(answer.get("nvme_smart_health_information_log")).get("percentage_used"))
    if used is not None and used >= _WORN_PERCENT:
        yield f"worn: {used} % of what it was made for"


def _attributes(answer: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return _list(_mapping(answer.get("ata_smart_attributes")).get("table"))


def _raw(attribute: Mapping[str, Any]) -> int | None:
    return _number(_mapping(attribute.get("raw")).get("value"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _number(value: object) -> int | None:
    return value if type(value) is int else None
