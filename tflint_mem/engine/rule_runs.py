"""Run the rules over a linked project.  A fault in a rule costs that rule on that module, and a module that takes too
long is left out.

All is well as a rule: each rule runs once over all modules, or with others over parts of a large project.  Only after a
fault it runs again, on ever smaller parts, until the module is found.  Nothing that a failed search left behind is
used: the questions are answered anew from the facts.
"""

from __future__ import annotations

import gc

from tflint_mem.hardening.faults import Failure, Overtime
from tflint_mem.hardening.watch import OFF, SHARED
from tflint_mem.project.linking.module import Module
from tflint_mem.ruleset.context import Context
from tflint_mem.ruleset.registry import RULES, module_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from types import TracebackType
    from typing import Protocol

    from tflint_mem.hardening.faults import Faults
    from tflint_mem.hardening.watch import Watch
    from tflint_mem.project.project import Project
    from tflint_mem.ruleset.draft import Draft
    from tflint_mem.ruleset.registry import Rule
    from tflint_mem.settings.settings import Settings

    Progress = Callable[[str, int, int], None]
    Part = Collection[int] | None  # indices of modules, None for all

    class RuleModule(Protocol):
        """A module of `rules`."""

        CODE: str

        def find(self, context: Context) -> Iterator[Draft]:
            """What the rule finds."""

    Unit = tuple[tuple[RuleModule, ...], Part]  # rules that go through the same part together


MOST_MODULES = 200  # in which one rule may fail; then it is left out in the others, too


