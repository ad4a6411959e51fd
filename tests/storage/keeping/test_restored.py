"""What tells a keeper that its ledger is an old copy: a note of the restore, and checkpoints in the places."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nvr.base.errors import EvidenceAtRisk
from storage.keeping.restored import MARK_NAME, Restored, read_marks, read_restored, write_marks, write_restored
from storage.keyring import create_place
from storage.ledger.continued import declares
from storage.ledger.note import Checkpoint, sign_checkpoint
from storage.ledger.people import Continue

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ORIGIN = "ville.example/1"


def note(size: int, origin: str = ORIGIN, key: Ed25519PrivateKey = KEY) -> str:
    return sign_checkpoint(Checkpoint(origin, size, bytes(32)), key)


def test_note_of_a_restore_comes_back_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    assert read_restored(tmp_path) is None
    told = Restored(7, "0" * 64, "20260921T000000Z", 1, 2)
    write_restored(tmp_path, told)
    assert read_restored(tmp_path) == told
    for content in (b"", b"[]", b'{"v":2}', b'{"v":1}'):
        (tmp_path / "restored.json").write_bytes(content)
        with pytest.raises(EvidenceAtRisk):
            read_restored(tmp_path)


def test_marks_of_this_log_alone_are_read_and_a_place_that_is_away_has_none(tmp_path: Path) -> None:
    places = [tmp_path / name for name in ("1", "2", "3", "4")]
    for place in places[:3]:
        create_place(place)
    write_marks(places, note(5))
    (places[1] / MARK_NAME).write_text(note(6, key=Ed25519PrivateKey.generate()))
    (places[2] / MARK_NAME).write_text(note(7, origin="another.example/1"))
    assert [mark.size for mark, _ in read_marks(places, KEY.public_key(), ORIGIN)] == [5]
    assert not places[3].exists()


@pytest.mark.parametrize(
    ("size", "seen", "declared"),
    [(10, 20, False), (11, 20, True), (20, 20, True), (21, 20, False), (10, None, False), (99, None, True)],
)
def test_checkpoint_is_declared_lost_between_what_is_kept_and_what_was_seen(
    size: int, seen: int | None, declared: bool
) -> None:
    body = Continue(
        size=10,
        root="0" * 64,
        kept=None,
        seen=None if seen is None else note(seen),
        from_utc_us=0,
        to_utc_us=0,
        backup_utc_us=None,
        reason="0" * 64,
    )
    assert declares(body, Checkpoint(ORIGIN, size, bytes(32)), KEY.public_key()) is declared
