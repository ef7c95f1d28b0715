"""Which calls configure GPUs, and which devices do they name?

The answer is as far as the text says: `Devices` with "?" where it does not, which overlaps with nothing.
"""

from __future__ import annotations

from tflint_mem.facts import (
    Assign,
    CallRef,
    Constant,
    Expression,
    Jump,
    ListDisplay,
    Name,
    Return,
    Slice,
    Subscript,
    tail_of,
    walk,
)
from tflint_mem.project.holds.values import Thing
from tflint_mem.project.repeats.headers import test_of

from . import execution_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from tflint_mem.project.linking.bindings import Binding
    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.ruleset.context import Context

    Which = Literal["one", "some", "each", "?"]

GROWTH = frozenset(("tf.config.set_memory_growth",))
LIMIT = frozenset(("tf.config.set_logical_device_configuration",))


def growth_calls(context: Context) -> Iterator[Site]:
    """(module, call) of every call that switches memory growth on."""
    for m, i, _ in context.everywhere(("set_memory_growth",), GROWTH):
        if context.argument(m, i, 1, "enable") != Constant(False) and not _taken_back(context, m, i):
            yield m, i


def _taken_back(context: Context, m: Module, i: int) -> bool:
    """Is growth switched off again for the same device further on in the function?"""
    last = context.once(("growth off", m.index), lambda: _switching_off(context, m))
    return last.get((m.calls[i].scope, context.argument(m, i, 0, "device")), -1) > i


def _switching_off(context: Context, m: Module) -> dict[tuple[int, Expression | None], int]:
    """(function, device) -> the last call that switches growth off for it."""
    return {
        (m.calls[j].scope, context.argument(m, j, 0, "device")): j
        for j in m.calls_by_tail().get("set_memory_growth", ())
        if context.argument(m, j, 1, "enable") == Constant(False)
    }


def limit_calls(context: Context) -> Iterator[Site]:
    """(module, call) of every call that gives a device a memory limit."""
    for m, i, _ in context.everywhere(("set_logical_device_configuration", "set_virtual_device_configuration"), LIMIT):
        configurations = context.argument(m, i, 1, "logical_devices", "virtual_devices")
        if configurations is not None and any(_has_limit(m, e) for e in _written(m, i, configurations)):
            yield m, i


def _written(m: Module, i: int, expression: Expression) -> Iterator[Expression]:
    """The parts of an expression and, for a name in it, of what the name is assigned."""
    for e in walk(expression, m.calls):
        yield e
        if isinstance(e, Name):
            for scope in (m.calls[i].scope, 0):
                for binding in m.bindings(scope).get(e.id, ()):
                    if binding.kind == "assign" and isinstance(binding.value, Expression):
                        yield from walk(binding.value, m.calls)


def _has_limit(m: Module, e: Expression) -> bool:
    if not isinstance(e, CallRef):
        return False
    call = m.calls[e.number]
    return tail_of(call.func) in ("VirtualDeviceConfiguration", "LogicalDeviceConfiguration") and bool(
        call.args or any(k.name == "memory_limit" for k in call.keywords)
    )


class Devices:
    """Which devices a configuring call names.

    which   "one" (`gpus[0]`), "some" (a slice, or a loop that ends early), "each" (a loop over a list of devices), or
            "?" for nobody knows
    base    the expression of the list, else None
    index   the expression between the brackets, else None
    """

    __slots__ = ("which", "base", "index")

    def __init__(self, which: Which, base: Expression | None = None, index: Expression | None = None) -> None:
        self.which = which
        self.base = base
        self.index = index

    def overlap(self, other: Devices) -> bool:
        """May both name a common device, as far as the text says?"""
        if "?" in (self.which, other.which):
            return False
        return not (self.which == other.which == "one") or self.index == other.index


def devices(context: Context, m: Module, i: int) -> Devices:
    """The Devices that a configuring call names in its first argument."""
    device = context.argument(m, i, 0, "device", "devices")
    return chosen(context, m, m.calls[i].scope, device, m.calls[i].statement) if device is not None else Devices("?")


