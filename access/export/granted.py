"""The grant of an export: valid now, what the ledger says that it is, and as the manifest tells it."""

from collections.abc import Mapping

from access.export import layout
from access.export.collect import ReleaseDiffers
from access.export.manifest import GrantPart
from access.export.ports import GrantFacts
from access.export.proofs import ProvenEntry
from nvr.base.errors import Refused
from nvr.base.units import UtcUs
from storage.ledger import entries, machine, people


class GrantOver(Refused):
    """The grant is no longer, or not yet, valid; `valid_until_utc_us` says until when it was."""

    message_id = "grant-over"


def check_validity(grant: GrantFacts, now_utc_us: UtcUs) -> None:
    """Raises GrantOver: the grant is not valid any more."""
    if now_utc_us >= grant.valid_until_utc_us:
        raise GrantOver(grant=grant.grant, valid_until_utc_us=grant.valid_until_utc_us)


def check_grant(grant: GrantFacts, proven: Mapping[str, ProvenEntry], now_utc_us: UtcUs) -> tuple[int, ...]:
    """Compare the grant with its entries in the ledger; the seats that opened it, none when nothing was opened.

    Raises:
        GrantOver: it is not valid now.
        ReleaseDiffers: the ledger says something else.
        EntryInvalid: an entry can not be read.
    """
    check_validity(grant, now_utc_us)
    logged = entries.decode(proven[layout.GRANT].leaf).body
    facts = (grant.grant, grant.requisition, tuple(grant.cameras), grant.from_utc_us, grant.to_utc_us)
    if not isinstance(logged, people.Grant) or facts != (
        logged.grant,
        logged.requisition,
        logged.cameras,
        logged.from_utc_us,
        logged.to_utc_us,
    ):
        raise ReleaseDiffers(segment=None, what="grant")
    if (logged.valid_until_utc_us, logged.opener) != (grant.valid_until_utc_us, grant.opener):
        raise ReleaseDiffers(segment=None, what="grant")
    if layout.OPEN not in proven:
        return ()
    opened = entries.decode(proven[layout.OPEN].leaf).body
    if not isinstance(opened, machine.Open) or opened.grant != grant.grant:
        raise ReleaseDiffers(segment=None, what="open")
    return opened.seats


def grant_part(grant: GrantFacts, seats: tuple[int, ...]) -> GrantPart:
    """The grant as the manifest tells it."""
    return GrantPart(
        grant=grant.grant,
        ledger_index=grant.grant_index,
        release_indices=tuple(grant.release_indices),
        open_index=grant.open_index,
        cameras=tuple(grant.cameras),
        from_utc_us=grant.from_utc_us,
        to_utc_us=grant.to_utc_us,
        valid_until_utc_us=grant.valid_until_utc_us,
        opener=grant.opener,
        seats=seats,
    )
