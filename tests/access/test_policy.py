import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.policy import (
    ABOUT_VIDEO,
    NOTHING,
    ROLES,
    ActName,
    Allowed,
    Denied,
    DeniedBy,
    Object,
    Person,
    Role,
    decide,
    demand,
    incompatible,
    is_large,
    placing,
)
from nvr.base.ids import AccountId
from nvr.base.units import UtcUs
from storage.ledger.people import RoomKept
from storage.register.tables import RequisitionState

NOW = UtcUs(1_000)
RECEIVED = Object(name="R", state=RequisitionState.RECEIVED, requested_by="asks")
GRANTED = Object(
    name="R",
    state=RequisitionState.OPEN,
    requested_by="asks",
    opener="asks",
    valid_until_utc_us=UtcUs(NOW + 1),
)


def person(*roles: Role, account: str = "p", ends: int | None = None, disabled: bool = False) -> Person:
    return Person(AccountId(account), frozenset(roles), None if ends is None else UtcUs(ends), disabled)


def of(about: Object, **change: object) -> Object:
    values = {name: getattr(about, name) for name in ("name", "state", "requested_by", "opener", "valid_until_utc_us")}
    return Object(**{**values, **change})


OFF, VAL = Role.OFFICER, Role.VALIDATOR
TABLE = [
    # who, act, about, the rule that denies or None
    (person(OFF, disabled=True), ActName.HOLD_PLACE, NOTHING, "account-disabled"),
    (person(OFF, ends=NOW), ActName.HOLD_PLACE, NOTHING, "account-ended"),
    (person(OFF, ends=NOW + 1), ActName.HOLD_PLACE, NOTHING, None),
    (person(Role.MAINTENANCE), ActName.HOLD_PLACE, NOTHING, None),
    (person(), ActName.HOLD_PLACE, NOTHING, "role-missing"),
    (person(OFF), ActName.ACCOUNT_ADD, NOTHING, "role-missing"),
    (person(Role.ADMINISTRATOR), ActName.ACCOUNT_ADD, NOTHING, None),
    (person(Role.ADMINISTRATOR), ActName.REQUISITION_NEW, NOTHING, "role-missing"),
    (person(Role.ADMINISTRATOR), ActName.REQUISITION_LIST, NOTHING, "role-missing"),
    (person(Role.MAINTENANCE), ActName.REQUISITION_SHOW, NOTHING, "role-missing"),
    (person(Role.AUDITOR), ActName.REQUISITION_SHOW, NOTHING, None),
    (person(Role.CUSTODIAN, Role.ADMINISTRATOR), ActName.CAMERA_ADD, NOTHING, "roles-incompatible"),
    (person(Role.CUSTODIAN, Role.AUDITOR), ActName.REQUISITION_LIST, NOTHING, "roles-incompatible"),
    (person(Role.CUSTODIAN, OFF), ActName.REQUISITION_NEW, NOTHING, "custodian-requests"),
    (person(Role.CUSTODIAN, VAL), ActName.REQUISITION_VALIDATE, RECEIVED, None),
    (person(OFF), ActName.REQUISITION_VALIDATE, RECEIVED, "role-missing"),
    (person(OFF, VAL, account="asks"), ActName.REQUISITION_VALIDATE, RECEIVED, "same-person"),
    (person(OFF, VAL, account="asks"), ActName.REQUISITION_REFUSE, RECEIVED, "same-person"),
    (person(OFF, VAL), ActName.REQUISITION_VALIDATE, RECEIVED, None),
    (person(VAL), ActName.REQUISITION_VALIDATE, GRANTED, "already-decided"),
    (person(VAL), ActName.REQUISITION_VALIDATE, of(RECEIVED, state=RequisitionState.NO_IMAGES), "no-images"),
    (person(VAL), ActName.REQUISITION_CLOSE, RECEIVED, "not-decided"),
    (person(VAL), ActName.REQUISITION_CLOSE, of(RECEIVED, state=RequisitionState.CLOSED), "already-closed"),
    (person(VAL), ActName.REQUISITION_CLOSE, GRANTED, None),
    (person(VAL), ActName.HOLD_END, Object(name="h", requested_by="R-2026-000001"), "requisition-holds"),
    (person(VAL), ActName.HOLD_END, Object(name="h"), None),
    (person(VAL), ActName.HOLD_CONFIRM, Object(name="h"), None),
    (person(OFF), ActName.HOLD_CONFIRM, Object(name="h"), "role-missing"),
    (person(OFF), ActName.GRANT_FILE, RECEIVED, "not-validated"),
    (person(OFF), ActName.GRANT_FILE, GRANTED, None),
    (person(OFF), ActName.GRANT_ANSWER, of(GRANTED, valid_until_utc_us=NOW), "grant-over"),
    (person(OFF), ActName.GRANT_FILE, of(GRANTED, logged_utc_us=NOW + 1), "grant-over"),
    (person(OFF), ActName.GRANT_FILE, of(GRANTED, logged_utc_us=NOW), None),
    (person(OFF, account="asks"), ActName.EXPORT, of(GRANTED, logged_utc_us=NOW + 1), "grant-over"),
    (person(OFF), ActName.GRANT_FILE, of(GRANTED, state=RequisitionState.CLOSED), "already-closed"),
    (person(OFF), ActName.GRANT_FILE, of(GRANTED, revoked=True), "grant-revoked"),
    (person(OFF), ActName.GRANT_UPLOAD, of(GRANTED, revoked=True), "grant-revoked"),
    (person(OFF), ActName.GRANT_ANSWER, of(GRANTED, revoked=True, valid_until_utc_us=NOW), "grant-revoked"),
    (person(OFF, account="asks"), ActName.EXPORT, of(GRANTED, revoked=True), "grant-revoked"),
    (person(OFF), ActName.GRANT_FILE, of(GRANTED, revoked=True, state=RequisitionState.CLOSED), "already-closed"),
    (person(VAL), ActName.GRANT_REVOKE, RECEIVED, "not-validated"),
    (person(VAL), ActName.GRANT_REVOKE, GRANTED, None),
    (person(VAL), ActName.GRANT_REVOKE, of(GRANTED, valid_until_utc_us=NOW), None),
    (person(VAL), ActName.GRANT_REVOKE, of(GRANTED, revoked=True), "grant-revoked"),
    (person(VAL), ActName.GRANT_REVOKE, of(GRANTED, state=RequisitionState.CLOSED), "already-closed"),
    (person(OFF, account="asks"), ActName.GRANT_REVOKE, GRANTED, None),
    (person(OFF, account="other"), ActName.GRANT_REVOKE, GRANTED, "not-opener"),
    (person(Role.ADMINISTRATOR), ActName.GRANT_REVOKE, GRANTED, "role-missing"),
    (person(OFF), ActName.GRANT_REOPEN, of(GRANTED, valid_until_utc_us=NOW), "role-missing"),
    (person(VAL), ActName.GRANT_REOPEN, RECEIVED, "not-validated"),
    (person(VAL), ActName.GRANT_REOPEN, GRANTED, "grant-valid"),
    (person(VAL), ActName.GRANT_REOPEN, of(GRANTED, key_lost=True), None),
    (person(VAL), ActName.GRANT_REOPEN, of(GRANTED, valid_until_utc_us=NOW), None),
    (person(VAL), ActName.GRANT_REOPEN, of(GRANTED, logged_utc_us=NOW + 1), None),
    (person(VAL, account="asks"), ActName.GRANT_REOPEN, of(GRANTED, valid_until_utc_us=NOW), "same-person"),
    (person(VAL), ActName.GRANT_REOPEN, of(GRANTED, valid_until_utc_us=NOW, revoked=True), "grant-revoked"),
    (
        person(VAL),
        ActName.GRANT_REOPEN,
        of(GRANTED, valid_until_utc_us=NOW, state=RequisitionState.CLOSED),
        "already-closed",
    ),
    (person(OFF, account="asks"), ActName.EXPORT, RECEIVED, "not-validated"),
    (person(OFF, account="asks"), ActName.EXPORT, of(GRANTED, state=RequisitionState.VALIDATED), "not-open"),
    (person(OFF, account="asks"), ActName.EXPORT, of(GRANTED, state=RequisitionState.RELEASED), "not-open"),
    (person(OFF, account="asks"), ActName.EXPORT, of(GRANTED, valid_until_utc_us=NOW), "grant-over"),
    (person(OFF, account="other"), ActName.EXPORT, GRANTED, "not-opener"),
    (person(VAL, account="asks"), ActName.EXPORT, GRANTED, "role-missing"),
    (person(OFF, account="asks"), ActName.EXPORT, GRANTED, None),
    (person(OFF, account="asks"), ActName.EXPORT, of(GRANTED, state=RequisitionState.EXPORTED), None),
]


