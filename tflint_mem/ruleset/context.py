"""What a rule sees: the project's questions, its calls by name, and a way to tell what it found.

A rule is a module with a docstring (its documentation) and `find(context)`, which yields drafts.  A draft names its
place in bytes as the syntax tree does; the engine turns it into a Finding and builds its fix, if it has one, on
concrete syntax.
"""

from __future__ import annotations

import os

from tflint_mem.facts import Assign, Attribute, Augment, Delete, ExprStatement, Jump, Return, Starred
from tflint_mem.hardening.watch import OFF, SHARED, Watch
from tflint_mem.project.linking.call_names import call_text
from tflint_mem.project.repeats import periods
from tflint_mem.ruleset import further
from tflint_mem.ruleset.draft import Draft, Trace, TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
    from typing import Any, Protocol, TypeVar

    from tflint_mem.facts import Expression
    from tflint_mem.project.holds.infer import Infer
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.draft import Repair, Steps
    from tflint_mem.settings.config import Settings

    T = TypeVar("T")

    class OfModule(Protocol):
        """Something about a module."""

        @property
        def m(self) -> Module: ...

    Located = TypeVar("Located", bound="OfModule | tuple[Module, object] | tuple[Module, object, object]")

_SIMPLE = (Assign, Augment, Return, ExprStatement, Delete, Jump)


