"""A draft: a finding as a rule leaves it, with places in bytes and a fix that is not built yet."""

from __future__ import annotations

from tflint_mem.facts.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from tflint_mem.codemod import Proposal
    from tflint_mem.facts import Pos
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.fix_context import FixContext

    Steps: TypeAlias = tuple["TraceStep", ...]  # of a trace, outermost first
    Repair: TypeAlias = Callable[[FixContext], Proposal]  # raises NoFix with a reason


class TraceStep(Record):
    """One step on the way from the repeat to the flagged place.

    line     from 1
    column   in UTF-8 bytes from 0; 0 stands for the first character of the row
    """

    __slots__ = ()
    m: Module
    line: int
    column: int
    message: str

    @classmethod
    def at(cls, m: Module, pos: Pos, message: str) -> TraceStep:
        """The step at the start of a place."""
        return cls(m, pos.line, pos.column, message)


class Trace:
    """The steps of a trace, outermost first, and the Repeat that they tell of, if they tell of one."""

    __slots__ = ("steps", "repeat", "_others", "_further")

    def __init__(
        self,
        steps: Iterable[TraceStep] = (),
        repeat: Repeat | None = None,
        others: Iterable[Iterable[TraceStep]] = (),
    ) -> None:
        """others   the traces of further repeats of the same place, found when they are asked for"""
        self.steps = tuple(steps)
        self.repeat = repeat
        self._others = others
        self._further: tuple[Steps, ...] | None = None

    @property
    def further(self) -> tuple[Steps, ...]:
        """The traces of further repeats of the same place: found once, as that asks the project."""
        if self._further is None:
            self._further = ()  # where the search fails, it is not begun again
            self._further = tuple(map(tuple, self._others))
        return self._further


class Draft:
    """A finding before its place is translated and its fix is built.

    code      of the rule
    m         the module
    pos       the flagged place
    message, measured, help   see `finding.Finding`
    trace     from the repeat to the place
    fix       builds the fix, or says in a few words why there is none; None where there is nothing to say
    severity, group   instead of the rule's own
    confidence, persona   instead of what `engine.worth` would say
    noqa_row  the row whose comment silences the finding, if it is not the last one of the place
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
        *,
        code: str,
        m: Module,
        pos: Pos,
        message: str,
        measured: str = "",
        help: str = "",
        trace: Trace | Iterable[TraceStep] = (),
        fix: Repair | str | None = None,
        severity: str | None = None,
        group: str | None = None,
        noqa_row: int | None = None,
        site: int | None = None,
        confidence: str | None = None,
        persona: str | None = None,
    ) -> None:
        self.code = code
        self.m = m
        self.pos = pos
        self.message = message
        self.measured = measured
        self.help = help
        self.trace = trace if isinstance(trace, Trace) else Trace(trace)
        self.fix = fix
        self.severity = severity
        self.group = group
        self.noqa_row = noqa_row
        self.site = site
        self.confidence = confidence
        self.persona = persona

    @property
    def place(self) -> tuple[int, int, int]:
        """(index of the module, row, column): one place has one finding."""
        return (self.m.index, self.pos.line, self.pos.column)

    @property
    def repeat(self) -> Repeat | None:
        """The Repeat that the trace tells of."""
        return self.trace.repeat
