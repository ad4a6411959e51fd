"""Comparing a volume with the index: what the ledger does not know, what is lost, what should be gone.

Reading only, in a thread, beside everything else; the keeper logs what comes out. `growing/` is not looked at: it
belongs to the recorder. Names alone are read, a camera and a day at a time: a million segments are some thousand
directories, and as many short questions to the index.
"""

import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from nvr.base.ids import CameraId
from nvr.base.units import US_PER_DAY
from storage.days import utc_day, utc_day_end_us
from storage.growing import describe
from storage.index.on_evidence import copies_of, days_of_copies
from storage.index.queries import IndexReader
from storage.index.rows import SegmentRow
from storage.index.tables import SegmentState
from storage.keyring import KeyringReader
from storage.sealing import SealedSegment
from storage.svs1.layout import SegmentDamaged
from storage.svs1.scan import SegmentFile, scan
from storage.volume import DAMAGED_SUFFIX, SUFFIX, Volume


@dataclass(frozen=True, slots=True)
class Scope:
    """Which footage is looked at: of these cameras (none: of all), of segments that began then or later."""

    cameras: frozenset[CameraId] = frozenset()
    since_utc_us: int = 0

    def has(self, camera: str) -> bool:
        """Whether the camera is among them."""
        return not self.cameras or camera in self.cameras


EVERYTHING = Scope()


