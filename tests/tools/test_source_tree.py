import itertools
from pathlib import Path

import pytest

from tools.source_tree import Function, SourceTree, read_source_tree


@pytest.fixture
def write(tmp_path: Path) -> "Write":
    return Write(tmp_path)


class Write:
    """Makes a package `p` of modules given as text."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __call__(self, **modules: str) -> SourceTree:
        package = self.root / "p"
        package.mkdir()
        for name, text in {"__init__": "", **modules}.items():
            (package / f"{name}.py").write_text(text)
        return read_source_tree(self.root, ["p"])


def test_import_of_a_name_counts_for_the_module_that_holds_it(write: Write) -> None:
    tree = write(a="from p.b import thing", b="thing = 1")
    assert [tree.module_of(found.target) for found in tree.modules["p.a"].imports] == ["p.b"]


def test_relative_import_does_not_escape_the_rules(write: Write) -> None:
    tree = write(a="from . import b\nfrom .b import thing", b="thing = 1")
    assert [found.target for found in tree.modules["p.a"].imports] == ["p.b", "p.b.thing"]


def test_import_inside_a_function_or_method_is_deferred(write: Write) -> None:
    tree = write(a="import os\ndef f():\n    import re\nclass C:\n    async def m(self):\n        import abc\n")
    assert [(found.target, found.deferred) for found in tree.modules["p.a"].imports] == [
        ("os", False),
        ("re", True),
        ("abc", True),
    ]


def test_import_for_types_alone_never_runs(write: Write) -> None:
    tree = write(a="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import re\nelse:\n    import os\n")
    assert [(found.target, found.typing_only) for found in tree.modules["p.a"].imports[1:]] == [
        ("re", True),
        ("os", False),
    ]


def test_cycle_is_shown_as_the_path_that_closes_it(write: Write) -> None:
    tree = write(a="import p.b", b="from p import c", c="from p.a import x", d="import p.a")
    path = tree.cycle()
    assert path[0] == path[-1]
    assert set(itertools.pairwise(path)) == {("p.a", "p.b"), ("p.b", "p.c"), ("p.c", "p.a")}


def test_cycle_closed_for_types_alone_is_none(write: Write) -> None:
    tree = write(a="import p.b", b="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import p.a\n")
    assert tree.cycle() == []


def test_loading_a_module_loads_the_packages_above_it_and_what_they_import(write: Write) -> None:
    tree = write(__init__="import heavy", a="from p.b import x", b="import light")
    assert tree.loaded_by("p.a")["heavy"] == ["p.a", "p", "heavy"]
    assert tree.loaded_by("p.a")["light"] == ["p.a", "p.b", "light"]


def test_function_lines_count_its_docstring_and_not_its_decorators(write: Write) -> None:
    tree = write(a='@d\n@e\ndef f():\n    """Say."""\n    def g(): ...\n\n\nclass C:\n    def m(self): ...\n')
    assert list(tree.modules["p.a"].functions()) == [
        Function("f", line=3, lines=3),
        Function("f.g", line=5, lines=1),
        Function("C.m", line=9, lines=1),
    ]
