"""What the source says of itself: modules, their imports, their functions. Read with ast, nothing is run."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name, dotted: `from a.b import c` is `a.b.c`, whether c is a module or not."""

    target: str
    line: int
    deferred: bool
    """Inside a function: it runs when called, and hides from whoever reads the head of the file."""
    typing_only: bool
    """Under `if TYPE_CHECKING`: it never runs."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function or method; `name` is dotted from the module's top."""

    name: str
    line: int
    lines: int


@dataclass(frozen=True, slots=True)
class Module:
    """One file of source."""

    name: str
    path: Path
    lines: int
    tree: ast.Module
    imports: tuple[Import, ...]

    def functions(self) -> Iterator[Function]:
        """Every function of the module, nested ones too; decorators do not count, docstrings do."""
        return _functions(self.tree, "")


@dataclass(frozen=True, slots=True)
class SourceTree:
    """The modules below a root, by dotted name."""

    modules: dict[str, Module]

    def module_of(self, target: str) -> str | None:
        """The module of this tree that an import reaches; None when it leads outside."""
        while target not in self.modules:
            target, dot, _ = target.rpartition(".")
            if not dot:
                return None
        return target

    def cycle(self) -> list[str]:
        """One import cycle, as the path that closes it; empty when there is none."""
        graph = {name: self._reached(module) - {name} for name, module in self.modules.items()}
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            found: list[str] = error.args[1]
            return found[::-1]
        return []

    def loaded_by(self, name: str) -> dict[str, list[str]]:
        """Everything that importing `name` loads, outside names too, each with the path that leads there.

        Importing a module runs the packages above it first, so these count as well.
        """
        paths = {name: [name]}
        waiting = [name]
        while waiting:
            current = waiting.pop()
            module = self.modules.get(current)
            targets = [found.target for found in module.imports if not found.typing_only] if module else []
            for target in (*targets, current.rpartition(".")[0]):
                reached = self.module_of(target) or target
                if reached and reached not in paths:
                    paths[reached] = [*paths[current], reached]
                    waiting.append(reached)
        return paths

    def _reached(self, module: Module) -> set[str]:
        targets = (found.target for found in module.imports if not found.typing_only)
        return {reached for reached in map(self.module_of, targets) if reached}


def read_source_tree(root: Path, packages: Iterable[str]) -> SourceTree:
    """Read every Python file of the packages that stand below `root`."""
    paths = sorted(path for package in packages for path in (root / package).rglob("*.py"))
    modules = (_read_module(root, path) for path in paths)
    return SourceTree({module.name: module for module in modules})


def _read_module(root: Path, path: Path) -> Module:
    parts = path.relative_to(root).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package else parts)
    package = name if is_package else name.rpartition(".")[0]
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text, filename=str(path))
    return Module(name, path, len(text.splitlines()), tree, tuple(_imports(tree, package)))


def _imports(node: ast.AST, package: str, *, deferred: bool = False, typing_only: bool = False) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name, node.lineno, deferred, typing_only)
    elif isinstance(node, ast.ImportFrom):
        origin = resolve_name("." * node.level + (node.module or ""), package)
        for alias in node.names:
            yield Import(f"{origin}.{alias.name}", node.lineno, deferred, typing_only)
    elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        for statement in node.body:
            yield from _imports(statement, package, deferred=deferred, typing_only=True)
        for statement in node.orelse:
            yield from _imports(statement, package, deferred=deferred, typing_only=typing_only)
    else:
        inside = deferred or isinstance(node, FUNCTIONS)
        for child in ast.iter_child_nodes(node):
            yield from _imports(child, package, deferred=inside, typing_only=typing_only)


def _functions(node: ast.AST, prefix: str) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        name = prefix
        if isinstance(child, (*FUNCTIONS, ast.ClassDef)):
            name = f"{prefix}.{child.name}" if prefix else child.name
        if isinstance(child, FUNCTIONS):
            yield Function(name, child.lineno, (child.end_lineno or child.lineno) - child.lineno + 1)
        yield from _functions(child, name)
