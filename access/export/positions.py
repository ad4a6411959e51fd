"""`video/<movie>.ptz.json`: where a dome said that it looked, as it was sealed (docs/design/domes.md). Pure.

Made by export from side records, and made again by verification from their proofs, to be compared.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from nvr.base.ids import CameraId
from nvr.base.jcs import Json, canonical
from storage.svs1.opening import RecordForged

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class SideRecord:
    """An opened side record: where it stands, and what was sealed."""

    segment: str
    seq: int
    content: bytes

    def observations(self) -> Sequence[Json]:
        """The array that was sealed.

        Raises:
            RecordForged: it is no array, or not canonical JSON.
        """
        try:
            value: Json = json.loads(self.content)
            exact = isinstance(value, list) and canonical(value) == self.content
        except (ValueError, RecursionError) as error:
            raise RecordForged(seq=self.seq, what="side record") from error
        if not exact or not isinstance(value, list):
            raise RecordForged(seq=self.seq, what="side record")
        return value


def positions_document(camera: CameraId | str, movie: str, records: Iterable[SideRecord]) -> bytes:
    """The file beside the movie at the path `movie`. Raises RecordForged: a record is no array of observations."""
    listed: list[Json] = [{"seg": one.segment, "seq": one.seq, "observations": one.observations()} for one in records]
    return canonical({"v": VERSION, "camera": camera, "movie": movie, "records": listed})
