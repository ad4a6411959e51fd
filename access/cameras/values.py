"""What the acts on cameras share: values that a person gave, checked, and the entries that they become."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from access.arguments import HIDDEN, Arguments
from access.cameras.places import placements_of
from config import libsrt
from config.camera_url import PASSPHRASE_BYTES, Transport, camera_url, is_srt
from config.secrets import Login
from nvr.base.errors import InvalidValue
from nvr.base.ids import ActId, CameraId, PointId, point_id, uuid7
from nvr.base.units import UtcUs
from storage.ledger import people
from storage.ledger.entries import Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.personal import Personal, salted
from storage.snapshot import CameraKind

SHOWN: Final = ("camera", "kind", "shard", "retention_days", "retired", "replaces", "absent", "absent_reason")
_UNSET: Final = "0" * 64


def url_of(args: Arguments) -> str:
    """The address to keep, of `url` and `transport` (tcp unless told).

    Raises:
        InvalidValue: see `camera_url`; or this machine lacks what the address needs.
    """
    transport = _transport_of(args)
    return _readable(camera_url(args.secret("url"), transport or Transport.TCP))


def optional_url_of(args: Arguments) -> str | None:
    """The same, None without `url`. Raises InvalidValue, also for a `transport` that stands alone."""
    text, transport = args.optional_secret("url"), _transport_of(args)
    if text is None and transport is not None:
        raise InvalidValue(field="url", value=None, expected="the URL that the transport is for")
    return None if text is None else _readable(camera_url(text, transport or Transport.TCP))


def _readable(url: str) -> str:
    """An address that can be recorded from this machine."""
    if is_srt(url) and libsrt.load() is None:
        raise InvalidValue(field="url", value=HIDDEN, expected=libsrt.HINT)
    return url


def _transport_of(args: Arguments) -> Transport | None:
    text = args.optional_text("transport")
    if text is not None and text not in tuple(Transport):
        raise InvalidValue(field="transport", value=text, expected=" or ".join(Transport))
    return None if text is None else Transport(text)


def login_of(args: Arguments, url: str | None) -> Login | None:
    """`user` and `password`; None when there is no user. With an address of SRT they are stream id and passphrase.

    Raises:
        InvalidValue: a password without a user, or no passphrase.
    """
    user, password = args.optional_secret("user"), args.optional_secret("password")
    if url is not None and is_srt(url):
        if password is not None and len(password.encode()) not in PASSPHRASE_BYTES:
            raise InvalidValue(field="password", value=HIDDEN, expected="a passphrase of 10 to 79 bytes")
        user = user or ("" if password is not None else None)
    elif user is None and password is not None:
        raise InvalidValue(field="user", value=None, expected="a user for the password; only srt:// goes without")
    return None if user is None else Login(user, password or "")


def days_of(args: Arguments) -> int | None:
    """`retention_days`, which only shorten what the order allows. Raises InvalidValue."""
    return args.optional_integer("retention_days", least=1, most=31)


def kind_of(args: Arguments) -> CameraKind | None:
    """`kind`. Raises InvalidValue: no kind of camera."""
    text = args.optional_text("kind")
    if text is not None and text not in tuple(CameraKind):
        raise InvalidValue(field="kind", value=text, expected=" or ".join(CameraKind))
    return None if text is None else CameraKind(text)


def optional_point_of(args: Arguments) -> PointId | None:
    """`point`. Raises InvalidValue: not a name."""
    text = args.optional_text("point")
    return None if text is None else point_id(text)


def camera_row(session: Session, name: CameraId) -> tables.Camera:
    """The camera that is recorded. Raises InvalidValue: there is none, or it is retired."""
    row = session.get(tables.Camera, name)
    if row is None or row.retired:
        raise InvalidValue(field="camera", value=name, expected="a camera that is not retired")
    return row


def demand_point(session: Session, point: PointId) -> None:
    """Raises InvalidValue: the register has no such point."""
    if session.get(tables.Point, point) is None:
        raise InvalidValue(field="point", value=point, expected="a point of the register")


def standing(session: Session, camera: str, at_utc_us: UtcUs) -> tables.Placement | None:
    """Where the camera stands at this instant."""
    found = placements_of(session, camera, at_utc_us, UtcUs(at_utc_us + 1))
    return found[-1] if found else None


def last_commission(session: Session, camera: str) -> tables.Commission | None:
    """The one that was begun last, be it over or not."""
    return session.scalar(
        select(tables.Commission)
        .where(tables.Commission.camera == camera)
        .order_by(tables.Commission.from_utc_us.desc(), tables.Commission.commission.desc())
        .limit(1)
    )


def cameras_per_shard(session: Session) -> dict[int, int]:
    """How many cameras each shard records that records any."""
    rows = session.execute(
        select(tables.Camera.shard, func.count()).where(tables.Camera.retired.is_(False)).group_by(tables.Camera.shard)
    )
    return dict(rows.all())


def deal(counts: dict[int, int], shards_for: Callable[[int], int]) -> int:
    """The shard with the fewest cameras, of as many as are for so many; it gets one more in `counts`."""
    shards = range(shards_for(sum(counts.values()) + 1))
    shard = min(shards, key=lambda each: (counts.get(each, 0), each))
    counts[shard] = counts.get(shard, 0) + 1
    return shard


def new_camera(
    name: CameraId,
    *,
    shard: int,
    days: int | None,
    kind: CameraKind | None = None,
    replaces: CameraId | None = None,
    ptz: str | None = None,
) -> people.Camera:
    """The body of a camera that is recorded; `camera_proposal` commits to its URL.

    Unless told otherwise it is a fixed one, and a dome if it is asked where it looks.
    """
    return people.Camera(
        camera=name,
        url_hash=_UNSET,
        shard=shard,
        retention_days=days,
        retired=False,
        replaces=replaces,
        kind=kind or (CameraKind.FIXED if ptz is None else CameraKind.DOME),
    )


def changed_camera(row: tables.Camera, **changes: object) -> people.Camera:
    """The body of a camera as the register has it, but for these fields of it."""
    fields = ("camera", "shard", "retention_days", "retired", "replaces", "absent")
    now = {field: getattr(row, field) for field in fields}
    return people.Camera.model_validate({"url_hash": _UNSET, "kind": CameraKind(row.kind), **now, **changes})


def camera_proposal(
    actor: Actor,
    body: people.Camera,
    url: str,
    secret: str | None,
    now_utc_us: UtcUs,
    absent_reason: str | None = None,
    *,
    ptz: str | None,
) -> Proposal:
    """The entry: URL, reason and `ptz` are commitments, the name of the login stands in the register alone."""
    personal = Personal(salted(url_hash=url, absent_reason=absent_reason, ptz=ptz), {"secret": secret})
    committed = body.model_copy(update={key: personal.commitment(key) for key in ("url_hash", "absent_reason", "ptz")})
    return Proposal(ActId(uuid7(now_utc_us)), actor, committed, personal)


def change_proposal(actor: Actor, row: tables.Camera, now_utc_us: UtcUs, **changes: object) -> Proposal:
    """The entry of a camera that stays as it is but for these fields of its body; URL, login and `ptz` stay."""
    reason = None if changes.get("absent") is False else row.absent_reason
    body = changed_camera(row, **changes)
    return camera_proposal(actor, body, row.url or "", row.secret, now_utc_us, reason, ptz=row.ptz)


def placement_proposal(
    actor: Actor,
    camera: CameraId,
    point: PointId,
    *,
    from_utc_us: UtcUs,
    now_utc_us: UtcUs,
    reason: str | None = None,
) -> Proposal:
    """The camera stands at the point from this instant on; one that is past is marked as entered later."""
    personal = Personal(salted(reason=reason))
    body = people.Placement(
        placement=uuid7(now_utc_us),
        camera=camera,
        point=point,
        from_utc_us=from_utc_us,
        to_utc_us=None,
        entered_late=from_utc_us < now_utc_us,
        reason=personal.commitment("reason"),
    )
    return Proposal(ActId(uuid7(now_utc_us)), actor, body, personal)


def end_of_placement(actor: Actor, row: tables.Placement, now_utc_us: UtcUs) -> Proposal:
    """The camera stands there no more; what else the placement says stays as it is."""
    personal = Personal(salted(reason=row.reason))
    body = people.Placement(
        placement=row.placement,
        camera=row.camera,
        point=row.point,
        from_utc_us=row.from_utc_us,
        to_utc_us=max(now_utc_us, row.from_utc_us),
        entered_late=row.entered_late,
        reason=personal.commitment("reason"),
    )
    return Proposal(ActId(uuid7(now_utc_us)), actor, body, personal)
