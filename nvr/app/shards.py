"""Which recorders run: those that the camera snapshot names, and as many as the configuration asks for."""

import os
from collections.abc import Mapping
from pathlib import Path

from config.model import Settings
from config.shards import AUTO
from nvr.base.errors import ConfigError
from storage.snapshot import CameraSnapshot
from storage.snapshot import load as load_snapshot


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0))


def running_shards(settings: Settings, snapshot: CameraSnapshot) -> int:
    """How many recorders there are: a camera stays with the shard that it was dealt to, whatever the setting is now."""
    named = max((entry.shard for entry in snapshot.cameras), default=0) + 1
    setting = settings.recorder.shards
    return named if setting == AUTO else max(named, setting)


def recorder_sockets(settings: Settings) -> Mapping[int, Path]:
    """Where each of them answers, by shard; blocking. Without a snapshot that can be read, those of the setting."""
    try:
        snapshot = load_snapshot(settings.paths.camera_snapshot)
    except (ConfigError, OSError):
        snapshot = CameraSnapshot(0, ())
    return {shard: settings.paths.recorder_socket(shard) for shard in range(running_shards(settings, snapshot))}
