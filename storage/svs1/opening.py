"""Opening one record with its key, and proving that exported packets are the sealed ones. Pure, no I/O.

docs/design/svs1.md "Record", "Plaintext", "Leaf, root".
"""

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CTR

from nvr.base.errors import EvidenceAtRisk
from storage.merkle import leaf_hash
from storage.records import CodecConfig
from storage.svs1.contexts import NONCE, Bytes, inner_root_from_hashes, record_key_commitment
from storage.svs1.layout import TABLE_ROW_BYTES, RecordHead, RecordType, parse_table
from storage.svs1.scan import SealedRecord

_AES_BLOCK_BYTES: Final = 16
_FIRST_COUNTER: Final = 2
"""GCM with a 96-bit nonce encrypts from counter 2 on; 1 makes the tag (NIST SP 800-38D section 7.1)."""


class WrongRecordKey(EvidenceAtRisk):
    """The key is not the one that the record commits to; `seq` names the record."""

    message_id = "wrong-record-key"


class RecordForged(EvidenceAtRisk):
    """The key is right and the seal does not hold, or what was sealed is not a record; `seq` names it."""

    message_id = "record-forged"


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One picture as an MP4 sample; `data` is a view into the opened record."""

    pts_90k: int
    data: memoryview


def check_key(key: bytes, rkc: bytes, *, seq: int) -> None:
    """Compare a record key with the record's commitment.

    Raises:
        WrongRecordKey: it is another key.
    """
    if record_key_commitment(key) != rkc:
        raise WrongRecordKey(seq=seq)


def decrypt(record: SealedRecord, key: bytes) -> bytes:
    """What was sealed.

    Raises:
        WrongRecordKey: `key` is not the record's.
        RecordForged: the seal does not hold.
    """
    check_key(key, record.rkc, seq=record.head.seq)
    try:
        return AESGCM(key).decrypt(NONCE, record.box, record.front)
    except InvalidTag as error:
        raise RecordForged(seq=record.head.seq, what="tag") from error


def packets(head: RecordHead, plaintext: bytes, lengths: Sequence[int]) -> list[AccessUnit]:
    """The access units of an opened GOP, in decode order; `lengths` are the record's slice lengths.

    Raises:
        RecordForged: the record is no GOP, or its table does not fit its packets.
    """
    if head.type is not RecordType.GOP or sum(lengths) != len(plaintext) or len(lengths) != head.packet_count + 1:
        raise RecordForged(seq=head.seq, what="packet table")
    if lengths[-1] != TABLE_ROW_BYTES * head.packet_count:
        raise RecordForged(seq=head.seq, what="packet table")
    view = memoryview(plaintext)
    deltas = parse_table(view[len(view) - lengths[-1] :].tobytes())
    units, at = [], 0
    for delta, length in zip(deltas, lengths, strict=False):
        units.append(AccessUnit(head.pts_90k + delta, view[at : at + length]))
        at += length
    return units


def codec_config(plaintext: bytes) -> CodecConfig:
    """How to decode the segment, from its opened init record.

    Raises:
        RecordForged: it is not an init record's content.
    """
    try:
        body = json.loads(plaintext)
        return CodecConfig(
            codec=str(body["codec"]),
            extradata=base64.b64decode(body["extradata"], validate=True),
            width=int(body["width"]),
            height=int(body["height"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecordForged(seq=0, what="init record") from error


def slice_hashes_from_packets(key: bytes, units: Iterable[Bytes], *, offset: int = 0) -> list[bytes]:
    """The leaf hashes of the ciphertext slices of these packets, which begin at `offset` of the plaintext.

    Each is encrypted with AES-256-CTR as GCM does; `openssl enc -aes-256-ctr` gives the same bytes.
    """
    counter = _FIRST_COUNTER + offset // _AES_BLOCK_BYTES
    encryptor = Cipher(AES256(key), CTR(counter.to_bytes(_AES_BLOCK_BYTES, "big"))).encryptor()
    encryptor.update(bytes(offset % _AES_BLOCK_BYTES))
    return [leaf_hash(encryptor.update(unit)) for unit in units]


def inner_from_packets(front: bytes, key: bytes, units: Iterable[Bytes], *, rest: Sequence[bytes], tag: Bytes) -> bytes:
    """The inner root of a record, recomputed from its key and the packets that were exported from its beginning.

    `front` is head, rkc and slice lengths; `rest` the leaf hashes of the slices that were not exported, the packet
    table's last. Equality with the logged inner root ties the exported packets to the ledger.
    """
    return inner_root_from_hashes(front, [*slice_hashes_from_packets(key, units), *rest], tag)
