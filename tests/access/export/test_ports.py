"""What stands in for a release in these tests has the shape that export asks for; mypy does the comparing."""

import access.grants.facts
import access.release
from access.export import ports
from access.ports import LedgerPort
from tests.access.footage import START_UTC_US, FakeGap, FakeIndex, FakeRelease, Town


def as_release(release: FakeRelease) -> ports.Release:
    return release


def as_index(index: FakeIndex) -> ports.Index:
    return index


def as_gap(gap: FakeGap) -> ports.Gap:
    return gap


def as_ledger(town: Town) -> ports.Ledger:
    return town


def keeper_as_ledger(keeper: LedgerPort) -> ports.Ledger:
    return keeper


def test_town_serves_as_every_port(town: Town) -> None:
    release = town.grant(START_UTC_US, START_UTC_US + 1, opened=False)
    assert as_release(release).segments(release.grant.cameras[0]) == []
    assert as_ledger(town) is town


def opened_as_release(release: access.release.Release) -> ports.Release:
    return release


def opened_as_grant(grant: access.grants.facts.GrantFacts) -> ports.GrantFacts:
    return grant
