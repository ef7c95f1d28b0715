"""What may running a piece of code do besides computing: write files, wait for somebody, set what others read?

A fix that moves code past this piece, or runs it once instead of each time, asks here first.  The search follows the
project's own functions to a depth; what it cannot see is `unknown`, and no fix is safe there.
"""

from __future__ import annotations

from tflint_mem.facts import (
    Assign,
    Attribute,
    Augment,
    Await,
    Constant,
    Delete,
    For,
    Lambda,
    Name,
    SequenceDisplay,
    Starred,
    Subscript,
    With,
    Yield,
    dotted,
    tail_of,
)
from tflint_mem.knowledge import TRAINING_METHODS
from tflint_mem.project.holds.values import (
    CallOrigin,
    ClassValue,
    External,
    Instance,
    SelfValue,
    SequenceValue,
    Thing,
    TupleValue,
)

from .effect_names import (
    CALCULATE,
    CHECKPOINTS,
    DATA_METHODS,
    FRAMEWORK,
    KINDS,
    LOOKS,
    MUTATORS,
    QUIET_CALLBACKS,
    RUNS_PROGRAMS,
    SAVERS,
    UNKNOWN_BUILTINS,
    WAITS,
)
from .paths import ANYWHERE, ends, target
from .syntax import walk_statement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from tflint_mem.facts import Call, Expression, Statement
    from tflint_mem.project.holds.values import Value
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

    from .paths import Ends

MAX_DEPTH = 6  # functions in each other
MAX_FUNCTIONS = 200
_WHOLE = -1  # the block that stands for a whole function


class Effects:
    """What a region may do.

    written     the ends of the paths of the files it may write; `paths.ANYWHERE` where nobody knows which
    looked      the same of the paths that it asks about: is there a file, how old is it?
    waits       seconds that it sleeps at most; infinite for a message, a person or a time that nobody knows
    unknown     the first thing called that nobody can see into, "" when there is none
    attributes  last names of attributes, and of lists and arrays, that are assigned or changed
    names       {(module index, name)} of module variables, and of variables of outer functions, that it binds
    """

    __slots__ = ("written", "looked", "waits", "unknown", "attributes", "names")

    def __init__(self) -> None:
        self.written: list[Ends] = []
        self.looked: list[Ends] = []
        self.waits = 0.0
        self.unknown = ""
        self.attributes: set[str] = set()
        self.names: set[tuple[int, str]] = set()

    @property
    def empty(self) -> bool:
        """Nothing but computing."""
        return not (self.written or self.looked or self.waits or self.unknown or self.attributes or self.names)


def of_loop(context: Context, m: Module, loop: int, but: int | None = None) -> Effects:
    """Effects of one loop's block of module `m`, the functions that it calls included.

    but   a call that does not count.  Many fixes of one loop ask, each but for its own call: where that has no effects
          the answer is one for all of them
    """
    scope = m.statements[m.blocks[loop].statement].scope
    if but is not None and not _matters(context, m, scope, loop, but):
        but = None
    return context.once(("effects", m.index, loop, but), lambda: _of_region(context, m, scope, loop, but))


def _matters(context: Context, m: Module, scope: int, loop: int, i: int) -> bool:
    """Does a call stand in the loop, and has it effects of its own?"""
    if i >= len(m.calls) or m.calls[i].scope != scope or not m.inside(m.calls[i].block, loop):
        return False
    alone = _Search(context)
    alone.call(m, i, 0)
    return not alone.found.empty


def _of_region(context: Context, m: Module, scope: int, loop: int, but: int | None) -> Effects:
    search = _Search(context)
    search.region(m, scope, loop, but, 0)
    return search.found


