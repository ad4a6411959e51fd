"""The source trees that the contract tests read."""

import functools
from pathlib import Path

from tools.source_tree import SourceTree, read_source_tree

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("access", "config", "nvr", "recorder", "storage")
CODE = (*PRODUCT, "benchmarks", "tools")


@functools.cache
def product() -> SourceTree:
    """What is installed."""
    return read_source_tree(ROOT, PRODUCT)


@functools.cache
def code() -> SourceTree:
    """What is installed, and what measures and checks it."""
    return read_source_tree(ROOT, CODE)


@functools.cache
def suite() -> SourceTree:
    """The tests themselves."""
    return read_source_tree(ROOT, ["tests"])


def within(name: str, package: str) -> bool:
    """Whether a dotted name is the package or something inside it."""
    return name == package or name.startswith(f"{package}.")
