"""What every benchmark gives, and how it is printed."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what was measured, in which unit, and the goal if there is one."""

    name: str
    value: float
    unit: str
    goal: float | None
    met: bool | None


def render(rows: Sequence[Row]) -> str:
    """The rows as a table for people, one line each."""
    table = Table("name", "value", "unit", "goal", "met")
    for row in rows:
        goal = "" if row.goal is None else f"{row.goal:g}"
        met = {None: "", True: "yes", False: "NO"}[row.met]
        table.add_row(row.name, f"{row.value:.10g}", row.unit, goal, met)
    console = Console(width=100)
    with console.capture() as captured:
        console.print(table)
    return captured.get()
