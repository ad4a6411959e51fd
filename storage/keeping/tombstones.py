"""Keys that came back: live slots of segments that the ledger says are destroyed.

A place of the keyring that was restored from a backup, or that was away, holds them; they are shredded again before any
copy is used (docs/design/keys.md, "The keyring").
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from storage.index.queries import IndexReader
from storage.keyring import KeyRef, KeyringDamaged
from storage.keyring.layout import SlotState
from storage.keyring.places import KeyringFile, file_names

_PAGE = 5000


def revived_keys(index: IndexReader, places: Sequence[Path]) -> list[KeyRef]:
    """The key records to shred once more. Places and files that can not be read are left to the keyring's own check."""
    live = _live_segments(places)
    revived: dict[str, KeyRef] = {}
    while page := set(islice(live, _PAGE)):
        revived.update({row.seg: row.key_ref for row in index.gone_among(page)})
    return list(revived.values())


def _live_segments(places: Sequence[Path]) -> Iterator[str]:
    for place in places:
        try:
            names = sorted(file_names(place))
        except OSError:
            continue
        for name in names:
            yield from _live_in(place / name)


def _live_in(path: Path) -> Iterator[str]:
    try:
        with KeyringFile(path) as file:
            yield from [head.segment for _, head in file.slots() if head and head.state is not SlotState.SHREDDED]
    except (OSError, KeyringDamaged):
        return
