"""Where a function is called, by its name: in its own file and in those that import it."""

from __future__ import annotations

import ast

from .scope import base_name
from .syntax import classes_in, functions_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from .first_party import FileModel, Files
    from .syntax import Chain, Function

_MOST_CALLERS = 8
# Methods of so many classes that the name alone says nothing.
_COMMON = frozenset(
    """
run call fit predict get set load save start stop close open read write update reset step train test evaluate build
compile add append apply process transform forward send main init execute next show print format copy create make
""".split()
)


class CallSite:
    """A call in a file.

    model   the file           call    the call itself
    chain   the nodes from the module down to it, itself included
    """

    __slots__ = ("model", "call", "chain")

    def __init__(self, model: FileModel, call: ast.Call, chain: Chain) -> None:
        self.model, self.call, self.chain = model, call, chain


def call_sites(files: Files, model: FileModel, function: Function) -> list[CallSite]:
    """The calls of a function of `model`: in its own file first, then in files that name it; not those inside itself.

    A method is matched by its name and what the file says about the receiver: made by its class, or unknown and the
    name is no common one.
    """
    owner = _class_of(model, function)
    names = {function.name}
    method_of = owner
    if owner is not None and function.name == "__init__":
        names, method_of = {owner}, None
    elif owner is not None and function.name == "__call__":
        return []
    found: list[CallSite] = []
    for candidate in [model, *files.importers(owner or function.name, model)]:
        for site in _calls_in(candidate):
            if function not in site.chain and _calls(site, names, method_of, function.name):
                found.append(site)
        if len(found) >= _MOST_CALLERS:
            break
    found.sort(key=lambda site: (site.model is not model, len(functions_in(site.chain)), site.call.lineno))
    return found[:_MOST_CALLERS]


def _class_of(model: FileModel, function: Function) -> str | None:
    """Name of the class whose body holds the function; None for any other function."""
    for node, chain in model.functions():
        if node is function:
            around = chain[-2]
            return around.name if isinstance(around, ast.ClassDef) else None
    return None


def _calls_in(model: FileModel) -> Iterator[CallSite]:
    stack: list[tuple[ast.AST, tuple[ast.AST, ...]]] = [(model.tree, (model.tree,))]
    while stack:
        node, chain = stack.pop()
        for child in ast.iter_child_nodes(node):
            here = (*chain, child)
            if isinstance(child, ast.Call):
                yield CallSite(model, child, here)
            stack.append((child, here))


def _calls(site: CallSite, names: Collection[str], owner: str | None, method: str) -> bool:
    """Does the call name one of `names`: a function, or (owner: its class) a method?"""
    called = site.call.func
    if isinstance(called, ast.Name):
        return owner is None and called.id in names
    if isinstance(called, ast.Attribute):
        # `self.run()`, `predictor.run()`, `module.run()`; not a method of the same name on a literal or another call's
        # result
        if called.attr not in names or base_name(called) is None:
            return False
        return owner is None or _may_be(called.value, owner, site, method)
    return False


def _may_be(receiver: ast.expr, owner: str, site: CallSite, method: str) -> bool:
    """Can the receiver of a method call be an instance of the class `owner`, as far as this file tells?"""
    if isinstance(receiver, ast.Call):
        return last_name(receiver.func) == owner
    if isinstance(receiver, ast.Name) and receiver.id in ("self", "cls"):
        around = classes_in(site.chain)
        return bool(around) and _are_related(around[-1], owner, site.model)
    if isinstance(receiver, ast.Name) and receiver.id == owner:
        return True
    made = _made_by(last_name(receiver), site.model)
    if owner in made:
        return True
    return not (made - {None}) and method not in _COMMON


def _are_related(own: ast.ClassDef, owner: str, model: FileModel) -> bool:
    """Is the class `owner` itself, or is one of the two the other's base?"""
    return (
        own.name == owner
        or any(last_name(base) == owner for base in own.bases)
        or any(
            isinstance(other, ast.ClassDef)
            and other.name == owner
            and any(last_name(base) == own.name for base in other.bases)
            for other in model.tree.body
        )
    )


def _made_by(name: str | None, model: FileModel) -> set[str | None]:
    """Names of what is called for the values that a file gives to a name; None among them for a value that is no
    call."""
    made: set[str | None] = set()
    for node in ast.walk(model.tree):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and any(last_name(target) == name for target in targets):
            made.add(last_name(node.value.func) if isinstance(node.value, ast.Call) else None)
        elif (
            isinstance(node, ast.withitem) and node.optional_vars is not None and last_name(node.optional_vars) == name
        ):
            made.add(last_name(node.context_expr.func) if isinstance(node.context_expr, ast.Call) else None)
    return made


def last_name(node: ast.AST) -> str | None:
    """The last name of `a.b.c`; None for anything that is no name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None
