"""Which modules use a name, and in which role: what answers questions about all modules without looking into each.

The bodies of a large project do not stay in memory (see `module.Module`), but these few names do: a search opens only
modules that have what it looks for.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

ROLES = ("idents", "called", "given", "derived", "decorating", "foreign")  # as `facts.Facts` lists them


class Index:
    """Modules by role and name; modules are numbers that ascend."""

    def __init__(self) -> None:
        self._modules: dict[str, dict[str, list[int]]] = {role: {} for role in ROLES}
        self._sets: dict[tuple[str, str], frozenset[int]] = {}

    def add(self, number: int, roles: Iterable[Iterable[str]]) -> None:
        """Enter a module; `roles` has the names of each role, in the order of `ROLES`."""
        for role, names in zip(ROLES, roles):
            modules = self._modules[role]
            for name in names:
                found = modules.get(name)
                if found is None:
                    modules[name] = [number]
                else:
                    found.append(number)

    def modules(self, role: str, name: str) -> Sequence[int]:
        """Numbers of the modules that use the name in the role, in order."""
        return self._modules[role].get(name, ())

    def names(self, role: str) -> Collection[str]:
        """All names that are used in the role."""
        return self._modules[role].keys()

    def has(self, role: str, name: str, number: int) -> bool:
        """Does the module use the name in the role?"""
        if name not in self._modules[role]:
            return False
        found = self._sets.get((role, name))
        if found is None:
            found = self._sets[role, name] = frozenset(self._modules[role][name])
        return number in found
