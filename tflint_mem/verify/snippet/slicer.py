"""From a finding to snippets: the repeating region, the way to it, and what both need, over all first-party files.

`snippets()` gives candidates, the most faithful first: the user's own calls from the top of the program down to the
repeat; then the function around the repeat, called directly with stand-ins for its parameters.
"""

import ast

from .assemble import assembled
from .cut import path_to
from .cutter import is_main_guard
from .driver import drivers
from .region import Repeat, find_repeats, function_around
from .snippet import CannotCut

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def snippets(finding, files, given=None, once=False, most=3, setup_names=(), further=False):
    """Snippets for a finding, the most faithful first.  Raises CannotCut when there is none.

    files   Files; the finding's own file is looked up there
    given   {name: source} of `verify-with` comments
    once    run the flagged statement once instead of its repeat (rules about configuration)
    further go on behind the loop with what uses the collections that it fills
    """
    model = files.get(finding.path)
    if model is None:
        raise CannotCut("a file that parses")
    row = model.source.module_row(finding.cell, finding.start[0])
    column = _bytes_column(model, row, finding.start[1])
    trace = [(step.path, _module_row(files, step), 0) for step in finding.trace or ()]
    flagged = (model.path, row)
    given = dict(given or {})
    if once:
        repeats = [_single(model, row, column)]
        trace = []
    else:
        repeats = find_repeats(files, model, row, column, trace)
        repeats += function_around(model, row, column, repeats)
    rows = {}
    for path, step_row, _ in (
        [(step.path, _module_row(files, step), 0) for step in finding.trace or ()] if once else trace[1:]
    ):
        origin = files.get(path)
        if origin is not None:
            rows.setdefault(origin, set()).add(step_row)
    found, seen = [], set()
    for number, repeat in enumerate(repeats):
        last = number == len(repeats) - 1
        try:
            ways = drivers(files, repeat, given, once, rows, row if repeat.model is model else None, further)
        except CannotCut:
            if not found:
                raise
            continue
        # the last repeat is there because the program's own way did not lead to the place: its functions are called directly first
        for driver in sorted(ways, key=lambda driver: (not driver.called, driver.guessed)) if last and number else ways:
            if len(found) >= (most if last else most - 1):
                break
            snippet = assembled(finding, files, driver, flagged, given, rows, setup_names)
            text = snippet.render()[0]
            if not snippet.has_probe():
                continue  # a guess at a call went wrong: the way does not lead to the repeat
            if text not in seen:
                seen.add(text)
                found.append(snippet)
    if not found:
        raise CannotCut("a place that repeats")
    return found


def _bytes_column(model, row, column):
    rows = model.source.lines
    text = rows[row - 1] if 0 < row <= len(rows) else ""
    column = max(column, len(text) - len(text.lstrip()) + 1)  # a place that names only its row
    return len(text[: column - 1].encode("utf-8"))


def _module_row(files, step):
    origin = files.get(step.path)
    return origin.source.module_row(step.cell, step.row) if origin is not None else step.row


def _single(model, row, column):
    """The outermost statement around a place, inside its function: what a configuration rule flags is run as a whole."""
    chain = path_to(model.tree, row, column)
    last = max((depth for depth, node in enumerate(chain) if isinstance(node, _FUNCTIONS)), default=0)
    for depth in range(last + 1, len(chain)):
        if isinstance(chain[depth], ast.stmt) and not is_main_guard(chain[depth]):
            return Repeat("statement", model, chain[depth], chain[: depth + 1])
    # a row between two statements (a fix took the flagged one away): the one before it
    before = [node for node in model.tree.body if node.lineno <= row and not is_main_guard(node)]
    node = before[-1] if before else model.tree.body[0]
    return Repeat("statement", model, node, (model.tree, node))
