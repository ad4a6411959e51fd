"""Every type of entry: golden bytes, schema, and refusal of what is not one."""

import functools
import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvr.base.errors import InvalidValue
from nvr.base.jcs import canonical
from storage.ledger import machine, people
from storage.ledger.entries import (
    BODIES,
    PERSON_TYPES,
    Actor,
    EntryInvalid,
    Salted,
    body_as_json,
    body_from,
    build,
    decode,
    encode,
    personal_commitment,
)
from tests.storage.ledger.samples import ENTRIES, NOW_UTC_US, hold, uuid
from tools.ledger_schemas import FOLDER, texts

GOLDEN = Path(__file__).parents[2] / "golden" / "ledger"


@functools.cache
def validator(t: str) -> jsonschema.Draft202012Validator:
    schema = json.loads((FOLDER / f"{t}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


every_type = pytest.mark.parametrize("t", sorted(BODIES))


def test_every_type_has_a_sample() -> None:
    assert set(ENTRIES) == set(BODIES)


@every_type
def test_entry_has_the_bytes_that_it_always_had(t: str) -> None:
    golden = (GOLDEN / f"{t}.json").read_bytes()
    assert encode(ENTRIES[t]) == golden
    assert decode(golden) == ENTRIES[t]


@every_type
def test_schema_in_the_documents_is_current(t: str) -> None:
    assert (FOLDER / f"{t}.schema.json").read_text() == texts()[f"{t}.schema.json"]


def test_no_schema_of_a_type_that_is_gone() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(texts())


@every_type
def test_golden_entry_is_valid_by_its_published_schema(t: str) -> None:
    validator(t).validate(json.loads((GOLDEN / f"{t}.json").read_bytes()))


@every_type
@given(data=st.data())
def test_program_and_schema_refuse_the_same_spoiled_entries(t: str, data: st.DataObject) -> None:
    entry = json.loads(encode(ENTRIES[t]))
    place = data.draw(st.sampled_from([entry, entry["body"], entry["actor"]]))
    key = data.draw(st.sampled_from([*sorted(place), "unknown"]))
    value = data.draw(st.sampled_from(["absent", {}, -1, 1.5, "\n", 2**53, True]))
    if value == "absent":
        place.pop(key, None)
        if key == "unknown":
            return
    else:
        place[key] = value
    accepted_by_schema = validator(t).is_valid(entry)
    try:
        decode(json.dumps(entry).encode())
        accepted = True
    except EntryInvalid:
        accepted = False
    assert accepted == accepted_by_schema


@pytest.mark.parametrize("leaf", [b"", b"{}", b"[]", b'{"t":"picture"}', b'{"v":1,"t":"stop"}', b"\xff"])
def test_what_is_no_entry_is_refused(leaf: bytes) -> None:
    with pytest.raises(EntryInvalid):
        decode(leaf)


def test_body_of_another_type_is_refused() -> None:
    spoiled = encode(ENTRIES["stop"]).replace(b'"t":"stop"', b'"t":"unhold"')
    with pytest.raises(EntryInvalid):
        decode(spoiled)


def test_act_of_a_person_needs_its_id_and_nothing_else_has_one() -> None:
    with pytest.raises(InvalidValue):
        build(hold(), ts_utc_us=NOW_UTC_US, actor=Actor(id="a.martin", role="officer"))
    with pytest.raises(InvalidValue):
        build(machine.Stop(reason="x"), ts_utc_us=NOW_UTC_US, act=uuid(1))


def test_body_given_as_json_is_checked_and_the_field_named() -> None:
    good = body_as_json(hold())
    assert body_from("hold", good) == hold()
    with pytest.raises(InvalidValue) as error:
        body_from("hold", {**good, "until_utc_us": "soon"})
    assert error.value.field.startswith("hold.until_utc_us")
    with pytest.raises(InvalidValue):
        body_from("picture", {})
    with pytest.raises(InvalidValue):
        body_from("hold", {**good, "until_utc_us": 2**53})


def test_refusal_does_not_repeat_the_value() -> None:
    with pytest.raises(InvalidValue) as error:
        body_from("account", {**body_as_json(ENTRIES["account"].body), "person": "Agn\u00e8s Martin"})
    assert "Martin" not in str(error.value)


def test_entry_above_the_bound_is_refused() -> None:
    cameras = tuple(f"camera-{number:04}-{'x' * 40}" for number in range(1_300))
    wide = hold().model_copy(update={"cameras": cameras})
    with pytest.raises(InvalidValue):
        encode(build(wide, ts_utc_us=NOW_UTC_US, actor=Actor(id="a.martin", role="officer"), act=uuid(1)))


def test_acts_of_persons_are_those_of_the_people_module() -> None:
    assert people.Hold.t in PERSON_TYPES
    assert machine.Seal.t not in PERSON_TYPES


def test_commitment_hides_the_value_and_depends_on_the_salt() -> None:
    one = personal_commitment(bytes(16), "Durand")
    assert len(bytes.fromhex(one)) == 32
    assert one != personal_commitment(bytes(15) + b"\x01", "Durand")
    with pytest.raises(ValueError, match="16 bytes"):
        personal_commitment(b"", "Durand")


@pytest.mark.parametrize(
    "since", [(b'"replaces":null,',), (b'"absent":false,"absent_reason":null,', b'"kind":"fixed",'), (b'"ptz":null,',)]
)
def test_camera_that_an_earlier_version_entered_is_still_read(since: tuple[bytes, ...]) -> None:
    before = golden = (GOLDEN / "camera.json").read_bytes()
    for added in since:
        before = before.replace(added, b"")
    assert len(before) == len(golden) - sum(map(len, since))
    assert decode(before) == ENTRIES["camera"]


def test_order_that_an_earlier_version_entered_is_still_read() -> None:
    golden = (GOLDEN / "authorisation.json").read_bytes()
    before = golden.replace(b',"reason":null', b"").replace(b',"succeeds":null', b"")
    assert len(golden) - len(before) == len(b',"reason":null,"succeeds":null')
    assert decode(before) == ENTRIES["authorisation"]


def test_damage_that_an_earlier_version_told_is_still_read() -> None:
    golden = (GOLDEN / "damaged.json").read_bytes()
    before = golden.replace(b'"mended_from":null,', b"")
    assert len(before) < len(golden)
    assert decode(before) == ENTRIES["damaged"]


def test_grant_and_opening_that_an_earlier_version_entered_are_still_read() -> None:
    grant = (GOLDEN / "grant.json").read_bytes()
    before = grant.replace(b'"reopens":null,', b"")
    assert len(before) < len(grant)
    assert decode(before) == ENTRIES["grant"]
    opened = json.loads((GOLDEN / "open.json").read_bytes())
    del opened["body"]["used"]
    assert decode(canonical(opened)).body == ENTRIES["open"].body.model_copy(update={"used": ()})


def test_salted_value_has_a_salt_of_its_own_and_its_commitment() -> None:
    one, other = Salted.new("Durand"), Salted.new("Durand")
    assert one.salt != other.salt
    assert one.commitment == personal_commitment(one.salt, "Durand")
