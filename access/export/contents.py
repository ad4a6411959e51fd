"""Step 4 of an export: what lies in the bundle's directory, as the manifest tells it."""

from collections.abc import Iterable, Sequence
from hashlib import file_digest
from pathlib import Path

from access.export.collect import CameraPlan
from access.export.manifest import FileEntry, GapEntry, Item, ItemSegment
from access.export.movies import Movie
from access.export.plan import Part
from access.export.timing import ranges_of
from storage.svs1.header import parse_json


def files_below(root: Path) -> list[str]:
    """Every file of the directory, from it, with `/`, sorted."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir())


def hash_files(root: Path, paths: Iterable[str]) -> list[FileEntry]:
    """Size and SHA-256 of each file. Blocks on the disk."""
    return [_hash_file(root, path) for path in paths]


def sums(files: Iterable[FileEntry]) -> bytes:
    """The lines that `sha256sum -c` reads, sorted by path."""
    return "".join(f"{file.sha256}  {file.path}\n" for file in sorted(files, key=lambda file: file.path)).encode()


def item_of(movie: Movie, plan: CameraPlan, file: FileEntry, gaps: Sequence[GapEntry]) -> Item:
    """A movie as the manifest tells it; of the gaps, those between its first and last shown frame."""
    part = movie.part
    first, last = part.first_shown_utc_us, part.last_shown_utc_us
    header = parse_json(plan.segments[part.gops[0].segment].header_json, file=file.path)
    return Item(
        path=file.path,
        size=file.size,
        sha256=file.sha256,
        camera=plan.camera,
        run=part.run,
        point=header.point,
        placement=header.placement,
        codec=part.codec.codec,
        width=part.codec.width,
        height=part.codec.height,
        from_utc_us=first,
        to_utc_us=last,
        frames=len(part.pts_90k),
        hidden_before=ranges_of(part.hidden_before),
        hidden_after=ranges_of(part.hidden_after),
        segments=tuple(_segments(part, plan)),
        gaps=tuple(gap for gap in gaps if gap.camera == plan.camera and gap.overlaps(first, last)),
    )


def _segments(part: Part, plan: CameraPlan) -> Iterable[ItemSegment]:
    records: dict[str, list[int]] = {}
    for gop in part.gops:
        records.setdefault(gop.segment, []).append(gop.seq)
    for name, segment in plan.segments.items():
        if name in records:
            yield ItemSegment(
                seg=name,
                seal_index=segment.seal_index,
                root=segment.root.hex(),
                records=(records[name][0], records[name][-1]),
            )


def _hash_file(root: Path, path: str) -> FileEntry:
    with (root / path).open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
        return FileEntry(path=path, size=file.tell(), sha256=digest)
