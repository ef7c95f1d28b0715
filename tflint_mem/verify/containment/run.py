"""What is left of one measured process: how it ended, and what it said until then."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Literal, overload

    from tflint_mem.verify import events

    # an end that the child itself told ("done" to "ended"), or how it ended without
    Status = Literal[
        "done",
        "exhausted",
        "leaves",
        "ended",
        "error",
        "timeout",
        "memory",
        "disk",
        "processes",
        "crashed",
        "left",
    ]


class Run:
    """What one child left behind.

    status   "done", "exhausted" (no elements left), "leaves" (the loop is left in its first pass), "ended" (the region
             came to its end), "error", "timeout", "memory", "disk", "processes", "crashed", "left" (the process ended
             by itself, without an error)
    events   the dictionaries that the child wrote, in order: see tflint_mem/verify/events.py
    seconds  wall time of the child
    peak     highest resident bytes of the child and its children, as seen from outside
    code     exit status, negative for a signal; None when it was ended from here
    log      the end of what it printed
    ended    time.time() at its end
    loaded   its own process had TensorFlow's libraries in memory when it was ended by time (Linux)
    """

    __slots__ = ("status", "events", "seconds", "peak", "code", "log", "ended", "loaded")

    def __init__(
        self,
        status: Status,
        events: Sequence[events.Event],
        seconds: float,
        peak: int,
        code: int | None,
        log: str,
        ended: float = 0.0,
        loaded: bool = False,
    ) -> None:
        self.status, self.events, self.seconds, self.peak = status, events, seconds, peak
        self.code, self.log, self.ended, self.loaded = code, log, ended, loaded

    if TYPE_CHECKING:

        @overload
        def of(self, kind: Literal["sample"]) -> list[events.Sample]: ...
        @overload
        def of(self, kind: Literal["seen"]) -> list[events.Seen]: ...
        @overload
        def of(self, kind: Literal["settled"]) -> list[events.Settled]: ...
        @overload
        def of(self, kind: Literal["raw"]) -> list[events.Raw]: ...
        @overload
        def of(self, kind: Literal["stand-in"]) -> list[events.StandIn]: ...

    def of(self, kind: str) -> list[Any]:
        """The events of one kind."""
        return [event for event in self.events if event["event"] == kind]

    if TYPE_CHECKING:

        @overload
        def last(self, kind: Literal["isolated"]) -> events.Isolated | None: ...
        @overload
        def last(self, kind: Literal["environment"]) -> events.Environment | None: ...
        @overload
        def last(self, kind: Literal["gpu"]) -> events.Gpu | None: ...
        @overload
        def last(self, kind: Literal["watched"]) -> events.Watched | None: ...
        @overload
        def last(self, kind: Literal["ran"]) -> events.Ran | None: ...
        @overload
        def last(self, kind: Literal["begin"]) -> events.Begin | None: ...
        @overload
        def last(self, kind: Literal["raw"]) -> events.Raw | None: ...
        @overload
        def last(self, kind: Literal["growth"]) -> events.Growth | None: ...
        @overload
        def last(self, kind: Literal["arrays"]) -> events.Arrays | None: ...
        @overload
        def last(self, kind: Literal["behind"]) -> events.Behind | None: ...
        @overload
        def last(self, kind: Literal["error"]) -> events.Error | None: ...
        @overload
        def last(self, kind: Literal["end"]) -> events.End | None: ...

    def last(self, kind: str) -> Any:
        """The last event of one kind, or None."""
        found = [event for event in self.events if event["event"] == kind]
        return found[-1] if found else None

    def attempt(self) -> Run:
        """Events of the last attempt: those before it belong to runs that lacked something."""
        for number in range(len(self.events) - 1, -1, -1):
            if self.events[number]["event"] == "attempt":
                return Run(
                    self.status,
                    self.events[number:],
                    self.seconds,
                    self.peak,
                    self.code,
                    self.log,
                    self.ended,
                    self.loaded,
                )
        return self
