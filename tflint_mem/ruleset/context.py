"""What a rule sees: the project's questions, its calls by name, and a place to put what it found.

A rule is a module with a docstring (its documentation) and `find(context)`, which yields drafts.  A draft names its place
in bytes as the syntax tree does; the engine turns it into a Finding and builds its fix, if it has one, on concrete syntax.
"""

import os

from tflint_mem import facts as F
from tflint_mem.hardening.watch import OFF, SHARED, Watch
from tflint_mem.project.linking.module import call_text

_SIMPLE = frozenset((F.ASSIGN, F.AUGMENT, F.RETURN, F.EXPR, F.DELETE, F.JUMP))


class Trace(tuple):
    """The steps of a trace, and the Repeat that they tell of."""

    repeat = None

    @classmethod
    def of(cls, repeat, steps):
        """The steps of a Repeat."""
        trace = cls(steps)
        trace.repeat = repeat
        return trace


class Draft:
    """A finding before its place is translated and its fix is built.

    pos       (line, column, end line, end column) in bytes, as facts give it
    trace     ((module, line, column, message), …) from the repeat to the place, outermost first
    fix       a function of a FixContext that returns (applicability, message, edits) or raises NoFix with a reason; a text says why
              there is none; None for nothing to say
    severity, group   override the rule's own
    confidence, persona   override what `worth` would say
    site      number of the flagged call, when there is one
    """

    __slots__ = (
        "code",
        "m",
        "pos",
        "message",
        "measured",
        "help",
        "trace",
        "fix",
        "severity",
        "group",
        "noqa_row",
        "site",
        "confidence",
        "persona",
    )

    def __init__(
        self,
        code,
        m,
        pos,
        message,
        measured="",
        help="",
        trace=(),
        fix=None,
        severity=None,
        group=None,
        noqa_row=None,
        site=None,
        confidence=None,
        persona=None,
    ):
        self.code, self.m, self.pos, self.message = code, m, pos, message
        self.measured, self.help, self.fix = measured, help, fix
        self.trace = trace if isinstance(trace, Trace) else Trace(trace)
        self.severity, self.group, self.noqa_row, self.site = severity, group, noqa_row, site
        self.confidence, self.persona = confidence, persona

    @property
    def repeat(self):
        """The Repeat that the trace tells of, or None."""
        return self.trace.repeat


class _Shared:
    """What an iterator gives, for several who go through it, each at his own pace."""

    __slots__ = ("_found", "_rest")

    def __init__(self, rest):
        self._found, self._rest = [], rest

    def __iter__(self):
        position = 0
        while True:
            if position == len(self._found):
                for each in self._rest:
                    self._found.append(each)
                    break
                else:
                    return
            yield self._found[position]
            position += 1


