"""Writing one movie: samples go in as they are, times come from the plan. The only module of export that knows PyAV.

The file is opened here and handed to PyAV as an object: given a path, FFmpeg would hold the interpreter's lock while it
opens and closes it, and one slow disk would stop everything else. It must be a buffered file: an unbuffered one may
write less than asked, and PyAV does not look.
"""

import io
import os
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

import av

from access.export.boxes import LARGE_HEADER_BYTES, Box, BoxDamaged, parse_header
from access.export.editlist import with_edits
from access.export.plan import Part
from access.export.syncsamples import with_sync
from access.export.template import sample_entry_type, template_movie
from nvr.base.units import TICKS_PER_SECOND
from storage.records import RandomAccess

_TIME_BASE: Final = Fraction(1, TICKS_PER_SECOND)
_OPTIONS: Final = {
    "movie_timescale": str(TICKS_PER_SECOND),
    "video_track_timescale": str(TICKS_PER_SECOND),
    "use_editlist": "0",  # ours is written at the end
    "fflags": "+bitexact",  # the same footage gives the same bytes
}


class MovieWriter:
    """One movie of a part; a context manager that removes nothing: what it leaves when it fails is for the caller.

    Order of calls: `add` for every sample in decoding order, then `finish`. Blocks on the disk.
    """

    def __init__(self, path: Path, part: Part) -> None:
        self._part = part
        self._at = 0
        self._opening: list[int] = []
        # PyAV's containers sit in reference cycles: left to the collector, the descriptor would stay open.
        with ExitStack() as opened:
            self._file: BinaryIO = opened.enter_context(path.open("xb+"))
            template = opened.enter_context(av.open(io.BytesIO(template_movie(part.codec)), "r", format="mp4"))
            self._output = opened.enter_context(av.open(self._file, "w", format="mp4", options=_OPTIONS))
            self._stream = self._output.add_stream_from_template(template.streams.video[0], opaque=True)
            # Left to itself, the muxer would take `hev1` and rewrite the stored configuration record.
            self._stream.codec_context.codec_tag = sample_entry_type(part.codec.codec).decode()
            self._stream.time_base = _TIME_BASE
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.__exit__(kind, error, trace)

    def add(self, sample: memoryview, random_access: RandomAccess) -> None:
        """Add the next sample; `random_access` is NONE for all but the first of its group."""
        part, at = self._part, self._at
        packet = av.Packet(bytes(sample))
        packet.stream = self._stream
        packet.time_base = _TIME_BASE
        packet.pts = part.pts_90k[at] - part.origin_90k
        packet.dts = part.dts_90k[at] - part.origin_90k
        packet.duration = part.sample_duration_90k(at)
        packet.is_keyframe = part.begins_decoding(at, random_access)
        if packet.is_keyframe:
            self._opening.append(at)
        self._output.mux_one(packet)
        self._at += 1

    def finish(self) -> int:
        """Write the tables, hide what lies outside the interval, make the file durable; its size in bytes.

        Raises:
            BoxDamaged: the muxer wrote something else than a movie that ends with its tables.
            OSError: the disk refused.
        """
        if self._at != len(self._part.pts_90k):
            raise ValueError(f"{self._at} samples of {len(self._part.pts_90k)}")
        self._output.close()
        moov = _last_box(self._file)
        self._file.seek(moov.start)
        tables = with_sync(self._file.read(moov.end - moov.start), self._beginnings())
        edited = with_edits(tables, self._part.edits)
        self._file.seek(moov.start)
        self._file.write(edited)
        self._file.truncate()
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def _beginnings(self) -> list[int]:
        """Samples where a group begins, or what players show; only of a movie whose every sample decodes by itself."""
        part = self._part
        shown = {edit.media_time_90k + part.origin_90k for edit in part.edits}
        return sorted({*self._opening, *(at for at, pts_90k in enumerate(part.pts_90k) if pts_90k in shown)})


def _last_box(file: BinaryIO) -> Box:
    end = file.seek(0, os.SEEK_END)
    start = 0
    last = None
    while start < end:
        file.seek(start)
        last = parse_header(file.read(LARGE_HEADER_BYTES), start, end)
        start = last.end
    if last is None or last.type != b"moov":
        raise BoxDamaged(box="moov", why="not the last box")
    return last
