"""Step 5 of a ledger: each break that a restore left is declared where it is, by somebody, and says what is so."""

import base64
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from access.verification.report import CannotRun, Facts, Finding, finding
from nvr.base.errors import EvidenceAtRisk, NvrError
from nvr.base.jcs import Json
from storage.ledger.entries import decode
from storage.ledger.machine import Log
from storage.ledger.note import open_checkpoint
from storage.ledger.people import Continue
from storage.ledger.reader import LedgerReader


def check_continued(reader: LedgerReader, file: str, facts: Facts) -> Iterator[Finding]:
    """Every `continue` stands behind the entries that it keeps, with their root; what it cites was signed by this log.

    Raises:
        CannotRun: the ledger does not name its key.
    """
    try:
        log = decode(reader.entry(0)).body
        found = [(index, decode(leaf)) for index, leaf in reader.acts_of_type(Continue.t)]
    except NvrError as error:
        raise CannotRun(finding("log-entry-missing", file)) from error
    if not isinstance(log, Log):
        raise CannotRun(finding("log-entry-missing", file))
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(log.public))
    told: list[Json] = []
    for index, entry in found:
        body = entry.body
        if not isinstance(body, Continue):
            continue
        lost_to = _lost_to(body, public, log.origin)
        if index != body.size or reader.root(index).hex() != body.root:
            yield finding("continue-misplaced", file, index=index)
        if lost_to is None and body.seen is not None:
            yield finding("continue-unsigned", file, index=index)
        said: dict[str, Json] = {
            "kept": body.size,
            "lost_to": lost_to,
            "by": entry.actor.id,
            "at_utc_us": entry.ts_utc_us,
        }
        told.append(said)
        facts |= said  # the last one for people, all of them for machines
    facts |= {"breaks": len(told), "continued": told}


def _lost_to(body: Continue, public: Ed25519PublicKey, origin: str) -> int | None:
    """How many entries there were at least; None where nobody cited a checkpoint, or a wrong one."""
    if body.seen is None:
        return None
    try:
        seen = open_checkpoint(body.seen, public)
    except EvidenceAtRisk:
        return None
    return seen.size if seen.origin == origin and seen.size > body.size else None
