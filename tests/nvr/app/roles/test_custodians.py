"""A recorder seals under a set only once its signatures were checked, against the set that it accepted before."""

from dataclasses import replace
from pathlib import Path

import pytest

from nvr.app.roles.custodians import accept_set
from nvr.app.roles.faults import Faults
from nvr.app.roles.shardstate import NOT_WRITTEN
from nvr.base.errors import ConfigError
from nvr.base.units import UtcUs
from storage.vault.hpke import KeyPair
from storage.vault.keyfile import CustodianKeys
from storage.vault.seats import CustodianSet, Seat, SeatKey, SignedSet, WitnessPolicy, sign_set

FAULTS = Faults()
PEOPLE = [CustodianKeys.generate(f"custodian {number}") for number in (1, 2, 3)]
MACHINE = SeatKey("machine", KeyPair.generate().public, None)
PROVISIONAL = CustodianSet(
    origin="test.example",
    number=1,
    preset="simple",
    m=1,
    seats=(Seat(1, "seat 1", envelope=SeatKey("envelope", KeyPair.generate().public, None)),),
    machine=MACHINE,
    witness=WitnessPolicy.NONE,
    valid_from_utc_us=UtcUs(0),
    provisional=True,
)
CEREMONY = replace(
    PROVISIONAL,
    number=2,
    m=2,
    seats=tuple(Seat(n, f"seat {n}", holder=keys.public) for n, keys in enumerate(PEOPLE, start=1)),
    provisional=False,
    previous=PROVISIONAL.hash,
)


def signed(custodians: CustodianSet, *signers: CustodianKeys, by: CustodianSet = CEREMONY) -> bytes:
    return SignedSet(
        custodians, tuple(sign_set(custodians, keys.pair.public.kid, keys.sign, signer=by) for keys in signers)
    ).pack()


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return tmp_path / "custodians.json"


@pytest.fixture
def accepted(tmp_path: Path) -> Path:
    return tmp_path / "shard" / "0.set.json"


def test_first_set_is_accepted_and_kept(published: Path, accepted: Path) -> None:
    published.write_bytes(signed(PROVISIONAL))
    assert accept_set(published, accepted, FAULTS).hash == PROVISIONAL.hash
    assert accepted.read_bytes() == published.read_bytes()


def test_signed_successor_takes_the_place_of_the_first(published: Path, accepted: Path) -> None:
    published.write_bytes(signed(PROVISIONAL))
    accept_set(published, accepted, FAULTS)
    published.write_bytes(signed(CEREMONY, *PEOPLE[:2]))
    assert accept_set(published, accepted, FAULTS).hash == CEREMONY.hash
    assert accept_set(published, accepted, FAULTS).hash == CEREMONY.hash


def test_set_with_too_few_signatures_is_refused_and_nothing_is_kept(published: Path, accepted: Path) -> None:
    published.write_bytes(signed(PROVISIONAL))
    accept_set(published, accepted, FAULTS)
    before = accepted.read_bytes()
    published.write_bytes(signed(CEREMONY, PEOPLE[0]))
    with pytest.raises(ConfigError, match="refused"):
        accept_set(published, accepted, FAULTS)
    assert accepted.read_bytes() == before


def test_another_first_set_does_not_replace_an_accepted_one(published: Path, accepted: Path) -> None:
    published.write_bytes(signed(PROVISIONAL))
    accept_set(published, accepted, FAULTS)
    published.write_bytes(signed(replace(PROVISIONAL, number=7)))
    with pytest.raises(ConfigError, match="refused"):
        accept_set(published, accepted, FAULTS)


@pytest.mark.parametrize("content", [None, b"{}", b"not json"])
def test_file_that_holds_no_set_is_named(published: Path, accepted: Path, content: bytes | None) -> None:
    if content is not None:
        published.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        accept_set(published, accepted, FAULTS)
    assert caught.value.fields["file"] == str(published)


def test_set_is_used_though_the_disk_does_not_keep_it_until_it_does(published: Path, accepted: Path) -> None:
    faults, in_the_way = Faults(), accepted.with_name(f".{accepted.name}.new")
    published.write_bytes(signed(PROVISIONAL))
    in_the_way.mkdir(parents=True)
    assert accept_set(published, accepted, faults).hash == PROVISIONAL.hash
    assert faults.holds(NOT_WRITTEN, accepted)
    in_the_way.rmdir()
    accept_set(published, accepted, faults)
    assert not faults.holds(NOT_WRITTEN, accepted)
    assert accepted.read_bytes() == published.read_bytes()


def test_set_that_can_not_be_read_is_named(published: Path, accepted: Path) -> None:
    published.mkdir()
    with pytest.raises(ConfigError, match="can not be read"):
        accept_set(published, accepted, FAULTS)