class _Search:
    """One search for effects.

    found  what it has found so far
    seen   (module index, scope) of the functions it has gone through
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.found = Effects()
        self.seen: set[tuple[int, int]] = set()

    def region(self, m: Module, scope: int, loop: int, but: int | None, depth: int) -> None:
        """Enter the effects of a scope, or of a loop in it, but for those of one call."""
        outer = set(m.global_names(scope)) if scope > 0 else set()
        header = m.blocks[loop].statement if loop >= 0 else None
        for s in m.scope_statements(scope):
            statement = m.statements[s]
            if not m.inside(statement.block, loop) and s != header:
                continue
            for e in _targets(statement):
                if isinstance(e, Attribute):
                    self.found.attributes.add(e.attr)
                elif isinstance(e, Subscript):
                    self.found.attributes.add(tail_of(e.base) or "")
                elif isinstance(e, Name) and (scope == 0 or e.id in outer):
                    self.found.names.add((m.index, e.id))
            if any(isinstance(e, (Await, Yield)) for e in walk_statement(m, statement)):
                self.unsure("what runs while it is suspended")
        for i in m.scope_calls(scope):
            if i != but and m.inside(m.calls[i].block, loop):
                self.call(m, i, depth)

    def unsure(self, name: str) -> None:
        """Enter something that nobody can see into; the first one is named."""
        self.found.unknown = self.found.unknown or name

    def call(self, m: Module, i: int, depth: int) -> None:
        """Enter the effects of one call, in so many functions that call each other."""
        call, context = m.calls[i], self.context
        tail = tail_of(call.func) or ""
        apis = context.project.apis(m, i)
        names = apis | {v.name for v in context.infer.callee(m, i) if isinstance(v, External)}
        functions = context.project.functions_called(m, i)
        if isinstance(call.func, Attribute) and (tail in MUTATORS or tail.startswith(("set_", "add_")) and not apis):
            self.found.attributes.add(tail_of(call.func.base) or "")
        if apis & CHECKPOINTS:
            self.written(m, i, 0)
        elif "builtins.open" in names or call.func == Name("open"):
            if self._opens_to_write(m, i):
                self.written(m, i, 0)
        elif functions:
            for fm, scope in functions:
                self.function(fm, scope, depth)
            self.handed(m, i, depth)
        elif tail in WAITS:
            self.waiting(m, call, tail)
        elif tail in LOOKS:
            path = call.args[0] if call.args else call.func.base if isinstance(call.func, Attribute) else None
            self.found.looked.append(
                ends(context, m, call.scope, path, call.statement) if path is not None else ANYWHERE
            )
        elif tail in SAVERS and not _of_data(m, i, tail, names):
            self.written(m, i)
        elif _runs_a_program(call, tail, apis, names):
            self.unsure(f"{tail}()")
        elif tail in TRAINING_METHODS and (callbacks := context.argument(m, i, None, "callbacks")) is not None:
            self.callbacks(m, i, callbacks)
        elif self.harmless(m, i, tail, apis, names):
            self.handed(m, i, depth)
        else:
            self.unsure(f"{tail or 'what it calls'}()")

    def _opens_to_write(self, m: Module, i: int) -> bool:
        """Does a call of `open` say that it writes, or in a way that nobody knows?"""
        mode = self.context.argument(m, i, 1, "mode")
        return mode is not None and not (
            isinstance(mode, Constant) and isinstance(mode.value, str) and not set(mode.value) & set("wax+")
        )

    def handed(self, m: Module, i: int, depth: int) -> None:
        """Functions of the project that the call is given: it may run them."""
        call = m.calls[i]
        for argument in m.arguments(i):
            if isinstance(argument, (Lambda, Name, Attribute)):
                for fm, scope in self.context.project.functions_in(m, call.scope, argument, call.statement):
                    self.function(fm, scope, depth)

    def waiting(self, m: Module, call: Call, tail: str) -> None:
        """Enter how long a call waits, in seconds."""
        seconds = (
            self.context.project.repeats_of.number(m, call.scope, call.args[0], call.statement)
            if tail == "sleep" and call.args
            else None
        )
        self.found.waits = max(self.found.waits, seconds if seconds is not None else float("inf"))

    def harmless(self, m: Module, i: int, tail: str, apis: AbstractSet[str], names: AbstractSet[str]) -> bool:
        """Is the call one of TensorFlow, of a library that calculates, or of an object that only holds data?"""
        call = m.calls[i]
        if isinstance(call.func, Name) and tail in UNKNOWN_BUILTINS:
            return False
        if any(name.startswith(FRAMEWORK) or name.partition(".")[0] in KINDS for name in apis):
            return True
        if any(
            name.partition(".")[0] in CALCULATE
            or name.startswith(("os.path.", "os.getcwd", "os.listdir", "os.environ"))
            for name in names
        ):
            return True
        if any(isinstance(v, ClassValue) for v in self.context.infer.callee(m, i)):
            return True  # a class without a constructor of its own
        return (
            isinstance(call.func, Attribute)
            and tail in DATA_METHODS
            or any(name.startswith("ext:") and name[4:].partition(".")[0] in CALCULATE for name in apis)
        )

    def function(self, m: Module, scope: int, depth: int) -> None:
        """Enter the effects of a function, once."""
        key = (m.index, scope)
        if key in self.seen:
            return
        if depth >= MAX_DEPTH or len(self.seen) >= MAX_FUNCTIONS:
            self.unsure(f"{m.scopes[scope].name}()")
            return
        self.seen.add(key)
        self.region(m, scope, _WHOLE, None, depth + 1)

    def callbacks(self, m: Module, i: int, given: Expression) -> None:
        """Callbacks of a training may write checkpoints."""
        call = m.calls[i]
        for item in given.items if isinstance(given, SequenceDisplay) else (given,):
            for v in self.context.infer.values(m, call.scope, item, call.statement) or (None,):
                self.callback(m, v)

    def callback(self, m: Module, v: Value | None) -> None:
        """Enter the effects of a callback; None: one of which nothing is known."""
        if isinstance(v, (SequenceValue, TupleValue)):
            for inner in self.context.infer.elements(frozenset((v,))):
                self.callback(m, inner)
        elif isinstance(v, Thing) and v.kind == "callback" and isinstance(v.origin, CallOrigin):
            om, j = self.context.project.module(v.origin.module), v.origin.call
            names = self.context.project.apis(om, j)
            if names & CHECKPOINTS:
                self.written(om, j, 0)
            elif not names & QUIET_CALLBACKS:
                self.unsure("a callback")
        elif isinstance(v, (Instance, SelfValue)):
            cm = self.context.project.module(v.module)
            for scope in cm.members(v.scope).values():
                self.function(cm, scope, 1)
        else:
            self.unsure("a callback")

    def written(self, m: Module, i: int, position: int | None = None) -> None:
        """Enter the file that a call writes: see `paths.target`."""
        self.found.written.append(target(self.context, m, i, position) or ANYWHERE)


def _runs_a_program(call: Call, tail: str, apis: AbstractSet[str], names: AbstractSet[str]) -> bool:
    """Does the call run another program?"""
    if any(name.startswith(("subprocess.", "os.system", "os.popen")) for name in names):
        return True
    if tail not in RUNS_PROGRAMS or apis or not isinstance(call.func, Attribute):
        return False
    parts = dotted(call.func)
    return parts is not None and parts[0] in ("os", "subprocess")


def _of_data(m: Module, i: int, tail: str, names: AbstractSet[str]) -> bool:
    """Is it `text.replace(a, b)`, `array.copy()`, `writer.write(…)` on something that is no file system?"""
    call = m.calls[i]
    if not isinstance(call.func, Attribute):
        return False
    if any(
        name.partition(".")[0] in ("seq", "map", "tup", "ndarray", "tensor", "variable", "dataset") for name in names
    ):
        return True
    known = dotted(call.func)
    library = known is not None and known[0] in ("os", "shutil", "gfile", "tf", "Path", "path")
    return (
        tail in ("replace", "copy", "remove", "write", "writelines", "delete", "move", "touch")
        and not library
        and (tail in ("replace", "write", "writelines") or len(call.args) == (0 if tail == "copy" else 1))
    )


def _targets(statement: Statement) -> list[Expression]:
    """What a statement assigns or deletes, tuples taken apart."""
    stack: list[Expression] = []
    if isinstance(statement, (Assign, Delete)):
        stack.extend(statement.targets)
    elif isinstance(statement, (Augment, For)):
        stack.append(statement.target)
    elif isinstance(statement, With):
        stack.extend(item.target for item in statement.items if item.target is not None)
    found = []
    while stack:
        e = stack.pop()
        if isinstance(e, SequenceDisplay):
            stack.extend(e.items)
        elif isinstance(e, Starred):
            stack.append(e.value)
        else:
            found.append(e)
    return found
