"""Several grants in one sitting: one file out for the custodians, one back from each (docs/design/keys.md "Sittings").

What may be done with a grant is asked of each one alone, by the rules of `grant.file` and `grant.answer`: one that is
refused keeps none of the others from its custodians.
"""

import asyncio
from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.arguments import Arguments
from access.grants.facts import sets_released
from access.grants.grants import Grants
from access.grants.parts import MOST_ANSWER_BYTES
from access.grants.releasing import Released
from access.policy import NOTHING, ActName, Denied, Person, demand, is_over
from access.reading import about_requisition, requisition_row
from access.refusals import Refusals
from nvr.base.clock import Clock
from nvr.base.errors import EvidenceAtRisk, InvalidValue, NvrError, Refused, Retryable
from nvr.base.ids import GrantId
from nvr.base.jcs import Json
from nvr.base.units import UtcUs
from storage.register import tables
from storage.register.register import Register
from storage.register.tables import RequisitionState
from storage.vault.fields import DocumentInvalid
from storage.vault.grantfile import GrantFile
from storage.vault.sitting import MOST_BYTES, MOST_FILES, Named, pack_sitting, parse_answers

NO_ROOM: Final = "sitting-full"
"""Why a grant was left out of a sitting: another one has room for it."""

_COLLECTED: Final = frozenset(
    {RequisitionState.VALIDATED, RequisitionState.RELEASED, RequisitionState.OPEN, RequisitionState.EXPORTED}
)
_WAITING: Final = frozenset({RequisitionState.VALIDATED, RequisitionState.RELEASED})


class SittingEmpty(Refused):
    """No grant can be put into the file; `why` says so of the first one, if there is any."""

    message_id = "sitting-empty"


