"""What recorder and volumes tell arrives in the ledger's words."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nvr.base.clock import SimClock
from nvr.base.ids import BootId, CameraId, RunId, SegmentId
from nvr.base.units import MonoUs, UtcUs
from storage.ledger.entries import body_from
from storage.ledger.machine import Clock, Gap, Seal
from storage.records import GapCause
from storage.sealing import SealedSegment
from storage.spool import SpoolWriter
from storage.spool_events import SpoolEvents
from storage.spool_reader import SpoolEvent, SpoolReader
from storage.volume import VolumeId
from tests.storage.ledger.samples import NOW_UTC_US, uuid

BOOT = BootId(uuid(0x800))
SEGMENT = SealedSegment(
    segment=SegmentId(uuid(1)),
    camera=CameraId("hall-1"),
    run=RunId(uuid(2)),
    shard=0,
    volume=VolumeId(uuid(3)),
    start_utc_us=UtcUs(NOW_UTC_US),
    end_utc_us=UtcUs(NOW_UTC_US + 5),
    clock_epoch=1,
    records=3,
    root=bytes(32),
    hh=bytes(32),
    file_bytes=1,
    ct_bytes=1,
    lost=0,
    key_record_sha256=None,
    set_hash=bytes(32),
    point=None,
    placement=None,
    authorisation=None,
    continues=SegmentId(uuid(9)),
    recovered=True,
    width=0,
    height=0,
    codec="avc1.64001f",
)


@pytest.fixture
def told(tmp_path: Path) -> list[SpoolEvent]:
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    spool = SpoolWriter(tmp_path, 0, BOOT, SimClock(utc_us=NOW_UTC_US), key, sw="scelle 1")
    events = SpoolEvents(spool)
    span = {"from_utc_us": UtcUs(NOW_UTC_US), "to_utc_us": None}
    events.gap(gap=uuid(4), camera=CameraId("hall-1"), cause=GapCause.FELL_BEHIND, detail="", **span)  # type: ignore[arg-type]
    events.clock(epoch=2, step_us=-5, utc_us=UtcUs(NOW_UTC_US), mono_us=MonoUs(9))
    events.sealed(SEGMENT)
    events.heartbeat({"cameras": {}}, 1, "unknown")
    spool.close()
    return SpoolReader(tmp_path / "0" / f"{BOOT}.spool").read()


def test_gap_clock_and_seal_are_bodies_of_the_ledger(told: list[SpoolEvent]) -> None:
    gap, clock, seal = (body_from(event.t, event.body) for event in told[1:4])
    assert isinstance(gap, Gap)
    assert (gap.cause, gap.to_utc_us) == ("fell behind", None)
    assert isinstance(clock, Clock)
    assert clock.step_us == -5
    assert isinstance(seal, Seal)
    assert (seal.seg, seal.recovered, seal.key_record, seal.continues) == (SEGMENT.segment, True, None, uuid(9))


def test_heartbeat_carries_the_whole_state(told: list[SpoolEvent]) -> None:
    assert told[4].t == "heartbeat"
    assert told[4].body["state"] == {"cameras": {}}
