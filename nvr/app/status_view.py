"""What the status page shows, gathered from keeper, recorders, index, register and disks at each request."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from access.http.view import (
    Alarm,
    CameraState,
    CameraView,
    CopiesView,
    DomeView,
    LedgerView,
    RecorderView,
    StatusView,
    VolumeView,
)
from config.model import Settings
from config.model import Volume as VolumeSetting
from nvr.app.index_port import IndexFiles, RecorderStates
from nvr.app.keeper_client import Caller
from nvr.app.told_faults import ToldFault
from nvr.app.volume_settings import VolumeSettings
from nvr.app.watch.files import set_in_force
from nvr.app.watch.found import Condition
from nvr.app.watch.observation import Observation
from nvr.app.watch.of_cameras import recorded_nowhere, silent_domes
from nvr.app.watch.of_holds import provisional_holds
from nvr.app.watch.of_orders import order_ends, unauthorised
from nvr.app.watch.of_roles import (
    LOW_SHARE,
    lost_key_places,
    provisional,
    silent_recorders,
    unsynchronised,
    used_envelopes,
)
from nvr.app.watch.readings import AccessSeen, access_seen, recorder_seen
from nvr.base.catalogue import LANGUAGES, Language
from nvr.base.clock import Clock
from nvr.base.errors import NvrError
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from recorder.server_clock import kernel_is_synchronised
from storage.days import bounds_of, day_of
from storage.forecast import MINIMUM_AT_RISK
from storage.keeping.copies_status import COPIES_WAITING
from storage.keeping.discarded import HELD_LOST
from storage.keeping.keeper import DAMAGED
from storage.ledger.entries import decode
from storage.snapshot import CameraEntry, CameraSnapshot
from storage.snapshot import load as load_snapshot
from storage.volume import VolumeLost, open_volume
from storage.volume_health import VolumeState

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COUNTERS: Final = ("records", "frames", "bytes", "written", "lost", "dropped", "reconnects")

_OUT_OF_SERVICE: Final = (VolumeState.DRAINING, VolumeState.AWAY, VolumeState.ERRING)


class StatusViews:
    """Makes one view for each request."""

    def __init__(
        self,
        settings: Settings,
        volumes: VolumeSettings,
        keeper: Caller,
        index: IndexFiles,
        recorders: RecorderStates,
        access: Callable[[], Awaitable[Mapping[str, Json]]],
        clock: Clock,
    ) -> None:
        """`access`: its own `status` (`access.service.AccessService`)."""
        self._settings = settings
        self._volumes = volumes
        self._keeper = keeper
        self._index = index
        self._recorders = recorders
        self._access = access
        self._clock = clock
        self._zone = ZoneInfo(settings.system.timezone)

    async def view(self) -> StatusView:
        """The whole page as of now. Raises ConfigError: there is no camera snapshot."""
        now = self._clock.utc_us()
        snapshot = await asyncio.to_thread(load_snapshot, self._settings.paths.camera_snapshot)
        by_shard = await self._recorders.by_shard()
        answers = [answer for answer in by_shard.values() if answer is not None]
        states = {camera["camera"]: camera for answer in answers for camera in answer["state"]["cameras"]}
        lost = {each["volume"] for answer in answers for each in answer["volumes"] if each["state"] in _OUT_OF_SERVICE}
        keeper, access = await self._keeper_status(), await self._access_status()
        return StatusView(
            town=self._settings.system.origin,
            now_utc_us=now,
            cameras=[await self._camera(entry, states.get(entry.camera), now) for entry in snapshot.cameras],
            volumes=await asyncio.to_thread(lambda: [self._volume(one, lost) for one in self._volumes.last_good()]),
            ledger=await self._ledger(keeper),
            alarms=[
                *_halts(keeper),
                *_at_risk(keeper, self._zone),
                *await asyncio.to_thread(self._keeper_faults, keeper),
                *self._alarms(await asyncio.to_thread(self._observed, snapshot, by_shard, access, now)),
            ],
            recorders=[RecorderView(shard, answer is not None) for shard, answer in by_shard.items()],
            copies=_copies(keeper),
        )

    async def _camera(self, entry: CameraEntry, state: Mapping[str, Any] | None, now: UtcUs) -> CameraView:
        midnight, _ = bounds_of(day_of(now, self._zone), self._zone)
        gaps = await self._index.gaps(entry.camera, midnight, now)
        known = state or {}
        picture = known.get("health") or {}
        return CameraView(
            camera=entry.camera,
            place=entry.point,
            state=CameraState(known.get("state", CameraState.UNKNOWN)),
            cause=known.get("cause"),
            since_utc_us=known.get("since_utc_us"),
            last_record_utc_us=known.get("last_record_utc_us"),
            bitrate_bps=known.get("bitrate_bps"),
            gaps_today=len(gaps),
            gap_today_us=sum(min(gap.to_utc_us or now, now) - max(gap.from_utc_us, midnight) for gap in gaps),
            **{counter: known.get(counter) for counter in _COUNTERS},
            dome=DomeView(**known["dome"]) if known.get("dome") else None,
            picture=tuple(picture.get("faults", ())),
            picture_since_utc_us=picture.get("since_utc_us"),
            picture_looked_utc_us=picture.get("looked_utc_us"),
            until_utc_us=known.get("next_attempt_utc_us"),
        )

    def _volume(self, setting: VolumeSetting, lost: set[str]) -> VolumeView:
        try:
            volume = open_volume(setting.path, self._settings.system.origin)
            space = volume.space()
        except VolumeLost:
            return VolumeView(
                setting.name,
                in_service=False,
                low=False,
                free_bytes=None,
                total_bytes=None,
                oldest_utc_us=None,
                evidence=setting.evidence,
            )
        return VolumeView(
            setting.name,
            in_service=volume.id not in lost,
            low=not setting.evidence and space.free_bytes < space.total_bytes * LOW_SHARE,
            free_bytes=space.free_bytes,
            total_bytes=space.total_bytes,
            oldest_utc_us=self._index.oldest_on(volume.id),
            evidence=setting.evidence,
        )

    async def _keeper_status(self) -> Mapping[str, Any] | None:
        try:
            status: Mapping[str, Any] = await self._keeper.call("status")
        except NvrError:
            return None
        return status

    async def _access_status(self) -> AccessSeen | None:
        try:
            return access_seen(await self._access())
        except NvrError:  # the register's database does not answer; recording is shown all the same
            return None

    async def _ledger(self, status: Mapping[str, Any] | None) -> LedgerView:
        silent = LedgerView(answers=False, size=0, checkpoint_size=None, checkpoint_utc_us=None)
        if status is None:
            return silent
        size = _size_of(status["checkpoint"])
        try:
            leaf = None if size is None else str(await self._keeper.call("entry", {"index": size - 1}))
        except NvrError:
            return silent
        signed_utc_us = None if leaf is None else UtcUs(decode(leaf.encode()).ts_utc_us)
        return LedgerView(True, status["ledger_size"], size, signed_utc_us)

    def _observed(
        self,
        snapshot: CameraSnapshot,
        by_shard: Mapping[int, Mapping[str, Any] | None],
        access: AccessSeen | None,
        now: UtcUs,
    ) -> Observation:
        return Observation(
            now_utc_us=now,
            cameras=snapshot.cameras,
            recorders={shard: None if each is None else recorder_seen(each) for shard, each in by_shard.items()},
            access=access,
            orders=self._index.orders(),
            custodians=set_in_force(self._settings.paths.custodians),
            clock_synchronised=kernel_is_synchronised(),
            key_places=[str(place) for place in self._settings.keyring.places],
        )

    def _alarms(self, seen: Observation) -> list[Alarm]:
        shown = (
            *silent_recorders(seen),
            *recorded_nowhere(seen),
            *silent_domes(seen),
            *provisional(seen),
            *used_envelopes(seen),
            *unsynchronised(seen),
            *lost_key_places(seen),
        )
        faults = [fault for answer in seen.recorders.values() if answer for fault in answer.faults]
        ends = [(each.kind, each.until_utc_us) for each in order_ends(seen)]
        without = [each for each in unauthorised(seen) if each.until_utc_us is None]
        decided = [each for each in unauthorised(seen) if each.until_utc_us is not None]
        return [
            *(Alarm(each.kind, each.since_utc_us, each.detail or each.subject or None) for each in shown),
            *(self._fault(fault.id, fault.where, fault.what) for fault in faults),
            *([Alarm("access-silent", None)] if seen.access is None else []),
            *map(self._hold, provisional_holds(seen)),
            *(Alarm(kind, None, f"{_local(end, self._zone):%d/%m/%Y}") for kind, end in ends if end is not None),
            *([Alarm("camera-unauthorised", None, ", ".join(each.subject for each in without))] if without else []),
            *([Alarm("camera-decided", None, ", ".join(map(self._with_day, decided)))] if decided else []),
        ]

    def _keeper_faults(self, keeper: Mapping[str, Any] | None) -> list[Alarm]:
        """Damaged files and how many of them are held, held footage that is lost, and by name whatever else there is.

        A volume that is away and the clock are shown elsewhere.
        """
        faults = {name: ToldFault.of(told) for name, told in (keeper or {}).get("faults", {}).items()}
        damaged = [each for name, each in faults.items() if name == DAMAGED]
        lost = [each.fields for each in faults.values() if each.id == HELD_LOST]
        copies = [each for name, each in faults.items() if name == COPIES_WAITING]
        elsewhere = {DAMAGED, COPIES_WAITING, "clock", *(str(volume.path) for volume in self._volumes.last_good())}
        others = {name: each for name, each in faults.items() if name not in elsewhere and each.id != HELD_LOST}
        return [
            *(Alarm(DAMAGED, None, _count_and_held(each)) for each in damaged),
            *([Alarm(HELD_LOST, None, str(sum(each["segments"] for each in lost)))] if lost else []),
            *(self._fault(COPIES_WAITING, None, each) for each in copies),
            *(self._fault("keeper-fault", name, each) for name, each in others.items()),
        ]

    def _fault(self, alarm: str, where: str | None, told: ToldFault) -> Alarm:
        place = "" if where is None else f"{where}: "

        def said(language: Language) -> str:
            return f"{place}{told.said(language, self._instant)}"

        return Alarm(alarm, None, f"{place}{told.what}", {language: said(language) for language in LANGUAGES})

    def _instant(self, utc_us: int) -> str:
        return f"{_local(utc_us, self._zone):%d/%m/%Y %H:%M}"

    def _hold(self, waiting: Condition) -> Alarm:
        """One that waits for a validator until then, or ran out; by its requisition, else by its id."""
        name, _, _ = waiting.subject.partition(" ")
        if waiting.until_utc_us is None:
            return Alarm("hold-ran-out", waiting.since_utc_us, name)
        return Alarm(waiting.kind, waiting.since_utc_us, f"{name} ({self._instant(waiting.until_utc_us)})")

    def _with_day(self, each: Condition) -> str:
        return f"{each.subject} ({_local(each.until_utc_us or 0, self._zone):%d/%m/%Y})"


def _count_and_held(damaged: ToldFault) -> str:
    told = damaged.fields
    return f"{told['count']} ({told['held']})" if {"count", "held"} <= told.keys() else damaged.what


def _copies(keeper: Mapping[str, Any] | None) -> CopiesView | None:
    told = (keeper or {}).get("copies")
    if told is None:
        return None
    once, twice = told["once"], told["twice"]
    return CopiesView(
        once_segments=once["segments"],
        once_bytes=once["bytes"],
        twice_segments=twice["segments"],
        twice_bytes=twice["bytes"],
        left_bytes=told["left_bytes"],
        used_up_utc_us=told["used_up_utc_us"],
    )


def _halts(keeper: Mapping[str, Any] | None) -> list[Alarm]:
    """Destruction that waits for a person."""
    last = (keeper or {}).get("last_pass") or {}
    return [Alarm(halt["id"], None, halt["about"]) for halt in last.get("halts", ())]


def _at_risk(keeper: Mapping[str, Any] | None, zone: ZoneInfo) -> list[Alarm]:
    """Disks that will not keep what the orders demand, days before."""
    at_risk_utc_us = (keeper or {}).get("at_risk_utc_us")
    if at_risk_utc_us is None:
        return []
    return [Alarm(MINIMUM_AT_RISK, None, f"{_local(at_risk_utc_us, zone):%d/%m/%Y}")]


def _size_of(note: str | None) -> int | None:
    return None if note is None else int(note.split("\n")[1])


def _local(utc_us: int, zone: ZoneInfo) -> datetime:
    return (_EPOCH + timedelta(microseconds=utc_us)).astimezone(zone)
