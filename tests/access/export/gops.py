"""Groups of pictures, as `collect` makes them, straight from encoded access units."""

from array import array
from collections.abc import Sequence
from itertools import accumulate

from access.export.leading import undecodable_first
from access.export.plan import Gop
from nvr.base.ids import RunId, SegmentId
from nvr.sim.encoder import AccessUnit, ParameterSets
from storage.records import Record
from tests.access.footage import codec_of, records_of


def samples_of(record: Record) -> list[bytes]:
    """The access units of a record."""
    ends = list(accumulate(record.sizes))
    return [bytes(record.data[end - size : end]) for end, size in zip(ends, record.sizes, strict=True)]


def gops_of(sets: ParameterSets, units: Sequence[AccessUnit]) -> list[Gop]:
    """One group per record, all of one run."""
    return [
        Gop(
            segment=SegmentId("seg"),
            seq=seq,
            run=RunId("run"),
            codec=codec_of(sets),
            random_access=record.random_access,
            clock_epoch=record.clock_epoch,
            start_utc_us=record.start_utc_us,
            start_90k=record.pts_90k,
            dur_90k=record.dur_90k,
            packet_bytes=len(record.data),
            pts_90k=(pts_90k := array("q", [record.pts_90k + delta for delta in record.pts_delta_90k])),
            undecodable_first=undecodable_first(record.random_access, pts_90k, samples_of(record)),
        )
        for seq, record in enumerate(records_of(units), 1)
    ]
