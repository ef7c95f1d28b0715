"""Sessions that are made to configure a GPU.

The question: *does the configuration of the session that a call is given ask for memory growth, and which statements
are there for that session alone?*  Looked for in the module of the call: by value the session, by name its
configuration.  No configuration to be seen is told apart from one that asks for nothing.
"""

from __future__ import annotations

from tflint_mem.facts import Assign, Attribute, CallRef, Name, walk
from tflint_mem.project.holds.values import CallOrigin, Thing
from tflint_mem.project.linking.body import statement_expressions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context


def opened_by(context: Context, m: Module, i: int) -> int | None:
    """The call in this module that makes the session, or None."""
    given = context.argument(m, i, 0, "session")
    for v in context.infer.values(m, m.calls[i].scope, given, m.calls[i].statement) if given is not None else ():
        if isinstance(v, Thing) and v.kind == "session":
            origin = v.origin
            if isinstance(origin, CallOrigin) and origin.module == m.index:
                return origin.call
    return None


def asks_for_growth(context: Context, m: Module, i: int) -> bool | None:
    """Does the session's configuration ask for growth?  None when there is no configuration to be seen."""
    session = opened_by(context, m, i)
    if session is None:
        return None
    config = context.argument(m, session, None, "config")
    if config is None:
        return None
    for e in walk(config, m.calls):
        if _names_growth(m, e):
            return True
        if isinstance(e, Name) and _configured(m, m.calls[session].scope, e):
            return True
    return False


def _names_growth(m: Module, e: Expression) -> bool:
    return isinstance(e, CallRef) and any(k.name == "allow_growth" for k in m.calls[e.number].keywords)


def _configured(m: Module, scope: int, name: Name) -> bool:
    """`config.gpu_options.allow_growth = True`, or a configuration made with it."""
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if isinstance(statement, Assign) and statement.value is not None:
            for target in statement.targets:
                if target == Attribute(Attribute(name, "gpu_options"), "allow_growth"):
                    return True
                if target == name and any(_names_growth(m, e) for e in walk(statement.value, m.calls)):
                    return True
    return False


def with_setup(m: Module, i: int) -> set[int]:
    """The statement of call `i`, and those before it that only make its session and configuration."""
    found = {m.calls[i].statement}
    while True:
        more = {s for s in m.scope_statements(0) if s not in found and _only_for(m, s, found)}
        if not more:
            return found
        found |= more


def _only_for(m: Module, s: int, found: set[int]) -> bool:
    """Does statement `s` bind or change a name that nothing outside of `found` reads?"""
    statement = m.statements[s]
    if not isinstance(statement, Assign) or statement.block != -1 or len(statement.targets) != 1 or s > max(found):
        return False
    base = _root(statement.targets[0])
    if not isinstance(base, Name) or not any(base in _read(m, other) for other in found):
        return False
    same = set()
    for k in m.scope_statements(0):
        other = m.statements[k]
        if isinstance(other, Assign) and any(_root(target) == base for target in other.targets):
            same.add(k)
    return all(k in found or k in same or base not in _read(m, k) for k in range(len(m.statements)))


def _root(e: Expression) -> Expression:
    """What a chain of attributes begins with."""
    while isinstance(e, Attribute):
        e = e.base
    return e


def _read(m: Module, s: int) -> set[Name]:
    """The names in the expressions of a statement."""
    expressions = statement_expressions(m.statements[s])
    return {e for expression in expressions for e in walk(expression, m.calls) if isinstance(e, Name)}
