"""Motion JPEG of a drawn clock, joined to records by the recorder's own code."""

from functools import cache

import cv2

from nvr.base.units import Ticks90k, UtcUs, us_from_ticks
from nvr.sim.picture import Painter
from recorder.gop import GopBuilder
from recorder.mjpeg import MjpegPictures
from storage.buffers import BufferPool
from storage.records import CodecConfig, RandomAccess, Record
from tests.access.footage import FRAME_90K, FRAME_US, START_UTC_US

COMMENT = b"\xff\xfe\x00\x0csigned: 42"
"""What a camera may write into its pictures, and must come out again."""


@cache
def pictures(count: int) -> tuple[bytes, ...]:
    painter = Painter(name="cam", width=160, height=90)
    drawn = (painter.draw(START_UTC_US + number * FRAME_US) for number in range(count))
    made = (cv2.imencode(".jpg", cv2.cvtColor(each, cv2.COLOR_YUV2BGR_I420))[1].tobytes() for each in drawn)
    return tuple(data[:2] + COMMENT + data[2:] for data in made)


class _Joining:
    """Takes the pictures as a run would."""

    def __init__(self) -> None:
        self.joined = MjpegPictures(self, BufferPool())
        self.gop = GopBuilder(intra_only=True)
        self.records: list[Record] = []

    def unit(self, timestamp: int, size: int, random_access: RandomAccess, lost: int, joins: bool) -> None:
        if self.gop.units and self.gop.ends_before(timestamp, size, random_access):
            self.close(size, timestamp)
        self.gop.add(timestamp, size, random_access, lost)

    def source_changed(self) -> None:
        raise AssertionError

    def close(self, keep: int, next_90k: int | None) -> None:
        record = self.gop.close(self.joined.take(keep), next_90k=next_90k)
        record.start_utc_us = UtcUs(START_UTC_US + us_from_ticks(Ticks90k(record.pts_90k)))
        record.clock_epoch = 1
        self.records.append(record)


def jpeg_records(count: int) -> tuple[list[Record], CodecConfig]:
    """Records of these pictures, 25 a second."""
    joining = _Joining()
    for number, data in enumerate(pictures(count)):
        joining.joined.access_unit([memoryview(data)], number * FRAME_90K, 0)
    joining.close(0, None)
    assert joining.joined.config is not None
    return joining.records, joining.joined.config
