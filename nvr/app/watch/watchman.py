"""The watch at work: look, judge, tell. One loop looks, one for each channel tells; none waits for another."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from config.model import Settings
from nvr.app.watch import memory as memory_file
from nvr.app.watch.book import Book
from nvr.app.watch.channels import Channel
from nvr.app.watch.conditions import judge
from nvr.app.watch.files import footage_lost, holds_kept, oldest_footage
from nvr.app.watch.kinds import kinds_for
from nvr.app.watch.letter import Daily, Letter, LetterKind, member_json
from nvr.app.watch.look import Looker
from nvr.app.watch.memory import Memory
from nvr.app.watch.observation import ChannelFailing, Observation
from nvr.app.watch.of_holds import OldKept, quarter_of, to_review
from nvr.app.watch.of_orders import next_end
from nvr.app.watch.probes import HangingError
from nvr.app.watch.sending import Outcome
from nvr.app.watch.told import Told
from nvr.app.watch.wording import write
from nvr.base.backoff import Backoff
from nvr.base.clock import Clock
from nvr.base.ids import CameraId
from nvr.base.jcs import Json
from nvr.base.stop import Stop
from nvr.base.units import US_PER_DAY, US_PER_SECOND, UtcUs
from storage.pacing import pause

LOOK_S: Final = 10.0
_RETRY_FIRST_S: Final = 10.0
_RETRY_MOST_S: Final = 300.0
_SAVED_EVERY_US: Final = 60 * US_PER_SECOND
_SETTLED_US: Final = 1200 * US_PER_SECOND
"""So long after its start the watch has seen what lasts, and may report on the day."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_log: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class Line:
    """One channel at work: what it was told, and how it fares."""

    channel: Channel
    told: Told
    backoff: Backoff = field(default_factory=lambda: Backoff(first_s=_RETRY_FIRST_S, most_s=_RETRY_MOST_S))
    next_mono_us: int = 0
    failing: ChannelFailing | None = None
    detail: str = ""
    looked: asyncio.Event = field(default_factory=asyncio.Event)


