"""A stand-in's source without what a snippet has no use for, so that a reproduction can be read.

Documentation goes, and definitions whose names occur nowhere: neither in the snippet nor in what stays of the source.
"""

from __future__ import annotations

import ast
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Union

    Definition = Union[ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef]

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_WORD = re.compile(r"\w+")
_MOST_ROUNDS = 20
# what frameworks call by itself, without a name in any text
_CALLED = re.compile(r"__\w+__|find_spec|create_module|exec_module|handle")


def shaken(source: str, text: str) -> str:
    """What is left of a stand-in for a snippet; the source itself where it does not parse.

    text   of the snippet and of whatever else uses the stand-in
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source
    _undocument(tree)
    outside = set(_WORD.findall(text))
    tree.body = [node for node in tree.body if _may_matter(node, outside)]
    for _ in range(_MOST_ROUNDS):
        words = outside | set(_WORD.findall(ast.unparse(_without_heads(tree))))
        if not _drop(tree, words):
            break
    return ast.unparse(tree) + "\n"


def _may_matter(node: ast.stmt, words: set[str]) -> bool:
    """Does a statement do more than to give a library's name, which nothing uses, another meaning?"""
    if not isinstance(node, ast.Assign) or not all(isinstance(target, ast.Attribute) for target in node.targets):
        return True
    for target in node.targets:
        names = [name for name in ast.unparse(target).split(".") if not name.startswith("__")]
        if names and names[-1] in words:
            return True
    return False


def _undocument(tree: ast.AST) -> None:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, (*_DEFINITIONS, ast.Module)) and body and _is_text(body[0]):
            node.body = body[1:] or [ast.Pass()]


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _without_heads(tree: ast.Module) -> ast.Module:
    """A copy in which definitions have other names than their own: what still occurs is used."""
    copied = ast.parse(ast.unparse(tree))
    for node in ast.walk(copied):
        if isinstance(node, _DEFINITIONS):
            own = re.compile(r"\b%s\b" % node.name)
            node.name = "_"
            for inner in ast.walk(node):  # that calls itself is no use of it
                if isinstance(inner, ast.Name) and own.fullmatch(inner.id):
                    inner.id = "_"
    return copied


def _drop(tree: ast.Module, words: set[str]) -> bool:
    """Takes out definitions that nothing names; were there any?"""
    dropped = False
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Module, ast.ClassDef)):
            continue
        kept = [
            each
            for each in node.body
            if not isinstance(each, _DEFINITIONS) or each.name in words or _CALLED.fullmatch(each.name)
        ]
        if len(kept) < len(node.body):
            node.body = kept or [ast.Pass()]
            dropped = True
    return dropped
