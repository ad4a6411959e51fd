"""The configuration as the keeper's core takes it."""

from zoneinfo import ZoneInfo

from config.model import Settings
from nvr.app.volume_settings import VolumeSettings
from storage.keeping.settings import KeeperSettings


def keeper_settings(settings: Settings) -> KeeperSettings:
    """Where things are, and the town's local time."""
    volumes = VolumeSettings(settings)
    return KeeperSettings(
        origin=settings.system.origin,
        state=settings.paths.state,
        volumes=volumes.paths,
        evidence=volumes.evidence,
        places=settings.keyring.places,
        zone=ZoneInfo(settings.system.timezone),
        runtime=settings.paths.runtime,
        index_schema=settings.index_schema,
        reserve_bytes=settings.keeper.reserve_gib << 30,
        scrub_days=settings.keeper.scrub_days,
    )
