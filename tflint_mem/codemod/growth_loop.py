"""GPU memory growth for all GPUs instead of one."""

from __future__ import annotations

import ast

import libcst as cst

from . import NoFix
from .hunks import join
from .names import free_name
from .outline import dotted
from .view import REMOVE, view_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.finding import Edit

    from .changes import Replacement
    from .view import View


def growth_loop(view: View, call: cst.Call) -> list[Edit]:
    """`set_memory_growth(gpus[0], True)` becomes a `for` over all `gpus`; neighbours for `gpus[1]` … go away.

    Also `for gpu in gpus[:1]:` around the call becomes `for gpu in gpus:`.
    """
    device = _device(call)
    if isinstance(device, cst.Name):
        return _whole_iterable(view, call, device)
    devices = _devices(device)
    statement = view.statement(call)
    small = view.small(call)
    if not isinstance(small, cst.Expr) or small.value is not call:
        raise NoFix("the call is part of a larger statement")
    function = view.function(call)
    name = free_name(view.source, "gpu", None if function is None else view.ast_of(function))
    body = cst.SimpleStatementLine([cst.Expr(_with_device(call, cst.Name(name)))])
    if isinstance(statement, cst.SimpleStatementLine):
        body = body.with_changes(trailing_whitespace=statement.trailing_whitespace)
    loop = cst.For(cst.Name(name), devices, cst.IndentedBlock([body]))
    block = view.parent(statement)
    if isinstance(block, cst.SimpleStatementSuite):
        if len(block.body) != 1:
            raise NoFix("other code stands on the same line")
        loop = loop.with_changes(
            body=cst.IndentedBlock([body.with_changes(trailing_whitespace=block.trailing_whitespace)])
        )
        return view.edits({block: cst.IndentedBlock([loop])})
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        raise NoFix("other code stands on the same line")
    changes: dict[cst.CSTNode, Replacement] = {statement: loop.with_changes(leading_lines=statement.leading_lines)}
    if not isinstance(block, cst.IndentedBlock):
        return join(view.edits(changes), *_neighbours(view, call, devices))
    others = [other for other in block.body if other is not statement and _same_job(other, call, devices)]
    if others and block.body.index(others[0]) < block.body.index(statement):
        raise NoFix("another call for these devices stands above")
    changes.update(dict.fromkeys(others, REMOVE))
    return view.edits(changes)


def _device(call: cst.Call) -> cst.BaseExpression:
    """The device that the call is given."""
    for position, arg in enumerate(call.args):
        if arg.star:
            raise NoFix("starred arguments")
        if (arg.keyword is None and position == 0) or (arg.keyword is not None and arg.keyword.value == "device"):
            return arg.value
    raise NoFix("the call names no device")


def _devices(device: cst.BaseExpression) -> cst.BaseExpression:
    """`gpus` of `gpus[0]`."""
    if isinstance(device, cst.Subscript) and len(device.slice) == 1 and isinstance(device.slice[0].slice, cst.Index):
        index = device.slice[0].slice.value
        if isinstance(index, (cst.Integer, cst.UnaryOperation)):
            return device.value
    raise NoFix("the device is not one of a list")


def _with_device(call: cst.Call, device: cst.BaseExpression) -> cst.Call:
    """The call, given another device."""
    args = [
        arg.with_changes(value=device)
        if (arg.keyword is None and i == 0) or (arg.keyword is not None and arg.keyword.value == "device")
        else arg
        for i, arg in enumerate(call.args)
    ]
    return call.with_changes(args=args)


def _neighbours(view: View, call: cst.Call, devices: cst.BaseExpression) -> Iterator[list[Edit]]:
    """Edits that remove the same call for other devices where it is a top-level statement of its own."""
    called = dotted(view.ast_of(call).func)
    for group in view.outline.groups:
        statement = group.members[0]
        if group.first == view.first_row or len(group.members) != 1 or not isinstance(statement, ast.Expr):
            continue
        if not isinstance(statement.value, ast.Call) or dotted(statement.value.func) != called:
            continue
        other = view_at(view.source, group.first)
        if _same_job(other.module.body[0], call, devices):
            if group.first < view.first_row:
                raise NoFix("another call for these devices stands above")
            yield other.edits({other.module.body[0]: REMOVE})


def _same_job(statement: cst.CSTNode, call: cst.Call, devices: cst.BaseExpression) -> bool:
    """Whether a statement is the same call for another device of the list."""
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return False
    small = statement.body[0]
    if not isinstance(small, cst.Expr) or not isinstance(small.value, cst.Call):
        return False
    other = small.value
    try:
        return other.func.deep_equals(call.func) and _devices(_device(other)).deep_equals(devices)
    except NoFix:
        return False


def _whole_iterable(view: View, call: cst.Call, device: cst.Name) -> list[Edit]:
    """`for gpu in gpus[:1]:` around `set_memory_growth(gpu, True)` loses its slice."""
    for loop in view.loops(call):
        if isinstance(loop, cst.For) and isinstance(loop.target, cst.Name) and loop.target.value == device.value:
            sliced = loop.iter
            if (
                isinstance(sliced, cst.Subscript)
                and len(sliced.slice) == 1
                and isinstance(sliced.slice[0].slice, cst.Slice)
            ):
                return view.edits({sliced: sliced.value})
    raise NoFix("the device is not one of a list")