class _Shared:
    """The ways in which a call repeats, for several who go through them, each at his own pace."""

    __slots__ = ("_found", "_rest")

    def __init__(self, rest: Iterator[Repeat]) -> None:
        self._found: list[Repeat] = []
        self._rest = rest

    def __iter__(self) -> Iterator[Repeat]:
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

    part     indices of the modules where findings are looked for now, None for all: see `project.Project.parts`
    asked    indices of the modules whose findings somebody wants, None for all
    hidden   indices of modules that no search through all modules comes across: see `engine.rule_runs`
    watch    is told which module is looked at: see `hardening.watch`
    """

    if TYPE_CHECKING:
        infer: Infer
    else:

        def __getattr__(self, name):
            """What an expression may hold is not asked in every file."""
            if name != "infer":
                raise AttributeError(name)
            self.infer = self.project.infer
            return self.infer

    def __init__(self, project: Project, settings: Settings, watch: Watch | None = None) -> None:
        self.project = project
        self.settings = settings
        self.memo: dict[Hashable, Any] = {}
        self.part: Collection[int] | None = None
        self.asked: Collection[int] | None = None
        self.hidden: frozenset[int] = frozenset()
        self.watch = watch or Watch()

    def anew(self, project: Project) -> None:
        """Another project, with the same modules and without any answers, takes the place of the one before."""
        self.project, self.memo = project, {}
        self.__dict__.pop("infer", None)

    def close(self) -> None:
        """Let go of the project and of all answers: they refer to each other."""
        del self.project
        self.__dict__.pop("infer", None)
        self.memo.clear()

    def once(self, key: Hashable, find: Callable[[], T]) -> T:
        """What `find` gives, found once for all rules of a run.  The key says what it is about: see `memo`."""
        memo = self.memo
        if key not in memo:
            memo[key] = find()
        found: T = memo[key]
        return found

    def repeats(self, m: Module, i: int, time: bool = False) -> Iterator[Repeat]:
        """Every way in which call `i` repeats, nearest first: found once for all rules, as far as somebody asks.

        time   see `project.repeats.Repeats.all_of_call`
        """
        key = ("repeats", m.index, i, time)
        ways: _Shared | None = self.memo.get(key)
        if ways is None:
            ways = self.memo[key] = _Shared(self.project.repeats_of.all_of_call(m, i, time))
        return iter(ways)

    def first_repeat(self, m: Module, i: int) -> Repeat | None:
        """The nearest way in which call `i` repeats, or None."""
        return next(self.repeats(m, i), None)

    def among(self, indices: Iterable[int]) -> Iterator[int]:
        """Those of the indices of modules that belong to the part, in order."""
        part = self.part
        return self._looking(indices if part is None else [index for index in indices if index in part], _itself)

    def shown(self, indices: Iterable[int]) -> Iterator[int]:
        """The indices of modules, but for hidden ones: for a search through all that there are."""
        return self._looking(indices, _itself)

    def each(self, found: Iterable[Located]) -> Iterator[Located]:
        """The things found, tuples that begin with a module or objects that have one as `m`, but for those in hidden
        modules.
        """
        return self._looking(found, _index_of)

    def _looking(self, things: Iterable[T], index_of: Callable[[T], int]) -> Iterator[T]:
        """Goes through things that belong to modules; `watch` knows the module, unless somebody around looks at one
        already.
        """
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

    def has(self, m: Module) -> bool:
        """Does the module belong to the part?"""
        return (self.part is None or m.index in self.part) and m.index not in self.hidden

    def calls(
        self, tails: Iterable[str], names: frozenset[str] | None = None
    ) -> Iterator[tuple[Module, int, frozenset[str]]]:
        """Calls in the part: see `everywhere`."""
        return self.everywhere(tails, names, self.part)

    def everywhere(
        self, tails: Iterable[str], names: frozenset[str] | None = None, within: Collection[int] | None = None
    ) -> Iterator[tuple[Module, int, frozenset[str]]]:
        """Calls whose last name is in `tails` (or a local alias of one) and which call one of the canonical `names`.

        Yields (module, call number, matching names); without `names`, every call with such a tail.  `within`: indices
        of the modules to look at, None for all.
        """
        tails = frozenset(tails)
        numbers = self.project.calling(tails)
        for index in self._looking(
            numbers if within is None else [number for number in numbers if number in within], _itself
        ):
            m = self.project.module(index)
            by_tail = m.calls_by_tail()
            aliases = m.aliases()
            wanted: set[str] = set()
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

    def at_call(
        self,
        code: str,
        m: Module,
        i: int,
        message: str,
        *,
        measured: str = "",
        help: str = "",
        trace: Trace | Iterable[TraceStep] = (),
        fix: Repair | str | None = None,
        severity: str | None = None,
        group: str | None = None,
        noqa_row: int | None = None,
        confidence: str | None = None,
        persona: str | None = None,
    ) -> Draft:
        """A draft at the start of call `i`; a comment at the end of a simple statement silences it."""
        call = m.calls[i]
        if noqa_row is None:
            statement = m.statements[call.statement]
            noqa_row = statement.end_line if isinstance(statement, _SIMPLE) else call.pos.end_line
        return Draft(
            code=code,
            m=m,
            pos=call.pos,
            message=message,
            measured=measured,
            help=help,
            trace=trace,
            fix=fix,
            severity=severity,
            group=group,
            noqa_row=noqa_row,
            site=i,
            confidence=confidence,
            persona=persona,
        )

    def trace(self, repeat: Repeat, last: str, *behind: TraceStep, ways: Iterable[Repeat] = ()) -> Trace:
        """The trace of a Repeat: the repeat, each call on the way, `last` for the place itself, and the steps behind
        it.

        ways   all repeats of the place of which the same is true, this one among them, in any order: gone through
               only when somebody asks where else it repeats
        """
        others = (self._steps(each, last, behind) for each in further.of(repeat, ways))
        return Trace(self._steps(repeat, last, behind), repeat, others)

    def _steps(self, repeat: Repeat, last: str, behind: Sequence[TraceStep]) -> Steps:
        m = repeat.module
        if repeat.block is not None:
            origin = f"{repeat.what} repeats{self._times(m, repeat.block)}"
        elif repeat.kind == "script":
            origin = f"{repeat.what} runs this file again"
        else:
            origin = f"runs for {repeat.what}"
        steps = [TraceStep(m, repeat.line, 0, origin)]
        if not repeat.handed and repeat.block is None and repeat.scope is not None:
            evidence = self.project.repeats_of.handlers.evidence(m, repeat.scope)
            steps[:0] = [TraceStep(each.m, each.line, each.column, each.message) for each in evidence]
        for position in range(repeat.handed, len(repeat.hops) - 1):
            hm, hi = repeat.hops[position]
            steps.append(TraceStep.at(hm, hm.calls[hi].pos, self._passing(hm, hi, *repeat.hops[position + 1])))
        hm, hi = repeat.hops[-1]
        steps.append(TraceStep.at(hm, hm.calls[hi].pos, last))
        return (*steps, *behind)

    def _times(self, m: Module, loop: int) -> str:
        """How often a loop alone runs, as far as that is known."""
        count, usual = self.project.repeats_of.count(m, loop), self.project.repeats_of.usual.count(m, loop)
        by_default = "" if not usual else ", once by default" if usual == 1 else f", {usual} times by default"
        return f", at most {count} times" if count else by_default

    def _passing(self, m: Module, i: int, fm: Module, fi: int) -> str:
        """What call `i` does to run the function around call `fi`: calls it, or reads a property or an item."""
        scope = fm.calls[fi].scope
        name = fm.scopes[scope].name
        if fm.is_method(scope) and not any(
            s == scope and other is fm for other, s in self.project.functions_called(m, i)
        ):
            owner = fm.scopes[fm.scopes[scope].parent].name
            if name == "__next__":
                return f"takes the next item of `{owner}`"
            if name == "__iter__":
                return f"iterates over `{owner}`"
            if name == "__getitem__":
                return f"takes an item of `{owner}`"
            if any(d.endswith("property") for d in self.project.infer.decorator_names(fm, scope)):
                return f"reads the property `{name}`"
        return f"calls `{call_text(m, i)}`"

    def when(self, repeat: Repeat, m: Module) -> str:
        """For messages about module `m`: "in each pass of the `for` loop in line 12", "for each request to …"."""
        if repeat.block is not None:
            place = repeat.module.spot(repeat.line)
            if repeat.module is not m:
                name = os.path.basename(repeat.module.path)
                place = f"{name}:{repeat.line}" if repeat.module.locate is None else f"{name}, {place}"
            every = periods.of_repeat(self.project.repeats_of.usual, repeat)
            passes = "each pass" if every == 1 else f"every {periods.ordinal(every)} pass"
            return f"in {passes} of {repeat.what} in {place}"
        return f"for {repeat.what}" if repeat.what.startswith("each") else f"in {repeat.what}"

    # -- small questions ----------------------------------------------------------------------------------------------

    def argument(self, m: Module, i: int, position: int | None, *names: str) -> Expression | None:
        """What call `i` is given at `position` (None: keyword only) or under one of the keyword `names`."""
        call = m.calls[i]
        for keyword in call.keywords:
            if keyword.name in names:
                return keyword.value
        if position is None or position >= len(call.args):
            return None
        before = call.args[: position + 1]
        return None if any(isinstance(each, Starred) for each in before) else before[position]

    def kinds(self, m: Module, i: int, expression: Expression) -> set[str]:
        """Kinds of things the expression (an argument of call `i`) may hold."""
        call = m.calls[i]
        return self.project.kinds(m, call.scope, expression, call.statement)

    def receiver(self, m: Module, i: int) -> Expression | None:
        """The expression before the last dot of the called name."""
        f = m.calls[i].func
        return f.base if isinstance(f, Attribute) else None

    def in_tests(self, m: Module) -> bool:
        """Is the module a test (by its name or folder)?"""
        return m.unit_test


def _itself(index: int) -> int:
    return index


def _index_of(thing: OfModule | tuple[Module, object] | tuple[Module, object, object]) -> int:
    return (thing[0] if isinstance(thing, tuple) else thing.m).index
