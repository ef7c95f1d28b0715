"""Cuts one file down to what a snippet needs from it: the backward slice of a driver statement, or of a set of names."""

import ast
import copy

from .cut import _BLOCKS, needed_before
from .scope import attributes_used, binds, certainly_binds, exposed, parameters, reads
from .snippet import Line

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Synthetic(ast.stmt):
    """Lines that the cutter writes itself, standing as a statement in a pruned block."""

    _fields = ()
    synthetic = True

    def __init__(self, lines, names=()):
        super().__init__()
        self.lines, self.names = list(lines), set(names)


class Replacing(Synthetic):
    """Synthetic lines that stand in place of the target, not behind it."""


def is_main_guard(node):
    """`if __name__ == "__main__":`"""
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Compare)
        and any(
            isinstance(side, ast.Name) and side.id == "__name__" for side in [node.test.left] + node.test.comparators
        )
    )


def prune(chain, rows=(), after=None, needed=None):
    """A copy of chain[0] that keeps only what leads to chain[-1], and the names it needs from outside.

    chain  statements, each inside the one before; the last is the target and is kept whole
    rows   rows whose statements are kept in any case
    after  a Synthetic to stand behind the target
    """
    needed = set() if needed is None else needed
    statement = chain[0]
    if len(chain) == 1:
        needed |= exposed(statement)
        if after is not None:
            needed |= after.names
        return statement, needed
    child = chain[1]
    holder, block = _block_with(statement, child)
    inner, needed = prune(chain[1:], rows, after if len(chain) > 2 else None, needed)
    tail = [inner]
    if len(chain) == 2 and after is not None:
        tail = [after] if isinstance(after, Replacing) else [inner, after]
        needed |= after.names
    _close(needed, [node for node in block if isinstance(node, _FUNCTIONS + (ast.ClassDef,)) and node is not child])
    kept = needed_before(block, child, needed)
    if rows:
        kept = _with_rows(block, child, kept, rows, needed)
    new = copy.copy(statement)
    for name in _BLOCKS:
        if hasattr(new, name):
            setattr(new, name, [])
    new.body = kept + tail
    new.pruned, new.first_child = True, statement.body[0]
    new.forced = isinstance(statement, (ast.If, ast.Try)) or type(statement).__name__ in ("TryStar", "Match")
    if isinstance(statement, _FUNCTIONS):
        # what decorates a function on the way (a route, a command) would get between us and it
        new.decorator_list = [
            decorator
            for decorator in statement.decorator_list
            if isinstance(decorator, ast.Name) and decorator.id in ("staticmethod", "classmethod", "property")
        ]
        local = parameters(statement)
        for node in kept + tail:
            if not isinstance(node, Synthetic):
                local |= binds(node)
        shared = {name for node in kept if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names}
        needed -= local - shared
        needed |= reads(_signature(statement))
    elif isinstance(statement, (ast.For, ast.AsyncFor)):
        needed -= {node.id for node in ast.walk(statement.target) if isinstance(node, ast.Name)}
        needed |= reads(statement.iter)
    elif isinstance(statement, (ast.With, ast.AsyncWith)):
        needed -= certainly_binds(statement)
        for item in statement.items:
            needed |= reads(item.context_expr)
    elif isinstance(statement, ast.While):
        needed |= reads(statement.test)
    elif isinstance(statement, ast.ClassDef):
        # methods that the kept one calls are added by the class's own pruning: keep them all here
        new.body = [inner if node is child else node for node in statement.body]
        new.kept_method = inner
        needed = {statement.name}
    return new, needed


def _signature(function):
    bare = copy.copy(function)
    bare.body, bare.decorator_list = [ast.Pass()], []
    return bare


def _block_with(statement, child):
    for name in _BLOCKS:
        for item in getattr(statement, name, []) or []:
            if item is child:
                return statement, getattr(statement, name)
            if not isinstance(item, ast.stmt) and child in getattr(item, "body", []):
                return item, item.body
    raise LookupError("the chain is broken")


def _with_rows(block, child, kept, rows, needed):
    position = block.index(child)
    wanted = [node for node in block[:position] if any(node.lineno <= row <= node.end_lineno for row in rows)]
    for node in wanted:
        if node not in kept:
            needed |= reads(node)
    before = needed_before(block, child, set(needed))
    return [node for node in block[:position] if node in kept or node in wanted or node in before]


def _close(needed, definitions):
    """Adds what needed functions and classes read, and what those need in turn."""
    by_name = {}
    for node in definitions:
        by_name.setdefault(node.name, []).append(node)
    done, stack = set(), list(needed)
    while stack:
        name = stack.pop()
        if name in done:
            continue
        done.add(name)
        for node in by_name.get(name, ()):
            fresh = reads(node) - needed
            needed |= fresh
            stack.extend(fresh)


class FileCut:
    """What a snippet takes from one file.

    prelude     top-level statements (perhaps pruned), in order
    setup       statements of the `if __name__ == "__main__"` block before the driver
    needed      names that the kept statements read
    missing     names that nothing at the top level of the file binds
    """

    __slots__ = ("model", "prelude", "setup", "needed", "missing")

    def __init__(self, model, prelude, setup, needed, missing):
        self.model, self.prelude, self.setup, self.needed, self.missing = model, prelude, setup, needed, missing

    def nodes(self):
        """All kept statements."""
        return self.prelude + self.setup


