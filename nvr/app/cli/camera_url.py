"""The options by which a camera's URL is given: itself, or make and host."""

from typing import Annotated

import typer

from config.camera_url import Transport
from nvr.app.makes import makes, url_for
from nvr.base.errors import InvalidValue

UrlOption = Annotated[
    str | None,
    typer.Option(help="Its address, without user and password: rtsp rtsps rtspu http https srt udp file v4l2"),
]
TransportOption = Annotated[
    Transport | None, typer.Option(help="How the pictures of an rtsp:// camera travel; udp makes it rtspu://")
]
MakeOption = Annotated[str | None, typer.Option(help=f"Instead of a URL, with --host: {', '.join(sorted(makes()))}")]
HostOption = Annotated[str | None, typer.Option(help="IP address or name of a camera of that make")]
PortOption = Annotated[int | None, typer.Option(min=1, max=65_535, help="If its RTSP is not on the make's port")]
ChannelOption = Annotated[int | None, typer.Option(min=1, max=64, help="Lens or input of that make, from 1")]


def url_from(url: str | None, make: str | None, host: str | None, port: int | None, channel: int | None) -> str | None:
    """The URL that the options give; None when they give none. Raises InvalidValue: both, or half of one."""
    if url is not None:
        if any(value is not None for value in (make, host, port, channel)):
            raise InvalidValue(field="--url", value="", expected="either a URL, or make and host")
        return url
    if make is not None and host is not None:
        return url_for(make, host, port=port, channel=channel)
    if any(value is not None for value in (make, host, port, channel)):
        missing = "--host" if make is not None else "--make"
        raise InvalidValue(field=missing, value="", expected="both --make and --host")
    return None
