"""Calls of things that variables and attributes hold: `model(x)`, `self.net(x)`, `nets[k](x)`.

A function or class that is called by its own name is none; that leaves few calls whose receiver has to be inferred.
"""

import builtins

from tflint_mem import facts as F

_HELD = frozenset(("assign", "param", "iter", "with", "annotation", "import"))


def calls(context):
    """(module, call) of every call, with an argument, of a name or attribute that was assigned, passed or imported."""
    if "held" not in context.memo:
        context.memo["held"] = list(_calls(context))
    return context.memo["held"]


def _calls(context):
    attributes = set()
    for m in context.project.all_modules():
        attributes |= _assigned_attributes(m)
    for m in context.project.all_modules():
        if context.in_tests(m):
            continue
        for tail, calls in m.calls_by_tail().items():
            if tail[:1].isupper() or tail in vars(builtins):
                continue
            for i in calls:
                call = m.calls[i]
                f = call[0]
                if call[1] and (f[0] == "a" and tail in attributes and f[1][0] == "n" or f[0] == "x" or f[0] == "n" and _held(m, call[3], tail)):
                    yield m, i


def _assigned_attributes(m):
    """Attributes set by `self.x = …` in the module."""
    found = set()
    for statement in m.statements:
        if statement is not None and statement[0] == F.ASSIGN:
            for target in statement[5]:
                if target[0] == "a":
                    found.add(target[2])
                elif target[0] == "t":
                    found.update(item[2] for item in target[1] if item[0] == "a")
    return found


def _held(m, scope, name):
    """Is the name a variable here, not a function, class or builtin?  An imported lower-case name may be a model of another module."""
    while scope >= 0:
        bindings = m.bindings(scope).get(name)
        if bindings:
            return any(b[0] in _HELD and (b[0] != "import" or name[:1].islower() and b[3][2] not in (None, "")) for b in bindings)
        scope = m.scopes[scope][F.S_PARENT]
    return False
