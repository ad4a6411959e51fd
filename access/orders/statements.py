"""The statement of a local day, as the ledger has it, with the checkpoint that covers it."""

import re
from typing import Final

from access.arguments import Arguments
from access.policy import NOTHING, ActName, Person, demand
from access.ports import IndexPort, LedgerPort
from nvr.base.clock import Clock
from nvr.base.errors import EvidenceAtRisk, InvalidValue
from nvr.base.jcs import Json
from storage.ledger.entries import body_as_json, decode
from storage.ledger.machine import Statement

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class StatementAltered(EvidenceAtRisk):
    """The entry that the index names is no statement of that day: the index is not of this ledger. Field `day`."""

    message_id = "statement-altered"


class Statements:
    """The act that shows one."""

    def __init__(self, index: IndexPort, ledger: LedgerPort, clock: Clock) -> None:
        self._index = index
        self._ledger = ledger
        self._clock = clock

    async def show(self, person: Person, args: Arguments) -> dict[str, Json]:
        """What was destroyed on a day: its cameras, the entries that say so, the checkpoint of the last of them.

        Raises:
            Denied: `person` may not.
            InvalidValue: not a day (ISO 8601), or one without a statement: it is not over, or of before the system.
            StatementAltered: the index names another entry.
            Retryable: the keeper does not answer, or no checkpoint covers it yet.
        """
        day = args.text("day")
        args.done()
        demand(person, ActName.RETENTION_STATEMENT, NOTHING, self._clock.utc_us())
        if _DAY.fullmatch(day) is None:
            raise InvalidValue(field="day", value=day, expected="a day such as 2026-10-25")
        found = await self._index.statement(day)
        if found is None:
            raise InvalidValue(field="day", value=day, expected="a day that is over, and has its statement")
        first, parts = found
        entries = list(range(first, first + parts))
        cameras: list[Json] = []
        for index in entries:
            body = decode(await self._ledger.entry(index)).body
            if not isinstance(body, Statement) or body.day != day:
                raise StatementAltered(day=day, entry=index)
            cameras += [body_as_json(body)["cameras"]]
        proof = await self._ledger.proof(entries[-1])
        return {
            "day": day,
            "cameras": [camera for part in cameras if isinstance(part, list) for camera in part],
            "entries": list(entries),
            "checkpoint": proof.checkpoint,
        }
