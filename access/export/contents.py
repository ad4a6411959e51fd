"""What was made, as the manifest tells it."""

from collections.abc import Iterable, Sequence

from access.export.collect import CameraPlan
from access.export.manifest import FileEntry, GapEntry, Item, ItemSegment, PlaceEntry, UnreadableEntry, UnshownSegment
from access.export.movies import Movie
from access.export.plan import Part
from access.export.ports import GrantFacts, Release
from access.export.timing import ranges_of
from storage.svs1.header import parse_json


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
        undecodable=ranges_of(part.undecodable),
        segments=tuple(_segments(part, plan)),
        gaps=tuple(gap for gap in gaps if gap.camera == plan.camera and gap.overlaps(first, last)),
    )


def place_entries(grant: GrantFacts) -> tuple[PlaceEntry, ...]:
    """Where each camera of the grant stood during the interval."""
    return tuple(
        PlaceEntry(
            camera=camera,
            from_utc_us=place.from_utc_us,
            to_utc_us=place.to_utc_us,
            text=place.text,
            entered_late=place.entered_late,
            lat_e7=place.lat_e7,
            lon_e7=place.lon_e7,
        )
        for camera in grant.cameras
        for place in grant.places.get(camera, ())
    )


def unreadable_entries(release: Release) -> tuple[UnreadableEntry, ...]:
    """The segments of the release that could not be read, or not whole."""
    entries = []
    for segment, why in sorted(release.unreadable.items()):
        at, missing = release.whereabouts.get(segment), release.missing.get(segment)
        entries.append(
            UnreadableEntry(
                seg=segment,
                why=why,
                records=None if missing is None else tuple(sorted(missing)),
                camera=None if at is None else at.camera,
                from_utc_us=None if at is None else at.start_utc_us,
                to_utc_us=None if at is None else at.end_utc_us,
            )
        )
    return tuple(entries)


def unshown_segments(plans: Iterable[CameraPlan]) -> tuple[UnshownSegment, ...]:
    """The segments with granted records from which no movie was made."""
    return tuple(
        UnshownSegment(camera=plan.camera, seg=name, seal_index=segment.seal_index, root=segment.root.hex())
        for plan in plans
        for name, segment in plan.segments.items()
        if not any(gop.segment == name for part in plan.parts for gop in part.gops)
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
