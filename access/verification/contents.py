"""Steps 1, 2 and 9: the files are those of the manifest, the manifest is signed, the list of hashes is right."""

from collections.abc import Iterator
from hashlib import file_digest

from cryptography.exceptions import UnsupportedAlgorithm

from access.export import layout
from access.export.files import sums
from access.export.manifest import FileEntry
from access.export.signing import SignatureInvalid, fingerprint, verify_signature
from access.verification.report import CannotRun, Facts, Finding, finding
from access.verification.subject import Subject
from nvr.base.errors import EvidenceAtRisk
from storage.ledger.note import verify_proof


def check_files(subject: Subject, facts: Facts) -> Iterator[Finding]:
    """Step 1: every file that the manifest lists is there, unchanged, and no other is."""
    listed: dict[str, FileEntry] = {file.path: file for file in (*subject.manifest.files, *subject.manifest.items)}
    present = dict(subject.files())
    yield from (finding("not-a-file", name) for name, regular in present.items() if not regular)
    expected = listed.keys() | layout.NOT_IN_MANIFEST
    yield from (finding("file-missing", name) for name in sorted(expected - present.keys()))
    yield from (finding("file-extra", name) for name in sorted(present.keys() - expected))
    for name in sorted(listed.keys() & present.keys()):
        if present[name] and not _is(subject, listed[name]):
            yield finding("file-changed", name, listed=listed[name].sha256)
    facts["files"] = len(present)
    facts["bytes"] = sum(file.size for file in listed.values())


def check_signature(subject: Subject, facts: Facts, *, pinned: str | None) -> Iterator[Finding]:
    """Step 2: the manifest carries the signature of `keys/export.pub`, which is the pinned key if one was given."""
    public_key = subject.export_key
    facts["fingerprint"] = fingerprint(public_key)
    facts["pinned"] = pinned is not None
    if pinned is not None and pinned.replace(":", "").lower() != facts["fingerprint"]:
        yield finding("other-key", layout.EXPORT_KEY, expected=pinned)
    try:
        manifest, signature = subject.bytes_of(layout.MANIFEST), subject.bytes_of(layout.SIGNATURE)
        verify_signature(public_key, manifest, signature)
    except SignatureInvalid:
        yield finding("signature-invalid", layout.SIGNATURE, of=layout.MANIFEST)


def check_sums(subject: Subject, facts: Facts) -> Iterator[Finding]:
    """Step 9: `manifest-sha256.txt` lists each file as it is.

    Where a line differs, the file that other evidence vouches for is right and the list is wrong, and the reverse.
    """
    told = set(subject.bytes_of(layout.SUMS).splitlines(keepends=True))
    present = [name for name, regular in subject.files() if regular and name != layout.SUMS]
    wrong = 0
    for name in present:
        line = sums([_hashed(subject, name)])
        if line in told:
            told.remove(line)
        else:
            wrong += 1
            stands = _stands(subject, name)
            yield finding("sum-wrong", layout.SUMS, of=name) if stands else finding("sum-differs", name)
    if len(told) > wrong:
        yield finding("sum-extra", layout.SUMS)
    facts["lines"] = len(present)


def _stands(subject: Subject, name: str) -> bool:
    """Whether other evidence than the list of hashes vouches for the file."""
    try:
        if name in (layout.MANIFEST, layout.SIGNATURE):
            return not list(check_signature(subject, {}, pinned=None))
        if name in layout.NOT_IN_MANIFEST:
            entry = subject.bytes_of(layout.entry_path(layout.EXPORT))
            verify_proof(entry, subject.proof(layout.EXPORT), subject.log_key)
            return True
        listed = {file.path: file for file in (*subject.manifest.files, *subject.manifest.items)}
        return name in listed and _is(subject, listed[name])
    except (EvidenceAtRisk, UnsupportedAlgorithm):
        return False


def _is(subject: Subject, file: FileEntry) -> bool:
    hashed = _hashed(subject, file.path)
    return (hashed.size, hashed.sha256) == (file.size, file.sha256)


def _hashed(subject: Subject, name: str) -> FileEntry:
    try:
        with subject.path(name).open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
            return FileEntry.model_construct(path=name, size=file.tell(), sha256=digest)
    except OSError as error:
        raise CannotRun(finding("file-unreadable", name, why=str(error.strerror))) from error
