"""What the rules about speed and retracing share: is a place hot, does its pass train, and does an argument stay the same?"""

from __future__ import annotations

from tflint_mem import facts as F
from tflint_mem.analysis.models import lifetimes
from tflint_mem.facts import (
    Assign,
    Attribute,
    BinaryOp,
    CallRef,
    Constant,
    Name,
    Reference,
    SequenceDisplay,
    Subscript,
    TupleDisplay,
)
from tflint_mem.hardening.budget import settle
from tflint_mem.project.holds.values import External, Thing
from tflint_mem.project.linking.module import tail_of, walk
from tflint_mem.project.repeats.repeats import Repeat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

TRAINS = frozenset(
    (
        "model.fit",
        "model.fit_generator",
        "model.train_on_batch",
        "optimizer.apply_gradients",
        "optimizer.minimize",
        "tf.GradientTape",
    )
)
WHOLE_ROUND = frozenset(("model.fit", "model.fit_generator"))
ONE_OFF = frozenset(("handler", "script", "objective"))  # each run of these is worth what one call costs
_SAME = frozenset(
    (
        "reshape",
        "astype",
        "copy",
        "ravel",
        "flatten",
        "to_numpy",
        "transpose",
        "numpy",
        "squeeze",
        "values",
        "toarray",
        "drop",
        "len",
        "list",
        "int",
        "float",
        "range",
    )
)
_SINGLE = frozenset(("expand_dims", "atleast_2d", "array_to_img"))
_ARRAYS = frozenset(("array", "asarray", "stack", "vstack", "convert_to_tensor", "constant"))
_VARIABLES = frozenset(("trainable_variables", "trainable_weights"))
_ADDS = frozenset(("append", "extend", "insert", "add", "update", "appendleft"))
MOST_CALLERS = 40
SHORT = 20  # passes of a loop that the loops of its callers have to make worth while


def repeats(context: Context, m: Module, i: int, outer=False):
    """Every way in which call `i` repeats outside of tests, nearest first.

    Where all loops around it are short, or with `outer`, the loops of its function's callers come after its own.
    """
    return (repeat for repeat in _repeats(context, m, i, outer) if not context.in_tests(repeat.module))


def _repeats(context: Context, m: Module, i: int, outer):
    project, inner = context.project, None
    for repeat in context.repeats(m, i, time=True):
        yield repeat
        short = repeat.count is not None and (
            repeat.local or repeat.context is not None and not repeat.handed and repeat.count <= SHORT
        )
        if (short or outer and repeat.local) and (inner is None or repeat.local):
            inner = repeat
    if inner is None:
        return
    first, j = inner.hops[0]
    if project.repeats_of.guards.once(first, j, -1, time=True):
        return
    scope, times = first.calls[j].scope, inner.count
    for other, k, how in project.callers(first, scope):
        if how == "call" and (other is not first or other.calls[k][3] != scope):
            for repeat in context.repeats(other, k, time=True):
                count = None if repeat.count is None else repeat.count * (times or 1)
                yield Repeat(
                    repeat.kind,
                    (*repeat.hops, *inner.hops),
                    repeat.module,
                    repeat.context,
                    repeat.scope,
                    count,
                    repeat.what,
                    repeat.line,
                    repeat.handed,
                )


def per_epoch(context: Context, repeat: Repeat):
    """Is the repeat a Keras callback that runs once for an epoch or a training, not for a batch?"""
    if repeat.kind != "callback":
        return False
    if repeat.handed:
        m, i = repeat.hops[0]
        return not any(name and "batch" in name for name, _ in m.calls[i].keywords)
    name = repeat.module.scopes[repeat.scope].name
    return name.startswith(("on_epoch_", "on_train_begin", "on_train_end")) and "batch" not in name


def folds(repeat: Repeat):
    """Is the repeat a loop over the parts of a cross-validation: `for train, test in kf.split(x)`, `for i in range(n_folds)`?"""
    if repeat.context is None:
        return False
    m = repeat.module
    kind, _, statement, branch = m.contexts[repeat.context]
    if kind == "while":
        return False
    target, iterable = (
        (branch[0], branch[1]) if kind == "comp" else (m.statements[statement][5], m.statements[statement][6])
    )
    for e in walk(iterable, m.calls):
        name = (tail_of(e) or "").lower()
        if "fold" in name or name == "n_splits":
            return True
        if (
            isinstance(e, CallRef)
            and isinstance(m.calls[e.number].func, Attribute)
            and m.calls[e.number].func[2] == "split"
            and isinstance(target, TupleDisplay)
            and len(target.items) > 1
        ):
            return True
    return False


