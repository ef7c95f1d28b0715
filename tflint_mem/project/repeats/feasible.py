"""Can a way through the program be taken?  What callers pass decides conditions on parameters.

`def answer(text, model=None): if model is None: model = load()` loads nothing in a loop that passes a model,
`def net(x, pretrained=False): if pretrained: …` builds nothing more for callers that leave the default, and
`def build(fresh=False): if fresh: clear()` is not cleaned by `build()`.
"""

from tflint_mem import facts as F
from tflint_mem.facts import Constant
from tflint_mem.knowledge.api import canonical
from tflint_mem.project.linking.module import statement_expressions, tail_of, walk

_TRUTHY = frozenset(
    (
        "model",
        "saved_model",
        "layer",
        "optimizer",
        "session",
        "graph",
        "dataset",
        "tf.function",
        "inst",
        "fn",
        "meth",
        "things",
    )
)

_DECIDED = frozenset(("is", "is not", "==", "!=", "in", "not in"))  # what `_compare` has an answer for


class Feasible:
    def __init__(self, project):
        self.project = project
        self._memo, self._methods, self._chosen_in = {}, {}, {}

    def way(self, hops):
        """May the calls of `hops` ((module, call), outermost first) run one inside the other, as far as constants and models tell?"""
        for position in range(1, len(hops)):
            m, i = hops[position]
            for test, needed, at in self._conditions(m, i):
                if self._holds(hops, position, test, at) is (not needed):
                    return False
        return self._one_object(hops)

    def sure(self, hops):
        """Does the last of `hops` surely run when the one before calls its function: is each branch that it stands in the one taken?"""
        m, i = hops[-1]
        decided = {
            at: self._holds(hops, len(hops) - 1, test, at) is needed for test, needed, at in self._conditions(m, i)
        }
        around = {
            m.contexts[c][2] for c in m.chain(m.calls[i][4]) if m.contexts[c][0] in ("if", "except", "while", "for")
        }
        return all(decided.values()) and around <= decided.keys()

    def _one_object(self, hops):
        """Is there a class whose objects run all the methods that the way calls on `self`, one from the other?

        `Base.score` calls `self.predict`: on the way from a subclass with a `predict` of its own, that of `Base` does not run.
        `super().score()` runs the method of an ancestor on the object of this class.
        """
        heirs = None
        for position in range(1, len(hops)):
            (m, i), (tm, ti) = hops[position - 1 : position + 1]
            f, scope, target = m.calls[i][0], m.calls[i][3], tm.calls[ti][3]
            inherited = f[0] == "a" and f[1][0] == "c" and m.calls[f[1][1]][0] == ("n", "super")
            if (
                not inherited
                and (f[0] != "a" or f[1] != ("n", "self"))
                or not m.is_method(scope)
                or tm.scopes[target][F.S_NAME] != f[2]
            ):
                heirs = None
                continue
            first = heirs is None
            if first:
                owner = m.scopes[scope][F.S_PARENT]
                heirs = ((m.index, owner), *self.project.subclasses(m, owner))
            if inherited:
                continue
            heirs = [c for c in heirs if self._method(c, f[2]) == (tm.index, target)]
            if not heirs:
                if not first:
                    return False
                heirs = None  # how it was found is not known here
        return True

    def _method(self, owner, name):
        """(module index, scope) of the method that objects of a class run by that name, or None."""
        key = (owner, name)
        if key not in self._methods:
            found = self.project.infer.lookup(self.project.module(owner[0]), owner[1], name)
            self._methods[key] = found and (found[0].index, found[1])
        return self._methods[key]

    # -- what must hold for a call to be reached --------------------------------------------------------------------------------

    def _conditions(self, m, i):
        """((test, value it must have, its statement), …) on parameters of the function around call `i`."""
        key = (m.index, i)
        found = self._memo.get(key)
        if found is None:
            call = m.calls[i]
            found = self._memo[key] = tuple(self._around(m, i)) if m.scopes[call[3]][F.S_PARAMS] else ()
        return found

    def _around(self, m, i):
        call = m.calls[i]
        scope = call[3]

        def asks(context):
            kind, _, statement, _ = m.contexts[context]
            return kind == "if" and self._asks(m, scope, m.statements[statement][5], statement)

        for context in m.outward("parameters", call[4], asks):
            _, _, statement, branch = m.contexts[context]
            yield m.statements[statement][5], branch, statement
        yield from self._chosen(m, i)
        for s in m.ifs(scope):
            if s >= call[5]:
                break
            statement = m.statements[s]
            if m.inside(call[4], statement[2]) and not m.inside(call[4], statement[6]):
                if self._leaves(m, scope, statement[6]) and self._asks(m, scope, statement[5], s):
                    yield statement[5], False, s

    def _chosen(self, m, i):
        """The tests of conditional expressions around the call: `net if trained else build()`."""
        call = m.calls[i]
        for test, parts in self._choices(m, call[3], call[5]):
            for branch, calls in parts:
                if i in calls:
                    yield test, branch, call[5]

    def _choices(self, m, scope, statement):
        """[(test, ((branch, its calls), …))] of the conditional expressions in a statement."""
        found = self._chosen_in.get((m.index, statement))
        if found is None:
            found = self._chosen_in[m.index, statement] = [
                (
                    e[1],
                    [
                        (branch, {c[1] for c in walk(part, m.calls) if c[0] == "c"})
                        for branch, part in ((True, e[2]), (False, e[3]))
                    ],
                )
                for expression in statement_expressions(m.statements[statement])
                for e in walk(expression, m.calls)
                if e[0] == "i" and self._asks(m, scope, e[1], statement)
            ]
        return found

    def _asks(self, m, scope, test, at):
        """Is the test about parameters, at least in part, with the values that callers passed?"""
        return any(self._untouched(m, scope, name, at) for name in _names(m, test))

    @staticmethod
    def _untouched(m, scope, name, at):
        bindings = m.bindings(scope).get(name, ())
        return any(b[0] == "param" for b in bindings) and all(b[0] == "param" or b[1] > at for b in bindings)

    @staticmethod
    def _leaves(m, scope, context):
        """Does a block end its function whatever happens in it?"""
        return any(what in ("return", "raise") for _, what in m.jumps(scope).get(context, ()))

    # -- three-valued: True, False, or None for "depends" --------------------------------------------------------------------------

    def _holds(self, hops, position, test, at):
        tag = test[0]
        if tag == "u" and test[1] == "not":
            inner = self._holds(hops, position, test[2], at)
            return None if inner is None else not inner
        if tag == "o":
            values = [self._holds(hops, position, item, at) for item in test[2]]
            decisive = test[1] == "or"
            return decisive if decisive in values else None if None in values else not decisive
        if tag == "n":
            return _truth(self._asked(hops, position, test[1], at))
        if tag == "q" and len(test[2]) == 1 and test[1][0] == "n":
            return _compare(test[2][0], self._asked(hops, position, test[1][1], at), test[3][0])
        if (
            tag == "q"
            and test[2] in (("in",), ("not in",))
            and test[1][0] == "k"
            and isinstance(test[1][1], str)
            and test[3][0][0] == "n"
        ):  # "combined" in mode
            given = self._asked(hops, position, test[3][0][1], at)
            if given is None or given[0] != "k" or not isinstance(given[1], str):
                return None
            return (test[1][1] in given[1]) is (test[2][0] == "in")
        if tag == "c":
            m, _ = hops[position]
            call = m.calls[test[1]]
            if tail_of(call[0]) == "isinstance" and len(call[1]) == 2 and call[1][0][0] == "n":
                return self._is_a(m, call, self._asked(hops, position, call[1][0][1], at))
        return None

    def _is_a(self, m, call, given):
        if given is None:
            return None
        for v in self.project.infer.values(m, call[3], call[1][1], call[5]):
            if v[0] == "ext" and canonical(v[1]) == "keras.Model":
                return False if given[0] == "k" else True if given[1] == "model" else None
        return None

    def _asked(self, hops, position, name, at):
        """What is given for a name in the test at statement `at`; None when it is no parameter, or was assigned before."""
        m, i = hops[position]
        return self._given(hops, position, name) if self._untouched(m, m.calls[i][3], name, at) else None

    def _given(self, hops, position, name, depth=0):
        """("k", constant) or ("kind", kind of thing) that the hop before passes for a parameter; None when it cannot be told."""
        if position < 1 or depth > 6:
            return None
        m, i = hops[position]
        other, j = hops[position - 1]
        key = (m.index, m.calls[i][3], name, other.index, j)
        if key not in self._memo:
            self._memo[key] = self._passed(m, m.calls[i][3], name, other, j)
        expression, default = self._memo[key]
        if default:
            return expression if expression is not None and expression[0] == "k" else None
        return self._value(hops, position - 1, expression, depth) if expression is not None else None

    def _passed(self, m, scope, name, other, j):
        """(expression that call `j` passes for a parameter, False), (its default, True), or (None, False) when that cannot be told."""
        params = m.scopes[scope][F.S_PARAMS]
        index = next((n for n, p in enumerate(params) if p[0] == name), None)
        call = other.calls[j]
        if (
            index is None
            or params[index][3] in ("*", "**")
            or any(e[0] == "s" for e in call[1])
            or any(k is None for k, _ in call[2])
        ):
            return None, False
        if not any(fm is m and s == scope for fm, s in self.project.functions_called(other, j)):
            return None, False
        expression = self.project.infer.argument(m, scope, index, other, j)
        return (expression, False) if expression is not None else (params[index][2], True)

    def _value(self, hops, position, expression, depth):
        m, i = hops[position]
        scope = m.calls[i][3]
        if expression[0] == "k":
            return expression
        if expression[0] == "n":
            bindings = m.bindings(scope).get(expression[1], ())
            if len(bindings) == 1 and bindings[0][0] == "param":
                return self._given(hops, position, expression[1], depth + 1)
            if any(b[0] not in ("assign", "with", "iter", "import", F.DEF) for b in bindings):
                return None
        elif expression[0] not in ("c", "a", "f"):
            return None
        values = self.project.infer.values(m, scope, expression, m.calls[i][5])
        kinds = {v[1] if v[0] == "obj" else v[0] for v in values}
        if len(values) == 1 and "k" in kinds:
            return next(iter(values))
        if not kinds or "k" in kinds or any(k.startswith("ext:") for k in kinds):
            return None
        return ("kind", kinds.pop() if len(kinds) == 1 else "things" if kinds <= _TRUTHY else "several")


