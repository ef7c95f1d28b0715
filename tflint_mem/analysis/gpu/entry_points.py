"""Programs: which modules are there to be started, and what runs then?

The question: *is the module a program, and which of its functions does something start?*  Programs are a notebook,
`__main__`, a main block, a script that nobody imports, one that the settings name, a command that the project installs
and a handler of a framework.  The answer is a guess from names, imports and files of the project: what only a shell
script starts counts when it has a main block or nobody imports it; a main block that only tries out a part of another
program is told apart by `tries_out_a_part`.
"""

from __future__ import annotations

import os

from tflint_mem.analysis.program import execution_order
from tflint_mem.facts import If, dotted
from tflint_mem.knowledge import EXTERNAL_ROOTS
from tflint_mem.project.linking.names import is_package

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from tflint_mem.project.linking.module import Function, Module
    from tflint_mem.ruleset.context import Context

    Script: TypeAlias = tuple[tuple[str, ...], str]  # the parts of a module, and a function that a command calls

_PROGRAM_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
_NO_PROGRAMS = frozenset(("setup", "conf", "conftest", "noxfile", "fabfile", "tasks"))
_TEST_FOLDERS = frozenset(("test", "tests", "testing", "unittests"))
_TEST_RUNNERS = (("test",), ("unittest",), ("absltest",), ("pytest",), ("googletest",))


class EntryPoints:
    """Answers about one project."""

    def __init__(self, context: Context, listed: Callable[[Module], bool]) -> None:
        """listed   is the module one of the scripts that the settings name?"""
        self.context = context
        self._listed = listed
        self._scripts = _console_scripts(context)

    def may_start(self, m: Module) -> bool:
        """Can the module be a program, and none of tests?  Judged by the names in it, since most modules are none."""
        return (
            m.parts[-1] not in _NO_PROGRAMS
            and not self.context.in_tests(m)
            and self._may_have_starts(m)
            and not _is_test(self.context, m)
        )

    def starts(self, m: Module) -> list[Function]:
        """What runs when the module is started as a program, its own code first; empty for a library."""
        named = self._listed(m)  # then something starts its functions
        functions = [
            (m, s)
            for s, record in enumerate(m.scopes)
            if record.kind == "function"
            and record.parent == 0
            and (named or (m.parts, record.name) in self._scripts or is_handler(self.context, m, s))
        ]
        if functions or self.runs_itself(m):
            return [(m, 0), *functions]
        return [(m, 0)] if _is_script(self.context, m) and m.scope_calls(0) else []

    def runs_itself(self, m: Module) -> bool:
        """Is the module there to be started: a notebook, `__main__`, a script with a guard or a listed one?"""
        return m.notebook or m.parts[-1] == "__main__" or self._listed(m) or bool(main_blocks(m))

    def tries_out_a_part(self, m: Module) -> bool:
        """Is the main block there to try out a part: does a program that nobody imports use this module?"""
        if (
            m.notebook
            or m.package
            or self._listed(m)
            or any(parts == m.parts for parts, _ in self._scripts)
            or any(is_handler(self.context, m, s) for s in range(len(m.scopes)))
        ):
            return False
        imports = self.context.project.imports
        waiting, seen = [m.index], {m.index}
        for index in waiting:
            for other in imports.importers(self.context.project.module(index)):
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
                    om = self.context.project.module(other)
                    if (
                        not self.context.in_tests(om)
                        and not _is_test(self.context, om)
                        and not imports.importers(om)
                        and (om.notebook or self._may_have_starts(om))
                    ):
                        return True
        return False

    def _may_have_starts(self, m: Module) -> bool:
        return (
            m.notebook
            or m.parts[-1] == "__main__"
            or self.context.project.index.has("idents", "__name__", m.index)
            or self._listed(m)
            or _is_script(self.context, m)
            or any(parts == m.parts for parts, _ in self._scripts)
            or self.context.project.repeats_of.handlers.possible(m)
        )


def main_blocks(m: Module) -> list[int]:
    """The blocks of a module that run only when it is started itself."""
    found = []
    for s in m.scope_statements(0):
        statement = m.statements[s]
        if isinstance(statement, If) and execution_order.is_main_test(statement.test):
            found.append(statement.body)
    return found


def is_handler(context: Context, m: Module, scope: int) -> bool:
    """Does a framework call the function for each request?"""
    return context.project.repeats_of.handlers.of_function(m, scope).kind == "handler"


def _console_scripts(context: Context) -> set[Script]:
    """What the project installs as commands."""
    found: set[Script] = set()
    for text in context.project.versions.texts(_PROGRAM_FILES):
        for word in text.replace('"', " ").replace("'", " ").replace("=", " ").replace(",", " ").split():
            name, colon, function = word.partition(":")
            if colon and function.isidentifier() and name and all(part.isidentifier() for part in name.split(".")):
                found.add((tuple(name.split(".")), function))
    known: set[Script] = set()
    for names, function in found:
        for m in context.project.modules:
            parts = m.parts[:-1] if m.package else m.parts
            if parts[-len(names) :] == names:
                known.add((m.parts, function))
    return known


def _is_script(context: Context, m: Module) -> bool:
    """Could it be a script without a guard?  Nobody imports it."""
    return not m.package and not context.project.imports.importers(m) and not _in_framework(context, m)


def _in_framework(context: Context, m: Module) -> bool:
    """Is the module a part of Keras or the like itself?

    Then imports of it are taken for imports of the framework, and nothing is known about them.
    """
    for depth, part in enumerate(m.parts[:-1], 1):
        if part in EXTERNAL_ROOTS:
            key = ("framework", m.parts[:depth])
            if key not in context.memo:
                context.memo[key] = is_package(m.parts[:depth], context.project.beside)
            if context.memo[key]:
                return True
    return False


def _is_test(context: Context, m: Module) -> bool:
    """Does the module stand in a folder of tests, or run them (`tf.test.main()`)?"""
    root = os.path.abspath(context.project.root) if context.project.root else ""
    below = os.path.abspath(m.path)[len(root) :] if root and os.path.abspath(m.path).startswith(root) else m.path
    folders = below.replace(os.sep, "/").lower().split("/")[:-1]
    return not _TEST_FOLDERS.isdisjoint(folders) or (
        context.project.index.has("called", "main", m.index)
        and any((dotted(m.calls[i].func) or ())[-2:-1] in _TEST_RUNNERS for i in m.calls_by_tail().get("main", ()))
    )
