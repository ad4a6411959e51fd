"""Plays a movie with GStreamer, as desktop players do, and says how many pictures it shows. For /usr/bin/python3."""

import sys

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # type: ignore[import-not-found]  # noqa: E402 -- after its version


def main(path: str) -> None:
    """Decode all of it."""
    Gst.init(None)
    player = Gst.parse_launch("filesrc name=file ! decodebin ! fakesink name=screen signal-handoffs=true")
    player.get_by_name("file").set_property("location", path)
    shown: list[int] = []
    player.get_by_name("screen").connect("handoff", lambda _screen, picture, _pad: shown.append(picture.pts))
    player.set_state(Gst.State.PLAYING)
    wanted = Gst.MessageType.EOS | Gst.MessageType.ERROR
    message = player.get_bus().timed_pop_filtered(30 * Gst.SECOND, wanted)
    player.set_state(Gst.State.NULL)
    if message is None or message.type is not Gst.MessageType.EOS:
        raise SystemExit(f"not played to its end: {message and message.parse_error()}")
    print(len(shown), "shown")  # noqa: T201 -- the test reads it


main(sys.argv[1])
