"""What a trace would freeze: state that a function reads or makes each time it runs, and that a `tf.function` sees
once.

`reason` answers for a function that a fix would decorate, `reads` for one that a fix would move; both follow the
project's own
functions that it calls.  An answer is a few words for a person, "" when nothing was found.
"""

from __future__ import annotations

from tflint_mem import facts as F
from tflint_mem.analysis.models.models import walk_statement
from tflint_mem.facts import Assign, Attribute, Augment, CallRef, Constant, For, Name, SequenceDisplay, Subscript, With
from tflint_mem.knowledge import result_of
from tflint_mem.project.holds.values import External, FunctionValue, Instance, ModuleValue, Thing, TupleValue
from tflint_mem.project.linking.module import tail_of, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.holds.values import Value
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

MAX_DEPTH = 4
MAX_MODULES = 64
_MADE = frozenset(
    (
        "optimizer",
        "variable",
        "model",
        "layer",
        "metric",
        "table",
        "saved_model",
        "new:model",
        "new:layer",
        "new:metric",
        "new:optimizer",
    )
)
_OBJECTS = frozenset(("optimizer", "model", "layer", "metric", "loss", "saved_model", "strategy"))
_TENSORS = frozenset(("tensor", "variable", "tensors", "variables", "bool"))
_KERAS_CALLS = frozenset(
    (
        "model.__call__",
        "layer.__call__",
        "loss.__call__",
        "metric.__call__",
        "metric.update_state",
        "saved_model.__call__",
        "tf.cast",
        "tf.convert_to_tensor",
        "tf.shape",
        "tf.ones_like",
        "tf.zeros_like",
    )
)
_FILLS = frozenset(
    (
        "append",
        "extend",
        "insert",
        "pop",
        "popleft",
        "update",
        "clear",
        "remove",
        "setdefault",
        "add",
        "sort",
        "reverse",
    )
)


def reason(context: Context, m: Module, scope: int):
    """Why tracing the function once would change what it computes, or would not work."""
    return state(context, m, scope) or _of_new_object(context, m, scope) or _arguments(context, m, scope)


def state(context: Context, m: Module, scope: int):
    """Why the function, whoever calls it and with what, would not compute the same when it is traced once."""
    seen = {}
    _collect(context, m, scope, 0, seen)
    for fm, s in seen:
        found = _makes(context, fm, s) or _rebound(context, fm, s) or _set_elsewhere(context, fm, s)
        if found:
            return found
    return ""


def reads(context: Context, m: Module, scope: int):
    """({(module index, name)}, {attribute}) of what the function and those that it calls take from outside of
    themselves.
    """
    seen, names, attributes = {}, set(), set()
    _collect(context, m, scope, 0, seen)
    for fm, s in seen:
        names |= {(fm.index, name) for name, _ in outer_names(fm, s)}
        attributes |= {attribute for attribute, _ in _attributes(fm, s)}
    return names, attributes


def functions(context: Context, m: Module, scope: int):
    """{(module, scope): True} of the function and the project's functions that it calls."""
    seen = {}
    _collect(context, m, scope, 0, seen)
    return seen


def module_attributes(context: Context, m: Module, scope: int):
    """The attributes of the project's modules that a function reads: `config.batch_size`."""
    for e in _expressions(m, scope):
        if (
            isinstance(e, Attribute)
            and isinstance(e.base, Name)
            and any(
                isinstance(v, ModuleValue)
                for v in context.infer.name(m, scope, e.base.id, m.scopes[scope].statements.first)
            )
        ):
            yield e


def _collect(context: Context, m: Module, scope: int, depth: int, seen):
    if (m, scope) in seen or depth > MAX_DEPTH:
        return
    seen[m, scope] = True
    for inner in m.with_inner(scope)[1:]:
        seen.setdefault((m, inner), True)
    for i in m.scope_calls(scope):
        for fm, s in context.project.functions_called(m, i):
            _collect(context, fm, s, depth + 1, seen)


