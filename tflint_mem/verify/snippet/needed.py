"""Which statements of a block the names that are wanted depend on: the backward slice of straight code."""

from __future__ import annotations

import ast

from .scope import base_name, binds, certainly_binds, changes, dotted, exposed
from .syntax import BLOCKS, block

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Calls whose result is thrown away and that only show, tell or train: no snippet needs them before its region.
_WITHOUT_EFFECT = frozenset(
    """
print pprint display summary plot_model show imshow savefig figure subplot subplots title xlabel ylabel legend plot hist
bar scatter axis grid tight_layout close_all info debug warning error exception critical log write_log fit fit_generator
evaluate evaluate_generator predict train_on_batch head describe sleep wait waitKey input exit quit run_server serve
login init_wandb finish watch log_artifact collect clear_session flush
""".split()
)

# Settings of the process that the region may depend on without naming them.
_SETTINGS = frozenset(
    {
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
    }
)


def needed_before(statements: list[ast.stmt], target: ast.stmt | None, needed: set[str]) -> list[ast.stmt]:
    """Statements of a block before `target` (None: all) that the names in `needed` depend on, in order.

    Adds to `needed` what they need themselves.

    A name that a kept statement certainly binds needs nothing from before that statement, unless that statement itself
    reads it.
    """
    kept: list[ast.stmt] = []
    position = statements.index(target) if target is not None else len(statements)
    for statement in reversed(statements[:position]):
        if _is_needed(statement, needed):
            kept.append(statement)
            needed -= certainly_binds(statement)
            needed |= exposed(statement)
    return kept[::-1]


def _is_needed(statement: ast.stmt, needed: set[str]) -> bool:
    if isinstance(statement, (ast.Return, ast.Raise, ast.Assert, ast.Pass, ast.Break, ast.Continue)):
        return False
    if isinstance(statement, (ast.Global, ast.Nonlocal)):
        return True
    if _is_setting(statement):
        return True
    if isinstance(statement, ast.ImportFrom) and any(alias.name == "*" for alias in statement.names):
        return True
    if binds(statement) & needed and not isinstance(statement, ast.Delete):
        return True
    if _defines_option(statement) and {name.lower() for name in needed} & {"flags"}:
        return True
    if _only_shows(statement):
        return False
    return bool(changes(statement) & needed)


def _is_setting(statement: ast.stmt) -> bool:
    """Does the statement set the process up (eager mode, seeds, folders, environment), whatever it names?"""
    for node in ast.walk(statement):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            return False
    for node in ast.walk(statement):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            name = _last_name(node.value)
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


def _defines_option(statement: ast.stmt) -> bool:
    """`flags.DEFINE_integer("size", 4, "...")`: what FLAGS is asked for."""
    return isinstance(statement, ast.Expr) and (_last_name(statement.value) or "").startswith("DEFINE_")


def _last_name(value: ast.expr) -> str | None:
    """The method or function that a call names last, else the name at the root of the expression."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        return value.func.attr
    return base_name(value)


def _begins_session(call: ast.Call) -> bool:
    """`sess.run(tf.global_variables_initializer())`, `session.run(init)`: without it no variable has a value."""
    receiver = base_name(call.func) or ""
    name = _last_name(call.args[0]) if call.args else None
    return ("sess" in receiver.lower() or receiver == "self") and "init" in (name or "")


def _only_shows(statement: ast.AST) -> bool:
    """Is the statement a call that shows, logs or trains, and whose result is thrown away?"""
    if not isinstance(statement, ast.Expr):
        if isinstance(statement, (ast.If, ast.For, ast.While, ast.With, ast.Try)):
            inner = [child for name in BLOCKS for child in _statements(block(statement, name))]
            return bool(inner) and all(
                _only_shows(child) or isinstance(child, (ast.Pass, ast.Return, ast.Raise, ast.Continue, ast.Break))
                for child in inner
            )
        return False
    call = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
    if isinstance(call, ast.Constant):
        return True  # a docstring or a string used as a comment
    if not isinstance(call, ast.Call):
        return isinstance(call, (ast.Name, ast.Attribute, ast.Subscript, ast.JoinedStr, ast.Compare))
    return _last_name(call) in _WITHOUT_EFFECT


def _statements(nodes: list[ast.AST]) -> Iterator[ast.AST]:
    """The statements of a block; of handlers and cases those inside them."""
    for node in nodes:
        if isinstance(node, (ast.ExceptHandler, ast.match_case)):
            yield from node.body
        else:
            yield node