@pytest.mark.parametrize(("who", "act", "about", "rule"), TABLE)
def test_policy_decides_by_the_table(who: Person, act: ActName, about: Object, rule: str | None) -> None:
    decision = decide(who, act, about, NOW)
    assert decision == DeniedBy(rule) if rule else isinstance(decision, Allowed)


def test_role_in_which_somebody_acts_is_one_that_may(  # never `officer` for a validator's act
) -> None:
    assert decide(person(OFF, VAL), ActName.REQUISITION_VALIDATE, RECEIVED, NOW) == Allowed(VAL)


def test_validator_who_is_officer_too_revokes_anothers_grant_as_validator_and_gives_up_his_own_as_officer() -> None:
    assert decide(person(OFF, VAL), ActName.GRANT_REVOKE, GRANTED, NOW) == Allowed(VAL)
    assert decide(person(OFF, VAL, account="asks"), ActName.GRANT_REVOKE, GRANTED, NOW) == Allowed(OFF)


def test_demand_names_rule_act_and_object() -> None:
    with pytest.raises(Denied) as denied:
        demand(person(OFF), ActName.EXPORT, GRANTED, NOW)
    assert dict(denied.value.fields) == {"rule": "not-opener", "what": "export", "object": "R"}


def test_every_act_has_its_roles() -> None:
    assert set(ROLES) == set(ActName)


