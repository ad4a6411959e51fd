"""An RTSP server that is not ours: GStreamer's, with x264. Runs under the system's Python, which has the bindings.

    /usr/bin/python3 gst_server.py LAUNCH

Serves the launch line at rtsp://127.0.0.1:PORT/live, a pipeline for each client, and prints PORT. Ends with its
standard input.
"""

import sys

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found]  # noqa: E402 -- versions first


def main() -> None:
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(sys.argv[1])
    server.get_mount_points().add_factory("/live", factory)
    loop = GLib.MainLoop()
    server.attach(None)
    GLib.io_add_watch(sys.stdin.fileno(), GLib.PRIORITY_DEFAULT, GLib.IO_HUP | GLib.IO_IN, lambda *_: loop.quit())
    print(server.get_bound_port(), flush=True)  # noqa: T201 -- the test reads it
    loop.run()


if __name__ == "__main__":
    main()
