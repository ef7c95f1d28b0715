"""May the load of a saved model run once for all passes of a loop?

Not where a pass writes the file, waits for it, or changes the model.  Which file that is goes by what literals tell of
its path: one that nobody knows may be any, and then the load stays where it is.
"""

from __future__ import annotations

from tflint_mem.codemod import NoFix
from tflint_mem.facts import Assign, Attribute, Augment, CallRef, Name, Subscript, tail_of, walk

from .paths import ANYWHERE, ends, may_be_same, target
from .side_effects import of_loop
from .syntax import local_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

    from .paths import Ends
    from .side_effects import Effects

    Change = tuple[str, int]  # how something is changed, and the block in which that happens

PAUSE = 1  # seconds of sleep in a pass from which it may wait for a new file
_FILES = frozenset(("filepath", "path", "export_dir", "handle", "model_path"))
_CHANGES = frozenset(
    (
        "fit",
        "fit_generator",
        "train_on_batch",
        "train_step",
        "compile",
        "set_weights",
        "load_weights",
        "pop",
        "add",
        "pop_layer",
        "build",
        "adapt",
        "make_train_function",
        "insert",
        "insert_or_assign",
        "set_vocabulary",
        "erase",
        "remove",
        "reset_states",
        "reset_state",
        "build_from_config",
        "load_own_variables",
        "quantize",
        "rename",
    )
)


_WRITERS = (
    "save",
    "save_model",
    "save_weights",
    "copy",
    "copyfile",
    "move",
    "replace",
    "rename",
    "urlretrieve",
    "ModelCheckpoint",
    "write_bytes",
    "export",
)


def doubt(context: Context, m: Module, i: int, loop: int) -> str:
    """What makes it unsafe to load once before the block `loop` what call `i` loads in it, "" for nothing.

    Raises NoFix where it would be wrong.
    """
    effects = of_loop(context, m, loop, but=i)
    change = changing(context, m, i, loop)
    if change:
        raise NoFix(f"each pass changes the model it loads: {change}")
    wrong = refusal(context, m, i, effects)
    if wrong:
        raise NoFix(wrong)
    for argument in m.arguments(i):
        for e in walk(argument, m.calls):
            if (
                isinstance(e, Attribute)
                and e.attr in effects.attributes
                or isinstance(e, Name)
                and any(name == e.id for _, name in effects.names - _own(m, loop))
            ):
                raise NoFix(f"the loop may change {tail_of(e)}")
    if effects.unknown:
        return f"nobody knows what {effects.unknown} does"
    return "the loop waits" if effects.waits else ""


def refusal(context: Context, m: Module, i: int, effects: Effects) -> str:
    """Why the file that call `i` loads may be another one in the next pass of a loop with such effects.

    "" when nothing says so.
    """
    file = _file(context, m, i)
    if any(may_be_same(file, written) for written in effects.written):
        return "the loop may write the file"
    if any(may_be_same(file, looked) for looked in effects.looked):
        return "the loop looks whether the file is there"
    return "the loop waits, it may be for a new file" if effects.waits >= PAUSE else ""


def _file(context: Context, m: Module, i: int) -> Ends:
    """The ends of the path of the file that call `i` reads."""
    call = m.calls[i]
    path = next((k.value for k in call.keywords if k.name in _FILES), call.args[0] if call.args else None)
    return ends(context, m, call.scope, path, call.statement) if path is not None else ANYWHERE


def written_here(context: Context, m: Module, i: int) -> bool:
    """Does a function of the module itself save a model under the name that call `i` loads?"""
    file = _file(context, m, i)
    for tail in _WRITERS:
        for j in m.calls_by_tail().get(tail, ()):
            path = target(context, m, j)
            if path is not None and (m.calls[j].scope or m.loops(m.calls[j].block)) and may_be_same(file, path):
                return True
    return False


def _own(m: Module, loop: int) -> set[tuple[int, str]]:
    """The names that the loop itself binds in the module: the codemod looks at these by their places."""
    scope = m.statements[m.blocks[loop].statement].scope
    return {(m.index, name) for name in m.bindings(scope)} if scope == 0 else set()


def changing(context: Context, m: Module, i: int, loop: int) -> str:
    """How a pass trains or changes the model that call `i` gives, "" when it does not.

    loop   the block of the loop, -1: the whole function
    """
    name, scope = local_name(m, i), m.calls[i].scope
    me = CallRef(i) if name is None else Name(name)
    changes = context.once(("changes", m.index, scope), lambda: _changes_in(m, scope))
    return next((how for how, block in changes.get(me, ()) if m.inside(block, loop)), "")


def _changes_in(m: Module, scope: int) -> dict[Expression, list[Change]]:
    """name or call of a function -> how what it leads to is changed; calls before assignments to parts of a name."""
    found: dict[Expression, list[Change]] = {}
    for j in m.scope_calls(scope):
        f = m.calls[j].func
        if isinstance(f, Attribute) and f.attr in _CHANGES:
            found.setdefault(_root(f.base), []).append((f"{f.attr}()", m.calls[j].block))
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if not isinstance(statement, (Assign, Augment)):
            continue
        for e in statement.targets if isinstance(statement, Assign) else (statement.target,):
            root = _root(e) if isinstance(e, (Attribute, Subscript)) else None
            if isinstance(root, Name):
                found.setdefault(root, []).append(
                    (f"it assigns {e.attr if isinstance(e, Attribute) else 'an item'}", statement.block)
                )
    return found


def _root(e: Expression) -> Expression:
    """What an expression takes attributes and items of, however deep."""
    while isinstance(e, (Attribute, Subscript)):
        e = e.base
    return e
