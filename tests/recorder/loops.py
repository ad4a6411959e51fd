"""Pictures of simulated cameras, encoded ahead."""

from nvr.sim.camera import SimCamera
from nvr.sim.encoder import Encoding
from nvr.sim.fleet import RenderedLoop, render_loop


def loop_of(camera: SimCamera) -> RenderedLoop:
    """Its pictures, encoded ahead: what is sent then does not depend on how busy this machine is."""
    encoding = Encoding(
        width=camera.width,
        height=camera.height,
        fps=camera.fps,
        gop_frames=camera.gop_frames,
        bitrate_bps=camera.bitrate_bps,
    )
    return render_loop(encoding, name=camera.name, gops=2, start_utc_us=1_790_000_000_000_000)