class Running:
    """The rules of one run.

    project   linked; another takes its place after a fault
    settings  what the run goes by
    faults    faults.Faults, or None: then they are raised
    all_rules   run those that are not enabled, too
    enabled   codes of the rules that are enabled for some file
    progress  see `session.Session`
    asked     indices of the modules whose findings are wanted, None for all: rules that look at most modules then look
              at no others (where their findings do not lie: see `project.Project.parts`)
    """

    def __init__(
        self,
        project: Project,
        settings: Settings,
        faults: Faults | None,
        watch: Watch,
        all_rules: bool = False,
        progress: Progress | None = None,
        asked: Part = None,
    ) -> None:
        self.project, self.settings, self.faults, self.watch = project, settings, faults, watch
        self.context, self.progress = Context(project, settings, watch), progress
        self.enabled, self._all, self._everything = settings.all_enabled, all_rules, range(len(project.modules))
        self.asked = self.context.asked = asked
        self._failure: _Failure | None = None  # why the latest attempt failed

    def drafts(self) -> list[Draft]:
        """What the rules find, as drafts."""
        drafts: list[Draft] = []
        units = self.units()
        for done, unit in enumerate(units):
            self.step(done, len(units))
            drafts += self.found(unit)
        return drafts

    def step(self, done: int, of: int) -> None:
        """So many units are done."""
        if self.progress is not None:
            self.progress("steps of the rules", done, of)

    def units(self) -> list[Unit]:
        """What the rules have to do, in order, in pieces that can be done one without the other."""
        single: list[Unit] = []
        sweeps: list[RuleModule] = []
        for rule in RULES:
            if (self._all or rule.code in self.enabled) and self.project.mentioned(rule.triggers):
                module = self._imported(rule)
                if module is None:
                    continue
                if getattr(module, "SWEEPS", False):
                    sweeps.append(module)
                else:
                    single.append(((module,), None))
        # rules that look at most modules go through a large project together, so that each module is decoded once for
        # all of them
        parts: Sequence[Part] = self.project.parts() if self.asked is None else [self.asked]
        return single + [(tuple(sweeps), part) for part in (parts if sweeps else ())]

    def found(self, unit: Unit) -> list[Draft]:
        """What the rules of a unit find in its part."""
        rules, part = unit
        return [draft for rule in rules for draft in self._found(rule, part)]

    def watched_by(self, watch: Watch) -> None:
        """From now on this one looks at the time."""
        self.watch = self.context.watch = watch
        watch.start()

    def _imported(self, rule: Rule) -> RuleModule | None:
        try:
            module: RuleModule = module_of(rule)
            return module
        except Exception:
            if self.faults is None:
                raise
            self.faults.add(f"rule {rule.code}")
            return None

    def _found(self, rule: RuleModule, part: Part) -> list[Draft]:
        """What a rule finds in a part (None: all modules), but for the modules where it fails."""
        while True:
            found = self._attempt(rule, part)
            if found is not None:
                return found
            if self._failure is not None:
                break
            if self.watch.late:  # time went by for no single file
                return self._too_late(rule)
        if self._attempt(rule, frozenset()) is None:
            return self._without(rule, part)
        return self._piecewise(rule, part)

    def _attempt(self, rule: RuleModule, part: Part) -> list[Draft] | None:
        """What the rule finds, or None: then `_failure` says why, or time was up and the module, if it was one, is
        gone.
        """
        context, watch = self.context, self.watch
        context.part, self._failure = part, None
        if self.faults is None:
            return list(rule.find(context))
        try:
            try:
                watch.at = watch.latest = SHARED
                found: list[Draft] | None = list(rule.find(context))
            finally:
                watch.at = OFF
        except Overtime:
            found = None
        except Exception as error:
            found, self._failure = None, _Failure(error, self.faults.verbose)
        if found is not None:
            watch.forgive(SHARED)
        if found is None or watch.late:
            self._anew()
        return found

    def _kept(self) -> Faults:
        """Where faults are kept: what is called only when one has happened is not called where they are raised."""
        if self.faults is None:
            raise RuntimeError("nobody keeps the faults")
        return self.faults

    def _anew(self) -> None:
        """Answer all questions again, without the modules that took too long."""
        late = sorted(at for at in self.watch.late if isinstance(at, int) and at != SHARED)
        for index in late:
            self.watch.forgive(index)
            self._kept().overtime("this file", self.project.modules[index].path, self.watch.limit)
        self.project = self.project.anew(late)
        self.context.anew(self.project)
        if self._failure is not None and self._failure.memory:
            gc.collect()  # what was found before is in a circle

    def _too_late(self, rule: RuleModule) -> list[Draft]:
        self.watch.forgive(SHARED)
        self._kept().overtime(f"rule {rule.CODE}", None, self.watch.limit)
        return []

    def _piecewise(self, rule: RuleModule, part: Part) -> list[Draft]:
        """A part is halved until the modules are alone in which the rule fails."""
        found: list[Draft] = []
        failed = 0
        pieces = [list(self._everything if part is None else part)]
        while pieces:
            piece = pieces.pop()
            some = self._attempt(rule, frozenset(piece))
            if some is not None:
                found.extend(some)
            elif self._failure is None:
                if SHARED in self.watch.late:
                    return found + self._too_late(rule)
                pieces.append(piece)
            elif len(piece) == 1:
                self._failed(rule, piece[0])
                failed += 1
                if failed == MOST_MODULES and pieces:
                    self._kept().add(
                        f"rule {rule.CODE} in all files that it has not looked at yet", failure=self._failure
                    )
                    break
            else:
                middle = len(piece) // 2
                pieces += (piece[middle:], piece[:middle])
        return found

    def _without(self, rule: RuleModule, part: Part) -> list[Draft]:
        """What fails is something that the rule asks of all modules at once: those go, one by one, that the exception
        was about.
        """
        hidden: list[int] = []
        failures: list[tuple[int, _Failure]] = []
        try:
            while len(hidden) < MOST_MODULES:
                self.context.hidden = frozenset(hidden)
                found = self._attempt(rule, part)
                if found is not None:
                    for index, failure in failures:
                        self._failure = failure
                        self._failed(rule, index)
                    return [draft for draft in found if draft.m.index not in hidden]
                if self._failure is None:
                    if SHARED in self.watch.late:
                        return self._too_late(rule)
                    continue
                suspects = [self.watch.latest, *(m.index for m, _ in self._failure.places)]
                suspect = next((index for index in suspects if index >= 0 and index not in hidden), None)
                if suspect is None:
                    break
                hidden.append(suspect)
                failures.append((suspect, self._failure))
            self._kept().add(f"rule {rule.CODE} in all files", failure=self._failure)
            return []
        finally:
            self.context.hidden = frozenset()
            self._anew()  # what was asked while modules were hidden

    def _failed(self, rule: RuleModule, index: int) -> None:
        places = self._failure.places if self._failure is not None else []
        row = next((row for m, row in places if m.index == index), None)
        self._kept().add(f"rule {rule.CODE}", self.project.modules[index].path, row, self._failure)


class _Failure(Failure):
    """The failure of a rule.

    places   the modules that its frames were about, outermost first, each with the row, None when that is not known
    """

    __slots__ = ("places",)

    def __init__(self, error: BaseException, verbose: bool) -> None:
        super().__init__(error, verbose)
        self.places = _places(error.__traceback__)


def _places(traceback: TracebackType | None) -> list[tuple[Module, int | None]]:
    """A rule looks at calls of modules, which its functions name `m` and `i`."""
    found: dict[Module, int | None] = {}
    while traceback is not None:
        names = traceback.tb_frame.f_locals
        m, i = names.get("m"), names.get("i")
        if isinstance(m, Module) and m not in found:
            found[m] = m.calls[i].pos.line if isinstance(i, int) and 0 <= i < len(m.calls) else None
        traceback = traceback.tb_next
    return list(found.items())
