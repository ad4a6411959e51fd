"""`nvr verify` of a ledger: its tree, its checkpoints, and the order of what stands in it."""

import base64
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from access.verification.continued import check_continued
from access.verification.report import CannotRun, Facts, Finding, Report, finding, run_steps
from access.verification.subject import as_finding
from nvr.base.errors import EvidenceAtRisk, NvrError
from storage.ledger import entries, machine, people
from storage.ledger.machine import Body
from storage.ledger.note import open_checkpoint
from storage.ledger.reader import LedgerReader

LIMITS: Final = ("ledger-rewritten-whole",)
"""Whoever has the log's key can write another ledger: only a checkpoint that someone kept shows it."""

_PAGE: Final = 1000


def verify_ledger(path: Path, *, log_key: str | None = None) -> Report:
    """Check a ledger database, which is only read; blocks on the disk and reads every entry.

    1. origin       the first entry names the log and its key, which is the pinned one if one was given
    2. tree         every entry and node is what its hash says
    3. checkpoints  each is signed, and its root is that of the tree
    4. order        acts and spooled events stand once and in order; no release without grant, no opening or export
                    without release, nothing of a grant that was revoked, nor of one reopened without a new release
    5. continued    what a restore cut off is declared where it was cut (docs/design/backup.md)

    `log_key` is the SHA-256, in hex, of the DER of the log's public key.

    Raises:
        LedgerUnavailable: there is no such database, or it is of another version.
    """
    reader = LedgerReader(path)
    try:
        steps = run_steps(
            [
                ("origin", partial(_origin, reader, path.name, log_key)),
                ("tree", partial(_tree, reader, path.name)),
                ("checkpoints", partial(_checkpoints, reader, path.name)),
                ("order", partial(_order, reader, path.name)),
                ("continued", partial(check_continued, reader, path.name)),
            ]
        )
    finally:
        reader.close()
    limits = [*LIMITS, *(["log-not-pinned"] if log_key is None else [])]
    limits += ["ledger-was-restored"] if steps[-1].facts.get("breaks") else []
    return Report("ledger", str(path), steps, tuple(limits))


def _log(reader: LedgerReader, file: str) -> tuple[machine.Log, Ed25519PublicKey]:
    try:
        body = entries.decode(reader.entry(0)).body
    except NvrError as error:
        raise CannotRun(finding("log-entry-missing", file)) from error
    if not isinstance(body, machine.Log):
        raise CannotRun(finding("log-entry-missing", file))
    return body, Ed25519PublicKey.from_public_bytes(base64.b64decode(body.public))


def _origin(reader: LedgerReader, file: str, pinned: str | None, facts: Facts) -> Iterator[Finding]:
    body, public = _log(reader, file)
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    facts |= {"origin": body.origin, "fingerprint": sha256(der).hexdigest(), "pinned": pinned is not None}
    if pinned is not None and pinned.replace(":", "").lower() != facts["fingerprint"]:
        yield finding("other-key", file, expected=pinned)


def _tree(reader: LedgerReader, file: str, facts: Facts) -> Iterator[Finding]:
    _, public = _log(reader, file)
    facts["size"] = reader.size()
    try:
        signed = reader.verify(public)
    except EvidenceAtRisk as error:
        yield as_finding(error, file)
    else:
        facts["signed"] = 0 if signed is None else signed.size


def _checkpoints(reader: LedgerReader, file: str, facts: Facts) -> Iterator[Finding]:
    body, public = _log(reader, file)
    count, length = 0, reader.size()
    for size, note in reader.checkpoints():
        count += 1
        try:
            checkpoint = open_checkpoint(note, public)
            told = (checkpoint.origin, checkpoint.size)
            if told != (body.origin, size) or size > length or checkpoint.root != reader.root(size):
                yield finding("checkpoint-differs", file, size=size)
        except EvidenceAtRisk as error:
            yield as_finding(error, file)
    facts["checkpoints"] = count


def _order(reader: LedgerReader, file: str, facts: Facts) -> Iterator[Finding]:
    seen = _Seen()
    size, backwards, latest = reader.size(), 0, 0
    for first in range(0, size, _PAGE):
        for index, leaf in reader.entries(first, _PAGE):
            try:
                entry = entries.decode(leaf)
            except EvidenceAtRisk as error:
                yield finding("entry-invalid", file, index=index, why=str(error.fields.get("why", "")))
                continue
            if (index == 0) != isinstance(entry.body, machine.Log):
                yield finding("entry-misplaced", file, index=index)
            if not seen.takes(entry):
                yield finding("entry-repeated", file, index=index)
            if not seen.follows(entry.body):
                yield finding("entry-out-of-order", file, index=index, type=entry.t)
            backwards += entry.ts_utc_us < latest
            latest = max(latest, entry.ts_utc_us)
    # The keeper's clock may step back: that is told, and no fault of the ledger.
    facts |= {"entries": size, "clock_went_back": backwards}


class _Seen:
    """What stands before an entry."""

    def __init__(self) -> None:
        self._acts: set[str] = set()
        self._spooled: dict[tuple[str, int], int] = {}
        self._granted: set[str] = set()
        self._released: set[str] = set()
        self._revoked: set[str] = set()

    def takes(self, entry: entries.Entry[Body]) -> bool:
        """Whether the act is new, and the spooled event the next of its boot."""
        if entry.act is not None:
            new = entry.act not in self._acts
            self._acts.add(entry.act)
            return new
        if entry.spool is not None:
            key = (entry.spool.boot, entry.spool.shard)
            due = self._spooled.get(key, -1) + 1
            self._spooled[key] = entry.spool.n
            return entry.spool.n == due
        return True

    def follows(self, body: Body) -> bool:
        """Whether what it needs stands before it."""
        match body:
            case people.Grant():
                # One that is reopened is released anew.
                self._released.discard(body.grant)
                self._granted.add(body.grant)
                return body.grant not in self._revoked
            case people.Revoke():
                known = body.grant in self._granted
                self._revoked.add(body.grant)
                self._granted.discard(body.grant)
                self._released.discard(body.grant)
                return known
            case machine.Release():
                self._released.add(body.grant)
                return body.grant in self._granted
            case machine.Open():
                return body.grant in self._released
            case people.Export():
                return body.grant in self._granted
        return True
