"""The rules of a large project in several processes.

Each process has the linked project from this one and does some of the units of `rule_runs`; what a rule finds does not
depend on what was asked before.  A process tells where its drafts are and keeps them: when all are known, and it is
known which one stands for each place, it makes findings of those that count.  So the findings are those of one process,
in their order.
"""

from __future__ import annotations

import pickle

from tflint_mem.hardening import crew, watch
from tflint_mem.hardening.crew import Died
from tflint_mem.hardening.faults import Failure, Faults
from tflint_mem.record import Record

from .places import most_specific

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tflint_mem.finding import Finding
    from tflint_mem.hardening.crew import Crew, Worker
    from tflint_mem.ruleset.draft import Draft

    from .rule_runs import Running, Unit

    Concerns = Callable[[Draft, Faults], bool]
    Finish = Callable[[Draft, Faults, bool], "Finding | None"]  # with the fix, or in outline
    Told = tuple[str, str, str | None, str, str]  # what `Faults.enter` takes
    Left = tuple[list[int], dict[tuple[str, str, int], int]]  # modules that are left out, searches that were given up

KEPT_DECODED = 2_000  # modules, in each process; a process of its own has room for more than the one that reads
MOST = 4  # processes: all do what the rules share anew


class Sketch(Record):
    """A draft in another process: the number of its unit, its own in that unit, and what decides which one counts.

    enabled    the settings of its file ask for its rule      concerns   it is about what was given
    """

    __slots__ = ()
    unit: int
    number: int
    code: str
    place: tuple[int, int, int]
    enabled: bool
    concerns: bool


def findings(
    running: Running,
    jobs: int,
    faults: Faults,
    finish: Finish,
    concerns: Concerns,
    every: list[Finding] | None,
) -> list[Finding]:
    """The findings of the enabled rules; what fails, here or in another process, goes to `faults`.

    every   takes the findings of all rules: see `engine.analyze`
    """
    running.project.keep(KEPT_DECODED)
    units = running.units()
    team = crew.Crew(max(min(jobs, MOST, len(units)), 1), _Doing(running, units, finish, concerns, faults.verbose))
    try:
        return _Leading(team, running, units, faults).findings(every)
    finally:
        team.close()


