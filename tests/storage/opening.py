"""Opening a sealed segment with the custodians' keys."""

from storage.keyring import KeyRef, KeyringReader
from storage.sealing import SealedSegment
from storage.svs1.contexts import record_key
from storage.svs1.layout import RecordType
from storage.svs1.opening import decrypt, packets
from storage.svs1.reader import SegmentReader
from storage.vault.contexts import machine_wrap, share_wrap
from storage.vault.shamir import join
from storage.volume import Volume
from tests.storage.sealed import Custodians


def opened(volume: Volume, keys: KeyringReader, sealed: SealedSegment, people: Custodians) -> list[list[bytes]]:
    """The packets of a sealed segment, opened with the custodians' keys from the keyring's record."""
    record = keys.find(KeyRef(sealed.segment, sealed.start_utc_us, sealed.shard))
    assert record is not None
    assert record.sha256 == sealed.key_record_sha256
    pairs = {one.pair.public.kid: one.pair for one in people.holders}
    shares = {
        item.seat: pairs[item.wrap.kid].unwrap(item.wrap.ciphertext, share_wrap(record.hh, item.seat))
        for item in record.shares
    }
    machine = people.machine.unwrap(record.machine.ciphertext, machine_wrap(record.hh))
    dek = bytes(a ^ b for a, b in zip(machine, join(shares, record.m), strict=True))
    path = volume.sealed_path(sealed.camera, sealed.start_utc_us, sealed.segment)
    with SegmentReader(path) as reader:
        assert (reader.root, reader.hh, reader.file_bytes) == (sealed.root, sealed.hh, sealed.file_bytes)
        groups = []
        for found in reader.records():
            plaintext = decrypt(found, record_key(dek, reader.hh, found.head_bytes))
            if found.head.type is RecordType.GOP:
                groups.append([bytes(unit.data) for unit in packets(found.head, plaintext, found.lengths)])
        return groups
