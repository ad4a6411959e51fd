"""What earlier versions wrote is read, and what this version writes is the same byte for byte."""

import json
from hashlib import sha256
from typing import Any

import pytest

from nvr.base.jcs import canonical
from storage.keyring.places import KeyringFile
from storage.svs1.contexts import commitment, record_key, record_key_commitment
from storage.svs1.layout import Flags, RecordType
from storage.svs1.opening import codec_config, decrypt, packets
from storage.svs1.reader import SegmentReader
from storage.svs1.scan import scan
from storage.vault.contexts import machine_wrap, share_wrap
from storage.vault.keyfile import unlock
from storage.vault.keyrecord import KeyRecord
from storage.vault.seats import SignedSet, check_signatures
from storage.vault.shamir import join
from tests.golden import make
from tests.golden.make import HERE
from tests.storage.sealed import CODEC, custodians, segment_start


def _json(name: str) -> Any:  # noqa: ANN401 -- whatever the file holds
    return json.loads((HERE / name).read_bytes())


@pytest.mark.parametrize("kind", [make.svs1, make.observed, make.keys])
def test_this_version_writes_the_same_bytes(kind: Any) -> None:  # noqa: ANN401 -- one of two functions
    for name, content in kind().items():
        assert (HERE / name).read_bytes() == content, name


def test_closed_segment_opens_with_its_keys() -> None:
    told = _json("svs1/keys.json")
    with SegmentReader(HERE / "svs1" / "closed.svs") as reader:
        assert reader.closed
        assert (reader.hh.hex(), reader.root.hex()) == (told["hh"], told["root"])
        assert commitment(bytes.fromhex(told["dek"]), reader.hh) == reader.commit
        groups = []
        for record, keys in zip(reader.records(), told["records"], strict=True):
            key = bytes.fromhex(keys["key"])
            assert record.inner.hex() == keys["inner"]
            assert record.rkc == record_key_commitment(key)
            plaintext = decrypt(record, key)
            if record.head.type is RecordType.INIT:
                assert codec_config(plaintext) == CODEC
            elif record.head.type is RecordType.GOP:
                units = packets(record.head, plaintext, record.lengths)
                groups.append([{"data": bytes(unit.data).hex(), "pts_90k": unit.pts_90k} for unit in units])
            else:
                assert plaintext == b'[{"event":"tamper"}]'
        assert groups == told["packets"]
        first, second, third = reader.heads[1:4]
        assert (first.offset_us, second.offset_us, third.offset_us) == (-1_250_000, None, 0)
        assert (second.flags, third.flags) == (Flags.CONTINUATION | Flags.LOSS, Flags.UNSYNCHRONISED)


def test_side_record_of_a_dome_opens_and_its_group_says_that_it_is_there() -> None:
    with SegmentReader(HERE / "svs1" / "observed.svs") as reader:
        side, group = reader.record(1), reader.record(2)
        assert (side.head.type, group.head.flags) == (RecordType.SIDE, Flags.OBSERVED)
        assert decrypt(side, record_key(make.DEK, reader.hh, side.head_bytes)) == make.OBSERVATIONS


def test_torn_segment_scans_to_its_last_whole_record() -> None:
    whole, torn = scan(HERE / "svs1" / "closed.svs"), scan(HERE / "svs1" / "torn.svs")
    assert not torn.closed
    assert torn.entries == whole.entries[:3]
    assert torn.torn_bytes == make.TORN_BYTES


def test_key_record_gives_the_data_key_to_two_seats_with_the_machine() -> None:
    people = custodians(2, 3, envelopes=True)
    record = KeyRecord.parse((HERE / "keys" / "key-record.json").read_bytes())
    pairs = {one.pair.public.kid: one.pair for one in people.holders}
    pairs |= {paper.public.kid: paper for paper in people.envelopes}
    opened = {
        (item.seat, item.wrap.kid): pairs[item.wrap.kid].unwrap(item.wrap.ciphertext, share_wrap(record.hh, item.seat))
        for item in record.shares
    }
    assert len(opened) == 6
    shares = {seat: share for (seat, _), share in opened.items()}
    machine = people.machine.unwrap(record.machine.ciphertext, machine_wrap(record.hh))
    dek = bytes(a ^ b for a, b in zip(machine, join(shares, 2), strict=True))
    assert dek.hex() == _json("svs1/keys.json")["dek"]


def test_set_is_signed_and_known_by_its_hash() -> None:
    signed = SignedSet.parse((HERE / "keys" / "custodians.json").read_bytes())
    check_signatures(signed, None)
    assert signed.set.hash == sha256(canonical(_json("keys/custodians.json")["set"])).digest()


def test_split_joins() -> None:
    told = _json("keys/shares.json")
    shares = {number: bytes.fromhex(share) for number, share in enumerate(told["shares"], start=1)}
    assert join({x: shares[x] for x in (1, 4, 5)}, told["m"]).hex() == told["secret"]


def test_key_file_opens_with_its_passphrase() -> None:
    keys = unlock((HERE / "keys" / "custodian.key").read_bytes(), make.PASSPHRASE)
    assert keys.pair == custodians(2, 3).holders[0].pair
    assert keys.public.name == "Mme Petit"


def test_keyring_file_has_a_live_a_shredded_and_a_torn_slot() -> None:
    names = [segment_start(number).segment for number in range(3)]
    with KeyringFile(HERE / "keys" / "ring.keys") as file:
        found = list(file.slots())
        assert [head.segment for _, head in found if head is not None] == names
        payloads = [None if head is None else file.payload(number, head) for number, head in found]
        assert payloads[0] == b'{"number":0,"stands for":"a key record"}'
        assert payloads[1:] == [None, None]
        assert file.next_slot() == 3
