import numpy as np
import pytest

from nvr.sim.encoder import NAL_IDR, Encoder, Encoding, nal_type
from nvr.sim.picture import Painter
from nvr.sim.playback import drawn_instants

START_UTC_US = 1_790_000_000_000_000
STEP_US = 40_000


def _stream(b_frames: int, *, blank: bool = False) -> tuple[bytes, list[tuple[int, bytes]]]:
    """An avcC record, and MP4 samples with the wall time of each in decoding order."""
    encoder = Encoder(Encoding(320, 180, 25, 10, 400_000, b_frames))
    painter = Painter(name="cam1", width=320, height=180)
    units = []
    for index in range(30):
        picture = painter.draw(START_UTC_US + index * STEP_US)
        units += encoder.encode(np.full_like(picture, 128) if blank else picture, index * 3600)
    units += encoder.flush()
    assert any(nal_type(nal) == NAL_IDR for nal in units[0].nals)
    sps, pps = encoder.parameter_sets.sps, encoder.parameter_sets.pps
    sets = b"\xe1" + len(sps).to_bytes(2, "big") + sps + b"\x01" + len(pps).to_bytes(2, "big") + pps
    samples = [
        (unit.pts_90k * 100 // 9, b"".join(len(nal).to_bytes(4, "big") + nal for nal in unit.nals)) for unit in units
    ]
    return b"\x01" + sps[1:4] + b"\xff" + sets, samples


@pytest.mark.parametrize("b_frames", [0, 2])
def test_every_picture_is_given_with_its_time_and_what_it_shows(b_frames: int) -> None:
    extradata, samples = _stream(b_frames)
    expected = [(index * STEP_US, START_UTC_US + index * STEP_US) for index in range(30)]
    assert list(drawn_instants(extradata, samples)) == expected


def test_picture_without_an_instant_is_given_as_such() -> None:
    extradata, samples = _stream(0, blank=True)
    assert {instant for _, instant in drawn_instants(extradata, samples)} == {None}
