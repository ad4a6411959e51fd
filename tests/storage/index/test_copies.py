"""Second copies, entry by entry, against a model of docs/design/storage.md that knows no SQL."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hypothesis import example, given, settings
from hypothesis import strategies as st

from storage.index.on_evidence import copies_of
from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.index.writer import Index
from storage.ledger import people
from storage.ledger.machine import Body, Copied, Damaged, Expire, Expired, Missing, Uncopied
from tests.storage.index.entries import leaves
from tests.storage.ledger.samples import hash_of, hold, seal, uuid

SEG = uuid(1)
FIRST, EVIDENCE, OTHER = seal().volume, uuid(0x301), uuid(0x302)


def recovered(volume: str = FIRST) -> Body:
    return seal().model_copy(update={"recovered": True, "volume": volume})


def missing(volume: str | None = FIRST) -> Body:
    return Missing(seg=SEG, camera="hall-1", start_utc_us=1, end_utc_us=2, why="not on its volume", volume=volume)


def copied(volume: str = EVIDENCE) -> Body:
    return Copied(volume=volume, segs=(SEG,))


def uncopied(volume: str = EVIDENCE) -> Body:
    return Uncopied(volume=volume, segs=(SEG,), why="no hold")


def discard(volume: str) -> Body:
    counts = {"segments": 0, "bytes": 0, "held": 0}
    return people.Discard(volume=volume, disk=None, bay=None, reason=hash_of(1), **counts)


EXPIRE: Body = Expire(segs=(SEG,), reason="cap", deadline_utc_us=1)
EXPIRED: Body = Expired(segs=(SEG,), bytes=1, cameras=())


def tell(index: Index, *bodies: Body) -> None:
    index.apply(leaves(bodies, first=index.progress().applied_size))


def row(index: Index) -> SegmentRow:
    found = index.segment(SEG)
    assert found is not None
    return found


def copy(index: Index) -> str | None:
    return index.answer(lambda connection: copies_of(connection, [SEG])).get(SEG)


def test_copy_stands_for_a_file_that_is_missed_and_the_segment_is_not_lost(index: Index) -> None:
    tell(index, seal(), copied(), missing())
    assert (row(index).state, row(index).volume, copy(index)) == (SegmentState.SEALED, EVIDENCE, None)


def test_file_that_was_missed_twice_on_one_volume_does_not_lose_its_copy(index: Index) -> None:
    tell(index, seal(), copied(), missing(), missing())
    assert (row(index).state, row(index).volume) == (SegmentState.SEALED, EVIDENCE)
    tell(index, missing(EVIDENCE))
    assert row(index).state is SegmentState.LOST


def test_damage_of_a_file_is_not_that_of_the_copy_that_stands_for_it(index: Index) -> None:
    damaged = Damaged(seg=SEG, camera="hall-1", start_utc_us=1, end_utc_us=2, why="hash of the record")
    tell(index, seal(), copied(), damaged, missing())
    assert row(index).damaged_why is None


def test_volume_that_leaves_for_good_loses_what_has_no_copy_elsewhere(index: Index) -> None:
    tell(index, seal(), seal(2), copied(), discard(FIRST))
    assert (row(index).state, row(index).volume) == (SegmentState.SEALED, EVIDENCE)
    other = index.segment(uuid(2))
    assert other is not None
    assert other.state is SegmentState.LOST
    tell(index, discard(EVIDENCE))
    assert row(index).state is SegmentState.LOST


def test_evidence_volume_that_leaves_for_good_takes_its_copies_and_no_footage(index: Index) -> None:
    tell(index, seal(), copied(), discard(EVIDENCE))
    assert (row(index).state, row(index).volume, copy(index)) == (SegmentState.SEALED, FIRST, None)


def test_file_that_is_back_beside_its_copy_is_the_first_again(index: Index) -> None:
    tell(index, seal(), copied(), missing(), recovered())
    assert (row(index).volume, copy(index)) == (FIRST, EVIDENCE)


def test_footage_does_not_change_on_a_timeline_while_a_copy_stands_for_its_file(index: Index) -> None:
    tell(index, seal(), copied())
    before = index.timelines(0, 2**52)
    tell(index, missing())
    assert index.timelines(0, 2**52) == before


@dataclass
class Model:
    """One segment: where its file is, and where its copy."""

    state: SegmentState | None = None
    lost: bool = False
    file: str = FIRST
    copy: str | None = None
    held: bool = False

    def is_there(self) -> bool:
        return self.state in {SegmentState.SEALED, SegmentState.DOOMED} and not self.lost

    def found(self, volume: str) -> None:
        self.state = SegmentState.SEALED if self.state is SegmentState.LOST else self.state
        self.lost, self.file = False, volume

    def missing(self, volume: str) -> None:
        if not self.is_there() or self.file != volume:
            return
        if self.copy is not None:
            self.file, self.copy = self.copy, None
            return
        self.lost = True
        self.state = SegmentState.LOST if self.state is SegmentState.SEALED else self.state

    def recovered(self, volume: str) -> None:
        if self.state is None:
            self.state, self.file = SegmentState.SEALED, volume
        elif self.lost:
            self.found(volume)
        elif self.is_there() and volume != self.file:
            self.file, self.copy = volume, self.file

    def copied(self, volume: str) -> None:
        if self.lost:
            self.found(volume)
        elif self.is_there() and volume != self.file:
            self.copy = volume

    def uncopied(self, volume: str) -> None:
        self.copy = None if self.copy == volume else self.copy

    def discard(self, volume: str) -> None:
        self.uncopied(volume)
        self.missing(volume)

    def expire(self, _: str) -> None:
        if self.state in {SegmentState.SEALED, SegmentState.LOST} and not self.held:
            self.state = SegmentState.DOOMED

    def expired(self, _: str) -> None:
        self.state, self.copy, self.lost = SegmentState.GONE, None, False

    def hold(self, _: str) -> None:
        self.held = True
        if self.state is SegmentState.DOOMED:
            self.state = SegmentState.LOST if self.lost else SegmentState.SEALED

    def unhold(self, _: str) -> None:
        self.held = False


BODIES: dict[str, Callable[[str], Body]] = {
    "recovered": recovered,
    "copied": copied,
    "uncopied": uncopied,
    "discard": discard,
    "missing": missing,
    "expire": lambda _: EXPIRE,
    "expired": lambda _: EXPIRED,
    "hold": lambda _: hold(),
    "unhold": lambda _: people.Unhold(hold=uuid(0x500), reason=hash_of(1)),
}
events = st.tuples(st.sampled_from(sorted(BODIES)), st.sampled_from((FIRST, EVIDENCE, OTHER)))


@settings(max_examples=40)
@example(story=[("recovered", FIRST), ("missing", FIRST), ("copied", EVIDENCE), ("expire", FIRST), ("hold", FIRST)])
@example(story=[("recovered", FIRST), ("copied", EVIDENCE), ("expire", FIRST), ("missing", FIRST), ("expired", FIRST)])
@given(story=st.lists(events, max_size=20))
def test_segment_and_its_copy_are_where_the_page_says(
    empty_index: Callable[[], Index], story: Sequence[tuple[str, str]]
) -> None:
    index, model = empty_index(), Model()
    for what, volume in story:
        if what == "expired" and model.state is not SegmentState.DOOMED:
            continue  # the reaper destroys nothing else
        getattr(model, what)(volume)
        tell(index, BODIES[what](volume))
        found = index.segment(SEG)
        assert (None if found is None else found.state) == model.state
        assert copy(index) == model.copy
        if found is not None and model.is_there():
            assert found.volume == model.file
            assert model.copy != model.file
