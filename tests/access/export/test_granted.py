"""A grant is what the ledger says, not what the register says."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from access.export.collect import ReleaseDiffers
from access.export.granted import GrantOver, check_grant, check_validity, grant_part
from access.export.proofs import prove_all
from nvr.base.ids import CameraId
from nvr.base.units import UtcUs
from tests.access.footage import CAMERA, START_UTC_US, FakeGrant, Town


def checked(town: Town, facts: FakeGrant, **indices: int | None) -> tuple[int, ...]:
    named = {"grant": facts.grant_index, "open": facts.open_index, **indices}
    wanted = {name: index for name, index in named.items() if index is not None}
    proven = asyncio.run(prove_all(town, wanted, town.public))
    return check_grant(facts, proven, town.clock.utc_us())


@pytest.fixture
def grant(town: Town) -> FakeGrant:
    """A grant that was opened by two seats."""
    return town.grant(START_UTC_US, START_UTC_US + 1).grant


def test_seats_that_opened_it_come_from_the_ledger(town: Town, grant: FakeGrant) -> None:
    assert checked(town, grant) == (1, 3)
    assert checked(town, grant, open=None) == ()
    assert grant_part(grant, (1, 3)).seats == (1, 3)


def test_grant_is_valid_until_its_last_instant(grant: FakeGrant) -> None:
    check_validity(grant, UtcUs(grant.valid_until_utc_us - 1))
    with pytest.raises(GrantOver):
        check_validity(grant, grant.valid_until_utc_us)


@pytest.mark.parametrize(
    "change",
    [
        {"cameras": (CAMERA, CameraId("gare"))},
        {"to_utc_us": UtcUs(START_UTC_US + 2)},
        {"from_utc_us": UtcUs(START_UTC_US - 1)},
        {"valid_until_utc_us": UtcUs(2**52)},
        {"opener": "officier.faux"},
        {"requisition": "R-2026-000124"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_grant_that_says_more_than_the_ledger_is_refused(town: Town, grant: FakeGrant, change: dict[str, Any]) -> None:
    with pytest.raises(ReleaseDiffers):
        checked(town, replace(grant, **change))


def test_opening_of_another_grant_is_refused(town: Town, grant: FakeGrant) -> None:
    town.clock.advance(1_000_000)
    other = town.grant(START_UTC_US, START_UTC_US + 1).grant
    with pytest.raises(ReleaseDiffers):
        checked(town, grant, open=other.open_index)
    with pytest.raises(ReleaseDiffers):
        checked(town, grant, open=other.release_indices[0])
    with pytest.raises(ReleaseDiffers):
        checked(town, grant, grant=other.grant_index)