def chosen(context: Context, m: Module, scope: int, e: Expression, at: int, depth: int = 0) -> Devices:
    """The Devices that an expression stands for; a list of one device stands for that device."""
    if isinstance(e, ListDisplay) and len(e.items) == 1:
        e = e.items[0]
    if isinstance(e, Subscript) and is_list(context, m, scope, e.base, at):
        if isinstance(e.index, Slice):
            return Devices("each" if e.index.low is None and e.index.high is None else "some", e.base, e.index)
        return Devices("?") if _counts_through(context, m, scope, e.index, at) else Devices("one", e.base, e.index)
    if isinstance(e, Name) and depth < 4:
        bindings = m.bindings(scope).get(e.id, ())
        found = [
            _bound(context, m, scope, binding, at, depth)
            for binding in (context.infer.reaching(m, bindings, at) if bindings else ())
        ]
        if found and all(d.which == found[0].which for d in found):
            return found[0]
    return Devices("each", e) if is_list(context, m, scope, e, at) else Devices("?")


def _bound(context: Context, m: Module, scope: int, binding: Binding, at: int, depth: int) -> Devices:
    """The Devices that a name holds by one of its bindings."""
    expression, statement = binding.value, binding.statement
    if binding.kind == "assign" and not binding.path and isinstance(expression, (Name, Subscript, ListDisplay)):
        return chosen(context, m, scope, expression, statement, depth + 1)
    if binding.kind != "iter" or not isinstance(expression, Expression):
        return Devices("?")
    if isinstance(expression, CallRef):
        call = m.calls[expression.number]
        if tail_of(call.func) == "enumerate" and call.args and binding.path == (1,):
            expression = call.args[0]
    found = chosen(context, m, scope, expression, statement, depth + 1)
    loop = next((b for b in m.loops(m.statements[at].block) if m.blocks[b].statement == statement), None)
    if found.which == "each" and loop is not None and _ends_early(m, scope, loop):
        return Devices("some", found.base)
    return found


def _counts_through(context: Context, m: Module, scope: int, index: Expression, at: int) -> bool:
    """Is the index counted by a loop, or handed in by a caller who may do that?"""
    if not isinstance(index, Name):
        return False
    bindings = m.bindings(scope).get(index.id, ())
    return (
        any(b.kind in ("iter", "param", "augment") for b in context.infer.reaching(m, bindings, at))
        if bindings
        else False
    )


def _ends_early(m: Module, scope: int, loop: int) -> bool:
    """Does the loop always leave in its first pass?"""
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if statement.block == loop and (
            isinstance(statement, Return) or isinstance(statement, Jump) and statement.what == "break"
        ):
            return True
    return False


def is_list(context: Context, m: Module, scope: int, e: Expression, at: int) -> bool:
    """Is the expression a list of devices?"""
    return any(isinstance(v, Thing) and v.kind == "devices" for v in context.infer.values(m, scope, e, at))


def environment(m: Module, name: str, sure: bool = False) -> list[str | float | bool | None]:
    """Values given to an environment variable by name in the module: constants, or None for what is not constant.

    sure   only those that no condition chooses, but one about the variable itself
    """
    found = []
    for statement in m.statements:
        if isinstance(statement, Assign) and not (sure and _chosen(m, statement.block, name)):
            for target in statement.targets:
                if isinstance(target, Subscript) and target.index == Constant(name):
                    found.append(statement.value.value if isinstance(statement.value, Constant) else None)
    for call in m.calls:
        if (
            call.args
            and call.args[0] == Constant(name)
            and tail_of(call.func) in ("putenv", "setdefault", "setenv")
            and len(call.args) > 1
            and not (sure and _chosen(m, call.block, name))
        ):
            found.append(call.args[1].value if isinstance(call.args[1], Constant) else None)
    return found


def _chosen(m: Module, block: int, name: str) -> bool:
    """Does a condition stand around a block that neither is about the variable nor asks for the main program?"""
    return any(
        m.blocks[b].kind == "if"
        and not execution_order.is_main_test(test_of(m, b))
        and Constant(name) not in walk(test_of(m, b), m.calls)
        for b in m.chain(block)
    )
