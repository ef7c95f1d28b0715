"""One file, cut down to what a snippet needs: the backward slice of a driver statement, or of a set of names."""

from __future__ import annotations

import ast

from .needed import needed_before
from .pruning import close, trimmed
from .scope import binds, certainly_binds, exposed, reads
from .syntax import DEFINITIONS, has_row, is_main_guard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from .first_party import FileModel
    from .syntax import Definition


class FileCut:
    """What a snippet takes from one file.

    prelude     top-level statements (perhaps pruned), in order
    setup       statements of the `if __name__ == "__main__"` block before the driver
    needed      names that the kept statements read
    missing     names that nothing at the top level of the file binds
    """

    __slots__ = ("model", "prelude", "setup", "needed", "missing")

    def __init__(
        self, model: FileModel, prelude: list[ast.stmt], setup: list[ast.stmt], needed: set[str], missing: set[str]
    ) -> None:
        self.model, self.prelude, self.setup, self.needed, self.missing = model, prelude, setup, needed, missing

    def nodes(self) -> list[ast.stmt]:
        """All kept statements."""
        return self.prelude + self.setup


def cut(
    model: FileModel,
    needed: Iterable[str],
    driver: ast.stmt | None = None,
    replaced: Mapping[ast.stmt, ast.stmt] | None = None,
    attributes: Collection[str] = (),
    rows: Collection[int] = (),
    given: Iterable[str] = (),
) -> FileCut:
    """The FileCut of a file for names.

    needed      names that the driver (or the importing files) want
    driver      the top-level statement (or statement of the main guard) that is run; None: the file is a library here
    replaced    pruned copies, by top-level statement
    attributes  attribute names used anywhere in the snippet: decides which methods of own classes stay
    rows        rows whose statements are kept in any case
    given       names that are given by the user's setup: not looked for
    """
    replaced = replaced or {}
    wanted = set(needed) - set(given)
    guards = [node for node in model.tree.body if isinstance(node, ast.If) and is_main_guard(node)]
    originals = [node for node in model.tree.body if node not in guards]
    classes = {node.name for node in model.tree.body if isinstance(node, ast.ClassDef)}
    body = [trimmed(replaced.get(node, node), classes, attributes) for node in originals]
    setup: list[ast.stmt] = []
    holder = next((guard for guard in guards if driver in guard.body), None) if driver is not None else None
    definitions = [node for node in body if isinstance(node, DEFINITIONS)]
    close(wanted, definitions)
    limit = body
    if holder is not None:
        setup = needed_before(holder.body, driver, wanted)
        close(wanted, definitions)
    elif driver is not None:
        position = model.tree.body.index(driver)
        before = {id(replaced.get(node, node)) for node in model.tree.body[:position]}
        limit = [node for node, old in zip(body, originals) if id(replaced.get(old, old)) in before]
    whole = set(wanted)
    kept = _backward(limit, wanted, definitions, rows, whole)
    bound = _bound_by(kept + setup)
    missing = {name for name in whole if name not in bound}
    if guards and missing and holder is None:
        found = _set_in_guards(guards, missing, driver)
        if found:
            setup = found
            extra = reads(*found)
            more = extra - bound
            whole |= extra
            if more:
                close(more, definitions)
                again = _backward(limit, set(more), definitions, rows, whole)
                kept = [node for node in limit if node in kept or node in again]
            bound |= _bound_by(kept + setup)
            missing = {name for name in whole if name not in bound}
    return FileCut(model, kept, setup, whole, missing)


def _bound_by(statements: Iterable[ast.stmt]) -> set[str]:
    bound: set[str] = set()
    for statement in statements:
        bound |= binds(statement)
    return bound


def _set_in_guards(guards: Iterable[ast.If], missing: set[str], driver: ast.stmt | None) -> list[ast.stmt]:
    """What a script does in its main block, before the driver, for the globals that its functions read."""
    found: list[ast.stmt] = []
    for guard in guards:
        if driver is None or guard.lineno <= driver.lineno:
            found += needed_before(guard.body, None, set(missing))
    return found


def _backward(
    body: list[ast.stmt],
    needed: set[str],
    definitions: Collection[Definition],
    rows: Collection[int],
    whole: set[str],
) -> list[ast.stmt]:
    """The statements of a file's body that the names depend on, in order.

    needed   changes on the way        whole    gets every name that was needed anywhere
    rows     rows whose statements are kept in any case
    """
    kept: list[ast.stmt] = []
    for statement in reversed(body):
        forced = any(has_row(statement, row) for row in rows)
        if forced or needed_before([statement], None, set(needed)):
            kept.append(statement)
            if not forced:
                needed -= certainly_binds(statement)
            needed |= exposed(statement)
            close(needed, definitions)
            whole |= needed
    return kept[::-1]
