"""repeats(site): why a call runs again and again, with the way from the repeat to the call.

A call repeats when it stands in the body of a loop or comprehension, or when the function around it is called from
such a place, is a request handler, an objective, a callback, a worker's job, a recursion.  It does not when the loop
always leaves in its first pass or has one element, or when a once-guard stands in between.
"""

from collections import deque

from tflint_mem import facts as F
from tflint_mem.project.linking.module import call_text, tail_of, walk

from . import leaving
from .feasible import Feasible
from .guards import Guards
from .handlers import Handlers
from .kindred import Kindred
from .nearest import Nearest
from .owners import Owners
from .repeat import Repeat as Repeat

MAX_DEPTH = 9
FEW = 3  # passes that say little: the callers are asked, too
_CUTS = frozenset(("take", "head", "islice", "sample"))  # so many of something, whatever its length
_PASSES = frozenset(
    (
        "items",
        "keys",
        "values",
        "as_numpy_iterator",
        "prefetch",
        "cache",
        "map",
        "filter",
        "batch",
        "shuffle",
        "skip",
        "iterrows",
        "itertuples",
        "copy",
    )
)  # one for each of the receiver
MAX_GIVEN = 2  # parameters that pass a number on
MAX_PATHS = (
    60  # places that the search by ways looks at: two calls of each function make it see four ways after two functions
)
MAX_CHAIN = 60  # functions in each other on a way that is looked at because it is the shortest


class _Reach:
    """How far a search for repeats goes: `most` functions in each other; `cut` tells that some way is longer.

    nearest   gives the one caller of each function that is looked at; None: all are
    """

    __slots__ = ("most", "cut", "nearest")

    def __init__(self, most: int, nearest: "Nearest | None" = None) -> None:
        self.most, self.cut, self.nearest = most, False, nearest


