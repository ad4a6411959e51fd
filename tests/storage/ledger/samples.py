"""One entry of every type: what the golden files hold, and what other tests append."""

import base64
from types import MappingProxyType

from storage.ledger import machine, people
from storage.ledger.entries import ACCESS, PERSON_TYPES, RECORDER, RECORDER_TYPES, Actor, Entry, Spool, build
from storage.ledger.entries import personal_commitment as commitment
from storage.ledger.machine import Body

NOW_UTC_US = 1_790_000_000_000_000
HOUR_US = 3_600_000_000
OFFICER = Actor(id="a.martin", role="officer")


def uuid(number: int) -> str:
    return f"019f0000{number:04x}7000800000000000{number:04x}"


def hash_of(number: int) -> str:
    return f"{number:02x}" * 32


KEY = base64.b64encode(bytes(range(32))).decode()
SIGNATURE = base64.b64encode(bytes(range(64))).decode()
SALT = bytes(range(16))
SPAN = {"from_utc_us": NOW_UTC_US - HOUR_US, "to_utc_us": NOW_UTC_US}
NUMBER = "R-2026-000123"


def seal(number: int = 1, camera: str = "hall-1", start_utc_us: int = NOW_UTC_US - HOUR_US) -> machine.Seal:
    return machine.Seal(
        seg=uuid(number),
        camera=camera,
        run=uuid(0x200),
        volume=uuid(0x300),
        shard=0,
        start_utc_us=start_utc_us,
        end_utc_us=start_utc_us + 300_000_000,
        clock_epoch=1,
        records=150,
        root=hash_of(1),
        hh=hash_of(2),
        file_bytes=150_000_000,
        ct_bytes=149_900_000,
        lost=0,
        key_record=hash_of(3),
        set=hash_of(4),
        point="p-17",
        placement="p-17-2026",
        authorisation="order-2026-4",
        recovered=False,
    )


ROOM = people.RoomKept(limit_permille=300, before_permille=120, with_permille=121)


USED = (
    machine.SeatUsed(set=hash_of(4), seat=1, key="holder"),
    machine.SeatUsed(set=hash_of(4), seat=3, key="deputy"),
    machine.SeatUsed(set=hash_of(4), seat=4, key="envelope"),
)


def hold(number: int = 0x500, camera: str = "hall-1") -> people.Hold:
    return people.Hold(
        hold=uuid(number),
        requisition=None,
        cameras=(camera,),
        basis="telephone",
        until_utc_us=NOW_UTC_US + 96 * HOUR_US,
        provisional=False,
        room=ROOM,
        **SPAN,
    )


