"""A town with really sealed footage and custodians with their tools: from a requisition to records in clear."""

import asyncio
import base64
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy.orm import Session

from access.grants.custodians import CustodianSets
from access.grants.grants import GrantKeys, Grants
from access.grants.sittings import Sittings
from access.grants.store import GrantStore
from access.people.accounts import find_person
from access.policy import ActName, Person
from access.ports import SegmentAt
from access.release import Release, Releases
from nvr.base.ids import CameraId, GrantId
from nvr.base.jcs import canonical
from storage.ledger.note import Checkpoint
from storage.ledger.store import read_log_key
from storage.records import RandomAccess, SegmentStart
from storage.spool_events import seal_body
from storage.vault.answer import Answer
from storage.vault.grantfile import parse_grant_file
from storage.vault.seats import SignedSet
from storage.vault.share import SeatKeys, answer
from storage.vault.sitting import look_at, pack_answers
from storage.vault.verification import Pins, VerifiedGrant, verify_grant_file
from tests.access.world import HOUR_US, NOW_UTC_US, World
from tests.storage.sealed import (
    CAMERA,
    GOP_US,
    ORIGIN,
    Custodian,
    Custodians,
    Recorder,
    custodians,
    footage,
    gop,
    segment_start,
)

SEGMENT_US = 3 * GOP_US


@dataclass
class Tool:
    """A custodian's tool: pins, and the checkpoint that it saw last."""

    holder: Custodian
    log_public: Ed25519PublicKey
    people: Custodians
    last: Checkpoint | None = None
    is_envelope: bool = False

    @property
    def pins(self) -> Pins:
        return Pins(self.log_public, ORIGIN, {self.people.set.hash}, self.last)

    def answer(self, file: dict[str, Any], now_utc_us: int) -> dict[str, Any]:
        verified = verify_grant_file(parse_grant_file(canonical(file)), self.pins, now_utc_us=now_utc_us)
        self.last = verified.checkpoint
        return dict(self._answer(verified).as_json())

    def sit(self, file: bytes, now_utc_us: int) -> bytes:
        """Answer every grant of a sitting that holds."""
        held = [(one.named, one.verified) for one in look_at(file, self.pins, now_utc_us=now_utc_us)]
        verified = [(named, found) for named, found in held if isinstance(found, VerifiedGrant)]
        self.last = verified[-1][1].checkpoint
        return pack_answers([(named, self._answer(found)) for named, found in verified])

    def _answer(self, verified: VerifiedGrant) -> Answer:
        # An envelope is opened by whoever has it, and signs nothing.
        return answer(verified, SeatKeys(self.holder.pair, None if self.is_envelope else self.holder.sign))


