"""Where one of several measurements that run at the same time takes place, so that they do not disturb each other."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Seat:
    """The part of the machine that one measurement has to itself.

    cpus   processors that its processes may use; None: all
    gpu    the one GPU that they see, as CUDA_VISIBLE_DEVICES names it; None: all
    over   asked while the child runs: is it to be ended, because the run as a whole is?
    """

    __slots__ = ("cpus", "gpu", "over")

    def __init__(
        self,
        cpus: tuple[int, ...] | None = None,
        gpu: str | None = None,
        over: Callable[[], bool] = bool,
    ) -> None:
        self.cpus, self.gpu, self.over = cpus, gpu, over


def processors() -> list[int]:
    """The processors that this process may use, in order; numbers without meaning where the system does not tell."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def seats(jobs: int, gpus: list[str] | None, over: Callable[[], bool] = bool) -> list[Seat]:
    """At most so many seats: each has processors of its own, and a GPU of its own where there are any.

    gpus   as CUDA_VISIBLE_DEVICES names them; None: nothing is measured on a GPU
    """
    cpus = processors()
    count = max(1, min(jobs, len(cpus), len(cpus) if gpus is None else len(gpus)))
    if count == 1:
        return [Seat(over=over)]
    share = len(cpus) // count
    return [
        Seat(
            tuple(cpus[number * share : (number + 1) * share]) if hasattr(os, "sched_setaffinity") else None,
            None if gpus is None else gpus[number],
            over,
        )
        for number in range(count)
    ]


def visible_gpus(count: int) -> list[str]:
    """The names of so many GPUs that a process of ours sees, for CUDA_VISIBLE_DEVICES of a child."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = [name.strip() for name in given.split(",")] if given else [str(number) for number in range(count)]
    return names[:count]