def trains(context: Context, repeat: Repeat):
    """Does a pass of the repeat train a model (itself, or in what it calls)?"""
    m, i = repeat.hops[0]
    if repeat.context is None:
        return False
    return context.project.released_by.in_region(repeat.module, m.calls[i].scope, repeat.context, TRAINS) is not None


def around_training(context: Context, repeat: Repeat):
    """Is a pass of the repeat a whole round of training: does it always call `fit`, or train in a loop of its own?"""
    m, i = repeat.hops[0]
    if repeat.context is None:
        return False
    return (
        settle(
            (repeat.module.index, m.calls[i].scope, repeat.context),
            lambda part: _round(context, *part),
            context.memo.setdefault("rounds", {}),
        )
        > 0
    )


def _round(context: Context, index, scope: int, outer):
    """For `settle`: (1 when this part of a function is a whole round of training by itself, the functions that it always calls)."""
    m, always = context.project.module(index), []
    for j in m.scope_calls(scope):
        call = m.calls[j]
        if not m.inside(call[4], outer):
            continue
        inside = [c for c in m.chain(call[4]) if c > outer]
        if any(m.contexts[c][0] == "if" for c in inside):
            continue
        names = context.project.apis(m, j)
        looped = any(m.contexts[c][0] in F.LOOPS for c in inside)
        if names & WHOLE_ROUND or looped and names & TRAINS:
            return 1, ()
        for fm, s in context.project.functions_called(m, j):
            if looped and context.project.released_by.in_function(fm, s, TRAINS):
                return 1, ()
            always.append((fm.index, s, -1))
    return 0, always


def outshone(context: Context, repeat: Repeat):
    """Does a pass of the loop hold another loop that runs or trains a model?  Then what stands beside that one is a small part of the pass."""
    m, i = repeat.hops[0]
    if repeat.context is None:
        return False
    key = ("working loops", m.index, m.calls[i].scope, repeat.context)
    if key not in context.memo:
        context.memo[key] = _working_loops(context, m, m.calls[i].scope, repeat.context)
    return not context.memo[key] <= set(m.chain(m.calls[i].block))


def _working_loops(context: Context, m: Module, scope: int, outer):
    """The loops inside another one that run or train a model."""
    found = set()
    for j in m.scope_calls(scope):
        place = m.calls[j].block
        if m.inside(place, outer):
            loops = {c for c in m.chain(place) if c > outer and m.contexts[c].kind in ("for", "while")} - found
            if loops and lifetimes.works_in(context, m, j):
                found |= loops
    return found


def waits(context: Context, repeat: Repeat):
    """Does each pass of the loop sleep for a second or more, wait for a checkpoint, or for what a person types?  Then nothing in it is worth speeding up."""
    if repeat.context is None:
        return False
    m, scope = repeat.module, repeat.hops[0][0].calls[repeat.hops[0][1]].scope
    key = ("waits", m.index, scope, repeat.context)
    if key not in context.memo:
        context.memo[key] = _waits(context, m, scope, repeat.context)
    return context.memo[key]


def _waits(context: Context, m: Module, scope: int, loop: int):
    kind, _, header, _ = m.contexts[loop]
    iterable = m.statements[header][6] if kind == "for" else ("", "")
    if isinstance(iterable, CallRef) and tail_of(m.calls[iterable.number].func) == "checkpoints_iterator":
        return True
    for j in m.scope_calls(scope):
        call = m.calls[j]
        if not m.inside(call.block, loop) or any(
            m.contexts[c].kind in ("if", "except") for c in m.chain(call.block) if c > loop
        ):
            continue
        if _asks(m, j) or any(
            _asks(fm, k, always=True) for fm, s in context.project.functions_called(m, j) for k in fm.scope_calls(s)
        ):
            return True
        if tail_of(call.func) == "sleep":
            seconds = context.project.repeats_of.number(m, scope, call.args[0], call.statement) if call.args else None
            if seconds is not None and seconds >= 1:
                return True
    return False


def _asks(m: Module, i: int, always=False):
    """Is call `i` Python's own `input()` (with `always`: one that each run of its function makes)?"""
    f = m.calls[i].func
    if always and any(m.contexts[c].kind in ("if", "except") for c in m.chain(m.calls[i].block)):
        return False
    return f in (Name("input"), Name("raw_input")) and not any(
        f.id in m.bindings(scope) for scope in (0, m.calls[i].scope)
    )


