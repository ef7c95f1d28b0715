"""Does what an expression gives differ from one pass of a repeat to the next, and is that the loop variable's doing?

`of(context, repeat, expression)` answers for an expression at the repeat's last hop:

    SAME      nothing that it reads is set or changed inside the repeat
    CHANGED   something it reads is computed or changed in each pass, not known to follow the loop variable
    TARGET    it follows the loop variable: each pass has its own
"""

from tflint_mem import facts as F
from tflint_mem.project.module import dotted, tail_of, walk

SAME, CHANGED, TARGET = 0, 1, 2
MAX_DEPTH = 12
_MUTATORS = frozenset(("append", "extend", "insert", "add", "update", "pop", "popleft", "appendleft", "remove", "clear", "sort", "shuffle", "fill", "put",
                       "resize", "partition", "setdefault", "push", "store"))
_RANDOM = frozenset(("random", "shuffle", "sample", "permutation", "choice", "choices", "randint", "randn", "rand", "normal", "uniform", "next", "input", "read",
                     "readline", "time", "now"))
_PURE_ROOTS = ("numpy.", "tf.", "keras.", "os.path.", "math.", "pandas.", "builtins.")
_PURE_BUILTINS = frozenset(("len", "list", "tuple", "dict", "set", "sorted", "zip", "range", "str", "int", "float", "min", "max", "sum", "enumerate", "reversed",
                            "abs", "round", "open", "map", "filter", "iter"))


def of(context, repeat, expression):
    """How the value of `expression`, an argument of the repeat's last call, changes between the repeats."""
    return _Walk(context, repeat).at_hop(len(repeat.hops) - 1, expression, 0)


