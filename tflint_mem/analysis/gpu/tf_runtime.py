"""Which code runs TensorFlow: starts its thread pools and devices by an operation, a variable, a model?

`of(context).before(m, i)` gives a call that has run it when call `i` runs, None when none is found.  That may be wrong
either way: conditions on the way count as passed, and what too many calls lead to is given up.
"""

from __future__ import annotations

from tflint_mem.analysis.models import lifetimes
from tflint_mem.facts import FALSE, NONE, BoolOp, Comparison, If, Import, Name
from tflint_mem.hardening.budget import settle
from tflint_mem.knowledge import is_op, result_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tflint_mem.facts import Expression
    from tflint_mem.hardening.budget import Search
    from tflint_mem.project.linking.module import Function, Module, Site
    from tflint_mem.ruleset.context import Context

    Key = tuple[int, int]  # a function: the index of its module, and the number of its scope

MOST_STEPS = 1_000  # calls that one search for what has run before looks at
MAX_DEPTH = 5  # callers of callers that it goes through
MAX_IMPORTS = 2  # imports of imports that it goes through
_KINDS = frozenset(("model", "saved_model", "variable", "dataset", "table"))
_RECEIVERS = frozenset(
    (
        "model",
        "saved_model",
        "layer",
        "dataset",
        "tape",
        "optimizer",
        "metric",
        "loss",
        "variable",
        "tf.function",
        "table",
    )
)


class Runtime:
    """Answers about one project; keep one per run (`of(context)`)."""

    def __init__(self, context: Context) -> None:
        self.context, self.project = context, context.project
        self._functions: dict[Key, int] = {}  # function -> 1 when it runs TensorFlow
        self._running: dict[Key, list[int]] = {}  # scope -> its calls that run TensorFlow
        self._before_functions: dict[tuple[Key, int], Site | None] = {}  # function and depth -> what has run before it
        self._imports: dict[tuple[int, int], Site | None] = {}  # index of a module and depth -> what its import runs
        self._cuts = 0  # functions that were not looked at because the search came from there

    def call(self, m: Module, i: int) -> bool:
        """Does this call run TensorFlow, itself or in the functions of the project that it calls?"""
        return any(_runs(name) for name in self.project.apis(m, i)) or any(
            self.function(fm, scope) for fm, scope in self.project.functions_called(m, i)
        )

    def function(self, m: Module, scope: int) -> bool:
        """Does a run of the function run TensorFlow?"""
        return settle((m.index, scope), self._look, self._functions) > 0

    def _look(self, function: Key) -> tuple[int, Iterable[Key]]:
        index, scope = function
        m = self.project.module(index)
        calls = [i for i in m.scope_calls(scope) if not _on_request(m, i)]
        if "tf.function" in self.context.infer.decorator_names(m, scope) or any(
            _runs(name) for i in calls for name in self.project.apis(m, i)
        ):
            return 1, ()
        return 0, ((fm.index, s) for i in calls for fm, s in self.project.functions_called(m, i))

    def before(self, m: Module, i: int) -> Site | None:
        """The call that has run TensorFlow in this process when call `i` runs, as (module, call), or None.

        Looked for: earlier in the same function, in another pass of a loop around it, in the constructor of its object,
        earlier in its callers, at the top of its module and of those that it imports.
        """
        search = self.project.searches.begin("what has run TensorFlow", m, i, MOST_STEPS)
        found = self._before(m, i, 0, (), search)
        if found is None and search.spent:
            search.give_up()
        return found

    def _before(self, m: Module, i: int, depth: int, seen: tuple[Key, ...], search: Search) -> Site | None:
        if not search.step():
            return None
        scope = m.calls[i].scope
        earlier = self._earlier(m, i)
        if earlier is not None:
            return (m, earlier)
        if scope == 0:
            return self.at_import(m, i)
        key = (m.index, scope)
        if depth > MAX_DEPTH or key in seen:
            self._cuts += key in seen
            return None
        if (key, depth) in self._before_functions:
            return self._before_functions[key, depth]
        cuts = self._cuts
        found = self._before_function(m, scope, depth, (*seen, key), search)
        if self._cuts == cuts and not search.spent:  # nothing on the way had to be left out
            self._before_functions[key, depth] = found
        return found

    def _before_function(self, m: Module, scope: int, depth: int, seen: tuple[Key, ...], search: Search) -> Site | None:
        constructor = self._constructor(m, scope)
        if constructor is not None:
            cm, init = constructor
            for k in self._calls_that_run(cm, init):
                return (cm, k)
        for caller, k, how in self.project.callers(m, scope):
            if how in ("call", "map", "submit", "callback", "handler"):
                found = self._before(caller, k, depth + 1, seen, search)
                if found is not None:
                    return found
        return self.at_import(m, None)

    def _calls_that_run(self, m: Module, scope: int) -> list[int]:
        """The calls of a scope that run TensorFlow, in order."""
        key = (m.index, scope)
        if key not in self._running:
            self._running[key] = [k for k in m.scope_calls(scope) if self.call(m, k)]
        return self._running[key]

    def _earlier(self, m: Module, i: int) -> int | None:
        """A call before `i` in its function that can run before it, or one behind it in a loop around both."""
        call = m.calls[i]
        loops = [b for b in m.loops(call.block) if m.blocks[b].kind != "comp"]
        for k in self._calls_that_run(m, call.scope):
            if k == i or not lifetimes.meet(m, min(i, k), max(i, k)):
                continue
            if k > i and not any(m.inside(m.calls[k].block, loop) for loop in loops):
                continue
            if m.calls[k].statement != call.statement or k < i:
                return k
        return None

    def _constructor(self, m: Module, scope: int) -> Function | None:
        """`__init__` of the class whose method this is, or None."""
        scope = m.class_around(scope)
        return self.context.infer.lookup(m, scope, "__init__") if scope > 0 else None

    def at_import(self, m: Module, before: int | None, depth: int = 0) -> Site | None:
        """A call at the top level of a module, or of one that it imports, that runs TensorFlow.

        before  only calls of the module before this one count; None: all but those under an `if`
        """
        if before is not None:
            earliest = next(iter(self._calls_that_run(m, 0)), before)
            return (m, earliest) if earliest < before else self._at_imports(m, depth)
        key = (m.index, depth)
        if key not in self._imports:
            first = next((k for k in self._calls_that_run(m, 0) if not self._guarded_main(m, k)), None)
            self._imports[key] = (m, first) if first is not None else self._at_imports(m, depth)
        return self._imports[key]

    def _at_imports(self, m: Module, depth: int) -> Site | None:
        """A call at the top level of a module that the module imports."""
        if depth >= MAX_IMPORTS:
            return None
        for s in m.scope_statements(0):
            statement = m.statements[s]
            if isinstance(statement, Import) and statement.block == -1:
                for other in self._imported(m, statement):
                    found = self.at_import(other, None, depth + 1)
                    if found is not None:
                        return found
        return None

    def _imported(self, m: Module, statement: Import) -> Iterator[Module]:
        """The other modules that an import statement names."""
        for imported in statement.names:
            dotted, attribute, level = imported.module, imported.attribute, imported.level
            target = self.project.resolve(m, dotted, level) if dotted or level else None
            sub = (
                self.project.resolve(m, (dotted + "." if dotted else "") + attribute, level)
                if attribute and attribute != "*"
                else None
            )
            for other in (target, sub):
                if other is not None and other is not m:
                    yield other

    @staticmethod
    def _guarded_main(m: Module, k: int) -> bool:
        return any(m.blocks[b].kind == "if" for b in m.chain(m.calls[k].block))