def made_in_pass(context: Context, repeat: Repeat, values):
    """Was one of the values made in a pass of the repeat itself, in a function on its way?"""
    for v in values:
        if isinstance(v, Thing) and v.origin is not None and isinstance(v.origin[1], int):
            for position, (m, i) in enumerate(repeat.hops):
                loop = repeat.context if position == 0 and repeat.context is not None else -1
                if (
                    m.index == v.origin[0]
                    and m.calls[v.origin[1]].scope == m.calls[i].scope
                    and (loop != -1 or m.calls[i].scope)
                    and m.inside(m.calls[v.origin[1]].block, loop)
                ):
                    return True
    return False


def now_and_then(repeat: Repeat):
    """Does an `if step % n == 0` stand on the way from the repeat to the place?"""
    for position, (m, i) in enumerate(repeat.hops):
        outer = repeat.context if position == 0 and repeat.context is not None else -1
        for context in m.chain(m.calls[i].block):
            if context == outer:
                break
            kind, _, statement, branch = m.contexts[context]
            if (
                kind == "if"
                and branch
                and any(_modulo(m, m.calls[i].scope, e) for e in walk(m.statements[statement][5], m.calls))
            ):
                return True
    return False


def _modulo(m: Module, scope: int, e: Expression):
    if isinstance(e, BinaryOp) and e.op == "%":
        return True
    if isinstance(e, Name):  # log = step % 100 == 0
        return any(
            b.kind == "assign" and any(isinstance(inner, BinaryOp) and inner.op == "%" for inner in walk(b.value))
            for b in m.bindings(scope).get(e.id, ())
        )
    return False


# -- arguments ------------------------------------------------------------------------------------------------------------


def steady(context: Context, repeat: Repeat, expression: Expression, position=None):
    """Is the expression (of the flagged call, or of hop number `position`) surely the same thing in each repeat?"""
    position = len(repeat.hops) - 1 if position is None else position
    m, i = repeat.hops[0]
    # what other calls in the same function asked about the same loop is known
    memo = (
        context.memo.setdefault(("steady", m.index, m.calls[i].scope, repeat.context, repeat.module is m), {})
        if position == 0
        else {}
    )
    hm, hi = repeat.hops[position]
    return not settle(
        ("", position, expression, hm.calls[hi][5]), lambda asked: _unsteady(context, repeat, asked), memo, cycle=1
    )


def _unsteady(context: Context, repeat: Repeat, asked):
    """For `settle`: (1 when an expression or name surely is not steady, the names or expressions that must be).

    asked   (name or "", hop, expression or None, statement from which the name is seen): a name is asked by itself
    """
    name, position, expression, at = asked
    m, i = repeat.hops[position]
    context.project.searches.count("what stays the same")
    if name:
        asks = _steady_name(context, repeat, name, position, at)
        return (1, ()) if asks is None else (0, asks)
    names = []
    for e in walk(expression, m.calls):
        if isinstance(e, CallRef) and not _pure(context, m, e.number):
            return 1, ()
        if isinstance(e, Name):
            names.append(
                (
                    e.id,
                    position,
                    None,
                    -1 if position == 0 and m is repeat.module and repeat.context is not None else at,
                )
            )
    return 0, names


def _pure(context: Context, m: Module, i: int):
    """Does call `i` give the same for the same arguments, as far as its name tells (arrays made from arrays, cached functions)?"""
    if tail_of(m.calls[i].func) in _SAME:
        return True
    if any(context.project.repeats_of.guards.cached(fm, scope) for fm, scope in context.project.functions_called(m, i)):
        return True
    names = context.project.apis(m, i) | {v.name for v in context.infer.callee(m, i) if isinstance(v, External)}
    return any(name.startswith(("numpy.", "tf.", "keras.")) and ".random." not in name for name in names)


def _steady_name(context: Context, repeat: Repeat, name: str, position, at: int):
    """What must stay the same, so that a name does; None when it does not."""
    m, i = repeat.hops[position]
    scope = m.calls[i][3]
    loop = repeat.context if position == 0 and m is repeat.module else None
    bindings = m.bindings(scope).get(name)
    if not bindings:
        return ()
    if loop is not None:
        bindings = [b for b in bindings if b[1] >= 0 and bound_inside(m, b, loop)]
    elif len(bindings) > 1:
        bindings = context.infer.reaching(m, bindings, at)
    asks = []
    for kind, statement, owner, value, path in bindings:
        if kind == "param":
            if value == 0 and m.is_method(scope):
                continue
            if position == 0:
                return None
            other, j = repeat.hops[position - 1]
            given = context.infer.argument(m, scope, value, other, j)
            if given is not None:
                asks.append(("", position - 1, given, other.calls[j][5]))
            elif repeat.handed and position == 1 or m.scopes[scope][F.S_PARAMS][value][2] is None:
                return None
        elif kind == "assign":
            if value == Name(name) or name in _growing(context, m, scope):
                return None
            asks.append(("", position, value, m.calls[i][5]))
        elif kind not in ("import", F.DEF, F.CLASS):
            return None
    return asks


