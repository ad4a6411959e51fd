"""The shape of the code: how long files and functions are, and whether imports stay in the open.

Prints one table for files and one for functions. A median or p90 over its target is only shown, since a small
tree swings; a hard limit passed, an import cycle, or an import of our own inside a function ends with exit 1.
Tests obey the limit on files alone: a table of cases is long and easy to read.
"""

import math
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.source_tree import SourceTree, read_source_tree

FILE_MEDIAN_TARGET = 180
FILE_LIMIT = 500
FUNCTION_P90_TARGET = 35
FUNCTION_LIMIT = 80
WORST_SHOWN = 10

Sized = tuple[int, str]
"""Lines, and what has them."""


def percentile(values: Sequence[int], share: float) -> int:
    """The smallest value that at least `share` of the values do not pass (nearest rank)."""
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]


def file_sizes(tree: SourceTree, root: Path) -> list[Sized]:
    """Each file with its lines; one that holds its docstring alone would only flatter the median."""
    return [
        (module.lines, str(module.path.relative_to(root)))
        for module in tree.modules.values()
        if len(module.tree.body) > 1
    ]


def function_sizes(tree: SourceTree, root: Path) -> list[Sized]:
    """Each function with its lines."""
    return [
        (function.lines, f"{module.path.relative_to(root)}:{function.line} {function.name}")
        for module in tree.modules.values()
        for function in module.functions()
    ]


def table(title: str, sizes: Sequence[Sized], *, worst: int = WORST_SHOWN) -> list[str]:
    """Rows per package and for all, then the longest."""
    groups: dict[str, list[int]] = {}
    for lines, name in sizes:
        groups.setdefault(name.partition("/")[0], []).append(lines)
    if len(groups) != 1:
        groups["all"] = [lines for lines, _ in sizes]
    rows = [f"{title:<14}{'count':>7}{'median':>8}{'p90':>6}{'max':>6}"]
    for group, values in groups.items():
        if values:
            median = round(statistics.median(values))
            rows.append(f"  {group:<12}{len(values):>7}{median:>8}{percentile(values, 0.9):>6}{max(values):>6}")
    longest = sorted(sizes, key=lambda sized: (-sized[0], sized[1]))[:worst]
    return [*rows, *(f"  {lines:>6}  {name}" for lines, name in longest), ""]


def misses(files: Sequence[Sized], functions: Sequence[Sized]) -> list[str]:
    """Targets that the tree as a whole does not reach."""
    missed = []
    if files and (median := statistics.median(lines for lines, _ in files)) > FILE_MEDIAN_TARGET:
        missed.append(f"median file of {median:.0f} lines, target {FILE_MEDIAN_TARGET}")
    if functions and (p90 := percentile([lines for lines, _ in functions], 0.9)) > FUNCTION_P90_TARGET:
        missed.append(f"function p90 of {p90} lines, target {FUNCTION_P90_TARGET}")
    return missed


def too_long(sizes: Sequence[Sized], limit: int) -> list[str]:
    """What passes a hard limit."""
    return [f"{name}: {lines} lines, limit {limit}" for lines, name in sizes if lines > limit]


def import_faults(tree: SourceTree, root: Path) -> list[str]:
    """Imports of our own modules that hide in functions, and a cycle between modules."""
    faults = [
        f"{module.path.relative_to(root)}:{found.line}: {found.target} is imported inside a function"
        for module in tree.modules.values()
        for found in module.imports
        if found.deferred and tree.module_of(found.target)
    ]
    cycle = tree.cycle()
    if cycle:
        faults.append("import cycle: " + " -> ".join(cycle))
    return faults


def main(root: Path, packages: Sequence[str]) -> int:
    """Print the tables of the packages and of the tests; 1 when a hard limit is passed."""
    code = read_source_tree(root, packages)
    tests = read_source_tree(root, ["tests"])
    files, functions = file_sizes(code, root), function_sizes(code, root)
    test_files = file_sizes(tests, root)
    rows = table("files", files) + table("functions", functions) + table("test files", test_files, worst=3)
    faults = [
        *too_long(files + test_files, FILE_LIMIT),
        *too_long(functions, FUNCTION_LIMIT),
        *import_faults(code, root),
    ]
    print("\n".join(rows))
    for missed in misses(files, functions):
        print(f"over target: {missed}")
    for fault in faults:
        print(f"FAULT {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(Path.cwd(), sys.argv[1:]))