@given(roles=st.sets(st.sampled_from(Role)), act=st.sampled_from(sorted(ABOUT_VIDEO)))
def test_nobody_reaches_footage_without_the_role(roles: set[Role], act: ActName) -> None:
    decision = decide(person(*roles, account="asks"), act, GRANTED, NOW)
    if not roles & {Role.OFFICER, Role.VALIDATOR, Role.AUDITOR}:
        assert isinstance(decision, DeniedBy)


@given(state=st.sampled_from(RequisitionState), valid=st.integers(-5, 5), account=st.sampled_from(["asks", "other"]))
def test_export_is_for_the_opener_of_an_open_grant_while_it_is_valid(
    state: RequisitionState, valid: int, account: str
) -> None:
    about = of(GRANTED, state=state, valid_until_utc_us=NOW + valid)
    allowed = isinstance(decide(person(OFF, account=account), ActName.EXPORT, about, NOW), Allowed)
    assert allowed == (account == "asks" and valid > 0 and state in ("open", "exported"))


def test_custodian_excludes_administrator_and_auditor() -> None:
    assert incompatible(frozenset({Role.CUSTODIAN, Role.AUDITOR, OFF})) == frozenset({Role.CUSTODIAN, Role.AUDITOR})
    assert incompatible(frozenset({Role.CUSTODIAN, VAL})) is None


def room(kept_with: int | None, limit: int = 300) -> RoomKept:
    return RoomKept(limit_permille=limit, before_permille=None if kept_with is None else 0, with_permille=kept_with)


PLACERS = [
    # who, what holds would keep, in which role it is placed, whether provisionally
    (person(OFF), room(301), OFF, True),
    (person(OFF), room(300), OFF, False),
    (person(OFF), room(None), OFF, False),
    (person(OFF), room(0, limit=0), OFF, False),
    (person(OFF), room(1, limit=0), OFF, True),
    (person(OFF), room(5000, limit=1000), OFF, False),
    (person(Role.MAINTENANCE), room(301), Role.MAINTENANCE, True),
    (person(VAL), room(301), VAL, False),
    (person(OFF, VAL), room(301), VAL, False),
    (person(OFF, VAL), room(300), OFF, False),
]


@pytest.mark.parametrize(("who", "kept", "role", "provisional"), PLACERS)
def test_large_hold_is_placed_by_anybody_and_waits_unless_a_validator_places_it(
    who: Person, kept: RoomKept, role: Role, provisional: bool
) -> None:
    placed = placing(who, ActName.HOLD_PLACE, kept, NOW)
    assert (placed.role, placed.provisional) == (role, provisional)


@given(
    kept=st.none() | st.integers(0, 10**6), limit=st.integers(0, 1000), roles=st.sets(st.sampled_from(Role), min_size=1)
)
def test_no_figure_ever_has_a_hold_refused(kept: int | None, limit: int, roles: set[Role]) -> None:
    who, about = person(*roles), room(kept, limit)
    if isinstance(decide(who, ActName.HOLD_PLACE, NOTHING, NOW), Allowed):
        placed = placing(who, ActName.HOLD_PLACE, about, NOW)
        assert placed.provisional == (is_large(about) and VAL not in roles)


def test_who_may_not_place_a_hold_may_not_place_a_large_one() -> None:
    with pytest.raises(Denied, match="account-disabled"):
        placing(person(VAL, disabled=True), ActName.HOLD_PLACE, room(301), NOW)