def _growing(context: Context, m: Module, scope: int):
    """Names of the containers that something is put into: `rows.append(row)`, `rows[k] = row`."""
    key = ("growing", m.index, scope)
    if key not in context.memo:
        found = context.memo[key] = set()
        for j in m.scope_calls(scope):
            f = m.calls[j].func
            if isinstance(f, Attribute) and isinstance(f.base, Name) and f.attr in _ADDS:
                found.add(f.base.id)
        for s in m.scope_statements(scope):
            statement = m.statements[s]
            if statement and isinstance(statement, Assign):
                found.update(
                    t.base.id for t in statement.targets if isinstance(t, Subscript) and isinstance(t.base, Name)
                )
    return context.memo[key]


def bound_inside(m: Module, binding, loop: int):
    """Is the name bound by the loop itself or in its body?"""
    kind, _, statement, branch = m.contexts[loop]
    if kind == "comp":
        return binding[1] == statement and binding[0] == "iter" and binding[3] == branch[1]
    return binding[1] == statement or binding[1] >= 0 and m.inside(m.statements[binding[1]][2], loop)


def single(context: Context, m: Module, i: int, expression: Expression, depth=0):
    """Does the expression add a batch axis to one sample: `x[None]`, `np.expand_dims(x, 0)`, `x.reshape(1, -1)`, `np.array([x])`?"""
    scope, at = m.calls[i].scope, m.calls[i].statement
    tag = expression[0]
    if tag == "x":
        index = expression[2]
        items = index.items if index is not None and isinstance(index, TupleDisplay) else (index,)
        return _new_axis(items[0]) if items else False  # `x[..., None]` adds channels
    if tag == "c":
        call = m.calls[expression[1]]
        name = tail_of(call.func)
        if name in _SINGLE:
            return True
        if name == "reshape":
            for argument in call.args:
                first = argument[1][0] if isinstance(argument, SequenceDisplay) and argument[1] else argument
                if first == Constant(1):
                    return True
        if name in _ARRAYS and call.args:
            return (
                isinstance(call.args[0], SequenceDisplay)
                and len(call.args[0][1]) == 1
                or single(context, m, i, call.args[0], depth)
            )
        if isinstance(call.func, Attribute) and name in ("astype", "reshape", "copy", "numpy"):
            return single(context, m, i, call.func.base, depth)
        if call.args and depth < 3:  # preprocess_input(np.expand_dims(x, 0))
            return single(context, m, i, call.args[0], depth + 1)
    if tag == "b":
        return single(context, m, i, expression[2], depth)
    if tag == "n" and depth < 3:
        bindings = m.bindings(scope).get(expression[1], ())
        for kind, statement, _, value, path in (
            context.infer.reaching(m, bindings, at) if len(bindings) > 1 else bindings
        ):
            if kind == "assign" and not path and value != expression and single(context, m, i, value, depth + 1):
                return True
    return False


def _new_axis(item):
    return item == Constant(None) or item is not None and isinstance(item, Reference) and tail_of(item) == "newaxis"


# -- eager or compiled ------------------------------------------------------------------------------------------------------


def eager(context: Context, repeat: Repeat):
    """Does nothing on the way from the repeat to the place run inside a traced function, as far as anybody can tell?"""
    return not any(
        context.project.compiled_by.call(m, i)
        or _for_autograph(context, m, i)
        or _wrapped_by_name(context, m, m.calls[i].scope)
        for m, i in repeat.hops
    )


def _for_autograph(context: Context, m: Module, i: int):
    """Does the call stand, in a function, in a loop over `tf.range(…)`?  That is written for a traced function, wherever it is traced."""
    if not m.calls[i].scope or "range" not in m.calls_by_tail():
        return False
    for loop in m.loops(m.calls[i].block):
        kind, _, statement, _ = m.contexts[loop]
        iterable = m.statements[statement][6] if kind == "for" else None
        if (
            iterable is not None
            and isinstance(iterable, CallRef)
            and "tf.range" in context.project.apis(m, iterable.number)
        ):
            return True
    return False


