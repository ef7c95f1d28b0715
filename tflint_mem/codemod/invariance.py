"""Does an expression mean the same in each repeat of a loop?  Questions to the standard library's `ast`."""

import ast

from . import NoFix
from .names import bound, chains, changed, everything, kept, loaded
from .outline import dotted
from .survey import Altered, Given

# Calls that give the same answer each time they are asked with the same arguments.
PURE = frozenset(
    (
        "Path abs abspath basename bool bytes dict dirname expanduser float format format_map frozenset fspath getattr int "
        "isinstance join joinpath len list lower max min normpath realpath repr resolve round rstrip set sorted split str "
        "strip sum tuple upper zip range relative_to replace with_suffix"
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
        "append basename debug error exception exists get getmtime getsize glob imread info is_dir is_file isdir isfile items "
        "keys listdir load load_model load_weights log numpy print read_bytes read_csv read_text stat stem values warn warning"
    ).split()
)
# TensorFlow's functions leave their arguments and files alone unless their names say so.
_WRITING = ("assign", "copy", "delete", "export", "mkdir", "move", "remove", "rename", "rmtree", "save", "write")
SUSPENDS = (ast.Await, ast.Yield, ast.YieldFrom)


def same_each_time(value, scope, main, modules):
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


def interference(value, scope, exclude, modules, rebound) -> list:
    """Doubts about code in `scope` that may change what `value` reads; NoFix when it certainly does.

    exclude  the statement that moves, whose own calls do not count
    rebound  names that functions of the file may bind from afar (global, nonlocal)
    """
    doubts = []
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
    calls, effects = kept(scope[0], ("given", frozenset(modules)), lambda: _calls(scope, modules))
    doubts += [f"the loop calls {_last(node)}()" for node in effects if id(node) not in skip][:1]
    other = calls.first(shared, literals, skip)
    if other is not None:
        doubts.append(f"{_last(other)}() is given the same argument")
    return doubts


def _calls(scope, modules) -> tuple:
    """The calls in `scope` by what they are given, without those that only look at it, and those with global effects."""
    calls, effects = Given(), []
    for node in everything(scope):
        if not isinstance(node, ast.Call):
            continue
        last = _last(node)
        if last in _GLOBAL_EFFECTS:
            effects.append(node)
        if (
            last in _LOOKING
            or dotted(node.func).split(".")[0] in modules
            and not any(word in last for word in _WRITING)
        ):
            continue
        given = _given(node)
        calls.add(
            node,
            chains(given),
            {part.value for part in given if isinstance(part, ast.Constant) and isinstance(part.value, (str, bytes))},
        )
    return calls, effects


def _last(call) -> str:
    return dotted(call.func).split(".")[-1] or getattr(call.func, "attr", "")


def _own_names(value):
    """Names that comprehensions and lambdas inside `value` bind for themselves."""
    found = set()
    for node in ast.walk(value):
        if isinstance(node, ast.comprehension):
            found |= bound([node.target])
        elif isinstance(node, ast.Lambda):
            found |= {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
    return found


def _repeatable(call, trusted) -> bool:
    """Whether a call inside the moved code gives the same answer each time: pure functions, constructors, TensorFlow."""
    name = dotted(call.func)
    last = name.split(".")[-1] if name else getattr(call.func, "attr", "")
    if "random" in name.split(".") or last in ("next", "input", "iter"):
        return False
    first = call
    while isinstance(first.func, ast.Attribute) and isinstance(first.func.value, ast.Call):
        first = first.func.value  # tf.data.Dataset.range(8).map(f).batch(2)
    return last in PURE or last[:1].isupper() or dotted(first.func).split(".")[0] in trusted


def _given(call) -> list:
    """The names and literals a call can get at: its receiver and arguments, through pure functions but no others."""
    found = []
    stack = [*call.args, *(keyword.value for keyword in call.keywords)]
    if isinstance(call.func, ast.Attribute):
        stack.append(call.func.value)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Call) and (dotted(node.func) or "?").split(".")[-1] not in PURE:
            continue
        if isinstance(node, ast.Constant) or dotted(node):
            found.append(node)
        else:
            stack.extend(ast.iter_child_nodes(node))
    return found
