"""Cutting statements: which of a block are needed for a target in it, and the text of what is left.

Text is taken from the file line by line, never printed from the tree, so that the snippet shows the user's own code.
"""

import ast

from .scope import base_name, binds, certainly_binds, changes, dotted, exposed
from .snippet import Line

# Calls whose result is thrown away and that only show, tell or train: no snippet needs them before its region.
_WITHOUT_EFFECT = frozenset(
    """
print pprint display summary plot_model show imshow savefig figure subplot subplots title xlabel ylabel legend plot hist bar
scatter axis grid tight_layout close_all info debug warning error exception critical log write_log fit fit_generator
evaluate evaluate_generator predict train_on_batch head describe sleep wait waitKey input exit quit run_server serve
login init_wandb finish watch log_artifact collect clear_session flush
""".split()
)

# Settings of the process that the region may depend on without naming them.
_SETTINGS = (
    "disable_eager_execution",
    "disable_v2_behavior",
    "disable_v2_tensorshape",
    "enable_eager_execution",
    "enable_v2_behavior",
    "set_memory_growth",
    "set_virtual_device_configuration",
    "set_logical_device_configuration",
    "set_visible_devices",
    "set_seed",
    "set_random_seed",
    "seed",
    "set_global_policy",
    "set_policy",
    "set_floatx",
    "set_image_data_format",
    "set_learning_phase",
    "experimental_run_functions_eagerly",
    "run_functions_eagerly",
    "enable_numpy_behavior",
    "set_soft_device_placement",
    "set_session",
    "set_jit",
    "set_optimizer_jit",
    "enable_unsafe_deserialization",
    "makedirs",
    "mkdir",
    "set_start_method",
    "setdefault",
    "filterwarnings",
    "simplefilter",
    "setrecursionlimit",
)

_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


class Text:
    """Rows of one file, to take statements from.  `patch` and `insert` change what is taken, not where things stand."""

    def __init__(self, path, rows):
        self.path, self.rows = path, rows
        self._shown, self._inserted = {}, {}

    def fresh(self):
        """The same rows without patches."""
        return Text(self.path, self.rows)

    def patch(self, changes):
        """changes: [(row, bytes column, bytes of old text to drop, new text)], not overlapping."""
        for row, column, drop, new in sorted(changes, key=lambda change: change[:2], reverse=True):
            raw = self._shown.get(row, self.rows[row - 1]).encode("utf-8")
            self._shown[row] = (raw[:column] + new.encode("utf-8") + raw[column + drop :]).decode("utf-8", "replace")

    def insert(self, row, text):
        """A line of its own before a row."""
        self._inserted.setdefault(row, []).append(text)

    def first_row(self, node):
        """First row of a statement, decorators included."""
        decorators = getattr(node, "decorator_list", None)
        return min([node.lineno] + [decorator.lineno for decorator in decorators or []])

    def lines(self, first, last):
        """Rows `first` to `last` as Lines."""
        found = []
        for row in range(first, last + 1):
            found += [Line(text) for text in self._inserted.get(row, ())]
            found.append(Line(self._shown.get(row, self.rows[row - 1]), (self.path, row)))
        return found

    def indent(self, node):
        """The white space before a statement; None when something else stands before it in its row (`if x: y`, `a; b`)."""
        before = self.rows[self.first_row(node) - 1].encode("utf-8")[: node.col_offset].decode("utf-8", "replace")
        if getattr(node, "decorator_list", None):
            before = before[: len(before) - len(before.lstrip())] if before.strip() in ("", "@") else before.rstrip("@")
        return before if not before.strip() else None

    def statement(self, node):
        """The whole statement as Lines: its own rows, or printed anew where it shares a row with another."""
        indent = self.indent(node)
        last = self.rows[node.end_lineno - 1].encode("utf-8")[node.end_col_offset :].decode("utf-8", "replace").strip()
        if indent is not None and (not last or last.startswith("#")):
            return self.lines(self.first_row(node), node.end_lineno)
        return self.printed(node, indent if indent is not None else " " * node.col_offset)

    def printed(self, node, indent):
        """The statement printed from its tree, at an indent; every line is said to come from the statement's row."""
        return [
            Line(indent + text if text else text, (self.path, node.lineno)) for text in ast.unparse(node).split("\n")
        ]

    def header(self, node):
        """The rows of a compound statement before its first block; None when the block begins in the same row."""
        first = node.body[0]
        begin = self.first_row(first)
        if self.indent(node) is None or self.indent(first) is None or begin == node.lineno:
            return None
        last = begin - 1
        while last > node.lineno and (not self.rows[last - 1].strip() or self.rows[last - 1].lstrip().startswith("#")):
            last -= 1
        return self.lines(self.first_row(node), last)


