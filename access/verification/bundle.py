"""`nvr verify` of a bundle (docs/design/bundle.md "Verification"): offline, without configuration, step by step."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from access.verification.completeness import check_complete
from access.verification.contents import check_files, check_signature, check_sums
from access.verification.inclusion import check_checkpoints, check_inclusion
from access.verification.packets import check_packets
from access.verification.report import CannotRun, Report, run_steps
from access.verification.scope import check_scope
from access.verification.subject import Subject
from access.verification.times import check_times


def verify_bundle(path: Path, *, fingerprint: str | None = None, log_key: str | None = None) -> Report:
    """Check a bundle; every step runs, whatever the others find. Blocks on the disk; reads every byte.

    1. files        each is there and unchanged, and no other is
    2. signature    of the manifest
    3. checkpoints  signed by the ledger's key
    4. inclusion    the entries are in the ledger and agree with the manifest
    5. scope        nothing but what was granted; no sound
    6. packets      every sample is what was sealed, up to the ledger's root
    7. times        what lies outside of the interval is listed and hidden
    8. complete     nothing of what was released was left out
    9. sums         `manifest-sha256.txt` is right

    `fingerprint` and `log_key` are the SHA-256, in hex, of the DER of `keys/export.pub` and `keys/log.pub`, from
    another source than the bundle: without them it proves only that it agrees with itself, and the report says so.
    """
    subject = Subject(path)
    steps = run_steps(
        [
            ("files", partial(check_files, subject)),
            ("signature", partial(check_signature, subject, pinned=fingerprint)),
            ("checkpoints", partial(check_checkpoints, subject, pinned=log_key)),
            ("inclusion", partial(check_inclusion, subject)),
            ("scope", partial(check_scope, subject)),
            ("packets", partial(check_packets, subject)),
            ("times", partial(check_times, subject)),
            ("complete", partial(check_complete, subject)),
            ("sums", partial(check_sums, subject)),
        ]
    )
    limits = [limit for limit, pinned in (("not-pinned", fingerprint), ("log-not-pinned", log_key)) if pinned is None]
    return Report("bundle", str(path), steps, (*limits, *_of_manifest(subject)))


def _of_manifest(subject: Subject) -> Iterator[str]:
    """What a bundle can not prove of itself, by what its manifest says."""
    try:
        manifest = subject.manifest
    except CannotRun:
        return
    if not manifest.grant.release_indices:
        yield "nothing-released"
    if manifest.unreadable:
        yield "segments-unreadable"
    if any(place.entered_late for place in manifest.places):
        yield "places-entered-late"
