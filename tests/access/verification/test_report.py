"""Every step runs, and what one finds before it must stop is kept."""

import json
from collections.abc import Iterator

from access.verification.report import CannotRun, Facts, Finding, Outcome, Report, finding, run_steps


def good(facts: Facts) -> Iterator[Finding]:
    facts["counted"] = 1
    yield from ()


def bad(facts: Facts) -> Iterator[Finding]:
    yield finding("file-missing", "a")
    yield finding("file-missing", "b")


def stopped(facts: Facts) -> Iterator[Finding]:
    facts["counted"] = 2
    yield finding("file-missing", "a")
    raise CannotRun(finding("manifest-invalid", "manifest.json", why="x"))


def test_steps_are_numbered_and_all_run() -> None:
    steps = run_steps([("files", stopped), ("scope", bad), ("times", good)])
    assert [(step.number, step.id, step.outcome) for step in steps] == [
        (1, "files", Outcome.NOT_RUN),
        (2, "scope", Outcome.BAD),
        (3, "times", Outcome.GOOD),
    ]
    assert [found.file for found in steps[0].findings] == ["a", "manifest.json"]
    assert steps[0].facts == {"counted": 2}


def test_report_is_good_only_if_every_step_ran_and_found_nothing() -> None:
    assert Report("bundle", "x", run_steps([("files", good)])).ok
    assert not Report("bundle", "x", run_steps([("files", good), ("scope", bad)])).ok
    assert not Report("bundle", "x", run_steps([("files", stopped)])).ok


def test_report_as_json_holds_everything() -> None:
    report = Report("bundle", "x", run_steps([("files", stopped)]), ("not-pinned",))
    told = json.loads(json.dumps(report.to_json()))
    assert told == {
        "v": 1,
        "kind": "bundle",
        "path": "x",
        "ok": False,
        "steps": [
            {
                "number": 1,
                "id": "files",
                "outcome": "not run",
                "findings": [
                    {"id": "file-missing", "file": "a", "fields": {}},
                    {"id": "manifest-invalid", "file": "manifest.json", "fields": {"why": "x"}},
                ],
                "facts": {"counted": 2},
            }
        ],
        "limits": ["not-pinned"],
    }