def _on_request(m: Module, i: int) -> bool:
    """Does call `i` run only where its function is told to: `if return_tensors == "tf":`?

    It is told by a parameter that is None or False by default.
    """
    asking = {param.name for param in m.scopes[m.calls[i].scope].parameters if param.default in (NONE, FALSE)}
    for b in m.chain(m.calls[i].block) if asking else ():
        block = m.blocks[b]
        statement = m.statements[block.statement]
        if block.kind == "if" and block.branch and isinstance(statement, If):
            for test in _conjuncts(statement.test):
                told = (
                    test.left
                    if isinstance(test, Comparison)
                    and test.ops in (("==",), ("is",), ("in",))
                    and test.rights != (NONE,)
                    else test
                )
                if isinstance(told, Name) and told.id in asking:
                    return True
    return False


def _conjuncts(test: Expression) -> Sequence[Expression]:
    return test.items if isinstance(test, BoolOp) and test.op == "and" else (test,)


def of(context: Context) -> Runtime:
    """The one Runtime of a run."""
    return context.once("runtime", lambda: Runtime(context))


def _runs(name: str) -> bool:
    """Does a call of that canonical name start TensorFlow's runtime?"""
    head, _, method = name.rpartition(".")
    if head in _RECEIVERS:
        return not method.startswith(("get_config", "summary", "to_json", "compile"))
    if name == "new:model":
        return False  # its layers are counted where they are called
    if name.startswith(("tf.", "keras.", "hub.")):
        kind = result_of(name)
        return kind in _KINDS or kind == "tensor" and is_op(name)
    return False