def _expressions(m: Module, scope: int):
    for s in m.scope_statements(scope):
        if m.statements[s] is not None:
            yield from walk_statement(m, m.statements[s])


# -- what it makes ----------------------------------------------------------------------------------------------------


def _makes(context: Context, m: Module, scope: int):
    """Variables may be made in the first trace only: an optimizer or a layer made in each call is refused from the
    second one on.
    """
    if m.scopes[scope].name in ("__init__", "build"):
        return ""
    for i in m.scope_calls(scope):
        names = context.project.apis(m, i)
        kind = next(
            (k for k in (name if name in _MADE else result_of(name) for name in sorted(names)) if k in _MADE), None
        )
        if kind is not None and not any(
            name.endswith(".__call__") or name.startswith(("keras.backend.", "keras.ops.")) for name in names
        ):
            if not any(name in ("keras.losses.get", "keras.optimizers.get", "keras.metrics.get") for name in names):
                return f"it makes {_article(kind.removeprefix('new:'))} in each call"
    return ""


def _article(kind):
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


# -- what it reads ----------------------------------------------------------------------------------------------------


def outer_names(m: Module, scope: int):
    """(name, owner scope) of the names that a function takes from the functions or the module around it."""
    local, found = m.bindings(scope), {}
    for e in _expressions(m, scope):
        if not isinstance(e, Name) or e.id in found or e.id in local and e.id not in m.global_names(scope):
            continue
        owner = m.scopes[scope].parent
        while owner > 0 and (m.scopes[owner].kind == "class" or e.id not in m.bindings(owner)):
            owner = m.scopes[owner].parent
        if owner >= 0 and e.id in m.bindings(owner):
            found[e.id] = owner
    return found.items()


def _rebound(context: Context, m: Module, scope: int):
    """A name of outside that is bound more than once, in a loop, or by a function: the trace would keep its first
    value.
    """
    for name, owner in outer_names(m, scope):
        bindings = [b for b in m.bindings(owner)[name] if b.kind != "annotation"]
        if all(b.kind in ("import", F.DEF, F.CLASS, "def", "class") for b in bindings):
            continue
        again = (
            len(bindings) > 1
            or any(b.statement >= 0 and m.loops(m.statements[b.statement].block) for b in bindings)
            or any(b.kind in ("augment", "iter") for b in bindings)
        )
        if again or any(s != scope and name in m.bindings(s) for s in m.declaring(name)):
            return f"a trace would keep the first value of {name}"
        if _filled(m, name):
            return f"a trace would keep what {name} holds first"
    return ""


def _filled(m: Module, name: str):
    """Is something put into the list or dictionary of that name in a function or a loop?"""
    for j in (j for tail in _FILLS for j in m.calls_by_tail().get(tail, ())):
        call = m.calls[j]
        if isinstance(call.func, Attribute) and call.func.base == Name(name) and (call.scope or m.loops(call.block)):
            return True
    for statement in m.statements:
        if (
            statement is not None
            and isinstance(statement, (Assign, Augment))
            and (statement.scope or m.loops(statement.block))
        ):
            targets = statement.targets if isinstance(statement, Assign) else (statement.target,)
            if any(isinstance(t, Subscript) and t.base == Name(name) for t in targets):
                return True
    return False


def _attributes(m: Module, scope: int):
    """(attribute, what it is read from) of the attributes that the function reads."""
    called = {m.calls[i].func for i in m.scope_calls(scope)}
    found = {}
    for e in _expressions(m, scope):
        if isinstance(e, Attribute):
            found.setdefault((e.attr, e.base == Name("self")), e in called)
    for e in called:  # self.model(x) reads the attribute that is called, model.fit(x) reads none
        if isinstance(e, Attribute):
            found.setdefault((e.attr, e.base == Name("self")), True)
    return found.keys()


