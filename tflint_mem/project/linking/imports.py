"""Which modules of the project a module runs when it is imported: its import closure, and who imports it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tflint_mem.facts import Import, Imported
    from tflint_mem.project.project import Project

    from .module import Module


class Imports:
    """Imports between the modules of a project; those inside functions count, too."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._direct: dict[int, tuple[int, ...]] = {}
        self._importers: dict[int, list[int]] | None = None

    def of_statement(self, m: Module, statement: Import) -> list[Module]:
        """Modules that one import statement runs, packages before what is in them."""
        return self._of(m, statement.names)

    def _of(self, m: Module, names: Iterable[Imported]) -> list[Module]:
        found: list[Module] = []
        for imported in names:
            dotted, attribute, level = imported.module, imported.attribute, imported.level
            parts = dotted.split(".") if dotted else []
            meant = [".".join(parts[: n + 1]) for n in range(len(parts))] or ([""] if level else [])
            if attribute and attribute != "*":
                meant.append((dotted + "." if dotted else "") + attribute)
            for name in meant:
                target = self.project.resolve(m, name, level)
                if target is not None and target not in found:
                    found.append(target)
        return found

    def direct(self, m: Module) -> tuple[int, ...]:
        """Indices of the modules that `m` imports itself."""
        found = self._direct.get(m.index)
        if found is None:
            found = self._direct[m.index] = tuple([target.index for target in self._of(m, m.imports)])
        return found

    def closure(self, m: Module) -> list[int]:
        """Indices of `m` and of everything it imports, directly or not, nearest first."""
        order, seen = [m.index], {m.index}
        for index in order:
            for target in self.direct(self.project.module(index)):
                if target not in seen:
                    seen.add(target)
                    order.append(target)
        return order

    def importers(self, m: Module) -> Sequence[int]:
        """Indices of the modules that import `m` themselves."""
        if self._importers is None:
            self._importers = {}
            for module in self.project.modules:
                for target in self.direct(module):
                    self._importers.setdefault(target, []).append(module.index)
        return self._importers.get(m.index, ())
