"""Which modules of the project a module runs when it is imported: its import closure, and who imports it."""


class Imports:
    """Imports between the modules of a project; those inside functions count, too."""

    def __init__(self, project):
        self.project = project
        self._direct, self._importers = {}, None

    def of_statement(self, m, statement):
        """Modules that one import statement runs, packages before what is in them."""
        return self._of(m, statement[5])

    def _of(self, m, bound):
        found = []
        for _, dotted, attribute, level in bound:
            parts = dotted.split(".") if dotted else []
            names = [".".join(parts[: n + 1]) for n in range(len(parts))] or ([""] if level else [])
            if attribute not in (None, "", "*"):
                names.append((dotted + "." if dotted else "") + attribute)
            for name in names:
                target = self.project.resolve(m, name, level)
                if target is not None and target not in found:
                    found.append(target)
        return found

    def direct(self, m):
        """Indices of the modules that `m` imports itself."""
        found = self._direct.get(m.index)
        if found is None:
            found = self._direct[m.index] = tuple([target.index for target in self._of(m, m.imports)])
        return found

    def closure(self, m):
        """Indices of `m` and of everything it imports, directly or not, nearest first."""
        order, seen = [m.index], {m.index}
        for index in order:
            for target in self.direct(self.project.module(index)):
                if target not in seen:
                    seen.add(target)
                    order.append(target)
        return order

    def importers(self, m):
        """Indices of the modules that import `m` themselves."""
        if self._importers is None:
            self._importers = {}
            for module in self.project.modules:
                for target in self.direct(module):
                    self._importers.setdefault(target, []).append(module.index)
        return self._importers.get(m.index, ())
