"""The modules of a run: added one after the other, then linked, then found by name and opened as they are needed."""

from __future__ import annotations

import os
from collections import deque

from tflint_mem.sources.dependencies import Beside
from tflint_mem.sources.notebook_name import notebook_name

from .index import Index
from .module import Module
from .names import Names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tflint_mem.facts import Facts
    from tflint_mem.facts.packed import PackedFacts

    from .module import Locate

_PART = 50  # percent of the modules that stay decoded; so many do rules go through together


class Modules:
    """The modules, and how they are found.

    modules     by index, in the order in which they were added
    names       which of them an import means
    index       which of them use a name
    defined     names of all functions and classes of the project
    attributes  names of all attributes that it assigns
    large       whether there are more modules than stay decoded

    `add(path, facts)` before any question is asked, and `link()` once, after the last `add`.
    """

    def __init__(self, keep: int, beside: Beside | None = None) -> None:
        """No modules yet; so many at most will stay decoded.  `beside` notes the other files that are looked for."""
        self.beside = beside or Beside()
        self.modules: list[Module] = []
        self.names = Names(self.beside)
        self.index = Index()
        self.defined: set[str] = set()
        self.attributes: set[str] = set()
        self._loaded: deque[int] = deque()  # modules whose body is decoded, oldest first
        self._keep = keep
        self.large = False

    def take(self, other: Modules) -> None:
        """Be the same modules as `other`, which were linked: all that is set above is shared with it."""
        self.modules, self.names, self.index = other.modules, other.names, other.index
        self.beside = other.beside
        self.defined, self.attributes = other.defined, other.attributes
        self._loaded, self._keep = other._loaded, other._keep
        self._open()

    # -- adding -------------------------------------------------------------------------------------------------------

    def add(
        self,
        path: str,
        collected: Facts | PackedFacts,
        locate: Locate | None = None,
        known: Module | None = None,
    ) -> Module:
        """Add a module.

        path     as the run names it
        locate   maps a notebook's rows to cells; None for a Python file
        known    what an earlier project, which is no more, had of the same path and facts
        """
        absolute = os.path.abspath(path)
        stem = absolute[: -len(".ipynb")] if absolute.endswith(".ipynb") else os.path.splitext(absolute)[0]
        parts = tuple(p for p in stem.split(os.sep) if p)
        if known is None:
            keep = len(self._loaded) < self._keep
            module = Module(len(self.modules), path, parts, collected, self._loaded, locate, keep)
        else:
            module = known
            module.again(len(self.modules), collected, self._loaded, locate)
        module.resolved = self.names.known(parts)
        self.modules.append(module)
        if module.loaded:
            self._loaded.append(module.index)
        named = parts if locate is None else (*parts[:-1], notebook_name(parts[-1]))  # %run names notebooks
        self.names.add(module.index, named)
        return module

    def link(self) -> None:
        """Build the reverse index of names; the lists of the modules are dropped."""
        for module in self.modules:
            self.defined.update(module.defs)
            self.attributes.update(module.stored)
            self.index.add(module.index, module.roles)
            module.roles = module.stored = ()
        self._open()

    def keep(self, most: int) -> None:
        """So many modules may stay decoded from now on."""
        self._keep = most
        self.__dict__.pop("module", None)
        self._open()

    def _open(self) -> None:
        self.large = len(self.modules) > self._keep
        if not self.large:
            # all stay decoded, and nothing is asked for more often
            self.module = self.modules.__getitem__  # type: ignore[method-assign, assignment]

    # -- opening ------------------------------------------------------------------------------------------------------

    def module(self, index: int) -> Module:
        """The module of an index; when too many bodies are decoded, those go that nobody asked for lately."""
        found = self.modules[index]
        found.recent = True
        loaded = self._loaded
        while len(loaded) > self._keep:
            oldest = self.modules[loaded.popleft()]
            # a second chance: a pass over all modules must not drive out those that every question needs
            if oldest.recent:
                oldest.recent = False
                loaded.append(oldest.index)
            else:
                oldest.release()
        return found

    def parts(self) -> list[range] | list[None]:
        """Ranges of indices that cover the modules: as many at once as can stay decoded while others are asked, too.

        [None] stands for all modules at once.
        """
        size = max(_PART * self._keep // 100, 1)
        if not self.large:
            return [None]
        return [range(first, first + size) for first in range(0, len(self.modules), size)]

    def all_modules(self) -> Iterator[Module]:
        """Every module, decoded."""
        for index in range(len(self.modules)):
            yield self.module(index)

    # -- finding ------------------------------------------------------------------------------------------------------

    def found(self, role: str, name: str, limit: int | None = None) -> list[Module]:
        """Modules that use the name in the role (see `index`), in order; none when there are more than `limit`."""
        numbers = self.index.modules(role, name)
        return [] if limit is not None and len(numbers) > limit else [self.module(number) for number in numbers]

    def mentioning(self, name: str, limit: int | None = None) -> list[Module]:
        """Modules in which the identifier occurs; none when there are more than `limit`."""
        return self.found("idents", name, limit)

    def using(self, name: str, limit: int | None = None) -> list[Module]:
        """Modules that may call what has that name, or hand it over; none when there are more than `limit`."""
        numbers = self.calling((name,))
        return [] if limit is not None and len(numbers) > limit else [self.module(number) for number in numbers]

    def calling(self, names: Iterable[str]) -> list[int]:
        """Indices of the modules that may call what has one of the names, under that name or another, in order."""
        return sorted(
            {number for name in names for role in ("called", "given") for number in self.index.modules(role, name)}
        )

    def mentioned(self, names: Iterable[str]) -> list[int]:
        """Indices of the modules in which one of the identifiers occurs, in order."""
        return sorted({number for name in names for number in self.index.modules("idents", name)})

    def mentions_in(self, module: Module, names: Iterable[str]) -> set[str]:
        """Those of the identifiers that occur in the module."""
        return {name for name in names if self.index.has("idents", name, module.index)}

    def resolve(self, module: Module, dotted: str, level: int) -> Module | None:
        """The module of the project that an import of `dotted` at `level` means in `module`, or None."""
        index = module.resolved.get((dotted, level), -1)
        if index == -1:
            index = self.names.resolve(module.parts, dotted, level)
        return None if index is None or index == module.index else self.module(index)
