"""What the status page shows, gathered from keeper, recorders, index and disks at each request."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from access.http.view import Alarm, CameraState, CameraView, DomeView, LedgerView, RecorderView, StatusView, VolumeView
from config.model import Settings
from config.model import Volume as VolumeSetting
from nvr.app.index_port import IndexFiles, RecorderStates
from nvr.app.keeper_client import Caller
from nvr.app.volume_settings import VolumeSettings
from nvr.base.clock import Clock
from nvr.base.errors import EvidenceAtRisk, NvrError
from nvr.base.units import US_PER_DAY, US_PER_SECOND, UtcUs
from recorder.ptz.watch import DomeState
from recorder.server_clock import kernel_is_synchronised
from storage.forecast import MINIMUM_AT_RISK
from storage.ledger.entries import decode
from storage.snapshot import CameraEntry, CameraKind
from storage.snapshot import load as load_snapshot
from storage.vault.seats import SignedSet
from storage.volume import VolumeLost, open_volume
from storage.volume_health import VolumeState

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LOW_SHARE: Final = 0.03
"""Below this share of free room a disk is called almost full."""

_COUNTERS: Final = ("records", "frames", "bytes", "written", "lost", "dropped", "reconnects")

_OUT_OF_SERVICE: Final = (VolumeState.DRAINING, VolumeState.AWAY, VolumeState.ERRING)

_SILENT_DOME_US: Final = 600 * US_PER_SECOND
"""A dome that was switched off and on again answers within minutes."""

_NOTICE_US: Final = 183 * US_PER_DAY
"""So long before its end an order is an alarm: a renewal takes the prefecture four months."""


class StatusViews:
    """Makes one view for each request."""

    def __init__(
        self,
        settings: Settings,
        volumes: VolumeSettings,
        keeper: Caller,
        index: IndexFiles,
        recorders: RecorderStates,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._volumes = volumes
        self._keeper = keeper
        self._index = index
        self._recorders = recorders
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
        keeper = await self._keeper_status()
        return StatusView(
            town=self._settings.system.origin,
            now_utc_us=now,
            cameras=[await self._camera(entry, states.get(entry.camera), now) for entry in snapshot.cameras],
            volumes=await asyncio.to_thread(lambda: [self._volume(one, lost) for one in self._volumes.last_good()]),
            ledger=await self._ledger(keeper),
            alarms=[
                *_halts(keeper),
                *_at_risk(keeper, self._zone),
                *_silent(by_shard),
                *_recorded_nowhere(snapshot.cameras, states),
                *_silent_domes(states.values(), now),
                *await asyncio.to_thread(self._alarms, answers, now),
            ],
            recorders=[RecorderView(shard, answer is not None) for shard, answer in by_shard.items()],
        )

    async def _camera(self, entry: CameraEntry, state: Mapping[str, Any] | None, now: UtcUs) -> CameraView:
        midnight = _midnight(now, self._zone)
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
                setting.name, in_service=False, low=False, free_bytes=0, total_bytes=0, oldest_utc_us=None
            )
        return VolumeView(
            setting.name,
            in_service=volume.id not in lost,
            low=space.free_bytes < space.total_bytes * _LOW_SHARE,
            free_bytes=space.free_bytes,
            total_bytes=space.total_bytes,
            oldest_utc_us=self._index.oldest_on(volume.id),
        )

    async def _keeper_status(self) -> Mapping[str, Any] | None:
        try:
            status: Mapping[str, Any] = await self._keeper.call("status")
        except NvrError:
            return None
        return status

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

    def _alarms(self, answers: Sequence[Mapping[str, Any]], now: UtcUs) -> list[Alarm]:
        alarms = []
        if self._set_is_provisional():
            alarms.append(Alarm("provisional-set", None))
        if not kernel_is_synchronised():
            alarms.append(Alarm("clock-unsynchronised", None))
        if any(answer["keyring_degraded"] for answer in answers):
            alarms.append(Alarm("key-place-lost", None, ", ".join(map(str, self._settings.keyring.places))))
        faults = [fault for answer in answers for fault in answer["faults"]]
        alarms += [Alarm(fault["id"], None, f"{fault['where']}: {fault['what']}") for fault in faults]
        return [*alarms, *self._order_ends(now)]

    def _order_ends(self, now: UtcUs) -> list[Alarm]:
        ends = [order.to_utc_us for order in self._index.orders() if order.to_utc_us is None or order.to_utc_us > now]
        last = None if None in ends else max((end for end in ends if end is not None), default=None)
        if last is None or last > now + _NOTICE_US:
            return []
        return [Alarm("order-ends", None, f"{_local(last, self._zone):%d/%m/%Y}")]

    def _set_is_provisional(self) -> bool:
        try:
            return SignedSet.parse(self._settings.paths.custodians.read_bytes()).set.provisional
        except (OSError, EvidenceAtRisk):
            return False


def _halts(keeper: Mapping[str, Any] | None) -> list[Alarm]:
    """Destruction that waits for a person."""
    last = (keeper or {}).get("last_pass") or {}
    return [Alarm(halt["id"], None, halt["about"]) for halt in last.get("halts", ())]


def _at_risk(keeper: Mapping[str, Any] | None, zone: ZoneInfo) -> list[Alarm]:
    """Disks that will not keep what the orders demand, days before."""
    if keeper is None or MINIMUM_AT_RISK not in keeper["faults"]:
        return []
    day = _local(keeper["forecast"]["minimum_at_risk_utc_us"], zone)
    return [Alarm(MINIMUM_AT_RISK, None, f"{day:%d/%m/%Y}")]


def _silent(by_shard: Mapping[int, Mapping[str, Any] | None]) -> list[Alarm]:
    """One that restarts is silent for a moment, too: the page is of this instant."""
    return [Alarm("recorder-silent", None, str(shard)) for shard, answer in by_shard.items() if answer is None]


def _recorded_nowhere(cameras: Sequence[CameraEntry], states: Mapping[str, Mapping[str, Any]]) -> list[Alarm]:
    """Cameras that came back before anybody said where: exports could not name the place."""
    comes_and_goes = (each for each in cameras if each.absent or each.kind is CameraKind.NOMADIC)
    return [
        Alarm("recorded-nowhere", None, each.camera)
        for each in comes_and_goes
        if each.placement is None and states.get(each.camera, {}).get("state") == CameraState.RECORDING
    ]


def _silent_domes(states: Iterable[Mapping[str, Any]], now: UtcUs) -> list[Alarm]:
    """Domes whose pictures are recorded, and of which nobody has known for a while where they look."""
    recorded = [state for state in states if state["state"] == CameraState.RECORDING and state.get("dome")]
    return [
        Alarm("dome-silent", state["dome"]["since_utc_us"], str(state["camera"]))
        for state in recorded
        if state["dome"]["state"] == DomeState.UNKNOWN and now - state["dome"]["since_utc_us"] >= _SILENT_DOME_US
    ]


def _size_of(note: str | None) -> int | None:
    return None if note is None else int(note.split("\n")[1])


def _local(utc_us: int, zone: ZoneInfo) -> datetime:
    return (_EPOCH + timedelta(microseconds=utc_us)).astimezone(zone)


def _midnight(utc_us: UtcUs, zone: ZoneInfo) -> UtcUs:
    """The beginning of the local day."""
    begin = datetime.combine(_local(utc_us, zone).date(), time(), zone)
    return UtcUs((begin - _EPOCH) // timedelta(seconds=1) * US_PER_SECOND)
