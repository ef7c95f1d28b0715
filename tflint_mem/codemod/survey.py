"""What one loop (or another piece of code) does with names, looked up once for all the fixes in it.

A fix asks about one name in its loop; walking the loop for each question of each fix is quadratic in their number.
"""

import ast

from .names import binds, kept, place, same_scope
from .outline import dotted

_JUMPS = (ast.Break, ast.Continue, ast.Return, ast.Raise)


class Survey:
    """One walk over the `ast` node `root`.  All lists are in the order of that walk.

    parents  {id of a node: the node around it}
    named     {identifier: ast.Name nodes}
    reads     {dotted name: nodes that load it}
    stores    {dotted name: attribute nodes that assign or delete it}
    binding   {identifier: nodes that bind or delete it}; `bound_here` without those of nested functions
    deleting  {dotted name: `del` statements}
    """

    def __init__(self, root):
        self.root = root
        self.parents = {}
        self.named, self.reads, self.stores, self.binding, self.deleting = {}, {}, {}, {}, {}
        for node in ast.walk(root):
            for child in ast.iter_child_nodes(node):
                self.parents[id(child)] = node
            for name in binds(node):
                self.binding.setdefault(name, []).append(node)
            if isinstance(node, ast.Name):
                self.named.setdefault(node.id, []).append(node)
            if isinstance(node, (ast.Name, ast.Attribute)):
                name = dotted(node)
                if isinstance(node.ctx, ast.Load):
                    self.reads.setdefault(name, []).append(node)
                elif isinstance(node, ast.Attribute):
                    self.stores.setdefault(name, []).append(node)
            elif isinstance(node, ast.Delete):
                for target in node.targets:
                    self.deleting.setdefault(dotted(target), []).append(node)
        self._bound_here = self._first_jump = None

    @property
    def bound_here(self) -> dict:
        """{identifier: nodes that bind it in the scope of the root}."""
        if self._bound_here is None:
            self._bound_here = {}
            for node in same_scope([self.root]):
                for name in binds(node):
                    self._bound_here.setdefault(name, []).append(node)
        return self._bound_here

    def first_jump(self, own_jumps):
        """The place of the first statement that leaves the loop or ends a repeat; None when there is none."""
        if self._first_jump is None:
            self._first_jump = (min(map(place, own_jumps(self.root.body, _JUMPS)), default=None),)
        return self._first_jump[0]


class Altered:
    """The dotted objects that code changes in place, by what they touch."""

    def __init__(self, changed):
        self._changed = set(changed)
        self._above = {}
        for change in sorted(self._changed, reverse=True):
            for prefix in prefixes(change)[:-1]:
                self._above[prefix] = change

    def touching(self, chain: str):
        """A change that may show in a read of `chain`, or None."""
        return next((prefix for prefix in prefixes(chain) if prefix in self._changed), None) or self._above.get(chain)


class Given:
    """The calls of some code by the dotted names and the literals that they are given."""

    def __init__(self):
        self._exact, self._below = {}, {}
        self._literals = {}

    def add(self, call, chains, literals):
        for chain in chains:
            self._exact.setdefault(chain, []).append(call)
            for prefix in prefixes(chain):
                self._below.setdefault(prefix, []).append(call)
        for value in literals:
            self._literals.setdefault(value, []).append(call)

    def first(self, shared, literals, skip):
        """A call that gets at one of the dotted names `shared` or the `literals`, but for those with ids in `skip`; or None."""
        for chain in sorted(shared):
            for calls in (
                self._below.get(chain, ()),
                *(self._exact.get(prefix, ()) for prefix in prefixes(chain)[:-1]),
            ):
                for call in calls:
                    if id(call) not in skip:
                        return call
        for value in literals:
            for call in self._literals.get(value, ()):
                if id(call) not in skip:
                    return call
        return None


def prefixes(chain: str) -> list:
    """`a`, `a.b` and `a.b.c` for `a.b.c`."""
    parts = chain.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]


def survey(node) -> Survey:
    """The Survey of an `ast` node, made once: the node keeps it."""
    return kept(node, "survey", lambda: Survey(node))
