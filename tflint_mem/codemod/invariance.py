"""Does an expression mean the same in each repeat of a loop?  Questions to the standard library's `ast`."""

from __future__ import annotations

import ast

from . import NoFix
from .names import bound, chains, changed, everything, kept, loaded
from .outline import dotted
from .survey import Altered, Given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

# Calls that give the same answer each time they are asked with the same arguments.
PURE = frozenset(
    (
        "Path abs abspath basename bool bytes dict dirname expanduser float format format_map frozenset fspath getattr "
        "int isinstance join joinpath len list lower max min normpath realpath repr resolve round rstrip set sorted "
        "split str strip sum tuple upper zip range relative_to replace with_suffix"
    ).split()
)
# Calls that may change what a later load, build or lookup sees, whatever they are given.
_GLOBAL_EFFECTS = frozenset(
    (
        "chdir clear_session enable_eager_execution disable_eager_execution reset_default_graph reset_uids seed "
        "set_floatx set_global_policy set_learning_phase set_random_seed set_seed set_session set_visible_devices"
    ).split()
)
# Calls that only look at a path or a value they share with the code that moves.
_LOOKING = PURE | frozenset(
    (
        "append basename debug error exception exists get getmtime getsize glob imread info is_dir is_file isdir "
        "isfile items keys listdir load load_model load_weights log numpy print read_bytes read_csv read_text stat "
        "stem values warn warning"
    ).split()
)
# TensorFlow's functions leave their arguments and files alone unless their names say so.
_WRITING = ("assign", "copy", "delete", "export", "mkdir", "move", "remove", "rename", "rmtree", "save", "write")
SUSPENDS = (ast.Await, ast.Yield, ast.YieldFrom)


def same_each_time(value: ast.expr, scope: Sequence[ast.AST], main: ast.AST | None, modules: AbstractSet[str]) -> None:
    """NoFix unless the expression `value` means the same in each repeat of the `ast` nodes `scope`.

    main     the call that matters, trusted to give the same each time
    modules  local names of TensorFlow and Keras, whose functions are trusted too
    """
    if any(isinstance(node, SUSPENDS) for node in ast.walk(value)):
        raise NoFix("it waits for something in each repeat")
    varying = (loaded([value]) - _own_names(value)) & bound(scope)
    if varying:
        raise NoFix(f"it uses {sorted(varying)[0]}, which the loop binds")
    if any(isinstance(node, ast.NamedExpr) for node in ast.walk(value)):
        raise NoFix("it binds a name on the way")
    for node in ast.walk(value):
        if isinstance(node, ast.Call) and node is not main and not _repeatable(node, modules):
            raise NoFix(f"{ast.unparse(node.func)}() may answer differently in each repeat")


def interference(
    value: ast.expr,
    scope: Sequence[ast.AST],
    exclude: ast.AST,
    modules: AbstractSet[str],
    rebound: AbstractSet[str],
) -> list[str]:
    """Doubts about code in `scope` that may change what `value` reads; NoFix when it certainly does.

    exclude  the statement that moves, whose own calls do not count
    rebound  names that functions of the file may bind from afar (global, nonlocal)
    """
    doubts: list[str] = []
    reads = chains([value])
    skip = set(map(id, ast.walk(exclude)))
    altered = kept(
        scope[0],
        ("altered", frozenset(modules)),
        lambda: Altered(change for change in changed(scope) if change.split(".")[0] not in modules),
    )
    for chain in sorted(reads):
        if altered.touching(chain):
            raise NoFix(f"the loop changes {altered.touching(chain)}")
    shared = {chain for chain in reads if chain.split(".")[0] not in modules}
    functions = {dotted(node.func) for node in ast.walk(value) if isinstance(node, ast.Call)}
    shared -= functions
    literals = {
        node.value
        for node in ast.walk(value)
        if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)) and node.value
    }
    for name in sorted(rebound & {chain.split(".")[0] for chain in shared}):
        doubts.append(f"another function may rebind {name}")
    calls = kept(scope[0], ("given", frozenset(modules)), lambda: _Calls(scope, modules))
    doubts += [f"the loop calls {_last(node)}()" for node in calls.effects if id(node) not in skip][:1]
    other = calls.given.first(shared, literals, skip)
    if other is not None:
        doubts.append(f"{_last(other)}() is given the same argument")
    return doubts


class _Calls:
    """The calls in some code.

    given    those that may do something with what they are given, which are more than those that only look at it
    effects  those that change something for all of the program, in the order of a walk
    """

    __slots__ = ("given", "effects")

    def __init__(self, scope: Sequence[ast.AST], modules: AbstractSet[str]) -> None:
        self.given = Given()
        self.effects: list[ast.Call] = []
        for node in everything(scope):
            if not isinstance(node, ast.Call):
                continue
            last = _last(node)
            if last in _GLOBAL_EFFECTS:
                self.effects.append(node)
            if (
                last in _LOOKING
                or dotted(node.func).split(".")[0] in modules
                and not any(word in last for word in _WRITING)
            ):
                continue
            given = _within_reach(node)
            self.given.add(
                node,
                chains(given),
                {
                    part.value
                    for part in given
                    if isinstance(part, ast.Constant) and isinstance(part.value, (str, bytes))
                },
            )


def _last(call: ast.Call) -> str:
    """The last name of what is called, "" when it has none."""
    return dotted(call.func).split(".")[-1] or (call.func.attr if isinstance(call.func, ast.Attribute) else "")


def _own_names(value: ast.expr) -> set[str]:
    """Names that comprehensions and lambdas inside `value` bind for themselves."""
    found: set[str] = set()
    for node in ast.walk(value):
        if isinstance(node, ast.comprehension):
            found |= bound([node.target])
        elif isinstance(node, ast.Lambda):
            found |= {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
    return found


def _repeatable(call: ast.Call, trusted: AbstractSet[str]) -> bool:
    """Whether a call in the moved code gives the same answer each time: pure functions, constructors, TensorFlow."""
    name, last = dotted(call.func), _last(call)
    if "random" in name.split(".") or last in ("next", "input", "iter"):
        return False
    first = call
    while isinstance(first.func, ast.Attribute) and isinstance(first.func.value, ast.Call):
        first = first.func.value  # tf.data.Dataset.range(8).map(f).batch(2)
    return last in PURE or last[:1].isupper() or dotted(first.func).split(".")[0] in trusted


def _within_reach(call: ast.Call) -> list[ast.expr]:
    """The names and literals a call can get at: its receiver and arguments, through pure functions but no others."""
    found: list[ast.expr] = []
    stack: list[ast.AST] = [*call.args, *(keyword.value for keyword in call.keywords)]
    if isinstance(call.func, ast.Attribute):
        stack.append(call.func.value)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Call) and (dotted(node.func) or "?").split(".")[-1] not in PURE:
            continue
        if isinstance(node, ast.Constant) or isinstance(node, ast.expr) and dotted(node):
            found.append(node)
        else:
            stack.extend(ast.iter_child_nodes(node))
    return found
