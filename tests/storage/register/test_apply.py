from sqlalchemy import select

from nvr.base.clock import SimClock
from nvr.base.ids import uuid7
from storage.ledger import machine, people
from storage.ledger.machine import Body
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.personal import Personal, salted
from storage.register.register import Register
from tests.storage.register.story import OFFICER, act, camera, hold, proposing, states, story


async def test_whole_life_of_a_requisition_gives_its_states(register: Register, clock: SimClock) -> None:
    seen = []
    for group in story(clock):
        await register.act(proposing(*group))
        seen += await register.read(states)
    assert seen == ["received", "validated", "released", "open", "exported", "closed"]


async def test_second_hold_entry_of_the_same_id_changes_the_hold(register: Register, clock: SimClock) -> None:
    name = uuid7(clock.utc_us())
    await register.act(proposing(hold(clock, name)))
    longer = hold(clock, name)
    assert isinstance(longer.body, people.Hold)
    lifted: Body = longer.body.model_copy(update={"until_utc_us": None})
    await register.act(proposing(Proposal(longer.act, OFFICER, lifted)))
    held = await register.read(lambda session: session.scalars(select(tables.Hold)).one())
    assert (held.until_utc_us, held.asked_by) == (None, "Capitaine Renaud")


async def test_what_holds_keep_is_known_from_the_entry_that_says_it(register: Register, clock: SimClock) -> None:
    name = uuid7(clock.utc_us())
    room = people.RoomKept(limit_permille=300, before_permille=1, with_permille=301)
    for said in (None, room, None):
        entry = hold(clock, name)
        assert isinstance(entry.body, people.Hold)
        body: Body = entry.body.model_copy(update={"room": said})
        await register.act(proposing(Proposal(entry.act, OFFICER, body)))
    held = await register.read(lambda session: session.scalars(select(tables.Hold)).one())
    assert held.room == room.model_dump()


async def test_camera_that_moves_leaves_its_point(register: Register, clock: SimClock) -> None:
    now = clock.utc_us()
    place = people.Point(
        point="p1", number="1", district=None, address=None, streets=None, view=None, lat_e7=None, lon_e7=None
    )
    proposals = [camera(clock)]
    proposals += [Proposal(act(clock), OFFICER, place.model_copy(update={"point": point})) for point in ("p1", "p2")]
    proposals += [
        Proposal(
            act(clock),
            OFFICER,
            people.Placement(
                placement=f"at-{point}",
                camera="cam-1",
                point=point,
                from_utc_us=now + offset,
                to_utc_us=None,
                entered_late=False,
                reason=None,
            ),
        )
        for offset, point in enumerate(("p1", "p2"))
    ]
    await register.act(proposing(*proposals))
    ends = await register.read(
        lambda session: dict(session.execute(select(tables.Placement.point, tables.Placement.to_utc_us)).all())
    )
    assert ends == {"p1": now + 1, "p2": None}


async def test_closed_requisition_stays_closed_whatever_was_on_its_way(register: Register, clock: SimClock) -> None:
    groups = story(clock)
    for number in (0, 1, 2, 6, 3, 4, 5):  # closed before release, opening and export arrive
        await register.act(proposing(*groups[number]))
    assert await register.read(states) == ["closed"]


async def test_grant_that_is_reopened_is_collected_anew_with_another_key(register: Register, clock: SimClock) -> None:
    groups = story(clock)
    for group in groups[:6]:  # exported
        await register.act(proposing(*group))
    (validated,) = groups[2]
    assert isinstance(validated.body, people.Grant)
    later = {"release_public": "BBBB", "valid_until_utc_us": validated.body.valid_until_utc_us + 1, "reopens": 3}
    again: Body = validated.body.model_copy(update=later)
    await register.act(proposing(Proposal(act(clock), OFFICER, again, validated.personal)))
    row = await register.read(lambda session: session.scalars(select(tables.Grant)).one())
    assert {name: getattr(row, name) for name in later} == later
    assert (row.release_index, row.segs, row.open_index, row.opened_utc_us) == (None,) * 4
    assert await register.read(states) == ["validated"]


async def test_second_opening_tells_all_that_came_and_leaves_an_exported_requisition_exported(
    register: Register, clock: SimClock
) -> None:
    groups = story(clock)
    for group in groups[:6]:
        await register.act(proposing(*group))
    (opened,) = groups[4]
    used = (machine.SeatUsed(set="0" * 64, seat=3, key="deputy"),)
    more: Body = opened.body.model_copy(update={"records": 151, "used": used})
    (placed,) = await register.act(proposing(Proposal(None, opened.actor, more)))
    row = await register.read(lambda session: session.scalars(select(tables.Grant)).one())
    assert (row.open_index, row.used) == (placed.index, [used[0].model_dump()])
    assert await register.read(states) == ["exported"]


async def test_revocation_is_kept_with_who_when_and_why(register: Register, clock: SimClock) -> None:
    groups = story(clock)
    for group in groups[:4]:
        await register.act(proposing(*group))
    why = Personal(salted(reason="requisition withdrawn"))
    (validated,) = groups[2]
    assert isinstance(validated.body, people.Grant)
    body = people.Revoke(grant=validated.body.grant, reason=why.committed["reason"].commitment)
    (placed,) = await register.act(proposing(Proposal(act(clock), OFFICER, body, why)))
    row = await register.read(lambda session: session.scalars(select(tables.Grant)).one())
    assert (row.revoked_by, row.revocation) == (OFFICER.id, "requisition withdrawn")
    assert row.revoked_utc_us == placed.entry.ts_utc_us
