"""Who may do what, to what, and when. Pure: facts in, a decision out; every refusal names its rule.

The acts are those of docs/design/processes.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from nvr.base.errors import Refused
from nvr.base.ids import AccountId
from nvr.base.units import UtcUs
from storage.ledger.people import RoomKept
from storage.register.tables import RequisitionState


class Role(StrEnum):
    """What an account is for."""

    ADMINISTRATOR = "administrator"
    OFFICER = "officer"
    VALIDATOR = "validator"
    CUSTODIAN = "custodian"
    AUDITOR = "auditor"
    MAINTENANCE = "maintenance"


class ActName(StrEnum):
    """What a person may ask access to do."""

    ACCOUNT_ADD = "account.add"
    ACCOUNT_END = "account.end"
    ACCOUNT_LIST = "account.list"
    CAMERA_ABSENT = "camera.absent"
    CAMERA_ADD = "camera.add"
    CAMERA_COMMISSION = "camera.commission"
    CAMERA_COMMISSION_END = "camera.commission_end"
    CAMERA_DISCOVER = "camera.discover"
    CAMERA_EDIT = "camera.edit"
    CAMERA_IMPORT = "camera.import"
    CAMERA_LIST = "camera.list"
    CAMERA_MOVE = "camera.move"
    CAMERA_PRESENT = "camera.present"
    CAMERA_REPLACE = "camera.replace"
    CAMERA_RETIRE = "camera.retire"
    CAMERA_TEST = "camera.test"
    POINT_ADD = "point.add"
    AUTHORISATION_ADD = "authorisation.add"
    AUTHORISATION_EDIT = "authorisation.edit"
    AUTHORISATION_LIST = "authorisation.list"
    AUTHORISATION_WITHOUT = "authorisation.without_order"
    LEDGER_CONTINUE = "ledger.continue"
    RETENTION_SHOW = "retention.show"
    RETENTION_SET = "retention.set"
    RETENTION_ALLOW = "retention.allow"
    RETENTION_FORECAST = "retention.forecast"
    RETENTION_STATEMENT = "retention.statement"
    VOLUME_REPLACE = "volume.replace"
    FOOTAGE_AT = "footage.at"
    HOLD_PLACE = "hold.place"
    HOLD_CONFIRM = "hold.confirm"
    HOLD_LIST = "hold.list"
    HOLD_END = "hold.end"
    REQUISITION_NEW = "requisition.new"
    REQUISITION_LIST = "requisition.list"
    REQUISITION_SHOW = "requisition.show"
    REQUISITION_VALIDATE = "requisition.validate"
    REQUISITION_REFUSE = "requisition.refuse"
    REQUISITION_CLOSE = "requisition.close"
    GRANT_FILE = "grant.file"
    GRANT_UPLOAD = "grant.upload"
    GRANT_ANSWER = "grant.answer"
    GRANT_REOPEN = "grant.reopen"
    GRANT_REVOKE = "grant.revoke"
    SITTING_FILE = "sitting.file"
    SITTING_UPLOAD = "sitting.upload"
    SITTING_ANSWER = "sitting.answer"
    EXPORT = "export"
    EXPORT_DONE = "export.done"


_DECIDERS: Final = frozenset({Role.OFFICER, Role.VALIDATOR})
_READERS: Final = frozenset({Role.OFFICER, Role.VALIDATOR, Role.AUDITOR})
_ADMINISTRATORS: Final = frozenset({Role.ADMINISTRATOR})
_TECHNICIANS: Final = frozenset({Role.ADMINISTRATOR, Role.MAINTENANCE})
_VALIDATORS: Final = frozenset({Role.VALIDATOR})
_OFFICERS: Final = frozenset({Role.OFFICER})
ANY_ROLE: Final = frozenset(Role)

ROLES: Final[Mapping[ActName, frozenset[Role]]] = MappingProxyType(
    {
        ActName.ACCOUNT_ADD: _ADMINISTRATORS,
        ActName.ACCOUNT_END: _ADMINISTRATORS,
        ActName.ACCOUNT_LIST: frozenset({Role.ADMINISTRATOR, Role.AUDITOR}),
        ActName.CAMERA_ABSENT: _ADMINISTRATORS,
        ActName.CAMERA_ADD: _ADMINISTRATORS,
        ActName.CAMERA_COMMISSION: _TECHNICIANS,
        ActName.CAMERA_COMMISSION_END: _TECHNICIANS,
        ActName.CAMERA_DISCOVER: frozenset({Role.ADMINISTRATOR, Role.MAINTENANCE}),
        ActName.CAMERA_EDIT: _ADMINISTRATORS,
        ActName.CAMERA_IMPORT: _ADMINISTRATORS,
        ActName.CAMERA_LIST: ANY_ROLE,
        ActName.CAMERA_MOVE: _ADMINISTRATORS,
        ActName.CAMERA_PRESENT: _ADMINISTRATORS,
        ActName.CAMERA_REPLACE: _ADMINISTRATORS,
        ActName.CAMERA_RETIRE: _ADMINISTRATORS,
        ActName.CAMERA_TEST: _TECHNICIANS,
        ActName.POINT_ADD: _ADMINISTRATORS,
        ActName.AUTHORISATION_ADD: _ADMINISTRATORS,
        ActName.AUTHORISATION_EDIT: _ADMINISTRATORS,
        ActName.AUTHORISATION_LIST: ANY_ROLE,
        ActName.AUTHORISATION_WITHOUT: _ADMINISTRATORS,
        ActName.LEDGER_CONTINUE: _ADMINISTRATORS,
        ActName.RETENTION_SHOW: ANY_ROLE,
        ActName.RETENTION_SET: _ADMINISTRATORS,
        ActName.RETENTION_ALLOW: _ADMINISTRATORS,
        ActName.RETENTION_FORECAST: ANY_ROLE,
        ActName.RETENTION_STATEMENT: ANY_ROLE,
        ActName.VOLUME_REPLACE: _ADMINISTRATORS,
        ActName.FOOTAGE_AT: ANY_ROLE,
        ActName.HOLD_PLACE: ANY_ROLE,
        ActName.HOLD_CONFIRM: _VALIDATORS,
        ActName.HOLD_LIST: ANY_ROLE,
        ActName.HOLD_END: _VALIDATORS,
        ActName.REQUISITION_NEW: _OFFICERS,
        ActName.REQUISITION_LIST: _READERS,
        ActName.REQUISITION_SHOW: _READERS,
        ActName.REQUISITION_VALIDATE: _VALIDATORS,
        ActName.REQUISITION_REFUSE: _VALIDATORS,
        ActName.REQUISITION_CLOSE: _DECIDERS,
        ActName.GRANT_FILE: _DECIDERS,
        ActName.GRANT_UPLOAD: _DECIDERS,
        ActName.GRANT_ANSWER: _DECIDERS,
        ActName.GRANT_REOPEN: _VALIDATORS,
        ActName.GRANT_REVOKE: _DECIDERS,
        ActName.SITTING_FILE: _DECIDERS,
        ActName.SITTING_UPLOAD: _DECIDERS,
        ActName.SITTING_ANSWER: _DECIDERS,
        ActName.EXPORT: _OFFICERS,
        ActName.EXPORT_DONE: _OFFICERS,
    }
)

ABOUT_VIDEO: Final = frozenset(
    {
        ActName.HOLD_CONFIRM,
        ActName.HOLD_END,
        ActName.REQUISITION_NEW,
        ActName.REQUISITION_LIST,
        ActName.REQUISITION_SHOW,
        ActName.REQUISITION_VALIDATE,
        ActName.REQUISITION_REFUSE,
        ActName.REQUISITION_CLOSE,
        ActName.GRANT_FILE,
        ActName.GRANT_UPLOAD,
        ActName.GRANT_ANSWER,
        ActName.GRANT_REOPEN,
        ActName.GRANT_REVOKE,
        ActName.SITTING_FILE,
        ActName.SITTING_UPLOAD,
        ActName.SITTING_ANSWER,
        ActName.EXPORT,
        ActName.EXPORT_DONE,
    }
)
"""A refusal of these is in the ledger, as `denied`."""

INCOMPATIBLE: Final = (
    frozenset({Role.CUSTODIAN, Role.ADMINISTRATOR}),
    frozenset({Role.CUSTODIAN, Role.AUDITOR}),
)
"""No account has both (DESIGN.md "Presets")."""

_NO_LIMIT_PERMILLE: Final = 1000
_DECIDED_ON: Final = frozenset({ActName.REQUISITION_VALIDATE, ActName.REQUISITION_REFUSE})
_OF_A_GRANT: Final = frozenset({ActName.GRANT_FILE, ActName.GRANT_UPLOAD, ActName.GRANT_ANSWER, ActName.EXPORT})
_ENDS_OR_GOES_ON: Final = frozenset({ActName.GRANT_REOPEN, ActName.GRANT_REVOKE})
_OPEN: Final = frozenset({RequisitionState.OPEN, RequisitionState.EXPORTED})
_CLOSABLE: Final = frozenset(RequisitionState) - {RequisitionState.RECEIVED, RequisitionState.CLOSED}


@dataclass(frozen=True, slots=True)
class Person:
    """An account, as far as policy looks at it."""

    account: AccountId
    roles: frozenset[Role]
    ends_utc_us: UtcUs | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Object:
    """What the act is about: a requisition with its grant, as far as policy looks at it. `name` is its id.

    `logged_utc_us` is the latest time of a ledger entry since the grant, as far as access knows them. `key_lost`: the
    grant's release key is not there any more, so that nobody can answer it.
    """

    name: str | None = None
    state: RequisitionState | None = None
    requested_by: str | None = None
    opener: str | None = None
    valid_until_utc_us: UtcUs | None = None
    logged_utc_us: UtcUs | None = None
    revoked: bool = False
    key_lost: bool = False


NOTHING: Final = Object()


@dataclass(frozen=True, slots=True)
class Allowed:
    """The act may be done; `role` is the one in which the person does it."""

    role: Role


@dataclass(frozen=True, slots=True)
class Placing:
    """How a hold stands: the role in which the person placed it, and whether a validator has to confirm it."""

    role: Role
    provisional: bool


@dataclass(frozen=True, slots=True)
class DeniedBy:
    """The act may not be done; `rule` names why."""

    rule: str


class Denied(Refused):
    """Policy forbids it; fields `rule`, `what` (the act), `object`."""

    message_id = "denied"

    def __init__(self, *, rule: str, what: str, object: str | None) -> None:  # noqa: A002 -- the ledger's word
        super().__init__(rule=rule, what=what, object=object)
        self.rule = rule
        self.what = what
        self.object = object


def decide(person: Person, act: ActName, about: Object, now_utc_us: UtcUs) -> Allowed | DeniedBy:
    """Whether this person may do this, to this object, now."""
    rule = (
        _rule_of_account(person, now_utc_us)
        or _rule_of_role(person, act)
        or _rule_of_decision(person, act, about)
        or _rule_of_grant(person, act, about, now_utc_us)
        or _rule_of_grants_end(person, act, about, now_utc_us)
    )
    if rule is not None:
        return DeniedBy(rule)
    roles = person.roles & ROLES[act]
    if act is ActName.GRANT_REVOKE and person.account != about.opener:
        roles -= _OFFICERS
    return Allowed(min(roles, key=list(Role).index))


def demand(person: Person, act: ActName, about: Object, now_utc_us: UtcUs) -> Role:
    """The role in which the person does it.

    Raises:
        Denied: policy forbids it.
    """
    match decide(person, act, about, now_utc_us):
        case Allowed(role):
            return role
        case DeniedBy(rule):
            raise Denied(rule=rule, what=act, object=about.name)


def placing(person: Person, act: ActName, room: RoomKept, now_utc_us: UtcUs) -> Placing:
    """How the person places a hold by this act. A large one is provisional, never refused: what is destroyed is gone.

    Raises:
        Denied: policy forbids the act.
    """
    role = demand(person, act, NOTHING, now_utc_us)
    if not is_large(room):
        return Placing(role, provisional=False)
    if Role.VALIDATOR in person.roles:
        return Placing(Role.VALIDATOR, provisional=False)
    return Placing(role, provisional=True)


def is_large(room: RoomKept) -> bool:
    """Whether holds would keep more than their share of the room; where nobody can say, they do not."""
    if room.with_permille is None or room.limit_permille >= _NO_LIMIT_PERMILLE:
        return False
    return room.with_permille > room.limit_permille


def is_over(valid_until_utc_us: UtcUs, now_utc_us: UtcUs, logged_utc_us: UtcUs | None) -> bool:
    """Whether a grant has ended: by the clock, or by the ledger, so that a clock set back revives none."""
    return max(now_utc_us, logged_utc_us or now_utc_us) >= valid_until_utc_us


def incompatible(roles: frozenset[Role]) -> frozenset[Role] | None:
    """The roles among these that nobody has together, if there are such."""
    return next((pair for pair in INCOMPATIBLE if pair <= roles), None)


def _rule_of_account(person: Person, now_utc_us: UtcUs) -> str | None:
    if person.disabled:
        return "account-disabled"
    if person.ends_utc_us is not None and now_utc_us >= person.ends_utc_us:
        return "account-ended"
    return None


def _rule_of_role(person: Person, act: ActName) -> str | None:
    if not person.roles & ROLES[act]:
        return "role-missing"
    if incompatible(person.roles):
        return "roles-incompatible"
    if act is ActName.REQUISITION_NEW and Role.CUSTODIAN in person.roles:
        return "custodian-requests"
    return None


def _rule_of_decision(person: Person, act: ActName, about: Object) -> str | None:
    if act in _DECIDED_ON:
        if about.state is RequisitionState.NO_IMAGES:
            return "no-images"
        if about.state is not RequisitionState.RECEIVED:
            return "already-decided"
        if person.account == about.requested_by:
            return "same-person"
    if act is ActName.REQUISITION_CLOSE and about.state not in _CLOSABLE:
        return "not-decided" if about.state is RequisitionState.RECEIVED else "already-closed"
    if act is ActName.HOLD_END and about.requested_by is not None:
        return "requisition-holds"
    return None


def _rule_of_grant(person: Person, act: ActName, about: Object, now_utc_us: UtcUs) -> str | None:
    if act not in _OF_A_GRANT:
        return None
    if about.valid_until_utc_us is None:
        return "not-validated"
    if about.state is RequisitionState.CLOSED:
        return "already-closed"
    if about.revoked:
        return "grant-revoked"
    if is_over(about.valid_until_utc_us, now_utc_us, about.logged_utc_us):
        return "grant-over"
    if act is ActName.EXPORT:
        if about.state not in _OPEN:
            return "not-open"
        if person.account != about.opener:
            return "not-opener"
    return None


def _rule_of_grants_end(person: Person, act: ActName, about: Object, now_utc_us: UtcUs) -> str | None:
    """A grant is revoked by a validator, or given up by its opener; reopened once it is over, by another person."""
    if act not in _ENDS_OR_GOES_ON:
        return None
    if about.valid_until_utc_us is None:
        return "not-validated"
    if about.state is RequisitionState.CLOSED:
        return "already-closed"
    if about.revoked:
        return "grant-revoked"
    if act is ActName.GRANT_REVOKE:
        return None if Role.VALIDATOR in person.roles or person.account == about.opener else "not-opener"
    if person.account == about.requested_by:
        return "same-person"
    if not about.key_lost and not is_over(about.valid_until_utc_us, now_utc_us, about.logged_utc_us):
        return "grant-valid"
    return None
