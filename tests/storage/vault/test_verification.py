"""What a custodian's tool refuses, one lie at a time."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from nvr.base.errors import EvidenceAtRisk
from storage.ledger.entries import Salted
from storage.ledger.note import Checkpoint, NoteInvalid, sign_checkpoint
from storage.merkle import ProofInvalid
from storage.records import RandomAccess
from storage.vault.grantfile import GrantFile
from storage.vault.seats import WitnessPolicy
from storage.vault.verification import GrantOver, GrantUnproven, LedgerContinued
from tests.storage.sealed import CAMERA, GOP_US, NOW_US, Custodians, custodians, segment_start
from tests.storage.vault.granted import IDR, LOG_KEY, NONE, VALID_US, Case, SealedInMemory, sealed_in_memory


def test_honest_file_is_verified() -> None:
    verified = Case().verified()
    assert verified.records == {verified.file.segments[0].segment: [0, 1, 2, 3]}
    assert not verified.cosigned
    assert verified.grant.requisition == "R-2026-000123"


def test_first_use_needs_no_earlier_checkpoint() -> None:
    case = Case()
    case.verified(replace(case.file(), consistency=()), pins=replace(case.pins(), last=None))


LIES: dict[str, Callable[[Case, GrantFile], GrantFile]] = {
    "another check than the validator logged": lambda case, file: replace(file, checked=Salted(bytes(16), "sur place")),
    "grant that is not in the log": lambda case, file: replace(
        file,
        grant=replace(file.grant, entry=file.grant.entry.replace(CAMERA.encode(), b"place-eglise")),
    ),
    "release that is not in the log": lambda case, file: replace(
        file, releases=(replace(file.releases[0], entry=file.releases[0].entry.replace(b'"v":1', b'"v":2')),)
    ),
    "release in the grant's place": lambda case, file: replace(file, grant=file.releases[0]),
    "grant in the release's place": lambda case, file: replace(file, releases=(file.grant,)),
    "proof of another index": lambda case, file: replace(file, grant=replace(file.grant, index=1)),
    "checkpoint by another key": lambda case, file: replace(
        file, checkpoint=sign_checkpoint(case.log.checkpoint(), Ed25519PrivateKey.generate())
    ),
    "checkpoint of another log": lambda case, file: replace(
        file, checkpoint=sign_checkpoint(replace(case.log.checkpoint(), origin="ailleurs.example"), LOG_KEY)
    ),
    "no proof of continuation": lambda case, file: replace(file, consistency=()),
    "proof of another continuation": lambda case, file: replace(
        file, consistency=(replace(case.log.consistency(4), from_size=3),)
    ),
    "set that the custodian never saw": lambda case, file: replace(file, custodians=custodians(2, 3, number=7).set),
    "segment twice": lambda case, file: replace(file, segments=file.segments * 2),
    "segment without records": lambda case, file: replace(file, segments=(replace(file.segments[0], records=()),)),
    "no init record": lambda case, file: replace(
        file, segments=(replace(file.segments[0], records=file.segments[0].records[1:]),)
    ),
    "hole among the records": lambda case, file: replace(
        file,
        segments=(replace(file.segments[0], records=(*file.segments[0].records[:2], file.segments[0].records[3])),),
    ),
    "key record of another segment": lambda case, file: replace(
        file,
        segments=(replace(file.segments[0], key_record=sealed_in_memory(case.people, 9).keys.record),),
    ),
    "answer for another grant": lambda case, file: replace(
        file, answers=(replace(case.answer(1), grant=bytes(32)).signed(case.people.holders[0].sign),)
    ),
    "answer signed by another seat": lambda case, file: replace(
        file, answers=(case.answer(1).signed(case.people.holders[1].sign),)
    ),
    "answer without signature": lambda case, file: replace(file, answers=(case.answer(1).signed(None),)),
    "answer under another seat's number": lambda case, file: replace(
        file, answers=(replace(case.answer(1), seat=2).signed(case.people.holders[0].sign),)
    ),
}


SAYS = {
    "another check than the validator logged": "check of the validator",
    "grant that is not in the log": "another root",
    "release that is not in the log": "another root",
    "release in the grant's place": "no grant",
    "grant in the release's place": "no release",
    "proof of another index": "another root",
    "checkpoint by another key": "not signed by the expected key",
    "checkpoint of another log": "checkpoint of another log",
    "no proof of continuation": "no proof from the checkpoint",
    "proof of another continuation": "proof-invalid",
    "set that the custodian never saw": "custodian set",
    "segment twice": "a segment twice",
    "segment without records": "records are left out",
    "no init record": "init record",
    "hole among the records": "records are left out",
    "key record of another segment": "key record",
    "answer for another grant": "another grant",
    "answer signed by another seat": "signature",
    "answer without signature": "signature",
    "answer under another seat's number": "not a key of this seat",
}


@pytest.mark.parametrize("lie", LIES)
def test_lie_is_refused(lie: str) -> None:
    case = Case()
    with pytest.raises(EvidenceAtRisk, match=SAYS[lie]):
        case.verified(LIES[lie](case, case.file()))


def test_rolled_back_log_is_refused() -> None:
    case = Case()
    file = case.file()
    ahead = Checkpoint(case.seen.origin, len(case.log.entries) + 1, bytes(32))
    with pytest.raises(GrantUnproven):
        case.verified(file, pins=replace(case.pins(), last=ahead))


def test_forked_log_of_the_same_size_is_refused() -> None:
    case = Case()
    file = case.file()
    fork = replace(case.log.checkpoint(), root=bytes(32))
    with pytest.raises(GrantUnproven):
        case.verified(file, pins=replace(case.pins(), last=fork))


def test_rewritten_log_is_refused() -> None:
    case = Case()
    seen = case.seen
    case.log.entries[1] = case.log.entries[2]
    with pytest.raises(ProofInvalid):
        case.verified(pins=replace(case.pins(), last=seen))


def lost(size: int) -> Checkpoint:
    """A checkpoint of the log that was, before a restore cut it after five entries."""
    return Checkpoint(Case().seen.origin, size, bytes(31) + bytes([size]))


@pytest.mark.parametrize("size", [6, 7, 30])
def test_log_that_was_restored_is_refused_until_the_custodian_says_that_he_was_told(size: int) -> None:
    case = Case(lost_to=lost(30))
    pins = replace(case.pins(), last=lost(size))
    with pytest.raises(LedgerContinued) as refused:
        case.verified(pins=pins)
    assert (refused.value.fields["by"], refused.value.fields["size"], refused.value.fields["seen"]) == (
        "admin",
        5,
        size,
    )
    told = case.verified(pins=replace(pins, continued=True))
    assert told.grant.grant == case.grant_body().grant


def test_restore_says_nothing_to_a_tool_that_saw_only_what_was_kept() -> None:
    case = Case(lost_to=lost(30))
    assert case.verified(pins=case.pins()).checkpoint == case.log.checkpoint()


@pytest.mark.parametrize("size", [3, 5, 31])
def test_checkpoint_outside_the_declared_span_is_refused_whatever_the_custodian_was_told(size: int) -> None:
    case = Case(lost_to=lost(30))
    with pytest.raises((GrantUnproven, ProofInvalid)):
        case.verified(pins=replace(case.pins(), last=lost(size), continued=True))


def test_declaration_that_is_not_in_the_log_covers_nothing() -> None:
    case = Case(lost_to=lost(30))
    file = case.file()
    forged = replace(file.continued[0], entry=file.continued[0].entry.replace(b"admin", b"other"))
    elsewhere = replace(file.grant)
    for continued in ((forged,), (elsewhere,), ()):
        with pytest.raises((GrantUnproven, ProofInvalid)):
            case.verified(replace(file, continued=continued), pins=replace(case.pins(), last=lost(20), continued=True))


def test_grant_is_refused_from_its_last_instant_on() -> None:
    case = Case()
    case.verified(now_utc_us=NOW_US + VALID_US - 1)
    with pytest.raises(GrantOver):
        case.verified(now_utc_us=NOW_US + VALID_US)


def test_segment_that_no_release_names_is_refused() -> None:
    with pytest.raises(GrantUnproven):
        Case(released=()).verified()


def test_camera_that_is_not_granted_is_refused() -> None:
    with pytest.raises(GrantUnproven):
        Case(cameras=("place-eglise",)).verified()


def test_segment_of_an_older_set_is_refused() -> None:
    older = custodians(2, 3, number=8)
    with pytest.raises(GrantUnproven):
        Case(custodians(), [sealed_in_memory(older)]).verified()


@pytest.mark.parametrize(("from_gop", "to_gop", "listed"), [(1, 2, [0, 1, 2]), (1, 2, [0, 2, 3]), (5, 6, [0, 1])])
def test_record_outside_the_granted_time_is_refused(from_gop: int, to_gop: int, listed: list[int]) -> None:
    people = custodians()
    one = sealed_in_memory(people)
    case = Case(people, [one], [one.granted(listed)], NOW_US + from_gop * GOP_US, NOW_US + to_gop * GOP_US)
    with pytest.raises(GrantUnproven):
        case.verified()


def test_long_group_is_granted_back_into_the_segment_before() -> None:
    people = custodians()
    first = sealed_in_memory(people, 0, raps=[IDR, IDR, NONE])
    second = _after(people, raps=[NONE, NONE])
    from_utc_us = second.header.start_utc_us
    case = Case(
        people, [first, second], [first.granted([0, 2, 3]), second.granted([0, 1])], from_utc_us, from_utc_us + 1
    )
    assert case.verified().records == {first.header.segment: [0, 2, 3], second.header.segment: [0, 1]}


@pytest.mark.parametrize(
    ("first_listed", "second_listed", "second_raps"),
    [
        ([0, 1, 2, 3], [0, 1], [NONE, NONE]),  # an earlier group than decoding needs
        ([0, 2], [0, 1], [NONE, NONE]),  # not up to the seam: any group could be passed off as the last
        ([0, 2, 3], [0, 2], [IDR, NONE]),  # the start of the next, which needs nothing, is left out
    ],
)
def test_segment_before_is_not_granted_further_than_decoding_needs(
    first_listed: list[int], second_listed: list[int], second_raps: list[RandomAccess]
) -> None:
    people = custodians()
    first = sealed_in_memory(people, 0, raps=[IDR, IDR, NONE])
    second = _after(people, raps=second_raps)
    from_utc_us = second.claims[second_listed[1]].head.start_utc_us
    listed = [first.granted(first_listed), second.granted(second_listed)]
    case = Case(people, [first, second], listed, from_utc_us, from_utc_us + 1)
    with pytest.raises(GrantUnproven):
        case.verified()


def _after(people: Custodians, *, raps: Sequence[RandomAccess]) -> SealedInMemory:
    """The segment that goes on with the last group of the segment 0, which is 6 s long."""
    before = segment_start(0).segment
    return sealed_in_memory(people, 1, raps=raps, start_utc_us=NOW_US + 3 * GOP_US, continues=before)


def _cosigned(note: str) -> None:
    """A witness that signed."""


def _silent(note: str) -> None:
    raise NoteInvalid(why="not cosigned")


@pytest.mark.parametrize(
    ("policy", "witness", "cosigned"),
    [
        (WitnessPolicy.NONE, None, False),
        (WitnessPolicy.RECOMMENDED, _silent, False),
        (WitnessPolicy.RECOMMENDED, _cosigned, True),
        (WitnessPolicy.REQUIRED, _cosigned, True),
    ],
)
def test_witness_is_asked_as_the_set_says(
    policy: WitnessPolicy, witness: Callable[[str], None] | None, cosigned: bool
) -> None:
    case = Case(_with_policy(policy))
    assert case.verified(pins=replace(case.pins(), witness=witness)).cosigned is cosigned


@pytest.mark.parametrize("witness", [None, _silent])
def test_release_without_the_required_witness_is_refused(witness: Callable[[str], None] | None) -> None:
    case = Case(_with_policy(WitnessPolicy.REQUIRED))
    with pytest.raises((GrantUnproven, NoteInvalid)):
        case.verified(pins=replace(case.pins(), witness=witness))


def _with_policy(policy: WitnessPolicy) -> Custodians:
    people = custodians()
    return replace(people, set=replace(people.set, witness=policy))
