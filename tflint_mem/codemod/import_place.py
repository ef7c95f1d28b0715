"""Where new imports go: to the file's leading imports, as the file would have put them itself.

The leading block is the docstring, `from __future__`, imports, `try` and `if TYPE_CHECKING` blocks that only choose
imports, and settings between imports (`os.environ[...] = ...`).  In a notebook it ends with its cell.  Rows are rows of
the module.
"""

from __future__ import annotations

import ast
import sys

from tflint_mem.facts import Record
from tflint_mem.finding import Edit
from tflint_mem.hardening.parsing import parsed

from . import NoFix
from .outline import cell_of, dotted, outline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tflint_mem.sources.source import Source

    from .outline import Group

IMPORTS = (ast.Import, ast.ImportFrom)
# Packages whose names say that a file is about TensorFlow.
FRAMEWORK = frozenset(("tensorflow", "keras", "tf_keras", "tensorflow_hub"))
# Statements on these may stand between two imports without ending the file's import block.
_SETTINGS = frozenset(("logging", "matplotlib", "mpl", "os", "sys", "warnings"))


def same_level(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a scope, looking into `try` and `if` but not into functions, classes and loops."""
    for statement in body:
        yield statement
        if isinstance(statement, (ast.Try, ast.If)) or type(statement).__name__ == "TryStar":
            for field in ("body", "orelse", "finalbody"):
                yield from same_level(getattr(statement, field, ()))
            for handler in getattr(statement, "handlers", ()):
                yield from same_level(handler.body)


def add_import(source: Source, line: str, row: int | None = None) -> Edit:
    """The edit that adds the import statement `line` to the file's leading imports, at its place where they are sorted.

    row  where the import is needed; NoFix when the place for imports is not above it
    """
    file = outline(source)
    standard = line.split()[1].split(".")[0] in sys.stdlib_module_names
    insertion = insertion_row(source, row, standard)
    at = insertion.row
    if row is not None and at > row:
        raise NoFix("there is no place for an import above this code")
    newline = file.newline
    if insertion.kind == "before":
        return Edit(start=(at, 1), end=(at, 1), content=line + newline * 2)
    if insertion.kind == "imports":
        runs = _runs(source, at)
        if standard and runs and not _is_standard(_head(runs[-1][-1])):
            first = runs[0][0].first  # there is none of the standard library yet: it gets a section of its own on top
            return Edit(start=(first, 1), end=(first, 1), content=line + newline * 2)
        run = _run_for(runs, standard)
        before = _first_behind(run, line)
        if before is not None:
            return Edit(start=(before, 1), end=(before, 1), content=line + newline)
        at = run[-1].last if run else at
    end = file.end_of_row(at)
    apart = insertion.kind == "docstring" or _role(file.group_at(at).members[-1]) == "future"
    return Edit(start=end, end=end, content=newline * (2 if apart else 1) + line)


def _runs(source: Source, at: int) -> list[list[Group]]:
    """The leading imports down to row `at` in runs without a row between them, as groups of the outline."""
    runs: list[list[Group]] = []
    cell = cell_of(source, at)
    for group in outline(source).groups:
        if group.last > at or cell_of(source, group.first) != cell:
            continue
        if {_role(member) for member in group.members} != {"import"}:
            runs.append([])
        elif runs and runs[-1] and runs[-1][-1].last + 1 == group.first:
            runs[-1].append(group)
        else:
            runs.append([group])
    return [run for run in runs if run]


def _head(group: Group) -> ast.stmt:
    """The first statement of a group."""
    return group.members[0]


def _run_for(runs: Sequence[list[Group]], standard: bool) -> list[Group]:
    """The run that a new import belongs to; an empty one when there are none.

    For the standard library that is its own part of the last run, else it is the last run with TensorFlow or Keras in
    it.
    """
    if not runs:
        return []
    if standard:
        run = runs[-1]
        return run[next((i for i in range(len(run), 0, -1) if not _is_standard(_head(run[i - 1]))), 0) :]
    own = [run for run in runs if not all(getattr(_head(group), "level", 0) for group in run)] or runs
    return next(
        (run for run in reversed(own) if any(_module_of(_head(group)).split(".")[0] in FRAMEWORK for group in run)),
        own[-1],
    )


def _first_behind(run: Sequence[Group], line: str) -> int | None:
    """Row of the first import of a sorted run that comes behind `line`, or None."""
    if any(len(group.members) != 1 or not isinstance(_head(group), IMPORTS) for group in run):
        return None
    new = parsed(line).body[0]
    # `import a` before `from b import c`, or all by their modules
    orders: tuple[Callable[[ast.stmt], tuple[bool, str]], ...] = (_by_kind, _by_module)
    for order in orders:
        keys = [order(_head(group)) for group in run]
        if keys == sorted(keys):
            return next((group.first for group, own in zip(run, keys) if own > order(new)), None)
    return None


def _by_kind(statement: ast.stmt) -> tuple[bool, str]:
    """(whether it is `from … import`, the module) of an import."""
    return isinstance(statement, ast.ImportFrom), _module_of(statement)


def _by_module(statement: ast.stmt) -> tuple[bool, str]:
    """The same for all, and the module of an import."""
    return False, _module_of(statement)


def _module_of(statement: ast.stmt) -> str:
    """The module of an import in lower case (that of the first name of several), "" for other statements."""
    if isinstance(statement, ast.ImportFrom):
        return ("." * statement.level + (statement.module or "")).lower()
    return statement.names[0].name.lower() if isinstance(statement, ast.Import) else ""


class Insertion(Record):
    """Where new imports go.

    row   a row of the module
    kind  "imports" and "docstring": behind that row, where such a thing ends; "before": right before it
    """

    __slots__ = ()
    row: int
    kind: str


def insertion_row(source: Source, row: int | None = None, standard: bool = False) -> Insertion:
    """Where new imports go; NoFix when there is no place for them.

    row       where the import is needed: what starts below is not looked at
    standard  the import is one of the standard library: it goes behind the first run of such imports, if there is one
    """
    groups = [group for group in outline(source).groups if row is None or group.first <= row]
    best: Insertion | None = None
    run = False
    cell = cell_of(source, 1)
    for group in groups:
        roles = {_role(member) for member in group.members}
        here = cell_of(source, group.first)
        if here != cell and best is not None and best.kind == "imports":
            break
        cell = here
        if standard and run and not all(map(_is_standard, group.members)):
            break
        run = all(map(_is_standard, group.members))
        if roles & {"import", "future"}:
            best = Insertion(group.last, "imports")
        elif roles == {"docstring"} and best is None and group is groups[0]:
            best = Insertion(group.last, "docstring")
        elif roles == {"other"} and source.kind == "notebook" and best is None:
            continue
        elif "other" in roles:
            break
    if best:
        return best
    if not groups:
        raise NoFix("there is no place for an import above this code")
    return Insertion(groups[0].first, "before")


def _is_standard(statement: ast.stmt) -> bool:
    """Whether the statement only imports from the standard library."""
    if isinstance(statement, ast.Import):
        return all(alias.name.split(".")[0] in sys.stdlib_module_names for alias in statement.names)
    return (
        isinstance(statement, ast.ImportFrom)
        and not statement.level
        and statement.module is not None
        and statement.module != "__future__"
        and statement.module.split(".")[0] in sys.stdlib_module_names
    )


def _role(statement: ast.stmt) -> str:
    """What a statement is for the leading block: "future", "import", "docstring", "setting" or "other"."""
    if isinstance(statement, ast.ImportFrom) and statement.module == "__future__" and not statement.level:
        return "future"
    if isinstance(statement, IMPORTS) or _chooses_imports(statement):
        return "import"
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return "docstring"
    return "setting" if _is_setting(statement) else "other"


def _chooses_imports(statement: ast.stmt) -> bool:
    """`try: import a / except ImportError: …` and `if TYPE_CHECKING: import a`."""
    if isinstance(statement, ast.If):
        test = {
            dotted(node).split(".")[-1]
            for node in ast.walk(statement.test)
            if isinstance(node, (ast.Name, ast.Attribute))
        }
        if not test & {"TYPE_CHECKING", "version_info", "platform", "PY2", "PY3"}:
            return False
    elif not isinstance(statement, ast.Try):
        return False
    inner = [other for other in same_level([statement]) if other is not statement]
    allowed: tuple[type[ast.stmt], ...] = (*IMPORTS, ast.Assign, ast.Expr, ast.Pass, ast.Raise, ast.Try, ast.If)
    return any(isinstance(other, IMPORTS) for other in inner) and all(isinstance(other, allowed) for other in inner)


def _is_setting(statement: ast.stmt) -> bool:
    """`__version__ = …`, `os.environ[…] = …`, `logging.disable()`."""
    if isinstance(statement, ast.Assign):
        target: ast.AST = statement.targets[0]
        if isinstance(target, ast.Name):
            return target.id.startswith("__")
        while isinstance(target, (ast.Subscript, ast.Attribute)):
            target = target.value
        return isinstance(target, ast.Name) and target.id in _SETTINGS
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return dotted(statement.value.func).split(".")[0] in _SETTINGS
    return False
