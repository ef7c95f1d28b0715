"""From a finding to snippets: the repeating region, the way to it, and what both need, over all first-party files.

`snippets()` gives candidates, the most faithful first: the user's own calls from the top of the program down to the
repeat; then the function around the repeat, called directly with stand-ins for its parameters.
"""

from __future__ import annotations

import ast

from .assemble import assembled
from .driver import Wish, drivers
from .given import bound_by
from .region import Repeat, find_repeats, function_around
from .slice import sliced
from .snippet import CannotCut
from .syntax import FUNCTIONS, is_main_guard, path_to

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tflint_mem.finding import Finding, Step

    from .driver import Driver
    from .first_party import FileModel, Files
    from .lines import Origin
    from .snippet import Snippet

_MOST = 3  # snippets for one finding


def snippets(
    finding: Finding,
    files: Files,
    given: Mapping[str, str] | None = None,
    once: bool = False,
    setup_names: Collection[str] = (),
    further: bool = False,
) -> list[Snippet]:
    """Snippets for a finding, the most faithful first; at least one.  Raises CannotCut when there is none.

    files        the finding's own file is looked up there
    given        source of values that `verify-with` comments give, by name
    once         run the flagged statement once instead of its repeat (rules about configuration)
    setup_names  names that the user's own setup defines
    further      go on behind the loop with what uses the collections that it fills
    """
    model = files.get(finding.path)
    if model is None:
        raise CannotCut("a file that parses")
    given = dict(given or {})
    start_row, start_column = finding.start
    row = model.source.module_row(finding.cell, start_row)
    column = _bytes_column(model, row, start_column)
    trace = [(step.path, _module_row(files, step)) for step in finding.trace or ()]
    repeats = [_single(model, row, column)] if once else find_repeats(files, model, row, column, trace)
    if not once:
        repeats += function_around(model, row, column, repeats)
    rows = _rows_to_keep(files, trace if once else trace[1:])
    found: list[Snippet] = []
    seen: set[str] = set()
    for number, repeat in enumerate(repeats):
        last = number == len(repeats) - 1
        wish = Wish(given, once, rows, row if repeat.model is model else None, further)
        try:
            ways = drivers(files, repeat, wish)
        except CannotCut:
            if not found:
                raise
            continue
        for driver in _direct_first(ways) if last and number else ways:
            if len(found) >= (_MOST if last else _MOST - 1):
                break
            cut = sliced(finding, files, driver, {*given, *setup_names}, rows)
            snippet = assembled(finding, files, cut, (model.path, row), given, setup_names)
            text = snippet.render().text
            # without a probe a guess at a call went wrong: the way does not lead to the repeat
            if snippet.has_probe() and text not in seen:
                seen.add(text)
                found.append(snippet)
    if not found:
        raise CannotCut("a place that repeats")
    return found


def further_snippet(
    finding: Finding, files: Files, given: Mapping[str, str], choice: int, setup: str
) -> Snippet | None:
    """The same slice, going on behind the loop with what uses the collections that it fills; None when there is none.

    choice   which of the candidates ran as flagged        setup   the user's own
    """
    try:
        candidates = snippets(finding, files, given, setup_names=bound_by(setup), further=True)
    except (CannotCut, RecursionError):
        return None
    return candidates[min(choice, len(candidates) - 1)]


def _direct_first(ways: Sequence[Driver]) -> list[Driver]:
    """The last repeat is there because the program's own way did not lead to the place: its functions are called
    directly first."""
    return sorted(ways, key=lambda driver: (not driver.called, driver.guessed))


def _rows_to_keep(files: Files, trace: Sequence[Origin]) -> dict[FileModel, set[int]]:
    """Rows whose statements are kept in any case, by file: the trace passes through them."""
    rows: dict[FileModel, set[int]] = {}
    for path, row in trace:
        origin = files.get(path)
        if origin is not None:
            rows.setdefault(origin, set()).add(row)
    return rows


def _bytes_column(model: FileModel, row: int, column: int) -> int:
    """A column of characters from 1 as one of UTF-8 bytes from 0; never before the code of its row."""
    rows = model.source.lines
    text = rows[row - 1] if 0 < row <= len(rows) else ""
    column = max(column, len(text) - len(text.lstrip()) + 1)  # a place that names only its row
    return len(text[: column - 1].encode("utf-8"))


def _module_row(files: Files, step: Step) -> int:
    origin = files.get(step.path)
    return origin.source.module_row(step.cell, step.row) if origin is not None else step.row


def _single(model: FileModel, row: int, column: int) -> Repeat:
    """The outermost statement around a place, inside its function: what a configuration rule flags is run as a
    whole."""
    chain = path_to(model.tree, row, column)
    last = max((depth for depth, node in enumerate(chain) if isinstance(node, FUNCTIONS)), default=0)
    for depth in range(last + 1, len(chain)):
        node = chain[depth]
        if isinstance(node, ast.stmt) and not is_main_guard(node):
            return Repeat("statement", model, node, chain[: depth + 1])
    # a row between two statements (a fix took the flagged one away): the one before it
    before = [statement for statement in model.tree.body if statement.lineno <= row and not is_main_guard(statement)]
    nearest = before[-1] if before else model.tree.body[0]
    return Repeat("statement", model, nearest, (model.tree, nearest))
