"""RTSP with pictures over UDP, from a server that is not ours."""

import asyncio

import pytest

from tests.recorder.demux.town import less_sets, town
from tests.recorder.test_gstreamer import ENCODER, ENCODER_265, PAY, PAY_265, SOUND, SOURCE, _foreign, _serving

pytestmark = pytest.mark.system("gstreamer")


@pytest.mark.parametrize(
    ("encoder", "h265"),
    [(f"{ENCODER} key-int-max=25 ! {PAY}", False), (f"{ENCODER_265} key-int-max=25 ! {PAY_265}", True)],
)
async def test_pictures_over_datagrams_are_those_that_a_foreign_client_gets_over_tcp(
    encoder: str, *, h265: bool
) -> None:
    with _serving(f"( {SOURCE} ! {encoder} config-interval=-1 {SOUND} )") as url:
        async with town(url.replace("rtsp://", "rtspu://")) as made:
            foreign = await asyncio.to_thread(_foreign, url, 60)
            await made.sink.until(lambda: made.sink.frames("cam1") >= 75)
            status = made.status
    assert (status.width, status.height, status.lost, status.reconnects) == (320, 240, 0, 0)
    assert less_sets(made.units(), h265=h265)[: len(foreign)] == less_sets(foreign, h265=h265)