def cut(model, needed, driver=None, replaced=None, attributes=(), rows=(), given=()):
    """The FileCut of a file for names.

    needed      names that the driver (or the importing files) want
    driver      the top-level statement (or statement of the main guard) that is run; None: the file is a library here
    replaced    {top-level statement: pruned copy}
    attributes  attribute names used anywhere in the snippet: decides which methods of own classes stay
    rows        rows whose statements are kept in any case
    given       names that are given by the user's setup: not looked for
    """
    replaced = replaced or {}
    needed = set(needed) - set(given)
    guards = [node for node in model.tree.body if is_main_guard(node)]
    body = []
    for node in model.tree.body:
        if node not in guards:
            body.append(_trimmed_class(replaced.get(node, node), model, attributes))
    setup, holder = [], None
    if driver is not None:
        holder = next((guard for guard in guards if driver in guard.body), None)
    definitions = [node for node in body if isinstance(node, _FUNCTIONS + (ast.ClassDef,))]
    _close(needed, definitions)
    if holder is not None:
        setup = needed_before(holder.body, driver, needed)
        _close(needed, definitions)
        limit = body
    elif driver is not None:
        position = model.tree.body.index(driver)
        before = {id(replaced.get(node, node)) for node in model.tree.body[:position]}
        limit = [
            node
            for node, old in zip(body, [n for n in model.tree.body if n not in guards])
            if id(replaced.get(old, old)) in before
        ]
    else:
        limit = body
    whole = set(needed)
    kept = _backward(limit, needed, definitions, rows, whole)
    bound = set()
    for node in kept + setup:
        bound |= binds(node)
    missing = {name for name in whole if name not in bound}
    if guards and missing and holder is None:
        # globals that a script sets in its main block and its functions read
        found = []
        for guard in guards:
            if driver is not None and guard.lineno > driver.lineno:
                continue
            wanted = set(missing)
            found += needed_before(guard.body, None, wanted)
        if found:
            setup = found
            extra = reads(*found)
            more = extra - bound
            whole |= extra
            if more:
                _close(more, definitions)
                again = _backward(limit, set(more), definitions, rows, whole)
                kept = [node for node in limit if node in kept or node in again]
            for node in kept + setup:
                bound |= binds(node)
            missing = {name for name in whole if name not in bound}
    return FileCut(model, kept, setup, whole, missing)


def _backward(body, needed, definitions, rows, whole):
    kept = []
    for statement in reversed(body):
        forced = any(statement.lineno <= row <= statement.end_lineno for row in rows)
        if forced or needed_before([statement], None, set(needed)):
            kept.append(statement)
            if not forced:
                needed -= certainly_binds(statement)
            needed |= exposed(statement)
            _close(needed, definitions)
            whole |= needed
    return kept[::-1]


def _trimmed_class(node, model, attributes):
    """A class of which only the methods that the snippet can reach are left; classes with foreign bases stay whole."""
    if not isinstance(node, ast.ClassDef) or getattr(node, "trimmed", False):
        return node
    own = {other.name for other in model.tree.body if isinstance(other, ast.ClassDef)}
    if (
        not all(isinstance(base, ast.Name) and (base.id in own or base.id == "object") for base in node.bases)
        or node.decorator_list
    ):
        return node
    new = copy.copy(node)
    new.body = [
        child
        for child in node.body
        if not isinstance(child, _FUNCTIONS)
        or child.name in attributes
        or (child.name.startswith("__") and child.name.endswith("__"))
        or child is getattr(node, "kept_method", None)
    ]
    if len(new.body) == len(node.body):
        return node
    new.body = new.body or [node.body[0]]
    new.pruned = new.trimmed = True
    new.forced, new.first_child = False, getattr(node, "first_child", node.body[0])
    return new


def attributes_in(nodes):
    """Attribute names in kept statements."""
    return attributes_used(*[node for node in nodes if not isinstance(node, Synthetic)])


def write(statements, text, needed, model=None, main=False):
    """The statements as Lines.  main: the file becomes the snippet itself, so that its relative imports become absolute."""
    lines, previous = [], None
    for statement in statements:
        if previous is not None and (
            isinstance(statement, _FUNCTIONS + (ast.ClassDef,)) or isinstance(previous, _FUNCTIONS + (ast.ClassDef,))
        ):
            lines += [Line(""), Line("")]
        lines += _written(statement, text, needed, model, main)
        previous = statement
    return lines


def _written(statement, text, needed, model, main):
    if isinstance(statement, Synthetic):
        return list(statement.lines)
    if isinstance(statement, (ast.Import, ast.ImportFrom)) and needed is not None:
        return _import(statement, text, needed, model, main)
    if not getattr(statement, "pruned", False):
        return text.statement(statement)
    indent = text.indent(statement)
    header = text.header(_original(statement))
    if getattr(statement, "forced", False):
        header = [Line(indent + "if True:  # this branch is taken", (text.path, statement.lineno))]
    elif header is None:
        return text.printed(statement, indent or "")
    body = []
    for child in statement.body:
        if body and isinstance(statement, ast.ClassDef):
            body.append(Line(""))
        body += _written(child, text, None, model, main)
    return header + body


def _original(statement):
    """The statement with a first child in its body that stands where the block began."""
    probe = copy.copy(statement)
    probe.body = [getattr(statement, "first_child", statement.body[0])]
    return probe


def _import(statement, text, needed, model, main):
    names = [
        alias for alias in statement.names if alias.name == "*" or (alias.asname or alias.name.split(".")[0]) in needed
    ]
    relative = isinstance(statement, ast.ImportFrom) and statement.level and main
    if len(names) == len(statement.names) and not relative:
        return text.statement(statement)
    new = copy.copy(statement)
    new.names = names or statement.names
    if relative:
        from .files import absolute_parts

        new.module, new.level = ".".join(absolute_parts(statement, model)), 0
    indent = text.indent(statement)
    return text.printed(new, indent if indent is not None else " " * statement.col_offset)
