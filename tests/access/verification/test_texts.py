"""A report as people read it."""

from pathlib import Path

from access.verification.bundle import verify_bundle
from access.verification.report import Outcome, Report, Step, finding
from access.verification.texts import render


def test_report_is_told_in_french(bundle: Path) -> None:
    (bundle / "LISEZMOI.txt").unlink()
    text = render(verify_bundle(bundle), "fr")
    assert text.splitlines()[0].endswith("NON CONFORME : voir ce qui est marqué ci-dessous.")
    assert "[FAUX] 1. Les fichiers sont ceux que liste le manifeste" in text
    assert "         LISEZMOI.txt est absent\n" in text


def test_good_report_says_so_first_and_names_what_can_not_be_known(good: Path) -> None:
    text = render(verify_bundle(good), "en")
    assert text.splitlines()[0].endswith("GOOD: every check passed.")
    assert text.count("[ ok ]") == 9
    assert "not compared with a published fingerprint" in text


def test_bad_report_names_file_and_fault(bundle: Path) -> None:
    (bundle / "LISEZMOI.txt").unlink()
    text = render(verify_bundle(bundle), "en")
    assert "NOT GOOD" in text.splitlines()[0]
    assert "         LISEZMOI.txt is missing\n" in text


def test_value_that_a_finding_lacks_does_not_hide_it() -> None:
    step = Step(1, "files", Outcome.BAD, (finding("file-unreadable", "a"),), {"files": 3, "pinned": True})
    text = render(Report("bundle", "x", (step,)), "en")
    assert "[FAIL] 1. Files are those that the manifest lists (files 3)" in text
    assert "a can not be read: (why)" in text
