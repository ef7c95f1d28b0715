"""Who imports whom, read from the modules' syntax trees: nothing is imported to know it.

A room is a folder of `tflint_mem/`, named after the path from there (`project.linking`); `rules/` at the root of the
repository is the room `rules`, and a module beside the rooms (`finding`, `record`, `api`, `__main__`) is a room of its
own.  The package's `__init__` holds the version and what the library shows, and belongs to no room.
"""

from __future__ import annotations

import ast
import functools
import graphlib
from pathlib import Path

from support import ROOT

PACKAGE = "tflint_mem"
# what stands in for modules of others: runs in the measured process, put together from text
SUBSTITUTES = f"{PACKAGE}.verify.standins.substitutes"


@functools.cache
def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name, substitutes apart."""
    found = {}
    for folder, prefix in ((ROOT / PACKAGE, PACKAGE), (ROOT / "rules", f"{PACKAGE}.rules")):
        for path in sorted(folder.rglob("*.py")):
            name = ".".join((prefix, *path.relative_to(folder).with_suffix("").parts)).removesuffix(".__init__")
            if not name.startswith(SUBSTITUTES):
                found[name] = path
    return found


@functools.cache
def imports(name: str) -> frozenset[str]:
    """Modules of ours that module `name` imports at run time, wherever in it; what only type checkers read is no import."""
    path = modules()[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    for node in list(ast.walk(tree)):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - (node.level - 1)]
                base = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                found.add(whole if whole in modules() else base)
    return frozenset(found & modules().keys() - {name, PACKAGE})


def room(name: str) -> str:
    """The room of a module."""
    path = modules()[name]
    if path.parent == ROOT / PACKAGE:
        return path.stem
    whole = name if path.name == "__init__.py" else name.rpartition(".")[0]
    return whole.removeprefix(f"{PACKAGE}.")


@functools.cache
def rooms() -> dict[str, dict[str, list[str]]]:
    """Room: {room that it imports: ["module imports module", …]}."""
    found: dict[str, dict[str, list[str]]] = {room(name): {} for name in modules() if name != PACKAGE}
    for name in modules():
        for other in sorted(imports(name)):
            if name != PACKAGE and room(other) != room(name):
                found[room(name)].setdefault(room(other), []).append(f"{name} imports {other}")
    return found


def houses() -> dict[str, set[str]]:
    """The same of the rooms beside each other at the top: `project` stands for all rooms in it."""
    found: dict[str, set[str]] = {}
    for one, others in rooms().items():
        mine = found.setdefault(one.partition(".")[0], set())
        mine.update(other.partition(".")[0] for other in others)
        mine.discard(one.partition(".")[0])
    return found


def circle(graph: dict[str, set[str]] | dict[str, frozenset[str]]) -> list[str]:
    """One circle of a graph {who: whom}, from a node to itself; empty when there is none."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def needed_arrows(graph: dict[str, set[str]]) -> set[tuple[str, str]]:
    """(who, whom) of a graph without circles, but for those that go without saying: a longer way leads there too."""

    @functools.cache
    def reached(start: str) -> frozenset[str]:
        return frozenset(graph[start]).union(*(reached(other) for other in graph[start]))

    return {
        (one, other)
        for one, others in graph.items()
        for other in others
        if not any(other in reached(third) for third in others)
    }


def first_line(text: str) -> str:
    """The paragraph with which a docstring begins, in one line and without its full stop."""
    return " ".join(text.strip().partition("\n\n")[0].split()).rstrip(".")