_ALL: tuple[Body, ...] = (
    machine.Log(origin="ville.example/scelle/1", public=KEY, previous=None),
    machine.Boot(public=KEY, sw="scelle 1.0.0", shards=1, utc_us=NOW_UTC_US, mono_us=1_000),
    machine.Stop(reason="SIGTERM"),
    machine.Clock(epoch=2, step_us=-1_500_000, utc_us=NOW_UTC_US, mono_us=2_000),
    seal().model_copy(update={"continues": uuid(4)}),
    machine.Gap(gap=uuid(0x400), camera="hall-1", cause="silent", detail="no answer to OPTIONS", **SPAN),
    machine.Heartbeat(state=hash_of(5), segments=113, sync="synchronised"),
    machine.CustodianSet(set=hash_of(4), number=1, preset="standard", m=3, n=5, provisional=False),
    machine.Expire(segs=(uuid(1), uuid(2)), reason="cap", deadline_utc_us=NOW_UTC_US),
    machine.Expired(
        segs=(uuid(1), uuid(2)),
        bytes=300_000_000,
        cameras=(machine.CameraSpan(camera="hall-1", count=2, **SPAN),),
    ),
    machine.Missing(
        seg=uuid(3),
        camera="hall-1",
        start_utc_us=NOW_UTC_US - HOUR_US,
        end_utc_us=NOW_UTC_US,
        why="not on its volume",
        volume=uuid(0x300),
    ),
    people.Account(
        account="a.martin",
        roles=("officer",),
        ends_utc_us=None,
        person=commitment(SALT, "Agn\u00e8s Martin"),
        service=commitment(SALT, "Police municipale"),
        designation=None,
        disabled=False,
    ),
    people.Point(
        point="p-17",
        number="17",
        district="centre",
        address="12 rue de la R\u00e9publique",
        streets="rue de la R\u00e9publique, rue Basse",
        view="carrefour vers le nord",
        lat_e7=431_234_567,
        lon_e7=-12_345_678,
    ),
    people.Camera(camera="hall-1", url_hash=hash_of(6), shard=0, retention_days=None, retired=False),
    people.Placement(
        placement="p-17-2026",
        camera="hall-1",
        point="p-17",
        from_utc_us=NOW_UTC_US,
        to_utc_us=None,
        entered_late=False,
        reason=None,
    ),
    people.Authorisation(
        authorisation="order-2026-4",
        number="2026-04-117",
        from_utc_us=NOW_UTC_US,
        to_utc_us=None,
        retention_days=15,
        minimum_days=7,
        cameras=None,
    ),
    hold(),
    people.Unhold(hold=uuid(0x500), reason=hash_of(9)),
    people.Requisition(
        requisition=NUMBER,
        hold=uuid(0x500),
        cameras=("hall-1",),
        basis="CPP 77-1-1",
        authority=commitment(SALT, "TJ de Pau"),
        authority_number=commitment(SALT, "2026/1234"),
        requester=commitment(SALT, "OPJ Durand"),
        document=hash_of(7),
        answer=people.NoImages(kind="no-images", cameras=(people.NoImage(camera="hall-1", reason="never recorded"),)),
        **SPAN,
    ),
    people.Refuse(requisition=NUMBER, reason=hash_of(10)),
    people.Grant(
        grant=uuid(0x600),
        requisition=NUMBER,
        cameras=("hall-1",),
        valid_until_utc_us=NOW_UTC_US + 15 * 24 * HOUR_US,
        opener="a.martin",
        requested_by="a.martin",
        release_public=base64.b64encode(bytes(1216)).decode(),
        checked=hash_of(11),
        **SPAN,
    ),
    machine.Release(grant=uuid(0x600), set=hash_of(4), segs=(uuid(1),), by="b.petit"),
    machine.Open(grant=uuid(0x600), seats=(1, 3, 4), segs=1, records=150, by="a.martin", used=USED),
    machine.Denied(rule="grant-expired", what="export", object=NUMBER),
    people.Export(
        grant=uuid(0x600), requisition=NUMBER, bundle="R-2026-000123-1", manifest=hash_of(8), files=12, bytes=1_000
    ),
    machine.Move(move=uuid(0x900), camera="hall-1", why="left", moves=1, **SPAN),
    people.Commission(
        commission=uuid(0x700),
        camera="hall-1",
        from_utc_us=NOW_UTC_US,
        until_utc_us=NOW_UTC_US + HOUR_US // 2,
        reason=commitment(SALT, "réglage après la tempête"),
    ),
    people.Allow(camera="hall-1", reason=hash_of(12), until_utc_us=NOW_UTC_US + 24 * HOUR_US),
    machine.Statement(
        day="2026-09-21",
        from_utc_us=NOW_UTC_US - 12 * HOUR_US,
        to_utc_us=NOW_UTC_US + 12 * HOUR_US,
        part=0,
        parts=1,
        cameras=(
            machine.StatementOfCamera(
                camera="hall-1",
                destroyed=(machine.DestroyedOfCamera(reason="cap", segments=2, bytes=300_000_000, lost=1, **SPAN),),
                held=3,
                held_bytes=450_000_000,
                waiting=0,
            ),
        ),
    ),
    machine.Damaged(
        seg=uuid(3),
        camera="hall-1",
        start_utc_us=NOW_UTC_US - HOUR_US,
        end_utc_us=NOW_UTC_US,
        why="hash of the record, at byte 1048576",
    ),
    people.Discard(
        volume=uuid(0x200), disk="ST8000VE001 WSD0ABCD", bay="3", segments=2, bytes=300, held=1, reason=hash_of(13)
    ),
    people.Continue(
        size=41_200,
        root=hash_of(13),
        kept="ville.example/1\n41190\nAAAA\n",
        seen="ville.example/1\n43000\nBBBB\n",
        from_utc_us=NOW_UTC_US - 20 * HOUR_US,
        to_utc_us=NOW_UTC_US,
        backup_utc_us=NOW_UTC_US - 20 * HOUR_US,
        reason=hash_of(14),
    ),
    people.Uncovered(
        decision=uuid(0x800),
        cameras=("gate-1", "hall-1"),
        until_utc_us=NOW_UTC_US + 100 * 24 * HOUR_US,
        reason=commitment(SALT, "arrêté attendu, fête de la ville"),
    ),
    machine.Copied(volume=uuid(0x301), segs=(uuid(1), uuid(2))),
    machine.Uncopied(volume=uuid(0x301), segs=(uuid(1), uuid(2)), why="no hold"),
    people.Revoke(grant=uuid(0x600), reason=commitment(SALT, "requisition withdrawn by the prosecutor")),
)


def _entry(number: int, body: Body) -> Entry[Body]:
    if body.t in PERSON_TYPES:
        return build(body, ts_utc_us=NOW_UTC_US, actor=OFFICER, act=uuid(0x700 + number))
    if body.t in RECORDER_TYPES:
        spool = Spool(
            boot=uuid(0x800),
            shard=0,
            n=number,
            ts_utc_us=NOW_UTC_US - 1_000,
            mono_us=3_000,
            late=False,
            sig=SIGNATURE,
        )
        return build(body, ts_utc_us=NOW_UTC_US, actor=RECORDER, spool=spool)
    actor = ACCESS if body.t in {"release", "open", "denied"} else Actor(id="keeper", role="machine")
    return build(body, ts_utc_us=NOW_UTC_US, actor=actor)


ENTRIES = MappingProxyType({body.t: _entry(number, body) for number, body in enumerate(_ALL)})