class _Walk:
    def __init__(self, context, repeat):
        self.context, self.repeat = context, repeat
        self.loop = repeat.context if repeat.context is not None else -1

    def at_hop(self, hop, expression, depth):
        m, i = self.repeat.hops[hop]
        call = m.calls[i]
        return self.value(hop, m, call[3], expression, call[5], depth)

    def value(self, hop, m, scope, expression, at, depth):
        if expression is None or depth > MAX_DEPTH:
            return SAME if expression is None else CHANGED
        worst = SAME
        for e in walk(expression, m.calls):
            if e[0] == "n":
                worst = max(worst, self.name(hop, m, scope, e[1], at, depth))
            elif e[0] == "a" and dotted(e):
                worst = max(worst, self.attribute(hop, m, scope, e, depth))
            elif e[0] == "g":  # as many as what it goes through has
                worst = max(worst, self.value(hop, m, scope, m.contexts[e[3]][3][1], at, depth + 1))
            elif e[0] == "c":
                worst = max(worst, self.called(m, e[1]))
            elif e[0] in ("v", "y"):
                worst = max(worst, CHANGED)
            if worst == TARGET:
                return TARGET
        return worst

    def name(self, hop, m, scope, name, at, depth):
        bindings = m.bindings(scope).get(name)
        if not bindings or name in m.global_names(scope):
            outer = m.scopes[scope][F.S_PARENT]
            return SAME if not self.changed_in_repeat(hop, m, scope, ("n", name)) or outer < 0 else CHANGED
        if hop == 0:
            return self.in_loop(hop, m, scope, name, bindings, at, depth)
        worst = SAME
        for binding in self.context.infer.reaching(m, bindings, at):
            worst = max(worst, self.bound(hop, m, scope, binding, depth))
        return max(worst, self.added(hop, m, scope, ("n", name), depth))

    def added(self, hop, m, scope, place, depth):
        """What a function on the way puts into a container of its own: `parts.append(batch[0])`."""
        worst = SAME
        for k in m.scope_calls(scope):
            f = m.calls[k][0]
            if f[0] == "a" and f[2] in _MUTATORS and f[1] == place:
                for argument in m.arguments(k):
                    worst = max(worst, self.value(hop, m, scope, argument, m.calls[k][5], depth + 1))
        return worst

    def in_loop(self, hop, m, scope, name, bindings, at, depth):
        """A name in the function that has the loop: only what the loop binds matters."""
        if self.loop == -1:
            inner = bindings
        else:
            header = m.contexts[self.loop][2]
            inner = [b for b in bindings if b[1] == header and b[0] == "iter" or b[1] >= 0 and m.inside(m.statements[b[1]][2], self.loop)]
        worst = CHANGED if self.changed_in_repeat(hop, m, scope, ("n", name)) else SAME
        for binding in inner:
            worst = max(worst, self.bound(hop, m, scope, binding, depth))
        return worst

    def bound(self, hop, m, scope, binding, depth):
        kind, statement, _, expression, path = binding
        if kind == "param":
            if hop == 0:
                return CHANGED if self.loop == -1 else SAME
            caller, k = self.repeat.hops[hop - 1]
            given = self.context.infer.argument(m, scope, expression, caller, k)
            return SAME if given is None else self.at_hop(hop - 1, given, depth + 1)
        if kind == "iter":
            return TARGET
        if kind in ("assign", "with"):
            worst = self.branch(hop, m, scope, statement, depth)
            return max(worst, self.value(hop, m, scope, expression, statement, depth + 1))
        if kind == "augment" or kind == F.DEF:
            return CHANGED
        return SAME

    def branch(self, hop, m, scope, statement, depth):
        """TARGET when the assignment stands under a condition on the loop variable."""
        for c in m.chain(m.statements[statement][2]):
            if hop == 0 and c == self.loop:
                break
            kind, _, owner, _ = m.contexts[c]
            if kind == "if" and self.value(hop, m, scope, m.statements[owner][5], owner, depth + 1) == TARGET:
                return TARGET
            if kind == "for":
                return TARGET  # an inner loop sets it
        return SAME

    def attribute(self, hop, m, scope, e, depth):
        if self.changed_in_repeat(hop, m, scope, e):
            return CHANGED
        return self.holder(hop, m, scope, depth) if dotted(e)[0] == "self" and m.is_method(scope) else SAME

    def holder(self, hop, m, scope, depth):
        """How the object changes whose method a hop is in: `Loader(part).read()` reads another part in each pass."""
        if hop == 0:
            return SAME
        caller, k = self.repeat.hops[hop - 1]
        f, outer = caller.calls[k][0], caller.calls[k][3]
        if f[0] != "a" or f[1][0] == "c" and tail_of(caller.calls[f[1][1]][0]) == "super":
            return SAME
        if f[1] == ("n", "self") and caller.is_method(outer):
            return self.holder(hop - 1, caller, outer, depth + 1)
        return self.at_hop(hop - 1, f[1], depth + 1)

    def called(self, m, i):
        """A call gives the same each time when it is known to compute only from its arguments."""
        call = m.calls[i]
        tail = tail_of(call[0])
        if tail in _RANDOM:
            return CHANGED
        for name in self.context.project.apis(m, i):
            if any(part in ("random", "rng") for part in name.split(".")):
                return CHANGED
            if name.startswith(_PURE_ROOTS) or name.split(".")[0] in ("ndarray", "dataset", "tensor", "seq", "tup", "map"):
                return SAME
        if call[0][0] == "n" and tail in _PURE_BUILTINS:
            return SAME
        return CHANGED

    def changed_in_repeat(self, hop, m, scope, place):
        """Is a name or attribute assigned or changed in place in the part of the function that repeats?"""
        loop = self.loop if hop == 0 else -1
        for s in m.scope_statements(scope):
            statement = m.statements[s]
            if statement is None or not m.inside(statement[2], loop):
                continue
            targets = statement[5] if statement[0] in (F.ASSIGN, F.DELETE) else (statement[5],) if statement[0] == F.AUGMENT else ()
            for target in targets:
                if place[0] == "a" and target == place or target[0] == "x" and target[1] == place or statement[0] == F.AUGMENT and target == place:
                    return True
        for k in m.scope_calls(scope):
            call = m.calls[k]
            if not m.inside(call[4], loop):
                continue
            f = call[0]
            if f[0] == "a" and f[2] in _MUTATORS and f[1] == place:
                return True
            if tail_of(f) in ("shuffle", "resize", "fill_diagonal", "put", "copyto") and place in call[1][:1]:
                return True
        return False