class Sittings:
    """The acts on several grants at once."""

    def __init__(self, register: Register, grants: Grants, refusals: Refusals, clock: Clock) -> None:
        self._register = register
        self._grants = grants
        self._refusals = refusals
        self._clock = clock

    async def file(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Stage one file with the grant files of several grants: token and size, and what is in it and is not.

        Without `grants` it has all those that wait for custodians; what is due to be released is released first.

        Raises:
            Denied: `person` may not, or not with a grant that is named.
            InvalidValue: a grant that is named is none, or there are too many.
            SittingEmpty: none can be put into it.
            Retryable: the keeper does not answer.
        """
        given, sizes = args.optional_names("grants"), args.optional_integers("from_sizes")
        args.done()
        demand(person, ActName.SITTING_FILE, NOTHING, self._clock.utc_us())
        if given is not None and len(given) > MOST_FILES:
            raise InvalidValue(field="grants", value=f"{len(given)} grants", expected=f"at most {MOST_FILES}")
        names = await self._waiting() if given is None else [GrantId(name) for name in given]
        left: dict[GrantId, str] = dict.fromkeys(names[MOST_FILES:], NO_ROOM)
        found: list[tuple[tables.Grant, Released]] = []
        for grant in names[:MOST_FILES]:
            try:
                found.append(await self._grants.released(person, ActName.GRANT_FILE, grant))
            except (Denied, InvalidValue) as error:
                if given is not None:
                    raise
                left[grant] = _why(error)
            except (Refused, EvidenceAtRisk) as error:
                left[grant] = _why(error)
        files = await self._files(found, sizes, left)
        if not files:
            raise SittingEmpty(why=next(iter(left.values()), None))
        packed = await asyncio.to_thread(pack_sitting, files)
        within = frozenset(named.grant for named, _ in files)
        for grant in within:
            await self._grants.allow(person, ActName.GRANT_FILE, grant)
        requisitions = {row.grant: row.requisition for row, _ in found}
        told: list[Json] = [{"grant": grant, "requisition": requisitions[grant]} for grant in sorted(within)]
        missing: list[Json] = [{"grant": grant, "why": why} for grant, why in left.items()]
        staged = await self._grants.parts.stage(within, person.account, packed)
        return {**staged, "grants": told, "left_out": missing}

    async def upload(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Make room for a file of answers of `size` bytes: the token for `write_part`, and for `answer`.

        Raises:
            Denied: `person` may not.
            InvalidValue: it is too long.
        """
        size = args.integer("size", least=1, most=min(MOST_BYTES, MOST_ANSWER_BYTES))
        args.done()
        demand(person, ActName.SITTING_UPLOAD, NOTHING, self._clock.utc_us())
        return await self._grants.parts.expect(frozenset(), person.account, size)

    async def answer(self, person: Person, args: Arguments) -> dict[str, Json]:
        """Take a custodian's answers, each as `grant.answer` would: how far each collection is, or why it was refused.

        Raises:
            Denied: `person` may not.
            InvalidValue: what was written is no file of answers; nothing was kept.
            GrantPartUnknown: nothing was written for this token.
        """
        token = args.text("token")
        args.done()
        demand(person, ActName.SITTING_ANSWER, NOTHING, self._clock.utc_us())
        packed = await self._grants.parts.take(token, frozenset(), person.account)
        try:
            answers = await asyncio.to_thread(parse_answers, packed)
        except DocumentInvalid as error:
            what = str(error.fields.get("what"))
            raise InvalidValue(
                field="answers", value=what, expected="the file that `nvr-custodian open` wrote"
            ) from error
        told = [await self._take(person, named, one) for named, one in answers]
        return {"answers": [*told], "refused": sum("refused" in one for one in told)}

    async def _take(self, person: Person, named: Named, packed: bytes) -> dict[str, Json]:
        try:
            return await self._grants.take(person, ActName.GRANT_ANSWER, named.grant, named.set_hash, packed)
        except (Refused, EvidenceAtRisk, Retryable) as error:
            if isinstance(error, Denied):
                await self._refusals.deny(person.account, person.roles, error)
            fields: dict[str, Json] = {key: str(value) for key, value in error.fields.items()}
            return {"grant": named.grant, "set": named.set_hash, "refused": error.message_id, "fields": fields}

    async def _files(
        self, found: Sequence[tuple[tables.Grant, Released]], from_sizes: Collection[int], left: dict[GrantId, str]
    ) -> list[tuple[Named, GrantFile]]:
        """The grant files, all proven against one checkpoint; what can not be made, or has no room, is `left`."""
        if not found:
            return []
        checkpoint = await self._grants.files.checkpoint(found)
        files: list[tuple[Named, GrantFile]] = []
        room = MOST_BYTES
        for row, released in found:
            grant = GrantId(row.grant)
            for set_hash in released.sets:
                try:
                    file = await self._grants.files.make(row, released, set_hash, checkpoint, from_sizes)
                except (Refused, EvidenceAtRisk) as error:
                    left[grant] = _why(error)
                    continue
                size = len(await asyncio.to_thread(file.pack)) + _NAMES_BYTES
                if size > room or len(files) == MOST_FILES:
                    left[grant] = NO_ROOM
                    continue
                room -= size
                files.append((Named(grant, set_hash), file))
        return files

    async def _waiting(self) -> list[GrantId]:
        """The grants for which custodians are awaited, the oldest first."""
        rows = await self._register.read(lambda session: _valid(session, self._clock.utc_us()))
        return [grant for grant, sets in rows if sets is None or await self._grants.sets_with_keys(grant) < sets]


_NAMES_BYTES: Final = 256
"""What a grant file's names and punctuation take in a sitting, and more."""


def _valid(session: Session, now_utc_us: UtcUs) -> list[tuple[GrantId, int | None]]:
    """Every grant that may be opened now; of those that are open already, to how many sets they were released."""
    found = []
    for row in session.scalars(select(tables.Grant).order_by(tables.Grant.grant_index)):
        about = about_requisition(session, requisition_row(session, row.requisition))
        until = UtcUs(row.valid_until_utc_us)
        if about.revoked or about.state not in _COLLECTED or is_over(until, now_utc_us, about.logged_utc_us):
            continue
        found.append((GrantId(row.grant), None if about.state in _WAITING else sets_released(session, row)))
    return found


def _why(error: NvrError) -> str:
    return error.rule if isinstance(error, Denied) else error.message_id
