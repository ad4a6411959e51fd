"""The watch's memory on disk: one small file, replaced whole. What it says was told may be told again, never less.

It is written after a message went out: a crash in between sends it once more.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from nvr.app.watch.book import Ended, Member
from nvr.app.watch.found import Key
from nvr.app.watch.kinds import Severity
from nvr.app.watch.told import Told
from nvr.base.errors import EvidenceAtRisk
from nvr.base.jcs import Json, canonical
from nvr.base.units import UtcUs
from storage.durable import make_directory, replace_file

NAME: Final = "state.json"
_VERSION: Final = 1


class MemoryLost(EvidenceAtRisk):
    """The file is not what the watch wrote: it begins anew, and tells again whatever stands."""

    message_id = "watch-memory-lost"


@dataclass(slots=True)
class Memory:
    """What is followed, and what each channel was told."""

    members: dict[Key, Member] = field(default_factory=dict)
    channels: dict[str, Told] = field(default_factory=dict)


def packed(memory: Memory) -> bytes:
    """The content of the file, made on the event loop that owns the memory."""
    return canonical(to_json(memory))


def save(folder: Path, content: bytes) -> None:
    """Write it durably. Blocking. Raises OSError."""
    make_directory(folder)
    replace_file(folder / NAME, content)


def load(folder: Path) -> Memory:
    """What was saved last; nothing when there is no file. Blocking. Raises MemoryLost, OSError."""
    path = folder / NAME
    try:
        return from_json(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return Memory()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MemoryLost(file=str(path), why=type(error).__name__) from error


def to_json(memory: Memory) -> dict[str, Json]:
    """The content of the file."""
    return {
        "v": _VERSION,
        "members": [[*key, asdict(member)] for key, member in memory.members.items()],
        "channels": {name: _channel(told) for name, told in memory.channels.items()},
    }


def from_json(body: Mapping[str, Any]) -> Memory:
    """The memory again. Raises ValueError, KeyError, TypeError for anything else."""
    if body["v"] != _VERSION:
        raise ValueError
    return Memory(
        members={(kind, subject): _member(each) for kind, subject, each in body["members"]},
        channels={name: _told(each) for name, each in body["channels"].items()},
    )


def _channel(told: Told) -> dict[str, Json]:
    return {
        "told": [[*key, severity] for key, severity in told.told.items()],
        "ended": [[*key, asdict(each)] for key, each in told.ended.items()],
        "passed": [[*key, asdict(each)] for key, each in told.passed.items()],
        "sent_utc_us": list(told.sent_utc_us),
        "daily_day": told.daily_day,
        "review_quarter": told.review_quarter,
    }


def _told(body: Mapping[str, Any]) -> Told:
    return Told(
        told={(kind, subject): Severity(severity) for kind, subject, severity in body["told"]},
        ended={(kind, subject): _ended(each) for kind, subject, each in body["ended"]},
        passed={(kind, subject): _ended(each) for kind, subject, each in body["passed"]},
        sent_utc_us=[UtcUs(each) for each in body["sent_utc_us"]],
        daily_day=body["daily_day"],
        review_quarter=body.get("review_quarter"),  # a watch of before knew no such list
    )


def _member(body: Mapping[str, Any]) -> Member:
    return Member(**{**body, "severity": Severity(body["severity"])})


def _ended(body: Mapping[str, Any]) -> Ended:
    return Ended(**{**body, "severity": Severity(body["severity"])})
