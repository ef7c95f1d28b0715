"""Data whose preparation cannot run here (a file with other columns, a missing archive) is put in its place as it would
come out of it: the statement that fails is replaced by stand-ins for the names that it gives.

Only data: a statement that makes anything of TensorFlow's is part of what is measured and stays.
"""

from __future__ import annotations

import ast
import re
import traceback

from tflint_mem.verify.snippet.scope import binds, changes
from tflint_mem.verify.standins import guess
from tflint_mem.verify.standins.action import Action, Rewrite
from tflint_mem.verify.standins.values import Value, array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .state import State

# parts of TensorFlow that prepare data
_PREPARES = re.compile(r"\.(data|io|image|strings|datasets|utils|preprocessing)(\.|$)")
_OF_ARRAYS = frozenset(
    """
shape astype reshape mean max min sum std ravel flatten tolist copy transpose T dtype size ndim squeeze argmax argsort
any all values items keys index append extend iloc loc columns head drop to_numpy sort split strip
""".split()
)


def replaced(error: BaseException, state: State) -> Iterator[Action]:
    """Actions that replace the statement that failed; empty when it makes more than data, or leads to what repeats."""
    frames = list(traceback.extract_tb(error.__traceback__))
    if not frames or any(re.search(r"[/\\](tensorflow|keras)[/\\]", frame.filename) for frame in frames):
        return
    own = [frame for frame in frames if frame.filename == state.snippet or frame.filename.endswith(state.modules)]
    texts = {
        frame.filename: state.text() if frame.filename == state.snippet else _read(frame.filename) for frame in own
    }
    trees = {name: ast.parse(text) for name, text in texts.items()}
    ways = _ways_to_repeat(ast.parse(state.text()))
    for number, frame in enumerate(own):
        text, tree = texts[frame.filename], trees[frame.filename]
        statement = _statement_at(tree, frame.lineno or 0)
        if (
            statement is None
            or ways & _called_in(statement)
            or any(deeper.name in ways for deeper in own[number + 1 :])
            or _holds_probe(statement)
            or _touches(statement, _names_of_tensorflow(tree))
        ):
            continue
        values = _values_for(statement, text, tree, state)
        if values:
            yield _action(statement, text, values)
            return


def _values_for(statement: ast.stmt, text: str, tree: ast.Module, state: State) -> dict[str, Value]:
    """Values for all names that the statement gives; {} when it gives none, or one of them is more than data."""
    filled = changes(statement) if not isinstance(statement, (ast.Assign, ast.AnnAssign)) else ()
    values: dict[str, Value] = {}
    for name in _given_by(statement, tree):
        value = _data(name, text, state)
        if value is None:
            return {}
        values[name] = _several(value, name, state) if name in filled else value
    return values


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as handle:
        return handle.read()


def _names_of_tensorflow(tree: ast.AST) -> set[str]:
    """Names that imports bind to TensorFlow and Keras, or to parts of them that do more than prepare data."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(
                alias.asname or alias.name.split(".")[0]
                for alias in node.names
                if alias.name.split(".")[0] in ("tensorflow", "keras", "tf_keras")
            )
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in (
            "tensorflow",
            "keras",
            "tf_keras",
        ):
            found.update(
                alias.asname or alias.name
                for alias in node.names
                if not _PREPARES.search(".%s.%s" % (node.module, alias.name))
            )
    return found


def _touches(statement: ast.stmt, names: set[str]) -> bool:
    """Does it use one of these names, other than to prepare data?"""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load):
            if not any(
                isinstance(outer, ast.Attribute) and _PREPARES.search(_dotted(outer)) and _root(outer) is node
                for outer in ast.walk(statement)
            ):
                return True
    return False


def _dotted(node: ast.expr) -> str:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return "." + ".".join(parts[::-1])


def _root(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _ways_to_repeat(tree: ast.AST) -> set[str]:
    """Names of functions that hold the repeat, or call one that does; those of the modules that the snippet carries as
    well."""
    trees = [tree]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "def " in node.value:
            try:
                trees.append(ast.parse(node.value))
            except SyntaxError:
                pass
    functions = [
        node for tree in trees for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    found, before = {node.name for node in functions if _holds_probe(node)}, -1
    while before != len(found):
        before = len(found)
        found |= {node.name for node in functions if found & _called_in(node)}
    return found


def _called_in(node: ast.AST) -> set[str]:
    """Last names of everything that is called in a node."""
    calls = [inner.func for inner in ast.walk(node) if isinstance(inner, ast.Call)]
    return {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}


def _holds_probe(node: ast.AST) -> bool:
    return any(isinstance(inner, ast.Name) and inner.id in ("repeat", "again", "_repeats") for inner in ast.walk(node))


def _is_repeat(node: ast.AST) -> bool:
    """Is it the loop that is measured?  What stands in it is the user's, and stays."""
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return _holds_probe(node.iter)
    return isinstance(node, ast.While) and "_repeats" in {
        inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)
    }


