"""The slice of a driver: all files, cut down to what it needs, until no cut asks for more."""

from __future__ import annotations

import ast
import re

from tflint_mem.hardening.parsing import parsed
from tflint_mem.verify.plan.protocols import REFUSED

from .file_cut import FileCut, cut
from .first_party import absolute_parts
from .imported import Imports
from .pruning import Replacing
from .scope import attributes_used, binds, exposed
from .syntax import has_row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tflint_mem.finding import Finding

    from .driver import Driver
    from .first_party import FileModel, Files

    Names = dict[FileModel, set[str]]  # names that are wanted from each file

_MOST_ROUNDS = 6


class Slice:
    """What a snippet consists of.

    driver   how the region is reached
    target   the driver's statement, pruned; None when the cutter writes the whole region
    cuts     what is taken from each file
    """

    __slots__ = ("driver", "target", "cuts")

    def __init__(self, driver: Driver, target: ast.stmt | None, cuts: Mapping[FileModel, FileCut]) -> None:
        self.driver, self.target, self.cuts = driver, target, cuts


def sliced(
    finding: Finding, files: Files, driver: Driver, given: Iterable[str], rows: Mapping[FileModel, Collection[int]]
) -> Slice:
    """Cuts all files until no cut asks for more.

    given   names that need no cut: others define them        rows   rows whose statements are kept in any case, by file
    """
    given = set(given)
    main, statement = driver.model, driver.statement
    target = driver.pruned.get(main, {}).get(statement, statement) if statement is not None else None
    wanted = _wanted_at_first(driver, target)
    if finding.code in REFUSED:
        _add_named_by_trace(files, main, rows, wanted)
    for other, copies in driver.pruned.items():
        wanted.setdefault(other, set()).update(_names_of(copies))
    for names in wanted.values():
        names.discard("")
    cuts: dict[FileModel, FileCut] = {}
    attributes: set[str] = set()
    for _ in range(_MOST_ROUNDS):
        before = (len(attributes), _sizes(wanted))
        for model, names in list(wanted.items()):
            own = statement if model is main else None
            # functions on the way are wanted by their callers, not for themselves, in the file of the driver
            pruned = driver.pruned.get(model)
            apart = _names_of([own]) if own is not None and pruned and own in pruned else set()
            cuts[model] = cut(model, names - apart, own, pruned, attributes, rows.get(model, ()), given)
        targets = [target] if target is not None else []
        attributes |= attributes_used(*(node for piece in cuts.values() for node in piece.nodes()), *targets)
        if driver.region is not None:
            for line in driver.region.lines + driver.setup:
                attributes |= set(re.findall(r"\.(\w+)", line.text))
        for model, piece in list(cuts.items()):
            nodes = piece.nodes() + (targets if model is main else [])
            for other, names in Imports(files, model, nodes, piece.needed, attributes).wanted():
                wanted.setdefault(other, set()).update(names)
        if before == (len(attributes), _sizes(wanted)):
            break
    return Slice(driver, target, cuts)


def _sizes(wanted: Names) -> dict[str, int]:
    return {model.path: len(names) for model, names in wanted.items()}


def _wanted_at_first(driver: Driver, target: ast.stmt | None) -> Names:
    """The names that the region and its setup want from the driver's own file."""
    names: set[str] = set()
    if driver.region is not None:
        names |= driver.region.names
    if target is not None and not isinstance(driver.region, Replacing):
        names |= exposed(target)
    names |= _names_in("\n".join(line.text for line in driver.setup))
    return {driver.model: names}


def _names_of(statements: Iterable[ast.stmt]) -> set[str]:
    """Names of the definitions among statements; "" for anything else."""
    return {getattr(statement, "name", "") for statement in statements}


def _add_named_by_trace(
    files: Files, main: FileModel, rows: Mapping[FileModel, Collection[int]], wanted: Names
) -> None:
    """Keeps the imports of what the trace itself names in other files: that it has run is what the finding is about."""
    for other, at in rows.items():
        if other is main:
            continue
        names: set[str] = set()
        for statement in main.tree.body:
            if (
                isinstance(statement, ast.ImportFrom)
                and files.resolve(absolute_parts(statement, main), main, False) is other
            ):
                names |= {alias.asname or alias.name for alias in statement.names if alias.name != "*"}
            elif isinstance(statement, ast.Import):
                names |= {
                    alias.asname or alias.name.split(".")[0]
                    for alias in statement.names
                    if files.resolve(tuple(alias.name.split(".")), main, False) is other
                }
        if not names:
            continue
        wanted[main] |= names
        bound = [binds(node) for node in other.tree.body if any(has_row(node, row) for row in at)]
        wanted.setdefault(other, set()).update(*bound)


def _names_in(text: str) -> set[str]:
    """Names that code reads and does not bind; none where it is no code."""
    try:
        body = parsed(text).body
    except SyntaxError:
        return set()
    return exposed(*body) - {name for statement in body for name in binds(statement)}
