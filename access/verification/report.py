"""What a verification found: frozen data, the same for people, for JSON and for the exit code."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from nvr.base.errors import EvidenceAtRisk
from nvr.base.jcs import Json


class Outcome(StrEnum):
    """How a step ended."""

    GOOD = "good"
    BAD = "bad"
    NOT_RUN = "not run"
    """What it needs can not be read; the findings say why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something is wrong: the text's id, the file, from the bundle's directory, and the values for the text."""

    id: str
    file: str
    fields: Mapping[str, Json]


def finding(text_id: str, file: str, **fields: Json) -> Finding:
    """A finding in this file."""
    return Finding(text_id, file, fields)


class CannotRun(EvidenceAtRisk):
    """A step can not run, because a file that it needs is unusable: `found` says what is wrong with that file."""

    message_id = "cannot-run"

    def __init__(self, found: Finding) -> None:
        super().__init__(found.id, file=found.file, **found.fields)
        self.found = found


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered step; `facts` are what was counted or computed on the way (a fingerprint, a number of frames)."""

    number: int
    id: str
    outcome: Outcome
    findings: tuple[Finding, ...]
    facts: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Report:
    """All steps of one verification. `limits` are ids of texts that say what it can not know."""

    kind: str
    path: str
    steps: tuple[Step, ...]
    limits: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every step ran and found nothing."""
        return all(step.outcome is Outcome.GOOD for step in self.steps)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all steps."""
        return tuple(found for step in self.steps for found in step.findings)

    def to_json(self) -> dict[str, Json]:
        """The report as a JSON object."""
        return {
            "v": 1,
            "kind": self.kind,
            "path": self.path,
            "ok": self.ok,
            "steps": [
                {
                    "number": step.number,
                    "id": step.id,
                    "outcome": step.outcome.value,
                    "findings": [{"id": one.id, "file": one.file, "fields": one.fields} for one in step.findings],
                    "facts": step.facts,
                }
                for step in self.steps
            ],
            "limits": list(self.limits),
        }


Facts = dict[str, Json]
Check = Callable[[Facts], Iterable[Finding]]
"""A step's work: gives its findings, and adds to the facts."""


def run_steps(checks: Sequence[tuple[str, Check]]) -> tuple[Step, ...]:
    """Run every check, whatever the others found."""
    return tuple(_run(number, name, check) for number, (name, check) in enumerate(checks, 1))


def _run(number: int, name: str, check: Check) -> Step:
    facts: Facts = {}
    found: list[Finding] = []
    outcome = Outcome.GOOD
    try:
        for one in check(facts):
            found.append(one)
            outcome = Outcome.BAD
    except CannotRun as stopped:
        found.append(stopped.found)
        outcome = Outcome.NOT_RUN
    return Step(number, name, outcome, tuple(found), facts)
