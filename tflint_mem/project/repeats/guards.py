"""What makes a place run only once although it stands in something that repeats.

Once-guards (`if self.model is None`, `if name not in cache`, `hasattr`), early returns from a cache, loops that leave
in their first pass, cached functions (`lru_cache`, `st.cache_resource`), start-up events.
"""

from tflint_mem import facts as F
from tflint_mem.facts import Constant
from tflint_mem.project.linking.module import dotted, statement_expressions, tail_of, walk

from . import leaving
from .tables import Tables

_CACHING = frozenset(
    (
        "lru_cache",
        "cache",
        "cached_property",
        "cache_resource",
        "cache_data",
        "experimental_singleton",
        "experimental_memo",
        "memoize",
        "cached",
        "singleton",
        "memory_cache",
        "asynccached",
        "run_once",
        "once",
        "alru_cache",
        "setup_class",
        "setUpClass",
        "before_first_request",
        "on_startup",
        "fixture",
        "ttl_cache",
    )
)
_IN_FUNCTION = frozenset(("functools.lru_cache", "functools.cache"))  # what they keep goes with the function object
_RETURNS = frozenset(("return", "raise"))
_LEAVES_ALL = _RETURNS | {"exit"}
_LEAVES = _LEAVES_ALL | {"break"}
_BLOCKS = frozenset(("for", "while", "try"))
_NOTHING: dict = {}
_NAMES_OF = frozenset(
    ("getnames", "namelist", "listdir", "keys")
)  # distinct names: of an archive, a folder, a dictionary


