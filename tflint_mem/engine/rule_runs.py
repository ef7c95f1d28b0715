"""Run the rules over a linked project.  A fault in a rule costs that rule on that module, and a module that takes too long is left out.

All is well as a rule: each rule runs once over all modules, or with others over parts of a large project.  Only after a fault it
runs again, on ever smaller parts, until the module is found.  Nothing that a failed search left behind is used: the questions are
answered anew from the facts.
"""

import gc

from tflint_mem.hardening.faults import Failure, Overtime
from tflint_mem.hardening.watch import OFF, SHARED
from tflint_mem.ruleset.context import Context
from tflint_mem.ruleset.registry import RULES, module_of

MOST_MODULES = 200  # in which one rule may fail; then it is left out in the others, too


class Running:
    """The rules of one run.

    project   linked; another takes its place after a fault
    faults    faults.Faults, or None: then they are raised
    all_rules   run those that are not enabled, too
    enabled   codes of the enabled rules
    """

    def __init__(self, project, settings, faults, watch, all_rules=False):
        self.project, self.faults, self.watch = project, faults, watch
        self.context = Context(project, settings, watch)
        self.enabled, self._all, self._everything = settings.enabled, all_rules, range(len(project.modules))
        self._failure = None  # why the latest attempt failed

    def drafts(self):
        """What the rules find, as drafts."""
        drafts, sweeps = [], []
        for rule in RULES:
            if (self._all or rule.code in self.enabled) and self.project.mentioned(rule.triggers):
                module = self._imported(rule)
                if module is None:
                    continue
                if getattr(module, "SWEEPS", False):
                    sweeps.append(module)
                else:
                    drafts.extend(self._found(module, None))
        # rules that look at most modules go through a large project together, so that each module is decoded once for all of them
        for part in self.project.parts() if sweeps else ():
            for module in sweeps:
                drafts.extend(self._found(module, part))
        return drafts

    def _imported(self, rule):
        try:
            return module_of(rule)
        except Exception:
            if self.faults is None:
                raise
            self.faults.add(f"rule {rule.code}")
            return None

    def _found(self, rule, part):
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

    def _attempt(self, rule, part):
        """What the rule finds, or None: then `_failure` says why, or time was up and the module, if it was one, is gone."""
        context, watch = self.context, self.watch
        context.part, self._failure = part, None
        if self.faults is None:
            return list(rule.find(context))
        try:
            try:
                watch.at = watch.latest = SHARED
                found = list(rule.find(context))
            finally:
                watch.at = OFF
        except Overtime:
            found = None
        except Exception as error:
            found, self._failure = None, Failure(error, self.faults.verbose)
        if found is not None:
            watch.forgive(SHARED)
        if found is None or watch.late:
            self._anew()
        return found

    def _anew(self):
        """Answer all questions again, without the modules that took too long."""
        late = sorted(self.watch.late - {SHARED})
        for index in late:
            self.watch.forgive(index)
            self.faults.overtime("this file", self.project.modules[index].path, self.watch.limit)
        self.project = self.project.anew(late)
        self.context.anew(self.project)
        if self._failure is not None and self._failure.memory:
            gc.collect()  # what was found before is in a circle

    def _too_late(self, rule):
        self.watch.forgive(SHARED)
        self.faults.overtime(f"rule {rule.CODE}", None, self.watch.limit)
        return []

    def _piecewise(self, rule, part):
        """A part is halved until the modules are alone in which the rule fails."""
        found, failed = [], 0
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
                    self.faults.add(
                        f"rule {rule.CODE} in all files that it has not looked at yet", failure=self._failure
                    )
                    break
            else:
                middle = len(piece) // 2
                pieces += (piece[middle:], piece[:middle])
        return found

    def _without(self, rule, part):
        """What fails is something that the rule asks of all modules at once: those go, one by one, that the exception was about."""
        hidden, failures = [], []
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
            self.faults.add(f"rule {rule.CODE} in all files", failure=self._failure)
            return []
        finally:
            self.context.hidden = frozenset()
            self._anew()  # what was asked while modules were hidden

    def _failed(self, rule, index):
        row = next((row for m, row in self._failure.places if m.index == index), None)
        self.faults.add(f"rule {rule.CODE}", self.project.modules[index].path, row, self._failure)