def _set_elsewhere(context: Context, m: Module, scope: int):
    """An attribute that something else than a constructor sets, or that is set for each pass: the trace would keep its
    first value.
    """
    for attribute, own in _attributes(m, scope):
        owner = m.scopes[scope].parent if own and m.is_method(scope) else None
        if is_set(context, m, owner, attribute):
            return f"a trace would keep the first value of {attribute}"
        if attribute.startswith("trainable_") and is_set(context, m, None, "trainable"):
            return "a trace would keep which layers were trainable"
    return ""


def is_set(context: Context, m: Module, owner, attribute: str):
    """Is the attribute assigned outside of constructors, of `owner` (a class of `m`) where that is known?"""
    key = ("set", m.index if owner is not None else -1, owner, attribute)
    if key not in context.memo:
        context.memo[key] = any(
            _sets(context, other, attribute, m, owner)
            for other in context.project.mentioning(attribute, MAX_MODULES)
            if not context.in_tests(other)
        )
    return context.memo[key]


def _sets(context: Context, m: Module, attribute: str, home, owner):
    for statement in m.statements:
        if statement is None or not isinstance(statement, (Assign, Augment, For, With)):
            continue
        targets = (
            statement.targets
            if isinstance(statement, Assign)
            else [t for _, t in statement.items if t]
            if isinstance(statement, With)
            else (statement.target,)
        )
        for target in targets:
            for part in target[1] if isinstance(target, SequenceDisplay) else (target,):
                item = (
                    isinstance(part, Subscript) and isinstance(part.base, Attribute) and part.base.attr == attribute
                )  # self.weights["kl"] = …
                place = part[1] if item else part
                if not isinstance(place, Attribute) or place.attr != attribute:
                    continue
                if place.base == Name("self") and m.is_method(statement.scope):
                    cls = m.scopes[statement.scope].parent
                    if owner is not None and not _related(context, m, cls, home, owner):
                        continue
                    if (
                        _only_at_start(context, m, statement.scope)
                        and not m.loops(statement.block)
                        and not isinstance(statement, Augment)
                    ):
                        continue
                elif (
                    owner is None
                    and statement.scope == 0
                    and not m.loops(statement.block)
                    and isinstance(statement, Assign)
                ):
                    continue  # a setting of the module's own code, made once
                return True
    return False


def _related(context: Context, m: Module, cls, home, owner):
    here, there = (m.index, cls), (home.index, owner)
    return here == there or here in context.infer.mro(home, owner) or there in context.infer.mro(m, cls)


def _only_at_start(context: Context, m: Module, scope: int):
    """Does the method run in constructors only?"""
    if m.scopes[scope].name in ("__init__", "build", "setUp"):
        return True
    callers = [(other, other.calls[j][3]) for other, j, how in context.project.callers(m, scope) if how == "call"]
    return bool(callers) and all(
        other.is_method(s) and other.scopes[s][F.S_NAME] in ("__init__", "build") for other, s in callers
    )


# -- what it is given -------------------------------------------------------------------------------------------------


def _of_new_object(context: Context, m: Module, scope: int):
    """A method of an object that is made again and again: each object would trace, and keep, a graph of its own."""
    if not m.is_method(scope):
        return ""
    owner = m.scopes[scope].parent
    made = list(context.project.callers_of.constructions(m, owner))
    for index, s in context.project.subclasses(m, owner):
        made += context.project.callers_of.constructions(context.project.module(index), s)
    if not made:
        return "nobody knows how many objects trace it"
    if any(context.first_repeat(other, j) is not None for other, j in made):
        return "each new object would trace it again"
    return ""


