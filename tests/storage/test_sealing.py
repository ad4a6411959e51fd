from nvr.base.units import UtcUs
from storage.sealing import Totals, sealed_segment
from storage.volume import VolumeId
from tests.storage.sealed import NOW_US, header_of, segment_start


def test_totals_keep_the_latest_end_though_records_may_overlap() -> None:
    totals = Totals(NOW_US)
    totals.add(UtcUs(NOW_US + 9), ct_bytes=10, lost=1)
    totals.add(UtcUs(NOW_US + 5), ct_bytes=20, lost=2)
    assert (totals.end_utc_us, totals.ct_bytes, totals.lost) == (NOW_US + 9, 30, 3)


def test_sealed_segment_is_described_by_its_header() -> None:
    header = header_of(segment_start(4))
    sealed = sealed_segment(
        header,
        Totals(NOW_US),
        volume=VolumeId("v"),
        records=1,
        root=bytes(32),
        file_bytes=9,
        key_record_sha256=None,
        recovered=True,
    )
    for same in ("segment", "camera", "run", "shard", "start_utc_us", "clock_epoch", "hh", "set_hash", "codec"):
        assert getattr(sealed, same) == getattr(header, same)
