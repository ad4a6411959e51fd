"""What the machine may tell: bounds that keep an entry small, and words that are those of the recorder."""

import pytest
from pydantic import ValidationError

from storage.ledger.entries import build, encode
from storage.ledger.machine import SEGMENTS_PER_ENTRY, Expire, Expired, Gap, Release, Seal
from storage.records import GapCause
from tests.storage.ledger.samples import ENTRIES, NOW_UTC_US, hash_of, seal, uuid


def test_full_lists_of_segments_stay_below_the_bound_of_an_entry() -> None:
    segs = tuple(uuid(number) for number in range(SEGMENTS_PER_ENTRY))
    for body in (
        Expire(segs=segs, reason="cap", deadline_utc_us=NOW_UTC_US),
        Expired(segs=segs, bytes=2**52, cameras=()),
        Release(grant=uuid(1), set=hash_of(1), segs=segs),
    ):
        encode(build(body, ts_utc_us=NOW_UTC_US))
    with pytest.raises(ValidationError):
        Expire(segs=(*segs, uuid(1)), reason="cap", deadline_utc_us=NOW_UTC_US)


def test_causes_of_a_gap_are_those_of_the_recorder() -> None:
    gap = ENTRIES["gap"].body.model_dump()
    for cause in GapCause:
        assert Gap.model_validate(gap | {"cause": cause.value}).cause == cause
    with pytest.raises(ValidationError):
        Gap.model_validate(gap | {"cause": "unknown"})


def test_seal_may_lack_the_key_record_but_not_say_nothing_of_it() -> None:
    body = seal().model_dump()
    assert Seal.model_validate(body | {"key_record": None}).key_record is None
    del body["key_record"]
    with pytest.raises(ValidationError):
        Seal.model_validate(body)
