"""`proofs/records/<seg>.json`: what ties the samples of a movie to the root that the ledger holds for a segment.

Made by export, read by verification. From a record's key and the samples in the movie anyone recomputes the sealed
ciphertext, its hashes, the record's inner root and the segment's root (docs/design/svs1.md "Leaf, root").
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import Field, StringConstraints

from storage.ledger.fields import Count, Hash, Part, Uuid7
from storage.svs1.contexts import NONCE, Bytes, check_front
from storage.svs1.layout import TAG_BYTES, RecordHead, pack_lengths, parse_table
from storage.svs1.opening import inner_from_packets, slice_hashes_from_packets

Hex = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2})*$")]
HeadHex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{256}$")]
TagHex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class _Front(Part):
    """What of a record stands in clear in the sealed file."""

    seq: Count
    head: HeadHex
    rkc: Hash
    slices: tuple[Annotated[int, Field(ge=0, lt=2**32)], ...]

    @property
    def front(self) -> bytes:
        """Head, rkc and slice lengths, as they stand in the file."""
        return bytes.fromhex(self.head) + bytes.fromhex(self.rkc) + pack_lengths(list(self.slices))

    def parse_head(self, file: str) -> RecordHead:
        """The head's values.

        Raises:
            SegmentDamaged: these are not a head's bytes.
        """
        return RecordHead.parse(bytes.fromhex(self.head), file=file, offset=0)


class RecordBeside(_Front):
    """The record before the first or after the last one that is told, of which nothing is disclosed but its head.

    The head says when its pictures are shown; `path` leads from `front` to the record's inner root.
    """

    path: tuple[Hash, ...]

    def check(self, inner: bytes) -> None:
        """Raises ProofInvalid: the record with this inner root has another head."""
        check_front(self.front, len(self.slices), [bytes.fromhex(one) for one in self.path], inner)


class RecordProof(_Front):
    """One record whose samples, or the first `packets` of them, are in a movie.

    `head`, `rkc`, `slices` and `tag` are as they stand in the sealed file, `k` is the record's key. `table` is the
    packet table in clear (for the init record, `seq` 0, and for side records their whole content). `rest` holds the
    leaf hashes of the ciphertext slices of the samples that were not exported: those that lie after the interval.
    """

    k: Hash
    tag: TagHex
    table: Hex
    packets: Count
    rest: tuple[Hash, ...]

    @property
    def pts_deltas_90k(self) -> tuple[int, ...]:
        """The presentation times in the packet table, exported or not."""
        return parse_table(bytes.fromhex(self.table))

    def inner(self, samples: Sequence[Bytes]) -> bytes:
        """The record's inner root, recomputed from its key and its samples in the movie."""
        key, table = bytes.fromhex(self.k), bytes.fromhex(self.table)
        at = sum(self.slices) - len(table)
        closing = slice_hashes_from_packets(key, [table], offset=at)
        rest = [*map(bytes.fromhex, self.rest), *closing]
        return inner_from_packets(self.front, key, samples, rest=rest, tag=bytes.fromhex(self.tag))

    def seals(self, samples: Sequence[Bytes]) -> bool:
        """Whether sealing these samples with the key gives the record's tag; all samples of the record are needed."""
        plaintext = b"".join([*samples, bytes.fromhex(self.table)])
        box = AESGCM(bytes.fromhex(self.k)).encrypt(NONCE, plaintext, self.front)
        return box[-TAG_BYTES:].hex() == self.tag


class SegmentProof(Part):
    """A segment: its header, as text and byte for byte, the inner roots of all its records, and the exported ones.

    `beside` are the groups of pictures next to these, and whatever other records lie between.
    """

    v: Literal[1] = 1
    seg: Uuid7
    header: str
    commit: Hash
    inner: tuple[Hash, ...]
    records: tuple[RecordProof, ...]
    beside: tuple[RecordBeside, ...]
