"""What lasts between the analyses of one run, and what an analysis may do to the process around it."""

from __future__ import annotations

from tflint_mem import facts
from tflint_mem.facts import packed
from tflint_mem.hardening.parsing import undisturbed
from tflint_mem.sources.dependencies import Beside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tflint_mem.facts import Facts
    from tflint_mem.facts.packed import PackedFacts
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project
    from tflint_mem.storage.fact_store import FactStore

    from .rule_runs import Running
MOST_VERSIONS = 4  # of a file whose facts are kept: a fix may be tried and taken back


class Session:
    """One run, from the first analysis to the last.  It belongs to one thread; runs in other threads have their own.

    beside   the files beside the checked ones that were looked for
    facts    {path: {code: facts}} of the files that were parsed when they are worth keeping, None when they are not
    modules  {path: (its facts, the module made of them)} of the latest project, in the same case
    parts    why the files were taken of which the latest project was made, by path: "" for one that names TensorFlow or
             Keras, else the digest of what its import lines name
    store    the facts that earlier runs have left, None when they have not
    progress is told how far an analysis is, if somebody wants to know: of what, how many are done, of how many
    ready    the facts of the file that comes next, as bytes, when another process has made them
    alone    the process does nothing else, so that a timer may watch over the time: see `hardening.watch`
    given_up tells, if somebody may stop waiting for an analysis, whether that is so: then it ends with Interrupted

    This one is a guest in somebody's process, and leaves it as it is.
    """

    alone = False

    def __init__(self) -> None:
        self.beside = Beside()
        self.facts: dict[str, dict[bytes, Facts | PackedFacts]] | None = None
        self.modules: dict[str, tuple[Facts | PackedFacts, Module]] = {}
        self.parts: dict[str, str] = {}
        self.store: FactStore | None = None
        self.progress: Callable[[str, int, int], None] | None = None
        self.ready: bytes | None = None
        self.given_up: Callable[[], bool] | None = None

    def processes(self, jobs: int) -> int:
        """How many processes may work for this run, when so many are asked for (0: as many as pay)."""
        return 1

    def remember(self) -> None:
        """Keep the facts of files from now on: fixes check the project after each round, an editor after each key."""
        if self.facts is None:
            self.facts = {}

    def collected(self, path: str, code: bytes) -> Facts | PackedFacts:
        """The facts of the code of a file, which may be known.  Raises what `facts.collect` raises."""
        ready, self.ready = self.ready, None
        if self.facts is None:
            return self._stored(path, code, ready)
        versions = self.facts.setdefault(path, {})
        known = versions.get(code)
        if known is None:
            known = versions[code] = self._stored(path, code, ready)
            if len(versions) > MOST_VERSIONS:
                del versions[next(iter(versions))]
        return known

    def known(self, path: str, collected: Facts | PackedFacts) -> Module | None:
        """The module of the project before that was made from these very facts, with what it knows about itself: once,
        then it is the caller's.
        """
        of, module = self.modules.pop(path, (None, None))
        return module if of is collected and module is not None and not module.left_out else None

    def made(self, path: str, collected: Facts | PackedFacts, module: Module) -> None:
        """This is the module of a file now."""
        if self.facts is not None:
            self.modules[path] = (collected, module)

    def is_known(self, path: str, code: bytes) -> bool:
        """Need the code of a file not be parsed?"""
        if self.facts is not None and code in self.facts.get(path, ()):
            return True
        return self.store is not None and self.store.has(self.store.key(code))

    def _stored(self, path: str, code: bytes, ready: bytes | None) -> Facts | PackedFacts:
        store = self.store
        if ready is not None:
            return packed.load(memoryview(ready)) if store is None else store.take(store.key(code), ready)
        if store is None:
            return undisturbed(lambda: facts.collect(code, path))
        key = store.key(code)
        known = store.get(key)
        if known is not None:
            return known
        collected = undisturbed(lambda: facts.collect(code, path))
        store.put(key, collected)
        return collected

    def begin(self) -> None:
        """An analysis begins."""

    def end(self, project: Project | None, running: Running | None) -> None:
        """It has ended: let go of the project and of what the rules asked."""
        if project is not None:
            project.close()
            if running is not None:
                running.context.close()