@dataclass
class Opened:
    """Wraps a world: footage of `CAMERA` from NOW on, three segments of three groups of pictures, 2 s each."""

    world: World
    recorder: Recorder
    groups: list[list[list[bytes]]] = field(default_factory=list)
    starts: list[SegmentStart] = field(default_factory=list)
    tools: list[Tool] = field(default_factory=list)

    @classmethod
    async def begin(cls, world: World, people: Custodians | None = None) -> "Opened":
        await world.people()
        await world.order()
        await world.act("root", "camera.add", camera=CAMERA, url="rtsp://192.0.2.9/live")
        opened = cls(world, await asyncio.to_thread(Recorder, world.directory))
        opened.compose()
        await opened.publish(people or custodians())
        for number in range(3):
            await opened.record(number)
        world.clock.advance(HOUR_US)
        return opened

    async def publish(self, people: Custodians) -> None:
        """From now on footage is sealed under this set; its custodians have the tools."""
        self.recorder.people = people
        await self.grants.housekeep()  # keeps the set before
        published = SignedSet(people.set).pack()
        await asyncio.to_thread((self.world.directory / "custodians.json").write_bytes, published)
        key = await asyncio.to_thread(read_log_key, self.world.directory / "ledger")
        self.tools = [Tool(holder, key.public_key(), people) for holder in people.holders]

    def compose(self) -> None:
        world = self.world
        self.store = GrantStore(world.directory / "grants")
        keys = GrantKeys(
            self.store,
            CustodianSets(world.directory / "custodians.json", world.directory / "sets"),
            self.recorder.keys,
            self.recorder.people.machine,
        )
        self.grants = Grants(world.register, world.keeper, world.index, keys, world.clock)
        self.sittings = Sittings(world.register, self.grants, world.refusals, world.clock)
        for name, act in (
            ("file", self.sittings.file),
            ("upload", self.sittings.upload),
            ("answer", self.sittings.answer),
        ):
            world.handlers[ActName(f"sitting.{name}")] = act
        self.releases = Releases(world.register, world.index, world.keeper, self.store, world.clock)
        world.handlers[ActName.REQUISITION_VALIDATE] = self.grants.validate
        world.handlers[ActName.GRANT_FILE] = self.grants.file
        world.handlers[ActName.GRANT_UPLOAD] = self.grants.upload
        world.handlers[ActName.GRANT_ANSWER] = self.grants.answer
        world.handlers[ActName.GRANT_REOPEN] = self.grants.reopen
        world.handlers[ActName.GRANT_REVOKE] = self.grants.revoke

    async def record(
        self,
        number: int,
        *,
        kinds: tuple[RandomAccess, ...] = (),
        continues: SegmentStart | None = None,
        observations: tuple[bytes, ...] = (),
    ) -> Path:
        """Seal one segment, and let ledger and index know it; `observations` are what a dome said in each group."""
        start = segment_start(
            number,
            start_utc_us=NOW_UTC_US + number * SEGMENT_US,
            continues=None if continues is None else continues.segment,
        )
        groups = footage(number)
        await asyncio.to_thread(self._record, start, groups, kinds, observations)
        self.groups.append(groups)
        self.starts.append(start)
        sealed = self.recorder.told.sealed_segments[-1]
        index = await self.world.keeper.append_machine(seal_body(sealed))
        path = self.recorder.path_of(start)
        self.world.index.segments.setdefault(CAMERA, []).append(
            SegmentAt(sealed.segment, CAMERA, 0, path, sealed.start_utc_us, sealed.end_utc_us, index)
        )
        return path

    def _record(
        self,
        start: SegmentStart,
        groups: list[list[bytes]],
        kinds: tuple[RandomAccess, ...],
        observations: tuple[bytes, ...],
    ) -> None:
        writer = self.recorder.new_writer()
        writer.start()
        writer.open_segment(start)
        for number, packets in enumerate(groups):
            kind = kinds[number] if kinds else RandomAccess.IDR
            record = gop(number, packets, start_utc_us=start.start_utc_us, random_access=kind)
            record.observations = observations[number] if observations else b""
            assert writer.append(start.segment, record)
        writer.close_segment(start.segment)
        assert writer.stop(drain=True)

    async def ask(self, *, first: int = 0, last: int = 9) -> str:
        """A requisition for groups of pictures [first, last); its number."""
        made = await self.world.act(
            "a.martin",
            "requisition.new",
            cameras=[CAMERA],
            from_utc_us=NOW_UTC_US + first * GOP_US,
            to_utc_us=NOW_UTC_US + last * GOP_US,
            asked_by="OPJ",
        )
        return str(made["requisition"])

    async def validate(self, number: str, **args: object) -> dict[str, Any]:
        said = {"authority_number": "PV 7", "basis": "60-1", "checked": "rappel au service", **args}
        made: dict[str, Any] = await self.world.act("b.petit", "requisition.validate", requisition=number, **said)
        return made

    async def file(self, grant: str, **args: object) -> dict[str, Any]:
        made: dict[str, Any] = json.loads(
            await self.fetch(await self.world.act("a.martin", "grant.file", grant=grant, **args))
        )
        return made

    async def fetch(self, staged: dict[str, Any]) -> bytes:
        """The whole of what was staged."""
        content, eof = b"", False
        while not eof:
            part: Any = await self.grants.read_part({"token": staged["token"], "offset": len(content)})
            content, eof = content + base64.b64decode(part["data"]), part["eof"]
        assert len(content) == staged["size"]
        return content

    async def sit(self, tool: Tool, *grants: str) -> dict[str, Any]:
        """A sitting of this custodian: one file out, one back."""
        staged = await self.world.act("a.martin", "sitting.file", grants=list(grants) or None)
        return await self.hand_in(tool.sit(await self.fetch(staged), self.world.clock.utc_us()))

    async def hand_in(self, answers: bytes, account: str = "b.petit") -> dict[str, Any]:
        """Bring a file of answers."""
        token = (await self.world.act(account, "sitting.upload", size=len(answers)))["token"]
        await self.grants.write_part({"token": token, "offset": 0, "data": base64.b64encode(answers).decode()})
        taken: dict[str, Any] = await self.world.act(account, "sitting.answer", token=token)
        return taken

    async def answer(self, grant: str, seat: int) -> dict[str, Any]:
        """The custodian of this seat answers the file as it is now."""
        given = self.tools[seat - 1].answer(await self.file(grant), self.world.clock.utc_us())
        state: dict[str, Any] = await self.world.act("b.petit", "grant.answer", grant=grant, answer=given)
        return state

    async def grant(self, *, first: int = 0, last: int = 9) -> str:
        """An open grant for these groups of pictures."""
        grant = str((await self.validate(await self.ask(first=first, last=last)))["grant"])
        await self.answer(grant, 1)
        await self.answer(grant, 3)
        return grant

    def kept(self, grant: str) -> list[str]:
        """The files that access keeps of the grant, but those on their way."""
        directory = self.world.directory / "grants" / grant
        names = [path.name for path in directory.iterdir()] if directory.is_dir() else []
        return sorted(name for name in names if not name.endswith(".part"))

    async def restart(self) -> None:
        """Access ends and begins again: everything that was only in memory is gone."""
        await self.world.register.close()
        await self.world.reopen()
        self.compose()

    async def open(self, grant: str, account: str = "a.martin") -> Release:
        return await self.releases.open(GrantId(grant), await self.person(account), self.world.clock.utc_us())

    async def person(self, account: str) -> Person:
        return await self.world.register.read(lambda session: _person(session, account))

    async def everything(self, release: Release) -> list[bytes]:
        """All packets that can be had."""
        return await asyncio.to_thread(_packets, release, CAMERA)


def _packets(release: Release, camera: CameraId) -> list[bytes]:
    return [
        bytes(data)
        for segment in release.segments(camera)
        for record in release.records(segment.segment)
        for data, _ in record.packets
    ]


def _person(session: Session, account: str) -> Person:
    person = find_person(session, account)
    assert person is not None
    return person
