"""Names of things, as types: an id of one kind cannot be passed where another is meant.

Ids that a machine makes are UUIDv7 (RFC 9562 section 5.7) written as 32 lower-case hexadecimal digits, so
that they sort by the time of their making and survive as file names, JSON strings and database keys.
"""

import re
import secrets
from typing import Final, NewType

from nvr.base.errors import InvalidValue
from nvr.base.units import UtcUs

CameraId = NewType("CameraId", str)
"""A device, named by the administrator: see `camera_id`."""

PointId = NewType("PointId", str)
"""A numbered place in the prefect's order, named by the administrator with the same alphabet."""

PlacementId = NewType("PlacementId", str)
AuthorisationId = NewType("AuthorisationId", str)
RunId = NewType("RunId", str)
SegmentId = NewType("SegmentId", str)
BootId = NewType("BootId", str)
ActId = NewType("ActId", str)
HoldId = NewType("HoldId", str)
GrantId = NewType("GrantId", str)
AccountId = NewType("AccountId", str)
"""The name with which a person logs in: see `account_id`."""

RequisitionNo = NewType("RequisitionNo", str)
"""The internal, gap-free number of a requisition: `R-2026-000123`."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
_REQUISITION: Final = re.compile(r"R-[0-9]{4}-[0-9]{6}")
_UUID7: Final = re.compile(r"[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}")


def uuid7(now_utc_us: UtcUs) -> str:
    """A new UUIDv7 for this instant: 48 bits of Unix milliseconds, 74 random bits, 32 hex digits."""
    random = secrets.randbits(74)
    value = (now_utc_us // 1000 & (2**48 - 1)) << 80 | 7 << 76 | (random >> 62) << 64 | 2 << 62 | random & (2**62 - 1)
    return f"{value:032x}"


def is_uuid7(text: str) -> bool:
    """Whether the text is a UUIDv7 as this system writes it."""
    return _UUID7.fullmatch(text) is not None


def camera_id(text: str) -> CameraId:
    """The text as a camera's id: 1 to 63 of `a-z 0-9 _ . -`, not beginning with a sign.

    Raises:
        InvalidValue: the text is not such a name; the field is `camera`.
    """
    return CameraId(_name("camera", text))


def point_id(text: str) -> PointId:
    """The text as a point's id; same alphabet as a camera's. Raises InvalidValue, field `point`."""
    return PointId(_name("point", text))


def account_id(text: str) -> AccountId:
    """The text as an account's id; same alphabet as a camera's. Raises InvalidValue, field `account`."""
    return AccountId(_name("account", text))


def requisition_no(text: str) -> RequisitionNo:
    """The text as a requisition's internal number. Raises InvalidValue, field `requisition`."""
    if _REQUISITION.fullmatch(text) is None:
        raise InvalidValue(field="requisition", value=text, expected="R-YYYY-NNNNNN, for example R-2026-000123")
    return RequisitionNo(text)


def _name(field: str, text: str) -> str:
    if _NAME.fullmatch(text) is None:
        raise InvalidValue(
            field=field,
            value=text,
            expected="1 to 63 characters of a-z 0-9 _ . - and a letter or digit first",
        )
    return text
