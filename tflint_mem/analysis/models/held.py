"""Which calls are of things that variables and attributes hold: `model(x)`, `self.net(x)`, `nets[k](x)`?

A function or class that is called by its own name is none, nor is what another package or a container has, nor what is
called a function (`loss_fn`, `callback`): that leaves few calls whose receiver has to be inferred, which is the costly
part.  The answer goes by names alone; a model under a name that sounds like a function's is not found.
"""

from __future__ import annotations

import builtins

from tflint_mem.facts import Attribute, CallRef, Imported, Name, Subscript

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.project.linking.bindings import Binding
    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.ruleset.context import Context

_HELD = frozenset(("assign", "param", "iter", "with", "annotation", "import"))
_FUNCTIONS = ("fn", "func", "function", "callback", "callable", "activation", "_op", "initializer", "regularizer")
_OF_CONTAINERS = frozenset(name for kind in (dict, list, set, str) for name in dir(kind)) | frozenset(vars(builtins))


def calls(context: Context) -> Iterator[Site]:
    """(module, call) of every call, with an argument, of a name or attribute that was assigned, passed or imported."""
    attributes = context.project.attributes
    for index in context.among(range(len(context.project.modules))):
        if context.in_tests(context.project.modules[index]):
            continue
        m = context.project.module(index)
        foreign = None
        for tail, calls in m.calls_by_tail().items():
            if (
                tail in _OF_CONTAINERS
                or tail.endswith(_FUNCTIONS)
                or tail[:1].isupper()
                and tail in context.project.defined
            ):
                continue
            for i in calls:
                call = m.calls[i]
                f = call.func
                if not call.args or tail[:1].isupper() and not (isinstance(f, Name) and _assigned(m, call.scope, tail)):
                    continue
                if isinstance(f, Attribute):
                    if tail not in attributes or not isinstance(f.base, Name):
                        continue
                    if foreign is None:
                        foreign = _foreign_names(context, m)
                    if f.base.id not in foreign:
                        yield m, i
                elif isinstance(f, Subscript) or isinstance(f, Name) and _held(context, m, call.scope, tail):
                    yield m, i


def _foreign_names(context: Context, m: Module) -> set[str]:
    """Names that the module's top level imports from other packages: `np.log(x)` calls no variable."""
    return {name for name, bindings in m.bindings(0).items() if all(_is_foreign(context, m, b) for b in bindings)}


def _is_foreign(context: Context, m: Module, binding: Binding) -> bool:
    """Does it bind what is imported from another package?"""
    imported = binding.value
    return (
        binding.kind == "import"
        and isinstance(imported, Imported)
        and not imported.level
        and context.project.resolve(m, imported.module.partition(".")[0], 0) is None
    )


def _assigned(m: Module, scope: int, name: str) -> bool:
    """Is a capitalised name a variable that is assigned or passed here, such as `Q_net` or `G`?

    A class that is imported or has another name is none.
    """
    while scope >= 0:
        bindings = m.bindings(scope).get(name)
        if bindings:
            return all(b.kind == "param" or b.kind == "assign" and isinstance(b.value, CallRef) for b in bindings)
        scope = m.scopes[scope].parent
    return False


def _held(context: Context, m: Module, scope: int, name: str) -> bool:
    """Is the name a variable here, not a function, class or builtin?

    An imported lower-case name may be a model of another module.
    """
    while scope >= 0:
        bindings = m.bindings(scope).get(name)
        if bindings:
            return any(
                b.kind in _HELD
                and (not isinstance(b.value, Imported) or _may_be_model(context, name, b.value.attribute))
                for b in bindings
            )
        scope = m.scopes[scope].parent
    return False


def _may_be_model(context: Context, name: str, attribute: str | None) -> bool:
    """May an imported name be a variable of the other module?

    One that is also a function of the project hardly is, unless it says so.
    """
    if not name[:1].islower() or not attribute:
        return False
    return attribute not in context.project.defined or "model" in name or "net" in name
