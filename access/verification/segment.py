"""`nvr verify` of a sealed segment: its structure and its root, without any key."""

from functools import partial
from pathlib import Path
from typing import Final

from access.verification.report import CannotRun, Facts, Finding, Report, finding, run_steps
from access.verification.subject import as_finding
from nvr.base.errors import EvidenceAtRisk
from storage.svs1.layout import RecordType
from storage.svs1.scan import Scan, SegmentFile, scan

LIMITS: Final = ("segment-not-opened", "segment-root-not-compared")
"""What can not be known of a segment alone: what its pictures show, and whether the ledger holds its root."""


def verify_segment(path: Path) -> Report:
    """Check a sealed file; blocks on the disk and reads every byte.

    1. header    magic, CRC, canonical JSON, known algorithms
    2. records   heads, CRCs, lengths and hashes of all records; index and footer; the root

    `facts` of step 2 hold the root, to be compared with the `seal` entry of the ledger. A file that a crash left has no
    index; bytes behind its last whole record are a finding, since nobody can tell a torn record from a changed one.
    """
    steps = run_steps([("header", partial(_header, path)), ("records", partial(_records, path))])
    torn = any(step.facts.get("closed") is False for step in steps)
    return Report("segment", str(path), steps, (*LIMITS, *(["segment-not-closed"] if torn else [])))


def _header(path: Path, facts: Facts) -> list[Finding]:
    try:
        with SegmentFile(path) as file:
            header, commit, _ = file.header()
    except EvidenceAtRisk as error:
        raise CannotRun(as_finding(error, path.name)) from error
    facts |= {
        "camera": header.camera,
        "segment": header.segment,
        "run": header.run,
        "start_utc_us": header.start_utc_us,
        "codec": header.codec,
        "set": header.set_hash.hex(),
        "hh": header.hh.hex(),
        "commit": commit.hex(),
    }
    return []


def _records(path: Path, facts: Facts) -> list[Finding]:
    try:
        found: Scan = scan(path)
    except EvidenceAtRisk as error:
        raise CannotRun(as_finding(error, path.name)) from error
    facts |= {
        "root": found.root.hex(),
        "records": len(found.heads),
        "side_records": sum(head.type is RecordType.SIDE for head in found.heads),
        "closed": found.closed,
        "whole_bytes": found.tail_offset if not found.closed else found.file_bytes,
        "file_bytes": found.file_bytes,
        "lost": sum(head.lost for head in found.heads),
    }
    if found.torn_bytes:
        return [finding("segment-torn", path.name, offset=found.tail_offset, torn_bytes=found.torn_bytes)]
    return []
