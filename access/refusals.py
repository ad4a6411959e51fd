"""Refusals on their way to the ledger: kept on disk until it has taken them, so that none is lost with the keeper away.

`<directory>/<uuid>.json`, JCS `{"actor":{"id","role"},"body"}`, 0600. A refusal has no act id: where the keeper's
answer was lost, it may be in the ledger twice, but never not at all. The entry's time is that of its appending.
"""

import asyncio
import json
import logging
from collections.abc import Collection
from pathlib import Path
from typing import Final

from access.policy import Denied as DeniedAct
from nvr.base.clock import Clock
from nvr.base.errors import EvidenceAtRisk, Refused, Retryable
from nvr.base.ids import uuid7
from nvr.base.jcs import canonical
from storage.durable import create_file, make_directory, remove_file, rename_file
from storage.ledger import machine
from storage.ledger.entries import Actor, body_as_json, body_from
from storage.register.acts import Proposal
from storage.register.ports import RegisterLedger

NO_ROLE: Final = "none"
_MOST_CHARACTERS: Final = 100
SUFFIX: Final = ".json"
MODE: Final = 0o600
_log: Final = logging.getLogger(__name__)


class Refusals:
    """What was refused about footage, told to the ledger in its order."""

    def __init__(self, directory: Path, ledger: RegisterLedger, clock: Clock) -> None:
        self._directory = directory
        self._ledger = ledger
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._due = False

    async def tell(self, actor: Actor, body: machine.Denied) -> None:
        """Keep the refusal, then bring it to the ledger, or leave it for later: who was refused is refused either way.

        Raises:
            OSError: it can not be kept.
        """
        path = self._directory / f"{uuid7(self._clock.utc_us())}{SUFFIX}"
        content = canonical({"actor": {"id": actor.id, "role": actor.role}, "body": body_as_json(body)})
        await asyncio.to_thread(make_directory, self._directory, 0o700)
        await asyncio.to_thread(create_file, path, content, MODE)
        await self.flush()

    async def deny(self, account: str, roles: Collection[str], denied: DeniedAct) -> None:
        """Tell that policy refused this account; the role is the first of its own. Raises OSError."""
        actor = Actor(id=account, role=min(roles, default=NO_ROLE))
        body = machine.Denied(rule=denied.rule, what=denied.what, object=_short(denied.object))
        await self.tell(actor, body)

    async def flush(self) -> None:
        """Bring what waits to the ledger, the oldest first; nothing while the keeper does not answer."""
        self._due = True
        if self._one_at_a_time.locked():
            # Whoever brings them brings these too: nobody who was refused waits for a keeper that does not answer.
            return
        async with self._one_at_a_time:
            try:
                while self._due:
                    self._due = False
                    for path in await asyncio.to_thread(_waiting, self._directory):
                        await self._bring(path)
            except Retryable as error:
                _log.warning("refusals wait for the ledger: %s", error)

    async def _bring(self, path: Path) -> None:
        try:
            proposal = await asyncio.to_thread(_read, path)
            await self._ledger.append([proposal.to_wire()])
        except (EvidenceAtRisk, Refused) as error:
            # Told, and set aside: the refusals after it must not wait for one that no ledger takes.
            _log.error("the refusal in %s can not be brought to the ledger: %s", path.name, error)
            await asyncio.to_thread(rename_file, path, path.with_suffix(".bad"))
            return
        await asyncio.to_thread(remove_file, path)


def _short(text: str | None) -> str | None:
    return None if text is None else text[:_MOST_CHARACTERS]


def _waiting(directory: Path) -> list[Path]:
    return sorted(directory.glob(f"*{SUFFIX}"))


def _read(path: Path) -> Proposal:
    try:
        content = json.loads(path.read_bytes())
        actor = Actor(id=content["actor"]["id"], role=content["actor"]["role"])
        return Proposal(None, actor, body_from(machine.Denied.t, content["body"]))
    except (ValueError, KeyError, TypeError) as error:
        raise EvidenceAtRisk("file-damaged", file=path.name) from error
