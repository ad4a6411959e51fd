"""What one shard remembers from start to start: the clock epoch, which no earlier process may have used."""

import json
from pathlib import Path

from nvr.base.errors import ConfigError
from nvr.base.jcs import canonical
from storage.durable import make_directory, replace_file

_VERSION = 1


def next_epoch(file: Path, now_utc_us: int) -> int:
    """An epoch that this shard never used, noted as used before it is.

    Raises:
        ConfigError: the file is there and says nothing that can be trusted.
    """
    make_directory(file.parent)
    epoch = _last_epoch(file) + 1
    note_epoch(file, epoch, now_utc_us)
    return epoch


def note_epoch(file: Path, epoch: int, now_utc_us: int) -> None:
    """Keep the epoch in force, and when it was."""
    replace_file(file, canonical({"v": _VERSION, "clock_epoch": epoch, "utc_us": now_utc_us}))


def _last_epoch(file: Path) -> int:
    try:
        body = json.loads(file.read_bytes())
        return int(body["clock_epoch"])
    except FileNotFoundError:
        return 0
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(file=str(file), why="not the state of a shard") from error