class Context:
    """The project as rules ask it; `memo` is shared by the rules of one run.

    part   indices of the modules where findings are looked for now, None for all: see `project.Project.parts`
    hidden   indices of modules that no search through all modules comes across: see `running`
    watch   is told which module is looked at: see `watch`
    """

    def __init__(self, project, settings, watch=None):
        self.project, self.settings = project, settings
        self.infer = project.infer
        self.memo = {}
        self.part, self.hidden, self.watch = None, frozenset(), watch or Watch()

    def anew(self, project):
        """Another project, with the same modules and without any answers, takes the place of the one before."""
        self.project, self.infer, self.memo = project, project.infer, {}

    def close(self):
        """Let go of the project and of all answers: they refer to each other."""
        self.project = self.infer = None
        self.memo.clear()

    def repeats(self, m, i, time=False):
        """Every way in which call `i` repeats, nearest first: found once for all rules, as far as somebody asks.

        time   see `project.Repeats.all_of_call`
        """
        key = ("repeats", m.index, i, time)
        ways = self.memo.get(key)
        if ways is None:
            ways = self.memo[key] = _Shared(self.project.repeats_of.all_of_call(m, i, time))
        return iter(ways)

    def first_repeat(self, m, i):
        """The nearest way in which call `i` repeats, or None."""
        return next(self.repeats(m, i), None)

    def among(self, indices):
        """Those of the indices of modules that belong to the part, in order."""
        part = self.part
        return self._looking(indices if part is None else [index for index in indices if index in part], _itself)

    def shown(self, indices):
        """The indices of modules, but for hidden ones: for a search through all that there are."""
        return self._looking(indices, _itself)

    def each(self, found):
        """The things found, tuples that begin with a module or objects that have one as `m`, but for those in hidden modules."""
        return self._looking(found, _index_of)

    def _looking(self, things, index_of):
        """Goes through things that belong to modules; `watch` knows the module, unless somebody around looks at one already."""
        hidden, watch = self.hidden, self.watch
        outermost = watch.at == SHARED
        try:
            for thing in things:
                index = index_of(thing)
                if index not in hidden:
                    if outermost:
                        watch.at = watch.latest = index
                    yield thing
        finally:
            if outermost and watch.at != OFF:
                watch.at = SHARED
        if outermost:
            watch.latest = SHARED  # not where the search was left, which may have been by an exception

    def has(self, m):
        """Does the module belong to the part?"""
        return (self.part is None or m.index in self.part) and m.index not in self.hidden

    def calls(self, tails, names=None):
        """Calls in the part: see `everywhere`."""
        return self.everywhere(tails, names, self.part)

    def everywhere(self, tails, names=None, within=None):
        """Calls whose last name is in `tails` (or a local alias of one) and which call one of the canonical `names`.

        Yields (module, call number, matching names); without `names`, every call with such a tail.  `within`: indices of
        the modules to look at, None for all.
        """
        tails = frozenset(tails)
        numbers = self.project.calling(tails)
        for index in self._looking(
            numbers if within is None else [number for number in numbers if number in within], _itself
        ):
            m = self.project.module(index)
            by_tail = m.calls_by_tail()
            aliases = m.aliases()
            wanted = set()
            for tail in tails:
                wanted.update(name for name in (tail, *aliases.get(tail, ())) if name in by_tail)
            for i in sorted(i for t in wanted for i in by_tail[t]):
                if names is None:
                    yield m, i, frozenset()
                    continue
                found = self.project.apis(m, i) & names
                if found:
                    yield m, i, found

    # -- drafts -----------------------------------------------------------------------------------------------------

    def at_call(self, code, m, i, message, **more):
        """A draft at the start of call `i`."""
        pos = m.calls[i][6]
        statement = m.statements[m.calls[i][5]]
        more.setdefault("noqa_row", statement[4] if statement and statement[0] in _SIMPLE else pos[2])
        return Draft(code, m, pos, message, site=i, **more)

    def trace(self, repeat, last, *behind):
        """The trace of a Repeat: the repeat, each call on the way, `last`, the message for the place itself, and steps behind it."""
        m = repeat.module
        if repeat.context is not None:
            count = self.project.repeats_of.count(m, repeat.context)  # of this loop alone
            origin = f"{repeat.what} repeats" + (f", at most {count} times" if count else "")
        elif repeat.kind == "script":
            origin = f"{repeat.what} runs this file again"
        else:
            origin = f"runs for {repeat.what}"
        steps = [(m, repeat.line, 0, origin)]
        if not repeat.handed and repeat.context is None:
            steps[:0] = self.project.repeats_of.handlers.evidence(m, repeat.scope)
        for position in range(repeat.handed, len(repeat.hops) - 1):
            hm, hi = repeat.hops[position]
            pos = hm.calls[hi][6]
            steps.append((hm, pos[0], pos[1], self._passing(hm, hi, *repeat.hops[position + 1])))
        hm, hi = repeat.hops[-1]
        pos = hm.calls[hi][6]
        steps.append((hm, pos[0], pos[1], last))
        return Trace.of(repeat, (*steps, *behind))

    def _passing(self, m, i, fm, fi):
        """What call `i` does to run the function around call `fi`: it calls it, or it reads a property or an item on its way."""
        scope = fm.calls[fi][3]
        name = fm.scopes[scope][F.S_NAME]
        if fm.is_method(scope) and not any(
            s == scope and other is fm for other, s in self.project.functions_called(m, i)
        ):
            if name in ("__next__", "__iter__"):
                return f"{'takes the next item of' if name == '__next__' else 'iterates over'} `{fm.scopes[fm.scopes[scope][F.S_PARENT]][F.S_NAME]}`"
            if name == "__getitem__":
                return f"takes an item of `{fm.scopes[fm.scopes[scope][F.S_PARENT]][F.S_NAME]}`"
            if any(d.endswith("property") for d in self.project.infer.decorator_names(fm, scope)):
                return f"reads the property `{name}`"
        return f"calls `{call_text(m, i)}`"

    def when(self, repeat, m):
        """ "in each pass of the `for` loop in line 12", "for each request to `/predict`": for messages about module `m`."""
        if repeat.context is not None:
            place = repeat.module.spot(repeat.line)
            if repeat.module is not m:
                name = os.path.basename(repeat.module.path)
                place = f"{name}:{repeat.line}" if repeat.module.locate is None else f"{name}, {place}"
            return f"in each pass of {repeat.what} in {place}"
        return f"for {repeat.what}" if repeat.what.startswith("each") else f"in {repeat.what}"

    # -- small questions ----------------------------------------------------------------------------------------------

    def argument(self, m, i, position, *names):
        """The expression given at `position` (None: keyword only) or under one of the keyword `names`, or None."""
        call = m.calls[i]
        for name, expression in call[2]:
            if name in names:
                return expression
        if position is not None and position < len(call[1]) and not any(a[0] == "s" for a in call[1][: position + 1]):
            return call[1][position]
        return None

    def kinds(self, m, i, expression):
        """Kinds of things the expression (an argument of call `i`) may hold."""
        call = m.calls[i]
        return self.project.kinds(m, call[3], expression, call[5])

    def receiver(self, m, i):
        """The expression before the last dot of the called name, or None."""
        f = m.calls[i][0]
        return f[1] if f[0] == "a" else None

    def in_tests(self, m):
        """Is the module a test (by its name or folder)?"""
        return m.unit_test


