"""How many recorder processes record so many cameras, and how the setting says it. Pure."""

from typing import Final, Literal, TypeAlias

Shards: TypeAlias = int | Literal["auto"]

AUTO: Final = "auto"
MOST: Final = 64
CAMERAS_PER_SHARD: Final = 128
"""A quarter of a core, by the goals in docs/design/ingest.md; and what one process takes with it when it dies."""


def shard_setting(value: object) -> Shards:
    """The setting as it stands in the file. Raises ValueError."""
    if value == AUTO:
        return AUTO
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST:
        return value
    raise ValueError(f'"{AUTO}", or a whole number from 1 to {MOST}')


def shards_for(setting: Shards, *, cameras: int, cores: int) -> int:
    """The shards to which so many cameras are dealt.

    A number is that number. "auto" is one shard for each CAMERAS_PER_SHARD cameras, and no more than there are cores
    besides the one that keeper and access need: two processes on one core record no more than one.
    """
    if setting != AUTO:
        return setting
    needed = -(-cameras // CAMERAS_PER_SHARD)
    return max(1, min(needed, cores - 1, MOST))
