"""The verdict on a finding.

confirmed      kind "retained": memory that no collection returns; kind "deferred": garbage of models and weights that
               waits for a late collection, megabytes at its peak; speed: the fixed version is clearly faster; crash,
               hang
bounded        it grew, and stopped or fell back by itself
not-confirmed  nothing of the kind could be measured
measured-pattern  nothing of the code ran: what the rule's own pair of programs costs here
not-runnable   the snippet does not run; `needs` says what would make it run
"""

from __future__ import annotations

from .words import BOUNDED, HOST, NOT_CONFIRMED, NOT_RUNNABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .words import Kind, MeterName, VerdictWord


class Verdict:
    """What is said of a finding.

    verdict, kind   as in the JSON contract; kind is None for what is no growth
    mechanism       what keeps the memory, or what else is wrong; None where nothing says it
    message         one or two sentences with the numbers
    meter           whose numbers decided
    needs           what would decide it, where it is undecided; what would make it run, where it does not
    undecided       it ran, and too little of it to say more
    """

    __slots__ = ("verdict", "kind", "mechanism", "message", "meter", "needs", "undecided")

    def __init__(
        self,
        verdict: VerdictWord,
        kind: Kind | None = None,
        mechanism: str | None = None,
        message: str = "",
        meter: MeterName = HOST,
        needs: Iterable[str] = (),
        undecided: bool = False,
    ) -> None:
        self.verdict, self.kind, self.mechanism, self.message = verdict, kind, mechanism, message
        self.meter, self.needs, self.undecided = meter, list(needs), undecided

    def __repr__(self) -> str:
        return f"Verdict({self.verdict!r}, {self.kind!r}, {self.mechanism!r}, {self.message!r}, {self.meter!r})"

    def instead(self, verdict: VerdictWord, message: str) -> Verdict:
        """Another verdict on the same numbers."""
        return Verdict(verdict, None, self.mechanism if verdict == BOUNDED else None, message, self.meter)


def not_confirmed(message: str, meter: MeterName = HOST) -> Verdict:
    """Nothing of the kind could be measured."""
    return Verdict(NOT_CONFIRMED, message=message, meter=meter)


def not_runnable(needs: Iterable[str], message: str | None = None) -> Verdict:
    """It does not run.  needs: what would make it run; message: None for just these."""
    needs = list(needs)
    return Verdict(NOT_RUNNABLE, message=said_of(needs) if message is None else message, needs=needs)


def undecided(needs: Iterable[str], message: str, meter: MeterName = HOST) -> Verdict:
    """It ran, and too little of it to say more.  needs: what would decide it."""
    return Verdict(NOT_RUNNABLE, message=message, meter=meter, needs=needs, undecided=True)


def said_of(needs: Iterable[str]) -> str:
    """The message of what is not runnable."""
    return "not runnable: needs " + "; ".join(needs)
