"""The ledger on a real disk: groups, uniqueness, proofs, and what it notices when it is opened."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.errors import ConfigError, InvalidValue
from nvr.base.units import UtcUs
from storage.ledger.entries import build, decode, encode
from storage.ledger.machine import Log, Missing
from storage.ledger.note import NoteInvalid, open_checkpoint, verify_proof
from storage.ledger.reader import DATABASE_NAME, LedgerDamaged, LedgerReader
from storage.ledger.store import KEY_NAME, Leaf, Ledger, LedgerExists, create_ledger
from storage.ledger.tables import LedgerUnavailable
from storage.merkle import leaf_hash, tree_hash, verify_consistency
from tests.storage.ledger.samples import ENTRIES, NOW_UTC_US, OFFICER, hold, uuid

ORIGIN = "ville.example/scelle/1"
NOW = UtcUs(NOW_UTC_US)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    create_ledger(tmp_path / "ledger", ORIGIN, NOW)
    return tmp_path / "ledger"


@pytest.fixture
def ledger(directory: Path) -> Iterator[Ledger]:
    opened = Ledger(directory, ORIGIN)
    yield opened
    opened.close()


def event(number: int) -> Leaf:
    missing = Missing(seg=uuid(number), camera="hall-1", start_utc_us=1, end_utc_us=2, why="lost")
    return Leaf.of(build(missing, ts_utc_us=NOW_UTC_US))


def act(number: int) -> Leaf:
    return Leaf.of(build(hold(number), ts_utc_us=NOW_UTC_US, actor=OFFICER, act=uuid(0x9000 + number)))


def public_key(ledger: Ledger) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(ledger.public_key_raw)


def damage(directory: Path, statement: str) -> None:
    """What an owner of the file can do: drop the triggers first."""
    with sqlite3.connect(directory / DATABASE_NAME) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
    connection.close()


def test_new_ledger_begins_with_its_key_and_a_checkpoint(ledger: Ledger, directory: Path) -> None:
    first = decode(ledger.entry(0)).body
    assert isinstance(first, Log)
    assert first.origin == ORIGIN
    note = ledger.checkpoint()
    assert note is not None
    assert open_checkpoint(note, public_key(ledger)).size == 1
    assert (directory / KEY_NAME).stat().st_mode & 0o777 == 0o600


def test_ledger_is_never_made_over_another(directory: Path) -> None:
    key = (directory / KEY_NAME).read_bytes()
    with pytest.raises(LedgerExists):
        create_ledger(directory, ORIGIN, NOW)
    assert (directory / KEY_NAME).read_bytes() == key


def test_creation_that_was_cut_short_is_completed(tmp_path: Path) -> None:
    (tmp_path / KEY_NAME).write_bytes(bytes(32))
    create_ledger(tmp_path, ORIGIN, NOW)
    assert LedgerReader(tmp_path / DATABASE_NAME).size() == 1


def test_entries_are_read_as_they_were_appended(ledger: Ledger) -> None:
    leaves = [Leaf.of(entry) for entry in ENTRIES.values()]
    (answers,) = ledger.append_groups([leaves])
    assert [answer.index for answer in answers] == list(range(1, len(leaves) + 1))
    assert [data for _, data in ledger.entries(1, 100)] == [leaf.data for leaf in leaves]
    assert ledger.entries(3, 2) == [(3, leaves[2].data), (4, leaves[3].data)]


def test_act_sent_again_is_answered_with_what_is_there(ledger: Ledger) -> None:
    ((first,),) = ledger.append_groups([[act(1)]])
    later = Leaf.of(build(hold(1), ts_utc_us=NOW_UTC_US + 5, actor=OFFICER, act=uuid(0x9001)))
    ((again,), (other,)) = ledger.append_groups([[later], [act(2)]])
    assert again == first
    assert other.index == first.index + 1
    assert ledger.find_act(uuid(0x9001)) == first.index
    assert ledger.find_act(uuid(0x9003)) is None


def test_spooled_event_enters_once(ledger: Ledger) -> None:
    seal = Leaf.of(ENTRIES["seal"])
    assert seal.spool is not None
    boot, shard, n = seal.spool
    assert ledger.last_spooled(boot, shard) is None
    ((first,), (again,)) = ledger.append_groups([[seal], [seal]])
    assert first == again
    assert ledger.last_spooled(boot, shard) == n
    assert ledger.size() == 2


def test_group_is_appended_whole_or_not_at_all(ledger: Ledger) -> None:
    bad = Leaf(data=b"", type="missing", act=None, spool=None)
    with pytest.raises(LedgerUnavailable):
        ledger.append_groups([[event(1), bad]])
    assert ledger.size() == 1
    ledger.append_groups([[event(2)]])
    assert ledger.root(2) == tree_hash([leaf_hash(data) for _, data in ledger.entries(0, 9)])


def test_act_brings_a_checkpoint_and_an_event_does_not(ledger: Ledger) -> None:
    ledger.append_groups([[event(1)]])
    assert ledger.checkpoint(2) is None
    ledger.append_groups([[event(2), act(1)], [event(3)]])
    note = ledger.checkpoint()
    assert note is not None
    signed = open_checkpoint(note, public_key(ledger))
    assert (signed.size, signed.root) == (5, ledger.root(5))


def test_same_state_is_signed_once(ledger: Ledger) -> None:
    ledger.append_groups([[event(1)]])
    assert ledger.sign() == ledger.sign() == ledger.checkpoint(2)


@given(count=st.integers(min_value=1, max_value=40), data=st.data())
def test_every_entry_and_every_growth_is_provable(
    tmp_path_factory: pytest.TempPathFactory, count: int, data: st.DataObject
) -> None:
    directory = tmp_path_factory.mktemp("ledger")
    create_ledger(directory, ORIGIN, NOW)
    ledger = Ledger(directory, ORIGIN)
    ledger.append_groups([[event(number)] for number in range(count)])
    note, size = ledger.sign(), count + 1
    index = data.draw(st.integers(min_value=0, max_value=count))
    assert verify_proof(ledger.entry(index), ledger.proof(index, note, size), public_key(ledger)).size == size
    before = data.draw(st.integers(min_value=1, max_value=size))
    verify_consistency(before, ledger.root(before), size, ledger.root(size), ledger.consistency(before, size))
    ledger.close()


@pytest.mark.parametrize(("index", "size"), [(2, 2), (0, 3), (-1, 2)])
def test_no_proof_of_what_is_not_there(ledger: Ledger, index: int, size: int) -> None:
    ledger.append_groups([[event(1)]])
    with pytest.raises(InvalidValue):
        ledger.inclusion(index, size)


@pytest.mark.parametrize(("older", "newer"), [(0, 2), (2, 1), (1, 3)])
def test_no_consistency_of_impossible_sizes(ledger: Ledger, older: int, newer: int) -> None:
    ledger.append_groups([[event(1)]])
    with pytest.raises(InvalidValue):
        ledger.consistency(older, newer)


def test_absent_entry_is_refused(ledger: Ledger) -> None:
    with pytest.raises(InvalidValue):
        ledger.entry(1)


@pytest.mark.parametrize("table", ["entry", "node", "checkpoint"])
@pytest.mark.parametrize("verb", ["DELETE FROM {table}", "UPDATE {table} SET rowid_or_size = 1"])
def test_database_refuses_to_forget(ledger: Ledger, directory: Path, table: str, verb: str) -> None:
    ledger.append_groups([[event(number) for number in range(4)]])
    column = {"entry": "idx", "node": "idx", "checkpoint": "size"}[table]
    connection = sqlite3.connect(directory / DATABASE_NAME)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(verb.format(table=table).replace("rowid_or_size", column))
    connection.close()


def test_opening_again_goes_on_where_it_was(directory: Path) -> None:
    for number in range(5):
        ledger = Ledger(directory, ORIGIN)
        ledger.append_groups([[event(number)]])
        ledger.close()
    ledger = Ledger(directory, ORIGIN)
    assert ledger.root(6) == tree_hash([leaf_hash(data) for _, data in ledger.entries(0, 9)])
    ledger.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET leaf = CAST(replace(CAST(leaf AS TEXT), 'lost', 'gone') AS BLOB) WHERE idx = 6",
        "UPDATE entry SET hash = zeroblob(32) WHERE idx = 6",
        "DELETE FROM entry WHERE idx = 6",
        "DELETE FROM entry WHERE idx > 2",
        "UPDATE node SET hash = zeroblob(32) WHERE level = 2 AND idx = 1",
        "UPDATE node SET hash = zeroblob(32) WHERE level = 1 AND idx = 2",
        "DELETE FROM node WHERE level = 2 AND idx = 0",
    ],
)
def test_rewritten_right_edge_is_noticed_at_open(directory: Path, statement: str) -> None:
    ledger = Ledger(directory, ORIGIN)
    ledger.append_groups([[event(number) for number in range(3)]])
    ledger.sign()
    ledger.append_groups([[event(number) for number in range(3, 7)]])
    ledger.close()
    damage(directory, statement)
    with pytest.raises(LedgerDamaged):
        Ledger(directory, ORIGIN)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET leaf = CAST('{}' AS BLOB) WHERE idx = 2",
        "UPDATE node SET hash = zeroblob(32) WHERE level = 1 AND idx = 1",
    ],
)
def test_rewritten_past_is_noticed_by_a_whole_check(directory: Path, statement: str) -> None:
    ledger = Ledger(directory, ORIGIN)
    ledger.append_groups([[event(number) for number in range(9)]])
    ledger.sign()
    key = public_key(ledger)
    ledger.verify(key)
    ledger.close()
    damage(directory, statement)
    with pytest.raises(LedgerDamaged):
        LedgerReader(directory / DATABASE_NAME).verify(key)


def test_checkpoint_of_another_key_is_noticed_at_open(directory: Path) -> None:
    (directory / KEY_NAME).write_bytes(bytes(32))
    with pytest.raises(NoteInvalid):
        Ledger(directory, ORIGIN)


@pytest.mark.parametrize("note", ["", "no checkpoint", "a\nb\nc\n"])
def test_checkpoint_that_is_none_is_damage_and_not_a_fault_of_the_program(directory: Path, note: str) -> None:
    damage(directory, f"INSERT OR REPLACE INTO checkpoint (size, note) VALUES (1, '{note}')")
    with pytest.raises(NoteInvalid):
        Ledger(directory, ORIGIN)


def test_ledger_of_another_origin_is_refused(directory: Path) -> None:
    with pytest.raises(ConfigError):
        Ledger(directory, "autre.example/scelle/1")


@pytest.mark.parametrize("content", [None, b"short"])
def test_ledger_without_its_key_is_a_fault_of_configuration(directory: Path, content: bytes | None) -> None:
    (directory / KEY_NAME).unlink()
    if content is not None:
        (directory / KEY_NAME).write_bytes(content)
    with pytest.raises(ConfigError):
        Ledger(directory, ORIGIN)


def test_proof_says_the_same_whoever_reads(ledger: Ledger, directory: Path) -> None:
    ledger.append_groups([[event(number) for number in range(10)]])
    reader = LedgerReader(directory / DATABASE_NAME)
    assert reader.root(11) == ledger.root(11)
    assert reader.inclusion(4, 11) == ledger.inclusion(4, 11)
    assert reader.entry(4) == encode(decode(ledger.entry(4)))
    reader.close()
