"""A report counts everything, and keeps as much as an answer holds."""

import json

from storage.keeping.check_report import MOST_SHOWN, Finding, Kind, Report


def test_everything_is_counted_and_the_first_are_kept() -> None:
    report = Report()
    for number in range(MOST_SHOWN + 5):
        report.add(Finding(Kind.MISSING, "/srv/disk1", f"seg-{number}", "gare", None, None))
    report.add(Finding(Kind.WHOLE, "/srv/disk1", "last", "gare", None, None))
    told = json.loads(json.dumps(report.to_json()))
    assert told["counts"] == {"missing": MOST_SHOWN + 5, "whole": 1}
    assert [one["segment"] for one in told["findings"]] == [f"seg-{number}" for number in range(MOST_SHOWN)]
