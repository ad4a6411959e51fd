"""Step 5: nothing was opened that was not granted, while the grant was valid; a movie is one video track."""

from collections.abc import Iterator
from itertools import pairwise

from access.export import layout
from access.export.manifest import Item
from access.verification.movie import VIDEO
from access.verification.report import CannotRun, Facts, Finding, finding
from access.verification.subject import Subject
from access.verification.weave import WovenRecord, heads, weave
from storage.records import RandomAccess
from storage.svs1.layout import RecordType
from storage.svs1.scope import overlaps


def check_scope(subject: Subject, facts: Facts) -> Iterator[Finding]:
    """Step 5: cameras, times and validity of the grant; one video track and no sound; no needless record."""
    manifest = subject.manifest
    yield from _order(subject)
    for item in manifest.items:
        if item.camera not in manifest.grant.cameras:
            yield finding("camera-not-granted", item.path, camera=item.camera)
        try:
            kinds = subject.tables(item).track_kinds
            if kinds != [VIDEO]:
                yield finding("not-one-video", item.path, tracks=[kind.decode("latin-1") for kind in kinds])
            yield from _records(subject, item)
        except CannotRun as stopped:
            yield stopped.found
    yield from _unused(subject)
    facts["movies"] = len(manifest.items)
    if late := [f"{place.camera} ({place.text})" for place in manifest.places if place.entered_late]:
        facts["entered_later"] = "; ".join(late)


def _order(subject: Subject) -> Iterator[Finding]:
    """Grant before release before opening before export, and the last two while the grant was valid."""
    grant = subject.manifest.grant
    opened = [] if grant.open_index is None else [grant.open_index]
    known = [grant.ledger_index, *grant.release_indices, *opened, subject.proof(layout.EXPORT).index]
    if any(later <= earlier for earlier, later in pairwise(known)):
        yield finding("out-of-order", layout.MANIFEST)
    if subject.manifest.items and not (grant.release_indices and opened):
        yield finding("not-opened", layout.MANIFEST)
    for name in (layout.OPEN, layout.EXPORT):
        if name in subject.entry_names() and subject.entry(name).ts_utc_us >= grant.valid_until_utc_us:
            yield finding("grant-over", layout.entry_path(name))


def _records(subject: Subject, item: Item) -> Iterator[Finding]:
    """A record overlaps the interval, or leads up to the first that does from the last place where decoding begins."""
    grant = subject.manifest.grant
    woven = weave(subject, item)
    inside = [overlaps(one.head, grant.from_utc_us, grant.to_utc_us) for one in woven]
    if not any(inside):
        yield finding("outside-grant", item.path)
        return
    first = inside.index(True)
    for at, one in enumerate(woven):
        leads_up = at < first and not _begins_between(woven, at, first)
        if not (inside[at] or leads_up):
            yield finding("record-not-granted", item.path, segment=one.segment.seg, seq=one.proof.seq)


def _begins_between(woven: list[WovenRecord], at: int, first: int) -> bool:
    """Whether a later record up to the first of the interval is an IDR: then this one was not needed."""
    return any(one.head.random_access is RandomAccess.IDR for one in woven[at + 1 : first + 1])


def _unused(subject: Subject) -> Iterator[Finding]:
    """A record whose key is disclosed without need: no movie has its pictures, nor does it overlap the interval.

    A side record goes with the group behind it, if that overlaps the interval.
    """
    grant = subject.manifest.grant
    missing = {one.seg: frozenset(one.records or ()) for one in subject.manifest.unreadable}
    used: dict[str, list[tuple[int, int]]] = {one.seg: [] for one in subject.manifest.unshown}
    for item in subject.manifest.items:
        for segment in item.segments:
            used.setdefault(segment.seg, []).append(segment.records)
    for name, ranges in used.items():
        file = layout.records_path(name)
        try:
            listed = list(heads(subject, name))
            inside = {head.seq for _, head in listed if overlaps(head, grant.from_utc_us, grant.to_utc_us)}
            inside |= missing.get(name, frozenset())
            for proof, head in listed:
                wanted = any(first <= proof.seq <= last for first, last in ranges)
                needed = bool(proof.packets) or overlaps(head, grant.from_utc_us, grant.to_utc_us)
                if head.type is RecordType.GOP and not (needed and (wanted or not proof.packets)):
                    yield finding("record-unused", file, seq=proof.seq)
                if head.type is RecordType.SIDE and head.seq + 1 not in inside:
                    yield finding("position-not-granted", file, seq=proof.seq)
        except CannotRun as stopped:
            yield stopped.found