class Repeats:
    def __init__(self, project):
        self.project = project
        self.guards = Guards(project)
        self.handlers = Handlers(project)
        self.feasible = Feasible(project)
        self.kindred = Kindred(project)
        self.owners = Owners(project)
        self.nearest = Nearest(self)
        self._growing, self._leaving, self._lengths, self._plain = {}, {}, {}, {}

    def of_call(self, m, i, accept=None):
        for repeat in self.all_of_call(m, i):
            if accept is None or accept(repeat):
                return repeat
        return None

    def all_of_call(self, m, i, time=False):
        """Every way in which call `i` repeats, nearest first; those that lie beyond so many places on the way are not known.

        With `time` the question is whether the time of all runs adds up: see `Guards.once`.
        """
        search, found, reach = (
            self.project.searches.begin("why a call repeats", m, i, MAX_PATHS),
            False,
            _Reach(MAX_DEPTH),
        )
        for repeat in self._search(m, i, ((m, i),), {(m.index, m.calls[i][3])}, search, reach, time):
            found = True
            yield repeat
        if found or not search.spent and not reach.cut:
            return
        shortest = self.project.searches.begin("why a call repeats", m, i, MAX_CHAIN)  # too many ways, or too long ones
        for repeat in self._search(m, i, ((m, i),), set(), shortest, _Reach(MAX_CHAIN, self.nearest), time):
            if self.feasible.way(repeat.hops[repeat.handed :]):
                found = True
                yield repeat
        if not found and (search.spent or shortest.spent):
            search.give_up()

    # -- the search, nearest repeats first --------------------------------------------------------------------------------

    def _search(self, m, i, hops, seen, search, reach, time):
        for repeat, owners in self._ways(m, i, hops, seen, search, reach, time):
            if not owners or all(self.owners.made(repeat, owner) for owner in owners):
                yield repeat

    def _ways(self, m, i, hops, seen, search, reach, time):
        """(repeat, classes of which each repeat must make an object for it to count): a guard on `self.model` holds for one object.

        What a Streamlit script itself keeps lasts until the script runs again: from there on (`rerun`) only that repeats the call.
        """
        queue = deque([(m, i, hops, seen, (), False)])
        while queue:
            m, i, hops, seen, owners, rerun = queue.popleft()
            if not search.step():
                return
            call = m.calls[i]
            scope = call[3]
            found = () if rerun else self.local_loop(m, i, time)
            if found and len(hops) > 1:
                found = [loop for loop in found if not self._takes_turns(m, i, loop) and not self._picks(hops, loop)]
            passes = 1
            for loop in found:
                count = self.count(m, loop)
                passes = None if count is None or passes is None else passes * count
                yield self._loop_repeat(m, loop, hops, passes), owners
            if found:  # an outer caller adds nothing, but a handler around the loop is the better explanation
                kind, what = self.handlers.of_function(m, scope)
                if kind == "handler":
                    yield Repeat(kind, hops, m, None, scope, None, what, m.scopes[scope][F.S_LINE]), owners
                if passes is None or passes > FEW:
                    continue
            record = m.scopes[scope]
            guard = self.guards.once(m, i, -1, time)
            in_object = guard and self.guards.of_object(m, scope, guard)
            if guard and not in_object:
                if not self.guards.is_made_anew(m, guard) or not self.handlers.script(m):
                    continue
                rerun = True
            if scope == 0:
                script = self.handlers.script(m)
                if script:
                    yield Repeat("script", hops, m, None, 0, None, script, m.statements[call[5]][3]), owners
                continue
            cached = self.guards.cached(m, scope)
            if cached and not self._cached_in_object(m, scope):
                if not self.guards.caches_anew(m, scope) or not self.handlers.script(m):
                    continue
                rerun = True
            elif in_object or cached:
                owners = (*owners, (m.index, record[F.S_PARENT]))
            if (
                record[F.S_NAME] in ("__init__", "__post_init__")
                and m.is_method(scope)
                and self.guards.makes_one(m, record[F.S_PARENT])
            ):
                continue
            kind, what = self.handlers.of_function(m, scope)
            if kind == "once":
                continue
            if kind and not rerun:
                yield Repeat(kind, hops, m, None, scope, None, what, record[F.S_LINE]), owners
                continue
            if record[F.S_KIND] == "class":
                continue
            if len(hops) > reach.most:
                reach.cut = True
                continue
            for other, j, loop in () if rerun else self.project.iterated.loops(m, scope):
                if not other.unit_test and self.count(other, loop) not in (0, 1):
                    yield self._loop_repeat(other, loop, ((other, j), *hops), self.count(other, loop)), owners
            if m.unit_test:
                continue  # a test runs once; only a loop around the call itself repeats it
            callers = self.project.callers(m, scope) if reach.nearest is None else reach.nearest.callers(m, scope)
            if reach.nearest is None and all(
                other.unit_test for other, _, _ in callers
            ):  # what a test repeats is no evidence for the program
                callers = self.kindred.callers(m, scope)
            only_calls = reach.nearest is None and self._only_calls(m, scope, callers)
            for other, j, how in callers:
                if len(queue) > search.left and (
                    only_calls or how == "call" and not (other is m and other.calls[j][3] == scope)
                ):
                    if only_calls:
                        break
                    continue  # before its turn the search is given up
                if other.unit_test:
                    continue
                if how in ("process", "compiled"):
                    continue
                place = (other, j)
                key = (other.index, other.calls[j][3])
                itself = other is m and key[1] == scope
                if not itself and key in seen and key[1] != 0:
                    continue
                if how == "call" and not self.feasible.way(
                    (place, *hops) if reach.nearest is None else (place, *hops[:MAX_DEPTH])
                ):
                    continue
                if itself:
                    if (
                        not rerun
                        and how in ("call", "submit")
                        and len(hops) < 3
                        and not self._same_path_branch(m, i, j)
                        and self.feasible.way((place, place))
                    ):
                        again = (
                            f"each recursive call of `{record[F.S_NAME]}`"
                            if how == "call"
                            else f"each turn of `{record[F.S_NAME]}`, which schedules itself again"
                        )
                        yield Repeat("recursion", hops, m, None, scope, None, again, other.calls[j][6][0]), owners
                    continue
                if how == "compiled-map":
                    continue
                repeat = self._handed_repeat(other, j, how, hops, scope, record[F.S_NAME])
                if not repeat:
                    queue.append(
                        (other, j, (place, *hops), seen | {key} if reach.nearest is None else seen, owners, rerun)
                    )
                elif not rerun:
                    yield repeat, owners

    def _only_calls(self, m, scope, callers):
        """Are all callers of a function calls in other functions?"""
        key = (m.index, scope)
        if key not in self._plain:
            self._plain[key] = all(
                how == "call" and not (other is m and other.calls[j][3] == scope) for other, j, how in callers
            )
        return self._plain[key]

    def _cached_in_object(self, m, scope):
        """`cached_property` and `lru_cache` on a method keep a result for each object."""
        return (
            m.is_method(scope)
            and any(
                name.endswith(("cached_property", "lru_cache", "functools.cache"))
                for name in self.project.infer.decorator_names(m, scope)
            )
            and not any(
                name in ("builtins.classmethod", "builtins.staticmethod")
                for name in self.project.infer.decorator_names(m, scope)
            )
        )

    def _handed_repeat(self, m, i, how, hops, scope, name):
        """The repeat when call `i` hands the function `name` to what runs it again and again, else None."""
        kind, what, count = {
            "map": ("map", self._map_phrase, True),
            "pool": ("worker", self._map_phrase, True),
            "objective": ("objective", lambda m, i: f"each trial of `{call_text(m, i)}`", False),
            "evaluation": ("map", lambda m, i: f"each evaluation by `{call_text(m, i)}`", False),
            "handler": ("handler", lambda m, i: self._event_phrase(m, i, name), False),
            "callback": ("callback", lambda m, i: f"each run of the callback `{call_text(m, i)}`", False),
        }.get(how, (None, None, False))
        if kind is None:
            return None
        return Repeat(
            kind,
            ((m, i), *hops),
            m,
            None,
            scope,
            self._literal_count(m, i) if count else None,
            what(m, i),
            m.calls[i][6][0],
            True,
        )

    def _loop_repeat(self, m, loop, hops, passes):
        kind, _, statement, branch = m.contexts[loop]
        line = m.loop_line(loop)
        phrase = {"for": "the `for` loop", "while": "the `while` loop", "comp": "the comprehension"}[kind]
        return Repeat(
            {"for": "loop", "while": "while", "comp": "comprehension"}[kind], hops, m, loop, None, passes, phrase, line
        )

    # -- loops ------------------------------------------------------------------------------------------------------------

    def local_loop(self, m, i, time=False):
        """Loop contexts around call `i` that really repeat it, innermost first."""
        call = m.calls[i]
        found = []
        for loop in m.loops(call[4]):
            if self.count(m, loop) in (0, 1):
                continue
            if self.guards.leaves(m, i, loop) or self.guards.one_of_them(m, i, loop):
                continue
            if m.contexts[loop][0] == "while" and self.guards.until_loaded(m, i, m.contexts[loop][2], loop):
                continue
            if self.guards.once(m, i, loop, time):
                return found  # guarded inside this loop: the loops around it do not repeat it either
            found.append(loop)
        return found

    def _takes_turns(self, m, i, loop):
        """Does the loop run each function once: `for step in steps: step.run()`, or `for hook in hooks: hook()` when nothing that they made comes out?"""
        f = m.calls[i][0]
        kind, _, statement, branch = m.contexts[loop]
        if kind == "while":
            return False
        target = branch[0] if kind == "comp" else m.statements[statement][5]
        if f[0] == "a" and f[1][0] == "n" and f[1] in walk(target):
            return (
                len(
                    {
                        (fm.index, s)
                        for fm, s in self.project.functions_called(m, i)
                        if not self.project.infer.declared(fm, s)
                    }
                )
                > 1
            )  # of several classes
        return (
            f[0] == "n"
            and f in walk(target)
            and not any(v[0] in ("obj", "inst") for v in self.project.infer.call_values(m, i))
        )

    def _picks(self, hops, loop):
        """Does a call on the way take what it calls out of a table by the loop's variable: `TABLE[name].run()`?  Then each entry runs once."""
        m = hops[0][0]
        kind, _, statement, branch = m.contexts[loop]
        if kind == "while":
            return False
        target = branch[0] if kind == "comp" else m.statements[statement][5]
        for position, (hm, hi) in enumerate(hops[:-1]):
            key = _table_key(hm, hm.calls[hi][0])
            if key is None or len({(fm.index, s) for fm, s in self.project.functions_called(hm, hi)}) < 2:
                continue
            while position and key is not None:  # a parameter: what the hop before passes
                names = [param[0] for param in hm.scopes[hm.calls[hi][3]][F.S_PARAMS]]
                scope, position = hm.calls[hi][3], position - 1
                inner, (hm, hi) = hm, hops[position]
                key = (
                    self.project.infer.argument(inner, scope, names.index(key[1]), hm, hi)
                    if key[0] == "n" and key[1] in names
                    else None
                )
            if key is not None and key[0] == "n" and key in walk(target):
                return True
        return False

    def count(self, m, loop):
        """Number of passes when the code says it, else None."""
        kind, _, statement, branch = m.contexts[loop]
        if kind == "while":
            return self._left(m, loop)
        if kind == "comp":
            return self.length(m, m.statements[statement][1], branch[1], statement)
        counts = self.length(m, m.statements[statement][1], m.statements[statement][6], statement), self._left(m, loop)
        return min((count for count in counts if count is not None), default=None)

    def _left(self, m, loop):
        """The passes after which the loop leaves by a count of its own, found once."""
        key = (m.index, loop)
        if key not in self._leaving:
            self._leaving[key] = leaving.passes(m, loop)
        return self._leaving[key]

    def length(self, m, scope, e, at, depth=0):
        if depth > 12 or e is None:
            return None
        tag = e[0]
        if tag in ("l", "t", "S"):
            if any(item[0] == "s" for item in e[1]) or len(e[1]) >= F.MAX_ITEMS:
                return None
            return len(e[1])
        if tag == "d":
            return len(e[1]) if all(k is not None for k in e[1]) else None
        if tag == "k" and isinstance(e[1], str):
            return len(e[1])
        if tag == "g":  # one element at most for each of what it goes through
            context = m.contexts[e[3]]
            alone = context[1] < 0 or m.contexts[context[1]][0] != "comp"
            return self.length(m, scope, context[3][1], at, depth + 1) if alone else None
        if tag == "x":
            cut = e[2]
            if cut is None or cut[0] != "sl" or cut[2] is None or cut[3] is not None:
                return None
            ends = [0 if end is None else self.number(m, scope, end, at) for end in cut[1:3]]
            return ends[1] - ends[0] if None not in ends and 0 <= ends[0] <= ends[1] else None
        if tag == "c":
            call = m.calls[e[1]]
            name = tail_of(call[0])
            if name in _CUTS:
                return self._cut(m, scope, call, at)
            if name in _PASSES and call[0][0] == "a":
                return self.length(m, scope, call[0][1], at, depth + 1)
            if name == "range" and call[1] and not call[2]:
                numbers = [self.number(m, scope, a, at) for a in call[1]]
                if any(n is None for n in numbers) or len(numbers) > 3:
                    return None
                try:
                    return len(range(*numbers))
                except (ValueError, OverflowError):
                    return None
            if name in ("enumerate", "sorted", "list", "tuple", "reversed", "tqdm", "set", "iter") and call[1]:
                return self.length(m, scope, call[1][0], at, depth + 1)
            if name == "zip" and call[1]:
                lengths = [n for n in (self.length(m, scope, a, at, depth + 1) for a in call[1]) if n is not None]
                return min(lengths) if lengths else None
            return None
        if tag == "n":
            key = (m.index, scope, e[1], at, depth)
            if key not in self._lengths:
                self._lengths[key] = self._length_of(m, scope, e[1], at, depth)
            return self._lengths[key]
        return None

    def _length_of(self, m, scope, name, at, depth):
        """The number of elements of what has that name."""
        value = self._single(m, scope, name, at)
        if value is not None and value[0] in ("l", "t", "d", "g", "c", "x") and value[1] not in ((), None):
            if self._grows(m, scope, name):
                return None
            return self.length(m, scope, value, at, depth + 1)
        bindings = m.bindings(scope).get(name, ())
        if len(bindings) == 1 and bindings[0][0] == "param" and not self._grows(m, scope, name):
            return self._given(
                m,
                scope,
                bindings[0][3],
                lambda other, inside, given, at: self.length(other, inside, given, at, depth + 4),
            )
        return None

    def _cut(self, m, scope, call, at):
        """`ds.take(3)`, `df.head(5)`, `islice(xs, 10)`, `random.sample(xs, 4)`: so many at most."""
        method = tail_of(call[0]) in ("take", "head")
        if len(call[1]) != (1 if method else 2):
            return None
        count = self.number(m, scope, call[1][-1], at)
        return count if count is not None and count >= 0 else None

    def number(self, m, scope, e, at, depth=0):
        """The whole number that an expression is: written there, or in the only assignment of its name, or given by all callers or by default."""
        if e[0] == "k" and isinstance(e[1], int):
            return int(e[1])
        if e[0] == "n":
            value = self._single(m, scope, e[1], at)
            if value is not None:
                return int(value[1]) if value[0] == "k" and isinstance(value[1], int) else None
            bindings = m.bindings(scope).get(e[1], ())
            if len(bindings) == 1 and bindings[0][0] == "param":
                return self._given(
                    m,
                    scope,
                    bindings[0][3],
                    lambda other, inside, given, at: (
                        self.number(other, inside, given, at, depth + 1)
                        if given[0] == "k" or depth < MAX_GIVEN
                        else None
                    ),
                )
        return None

    def _given(self, m, scope, index, measure):
        """The largest number that `measure(module, scope, argument, statement)` gives for what callers pass for a parameter (or leave to its default).

        None when it fails for one.
        """
        numbers = []
        for caller, i, how in self.project.callers(m, scope):
            if how != "call":
                return None
            given = self.project.infer.argument(m, scope, index, caller, i)
            if given is None:
                given, record = m.scopes[scope][F.S_PARAMS][index][2], m.scopes[scope]
                number = None if given is None else measure(m, record[F.S_PARENT], given, record[F.S_STMT])
            else:
                number = measure(caller, caller.calls[i][3], given, caller.calls[i][5])
            if not number:  # an empty list stands for one that is filled elsewhere
                return None
            numbers.append(number)
        return max(numbers, default=None)

    def _single(self, m, scope, name, at):
        """The expression of a name's only assignment (in this scope or the module), or None."""
        while scope >= 0:
            bindings = m.bindings(scope).get(name)
            if bindings:
                here = m.statements[at] is not None and m.statements[at][1] == scope
                bindings = self.project.infer.reaching(m, bindings, at) if here else bindings
                if len(bindings) == 1 and bindings[0][0] == "assign" and not bindings[0][4]:
                    return bindings[0][3]
                return None
            scope = m.scopes[scope][F.S_PARENT]
        return None

    def _grows(self, m, scope, name):
        key = (m.index, name)
        if key not in self._growing:
            self._growing[key] = self._is_extended(m, name)
        return self._growing[key]

    @staticmethod
    def _is_extended(m, name):
        """Does the module put anything into the list of that name?"""
        for tail in ("append", "extend", "insert", "add", "update"):
            for i in m.calls_by_tail().get(tail, ()):
                if m.calls[i][0][0] == "a" and m.calls[i][0][1] == ("n", name):
                    return True
        for statement in m.statements:
            if statement and statement[0] == F.AUGMENT and statement[5] == ("n", name):
                return True
        return False

    def _literal_count(self, m, i):
        call = m.calls[i]
        if len(call[1]) > 1:
            return self.length(m, call[3], call[1][1], call[5])
        return None

    # -- recursion --------------------------------------------------------------------------------------------------------

    def _same_path_branch(self, m, i, j):
        """Do the site and the recursive call stand in different branches of one `if`, so that a run does only one of them?"""
        a = {m.contexts[c][2]: c for c in m.chain(m.calls[i][4]) if m.contexts[c][0] == "if"}
        for c in m.chain(m.calls[j][4]):
            kind, _, statement, branch = m.contexts[c]
            if kind == "if" and statement in a and a[statement] != c:
                return True
        return self._instead(m, i, j)

    @staticmethod
    def _instead(m, i, j):
        """`try: return load(…)` … `return load_again(…)`: the run that gives a result does not call itself, the one that does gives the other's."""
        site, again = m.statements[m.calls[i][5]], m.statements[m.calls[j][5]]
        if m.loops(m.calls[j][4]):
            return False
        if site[0] == again[0] == F.RETURN and again[5] == ("c", j):
            return True
        jumps = m.jumps(
            m.calls[i][3]
        )  # `if new: return load(…)` … `again()`: the run that comes back from the block has not got to the other call
        return any(
            not m.inside(m.calls[j][4], c) and s >= m.calls[i][5] and what == "return" and m.contexts[c][0] == "if"
            for c in m.chain(m.calls[i][4])
            for s, what in jumps.get(c, ())
        )

    # -- phrases ----------------------------------------------------------------------------------------------------------

    @staticmethod
    def _event_phrase(m, i, name):
        if (tail_of(m.calls[i][0]) or "").startswith("enqueue"):
            return f"each RQ job `{name}` of a worker that does not fork"
        return f"each event handled by `{name}`"

    def _map_phrase(self, m, i):
        return f"each item of `{call_text(m, i)}`"


def _table_key(m, f):
    """The key by which the called expression is taken from a table: of `TABLE[key]`, `TABLE[key].run`, `TABLE.get(key)`; else None."""
    while f[0] == "a":
        f = f[1]
    if f[0] == "x":
        return f[2]
    if f[0] == "c" and tail_of(m.calls[f[1]][0]) == "get" and m.calls[f[1]][1]:
        return m.calls[f[1]][1][0]
    return None
