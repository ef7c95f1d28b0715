"""The reduced snippet: the user's own call in a loop of ours, with inputs that TensorFlow itself names.

A program is written that has the user's definitions and, behind them, the parts that `alone` gives; it is cut as any
other program is.
"""

from __future__ import annotations

import ast

from tflint_mem.sources.source import Source, SourceError
from tflint_mem.verify.standins import guess
from tflint_mem.verify.standins.hints import plausible_shape

from .alone import alone
from .call_sites import call_sites
from .candidates import snippets
from .data_loading import loads
from .fed import FED, Feeding
from .first_party import Files
from .object_fields import Fields
from .region import find_repeats
from .repeat_count import repeat_count
from .scope import base_name, binds, reads
from .snippet import CannotCut
from .syntax import DEFINITIONS, first_row, is_main_guard, last_row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tflint_mem.finding import Finding

    from .alone import Alone
    from .first_party import FileModel
    from .snippet import Snippet

# Rules whose flagged statement, with what makes and uses its object, is all of the mechanism: not those about what is
# kept for later, which what stands behind the loop decides.
REDUCIBLE = frozenset(
    f"TFM{number}" for number in (101, 102, 103, 104, 105, 106, 107, 204, 301, 401, 402, 502, 503, 504, 703)
)
_ENDLESS = "for _ in range(1000000000):"


class Reduced:
    """snippet: to run; complete: a quiet run of it acquits the finding."""

    __slots__ = ("snippet", "complete")

    def __init__(self, snippet: Snippet, complete: bool) -> None:
        self.snippet, self.complete = snippet, complete


def reduced(
    finding: Finding, files: Files, given: Mapping[str, str], setup_names: Collection[str] = ()
) -> list[Reduced]:
    """The reduced snippets of a finding, with what uses its object and without; [] where its rule or its code has none.

    given   source of values that `verify-with` comments give      setup_names   names that the user's setup defines
    """
    model = files.get(finding.path)
    if model is None or finding.code not in REDUCIBLE:
        return []
    start_row, start_column = finding.start
    row = model.source.module_row(finding.cell, start_row)
    text = model.text.rows[row - 1] if row <= len(model.text.rows) else ""
    column = len(text[: max(start_column, len(text) - len(text.lstrip()) + 1) - 1].encode("utf-8"))
    steps = [step for step in finding.trace or () if files.get(step.path) is model]
    repeat_row = model.source.module_row(steps[0].cell, steps[0].row) if steps else None
    trace = [(step.path, step.row) for step in finding.trace or ()] if finding.cell is None else []
    found: list[Reduced] = []
    for used in (True, False):
        try:
            parts = alone(model, row, column, repeat_row, used)
            if parts is None:
                continue
            program = _Program(files, model, parts, given)
            snippet = _cut(finding, files, model, program, given, setup_names)
            snippet.count = repeat_count(find_repeats(files, model, row, column, trace)[0])
        except (CannotCut, SourceError, SyntaxError, ValueError, LookupError, RecursionError):
            continue
        if not found or found[0].snippet.render().text != snippet.render().text:
            found.append(Reduced(snippet, program.complete))
    return found


def _cut(
    finding: Finding,
    files: Files,
    model: FileModel,
    program: _Program,
    given: Mapping[str, str],
    setup_names: Collection[str],
) -> Snippet:
    """The snippet of a program.  Raises CannotCut, SourceError and what a text that does not parse raises."""
    path = model.path if model.path.endswith(".py") else model.path + ".py"
    source = Source.from_bytes(path, program.text.encode("utf-8"))
    others = [other for other in files.sources() if other.path != model.source.path]
    moved = finding.replace(path=path, cell=None, start=(program.row, 1), end=(program.row, 2), trace=(), fix=None)
    snippet = snippets(moved, Files([*others, source], files.folders), given, setup_names=setup_names)[0]
    row, _ = finding.start
    cell = f"cell {finding.cell}:" if finding.cell is not None else ""
    snippet.level, snippet.place = "reduced", f"{finding.path}:{cell}{row}"
    snippet.stand_ins += program.stand_ins
    return snippet


