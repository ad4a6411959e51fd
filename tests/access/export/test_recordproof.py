"""A record's inner root comes out of its key and the exported samples, whether all were exported or some."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from access.export.recordproof import RecordProof
from nvr.base.ids import BootId, CameraId, RunId, SegmentId, uuid7
from nvr.base.units import Ticks90k, UtcUs
from storage.records import CodecConfig, NoPredecessor, RandomAccess, Record, SegmentStart
from storage.svs1 import header as headers
from storage.svs1.contexts import record_key
from storage.svs1.layout import HEAD_BYTES, TAG_BYTES
from storage.svs1.opening import slice_hashes_from_packets
from storage.svs1.writer import Scratch, SegmentWriter
from tests.access.footage import ORIGIN, SET_HASH, START_UTC_US

SAMPLES = st.lists(st.binary(min_size=1, max_size=50), min_size=1, max_size=8)
DEK = bytearray(sha256(b"dek").digest())


def sealed(samples: list[bytes], packets: int) -> tuple[RecordProof, bytes]:
    """The proof of a record with these samples, of which so many are exported; and its true inner root."""
    codec = CodecConfig("avc1.42c00b", b"avcC", 160, 90)
    start = SegmentStart(
        segment=SegmentId(uuid7(START_UTC_US)),
        camera=CameraId("cam"),
        run=RunId(uuid7(START_UTC_US)),
        start_utc_us=START_UTC_US,
        clock_epoch=1,
        codec=codec,
    )
    header = headers.build(
        start,
        origin=ORIGIN,
        boot=BootId(uuid7(START_UTC_US)),
        shard=0,
        set_hash=SET_HASH,
        previous=NoPredecessor.FIRST,
        software="scelle 0",
    )
    writer = SegmentWriter(header, DEK, codec, Scratch())
    writer.written(writer.opening()[1])
    record = Record(UtcUs(START_UTC_US), Ticks90k(0), 3600 * len(samples), 1, RandomAccess.IDR)
    for number, sample in enumerate(samples):
        record.data += sample
        record.sizes.append(len(sample))
        record.pts_delta_90k.append(3600 * number)
    one = writer.seal(record)
    table = bytes(record.data[sum(map(len, samples)) :])
    front, box = bytes(one.parts[0]), bytes(one.parts[1])
    key = record_key(DEK, header.hh, front[:HEAD_BYTES])
    rest = slice_hashes_from_packets(key, samples[packets:], offset=sum(map(len, samples[:packets])))
    proof = RecordProof(
        seq=1,
        head=front[:HEAD_BYTES].hex(),
        rkc=front[HEAD_BYTES : HEAD_BYTES + 32].hex(),
        k=key.hex(),
        slices=(*map(len, samples), len(table)),
        tag=box[-TAG_BYTES:].hex(),
        table=table.hex(),
        packets=packets,
        rest=tuple(one_hash.hex() for one_hash in rest),
    )
    return proof, one.inner


@given(SAMPLES, st.data())
def test_inner_root_comes_out_of_the_exported_samples(samples: list[bytes], data: st.DataObject) -> None:
    packets = data.draw(st.integers(0, len(samples)))
    proof, inner = sealed(samples, packets)
    assert proof.inner(samples[:packets]) == inner
    assert proof.pts_deltas_90k == tuple(3600 * number for number in range(len(samples)))


@given(SAMPLES, st.data())
def test_one_changed_bit_in_any_sample_changes_the_inner_root(samples: list[bytes], data: st.DataObject) -> None:
    proof, inner = sealed(samples, len(samples))
    at = data.draw(st.integers(0, len(samples) - 1))
    bit = data.draw(st.integers(0, 8 * len(samples[at]) - 1))
    changed = (int.from_bytes(samples[at], "big") ^ 1 << bit).to_bytes(len(samples[at]), "big")
    forged = [*samples[:at], changed, *samples[at + 1 :]]
    assert proof.inner(forged) != inner
    assert proof.seals(samples)
    assert not proof.seals(forged)


@given(SAMPLES)
def test_changed_head_table_or_tag_changes_the_inner_root(samples: list[bytes]) -> None:
    proof, inner = sealed(samples, len(samples))
    for field in ("head", "rkc", "table", "tag", "k"):
        value = getattr(proof, field)
        changed = value[:-1] + ("0" if value[-1] != "0" else "1")
        assert proof.model_copy(update={field: changed}).inner(samples) != inner
