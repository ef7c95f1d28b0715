"""One module of the project: its facts, loaded when asked for, and the look-ups every question needs.

A module is made of layers, each of which answers one kind of question and keeps its own answers:

    body        scopes, blocks, statements and calls, in memory or packed, and what stands in what
    blocks      what is around what
    bindings    the names of a scope
    mentions    where something is called, handed over or given another name
    module      what is known without the body: path, imports, names
"""

from __future__ import annotations

from tflint_mem import facts as F

from .mentions import ModuleMentions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable
    from typing import TypeAlias

    from tflint_mem.facts import Facts, Imported
    from tflint_mem.facts.packed import PackedFacts

    Locate: TypeAlias = Callable[[int], tuple[int | None, int]]
    Site: TypeAlias = tuple["Module", int]  # a call in a module
    Function: TypeAlias = tuple["Module", int]  # a scope of a module


class Module(ModuleMentions):
    """A module and its lazily decoded body.

    index      position in the project
    path       the file as the run names it
    parts      of the module's path
    locate     row -> (cell, row in cell) for a notebook, else None
    notebook   whether it is one
    package    whether it is an `__init__`
    unit_test  whether it is named like a test
    defs, imports, bases   see `facts.Facts`
    roles, stored   the names that the project's index takes; empty as soon as it has them
    recent     asked for since the project last looked for bodies to let go of
    resolved   (dotted name, level) -> index of the module that an import means here, as far as it was asked for: see
               `names.Names.known`
    packages   name -> dotted name of what another package has, for names that an import at the top gives: see
               `infer.Bindings.outside`
    left_out   whether its own facts are gone: see `empty`
    mended     whether it does not parse as it is: it calls others, and nothing is found in it
    """

    __slots__ = (
        "path",
        "parts",
        "locate",
        "notebook",
        "package",
        "unit_test",
        "defs",
        "imports",
        "bases",
        "roles",
        "stored",
        "recent",
        "resolved",
        "packages",
        "left_out",
        "mended",
    )

    def __init__(
        self,
        index: int,
        path: str,
        parts: tuple[str, ...],
        collected: Facts | PackedFacts,
        decoded: deque[int],
        locate: Locate | None = None,
        keep: bool = True,
    ) -> None:
        """A module from its facts; with `keep` its body, unless it comes packed, stays in memory for now."""
        body = collected.body() if isinstance(collected, F.Facts) else None
        super().__init__(index, body, decoded, collected.packed)
        self.path, self.parts = path, parts
        self.locate, self.notebook = locate, locate is not None
        self.package = bool(parts) and parts[-1] == "__init__"
        self.unit_test = bool(parts) and not self.notebook and _tests(parts[-1], collected.bases)
        self.roles, self.stored = collected.roles(), collected.stored
        self.defs: tuple[str, ...] = collected.defs
        self.imports: tuple[Imported, ...] = collected.imports
        self.bases: tuple[tuple[str, str], ...] = collected.bases
        self.recent = self.left_out = self.mended = False
        self.resolved: dict[tuple[str, int], int | None] = {}
        if not keep:
            self.release()

    def again(
        self, index: int, collected: Facts | PackedFacts, decoded: deque[int], locate: Locate | None = None
    ) -> None:
        """From now on the module belongs to another project, from the same facts.

        What it has found out about itself stays; what other modules had a part in goes.
        """
        self.index, self.decoded, self.locate = index, decoded, locate
        self.roles, self.stored = collected.roles(), collected.stored
        self.recent = self.mended = False
        self.forget_others()

    def forget(self) -> None:
        super().forget()
        self.packages: dict[str, str | None] = {}

    def forget_others(self) -> None:
        super().forget_others()
        self.packages = {}

    def empty(self) -> None:
        """From now on this is the module of an empty file."""
        self.left_out = True
        nothing = F.collect(b"", self.path)
        self.defs, self.imports, self.bases = nothing.defs, nothing.imports, nothing.bases
        self.replace(nothing.body())

    def spot(self, line: int) -> str:
        """ "line 12", or "cell 3, line 4" in a notebook: for messages."""
        if self.locate is None:
            return f"line {line}"
        cell, row = self.locate(line)
        return f"cell {cell}, line {row}"


def _tests(name: str, bases: tuple[tuple[str, str], ...]) -> bool:
    """Is a module of that name one of unit tests?

    `TestAgent` is when it has a test case, too; an experiment may be called so as well.
    """
    return (
        name.startswith("test_")
        or name.endswith("_test")
        or name == "conftest"
        or name.startswith("Test")
        and any(base == "TestCase" for _, base in bases)
    )