class _Program:
    """The text of the program.

    row         of the flagged statement in it        stand_ins   what was made up, one sentence each
    complete    a quiet run of it acquits the finding
    """

    def __init__(self, files: Files, model: FileModel, parts: Alone, given: Mapping[str, str]) -> None:
        """Raises CannotCut where the object of a method cannot be made."""
        self.stand_ins: list[str] = []
        self._rows: list[str] = []
        self.row = 0
        self._files, self._model, self._given, self._parts = files, model, given, parts
        self._shape = plausible_shape("\n".join(model.text.rows))
        feeding = Feeding(self._shape, set(given), parts.data)
        own = {id(node) for node in (*parts.before, *parts.inside)}
        top = [node for node in model.tree.body if id(node) not in own and self._may_stay(node)]
        for node in top:
            self._rows += model.text.rows[first_row(node) - 1 : last_row(node)]
        # what is flagged is written as it stands: only what uses it is fed
        flagged = parts.flagged
        inside = [(node, feeding.visit(_copied(node)) if node is not flagged else node) for node in parts.inside]
        before = [feeding.visit(_copied(node)) for node in parts.before]
        self.complete = parts.complete and not feeding.lost
        self._guessed: set[str] = set()
        used = [*before, *(written for _, written in inside), *parts.around, *parts.within]
        if feeding.used:
            self._rows += FED.split("\n")
            self.stand_ins.append("arrays of the shapes that the model itself says, where it is trained or called")
        self._parameters(used)
        # what the flagged statement calls is a stand-in: it says nothing about what is called
        self.complete = self.complete and not _called_in(flagged) & self._guessed
        for node in before:
            self._write(node, 0)
        depth = self._with(parts.around, 0)
        head = _ENDLESS
        if parts.loop is not None:
            head = f"for {ast.unparse(parts.loop.target)} in {ast.unparse(parts.loop.iter)}:"
        self._rows.append("    " * depth + head)
        depth = self._with(parts.within, depth + 1)
        for node, written in inside:
            if node is flagged:
                self.row = len(self._rows) + 1 + len(getattr(node, "decorator_list", ()))
            self._write(written, depth)
        self.text = "\n".join(self._rows) + "\n"

    def _may_stay(self, node: ast.stmt) -> bool:
        """Is a top-level statement there for the definitions of the program, and quick?"""
        if isinstance(node, (*DEFINITIONS, ast.Import, ast.ImportFrom)):
            return True
        if is_main_guard(node) or self._parts.function is None:
            return False
        if isinstance(node, (ast.Try, ast.If)):
            return all(self._may_stay(inner) or isinstance(inner, ast.Pass) for inner in _inner(node))
        if isinstance(node, ast.Expr):
            return not loads(node) and isinstance(node.value, ast.Call) and len(ast.unparse(node.value)) < 200
        return isinstance(node, (ast.Assign, ast.AnnAssign)) and not loads(node) and not binds(node) & self._parts.data

    def _with(self, blocks: list[ast.With | ast.AsyncWith], depth: int) -> int:
        """Opens blocks; returns how deep it goes on."""
        for node in blocks:
            items = ", ".join(ast.unparse(item) for item in node.items)
            self._rows.append("    " * depth + f"with {items}:")
            depth += 1
        return depth

    def _write(self, node: ast.stmt, depth: int) -> None:
        if isinstance(node, ast.Return):
            node = ast.Expr(node.value) if node.value is not None else ast.Pass()
        self._rows += ["    " * depth + row for row in ast.unparse(node).split("\n")]

    def _parameters(self, used: list[ast.stmt]) -> None:
        """Values for the parameters of the function around, and the object of a method."""
        function, owner = self._parts.function, self._parts.owner
        if function is None:
            return
        needed = reads(*used)
        arguments = function.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        defaults = dict(
            zip([each.arg for each in (*arguments.posonlyargs, *arguments.args)][::-1], arguments.defaults[::-1])
        )
        defaults.update({each.arg: value for each, value in zip(arguments.kwonlyargs, arguments.kw_defaults) if value})
        own = "\n".join(self._model.text.rows[function.lineno - 1 : last_row(function)])
        first = named[0].arg if named and owner is not None else None
        for argument in named:
            name = argument.arg
            if name == first and first in needed:
                assert owner is not None
                fields = Fields(self._files, self._model, owner, used, self._shape)
                self._rows += fields.rows(name)
                self.stand_ins += fields.stand_ins
            elif name in needed and name != first:
                called = self._called_with(name, [each.arg for each in named], owner is not None)
                default = defaults.get(name)
                if name in self._given:
                    continue
                if called is not None:
                    self._give(name, called, "as it is called")
                elif default is not None and not (isinstance(default, ast.Constant) and default.value is None):
                    self._give(name, ast.unparse(default), "its default")
                else:
                    annotation = ast.unparse(argument.annotation) if argument.annotation is not None else None
                    self._guessed.add(name)
                    value = guess.value_for(name, own, self._shape, annotation)
                    if value is not None:
                        self._rows += value.imports.rstrip("\n").split("\n") if value.imports else []
                        self._rows.append(f"{name} = {value.source}")
                        self.stand_ins.append(f"{name}: {value.text}")

    def _give(self, name: str, source: str, how: str) -> None:
        self._rows.append(f"{name} = {source}")
        self.stand_ins.append(f"{name}: {source} ({how})")

    def _called_with(self, name: str, names: list[str], is_method: bool) -> str | None:
        """Source of a plain value that the program itself calls the function with; None when there is none."""
        function = self._parts.function
        assert function is not None
        at = names.index(name) - (1 if is_method else 0)
        for site in call_sites(self._files, self._model, function):
            passed = next((each.value for each in site.call.keywords if each.arg == name), None)
            if passed is None and 0 <= at < len(site.call.args):
                passed = site.call.args[at]
            if passed is not None and not isinstance(passed, ast.Starred) and _is_plain(passed):
                return ast.unparse(passed)
        return None


def _is_plain(node: ast.expr) -> bool:
    """A number, a text, or a tuple or list of them."""
    try:
        return ast.literal_eval(node) is not None
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False


def _called_in(node: ast.AST) -> set[str]:
    """Names of what is called in a statement, themselves or by a method."""
    return {base_name(call.func) or "" for call in ast.walk(node) if isinstance(call, ast.Call)}


def _inner(node: ast.stmt) -> list[ast.stmt]:
    """The statements of all blocks of an `if` or `try`."""
    handlers = [inner for handler in getattr(node, "handlers", ()) for inner in handler.body]
    return [*getattr(node, "body", ()), *getattr(node, "orelse", ()), *handlers, *getattr(node, "finalbody", ())]


def _copied(node: ast.stmt) -> ast.stmt:
    (copied,) = ast.parse(ast.unparse(node)).body if not isinstance(node, ast.Return) else (node,)
    return copied
