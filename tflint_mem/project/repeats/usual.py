"""How often a loop runs when nobody asks for something else: lengths that defaults and settings of the program tell.

`Lengths` counts what is sure; here a number may also be the default of a command-line option or of a parameter that no
caller gives, what an attribute is set to in the only place, or computed from such numbers.  Good for what is worth
saying, and never for what is so.
"""

from __future__ import annotations

from tflint_mem.facts import Attribute, BinaryOp, CallRef, Constant, Expression, Name, tail_of

from .lengths import MAX_DEPTH, Lengths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

    from .repeat import Repeat

# Objects that hold what the command line says, and the calls that declare it.
_OPTIONS = frozenset(("args", "arg", "opt", "opts", "options", "flags", "FLAGS", "params", "hparams", "config", "cfg"))
_DECLARING = ("add_argument", "add_option", "DEFINE_integer", "option")


class Usual(Lengths):
    """Answers of one project."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self._declared: dict[int, dict[str, int | None]] = {}

    def times(self, repeat: Repeat) -> int | None:
        """How often a loop repeats in all, those inside it included; None when nothing tells."""
        if repeat.count is not None or repeat.block is None or repeat.handed:
            return repeat.count
        m, i = repeat.hops[0]
        times = 1
        for loop in m.loops(m.calls[i].block):
            count = self.count(m, loop)
            if count is None:
                return None
            times *= count
            if loop == repeat.block:
                return times
        return None

    def number(self, m: Module, scope: int, e: Expression, at: int, depth: int = 0) -> int | None:
        """The whole number that an expression usually is at statement `at`, else None."""
        known = super().number(m, scope, e, at, depth)
        if known is not None or depth > MAX_DEPTH:
            return known
        if type(e) is Name:
            return self._named(m, scope, e.id, at, depth + 1)
        if type(e) is Attribute:
            option = self._option(m, e)
            return self._set_once(m, scope, e, depth + 1) if option is None else option
        if type(e) is BinaryOp:
            left, right = (self.number(m, scope, side, at, depth + 1) for side in (e.left, e.right))
            return None if left is None or right is None else _computed(left, e.op, right)
        if type(e) is CallRef and tail_of(m.calls[e.number].func) == "int" and len(m.calls[e.number].args) == 1:
            return self.number(m, scope, m.calls[e.number].args[0], at, depth + 1)
        return None

    def _named(self, m: Module, scope: int, name: str, at: int, depth: int) -> int | None:
        value = self._single(m, scope, name, at)
        if value is not None:
            return self.number(m, scope if name in m.bindings(scope) else 0, value, at, depth)
        bindings = m.bindings(scope).get(name, ())
        index = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "param" else None
        if not isinstance(index, int):
            return None
        default = m.scopes[scope].parameters[index].default
        if default is None or any(
            how != "call" or self.project.infer.argument(m, scope, index, other, i) is not None
            for other, i, how in self.project.callers(m, scope)
        ):
            return None
        return self.number(m, m.scopes[scope].parent, default, m.scopes[scope].statement, depth)

    def _option(self, m: Module, e: Attribute) -> int | None:
        """`args.folds`: the default with which an option of that name is declared, here or in what is imported."""
        if not isinstance(e.base, (Name, Attribute)) or tail_of(e.base) not in _OPTIONS:
            return None
        found = {
            number
            for index in (m.index, *self.project.imports.direct(m))
            for name, number in self._options(self.project.module(index)).items()
            if name == e.attr
        }
        return found.pop() if len(found) == 1 else None

    def _options(self, m: Module) -> dict[str, int | None]:
        """{option: its default, None for one without or with several} that a module declares."""
        known = self._declared.get(m.index)
        if known is None:
            known = self._declared[m.index] = {}
            for tail in _DECLARING:
                for i in m.calls_by_tail().get(tail, ()):
                    default = self._default(m, i)
                    for name in _names(m, i):
                        known[name] = default if known.get(name, default) == default else None
        return known

    def _default(self, m: Module, i: int) -> int | None:
        call = m.calls[i]
        given = next((k.value for k in call.keywords if k.name == "default"), None)
        if given is None and tail_of(call.func) == "DEFINE_integer" and len(call.args) > 1:
            given = call.args[1]
        return None if given is None else Lengths.number(self, m, call.scope, given, call.statement)

    def _set_once(self, m: Module, scope: int, e: Attribute, depth: int) -> int | None:
        """`self.n_steps`: what the only place in its class gives it."""
        method = m.method_around(scope)
        parameters = m.scopes[method].parameters if method > 0 else ()
        if not parameters or e.base != Name(parameters[0].name):
            return None
        owner = m.scopes[method].parent
        numbers = list(self._given_to(m, owner, e.attr, depth))
        return numbers[0] if len(numbers) == 1 else None

    def _given_to(self, m: Module, owner: int, name: str, depth: int) -> Iterator[int | None]:
        for binding in m.bindings(owner).get(name, ()):
            if isinstance(binding.value, Expression):
                yield self.number(m, owner, binding.value, binding.statement, depth)
        for each in self.project.infer.attribute_assignments(m, owner).get(name, ()):
            plain = each.kind == "assign" and not each.path
            yield self.number(m, each.function, each.value, each.statement, depth) if plain else None


def _names(m: Module, i: int) -> Iterator[str]:
    """The attributes under which the option of a call is found."""
    call = m.calls[i]
    named = [k.value.value for k in call.keywords if k.name == "dest" and isinstance(k.value, Constant)]
    for each in named or [a.value for a in call.args if isinstance(a, Constant)]:
        if isinstance(each, str):
            yield each.lstrip("-").replace("-", "_")


def _computed(left: int, op: str, right: int) -> int | None:
    if op in ("/", "//"):
        return left // right if right else None
    return {"+": left + right, "-": left - right, "*": left * right}.get(op)
