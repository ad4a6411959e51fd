"""From the configuration's section `camera_tls` to whom the recorder trusts."""

import ssl

from config.load import load
from config.model import CameraTls, Settings
from nvr.base.errors import ConfigError
from recorder.rtsp.trust import Trust


def camera_trust(tls: CameraTls) -> Trust:
    """Whose certificates cameras may show; reads the authority's file.

    Raises:
        ConfigError: it can not be read, or holds no certificate.
    """
    return Trust(_authority(tls), {host.lower(): pin for host, pin in tls.pins.items()})


def renew_trust(trust: Trust, settings: Settings) -> None:
    """Read the section again where these settings came from, and trust what it says now.

    Raises:
        ConfigError: the file can not be used as it is; whom to trust stays as it was.
    """
    if settings.file is not None:
        trust.renew(camera_trust(load(settings.file, {}).camera_tls))


def _authority(tls: CameraTls) -> ssl.SSLContext | None:
    if tls.ca_file is None:
        return None
    try:
        return ssl.create_default_context(cafile=str(tls.ca_file))
    except ssl.SSLError as error:
        why = "it holds no certificate in PEM"
        raise ConfigError(file=str(tls.ca_file), key="camera_tls.ca_file", why=why) from error
    except OSError as error:
        why = f"can not be read: {error.strerror}"
        raise ConfigError(file=str(tls.ca_file), key="camera_tls.ca_file", why=why) from error
