"""Several grants of one log, as the server would put them into one sitting."""

from collections.abc import Sequence
from dataclasses import replace

from nvr.base.ids import GrantId
from storage.ledger.entries import Actor
from storage.ledger.machine import Release
from storage.ledger.note import sign_checkpoint
from storage.vault.grantfile import GrantFile
from storage.vault.sitting import Named
from storage.vault.unseal import wrap_machine_parts
from tests.storage.sealed import uuid7_of
from tests.storage.vault.granted import LOG_KEY, Case


def grants_of(case: Case, number: int) -> list[tuple[Named, GrantFile]]:
    """So many grants for the same footage, in one log, all proven against its last checkpoint."""
    placed = [_log_grant(case, at) for at in range(number)]
    return [_file(case, *each) for each in placed]


def _log_grant(case: Case, at: int) -> tuple[str, int, int]:
    grant = uuid7_of("grant", at)
    body = case.grant_body().model_copy(update={"grant": grant})
    index = case.log.append(body, act=uuid7_of("act", at), actor=Actor(id="valideur", role="validator"))
    names = tuple(one.header.segment for one in case.sealed)
    return grant, index, case.log.append(Release(grant=grant, set=case.people.set.hash.hex(), segs=names))


def _file(case: Case, grant: str, index: int, release: int) -> tuple[Named, GrantFile]:
    file = GrantFile(
        grant=case.log.prove(index),
        releases=(case.log.prove(release),),
        checkpoint=sign_checkpoint(case.log.checkpoint(), LOG_KEY),
        consistency=(case.log.consistency(3),),
        custodians=case.people.set,
        segments=tuple(one.granted() for one in case.sealed),
        machine=(),
        checked=case.checked,
    )
    parts = case._machine_parts([one.keys.record for one in case.sealed])
    whole = replace(file, machine=wrap_machine_parts(parts, case.people.set, file.grant_hash))
    return Named(GrantId(grant), case.people.set.hash.hex()), whole


def names(files: Sequence[tuple[Named, GrantFile]]) -> list[Named]:
    return [named for named, _ in files]