def _arguments(context: Context, m: Module, scope: int):
    """Arguments that a trace would not take as they are: NumPy arrays in float64, one model or optimizer after the
    other.
    """
    for index, parameter in enumerate(m.scopes[scope].parameters):
        if index == 0 and m.is_method(scope):
            continue
        values = context.infer.parameter(m, scope, index)
        objects = [v for v in values if isinstance(v, Instance) or isinstance(v, Thing) and v.kind in _OBJECTS]
        if len(objects) > 1:
            return f"it is called with several objects as {parameter.name}"
        if objects and _made_again(context, objects[0]):
            return f"it is called with a new {parameter.name} each time"
        plain = values and all(
            isinstance(v, Thing)
            and v.kind in _TENSORS
            or v in objects
            or isinstance(v, (FunctionValue, Constant))
            or isinstance(v, TupleValue)
            for v in values
        )
        if (
            not plain
            and not _single_precision(context, m, scope, index)
            and not _goes_to_keras(context, m, scope, parameter.name)
        ):
            return f"{parameter.name} may be a NumPy array or a Python value, which a trace takes in another precision or again for each value"
    return ""


def _made_again(context: Context, v: Value):
    if isinstance(v, Instance):
        made = context.project.callers_of.constructions(context.project.module(v.module), v.scope)
        return len(made) > 1 or any(context.first_repeat(other, j) is not None for other, j in made)
    if v[2] is None or not isinstance(v[2][1], int) or not isinstance(v[2][0], int):
        return False
    return context.first_repeat(context.project.module(v[2][0]), v[2][1]) is not None


def _goes_to_keras(context: Context, m: Module, scope: int, name: str):
    """Is the parameter only handed to models, layers, losses and metrics, which cast what they are given?"""
    me, uses, given = F.Name(name), 0, 0
    for e in _expressions(m, scope):
        if e == me:
            uses += 1
        elif isinstance(e, Attribute) and e.base == me and e.attr in ("shape", "dtype"):
            given += 1
        elif isinstance(e, CallRef):
            names = context.project.apis(m, e.number)
            if names & _KERAS_CALLS or any(name.startswith("keras.losses.") for name in names):
                given += sum(argument == me for argument in m.arguments(e.number))
    return uses == given and uses > 0


def _single_precision(context: Context, m: Module, scope: int, index: int):
    """Do all callers that are seen give arrays that were made float32, or tensors?"""
    callers = [(other, j) for other, j, how in context.project.callers(m, scope) if how == "call"]
    for other, j in callers:
        given = context.infer.argument(m, scope, index, other, j)
        if given is None or not _is_float32(context, other, other.calls[j][3], given, other.calls[j][5], 0):
            return False
    return bool(callers)


def _is_float32(context: Context, m: Module, scope: int, e: Expression, at: int, depth: int):
    if depth > MAX_DEPTH:
        return False
    if any(inner == Constant("float32") or tail_of(inner) == "float32" for inner in walk(e, m.calls)):
        return True
    values = context.infer.values(m, scope, e, at)
    if values and all(isinstance(v, Thing) and v.kind in _TENSORS for v in values):
        return True
    tag = e[0]
    if tag == "x":
        return _is_float32(context, m, scope, e[1], at, depth + 1)
    if tag == "b":
        sides = [side for side in e[2:4] if not isinstance(side, Constant)]
        return bool(sides) and all(_is_float32(context, m, scope, side, at, depth + 1) for side in sides)
    if tag == "c":
        f, arguments = m.calls[e[1]][:2]
        parts = (
            [f.base]
            if isinstance(f, Attribute)
            and not any(isinstance(v, External) for v in context.infer.values(m, scope, f.base, at))
            else arguments[:1]
        )
        return bool(parts) and all(_is_float32(context, m, scope, part, at, depth + 1) for part in parts)
    if tag != "n":
        return False
    bindings = m.bindings(scope).get(e[1], ())
    return bool(bindings) and all(
        b.kind == "assign" and _is_float32(context, m, b.scope, _item(b.value, b.path), b.statement, depth + 1)
        for b in bindings
    )


def _item(e: Expression, path):
    """The part of a tuple that an assignment to several names gives to one of them."""
    for position in path:
        if not isinstance(e, SequenceDisplay) or not isinstance(position, int) or position >= len(e[1]):
            break
        e = e[1][position]
    return e
