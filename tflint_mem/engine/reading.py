"""What comes before the facts of a file, and after those of all: other processes that make them, and later runs."""

from __future__ import annotations

from tflint_mem.hardening.faults import Failure
from tflint_mem.project.project import LARGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from tflint_mem.hardening.faults import Faults
    from tflint_mem.hardening.watch import Watch
    from tflint_mem.settings.settings import Settings
    from tflint_mem.sources.source import Source

    from .ahead import Early
    from .session import Session


def early(
    sources: Iterable[Source], settings: Settings, files: int, session: Session
) -> Generator[tuple[Source, Early], None, None]:
    """The sources, with the facts that other processes have made of them: where that pays, see `ahead`."""
    worth_it = session.store is not None or files > LARGE
    jobs = session.processes(settings.jobs) if worth_it else 1
    if jobs < 2:
        return ((source, None) for source in sources)
    from .ahead import Ahead

    return Ahead(session, jobs, settings.timeout_per_file).through(sources)


def is_lost(source: Source, made: Early, faults: Faults | None, watched: Watch) -> bool:
    """Did a process die, or run out of time, over this file?  That is told, and costs the file."""
    if made is None or isinstance(made, bytes) or faults is None:
        return False
    if isinstance(made, Exception):
        faults.add("this file", source.path, failure=Failure(made, faults.verbose))
    else:
        faults.overtime("this file", source.path, watched.limit)
    return True


def save(session: Session, faults: Faults | None) -> None:
    """Leave the facts to later runs: now, before the rules need the memory, and once: what fixes are tried on is no
    file.
    """
    store, session.store = session.store, None
    if store is None:
        return
    if faults is None:
        store.save()
        return
    with faults.around("the cache"):
        store.save()
