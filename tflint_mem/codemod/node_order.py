"""The order of LibCST's nodes: children in source order without whitespace, much cheaper than LibCST's own visitors."""

from __future__ import annotations

import dataclasses
from typing import cast  # LibCST has imported it

import libcst as cst

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Member = cst.SimpleStatementLine | cst.BaseCompoundStatement  # of a block

# Fields whose order in the class differs from the order in the source.
_ORDER: dict[str, tuple[str, ...]] = {
    "FunctionDef": ("decorators", "name", "type_parameters", "params", "returns", "body"),
    "ClassDef": ("decorators", "name", "type_parameters", "bases", "keywords", "body"),
    "IfExp": ("body", "test", "orelse"),
    "Parameters": ("posonly_params", "params", "star_arg", "kwonly_params", "star_kwarg"),
    "ExceptHandler": ("type", "name", "body"),
    "ExceptStarHandler": ("type", "name", "body"),
    "MatchCase": ("pattern", "guard", "body"),
    "TypeAlias": ("name", "type_parameters", "value"),
    "Arg": ("keyword", "value"),
    "ImportFrom": ("module", "names"),
    "Param": ("name", "annotation", "default"),
    "Index": ("value",),
}
# Fields that hold layout only.
_SKIPPED = frozenset(
    (
        "lpar",
        "rpar",
        "lbracket",
        "rbracket",
        "lbrace",
        "rbrace",
        "comma",
        "semicolon",
        "colon",
        "dot",
        "equal",
        "operator",
        "header",
        "footer",
        "leading_lines",
        "lines_after_decorators",
        "trailing_whitespace",
        "asynchronous",
        "relative",
        "separator",
        "first_colon",
        "second_colon",
        "posonly_ind",
        "star",
        "indent",
        "newline",
        "encoding",
        "default_indent",
        "default_newline",
        "has_trailing_newline",
        "start",
        "end",
        "conversion",
    )
)
_fields: dict[type[cst.CSTNode], tuple[str, ...]] = {}  # filled by `fields`, for the classes that were met


def fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    """Names of the fields of a node class that hold meaning, in source order."""
    known = _fields.get(kind)
    if known is None:
        known = _ORDER.get(kind.__name__) or tuple(
            field.name
            for field in dataclasses.fields(kind)
            if field.name not in _SKIPPED and not field.name.startswith("whitespace")
        )
        _fields[kind] = known
    return known


def children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The meaningful child nodes of `node` in source order."""
    found: list[cst.CSTNode] = []
    for name in fields(type(node)):
        value = getattr(node, name, None)
        if isinstance(value, cst.CSTNode):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            found.extend(value)
    return found


def walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """`node` and everything below it, parents first, in source order."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))


def members(block: cst.BaseSuite | cst.Module) -> Sequence[Member]:
    """What stands in an indented block or a module: lines of small statements, and compound statements."""
    return cast("Sequence[Member]", block.body)
