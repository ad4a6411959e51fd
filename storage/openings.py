"""Headers and keys of segments that are about to begin; their key records are durable before the first byte is."""

from collections.abc import Iterable
from typing import TypeAlias

from nvr.base.ids import SegmentId
from storage.keyring import KeyringUnreachable, KeyringWriter
from storage.predecessors import Predecessors
from storage.records import SegmentStart
from storage.sealing import SealerIdentity
from storage.svs1.header import Header, build
from storage.vault.seal import SegmentKeys, new_segment_keys
from storage.volume import VolumeId

Prepared: TypeAlias = tuple[Header, SegmentKeys]


class Openings:
    """Of one shard on one volume; the volume's writer thread owns it, any thread may set `identity`."""

    def __init__(
        self,
        volume: VolumeId,
        shard: int,
        identity: SealerIdentity,
        keyring: KeyringWriter,
        predecessors: Predecessors,
    ) -> None:
        self.identity = identity
        """Under which segments are sealed that begin from now on."""
        self._volume = volume
        self._shard = shard
        self._keyring = keyring
        self._predecessors = predecessors

    def prepare(self, starts: Iterable[SegmentStart]) -> dict[SegmentId, Prepared]:
        """Headers and keys of new segments, their key records durable in every place; nothing without a keyring."""
        prepared = {start.segment: self._prepared(start) for start in starts}
        try:
            if prepared:
                self._keyring.put(*(keys.record for _, keys in prepared.values()))
        except KeyringUnreachable:
            return {}
        return prepared

    def _prepared(self, start: SegmentStart) -> Prepared:
        identity = self.identity
        header = build(
            start,
            origin=identity.origin,
            boot=identity.boot,
            shard=self._shard,
            set_hash=identity.custodians.hash,
            previous=self._predecessors.before(start.camera, self._volume),
            software=identity.software,
        )
        keys = new_segment_keys(
            identity.custodians,
            hh=header.hh,
            segment=start.segment,
            camera=start.camera,
            start_utc_us=start.start_utc_us,
        )
        return header, keys
