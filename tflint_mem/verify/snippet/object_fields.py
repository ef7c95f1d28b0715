"""An object whose constructor is not run: its class's own methods, and values for the fields that are read."""

from __future__ import annotations

import ast

from tflint_mem.verify.standins import guess

from .call_sites import call_sites, last_name
from .data_loading import loads
from .scope import reads
from .snippet import CannotCut
from .syntax import FUNCTIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .first_party import FileModel, Files
    from .syntax import Function

_OF_FRAMEWORK = ("Model", "Layer", "Sequential", "Module", "Callback", "Sequence")
_MOST_FIELDS = 60


class Fields:
    """Values for the fields that statements read, themselves or by methods they call.

    stand_ins   what was made up, one sentence each
    """

    def __init__(
        self, files: Files, model: FileModel, owner: ast.ClassDef, used: Iterable[ast.AST], shape: Sequence[int]
    ) -> None:
        """Raises CannotCut for a class of the framework, whose constructor is needed."""
        if any((last_name(base) or "").endswith(_OF_FRAMEWORK) for base in owner.bases):
            raise CannotCut("the object of a method of a Keras class")
        self.stand_ins: list[str] = []
        self._files, self._model, self._owner, self._shape = files, model, owner, shape
        self._methods = {node.name: node for node in owner.body if isinstance(node, FUNCTIONS)}
        self._set: set[str] = set()
        self._names = self._read(used)

    def _read(self, nodes: Iterable[ast.AST]) -> list[str]:
        """Fields that the nodes and the methods that they call read, in order, each once.  Those that the nodes set
        first are not among them."""
        found: dict[str, None] = {}
        waiting, seen = list(nodes), set()
        while waiting:
            node = waiting.pop(0)
            for inner, reads_it in _in_order(node):
                if not (isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name)):
                    continue
                if inner.value.id not in ("self", "cls"):
                    continue
                method = self._methods.get(inner.attr)
                if method is not None:
                    if inner.attr not in seen:
                        seen.add(inner.attr)
                        waiting.append(method)
                elif reads_it and inner.attr not in self._set:
                    found[inner.attr] = None
                elif not reads_it:
                    self._set.add(inner.attr)
        return list(found)[:_MOST_FIELDS]

    def rows(self, name: str) -> list[str]:
        """Rows that make the object.  name: of the first parameter."""
        owner = self._owner.name
        found = [f"{name} = {owner}.__new__({owner})"]
        own = {
            target.id
            for node in self._owner.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        text = ast.unparse(self._owner).replace("self.", "")
        for field in self._names:
            if field in own:
                continue
            source = self._given(field)
            if source is not None:
                found.append(f"{name}.{field} = {source}")
                self.stand_ins.append(f"{name}.{field}: {source}")
                continue
            value = guess.value_for(field, text, self._shape)
            if value is not None:
                found += value.imports.rstrip("\n").split("\n") if value.imports else []
                found.append(f"{name}.{field} = {value.source}")
                self.stand_ins.append(f"{name}.{field}: {value.text}")
        return found

    def _given(self, field: str) -> str | None:
        """Source of what the class itself gives a field: a plain value, or a parameter's; None for anything else."""
        for method in sorted(self._methods.values(), key=lambda each: each.name != "__init__"):
            for node in ast.walk(method):
                if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
                    continue
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if not any(ast.unparse(target) == f"self.{field}" for target in targets):
                    continue
                value = node.value
                if isinstance(value, ast.Name):
                    return self._parameter(method, value.id)
                if isinstance(value, ast.Constant) and value.value is None:
                    continue  # filled in later
                if not loads(node) and not reads(value) - self._model.names():
                    return ast.unparse(value)
                return None
        return None

    def _parameter(self, method: Function, name: str) -> str | None:
        """Source of a plain value that a parameter gets: at a call, or by default."""
        arguments = [*method.args.posonlyargs, *method.args.args]
        names = [argument.arg for argument in arguments]
        if name not in names:
            return None
        at = names.index(name) - 1
        for site in call_sites(self._files, self._model, method):
            passed = next((each.value for each in site.call.keywords if each.arg == name), None)
            if passed is None and 0 <= at < len(site.call.args):
                passed = site.call.args[at]
            if passed is not None and _is_plain(passed):
                return ast.unparse(passed)
        defaults = dict(zip(names[::-1], method.args.defaults[::-1]))
        default = defaults.get(name)
        return ast.unparse(default) if default is not None and _is_plain(default) else None


def _in_order(node: ast.AST) -> Iterator[tuple[ast.AST, bool]]:
    """The nodes below a node as they are evaluated, each with whether its value is asked for: what is assigned comes
    before where it goes, and `self.n += 1` asks for `self.n`.
    """
    if isinstance(node, ast.AugAssign):
        yield node.target, True
    children = list(ast.iter_child_nodes(node))
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.For, ast.AsyncFor, ast.comprehension)):
        children.sort(key=lambda child: isinstance(getattr(child, "ctx", None), ast.Store))
    yield node, not isinstance(getattr(node, "ctx", None), ast.Store)
    for child in children:
        yield from _in_order(child)


def _is_plain(node: ast.expr) -> bool:
    return (
        isinstance(node, (ast.Constant, ast.Tuple, ast.List, ast.UnaryOp))
        and not reads(node)
        and ast.unparse(node) != "None"
    )
