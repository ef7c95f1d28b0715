"""Data whose preparation cannot run here (a file with other columns, a missing archive) is put in its place as it would
come out of it: the statement that fails is replaced by stand-ins for the names that it gives.  Python 3.8 syntax.

Only data: a statement that makes anything of TensorFlow's is part of what is measured and stays.
"""

import ast
import re
import traceback

from tflint_mem.verify.snippet.scope import binds, changes
from tflint_mem.verify.standins import guess
from tflint_mem.verify.standins.standins import Action, substitute

# parts of TensorFlow that prepare data
_PREPARES = re.compile(r"\.(data|io|image|strings|datasets|utils|preprocessing)(\.|$)")
_OF_ARRAYS = frozenset(
    """
shape astype reshape mean max min sum std ravel flatten tolist copy transpose T dtype size ndim squeeze argmax argsort any all
values items keys index append extend iloc loc columns head drop to_numpy sort split strip
""".split()
)


def replaced(error, state):
    """Actions that replace the statement that failed; empty when it makes more than data, or leads to what repeats."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__)]
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
        statement = _statement_at(tree, frame.lineno)
        if (
            statement is None
            or ways & _called_in(statement)
            or any(deeper.name in ways for deeper in own[number + 1 :])
            or _holds_probe(statement)
            or _touches(statement, _names_of_tensorflow(tree))
        ):
            continue
        names = _given_by(statement, tree)
        filled = changes(statement) if not isinstance(statement, (ast.Assign, ast.AnnAssign)) else ()
        values = [
            (name, _several(_data(name, text, state), name, state) if name in filled else _data(name, text, state))
            for name in names
        ]
        if not names or any(value is None for _, value in values):
            continue
        yield _action(statement, text, values)
        return


def _read(path):
    with open(path, encoding="utf-8") as handle:
        return handle.read()


def _names_of_tensorflow(tree):
    found = set()
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
                if not _PREPARES.search("." + node.module + "." + alias.name)
            )
    return found


def _touches(statement, names):
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load):
            if not any(
                isinstance(outer, ast.Attribute) and _PREPARES.search(_dotted(outer)) and _root(outer) is node
                for outer in ast.walk(statement)
            ):
                return True
    return False


def _dotted(node):
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return "." + ".".join(parts[::-1])


def _root(node):
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _ways_to_repeat(tree):
    """Names of functions that hold the repeat, or call one that does; those of the modules that the snippet carries as well."""
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
    found, before = {node.name for node in functions if _holds_probe(node)}, None
    while before != len(found):
        before = len(found)
        found |= {node.name for node in functions if found & _called_in(node)}
    return found


def _called_in(node):
    """Last names of everything that is called in a node."""
    calls = [inner.func for inner in ast.walk(node) if isinstance(inner, ast.Call)]
    return {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}


def _holds_probe(node):
    return any(isinstance(inner, ast.Name) and inner.id in ("repeat", "again", "_repeats") for inner in ast.walk(node))


def _is_repeat(node):
    """Is it the loop that is measured?  What stands in it is the user's, and stays."""
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return _holds_probe(node.iter)
    return isinstance(node, ast.While) and "_repeats" in {
        inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)
    }


def _statement_at(tree, row):
    """The outermost statement over a row that is no definition and not around the repeat."""
    blocks = [tree.body]
    while blocks:
        block = blocks.pop()
        for statement in block:
            if not statement.lineno <= row <= statement.end_lineno:
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


def _given_by(statement, tree):
    """Names that the statement gives a value, and that are read elsewhere; [] when it stores into something else as well."""
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


def _assigned(tree):
    """Names that hold lists or dictionaries made empty: what a loop fills."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, (ast.List, ast.Dict, ast.Tuple, ast.Call)):
            found |= binds(node)
    return found


def _data(name, text, state):
    """A Value that is plain data, or None when the name is used like an object."""
    attributes = set(re.findall(r"(?<![\w.])%s\.(\w+)\(" % re.escape(name), text))
    value = guess.value_for(name, text, state.input_shape())
    if value is not None and value.source.startswith(("np.", "[", "'", "pd.", "{", "0", "1", "4", "6", "False")):
        return value
    if attributes - _OF_ARRAYS or value is not None and not value.source.startswith("types."):
        return None
    if re.search(r"(?<![\w.])%s\(" % re.escape(name), text):
        return None
    return guess.array(name, state.input_shape())


def _several(value, name, state):
    """What a loop fills with one part after another."""
    if value is not None and value.source == "[]":
        part = guess.value_for(re.sub(r"s$", "", name), "", state.input_shape())
        part = part if part is not None and part.source.startswith("np.") else guess.array(name, state.input_shape())
        return guess.Value("[%s] * 3" % part.source, part.imports, "three parts, each " + part.text)
    return value


def _action(statement, text, values):
    """Replaces the statement in as many rows as it has, so that all others stay where they are."""
    rows = text.split("\n")
    old = rows[statement.lineno - 1 : statement.end_lineno]
    indent = old[0][: len(old[0]) - len(old[0].lstrip())]
    imports = "".join(dict.fromkeys(value.imports for _, value in values)).strip().replace("\n", "; ")
    given = "; ".join("%s = %s" % (name, value.source) for name, value in values)
    new = [indent + "; ".join(part for part in (imports, given) if part)] + [""] * (len(old) - 1)
    text = "; ".join("%s: %s" % (name, value.text) for name, value in values)
    return Action(
        "",
        text + " (in place of a statement that does not run here)",
        ("\n".join([""] + old + [""]), "\n".join([""] + new + [""])),
    )


_MISFITS = re.compile(
    r"incompatible with the layer|incompatible input shape|has incompatible shape|Matrix size-incompatible|cardinality is ambiguous"
    r"|must have the same (?:shape|rank|first dimension)|Shapes? .* are incompatible|outside the valid range|Dimensions must be equal"
    r"|Incompatible shapes|Inputs to a layer should be tensors|rank .* is undefined|could not convert string to float|Invalid dtype"
    r"|expects \d+ input\(s\)|Input shapes? (?:must|should)|Unsupported object type|Failed to convert a NumPy array",
    re.IGNORECASE | re.DOTALL,
)
_WORDS = "data that does not fit the user's own model is repeated or cut to its shapes"


def fitted(error, state):
    """Stand-in data that does not fit the user's own model is brought to its shapes on the way in."""
    if _MISFITS.search(str(error)) and (state.setup or "np.random." in state.text()):
        yield substitute("fitting", _WORDS)
