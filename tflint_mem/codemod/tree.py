"""The order of LibCST's nodes: children in source order without whitespace, much cheaper than LibCST's own visitors."""

import dataclasses

import libcst as cst

# Fields whose order in the class differs from the order in the source.
_ORDER = {
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
_fields = {}


def fields(kind: type) -> tuple:
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


def children(node) -> list:
    """The meaningful child nodes of `node` in source order."""
    found = []
    for name in fields(type(node)):
        value = getattr(node, name, None)
        if isinstance(value, cst.CSTNode):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            found.extend(value)
    return found


def walk(node):
    """`node` and everything below it, parents first, in source order."""
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(children(node)))