class FixContext:
    """What a fix may use: the source, and concrete syntax of the statement around a place."""

    __slots__ = ("source", "m")

    def __init__(self, source, m):
        self.source, self.m = source, m

    def at(self, m, i):
        """(view, LibCST call) of call `i`; raises NoFix when it stands in another file than the finding."""
        from tflint_mem.codemod import NoFix
        from tflint_mem.codemod.view import view_at

        if m is not self.m:
            raise NoFix("the place is in another file")
        pos = m.calls[i][6]
        view = view_at(self.source, pos[2])
        return view, view.call_at(_chars(self.source, pos[2], pos[3]))

    def loop(self, view, m, context):
        """The LibCST loop of a loop context."""
        return view.loop_on(m.loop_line(context))

    def contexts(self, view, node, m, place):
        """{id of a LibCST loop or comprehension around `node`: loop context}, for the facts' contexts around `place`."""
        from tflint_mem.codemod import NoFix
        from tflint_mem.codemod.view import COMPREHENSIONS

        waiting, found = m.loops(place), {}
        for loop in view.loops(node):
            clauses = 1
            if isinstance(loop, COMPREHENSIONS):
                clause = loop.for_in
                while clause.inner_for_in is not None:
                    clause, clauses = clause.inner_for_in, clauses + 1
            if len(waiting) < clauses:
                raise NoFix("the loops around it are no plain loops")
            found[id(loop)] = waiting[clauses - 1]
            waiting = waiting[clauses:]
        return found


def _itself(index):
    return index


def _index_of(thing):
    return (thing[0] if type(thing) is tuple else thing.m).index


def _chars(source, line, column):
    text = source.lines[line - 1]
    return (line, (column if text.isascii() else len(text.encode("utf-8")[:column].decode("utf-8", "replace"))) + 1)