def _wrapped_by_name(context: Context, m: Module, scope: int):
    """Does the class of the method, or one that it derives from, make methods traced functions by names that nobody can read:
    `setattr(self, name, tf.function(getattr(self, name)))`?"""
    while scope > 0 and m.scopes[m.scopes[scope].parent].kind != "class":
        scope = m.scopes[scope].parent
    if scope <= 0:
        return False
    owner = m.scopes[scope].parent
    for index, cls in {(m.index, owner), *context.infer.mro(m, owner)}:
        module = context.project.module(index)
        key = ("wrapped by name", index, cls)
        if key not in context.memo:
            context.memo[key] = "setattr" in module.calls_by_tail() and any(
                _sets_traced(context, module, method) for method in module.members(cls).values()
            )
        if context.memo[key]:
            return True
    return False


def _sets_traced(context: Context, m: Module, scope: int):
    for i in m.scope_calls(scope):
        call = m.calls[i]
        if call.func == Name("setattr") and len(call.args) == 3 and not isinstance(call.args[1], Constant):
            given = call.args[2]
            if (
                isinstance(given, CallRef)
                and "tf.function" in context.project.apis(m, given.number)
                or any(
                    isinstance(v, Thing) and v.kind == "tf.function"
                    for v in context.infer.values(m, scope, given, call.statement)
                )
            ):
                return True
            if isinstance(given, Name) and any(
                b.kind == "assign"
                and isinstance(b.value, CallRef)
                and "tf.function" in context.project.apis(m, b.value.number)
                for b in m.bindings(scope).get(given.id, ())
            ):
                return True
    return False


def compiled_somewhere(context: Context, m: Module, i: int):
    """Do some of those who run the function around call `i` compile it?  Then its loop is unrolled there, and no claim can be made about the others."""
    waiting = [(m, m.calls[i].scope)]
    seen = {(m.index, scope) for m, scope in waiting}
    for fm, scope in waiting:
        for other, j, how in context.project.callers(fm, scope):
            key = (other.index, other.calls[j][3])
            if other.unit_test or key in seen:
                continue
            if how in ("compiled", "compiled-map") or context.project.compiled(other, key[1]):
                return True
            if how == "call" and len(seen) < MOST_CALLERS:
                seen.add(key)
                waiting.append((other, key[1]))
    return False


def busy(context: Context, m: Module, i: int, few, accept=None):
    """The first way in which call `i` runs eagerly in a loop of more than `few` passes and that `accept` takes, or None."""
    for repeat in repeats(context, m, i):
        if (
            repeat.kind in ONE_OFF
            or repeat.kind == "recursion"
            or per_epoch(context, repeat)
            or waits(context, repeat)
            or _through_layers(repeat)
        ):
            continue
        if repeat.count is not None and repeat.count <= few:
            continue
        if eager(context, repeat) and (accept is None or accept(repeat)):
            return repeat
    return None


def _through_layers(repeat: Repeat):
    """`for layer in layers: x = layer(x)`: the parts of one network, each called once."""
    m, i = repeat.hops[0]
    call = m.calls[i]
    if repeat.context is None or m.contexts[repeat.context].kind != "for":
        return False
    target, statement = m.statements[m.contexts[repeat.context].statement][5], m.statements[call.statement]
    if call.func not in (target[1] if isinstance(target, SequenceDisplay) else (target,)) or not isinstance(
        statement, Assign
    ):
        return False
    return any(place in call.args for place in statement.targets)


def in_tape(context: Context, repeat: Repeat):
    """Is the place reached through a call in the block of a tape?  Then the tape's step is the thing to compile."""
    return any(within_tape(context, m, m.calls[i].block) for m, i in repeat.hops[:-1])


def within_tape(context: Context, m: Module, place: int):
    """Does a context stand inside the block of a tape?"""
    for c in m.chain(place):
        if m.contexts[c].kind == "with":
            for expression, _ in m.statements[m.contexts[c].statement][5]:
                if isinstance(expression, CallRef) and "tf.GradientTape" in context.project.apis(m, expression.number):
                    return True
    return False


def over_gradients(context: Context, repeat: Repeat):
    """Does the loop go through gradients or variables?  Then its passes are the parts of one step."""
    if repeat.context is None or repeat.module.contexts[repeat.context].kind == "while":
        return False
    m = repeat.module
    kind, _, statement, branch = m.contexts[repeat.context]
    scope = m.statements[statement].scope
    for e in walk(branch[1] if kind == "comp" else m.statements[statement][6], m.calls):
        if isinstance(e, Attribute) and e.attr in _VARIABLES:
            return True
        for binding in m.bindings(scope).get(e.id, ()) if isinstance(e, Name) else ():
            if (
                binding.kind == "assign"
                and isinstance(binding.value, CallRef)
                and "tape.gradient" in context.project.apis(m, binding.value.number)
            ):
                return True
    return False
