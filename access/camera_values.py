"""What the acts on cameras share: values that a person gave, checked, and the entries that they become."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.places import placements_of
from config.camera_url import Transport, camera_url
from config.secrets import Login
from nvr.base.errors import InvalidValue
from nvr.base.ids import ActId, CameraId, PointId, point_id, uuid7
from nvr.base.units import UtcUs
from storage.ledger import people
from storage.ledger.entries import Actor
from storage.register import tables
from storage.register.acts import Proposal
from storage.register.personal import Personal, salted

SHOWN: Final = ("camera", "shard", "retention_days", "retired", "replaces")
_UNSET: Final = "0" * 64


def url_of(args: Arguments) -> str:
    """The address to keep, of `url` and `transport` (tcp unless told). Raises InvalidValue, see `camera_url`."""
    transport = _transport_of(args)
    return camera_url(args.secret("url"), transport or Transport.TCP)


def optional_url_of(args: Arguments) -> str | None:
    """The same, None without `url`. Raises InvalidValue, also for a `transport` that stands alone."""
    text, transport = args.optional_secret("url"), _transport_of(args)
    if text is None and transport is not None:
        raise InvalidValue(field="url", value=None, expected="the URL that the transport is for")
    return None if text is None else camera_url(text, transport or Transport.TCP)


def _transport_of(args: Arguments) -> Transport | None:
    text = args.optional_text("transport")
    if text is not None and text not in tuple(Transport):
        raise InvalidValue(field="transport", value=text, expected=" or ".join(Transport))
    return None if text is None else Transport(text)


def login_of(args: Arguments) -> Login | None:
    """`user` and `password`; None when there is no user. Raises InvalidValue: a password without a user."""
    user, password = args.optional_secret("user"), args.optional_secret("password")
    if user is None and password is not None:
        raise InvalidValue(field="user", value=None, expected="a user for the password")
    return None if user is None else Login(user, password or "")


def days_of(args: Arguments) -> int | None:
    """`retention_days`, which only shorten what the order allows. Raises InvalidValue."""
    return args.optional_integer("retention_days", least=1, most=31)


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


def new_camera(name: CameraId, *, shard: int, days: int | None, replaces: CameraId | None = None) -> people.Camera:
    """The body of a camera that is recorded; `camera_proposal` commits to its URL."""
    return people.Camera(
        camera=name, url_hash=_UNSET, shard=shard, retention_days=days, retired=False, replaces=replaces
    )


def changed_camera(row: tables.Camera, *, days: int | None, retired: bool = False) -> people.Camera:
    """The body of a camera as the register has it, but for these."""
    return people.Camera(
        camera=row.camera,
        url_hash=_UNSET,
        shard=row.shard,
        retention_days=days,
        retired=retired,
        replaces=row.replaces,
    )


def camera_proposal(actor: Actor, body: people.Camera, url: str, secret: str | None, now_utc_us: UtcUs) -> Proposal:
    """The entry: the URL is a commitment, the name of the login stands in the register alone."""
    personal = Personal(salted(url_hash=url), {"secret": secret})
    committed = body.model_copy(update={"url_hash": personal.commitment("url_hash")})
    return Proposal(ActId(uuid7(now_utc_us)), actor, committed, personal)


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
