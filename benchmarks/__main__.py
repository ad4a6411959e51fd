"""`python -m benchmarks`: measure, and print each figure beside its goal.

Figures are of this machine and this run; ratios within one run are what compares. Nothing here is asserted by a test.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Final

from benchmarks import dating, ffmpeg, health, index, ingest, ledger, radio, recovery, restart, retention, seal
from benchmarks.table import Row, render

SUBJECTS: Final[dict[str, Callable[[argparse.Namespace], Sequence[Row]]]] = {
    "ingest": lambda options: ingest.rows(
        cameras=options.cameras, seconds=options.seconds or 20, url=options.url, compare=options.compare is not None
    ),
    "restart": lambda options: restart.rows(cameras=options.cameras, url=options.url),
    "recovery": lambda options: recovery.rows(
        cameras=options.cameras, segments=options.segments or recovery.DEFAULT_SEGMENTS, url=options.url
    ),
    "retention": lambda options: retention.rows(
        cameras=options.cameras, segments=options.segments or retention.DEFAULT_SEGMENTS, url=options.url
    ),
    "time": lambda options: dating.rows(seconds=options.seconds or dating.DEFAULT_SECONDS),
    "radio": lambda options: radio.rows(seconds=options.seconds or radio.DEFAULT_SECONDS),
    "health": lambda _: health.rows(),
    "seal": lambda _: seal.rows(),
    "ledger": lambda _: ledger.rows(),
    "index": lambda options: index.rows(segments=options.segments or index.DEFAULT_SEGMENTS),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen subjects and print their rows."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.compare is not None and not ffmpeg.is_installed():
        parser.error(ffmpeg.INSTALL)
    if options.url is not None and "@" in options.url:
        parser.error("--url takes no login: it would stand in the command line of ffmpeg, which ps shows to everybody")
    rows: list[Row] = []
    for name in [options.only] if options.only else SUBJECTS:
        rows.extend(SUBJECTS[name](options))
    if options.json:
        sys.stdout.write(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
    else:
        sys.stdout.write(render(rows))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=sorted(SUBJECTS), help="one subject instead of all")
    parser.add_argument("--json", action="store_true", help="rows as JSON")
    parser.add_argument(
        "--cameras", type=int, default=32, help="ingest, restart, recovery, retention: how many (default 32)"
    )
    parser.add_argument(
        "--seconds",
        type=int,
        help=f"how long to measure (default: ingest 20, time {dating.DEFAULT_SECONDS}, radio {radio.DEFAULT_SECONDS})",
    )
    parser.add_argument(
        "--segments",
        type=int,
        help=f"how many are there (default: index {index.DEFAULT_SEGMENTS}, some 12 GB of temporary files; recovery "
        f"{recovery.DEFAULT_SEGMENTS}; retention {retention.DEFAULT_SEGMENTS})",
    )
    parser.add_argument(
        "--url", help="ingest, restart, recovery, retention: template of real cameras, for example rtsp://host/cam{n}"
    )
    parser.add_argument(
        "--compare", choices=["ffmpeg"], help="ingest: the same cameras by one `ffmpeg -c copy` each, in the same run"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
