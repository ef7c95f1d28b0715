"""Findings spread over a Ray cluster: a task for each, which asks for a GPU or for a processor.

The machines need this package in the same version, and the interpreter of the options at the same path.  What a task is
given are values (the texts of the files among them); data files that the code opens are found where the machine has the
project's folder at the same path.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import time

from tflint_mem import __version__
from tflint_mem.sources.source import Source
from tflint_mem.verify.containment import runner
from tflint_mem.verify.plan.options import OptionError
from tflint_mem.verify.plan.protocols import REFUSED
from tflint_mem.verify.plan.seat import Seat, processors
from tflint_mem.verify.verdict.result import not_runnable

from .pattern_runs import PatternRuns
from .work import Work

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from typing import Any

    from tflint_mem.finding import Finding
    from tflint_mem.verify.containment.runner import Inspected
    from tflint_mem.verify.events import Environment
    from tflint_mem.verify.plan.options import Options
    from tflint_mem.verify.verdict.result import Result

    from .experiment import Stage

_POLL_SECONDS = 1.0
_MISSING = "--verify-on ray needs Ray: pip install 'tflint-mem[ray]'"

# What this worker process has found, by interpreter, device and GPUs: TensorFlow's import takes seconds.
_inspected: dict[tuple[str, str, str | None], Inspected] = {}
_patterns = PatternRuns()


class Cluster:
    """The cluster that RAY_ADDRESS names; without it the one that runs on this machine, which is started for the run.

    Raises OptionError when Ray is not installed, or the cluster cannot be reached.
    """

    def __init__(self) -> None:
        try:
            ray: Any = importlib.import_module("ray")  # as Any: its types are not there where it is not installed
        except ImportError:
            raise OptionError(_MISSING) from None
        self._ray = ray
        self._ours = not ray.is_initialized()
        if self._ours:
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # a cluster of ours tells nobody
            try:
                ray.init(logging_level="ERROR", log_to_driver=False, include_dashboard=False)
            except Exception as error:
                raise OptionError(f"--verify-on ray: {type(error).__name__}: {error}") from None
        resources = ray.cluster_resources()
        self._gpus = int(resources.get("GPU", 0))
        self._most_gpus = max((int(node["Resources"].get("GPU", 0)) for node in ray.nodes()), default=0)

    def environment(self, options: Options) -> Environment:
        """What the interpreter has on one of the machines.  Raises OptionError when it cannot serve."""
        options.setup_source()
        task = self._ray.remote(_inspect).options(**self._asks(options, 1))
        try:
            found: Inspected = self._ray.get(task.remote(__version__, options))
        except self._ray.exceptions.RayError as error:
            raise OptionError(f"--verify-on ray: {_last_row(error)}") from None
        if found.environment is None:
            raise OptionError(found.reason or "")
        if options.device == "gpu" and not found.environment["gpus"]:
            raise OptionError("--verify-device gpu: no machine of the cluster has a GPU that TensorFlow sees")
        return found.environment

    def results(
        self,
        work: Work,
        findings: Sequence[tuple[int, Finding]],
        environment: Environment,
        tell: Callable[[int, Finding, Stage], None],
    ) -> Generator[tuple[int, Result | None], None, None]:
        """Number and result of each finding, as they are done; None for one that there was no time for.  Cancels what
        is under way when it is closed.
        """
        ray = self._ray
        texts = ray.put([_absolute_source(source) for source in work.sources])
        waiting: dict[Any, tuple[int, Finding]] = {}
        try:
            for number, finding in findings:
                task = ray.remote(_verify).options(**self._asks(work.options, REFUSED.get(finding.code, 1)))
                given = (__version__, texts, work.folders, work.options, work.ends, _absolute(finding))
                waiting[task.remote(*given)] = (number, finding)
            while waiting:
                done, _ = ray.wait(list(waiting), timeout=_POLL_SECONDS)
                for reference in done:
                    number, finding = waiting.pop(reference)
                    try:
                        result = ray.get(reference)
                    except ray.exceptions.RayError as error:  # a worker that is gone costs its finding
                        needs = [f"a machine of the cluster that can run it: {_last_row(error)}"]
                        result = not_runnable(finding, work.options, environment, time.monotonic(), needs)
                    if result is not None:
                        result.finding = finding.replace(verification=result.finding.verification)
                    tell(number, finding, "done")
                    yield number, result
                if work.ends is not None and time.time() > work.ends + _POLL_SECONDS:
                    for number, _ in waiting.values():
                        yield number, None
                    return
        finally:
            for reference in waiting:
                with contextlib.suppress(Exception):
                    ray.cancel(reference)
            with contextlib.suppress(Exception):
                ray.wait(list(waiting), num_returns=len(waiting), timeout=15)  # their children end with them
            if self._ours:
                ray.shutdown()

    def _asks(self, options: Options, gpus: int) -> dict[str, Any]:
        """The resources of a task.  gpus: that the finding is about; never more than one machine has."""
        if options.device == "cpu" or not self._gpus:
            return {"num_cpus": 1, "max_retries": 0}
        return {"num_gpus": min(gpus, self._most_gpus), "num_cpus": 1, "max_retries": 0}


def _inspect(version: str, options: Options) -> Inspected:
    """In a worker."""
    if version != __version__:
        return runner.Inspected(None, f"a machine of the cluster has tflint-mem {__version__}, this one {version}")
    key = (options.python, options.device, os.environ.get("CUDA_VISIBLE_DEVICES"))
    if key not in _inspected:
        _inspected[key] = runner.inspect(options)
    return _inspected[key]


def _verify(
    version: str, sources: list[Source], folders: list[str], options: Options, ends: float | None, finding: Finding
) -> Result | None:
    """In a worker."""
    found = _inspect(version, options)
    if found.environment is None:
        raise RuntimeError(found.reason)
    work = Work(sources, folders, options, _patterns)
    work.ends = ends
    # The GPUs are those of CUDA_VISIBLE_DEVICES, which Ray has set and children see; host memory is read on CPUs alone.
    on_gpu = options.device != "cpu" and bool(found.environment["gpus"])
    with contextlib.nullcontext() if on_gpu else _processor() as cpu:
        seat = Seat(None if cpu is None else (cpu,))
        return work.verify(finding, options.at(seat), found.environment, lambda stage: None)


@contextlib.contextmanager
def _processor() -> Iterator[int | None]:
    """A processor that no other task of this user on this machine measures on; None when all are taken.

    Ray counts processors and does not say which.
    """
    import fcntl
    import tempfile

    for cpu in processors():
        path = os.path.join(tempfile.gettempdir(), f"tflint-mem-processor-{os.getuid()}-{cpu}")
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            continue
        try:
            yield cpu
        finally:
            os.close(lock)
        return
    yield None


def _absolute(finding: Finding) -> Finding:
    """The finding with paths that mean the same from any folder."""
    return finding.replace(
        path=os.path.abspath(finding.path),
        trace=tuple(step.replace(path=os.path.abspath(step.path)) for step in finding.trace),
        further_traces=(),  # one way is verified
    )


def _absolute_source(source: Source) -> Source:
    return Source(os.path.abspath(source.path), source.raw)


def _last_row(error: Exception) -> str:
    return str(error).strip().split("\n")[-1]