class Watchman:
    """Looks every ten seconds until the stop, and tells what is new. The event loop owns it."""

    def __init__(
        self, settings: Settings, clock: Clock, looker: Looker, channels: Mapping[str, Channel], memory: Memory
    ) -> None:
        """`memory`: what the watch before this one had saved."""
        self._settings = settings
        self._clock = clock
        self._looker = looker
        self._zone = ZoneInfo(settings.system.timezone)
        self.book = Book(kinds_for(settings.alarm.camera_minutes), memory.members)
        # What a channel that is away was told is kept: it may come back with the next start.
        self._others = {name: told for name, told in memory.channels.items() if name not in channels}
        self.lines = {name: Line(each, memory.channels.get(name, Told())) for name, each in channels.items()}
        self._seen: Observation | None = None
        self._saved_mono_us = 0
        self._began_mono_us = clock.mono_us()

    async def run(self, stop: Stop) -> None:
        """Look and tell until the stop."""
        async with asyncio.TaskGroup() as group:
            telling = [group.create_task(self._tell_forever(name)) for name in self.lines]
            while not stop.is_set():
                await self.look()
                await pause(self._clock, stop, LOOK_S)
            for task in telling:
                task.cancel()

    async def look(self) -> None:
        """One look, for all channels to see."""
        failing = [line.failing for line in self.lines.values() if line.failing is not None]
        seen = self._seen = await self._looker.look(failing)
        before = self.book.standing().keys()
        ended = self.book.look(judge(seen), seen.now_utc_us)
        for line in self.lines.values():
            line.told.over(ended)
        for key in self.book.standing().keys() - before:
            _log.warning("alarm %s %s: %s", *key, self.book.members[key].detail)
        for key in ended:
            _log.info("alarm %s %s: over", *key)
        changed = ended or self.book.standing().keys() != before
        if changed or self._clock.mono_us() - self._saved_mono_us >= _SAVED_EVERY_US:
            await self._save()
        for line in self.lines.values():
            line.looked.set()

    async def tell(self, name: str) -> None:
        """Tell over this channel what is due, if anything is and it is not waiting after a failure."""
        line = self.lines[name]
        if self._clock.mono_us() < line.next_mono_us:
            return
        letter = await self._due(line.told)
        if letter is None:
            return
        outcome = await self._send(line, letter)
        self._note(name, line, outcome)
        if not outcome.is_sent:
            return
        line.told.note(letter.tidings)
        if letter.kind is LetterKind.DAILY:
            day = self._local(letter.now_utc_us).date()
            line.told.daily_day = day.isoformat()
            if letter.daily is not None and letter.daily.review is not None:
                line.told.review_quarter = quarter_of(day)
        else:
            line.told.note_sent(letter.now_utc_us)
        await self._save()

    async def test(self, name: str) -> Outcome:
        """Send a test message at once."""
        line = self.lines[name]
        outcome = await self._send(line, self._letter(LetterKind.TEST))
        self._note(name, line, outcome)
        return outcome

    def status(self) -> dict[str, Json]:
        """What stands, and how the channels fare."""
        seen = self._seen
        return {
            "looked_utc_us": None if seen is None else seen.now_utc_us,
            "recording": self._recording(),
            "expected": None if seen is None else len(seen.expected()),
            "alarms": [{"id": key[0], **member_json(key[1], each)} for key, each in self.book.standing().items()],
            "channels": [self._channel(name, line) for name, line in self.lines.items()],
        }

    async def _tell_forever(self, name: str) -> None:
        line = self.lines[name]
        while True:
            await line.looked.wait()
            line.looked.clear()
            await self.tell(name)

    async def _due(self, told: Told) -> Letter | None:
        now_utc_us = self._clock.utc_us()
        tidings = told.tidings(self.book.standing())
        if told.may_send(tidings, now_utc_us, per_hour=self._settings.alarm.messages_per_hour):
            return replace(self._letter(LetterKind.ALARM), tidings=tidings)
        local = self._local(now_utc_us)
        is_due = local.hour >= self._settings.alarm.daily_hour and local.date().isoformat() != told.daily_day
        if is_due and self._clock.mono_us() - self._began_mono_us >= _SETTLED_US:
            daily = await self._daily(now_utc_us)
            if told.review_quarter != quarter_of(local.date()):
                daily = replace(daily, review=await self._review(now_utc_us))
            return replace(self._letter(LetterKind.DAILY), daily=daily)
        return None

    def _letter(self, kind: LetterKind) -> Letter:
        expected = None if self._seen is None else len(self._seen.expected())
        origin = self._settings.system.origin
        return Letter(kind, origin, self._clock.utc_us(), self._recording(), expected)

    def _recording(self) -> int | None:
        seen = self._seen
        known = seen is not None and seen.cameras is not None and None not in seen.recorders.values()
        return seen.recording() if seen is not None and known else None

    async def _daily(self, now_utc_us: UtcUs) -> Daily:
        seen, index = self._seen, self._settings.index_location
        cameras: list[CameraId] = [] if seen is None else [each.camera for each in seen.cameras or ()]
        day_ago = UtcUs(now_utc_us - US_PER_DAY)
        lost = partial(footage_lost, index, cameras, day_ago, now_utc_us)
        try:
            lost_us = await self._looker.probes.ask("lost", lost, limit_s=60)
            oldest_utc_us = await self._looker.probes.ask("oldest", partial(oldest_footage, index), limit_s=60)
        except HangingError:
            lost_us = oldest_utc_us = None
        return Daily(
            lost_us=lost_us,
            oldest_utc_us=oldest_utc_us,
            volumes=() if seen is None else seen.volumes,
            order_end_utc_us=None if seen is None else next_end(seen),
            standing=self.book.standing(),
            pending={key: each for key, each in self.book.members.items() if not each.stands},
        )

    async def _review(self, now_utc_us: UtcUs) -> Sequence[OldKept] | None:
        """The old holds; None while access does not say which there are."""
        access = None if self._seen is None else self._seen.access
        if access is None:
            return None
        look = partial(holds_kept, self._settings.index_location, now_utc_us)
        try:
            kept_bytes = await self._looker.probes.ask("kept", look, limit_s=60) if access.old else {}
        except HangingError:
            kept_bytes = None
        return to_review(access.old, kept_bytes, now_utc_us)

    async def _send(self, line: Line, letter: Letter) -> Outcome:
        return await line.channel.send(letter, write(letter, self._settings.alarm.language, self._zone))

    def _note(self, name: str, line: Line, outcome: Outcome) -> None:
        line.detail = outcome.detail
        if outcome.is_sent:
            line.failing, line.next_mono_us = None, 0
            line.backoff.ran_for(_SAVED_EVERY_US)
            return
        _log.warning("channel %s: %s %s", name, outcome.cause, outcome.detail)
        since = self._clock.utc_us() if line.failing is None else line.failing.since_utc_us
        line.failing = ChannelFailing(name, since, outcome.cause)
        line.next_mono_us = self._clock.mono_us() + round(line.backoff.next_delay_s() * US_PER_SECOND)

    def _channel(self, name: str, line: Line) -> dict[str, Json]:
        sent = line.told.sent_utc_us
        return {
            "channel": name,
            "cause": None if line.failing is None else line.failing.cause,
            "since_utc_us": None if line.failing is None else line.failing.since_utc_us,
            "detail": line.detail or None,
            "sent_utc_us": sent[-1] if sent else None,
            "daily_day": line.told.daily_day,
        }

    async def _save(self) -> None:
        self._saved_mono_us = self._clock.mono_us()
        told = {**self._others, **{name: line.told for name, line in self.lines.items()}}
        content = memory_file.packed(Memory(self.book.members, told))
        try:
            await self._looker.probes.ask("memory", partial(memory_file.save, self._settings.paths.watch, content))
        except (OSError, HangingError) as error:
            # A disk that refuses must not keep anybody from being told: after a restart it is told again.
            _log.warning("what was told is not saved: %s", error)

    def _local(self, utc_us: int) -> datetime:
        return (_EPOCH + timedelta(microseconds=utc_us)).astimezone(self._zone)
