"""A report as plain text; what it says stands in `access/locale`, domain `verification`."""

from collections.abc import Iterator, Mapping
from typing import Final

from access.verification.report import Outcome, Report, Step
from nvr.base.catalogue import Catalogue, Language
from nvr.base.jcs import Json

VERIFICATION: Final = Catalogue("access", "verification")

_MARKS: Final = {Outcome.GOOD: "mark-good", Outcome.BAD: "mark-bad", Outcome.NOT_RUN: "mark-not-run"}


def render(report: Report, language: Language) -> str:
    """The report for people: the verdict, each step with what it found, what can not be known."""
    lines = [f"{report.path}: {VERIFICATION.text(language, 'good' if report.ok else 'bad')}", ""]
    for step in report.steps:
        lines += _step(step, language)
    note = VERIFICATION.text(language, "note")
    lines += (
        ["", *(f"{note}: {VERIFICATION.text(language, limit)}" for limit in report.limits)] if report.limits else []
    )
    return "\n".join(lines) + "\n"


def _step(step: Step, language: Language) -> Iterator[str]:
    mark, name = (VERIFICATION.text(language, text_id) for text_id in (_MARKS[step.outcome], step.id))
    yield f"{mark} {step.number}. {name}{_facts(step.facts)}"
    for found in step.findings:
        yield f"         {found.file} {VERIFICATION.text(language, found.id, **found.fields)}"


def _facts(facts: Mapping[str, Json]) -> str:
    told = ", ".join(f"{key} {value}" for key, value in facts.items() if not isinstance(value, bool | list))
    return f" ({told})" if told else ""