class Guards:
    def __init__(self, project):
        self.project = project
        self.tables = Tables(project)
        self._cached, self._guarding, self._returning = {}, {}, {}
        self._ending, self._asked_about, self._instead = {}, {}, {}

    # -- loops that end in their first pass ---------------------------------------------------------------------------------

    def leaves(self, m, i, loop):
        """Does the code path of call `i` always leave the loop in the same pass?

        True when an unconditional `break`, `return` or exit stands in one of the blocks between the call and the loop.
        """
        if m.contexts[loop][0] == "comp":
            return False
        call = m.calls[i]
        jumps, ends, blocks = m.jumps(call[3]), self._ends(m, loop), []
        for context in m.outward(
            ("leaves", loop) if ends else "leaves",
            call[4],
            lambda c: m.contexts[c][0] in _BLOCKS or c in jumps or c in ends,
        ):
            blocks.append(context)
            if context == loop:
                break
        outward, inward = sum(m.contexts[c][0] in ("for", "while") for c in blocks if c != loop), 0  # loops in between
        for context in blocks:
            kind = m.contexts[context][0]
            if context != loop and kind in ("for", "while"):
                # a break in an inner loop leaves only that loop; a return leaves all
                outward, inward = outward - 1, inward + 1
                if self._jumps(jumps, context, call[5], _RETURNS):
                    return True
            elif kind != "comp":
                kinds = _LEAVES_ALL if outward or inward and context != loop else _LEAVES
                if self._jumps(jumps, context, call[5], kinds) or not outward and ends.get(context, -1) >= call[5]:
                    return True
                if kind == "try":  # `try: load()` … `else: break`: leaves when it worked
                    otherwise = m.statements[m.contexts[context][2]][7]
                    if otherwise is not None and self._jumps(jumps, otherwise, call[5], kinds):
                        return True
        return False

    def _ends(self, m, loop):
        """{block: the last statement in it that ends the loop}: `while not done:` with `done = True` in the block."""
        if m.contexts[loop][0] != "while":
            return _NOTHING
        found = self._ending.get((m.index, loop))
        if found is None:
            found = self._ending[m.index, loop] = {}
            header = m.statements[m.contexts[loop][2]]
            flags = {
                condition: positive
                for condition, positive in _conditions(header[5], True)
                if condition[0] in ("n", "a")
            }
            for s in m.scope_statements(header[1]) if flags else ():
                statement = m.statements[s]
                if statement and statement[0] == F.ASSIGN and statement[6] is not None and statement[6][0] == "k":
                    if any(target in flags and bool(statement[6][1]) != flags[target] for target in statement[5]):
                        found[statement[2]] = s
        return found

    @staticmethod
    def _jumps(jumps, context, after, kinds):
        """An unconditional jump of these kinds in the block itself, at or after statement `after`."""
        return any(what in kinds and s >= after for s, what in jumps.get(context, ()))

    # -- once-guards --------------------------------------------------------------------------------------------------------

    def once(self, m, i, loop, time=False):
        """What is looked at between call `i` and context `loop` (-1: the whole function) to let the call run only the first time.

        An expression, such as `("a", ("n", "self"), "model")`; True when it is no place in particular; False when there is nothing.
        With `time`, when it is about the time that the runs take, a table with ever new keys does not count: see `tables`.
        """
        call = m.calls[i]
        scope = call[3]
        own = m.statements[call[5]][2]
        if (
            own > loop
            and m.contexts[own][0] == "if"
            and m.contexts[own][3]
            and not self._may_guard(m, scope, own, loop)
        ):
            found = self._ends_itself(
                m, call, own, loop
            )  # nothing further in is a guard: the call stands in this block itself
            if found:
                return found
        for context in m.outward(("once", loop), call[4], lambda c: c <= loop or self._may_guard(m, scope, c, loop)):
            if context <= loop:  # a context is numbered after the one around it
                break
            kind, _, statement, branch = m.contexts[context]
            if kind == "if":
                found = self._guard(m, scope, context, loop) or self._changing(m, scope, context) and _replaces(m, i)
                found = found or branch and self._ends_itself(m, call, context, loop)
                if found and not (time and self.tables.by_key(m, scope, found)):
                    return found
            elif kind == "except":
                if self._cache_miss(m, statement, context, time):
                    return True
            elif kind == "while":
                if self.until_loaded(m, i, statement, context):
                    return True
        return self._early_return(m, i, loop, time) or self._conditional_expression(m, i)

    def _may_guard(self, m, scope, context, loop):
        """May the context keep a call in it from running again, whichever call that is?"""
        kind = m.contexts[context][0]
        return (
            kind in ("except", "while")
            or kind == "if"
            and bool(self._guard(m, scope, context, loop) or self._changing(m, scope, context))
        )

    def _guard(self, m, scope, context, loop):
        """What an `if` looks at to let its branch run only the first time between passes of `loop`: see `once`."""
        key = (m.index, context, loop)
        found = self._guarding.get(key)
        if found is None:
            _, _, statement, branch = m.contexts[context]
            found = self._guarding[key] = self._is_guard(
                m, scope, m.statements[statement][5], branch, context, loop, statement
            )
        return found

    def _ends_itself(self, m, call, context, loop):
        """`if self.model.version != wanted: self.model = load(wanted)`: what is made changes the condition."""
        statement = m.statements[call[5]]
        if statement[0] != F.ASSIGN or statement[2] != context:
            return False
        key = (m.index, m.contexts[context][2])
        asked = self._asked_about.get(key)
        if asked is None:
            asked = self._asked_about[key] = frozenset(
                e for e in walk(m.statements[key[1]][5], m.calls) if e[0] in ("n", "a")
            )
        for target in statement[5]:
            if target in asked:
                return target if self._persists(m, call[3], target, context, loop) else False
        return False

    def _changing(self, m, scope, context):
        """Does the branch run when something has changed?"""
        key = ("change", m.index, context)
        found = self._guarding.get(key)
        if found is None:
            _, _, statement, branch = m.contexts[context]
            found = self._guarding[key] = any(
                positive and self._on_change(m, scope, condition, context)
                for condition, positive in _conditions(m.statements[statement][5], branch)
            )
        return found

    def _is_guard(self, m, scope, test, branch, context, loop, statement):
        for condition, positive in _conditions(test, branch):
            subject = _missing(m, condition, positive) or self._got(m, condition, positive)
            if subject is not None:
                if subject == "first":
                    return True
                for place in (subject, *self._looked_up_from(m, scope, subject, statement)):
                    if self._assigned_in(m, scope, place, context) and self._persists(m, scope, place, context, loop):
                        return place
            if positive and self._first_pass(m, scope, condition, loop, context):
                return True
        return False

    def _got(self, m, condition, positive):
        """`if self.network() is None:` speaks of the attribute that the method returns."""
        e = condition
        if e[0] == "q" and e[2] in (("is",), ("==",)) and e[3][0] == Constant(None):
            e, positive = e[1], not positive
        if positive or e[0] != "c" or m.calls[e[1]][0][:2] != ("a", ("n", "self")):
            return None
        for fm, scope in self.project.functions_called(m, e[1]):
            for s in fm.scope_statements(scope):
                statement = fm.statements[s]
                if (
                    statement
                    and statement[0] == F.RETURN
                    and statement[5] is not None
                    and statement[5][:2] == ("a", ("n", "self"))
                ):
                    return statement[5]
        return None

    def _persists(self, m, scope, subject, context, loop):
        """Does the guarded name keep its value until the next repeat?  A local of the repeated function does not, nor a name reset in the loop."""
        if self._reset(m, scope, subject, context, loop):
            return False
        root = subject
        while root[0] in ("a", "x"):
            root = root[1]
        if root[0] != "n" or root[1] in m.global_names(scope):
            return True
        bindings = m.bindings(scope).get(root[1], ())
        if any(b[0] == "param" for b in bindings):
            return subject[0] != "n" or all(
                b[0] == "param" or not m.inside(m.statements[b[1]][2], context) for b in bindings
            )
        outside = [b for b in bindings if b[1] >= 0 and not m.inside(m.statements[b[1]][2], context)]
        if (
            subject[0] == "a"
            and outside
            and all(b[0] == "iter" or b[0] == "assign" and _looks_up(m, b[3]) for b in outside)
        ):
            return True  # of an object that was made before: an item, or what `registry.get_entry(name)` gives
        if loop == -1:
            return scope == 0 or not bindings or not outside and not any(b[0] == "assign" for b in bindings)
        return not any(m.inside(m.statements[b[1]][2], loop) and b[0] == "assign" for b in outside)

    @staticmethod
    def _reset(m, scope, subject, context, loop):
        """Is the guarded place set to None in the same repeat, before the guard?"""
        guard = m.contexts[context][2]
        for s in m.scope_statements(scope):
            if s >= guard:
                return False
            statement = m.statements[s]
            if (
                statement
                and statement[0] == F.ASSIGN
                and statement[6] == Constant(None)
                and m.inside(statement[2], loop)
            ):
                if subject in statement[5] and m.inside(m.contexts[context][1], statement[2]):
                    return True
        return False

    def _looked_up_from(self, m, scope, subject, statement):
        """`model = cache.get(key)` before `if model is None`: the cache is what is guarded."""
        if subject[0] != "n":
            return
        for binding in m.bindings(scope).get(subject[1], ()):
            if binding[0] == "assign" and binding[1] < statement and not binding[4]:
                value = binding[3]
                found = value[1] if value[0] == "x" else _looked_up(m, value)
                if found is not None:
                    yield found

    @staticmethod
    def _on_change(m, scope, condition, context):
        """`if stamp != last:` with `last = stamp` inside: runs when something changed, not in each repeat.

        That keeps what replaces an older one; what is made for the occasion is made again for each change.
        """
        if condition[0] != "q" or condition[2] not in (("!=",), (">",), ("<",)):
            return False
        sides = (condition[1], condition[3][0])
        for s in m.scope_statements(scope):
            statement = m.statements[s]
            if statement and statement[0] == F.ASSIGN and statement[6] is not None and m.inside(statement[2], context):
                for target in statement[5]:
                    if (
                        target in sides
                        and statement[6] in sides
                        and target != statement[6]
                        and target[0] in ("n", "a", "x")
                    ):
                        return True
        return False

    @staticmethod
    def one_of_them(m, i, loop):
        """`for part in parts: if part == "train": …`: only the pass of that name, in a loop over names that are held together."""
        kind, _, header, _ = m.contexts[loop]
        iterable = m.statements[header][6] if kind == "for" else None
        if iterable is None or m.statements[header][5][0] != "n":
            return False
        if iterable[0] not in ("n", "a", "l", "t") and not (
            iterable[0] == "c" and tail_of(m.calls[iterable[1]][0]) in _NAMES_OF
        ):
            return False
        target = m.statements[header][5]

        def is_one(context):
            kind, _, statement, branch = m.contexts[context]
            test = m.statements[statement][5] if kind == "if" and branch else ("",)
            return (
                context <= loop
                or test[0] == "q"
                and test[1] == target
                and test[2] == ("==",)
                and test[3][0][0] == "k"
                and isinstance(test[3][0][1], str)
            )

        return next(m.outward(("one of them", loop), m.calls[i][4], is_one), -1) > loop

    def _first_pass(self, m, scope, condition, loop, context):
        """`if i == 0`, `if step == 1`, `if epoch == 10`: one pass of the loop that counts `i`."""
        if condition[0] != "q" or condition[2] != ("==",):
            return False
        left, right = condition[1], condition[3][0]
        if left[0] == "k":
            left, right = right, left
        if left[0] != "n" or right[0] != "k" or not isinstance(right[1], int) or isinstance(right[1], bool):
            return False
        bindings = m.bindings(scope).get(left[1], ())
        return (
            any(binding[0] == "iter" for binding in bindings)
            or loop != -1
            and leaving.holds_once(m, left[1], right[1], loop, context)
        )

    def _assigned_in(self, m, scope, subject, context):
        """Is the guarded thing set inside the guarded block (directly, or by a method called there)?"""
        for s in m.scope_statements(scope):
            statement = m.statements[s]
            if statement is None or not m.inside(statement[2], context):
                continue
            if statement[0] == F.ASSIGN:
                for target in statement[5]:
                    for each in target[1] if target[0] in ("t", "l") else (target,):
                        if _same_place(each, subject):
                            return True
            elif statement[0] == F.WITH:
                if any(t is not None and _same_place(t, subject) for _, t in statement[5]):
                    return True
            elif statement[0] == F.EXPR and statement[5][0] == "c":
                call = m.calls[statement[5][1]]
                f = call[0]
                if (
                    f[0] == "a"
                    and f[2] in ("append", "add", "setdefault", "update", "put", "set")
                    and _same_place(f[1], subject)
                ):
                    return True
                if (
                    tail_of(f) == "setattr"
                    and subject[0] == "a"
                    and len(call[1]) > 1
                    and call[1][1] == Constant(subject[2])
                ):
                    return True
                if subject[0] == "a" and subject[1] == ("n", "self") and f[0] == "a" and f[1] == ("n", "self"):
                    for fm, fs in self.project.functions_called(m, statement[5][1]):
                        if self._sets_attribute(fm, fs, subject[2]):
                            return True
                if subject[0] == "n":
                    for fm, fs in self.project.functions_called(m, statement[5][1]):
                        if fm is m and subject[1] in m.global_names(fs) and subject[1] in m.bindings(fs):
                            return True
        if subject[0] == "n" and subject[1] not in m.bindings(scope):
            # a global guarded here and set by the function this code is in
            return False
        return False

    @staticmethod
    def _sets_attribute(m, scope, name):
        for s in m.scope_statements(scope):
            statement = m.statements[s]
            if (
                statement
                and statement[0] == F.ASSIGN
                and any(
                    t[0] == "a" and t[2] == name or t[0] == "x" and t[1][0] == "a" and t[1][2] == name
                    for t in statement[5]
                )
            ):
                return True
        return False

    def _cache_miss(self, m, statement, context, time):
        """`try: return cache[k]` / `except KeyError: cache[k] = load()`; also `except AttributeError` / NameError."""
        for kind, _, handler in m.statements[statement][6]:
            if handler == context and kind is not None:
                names = {tail_of(e) for e in (kind[1] if kind[0] == "t" else (kind,))}
                if names & {"KeyError", "AttributeError", "NameError"}:
                    return self._fills_what_was_looked_at(m, statement, context, time)
        return False

    def _fills_what_was_looked_at(self, m, statement, handler, time):
        """Does the handler put something where the `try` has looked: into the table, the attribute, the name?"""
        scope, first = m.statements[statement][1], m.contexts[handler][2]
        places = set()
        for s in range(statement + 1, m.scopes[scope][F.S_STMTS][1]):
            each = m.statements[s]
            if each is None:
                continue
            if each[3] > m.statements[statement][4] or m.inside(each[2], handler):
                break
            for expression in statement_expressions(each) if first == statement else ():
                places.update(e[1] if e[0] == "x" else e for e in walk(expression, m.calls) if e[0] in ("x", "a", "n"))
        return any(
            self._assigned_in(m, scope, place, handler) and not (time and self.tables.by_key(m, scope, place))
            for place in places
            if place[0] != "n" or self._is_read_first(m, scope, place, statement)
        )

    @staticmethod
    def _is_read_first(m, scope, place, statement):
        """Is a name bound anywhere but in the `try` itself, so that the `try` looks whether it is there already?"""
        return (
            place[1] in m.global_names(scope)
            or scope == 0
            or place[1] not in m.bindings(scope)
            or any(b[1] < statement for b in m.bindings(scope)[place[1]])
        )

    def until_loaded(self, m, i, statement, context):
        """`while model is None:` around the load; `while not done:` around anything else is a loop like any other."""
        test = m.statements[statement][5]
        for condition, positive in _conditions(test, True):
            subject = _missing(m, condition, positive)
            if subject is None or subject == "first":
                continue
            if condition == subject:  # only truth is tested: the call must be what sets it
                filled = m.statements[m.calls[i][5]]
                if filled[0] == F.ASSIGN and any(_same_place(target, subject) for target in filled[5]):
                    return True
            elif self._assigned_in(m, m.statements[statement][1], subject, context):
                return True
        return False

    def _early_return(self, m, i, loop, time):
        """`if key in cache: return cache[key]` before the call, and the cache is filled afterwards."""
        call = m.calls[i]
        scope = call[3]
        for s, leaves in self._leaving_ifs(m, scope):
            if s >= call[5]:
                break
            statement = m.statements[s]
            if not m.inside(call[4], statement[2]):
                continue
            if loop != -1 and not m.inside(statement[2], loop):
                continue
            for condition, positive in _conditions(statement[5], True):
                subject = _present(m, condition, positive)
                if subject is None:
                    continue
                if leaves[0] != F.RETURN:  # `if done: break` and `if key in seen: continue` are no guards
                    if condition[0] != "q" or condition[2][0] not in ("is", "is not", "==", "!="):
                        continue
                elif condition[0] in ("n", "a", "x") and not (
                    leaves[5] is not None
                    and any(_same_place(subject, e) or e == subject for e in walk(leaves[5], m.calls))
                ):
                    continue
                if (
                    subject == "first"
                    or (self._assigned_in(m, scope, subject, -1) or self._declared_global(m, scope, subject))
                    and not (
                        time
                        and any(
                            self.tables.by_key(m, scope, place)
                            for place in (subject, *self._looked_up_from(m, scope, subject, s))
                        )
                    )
                ):
                    return True if subject == "first" else subject
        return False

    def _leaving_ifs(self, m, scope):
        """[(`if` statement, what ends its block)] of those that end with a `return`, `continue` or `break`, in order."""
        found = self._returning.get((m.index, scope))
        if found is None:
            leaving = ((s, self._leaving(m, scope, m.statements[s][6])) for s in m.ifs(scope))
            found = self._returning[m.index, scope] = [(s, jump) for s, jump in leaving if jump is not None]
        return found

    @staticmethod
    def _declared_global(m, scope, subject):
        return subject[0] == "n" and subject[1] in m.global_names(scope)

    @staticmethod
    def _leaving(m, scope, context):
        """The `return`, `continue` or `break` that ends a block, or None."""
        return next(
            (m.statements[s] for s, what in m.jumps(scope).get(context, ()) if what in ("return", "continue", "break")),
            None,
        )

    def _conditional_expression(self, m, i):
        """`model = model or load()`, `self.m = self.m if self.m else load()`, `cache.setdefault(k, load())` is none."""
        statement = m.statements[m.calls[i][5]]
        if statement[0] != F.ASSIGN or statement[6] is None or statement[6][0] not in ("o", "i"):
            return False
        key = (m.index, m.calls[i][5])
        if key not in self._instead:
            self._instead[key] = list(self._chosen(m, statement[5], statement[6]))
        return next((place for place, calls in self._instead[key] if calls is None or i in calls), False)

    @staticmethod
    def _chosen(m, targets, value):
        """(place, the calls that a value makes only when the place is empty, None for all) for `place = place or …`, `place = place if … else …`."""

        def calls(*parts):
            return frozenset(e[1] for part in parts for e in walk(part, m.calls) if e[0] == "c")

        if value[0] == "o":
            if value[1] == "or" and any(_same_place(t, value[2][0]) for t in targets):
                yield value[2][0], calls(*value[2][1:])
            return
        for t in targets:
            if any(_same_place(t, e) for e in walk(value[1])):
                present = any(
                    _missing(m, condition, positive) is not None for condition, positive in _conditions(value[1], False)
                )
                absent = any(
                    _missing(m, condition, positive) is not None for condition, positive in _conditions(value[1], True)
                )
                yield t, None if present == absent else calls(value[2] if absent else value[3])

    def of_object(self, m, scope, place):
        """Is the place that a once-guard looks at an attribute of the one object, so that another object runs the call again?"""
        if not isinstance(place, F.Expression) or not m.is_method(scope) or not m.scopes[scope][F.S_PARAMS]:
            return False
        keyed = place[0] == "x"
        while place[0] in ("a", "x") and place[1][0] in ("a", "x"):
            keyed, place = keyed or place[0] == "x", place[1]
        if (
            place[0] != "a"
            or place[1] != ("n", m.scopes[scope][F.S_PARAMS][0][0])
            or "builtins.classmethod" in self.project.infer.decorator_names(m, scope)
        ):
            return False
        owner = m.scopes[scope][F.S_PARENT]
        if m.scopes[scope][F.S_NAME] == "__new__":
            return False
        # a container in the body of the class is shared by all objects, unless each makes one of its own
        shared = place[2] in m.bindings(owner)
        return not shared or any(
            kind == "assign"
            for _, _, _, _, kind in self.project.infer.attribute_assignments(m, owner).get(place[2], ())
        )

    @staticmethod
    def is_made_anew(m, place):
        """Is the place that a once-guard looks at in a variable or class of this module, so that running the module again empties it?"""
        if not isinstance(place, F.Expression):
            return False
        while place[0] in ("a", "x"):
            place = place[1]
        bindings = m.bindings(0).get(place[1], ()) if place[0] == "n" else ()
        return bool(bindings) and all(
            b[0] == F.CLASS or b[0] == "assign" and b[3][0] in ("k", "d", "l", "S") for b in bindings
        )

    def caches_anew(self, m, scope):
        """Does what caches the function's results live in the module, so that running the module again starts with an empty cache?"""
        names = self.project.infer.decorator_names(m, scope)
        return any(name in _IN_FUNCTION or name.startswith(f"fn:{m.index}:") for name in names) and not any(
            "streamlit" in name for name in names
        )

    def makes_one(self, m, owner):
        """Is a class made so that calling it gives the same object again: by a decorator or a metaclass that keeps it?"""
        record = m.scopes[owner]
        for expression in record[F.S_DECORATORS]:
            expression = m.calls[expression[1]][0] if expression[0] == "c" else expression
            name = (tail_of(expression) or "").lower()
            if name in _CACHING or "singleton" in name:
                return True
            if any(
                v[0] == "fn" and self._decorator_caches(self.project.module(v[1]), v[2])
                for v in self.project.infer.values(m, record[F.S_PARENT], expression, record[F.S_STMT])
            ):
                return True
        for index, s in self.project.infer.mro(m, owner):
            cm = self.project.module(index)
            metaclass = cm.scopes[s][F.S_RETURNS]
            if metaclass is not None:
                if "singleton" in (tail_of(metaclass) or "").lower():
                    return True
                for v in self.project.infer.values(cm, cm.scopes[s][F.S_PARENT], metaclass, cm.scopes[s][F.S_STMT]):
                    method = (
                        self.project.infer.lookup(self.project.module(v[1]), v[2], "__call__")
                        if v[0] == "cls"
                        else None
                    )
                    if method and any(
                        tail_of(method[0].calls[j][0]) in ("__call__", "__new__") and self.once(method[0], j, -1)
                        for j in method[0].scope_calls(method[1])
                    ):
                        return True
        return False

    # -- cached functions -----------------------------------------------------------------------------------------------------

    def cached(self, m, scope):
        """Is the function run once per argument at most (a caching decorator, a start-up event, a test's class set-up)?"""
        key = (m.index, scope)
        if key not in self._cached:
            self._cached[key] = self._is_cached(m, scope)
        return self._cached[key]

    def _is_cached(self, m, scope):
        record = m.scopes[scope]
        if record[F.S_NAME] in ("setUpClass", "setup_module", "setUpModule", "setup_class", "__init_subclass__"):
            return True
        for expression in record[F.S_DECORATORS]:
            arguments = ()
            if expression[0] == "c":
                call = m.calls[expression[1]]
                arguments, expression = call[1], call[0]
            name = tail_of(expression)
            if name is None:
                continue
            lowered = name.lower()
            if (
                name in _CACHING
                or lowered.startswith(("lru_", "memo", "cache"))
                or lowered.endswith(("_cache", "cached", "singleton"))
            ):
                return True
            if name == "on_event" and arguments and arguments[0] == Constant("startup"):
                return True
            parts = dotted(expression)
            if parts and "memory" in parts[0].lower() and name == "cache":
                return True
        for name in self.project.infer.decorator_names(m, scope):
            if name.endswith(("asynccontextmanager",)) and any(
                p[0] in ("app", "_", "_app", "application") for p in record[F.S_PARAMS]
            ):
                return True  # a lifespan
            if name.startswith("fn:"):
                _, index, s = name.split(":")
                if self._decorator_caches(self.project.module(int(index)), int(s)):
                    return True
        return False

    def _decorator_caches(self, m, scope):
        """A decorator of the project that calls what it decorates only the first time, and keeps the result."""
        names = {p[0] for p in m.scopes[scope][F.S_PARAMS]}
        return any(
            m.calls[j][0][0] == "n" and m.calls[j][0][1] in names and self.once(m, j, -1)
            for s in m.with_inner(scope)[1:]
            for j in m.scope_calls(s)
        )


