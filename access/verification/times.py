"""Step 7: a movie's times are those that were sealed, and players show the granted interval and nothing else."""

from collections.abc import Iterator

from access.export.manifest import Item
from access.export.timing import numbers_of, ranges_of, shown_of
from access.verification.report import CannotRun, Facts, Finding, finding
from access.verification.subject import Subject
from access.verification.weave import weave


def check_times(subject: Subject, facts: Facts) -> Iterator[Finding]:
    """Step 7: sealed times; frames outside the interval are those listed, needed to decode, and hidden."""
    shown = hidden = 0
    for item in subject.manifest.items:
        try:
            yield from _item(subject, item)
        except CannotRun as stopped:
            yield stopped.found
            continue
        outside = len(numbers_of((*item.hidden_before, *item.hidden_after, *item.undecodable)))
        shown, hidden = shown + item.frames - outside, hidden + outside
    facts["shown"], facts["hidden"] = shown, hidden


def _item(subject: Subject, item: Item) -> Iterator[Finding]:
    grant, movie = subject.manifest.grant, subject.movie(item)
    sealed = [(one.pts_90k(packet), one.wall_utc_us(packet)) for one in weave(subject, item) for packet in one.packets]
    origin_90k = sealed[0][0] - movie.samples[0].pts_90k
    if any(pts - origin_90k != sample.pts_90k for (pts, _), sample in zip(sealed, movie.samples, strict=True)):
        yield finding("times-differ", item.path)
    walls = [wall for _, wall in sealed]
    inside = [grant.from_utc_us <= wall < grant.to_utc_us for wall in walls]
    if not any(inside):
        yield finding("outside-grant", item.path)
        return
    # Step 6 makes sure that those listed do not decode.
    shown = shown_of(inside, numbers_of(item.undecodable))
    for at, wanted in enumerate(shown):
        if movie.shows(at) != wanted:
            yield finding("hidden" if wanted else "shown-outside", item.path, sample=at)
            break
    before = ranges_of([at for at, wall in enumerate(walls) if wall < grant.from_utc_us])
    after = ranges_of([at for at, wall in enumerate(walls) if wall >= grant.to_utc_us])
    if (item.hidden_before, item.hidden_after) != (before, after):
        yield finding("hidden-list-differs", item.path)
    if not inside[-1]:
        yield finding("needless-samples", item.path)
    times = [wall for wall, seen in zip(walls, shown, strict=True) if seen]
    if (item.from_utc_us, item.to_utc_us) != (min(times), max(times)):
        yield finding("item-times-differ", item.path)
