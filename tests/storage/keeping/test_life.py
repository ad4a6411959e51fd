"""Footage over its whole life, in any order of events: recorded, held, let go, due, destroyed, and crashes between."""

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from nvr.base.ids import CameraId, SegmentId
from storage import reaper
from storage.books import Books
from storage.deadline import deadline_utc_us
from storage.growing import Recovered, recover
from storage.index.tables import SegmentState
from storage.keyring import KeyringKeeper
from storage.ledger import people
from storage.retention_clock import SETTLING_US
from storage.sealing import SealedSegment
from storage.svs1.scan import scan
from tests.storage.dying import Crash
from tests.storage.keeping.destroying import live_keys
from tests.storage.keeping.town import DAY_US, Town
from tests.storage.ledger.samples import uuid

CAMERAS: Final = (CameraId("mairie"), CameraId("gare"))
ORDER_DAYS: Final = 10
T = TypeVar("T")


class Life(RuleBasedStateMachine):
    """A town; what is expected of it is counted beside it."""

    segments = Bundle("segments")
    holds = Bundle("holds")

    @initialize()
    def begin(self) -> None:
        self.directory = Path(tempfile.mkdtemp())
        self.runner = asyncio.Runner()
        self.town = self.new_town()
        self.numbers = itertools.count()
        self.names = itertools.count(1)
        self.recorded: dict[SegmentId, SealedSegment] = {}
        self.held: dict[str, tuple[CameraId, int, int]] = {}
        self.away = False
        self.run(self.town.keeper.start())
        for camera in CAMERAS:
            body = people.Camera(camera=camera, url_hash="0" * 64, shard=0, retention_days=None, retired=False)
            self.run(self.town.act(body))
        self.run(
            self.town.act(
                people.Authorisation(
                    authorisation="order",
                    number="2026-1",
                    from_utc_us=0,
                    to_utc_us=None,
                    retention_days=ORDER_DAYS,
                    minimum_days=None,
                    cameras=None,
                )
            )
        )

    def new_town(self) -> Town:
        return Town(self.directory)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def record(self, camera: CameraId) -> SealedSegment:
        (segment,) = self.town.record(1, camera=camera, start_utc_us=self.town.clock.utc_us(), first=next(self.numbers))
        self.recorded[segment.segment] = segment
        return segment

    @rule(target=segments, camera=st.sampled_from(CAMERAS))
    def segment_is_recorded(self, camera: CameraId) -> SealedSegment:
        segment = self.record(camera)
        self.run(self.town.tell([segment]))
        return segment

    @rule(target=segments, camera=st.sampled_from(CAMERAS))
    def recorder_dies_after_a_closing(self, camera: CameraId) -> SealedSegment:
        """The keeper finds the file."""
        segment = self.record(camera)
        self.run(self.town.keeper.reconcile())
        return segment

    @rule(target=segments, camera=st.sampled_from(CAMERAS))
    def recorder_dies_while_a_segment_grows(self, camera: CameraId) -> SealedSegment:
        """Its next start takes the segment up."""
        segment = self.record(camera)
        sealed = self.town.path(segment)
        growing = self.town.recorder.volume.growing_path(0, segment.segment)
        growing.write_bytes(sealed.read_bytes()[: scan(sealed).tail_offset])
        sealed.unlink()
        (found,) = recover(self.town.recorder.volume, 0, self.town.recorder.keys)
        assert isinstance(found, Recovered)
        self.run(self.town.tell([found.segment]))
        return segment

    @rule(target=holds, segment=segments)
    def hold_is_placed(self, segment: SealedSegment) -> str:
        return self._hold(segment.camera, segment.start_utc_us, segment.end_utc_us - 1)

    @rule(target=holds, camera=st.sampled_from(CAMERAS), days=st.integers(1, 20))
    def hold_is_placed_on_the_future(self, camera: CameraId, days: int) -> str:
        now = self.town.clock.utc_us()
        return self._hold(camera, now, now + days * DAY_US)

    def _hold(self, camera: CameraId, begin: int, end: int) -> str:
        name = uuid(next(self.names))
        body = people.Hold(
            hold=name,
            requisition=None,
            cameras=(camera,),
            from_utc_us=begin,
            to_utc_us=end,
            basis=None,
            until_utc_us=None,
        )
        self.run(self.town.act(body))
        self.held[name] = (camera, begin, end)
        return name

    @rule(name=consumes(holds))
    def hold_ends(self, name: str) -> None:
        self.run(self.town.act(people.Unhold(hold=name, reason="0" * 64)))
        del self.held[name]

    @rule(days=st.sampled_from([1, ORDER_DAYS, ORDER_DAYS + 1]))
    def time_passes(self, days: int) -> None:
        """What is recorded now is due within the day behind ORDER_DAYS."""
        self.town.clock.advance(days * DAY_US)

    @rule(days=st.sampled_from([0, ORDER_DAYS, ORDER_DAYS + 1]))
    def retention_passes(self, days: int) -> None:
        self.time_passes(days)
        self._pass()
        self._check_nothing_due_is_left()

    def _pass(self) -> None:
        """One pass; a keeper that has just started believes a clock far ahead of the ledger only after a while."""
        for _ in range(3):
            self.run(self.town.keeper.retention_pass())
            done = self.town.keeper._last_pass
            assert done is not None
            if done.paused is None:
                return
            self.town.clock.advance(SETTLING_US)
        raise AssertionError("the clock is never believed")

    @rule(step=st.sampled_from(["shred", "remove", "tell", "follow"]))
    def keeper_dies_while_it_destroys(self, step: str) -> None:
        with self._deadly(step), suppress(Crash):
            self._pass()
        self.run(self.town.restart())

    def _deadly(self, step: str) -> Any:  # noqa: ANN401 -- a patch
        match step:
            case "shred":
                return patch.object(KeyringKeeper, "shred", side_effect=Crash)
            case "remove":
                return patch.object(reaper, "remove_files", side_effect=Crash)
            case "tell":
                return patch.object(reaper, "expired_body", side_effect=Crash)
        follow, calls = Books.follow, itertools.count()

        async def dies(books: Books) -> object:
            if next(calls) == 3:
                raise Crash
            return await follow(books)

        return patch.object(Books, "follow", dies)

    @rule()
    def keeper_restarts(self) -> None:
        self.run(self.town.restart())

    @rule()
    @precondition(lambda self: not self.away)
    def place_of_the_keyring_goes(self) -> None:
        self.town.recorder.places[1].rename(self.directory / "away")
        self.away = True

    @rule()
    @precondition(lambda self: self.away)
    def place_of_the_keyring_comes_back(self) -> None:
        (self.directory / "away").rename(self.town.recorder.places[1])
        self.away = False

    def is_held(self, segment: SealedSegment) -> bool:
        return any(
            camera == segment.camera and begin <= segment.end_utc_us and segment.start_utc_us <= end
            for camera, begin, end in self.held.values()
        )

    def is_due(self, segment: SealedSegment) -> bool:
        zone = self.town.settings.zone
        return deadline_utc_us(segment.start_utc_us, ORDER_DAYS, zone) <= self.town.clock.utc_us()

    def states(self) -> dict[SegmentId, SegmentState]:
        return {seg: self.run(self.town.row(seg)).state for seg in self.recorded}

    @invariant()
    def check_what_may_not_be_destroyed_is_whole(self) -> None:
        states = self.states()
        for seg, segment in self.recorded.items():
            if states[seg] is SegmentState.GONE:
                assert self.is_due(segment)
            else:
                assert self.town.path(segment).exists()
                assert seg in live_keys(self.town.recorder.places[0])

    def _check_nothing_due_is_left(self) -> None:
        states = self.states()
        for seg, segment in self.recorded.items():
            if self.is_due(segment) and not self.is_held(segment):
                assert states[seg] is SegmentState.GONE
                assert not self.town.path(segment).exists()
                places = self.town.recorder.places[: 1 if self.away else 2]
                assert not any(seg in live_keys(place) for place in places)

    def teardown(self) -> None:
        if self.away:
            self.place_of_the_keyring_comes_back()
        self.run(self.town.restart())
        self.check_the_end()
        self.run(self.town.keeper.close())
        self.runner.close()
        shutil.rmtree(self.directory)

    def check_the_end(self) -> None:
        """What must hold once everything is back and a keeper has started."""
        self.retention_passes(0)


def play(life: type[Life], examples: int) -> None:
    """A few short lives, the same each time."""
    few = settings(max_examples=examples, stateful_step_count=15, deadline=None, derandomize=True)
    run_state_machine_as_test(life, settings=few)


def play_at_length(life: type[Life]) -> None:
    run_state_machine_as_test(life, settings=settings(max_examples=150, stateful_step_count=40, deadline=None))


@pytest.mark.timeout(300)
def test_footage_is_kept_while_it_may_not_go_and_goes_when_it_is_due() -> None:
    play(Life, examples=8)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_footage_is_kept_and_goes_whatever_happens_at_length() -> None:
    play_at_length(Life)
