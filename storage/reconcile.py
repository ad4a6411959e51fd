"""Comparing a volume with the index: what the ledger does not know, what is lost, what should be gone.

Reading only, in a thread, beside everything else; the keeper logs what comes out. `growing/` is not looked at: it
belongs to the recorder.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from storage.growing import describe
from storage.index.queries import IndexReader
from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.keyring import KeyringReader
from storage.sealing import SealedSegment
from storage.svs1.layout import SegmentDamaged
from storage.svs1.scan import SegmentFile, scan
from storage.volume import SUFFIX, Volume

_EXPECTED = (SegmentState.SEALED,)


@dataclass(slots=True)
class Findings:
    """How a volume differs from the index.

    `unknown`: whole segments that the ledger was never told of. `back`: segments that were missing, whole again.
    `missing`: sealed segments whose file is not there.
    `leftover`: destroyed segments whose file is still there, since the disk was away. `damaged`: files that are not
    what was sealed, and files and directories that can not be read, each with what is wrong; they stay.
    """

    unknown: list[SealedSegment] = field(default_factory=list)
    back: list[SealedSegment] = field(default_factory=list)
    missing: list[SegmentRow] = field(default_factory=list)
    leftover: list[SegmentRow] = field(default_factory=list)
    damaged: list[tuple[Path, str]] = field(default_factory=list)


def compare(
    index: IndexReader, volume: Volume, keyring: KeyringReader, *, is_ended: Callable[[str, int], bool]
) -> Findings:
    """Compare one volume that is in service.

    `is_ended(boot, shard)` says whether everything that this recorder process told is in the ledger: a file that its
    recorder has just closed is not unknown, its `seal` is on the way. What the disk refuses of one directory or file
    costs no other.

    Raises:
        VolumeLost: another volume stands in its place.
        OSError: not even the names of its cameras can be read.
    """
    volume.check()
    findings = Findings()
    for path in _sealed_files(volume, findings):
        row = index.segment(path.stem)
        if row is None:
            _look_at_unknown(path, volume, keyring, is_ended, findings)
        elif row.state is SegmentState.GONE:
            findings.leftover.append(row)
        elif row.state is SegmentState.LOST:
            _look_at_lost(path, row, volume, keyring, findings)
    for page in index.of_volume(volume.id, _EXPECTED):
        absent = [row for row in page if _is_absent(_path(volume, row), findings)]
        findings.missing += [row for row in absent if _is_still_expected(index, row)]
    volume.check()
    return findings


def _look_at_unknown(
    path: Path,
    volume: Volume,
    keyring: KeyringReader,
    is_ended: Callable[[str, int], bool],
    findings: Findings,
) -> None:
    try:
        with SegmentFile(path) as file:
            header, _, _ = file.header()
        if not is_ended(header.boot, header.shard):
            return
        found = scan(path)
    except SegmentDamaged as error:
        findings.damaged.append((path, str(error)))
        return
    if not found.heads or path != volume.sealed_path(header.camera, header.start_utc_us, header.segment):
        findings.damaged.append((path, "not the segment that its name says"))
        return
    findings.unknown.append(describe(volume, found, keyring))


def _look_at_lost(path: Path, row: SegmentRow, volume: Volume, keyring: KeyringReader, findings: Findings) -> None:
    try:
        found = scan(path)
    except SegmentDamaged as error:
        findings.damaged.append((path, str(error)))
        return
    if found.root != row.root or path != _path(volume, row):
        findings.damaged.append((path, "not the segment that was sealed"))
        return
    findings.back.append(describe(volume, found, keyring))


def _is_still_expected(index: IndexReader, row: SegmentRow) -> bool:
    # Between the page and the look at the disk, retention may have destroyed it as it should.
    now = index.segment(row.seg)
    return now is not None and now.state is SegmentState.SEALED


def _is_absent(path: Path, findings: Findings) -> bool:
    try:
        return not path.exists()
    except OSError as error:
        findings.damaged.append((path, str(error)))
        return False


def _sealed_files(volume: Volume, findings: Findings) -> Iterator[Path]:
    for camera in _directories(volume.path / "segments"):
        try:
            files = [path for day in _directories(camera) for path in _files(day, findings)]
        except OSError as error:
            findings.damaged.append((camera, str(error)))
            continue
        yield from files


def _files(day: Path, findings: Findings) -> list[Path]:
    try:
        with os.scandir(day) as entries:
            return sorted(day / entry.name for entry in entries if entry.name.endswith(SUFFIX))
    except OSError as error:
        findings.damaged.append((day, str(error)))
        return []


def _directories(path: Path) -> list[Path]:
    with os.scandir(path) as entries:
        return sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))


def _path(volume: Volume, row: SegmentRow) -> Path:
    return volume.sealed_path(row.camera, row.start_utc_us, row.seg)