def _names(m, test):
    """Names that a test of a known form is about; something else in it gives a name that no parameter has."""
    tag = test[0]
    if tag == "u" and test[1] == "not":
        yield from _names(m, test[2])
    elif tag == "o":
        for item in test[2]:
            yield from _names(m, item)
    elif tag == "n":
        yield test[1]
    elif (
        tag == "q"
        and len(test[2]) == 1
        and test[2][0] in _DECIDED
        and test[1][0] == "n"
        and test[3][0][0] in ("k", "t", "l", "S")
    ):
        yield test[1][1]
    elif (
        tag == "q"
        and test[2] in (("in",), ("not in",))
        and test[1][0] == "k"
        and isinstance(test[1][1], str)
        and test[3][0][0] == "n"
    ):
        yield test[3][0][1]
    elif (
        tag == "c"
        and tail_of(m.calls[test[1]][0]) == "isinstance"
        and m.calls[test[1]][1][:1]
        and m.calls[test[1]][1][0][0] == "n"
    ):
        yield m.calls[test[1]][1][0][1]
    else:
        yield ""


def _truth(given):
    if given is None:
        return None
    if given[0] == "k":
        return bool(given[1])
    return True if given[1] in _TRUTHY else None


def _compare(op, given, right):
    if given is None:
        return None
    if right == Constant(None) and op in ("is", "is not", "==", "!="):
        same = given == right
        return same if op in ("is", "==") else not same
    if given[0] != "k":
        return None
    if right[0] == "k" and op in ("is", "is not", "==", "!="):
        same = given[1] == right[1] and type(given[1]) is type(right[1])
        return same if op in ("is", "==") else not same
    if op in ("in", "not in") and right[0] in ("t", "l", "S") and all(item[0] == "k" for item in right[1]):
        return (given in right[1]) is (op == "in")
    return None