def _replaces(m, i):
    """Is what call `i` makes put in the place of one that was there before: an attribute, an item, a name that is bound elsewhere, too?"""
    statement = m.statements[m.calls[i][5]]
    if statement[0] != F.ASSIGN:
        return False
    bindings = m.bindings(statement[1])
    return any(
        t[0] in ("a", "x") or t[0] == "n" and (len(bindings.get(t[1], ())) > 1 or t[1] in m.global_names(statement[1]))
        for t in statement[5]
    )


def _conditions(test, branch):
    """The atomic conditions that hold in a branch: `(condition, positive)`."""
    if test is None:
        return
    tag = test[0]
    if tag == "u" and test[1] == "not":
        yield from _conditions(test[2], not branch)
    elif tag == "o" and (test[1] == "and") == branch:
        for item in test[2]:
            yield from _conditions(item, branch)
    elif tag == "o":
        # one of them holds: a guard like `if model is None or changed` still runs only now and then
        for item in test[2][:1]:
            yield from _conditions(item, branch)
    else:
        yield test, branch


def _missing(m, condition, positive):
    """The place whose absence the condition states (`x is None`, `k not in d`, `not hasattr(o, "x")`, `not x`), or None."""
    tag = condition[0]
    if tag == "q" and len(condition[2]) == 1:
        op, left, right = condition[2][0], condition[1], condition[3][0]
        if left[0] == "w":  # (model := cache.get(key)) is None
            left = _looked_up(m, left[2]) or F.Name(left[1])
        if (
            right[0] == "k"
            and right[1] is False
            and left[0] in ("n", "a")
            and (op in ("is", "==")) == positive
            and op in ("is", "==", "is not", "!=")
        ):
            return left  # a flag: `if self.ready is False:`
        if right == Constant(None) and (op in ("is", "==")) == positive and op in ("is", "==", "is not", "!="):
            return left if left[0] in ("n", "a", "x") else _looked_up(m, left)
        if op in ("in", "not in") and (op == "not in") == positive:
            if right[0] == "c" and tail_of(m.calls[right[1]][0]) in ("globals", "locals", "vars", "dir", "keys"):
                return _looked_up(m, right) or "first"
            if right[0] == "a" and right[2] == "session_state":
                return "first"
            if right[0] in ("n", "a", "x"):
                return right
        if (
            op in ("==", "!=")
            and right[0] == "k"
            and right[1] in (0, False)
            and (op == "==") == positive
            and left[0] == "c"
        ):
            call = m.calls[left[1]]
            if tail_of(call[0]) == "len" and call[1]:
                return call[1][0]
        return None
    if tag == "c":
        call = m.calls[condition[1]]
        name = tail_of(call[0])
        if name == "hasattr" and not positive and len(call[1]) == 2 and call[1][1][0] == "k":
            return F.Attribute(call[1][0], call[1][1][1])
        if (
            name == "isinstance"
            and positive
            and len(call[1]) == 2
            and tail_of(call[1][1]) in ("str", "Path", "PathLike")
            and call[1][0][0] in ("a", "x")
        ):
            return call[1][0]  # if isinstance(entry.model, str): entry.model = load(entry.model)
        return _looked_up(m, condition) if not positive else None
    if not positive and tag in ("n", "a", "x"):
        return condition
    if (
        positive
        and tag in ("n", "a")
        and (tail_of(condition) or "").lstrip("_")
        in ("first", "first_run", "first_time", "is_first", "need_init", "first_call", "first_frame")
    ):
        return condition
    return None


