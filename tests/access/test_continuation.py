"""Who may declare that a restore cut the ledger, and what stands in it then."""

from collections.abc import Mapping

import pytest

from access.continuation import continued_at
from access.policy import Denied
from nvr.base.errors import Refused, Retryable
from nvr.base.jcs import Json
from storage.ledger import people
from tests.access.world import HOUR_US, World

SEEN = "ville.example/scelle/2026\n90\nAAAA\n\n— ville.example/scelle/2026 BBBB\n"


async def broken(town: World) -> Mapping[str, Json]:
    size = await town.keeper.service.size()
    root = (await town.keeper.service.root(size)).hex()
    begin = town.clock.utc_us() - HOUR_US
    return {"size": size, "root": root, "kept": None, "seen": SEEN, "from_utc_us": begin, "backup_utc_us": begin}


async def test_declaration_is_in_the_ledger_with_who_and_the_reason_only_as_a_commitment(town: World) -> None:
    town.keeper.lost = lost = await broken(town)
    answer = await town.act("root", "ledger.continue", reason="incendie du local")
    entry = (await town.keeper.all())[answer["entry"]]
    assert isinstance(entry.body, people.Continue)
    assert (entry.actor.id, entry.body.size, entry.body.root, entry.body.seen) == (
        "root",
        lost["size"],
        lost["root"],
        SEEN,
    )
    assert (entry.body.from_utc_us, entry.body.to_utc_us) == (lost["from_utc_us"], town.clock.utc_us())
    assert b"incendie" not in await town.keeper.entry(answer["entry"])
    assert await town.register.read(continued_at) == [answer["entry"]]


async def test_checkpoint_that_somebody_kept_is_cited_as_it_was_signed(town: World) -> None:
    town.keeper.lost = await broken(town)
    kept = SEEN.replace("90", "95")
    assert (await town.act("root", "ledger.continue", reason="r", checkpoint=kept))["seen"] == kept


async def test_only_an_administrator_declares_and_only_where_something_is_lost(town: World) -> None:
    with pytest.raises(Refused, match="ledger-not-restored"):
        await town.act("root", "ledger.continue", reason="r")
    town.keeper.lost = await broken(town)
    for other in ("a.martin", "b.petit", "f.audit", "g.fix"):
        with pytest.raises(Denied):
            await town.act(other, "ledger.continue", reason="r")
    town.keeper.answers = False
    with pytest.raises(Retryable):
        await town.act("root", "ledger.continue", reason="r")
    town.keeper.answers = True
    assert await town.register.read(continued_at) == []
