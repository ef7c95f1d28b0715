"""What one loop (or another piece of code) does with names, looked up once for all the fixes in it.

A fix asks about one name in its loop; walking the loop for each question of each fix is quadratic in their number.
"""

from __future__ import annotations

import ast

from .loop_bodies import own_jumps
from .names import binds, kept, same_scope
from .outline import beginning, dotted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from .loop_bodies import Loop

_JUMPS = (ast.Break, ast.Continue, ast.Return, ast.Raise)


class Survey:
    """One walk over the loop `root`.  All lists are in the order of that walk.

    parents   {id of a node: the node around it}
    named     {identifier: ast.Name nodes}
    reads     {dotted name: nodes that load it}
    stores    {dotted name: attribute nodes that assign or delete it}
    binding   {identifier: nodes that bind or delete it}; `bound_here` without those of nested functions
    deleting  {dotted name: `del` statements}
    """

    __slots__ = ("root", "parents", "named", "reads", "stores", "binding", "deleting")

    def __init__(self, root: Loop) -> None:
        self.root = root
        self.parents: dict[int, ast.AST] = {}
        self.named: dict[str, list[ast.Name]] = {}
        self.reads: dict[str, list[ast.Name | ast.Attribute]] = {}
        self.stores: dict[str, list[ast.Attribute]] = {}
        self.binding: dict[str, list[ast.AST]] = {}
        self.deleting: dict[str, list[ast.Delete]] = {}
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

    @property
    def bound_here(self) -> dict[str, list[ast.AST]]:
        """{identifier: nodes that bind it in the scope of the root}."""
        return kept(self.root, "bound here", lambda: _bound_here(self.root))

    @property
    def first_jump(self) -> tuple[int, int] | None:
        """Where the first statement begins that leaves the loop or ends a repeat; None when there is none."""
        return kept(
            self.root, "first jump", lambda: min(map(beginning, own_jumps(self.root.body, _JUMPS)), default=None)
        )


def _bound_here(root: Loop) -> dict[str, list[ast.AST]]:
    found: dict[str, list[ast.AST]] = {}
    for node in same_scope([root]):
        for name in binds(node):
            found.setdefault(name, []).append(node)
    return found


class Altered:
    """The dotted objects that code changes in place, by what they touch."""

    __slots__ = ("_changed", "_above")

    def __init__(self, changed: Iterable[str]) -> None:
        self._changed = set(changed)
        self._above: dict[str, str] = {}  # `a`: a change of `a.b`
        for change in sorted(self._changed, reverse=True):
            for prefix in prefixes(change)[:-1]:
                self._above[prefix] = change

    def touching(self, chain: str) -> str | None:
        """A change that may show in a read of `chain`, or None."""
        return next((prefix for prefix in prefixes(chain) if prefix in self._changed), None) or self._above.get(chain)


class Given:
    """The calls of some code by the dotted names and the literals that they are given.

    A call that is given `a.b` is found exactly under `a.b`, and below `a` and `a.b`.
    """

    __slots__ = ("_exact", "_below", "_literals")

    def __init__(self) -> None:
        self._exact: dict[str, list[ast.Call]] = {}
        self._below: dict[str, list[ast.Call]] = {}
        self._literals: dict[str | bytes, list[ast.Call]] = {}

    def add(self, call: ast.Call, chains: Iterable[str], literals: Iterable[str | bytes]) -> None:
        """Note what a call is given."""
        for chain in chains:
            self._exact.setdefault(chain, []).append(call)
            for prefix in prefixes(chain):
                self._below.setdefault(prefix, []).append(call)
        for value in literals:
            self._literals.setdefault(value, []).append(call)

    def first(self, shared: Iterable[str], literals: Iterable[str | bytes], skip: Collection[int]) -> ast.Call | None:
        """A call that gets at one of the dotted names `shared` or the `literals`; None when there is none.

        skip  ids of calls that do not count
        """
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


def prefixes(chain: str) -> list[str]:
    """`a`, `a.b` and `a.b.c` for `a.b.c`."""
    parts = chain.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]


def survey(node: Loop) -> Survey:
    """The Survey of a loop, made once: the node keeps it."""
    return kept(node, "survey", lambda: Survey(node))