def path_to(tree, row, column=None):
    """The chain of nodes from the module to the innermost one that covers (row, column); columns are UTF-8 bytes from 0."""
    chain, node = [tree], tree
    while True:
        inner = None
        for child in ast.iter_child_nodes(node):
            if _covers(child, row, column):
                inner = child
                break
        if inner is None:
            return chain
        chain.append(inner)
        node = inner


def _covers(node, row, column):
    if not hasattr(node, "lineno"):
        # arguments, comprehension, withitem ...: they have no place of their own
        return any(_covers(child, row, column) for child in ast.iter_child_nodes(node))
    first = min([node.lineno] + [decorator.lineno for decorator in getattr(node, "decorator_list", [])])
    if not first <= row <= node.end_lineno:
        return False
    if column is None:
        return True
    if row == node.lineno == first and column < node.col_offset:
        return False
    return not (row == node.end_lineno and column >= node.end_col_offset)


def block_of(parent, child):
    """(name of the list, list) of the block of `parent` that holds `child`, or (None, None)."""
    for name in _BLOCKS:
        block = getattr(parent, name, None)
        if isinstance(block, list) and child in block:
            return name, block
    return None, None


def needed_before(block, target, needed):
    """Statements of `block` before `target` that the names in `needed` depend on, in order; adds to `needed` what they need.

    A name that a kept statement certainly binds needs nothing from before that statement, unless that statement itself
    reads it.
    """
    kept = []
    position = block.index(target) if target is not None else len(block)
    for statement in reversed(block[:position]):
        if _is_needed(statement, needed):
            kept.append(statement)
            needed -= certainly_binds(statement)
            needed |= exposed(statement)
    return kept[::-1]


def _is_needed(statement, needed):
    if isinstance(statement, (ast.Return, ast.Raise, ast.Assert, ast.Pass, ast.Break, ast.Continue)):
        return False
    if isinstance(statement, (ast.Global, ast.Nonlocal)):
        return True
    if is_setting(statement):
        return True
    if isinstance(statement, ast.ImportFrom) and any(alias.name == "*" for alias in statement.names):
        return True
    if binds(statement) & needed and not isinstance(statement, ast.Delete):
        return True
    if _defines_option(statement) and {name.lower() for name in needed} & {"flags"}:
        return True
    if only_shows(statement):
        return False
    return bool(changes(statement) & needed)


def is_setting(statement):
    """Does the statement set the process up (eager mode, seeds, folders, environment), whatever it names?"""
    for node in ast.walk(statement):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            return False
    for node in ast.walk(statement):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            name = node.value.func.attr if isinstance(node.value.func, ast.Attribute) else base_name(node.value.func)
            if name in _SETTINGS:
                return True
            if name == "run" and _begins_session(node.value) and not isinstance(statement, (ast.For, ast.While)):
                return True
        elif (
            isinstance(node, ast.Subscript)
            and isinstance(node.ctx, ast.Store)
            and (dotted(node.value) or "").endswith("environ")
        ):
            return True
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr in ("allow_growth",):
            return True
    return False


def _defines_option(statement):
    """`flags.DEFINE_integer("size", 4, "...")`: what FLAGS is asked for."""
    call = getattr(statement, "value", None)
    name = (
        call.func.attr
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        else base_name(call)
        if call is not None
        else None
    )
    return isinstance(statement, ast.Expr) and (name or "").startswith("DEFINE_")


def _begins_session(call):
    """`sess.run(tf.global_variables_initializer())`, `session.run(init)`: without it no variable has a value."""
    receiver = base_name(call.func) or ""
    given = call.args[0] if call.args else None
    name = (
        given.func.attr
        if isinstance(given, ast.Call) and isinstance(given.func, ast.Attribute)
        else base_name(given)
        if given is not None
        else None
    )
    return ("sess" in receiver.lower() or receiver == "self") and "init" in (name or "")


def only_shows(statement):
    """Is the statement a call that shows, logs or trains, and whose result is thrown away?"""
    if not isinstance(statement, ast.Expr):
        if isinstance(statement, (ast.If, ast.For, ast.While, ast.With, ast.Try)):
            inner = [child for name in _BLOCKS for child in _statements(getattr(statement, name, []))]
            return bool(inner) and all(
                only_shows(child) or isinstance(child, (ast.Pass, ast.Return, ast.Raise, ast.Continue, ast.Break))
                for child in inner
            )
        return False
    call = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
    if isinstance(call, ast.Constant):
        return True  # a docstring or a string used as a comment
    if not isinstance(call, ast.Call):
        return isinstance(call, (ast.Name, ast.Attribute, ast.Subscript, ast.JoinedStr, ast.Compare))
    name = call.func.attr if isinstance(call.func, ast.Attribute) else base_name(call.func)
    return name in _WITHOUT_EFFECT


def _statements(block):
    for item in block:
        if isinstance(item, ast.ExceptHandler) or type(item).__name__ == "match_case":
            yield from item.body
        else:
            yield item
