"""What a method makes in each call, made once in the constructor of its object."""

from __future__ import annotations

import ast

import libcst as cst

from . import NoFix
from .names import chains, everything, loaded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.finding import Edit

    from .outline import Function
    from .view import View


def into_constructor(view: View, call: cst.Call, base: str) -> list[Edit]:
    """Make in the constructor what a method makes in each call.

    `x = call(self.model …)` in the method becomes `x = self.base`, and the constructor gets `self.base = call(…)` at
    its end.

    NoFix unless all that the call reads of the method are attributes of `self` that the constructor sets in its own
    block.
    """
    method = view.function(call)
    owner = view.parent(view.parent(method)) if method is not None else None
    if method is None or not isinstance(owner, cst.ClassDef) or not method.params.params:
        raise NoFix("it stands in no method")
    me = method.params.params[0].name.value
    constructor, last = _constructor(owner, method, me)
    here, there = view.ast_of(call), view.ast_of(constructor)
    if any(
        isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.Lambda)) for node in ast.walk(here)
    ):
        raise NoFix("it does more than make something")
    _only_of_self(view, method, here, me, there)
    if any(isinstance(node, ast.Return) for node in everything(there.body)):
        raise NoFix("the constructor may return early")
    taken = {node.attr for node in ast.walk(view.ast_of(owner)) if isinstance(node, ast.Attribute)}
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    attribute = cst.Attribute(cst.Name(me), cst.Name(name))
    made = cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(attribute)], call)])
    return view.edits({call: attribute}, insert_after={last: [made]})


def _constructor(owner: cst.ClassDef, method: cst.FunctionDef, me: str) -> tuple[cst.FunctionDef, cst.BaseStatement]:
    """The constructor of a class and the last statement of it; NoFix where nothing can be added.

    method, me  another method of the class, and what it calls its object
    """
    constructor = next(
        (
            member
            for member in owner.body.body
            if isinstance(member, cst.FunctionDef) and member.name.value == "__init__"
        ),
        None,
    )
    if constructor is None or constructor is method or not isinstance(constructor.body, cst.IndentedBlock):
        raise NoFix("the class has no constructor of its own")
    if not constructor.params.params or constructor.params.params[0].name.value != me:
        raise NoFix("the constructor calls its object otherwise")
    return constructor, constructor.body.body[-1]


def _only_of_self(view: View, method: cst.FunctionDef, here: ast.Call, me: str, there: Function) -> None:
    """NoFix unless all that the call reads of its method are attributes that the constructor's own block sets."""
    locals_ = {argument.arg for argument in ast.walk(view.ast_of(method).args) if isinstance(argument, ast.arg)} - {me}
    locals_ |= {
        node.id
        for node in everything(view.ast_of(method).body)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }
    used = loaded([here]) & locals_
    if used:
        raise NoFix(f"it uses {sorted(used)[0]}, which each call of the method has anew")
    own = {chain.split(".")[1] for chain in chains([here]) if chain.startswith(me + ".")}
    if me in chains([here]) or not own:
        raise NoFix("it does not read attributes of its object")
    set_there = {
        target.attr
        for statement in there.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == me
    }
    if not own <= set_there:
        raise NoFix(f"the constructor does not set {sorted(own - set_there)[0]}")
