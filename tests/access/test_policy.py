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
)
from nvr.base.ids import AccountId
from nvr.base.units import UtcUs
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
    (person(OFF), ActName.GRANT_FILE, RECEIVED, "not-validated"),
    (person(OFF), ActName.GRANT_FILE, GRANTED, None),
    (person(OFF), ActName.GRANT_ANSWER, of(GRANTED, valid_until_utc_us=NOW), "grant-over"),
    (person(OFF), ActName.GRANT_FILE, of(GRANTED, logged_utc_us=NOW + 1), "grant-over"),
    (person(OFF), ActName.GRANT_FILE, of(GRANTED, logged_utc_us=NOW), None),
    (person(OFF, account="asks"), ActName.EXPORT, of(GRANTED, logged_utc_us=NOW + 1), "grant-over"),
    (person(OFF), ActName.GRANT_FILE, of(GRANTED, state=RequisitionState.CLOSED), "already-closed"),
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
