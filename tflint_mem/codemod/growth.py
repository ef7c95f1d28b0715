"""GPU memory growth: the stanza for an entry point, and growth for all GPUs instead of one."""

import ast

import libcst as cst

from ..finding import Edit
from . import NoFix
from .imports import insertion_row, tf_name
from .names import bound
from .outline import dotted, outline, strip_end, unique_name
from .view import REMOVE, join, view_at


def growth_stanza(source, row: int, tf: str = None) -> list:
    """Let TensorFlow take GPU memory as it needs it, right behind the file's imports.

    row  row of the first import of TensorFlow, which must stand at top level
    tf   the file's expression for the `tensorflow` module; by default what it imports, or a new `import tensorflow as tf`
    """
    file = outline(source)
    at = _behind_imports(source, row)
    lines = []
    if tf is None:
        try:
            tf = tf_name(source, at)
        except NoFix:
            if "tf" in bound(file.tree.body):
                raise NoFix("the name tf is taken") from None
            tf = "tf"
            lines.append("import tensorflow as tf")
    gpu = unique_name(source, "gpu")
    lines += [
        "", f'for {gpu} in {tf}.config.list_physical_devices("GPU"):',
        f"{file.indent}{tf}.config.experimental.set_memory_growth({gpu}, True)"]
    if at < len(file.lines) and strip_end(file.lines[at]).strip() and source.locate(at + 1)[0] == source.locate(at)[0]:
        lines.append("")
    end = (at, len(strip_end(file.lines[at - 1])) + 1)
    return [Edit(start=end, end=end, content="".join(file.newline + line for line in lines))]


def _behind_imports(source, row) -> int:
    """The row behind which the stanza goes: the end of the leading imports, but not above the import on `row`."""
    file = outline(source)
    first, last, members = file.group_at(row)
    if not any(
            isinstance(node, (ast.Import, ast.ImportFrom)) and node.lineno == row
            for member in members for node in _top_level([member])):
        raise NoFix("TensorFlow is not imported at the top of the file")
    try:
        at, place = insertion_row(source)
    except NoFix:
        return last
    if place != "imports" or at < last:
        return last
    passed = [m for begin, _, group in file.groups if last < begin <= at for m in group]
    if any(not isinstance(member, (ast.Import, ast.ImportFrom, ast.Try, ast.If)) for member in passed):
        return last
    return at


def _top_level(body):
    for statement in body:
        yield statement
        if isinstance(statement, (ast.Try, ast.If)):
            for field in ("body", "orelse", "finalbody"):
                yield from _top_level(getattr(statement, field, ()))
            for handler in getattr(statement, "handlers", ()):
                yield from _top_level(handler.body)


def growth_loop(view, call) -> list:
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
    name = unique_name(view.source, "gpu")
    body = cst.SimpleStatementLine([cst.Expr(_with_device(call, cst.Name(name)))])
    if isinstance(statement, cst.SimpleStatementLine):
        body = body.with_changes(trailing_whitespace=statement.trailing_whitespace)
    loop = cst.For(cst.Name(name), devices, cst.IndentedBlock([body]))
    block = view.parent(statement)
    if isinstance(block, cst.SimpleStatementSuite):
        if len(block.body) != 1:
            raise NoFix("other code stands on the same line")
        loop = loop.with_changes(body=cst.IndentedBlock([body.with_changes(trailing_whitespace=block.trailing_whitespace)]))
        return view.edits({block: cst.IndentedBlock([loop])})
    if len(statement.body) != 1:
        raise NoFix("other code stands on the same line")
    whole = {statement: loop.with_changes(leading_lines=statement.leading_lines)}
    if isinstance(block, cst.Module):
        return join(view.edits(whole), *_neighbours(view, call, devices))
    others = [other for other in block.body if other is not statement and _same_job(other, call, devices)]
    if others and block.body.index(others[0]) < block.body.index(statement):
        raise NoFix("another call for these devices stands above")
    return view.edits({**whole, **{other: REMOVE for other in others}})


def _device(call):
    for position, arg in enumerate(call.args):
        if arg.star:
            raise NoFix("starred arguments")
        if (arg.keyword is None and position == 0) or (arg.keyword is not None and arg.keyword.value == "device"):
            return arg.value
    raise NoFix("the call names no device")


def _devices(device):
    """`gpus` of `gpus[0]`."""
    if isinstance(device, cst.Subscript) and len(device.slice) == 1 and isinstance(device.slice[0].slice, cst.Index):
        index = device.slice[0].slice.value
        if isinstance(index, (cst.Integer, cst.UnaryOperation)):
            return device.value
    raise NoFix("the device is not one of a list")


def _with_device(call, device):
    args = [
        arg.with_changes(value=device)
        if (arg.keyword is None and i == 0) or (arg.keyword is not None and arg.keyword.value == "device") else arg
        for i, arg in enumerate(call.args)]
    return call.with_changes(args=args)


def _neighbours(view, call, devices):
    """Edits that remove the same call for other devices where it is a top-level statement of its own."""
    for first, _, members in view.outline.groups:
        if first == view.first_row or len(members) != 1 or not isinstance(members[0], ast.Expr):
            continue
        if not isinstance(members[0].value, ast.Call) or dotted(members[0].value.func) != dotted(view.ast_of(call).func):
            continue
        other = view_at(view.source, first)
        if _same_job(other.module.body[0], call, devices):
            if first < view.first_row:
                raise NoFix("another call for these devices stands above")
            yield other.edits({other.module.body[0]: REMOVE})


def _same_job(statement, call, devices) -> bool:
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


def _whole_iterable(view, call, device):
    """`for gpu in gpus[:1]:` around `set_memory_growth(gpu, True)` loses its slice."""
    for loop in view.loops(call):
        if isinstance(loop, cst.For) and isinstance(loop.target, cst.Name) and loop.target.value == device.value:
            sliced = loop.iter
            if isinstance(sliced, cst.Subscript) and len(sliced.slice) == 1 and isinstance(sliced.slice[0].slice, cst.Slice):
                return view.edits({sliced: sliced.value})
    raise NoFix("the device is not one of a list")
