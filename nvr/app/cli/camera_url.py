"""The options by which a camera's stream is given: a URL, make and host, or the host alone, which is asked by ONVIF."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from config.camera_url import Transport
from nvr.app.makes import makes, url_for
from nvr.app.messages import say
from nvr.base.errors import InvalidValue

UrlOption = Annotated[
    str | None,
    typer.Option(help="Its address, without user and password: rtsp rtsps rtspu http https srt udp file v4l2"),
]
TransportOption = Annotated[
    Transport | None, typer.Option(help="How the pictures of an rtsp:// camera travel; udp makes it rtspu://")
]
MakeOption = Annotated[str | None, typer.Option(help=f"Instead of a URL, with --host: {', '.join(sorted(makes()))}")]
HostOption = Annotated[
    str | None, typer.Option(help="IP address or name; without --make the camera is asked for its stream (ONVIF)")
]
PortOption = Annotated[int | None, typer.Option(min=1, max=65_535, help="If its RTSP is not on the make's port")]
ChannelOption = Annotated[int | None, typer.Option(min=1, max=64, help="Lens or input, from 1")]


def stream_from(
    url: str | None, make: str | None, host: str | None, port: int | None, channel: int | None
) -> dict[str, Any]:
    """The arguments of the act that the options give: `url`, or `host` and `channel`; none when they give none.

    Raises:
        InvalidValue: both, or half of one.
    """
    if url is not None:
        if any(value is not None for value in (make, host, port, channel)):
            raise InvalidValue(field="--url", value="", expected="either a URL, or a host")
        return {"url": url}
    if make is not None and host is not None:
        return {"url": url_for(make, host, port=port, channel=channel)}
    if host is not None:
        if port is not None:
            raise InvalidValue(field="--port", value=port, expected="only with --make; else --host HOST:PORT, of ONVIF")
        return {"host": host} if channel is None else {"host": host, "channel": channel}
    if any(value is not None for value in (make, port, channel)):
        raise InvalidValue(field="--host", value="", expected="the camera's address")
    return {}


def stream_lines(camera: str, stream: Mapping[str, Any]) -> list[str]:
    """What was found of a camera that was asked for its stream: which, why, and what was not taken."""
    profile, others = stream["profile"], stream["others"]
    lines = [
        say("stream-found", camera=camera, url=stream["url"]),
        say(
            f"stream-{stream['reason']}",
            name=profile["name"],
            width=profile["width"],
            height=profile["height"],
            coding=profile["coding"],
            fps=profile["fps_milli"] // 1000,
        ),
    ]
    if others:
        shown = ", ".join(f"{each['name']} {each['width']}x{each['height']} {each['coding'] or '?'}" for each in others)
        lines.append(say("stream-passed-over", others=shown))
    if stream["channels"] > 1:
        lines.append(say("stream-channels", channels=stream["channels"]))
    return lines
