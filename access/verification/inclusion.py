"""Steps 3 and 4: the checkpoints are signed, the entries are in the ledger, and they say what the manifest says."""

import base64
from collections.abc import Iterator
from hashlib import sha256

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from access.export import layout
from access.verification.report import CannotRun, Facts, Finding, finding
from access.verification.subject import Subject, as_finding
from storage.ledger import machine, people
from storage.ledger.note import NoteInvalid, open_checkpoint
from storage.merkle import ProofInvalid, leaf_hash, verify_inclusion


def check_checkpoints(subject: Subject, facts: Facts, *, pinned: str | None) -> Iterator[Finding]:
    """Step 3: every proof leads to a checkpoint signed by `keys/log.pub`: the manifest's, or for the export a later."""
    public = subject.log_key
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    facts["fingerprint"] = sha256(der).hexdigest()
    facts["pinned"] = pinned is not None
    if pinned is not None and pinned.replace(":", "").lower() != facts["fingerprint"]:
        yield finding("other-key", layout.LOG_KEY, expected=pinned)
    log = subject.manifest.logs[0]
    if base64.b64encode(public.public_bytes_raw()).decode() != log.public:
        yield finding("log-key-differs", layout.LOG_KEY)
    for name in subject.entry_names():
        file = layout.proof_path(name)
        try:
            checkpoint = open_checkpoint(subject.proof(name).checkpoint, public)
        except CannotRun as stopped:
            yield stopped.found
        except NoteInvalid as error:
            yield as_finding(error, file)
        else:
            same = (checkpoint.size, checkpoint.root.hex()) == (log.size, log.root)
            if checkpoint.origin != log.origin or not (same or name == layout.EXPORT):
                yield finding("other-checkpoint", file, size=checkpoint.size)
    facts["origin"], facts["size"] = log.origin, log.size


def check_inclusion(subject: Subject, facts: Facts) -> Iterator[Finding]:
    """Step 4: each entry is in the tree, at the index that the manifest names, and says what the manifest says."""
    names = subject.entry_names()
    for name in names:
        try:
            yield from _included(subject, name)
            yield from _agrees(subject, name)
        except CannotRun as stopped:
            yield stopped.found
    yield from _unreleased(subject)
    facts["entries"] = len(names)


def _included(subject: Subject, name: str) -> Iterator[Finding]:
    proof = subject.proof(name)
    entry = subject.bytes_of(layout.entry_path(name))
    try:
        checkpoint = open_checkpoint(proof.checkpoint, subject.log_key)
        verify_inclusion(leaf_hash(entry), proof.index, checkpoint.size, proof.path, checkpoint.root)
    except (NoteInvalid, ProofInvalid) as error:
        yield finding("not-in-ledger", layout.entry_path(name), proof=layout.proof_path(name), why=str(error))


def _agrees(subject: Subject, name: str) -> Iterator[Finding]:
    """Whether the entry is the one that the manifest means."""
    index, body = subject.proof(name).index, subject.entry(name).body
    match name:
        case layout.GRANT:
            agrees = _is_grant(subject, index, body)
        case layout.OPEN:
            agrees = _is_open(subject, index, body)
        case layout.EXPORT:
            agrees = _is_export(subject, body)
        case _ if name in subject.release_names:
            agrees = _is_release(subject, name, index, body)
        case _:
            agrees = _is_seal(subject, name, index, body)
    if not agrees:
        yield finding("entry-differs", layout.entry_path(name))


def _is_grant(subject: Subject, index: int, body: machine.Body) -> bool:
    grant, number = subject.manifest.grant, subject.manifest.requisition.number
    return (
        isinstance(body, people.Grant)
        and index == grant.ledger_index
        and (body.grant, body.requisition, body.cameras, body.opener)
        == (grant.grant, number, grant.cameras, grant.opener)
        and (body.from_utc_us, body.to_utc_us, body.valid_until_utc_us)
        == (grant.from_utc_us, grant.to_utc_us, grant.valid_until_utc_us)
    )


def _is_release(subject: Subject, name: str, index: int, body: machine.Body) -> bool:
    grant = subject.manifest.grant
    expected = dict(zip(subject.release_names, grant.release_indices, strict=True))[name]
    return isinstance(body, machine.Release) and (index, body.grant) == (expected, grant.grant)


def _unreleased(subject: Subject) -> Iterator[Finding]:
    """Segments that no release of the grant names."""
    for segment in sorted({one.seg for one in subject.sealed} - subject.released):
        yield finding("not-released", layout.MANIFEST, segment=segment)


def _is_open(subject: Subject, index: int, body: machine.Body) -> bool:
    grant = subject.manifest.grant
    return isinstance(body, machine.Open) and (index, body.grant, body.seats) == (
        grant.open_index,
        grant.grant,
        grant.seats,
    )


def _is_export(subject: Subject, body: machine.Body) -> bool:
    manifest = subject.manifest
    digest = sha256(subject.bytes_of(layout.MANIFEST)).hexdigest()
    listed = (*manifest.files, *manifest.items)
    return isinstance(body, people.Export) and (
        body.grant,
        body.requisition,
        body.bundle,
        body.manifest,
        body.files,
        body.bytes,
    ) == (
        manifest.grant.grant,
        manifest.requisition.number,
        manifest.bundle,
        digest,
        len(listed),
        sum(file.size for file in listed),
    )


def _is_seal(subject: Subject, name: str, index: int, body: machine.Body) -> bool:
    if not isinstance(body, machine.Seal):
        return False
    used = {(one.camera, one.seal_index, one.root) for one in subject.sealed if layout.seal_name(one.seg) == name}
    return layout.seal_name(body.seg) == name and used == {(body.camera, index, body.root)}