def _looked_up(m, e):
    """`cache.get(k) is None` speaks of `cache`; `d.keys()` of d."""
    if e[0] == "c":
        f = m.calls[e[1]][0]
        if f[0] == "a" and f[2] in ("get", "keys", "pop"):
            return f[1]
        if tail_of(f) == "getattr" and len(m.calls[e[1]][1]) >= 2 and m.calls[e[1]][1][1][0] == "k":
            return F.Attribute(m.calls[e[1]][1][0], m.calls[e[1]][1][1][1])
    return None


def _looks_up(m, e):
    """Does an expression take something out of an object: `entries[k]`, `self.entry`, `entries.get(k)`, `self.find_entry(k)`?"""
    if e[0] == "c":
        f = m.calls[e[1]][0]
        return f[0] == "a" and f[2].startswith(("get", "find", "best", "current", "lookup"))
    return e[0] in ("x", "a")


def _present(m, condition, positive):
    """The place whose presence the condition states: the opposite of `_missing`."""
    return _missing(m, condition, not positive)


def _same_place(target, subject):
    """Does an assignment to `target` fill what `subject` names?  `cache[k] = …` fills `cache` and `cache[k]`."""
    if target == subject:
        return True
    if target[0] == "x":
        if subject[0] == "x":
            return target[1] == subject[1]
        return target[1] == subject
    if subject[0] == "x" and subject[1] == target:
        return True
    if target[0] == "a" and subject[0] == "a":
        return target[2] == subject[2] and dotted(target) == dotted(subject)
    return False