def _statement_at(tree: ast.Module, row: int) -> ast.stmt | None:
    """The outermost statement over a row that is no definition and not around the repeat."""
    blocks = [tree.body]
    while blocks:
        block = blocks.pop()
        for statement in block:
            if not statement.lineno <= row <= (statement.end_lineno or 0):
                continue
            if _is_repeat(statement):
                return None
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) or _holds_probe(statement):
                blocks += [
                    inner
                    for inner in (getattr(statement, name, None) for name in ("body", "orelse", "finalbody"))
                    if inner
                ]
            elif isinstance(statement, (ast.Assign, ast.AnnAssign, ast.For, ast.While, ast.With, ast.If, ast.Try)):
                return statement
    return None


def _given_by(statement: ast.stmt, tree: ast.Module) -> list[str]:
    """Names that the statement gives a value, and that are read elsewhere; [] when it stores into something else as
    well."""
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        if any(isinstance(node, (ast.Attribute, ast.Subscript)) for target in targets for node in ast.walk(target)):
            return []
        return sorted(binds(statement))
    inside = {id(node) for node in ast.walk(statement)}
    later = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in inside
    }
    return sorted((binds(statement) | changes(statement) & _assigned(tree)) & later)


def _assigned(tree: ast.Module) -> set[str]:
    """Names that hold lists or dictionaries made empty: what a loop fills."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, (ast.List, ast.Dict, ast.Tuple, ast.Call)):
            found |= binds(node)
    return found


def _data(name: str, text: str, state: State) -> Value | None:
    """A Value that is plain data, or None when the name is used like an object."""
    attributes = set(re.findall(r"(?<![\w.])%s\.(\w+)\(" % re.escape(name), text))
    value = guess.value_for(name, text, state.input_shape())
    if value is not None and value.source.startswith(("np.", "[", "'", "pd.", "{", "0", "1", "4", "6", "False")):
        return value
    if attributes - _OF_ARRAYS or value is not None and not value.source.startswith("types."):
        return None
    if re.search(r"(?<![\w.])%s\(" % re.escape(name), text):
        return None
    return array(name, state.input_shape())


def _several(value: Value, name: str, state: State) -> Value:
    """What a loop fills with one part after another."""
    if value.source == "[]":
        part = guess.value_for(re.sub(r"s$", "", name), "", state.input_shape())
        part = part if part is not None and part.source.startswith("np.") else array(name, state.input_shape())
        return Value("[%s] * 3" % part.source, part.imports, "three parts, each " + part.text)
    return value


def _action(statement: ast.stmt, text: str, values: Mapping[str, Value]) -> Action:
    """Replaces the statement in as many rows as it has, so that all others stay where they are."""
    rows = text.split("\n")
    old = rows[statement.lineno - 1 : statement.end_lineno]
    indent = old[0][: len(old[0]) - len(old[0].lstrip())]
    imports = "".join(dict.fromkeys(value.imports for value in values.values())).strip().replace("\n", "; ")
    given = "; ".join("%s = %s" % (name, value.source) for name, value in values.items())
    new = [indent + "; ".join(part for part in (imports, given) if part)] + [""] * (len(old) - 1)
    words = "; ".join("%s: %s" % (name, value.text) for name, value in values.items())
    return Action(
        "",
        words + " (in place of a statement that does not run here)",
        Rewrite("\n".join(["", *old, ""]), "\n".join(["", *new, ""])),
    )