@dataclass(slots=True)
class Findings:
    """How a volume differs from the index.

    `unknown`: whole segments that the ledger was never told of. `back`: segments that were missing, whole again.
    `missing`: sealed segments whose file is not there; `missing_copies`: those whose second file is not.
    `leftover`: destroyed segments whose file is still there, since the disk was away. `surplus`: segments whose own
    file is elsewhere, and which have one more on an evidence volume, of which the ledger does not know. `damaged`:
    files that are not what was sealed, and files and directories that can not be read, each with what is wrong;
    they stay.
    """

    unknown: list[SealedSegment] = field(default_factory=list)
    back: list[SealedSegment] = field(default_factory=list)
    missing: list[SegmentRow] = field(default_factory=list)
    missing_copies: list[SegmentRow] = field(default_factory=list)
    leftover: list[SegmentRow] = field(default_factory=list)
    surplus: list[SegmentRow] = field(default_factory=list)
    damaged: list[tuple[Path, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence volumes in use, whether a segment's own file is there now, wherever that is, and which holds run.

    `since_utc_us`: holds that had not run out then.
    """

    volumes: Collection[str] = ()
    has_own_file: Callable[[SegmentRow], bool] = lambda _: False
    since_utc_us: int = 0


def compare(
    index: IndexReader,
    volume: Volume,
    keyring: KeyringReader,
    *,
    is_ended: Callable[[str, int], bool],
    scope: Scope = EVERYTHING,
    evidence: Evidence = Evidence(),
    is_over: Callable[[], bool] = lambda: False,
) -> Findings:
    """Compare one volume that is in service; of the scope, whole UTC days.

    `is_ended(boot, shard)` says whether everything that this recorder process told is in the ledger: a file that its
    recorder has just closed is not unknown, its `seal` is on the way. What the disk refuses of one directory or file
    costs no other. Once `is_over` says so, no further directory is looked at.

    Raises:
        VolumeLost: another volume stands in its place.
        OSError: not even the names of its cameras can be read.
    """
    volume.check()
    findings = Findings()
    for directory in _days(index, volume, scope, findings):
        if is_over():
            break
        # The index is asked before the disk: what it has must be there, and what is new on the disk is looked at again.
        expected = _expected(index, volume, directory)
        files = _files(directory, findings)
        if files is None:
            continue
        names, bent = _named(files, SUFFIX), _named(files, DAMAGED_SUFFIX)
        strange = names - expected
        known: dict[str, SegmentRow] = {row.seg: row for row in index.named(strange | (bent - expected))}
        kept = [known[name] for name in sorted(bent - names) if name in known]
        findings.leftover += [row for row in kept if row.state is SegmentState.GONE]
        for name in sorted(strange):
            path, row = directory / f"{name}{SUFFIX}", known.get(name)
            if row is None and volume.id in evidence.volumes:
                findings.damaged.append((path, "on an evidence volume, and the ledger knows nothing of it"))
            elif row is None:
                _look_at_unknown(path, volume, keyring, is_ended, findings)
            elif row.state is SegmentState.GONE:
                findings.leftover.append(row)
            elif row.state is SegmentState.LOST or _is_first(row, volume, evidence):
                _look_at_lost(path, row, volume, keyring, findings)
            elif _is_surplus(index, row, volume, evidence):
                findings.surplus.append(row)
        absent = expected - names
        findings.missing += _missing(index, volume, absent, findings)
        findings.missing_copies += _missing_copies(index, volume, absent, findings)
    volume.check()
    return findings


def _days(index: IndexReader, volume: Volume, scope: Scope, findings: Findings) -> list[Path]:
    """The directories of all days of which the index, or the disk, has footage; by camera and day."""
    first = utc_day(scope.since_utc_us)
    known = {(camera, day) for camera, day, _ in index.bytes_by_day(volume.id)}
    known |= index.answer(lambda connection: days_of_copies(connection, volume.id))
    days = {volume.segments / camera / utc_day(day * US_PER_DAY) for camera, day in known}
    for camera in _directories(volume.segments):
        if scope.has(camera.name):
            try:
                days |= set(_directories(camera))
            except OSError as error:
                findings.damaged.append((camera, str(error)))
    return sorted(day for day in days if scope.has(day.parent.name) and day.name >= first)


def _expected(index: IndexReader, volume: Volume, directory: Path) -> set[str]:
    try:
        end_utc_us = utc_day_end_us(directory.name)
    except ValueError:
        return set()  # the name of no day: whatever lies there does not belong there
    return index.sealed_on(volume.id, directory.parent.name, end_utc_us - US_PER_DAY, end_utc_us)


def _is_first(row: SegmentRow, volume: Volume, evidence: Evidence) -> bool:
    """The file is that for which a copy stands since it was missed."""
    return row.state is SegmentState.SEALED and row.volume in evidence.volumes and volume.id not in evidence.volumes


def _is_surplus(index: IndexReader, row: SegmentRow, volume: Volume, evidence: Evidence) -> bool:
    """Nobody needs the file: a crash left it between its name and its entry, or the ledger was restored.

    What a hold keeps is copied over it, which reads the segment's own file: until then this may be the whole one.
    """
    is_strange = volume.id in evidence.volumes and row.volume != volume.id and row.state is SegmentState.SEALED
    if not is_strange or row.damaged_why is not None or not evidence.has_own_file(row):
        return False
    return not index.held_among([row.seg], evidence.since_utc_us)


def _missing_copies(
    index: IndexReader, volume: Volume, absent: Collection[str], findings: Findings
) -> list[SegmentRow]:
    copies = index.answer(lambda connection: copies_of(connection, absent))
    named = index.named([seg for seg in absent if copies.get(seg) == volume.id])
    rows = [row for row in named if row.state is SegmentState.SEALED]  # the others go, and their copies with them
    lost = {row.seg: row for row in rows if _is_absent(volume, row, findings)}
    still = index.answer(lambda connection: copies_of(connection, lost))  # it may have been taken away as it should
    return [row for seg, row in lost.items() if still.get(seg) == volume.id]


def _missing(index: IndexReader, volume: Volume, absent: Collection[str], findings: Findings) -> list[SegmentRow]:
    own = [row for row in map(index.segment, sorted(absent)) if row is not None and row.volume == volume.id]
    return [row for row in own if _is_absent(volume, row, findings) and _is_still_expected(index, row)]


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
    # Between the question and the look at the disk, retention may have destroyed it as it should.
    now = index.segment(row.seg)
    return now is not None and now.state is SegmentState.SEALED and now.volume == row.volume


def _is_absent(volume: Volume, row: SegmentRow, findings: Findings) -> bool:
    path = _path(volume, row)
    try:
        return not path.exists()
    except OSError as error:
        findings.damaged.append((path, str(error)))
        return False


def _files(day: Path, findings: Findings) -> list[str] | None:
    """The names in the directory; None when it can not be read."""
    try:
        with os.scandir(day) as entries:
            return [entry.name for entry in entries]
    except FileNotFoundError:
        return []
    except OSError as error:
        findings.damaged.append((day, str(error)))
        return None


def _named(files: Iterable[str], suffix: str) -> set[str]:
    """The segments that have such a file."""
    return {name.removesuffix(suffix) for name in files if name.endswith(suffix)}


def _directories(path: Path) -> list[Path]:
    with os.scandir(path) as entries:
        return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]


def _path(volume: Volume, row: SegmentRow) -> Path:
    return volume.sealed_path(row.camera, row.start_utc_us, row.seg)
