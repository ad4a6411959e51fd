"""State blobs: what a heartbeat said in full, kept by its hash beside the ledger, which holds the hash alone."""

from pathlib import Path
from typing import Final

from nvr.base.jcs import Json, canonical
from nvr.base.units import US_PER_SECOND
from storage.durable import make_directory, remove_files, replace_file
from storage.spool import state_hash

KEPT_US: Final = 32 * 86_400 * US_PER_SECOND
"""Longer than any footage that is not held; then it is pruned with it."""


def keep(directory: Path, state: Json) -> str:
    """Keep the state, durably; its hash, which is its name."""
    make_directory(directory)
    name = state_hash(state)
    if not (directory / name).exists():
        replace_file(directory / name, canonical(state))
    return name


def read(directory: Path, name: str) -> bytes | None:
    """The state's bytes; None when it was pruned."""
    try:
        return (directory / name).read_bytes()
    except FileNotFoundError:
        return None


def prune(directory: Path, now_utc_us: int) -> int:
    """Remove the blobs that are older than any footage; how many."""
    if not directory.is_dir():
        return 0
    oldest_s = (now_utc_us - KEPT_US) / US_PER_SECOND
    return remove_files(path for path in directory.iterdir() if path.stat().st_mtime < oldest_s)
