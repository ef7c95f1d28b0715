"""Which statements load data, train or wait, so that a reduced snippet does without them; which names come of it."""

from __future__ import annotations

import ast
import re

from .call_sites import last_name
from .scope import binds
from .syntax import DEFINITIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# last names of calls that read files, ask the network or the user, or take their time
_LOADS = re.compile(
    r"read|open|load|load_data|loadtxt|genfromtxt|imread|load_img|listdir|scandir|walk|i?glob|input|getenv|urlopen"
    r"|parse_args|parse_known_args|get_file|flow_from_\w+|image_dataset_from_\w+|make_csv_dataset|VideoCapture"
    r"|read_\w+|fetch_\w+|download\w*|(?:load|get|prepare|make|create|build|generate|preprocess|process)_?\w*"
    r"(?:data|dataset|datasets|batch|batches|images?|samples|splits?|files?|paths?|labels|corpus|vocab\w*)"
    r"|train_test_split|fit_transform|fit_on_texts|transform|sleep|train|fit|predict|evaluate"
)
_MODELS = re.compile(r"load_model|load_weights|from_config|build_\w*model|create_\w*model|get_\w*model")


def loads(node: ast.AST) -> bool:
    """Does a statement, itself, load data, train or wait?  Definitions only say how."""
    return any(
        _LOADS.fullmatch(name) and not _MODELS.fullmatch(name)
        for call in _own_calls(node)
        for name in [last_name(call.func) or ""]
    )


def _own_calls(node: ast.AST) -> Iterator[ast.Call]:
    stack = [node]
    while stack:
        inner = stack.pop()
        if isinstance(inner, ast.Call):
            yield inner
        if inner is node or not isinstance(inner, (*DEFINITIONS, ast.Lambda)):
            stack.extend(ast.iter_child_nodes(inner))


def takes(node: ast.AST, data: set[str]) -> bool:
    """Does a statement take the values of any of these names?  Their shapes are no data: a stand-in has some too."""
    asked = [
        inner.value
        for inner in ast.walk(node)
        if isinstance(inner, ast.Attribute) and inner.attr in ("shape", "element_spec", "ndim", "dtype")
    ]
    of_shapes = {id(part) for each in asked for part in ast.walk(each)}
    return any(
        isinstance(inner, ast.Name)
        and inner.id in data
        and isinstance(inner.ctx, ast.Load)
        and id(inner) not in of_shapes
        for inner in ast.walk(node)
    )


def from_data(statements: Iterable[ast.stmt]) -> set[str]:
    """Names that hold loaded data, or what was made of it, after the statements have run in this order."""
    found: set[str] = set()
    for statement in statements:
        if isinstance(statement, (*DEFINITIONS, ast.Import, ast.ImportFrom)):
            continue
        if loads(statement) or takes(statement, found):
            found |= binds(statement)
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
            found -= binds(statement)
    return found
