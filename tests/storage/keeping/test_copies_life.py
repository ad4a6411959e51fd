"""Footage with an evidence volume over its whole life: files and disks go and come back, one of the two at a time."""

from pathlib import Path

import pytest
from hypothesis.stateful import invariant, precondition, rule

from nvr.base.ids import SegmentId
from storage.index.tables import SegmentState
from storage.sealing import SealedSegment
from tests.storage.keeping.destroying import live_keys
from tests.storage.keeping.evidence import EvidenceTown, files_on
from tests.storage.keeping.test_life import Life, play, play_at_length


class TwiceKept(Life):
    """Whatever happens to one of a segment's files, the segment is there until it is destroyed on time."""

    town: EvidenceTown

    def new_town(self) -> EvidenceTown:
        self.is_evidence_away = False
        return EvidenceTown(self.directory)

    @property
    def evidence_at(self) -> Path:
        return self.directory / "evidence-away" if self.is_evidence_away else self.town.evidence.path

    def own(self, segment: SealedSegment) -> Path:
        return self.town.path(segment)

    def second(self, segment: SealedSegment) -> Path:
        return self.evidence_at / self.town.copy(segment).relative_to(self.town.evidence.path)

    def is_told(self, segment: SealedSegment) -> bool:
        """The ledger knows of the second file: one that it does not know of is nobody's."""
        on_evidence = self.run(self.town.row(segment.segment)).volume == self.town.evidence.id
        return on_evidence or bool(self.run(self.town.copied(segment)))

    def both(self) -> list[SealedSegment]:
        """Segments of which either file may go."""
        there = [one for one in self.recorded.values() if self.own(one).exists() and self.second(one).exists()]
        return [one for one in there if self.is_told(one)]

    @rule()
    def copies_are_made(self) -> None:
        self.run(self.town.pass_())

    @rule()
    def own_file_goes(self) -> None:
        for segment in self.both()[:1]:
            self.own(segment).rename(self.directory / f"{segment.segment}.taken")

    @rule()
    def own_file_comes_back(self) -> None:
        for taken in sorted(self.directory.glob("*.taken"))[:1]:
            own = self.own(self.recorded[SegmentId(taken.stem)])
            if own.parent.is_dir() and self.states()[SegmentId(taken.stem)] is not SegmentState.GONE:
                taken.rename(own)

    @rule()
    def copy_goes(self) -> None:
        for segment in self.both()[:1]:
            if self.run(self.town.row(segment.segment)).volume != self.town.evidence.id:
                self.second(segment).unlink()

    @rule()
    def volumes_are_compared(self) -> None:
        self.run(self.town.keeper.reconcile())

    @rule()
    @precondition(lambda self: not self.is_evidence_away)
    def evidence_volume_goes(self) -> None:
        self.town.evidence.path.rename(self.directory / "evidence-away")
        self.is_evidence_away = True
        self.run(self.town.keeper._look_at_volumes())

    @rule()
    @precondition(lambda self: self.is_evidence_away)
    def evidence_volume_comes_back(self) -> None:
        (self.directory / "evidence-away").rename(self.town.evidence.path)
        self.is_evidence_away = False
        self.run(self.town.keeper._look_at_volumes())

    @invariant()
    def check_what_may_not_be_destroyed_is_whole(self) -> None:
        states = self.states()
        for seg, segment in self.recorded.items():
            if states[seg] is SegmentState.GONE:
                assert self.is_due(segment)
            else:
                assert states[seg] is not SegmentState.LOST
                assert self.own(segment).exists() or self.second(segment).exists()
                assert seg in live_keys(self.town.recorder.places[0])

    def teardown(self) -> None:
        if self.is_evidence_away:
            self.evidence_volume_comes_back()
        super().teardown()

    def check_the_end(self) -> None:
        """What is held is there twice, and nothing else is on the evidence volume but what only it has."""
        for _ in range(2):
            self.run(self.town.keeper.reconcile())
            self.run(self.town.pass_())
        super().check_the_end()
        self.run(self.town.keeper.reconcile())
        states = self.states()
        sealed = {seg for seg in self.recorded if states[seg] is SegmentState.SEALED}
        alone = {seg for seg in sealed if self.run(self.town.row(seg)).volume == self.town.evidence.id}
        held = {seg for seg in sealed if self.is_held(self.recorded[seg])}
        assert files_on(self.town.evidence) == alone | held


@pytest.mark.timeout(300)
def test_segment_is_there_while_one_of_its_files_is() -> None:
    play(TwiceKept, examples=6)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_segment_is_there_while_one_of_its_files_is_whatever_happens_at_length() -> None:
    play_at_length(TwiceKept)
