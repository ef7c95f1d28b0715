"""Several findings at the same time on one machine, each at a seat of its own."""

from __future__ import annotations

import threading
from collections import deque
from queue import SimpleQueue

from tflint_mem.verify.containment import runner
from tflint_mem.verify.plan.options import OptionError
from tflint_mem.verify.plan.protocols import REFUSED, RESERVES
from tflint_mem.verify.plan.seat import Seat, processors, seats, visible_gpus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from tflint_mem.finding import Finding
    from tflint_mem.verify.events import Environment
    from tflint_mem.verify.plan.options import Options
    from tflint_mem.verify.verdict.result import Result

    from .experiment import Stage

    Numbered = tuple[int, Finding]
    Verify = Callable[[Finding, Options, Environment, Callable[[Stage], None]], Result | None]
    # (number of the finding, its result or the exception that is a fault of ours)
    Done = tuple[int, "Result | BaseException | None"]


def results(
    verify: Verify,
    options: Options,
    findings: Sequence[Numbered],
    environment: Environment,
    tell: Callable[[int, Finding, Stage], None],
) -> Generator[tuple[int, Result | None], None, None]:
    """Number and result of each finding, as they are done; None for one that there was no time for.

    verify     verifies one finding, as `Work.verify` does; called in several threads, as `tell` is
    findings   with their numbers

    A finding about all GPUs of a machine is verified when the others are done.  Ends the children when it is closed.
    """
    stop = threading.Event()
    gpus = None
    if options.device != "cpu" and environment["gpus"]:
        gpus = visible_gpus(len(environment["gpus"]))
    rooms = seats(options.jobs or len(processors()), gpus, stop.is_set)
    alone = [pair for pair in findings if gpus is not None and len(rooms) > 1 and _needs_all(pair[1])]
    together = [pair for pair in findings if pair not in alone]
    yield from _seated(verify, options, rooms, together, environment, tell, stop)
    yield from _seated(verify, options, [Seat(over=stop.is_set)], alone, environment, tell, stop)


def _needs_all(finding: Finding) -> bool:
    return finding.code == RESERVES or REFUSED.get(finding.code, 0) > 1


def _seated(
    verify: Verify,
    options: Options,
    rooms: Sequence[Seat],
    findings: Iterable[Numbered],
    environment: Environment,
    tell: Callable[[int, Finding, Stage], None],
    stop: threading.Event,
) -> Iterator[tuple[int, Result | None]]:
    """A thread for each seat; it waits for processes most of the time."""
    waiting = deque(findings)
    count = len(waiting)
    done: SimpleQueue[Done] = SimpleQueue()

    def sit(seated: Options) -> None:
        """Verifies until nothing is left."""
        number = -1
        try:
            own = _environment(seated, environment)
            while not seated.seat.over():
                try:
                    number, finding = waiting.popleft()
                except IndexError:
                    return

                def told(stage: Stage, number: int = number, finding: Finding = finding) -> None:
                    tell(number, finding, stage)

                done.put((number, verify(finding, seated, own, told)))
        except BaseException as error:  # the thread that waits raises it; KeyboardInterrupt is its own, come back
            done.put((number, error))

    threads = [threading.Thread(target=sit, args=(options.at(seat),), daemon=True) for seat in rooms]
    complete = False
    try:
        for thread in threads:
            thread.start()
        for _ in range(count):
            number, result = done.get()
            if isinstance(result, BaseException):
                raise result
            yield number, result
        complete = True
    finally:
        if not complete:
            stop.set()
        for thread in threads:
            if thread.ident is not None:  # it has been started
                thread.join()


def _environment(options: Options, environment: Environment) -> Environment:
    """What the interpreter has at this seat.  Raises OptionError when it has none there."""
    if options.seat.gpu is None:
        return environment
    found, reason = runner.inspect(options)
    if found is None:
        raise OptionError(reason or "")
    return found