class _Leading:
    """What this process does meanwhile."""

    def __init__(self, team: Crew, running: Running, units: list[Unit], faults: Faults) -> None:
        self._team, self._running, self._units, self._faults = team, running, units, faults
        self._todo = list(range(len(units)))
        self._sketches: dict[int, list[Sketch]] = {}
        self._told: dict[int, list[Told]] = {}
        self._by: dict[int, Worker] = {}  # who has the drafts of a unit
        self._left_out: set[int] = set()

    def findings(self, every: list[Finding] | None) -> list[Finding]:
        """Let all units be done, then what counts be finished."""
        self._drafts()
        sketches = [sketch for number in sorted(self._sketches) for sketch in self._sketches[number]]
        chosen = [sketch for sketch in most_specific([each for each in sketches if each.enabled]) if sketch.concerns]
        whole = set(chosen)
        of_all = [] if every is None else [sketch for sketch in most_specific(sketches) if sketch.concerns]
        made = self._finished([*chosen, *(sketch for sketch in of_all if sketch not in whole)], whole)
        for number in sorted(self._told):
            for told in self._told[number]:
                self._faults.enter(*told)
        if every is not None:
            every.extend(made[sketch] for sketch in of_all if sketch in made)
        return [made[sketch] for sketch in chosen if sketch in made]

    def _drafts(self) -> None:
        """Every unit that is to be done; one end of the list for every other process: what stands together asks for the
        same.
        """
        for position, worker in enumerate(self._team.workers):
            self._give(worker, position)
        while any(worker.waiting for worker in self._team.workers):
            for worker, (_, number, _), answer in self._team.hear():
                if isinstance(answer, Died):
                    self._lost(worker, number, answer)
                else:
                    self._take(number, worker, answer)
            for position, worker in enumerate(self._team.workers):
                if not worker.waiting:
                    self._give(worker, position)

    def _give(self, worker: Worker, position: int) -> None:
        if self._todo:
            number = self._todo.pop(0 if position % 2 == 0 else -1)
            worker.give(("do", number, ()))

    def _take(self, number: int, worker: Worker, answer: Any) -> None:
        self._running.step(len(self._told) + 1, len(self._units))
        drafts, told, (left_out, given_up) = pickle.loads(answer)
        self._sketches[number] = [Sketch(number, k, *draft) for k, draft in enumerate(drafts)]
        self._told[number] = told
        self._by[number] = worker
        self._left_out.update(left_out)
        self._running.project.searches.given_up.update(given_up)

    def _lost(self, worker: Worker, number: int, why: Died) -> None:
        """The unit that a process died of is given up; what else it had found is found again when it is wanted."""
        codes = ", ".join(rule.CODE for rule in self._units[number][0])
        failure = Failure(why, self._faults.verbose)
        rules = f"rule{'s' * (len(self._units[number][0]) > 1)} {codes}"
        self._faults.add(rules, failure=failure)
        self._sketches[number] = []
        self._told.setdefault(number, [])  # what it had told before it died is true
        self._by.pop(number, None)
        for unit, by in self._by.items():
            if by is worker:
                self._by[unit] = self._team.workers[0]  # whoever does not know the drafts of a unit finds them again

    def _finished(self, chosen: list[Sketch], whole: set[Sketch]) -> dict[Sketch, Finding]:
        """The findings of the drafts that count, those in `whole` with their fixes."""
        wanted: dict[int, list[Sketch]] = {}
        for sketch in chosen:
            wanted.setdefault(sketch.unit, []).append(sketch)
        made: dict[Sketch, Finding] = {}
        left_out = sorted(self._left_out)
        for number, sketches in wanted.items():
            asked = [(sketch.number, sketch in whole) for sketch in sketches]
            self._by[number].give(("finish", number, (asked, left_out)))
        while any(worker.waiting for worker in self._team.workers):
            for worker, (_, number, _), answer in self._team.hear():
                if isinstance(answer, Died):
                    self._lost(worker, number, answer)
                    continue
                found, told = pickle.loads(answer)
                made.update({sketch: each for sketch, each in zip(wanted[number], found) if each is not None})
                self._told[number] += told
        return made


class _Doing:
    """What a process of the crew does."""

    def __init__(
        self,
        running: Running,
        units: list[Unit],
        finish: Finish,
        concerns: Concerns,
        verbose: bool,
    ) -> None:
        self._running, self._units, self._finish, self._concerns = running, units, finish, concerns
        self._told: list[Told] = []
        self._faults = _Passing(self._told, verbose)
        self._drafts: dict[int, list[Draft]] = {}
        self._ready = False

    def __call__(self, task: tuple[str, int, Any]) -> bytes:
        """Do a unit, or finish some of its drafts."""
        running = self._running
        if not self._ready:
            self._ready = True
            running.watched_by(watch.of(running.settings.timeout_per_file, len(running.project.modules), True))
            running.faults = self._faults
        what, number, about = task
        del self._told[:]
        if what == "do" or number not in self._drafts:
            self._drafts[number] = [draft for draft in running.found(self._units[number]) if not draft.m.mended]
        if what == "do":
            left_out = [m.index for m in running.project.modules if m.left_out]
            of = running.context.settings.of
            told = [
                (draft.code, draft.place, draft.code in of(draft.m.path).enabled, self._concerns(draft, self._faults))
                for draft in self._drafts[number]
            ]
            return pickle.dumps((told, self._told, (left_out, running.project.searches.given_up)))
        chosen, left_out = about
        for index in left_out:
            running.project.modules[index].left_out = True
        found = [self._finish(self._drafts[number][k], self._faults, whole) for k, whole in chosen]
        return pickle.dumps((found, self._told))


class _Passing(Faults):
    """Faults that another process is told."""

    def __init__(self, told: list[Told], verbose: bool) -> None:
        super().__init__(lambda notice: None, verbose)
        self._passed = told

    def enter(self, kind: str, what: str, path: str | None, text: str, trace: str = "") -> None:
        self.latest.add((what, path))
        self._passed.append((kind, what, path, text, trace))
