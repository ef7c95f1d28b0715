"""Which code runs TensorFlow: starts its thread pools and devices by an operation, a variable, a model."""

from __future__ import annotations

from tflint_mem.analysis.models import lifetimes
from tflint_mem.facts import BoolOp, Comparison, Constant, Import, Name
from tflint_mem.hardening.budget import settle
from tflint_mem.knowledge import is_op, result_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

MOST_STEPS = 1_000  # calls that one search for what has run before looks at
MAX_DEPTH = 5  # callers of callers that it goes through
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

    def __init__(self, context: Context):
        self.context, self.project = context, context.project
        self._memo, self._running, self._before_functions, self._imports, self._cuts = {}, {}, {}, {}, 0

    def call(self, m: Module, i: int):
        """Does this call run TensorFlow, itself or in the functions of the project that it calls?"""
        return any(_runs(name) for name in self.project.apis(m, i)) or any(
            self.function(fm, scope) for fm, scope in self.project.functions_called(m, i)
        )

    def function(self, m: Module, scope: int):
        """Does a run of the function run TensorFlow?"""
        return settle((m.index, scope), self._look, self._memo) > 0

    def _look(self, function: int):
        m, scope = self.project.module(function[0]), function[1]
        calls = [i for i in m.scope_calls(scope) if not _on_request(m, i)]
        if "tf.function" in self.context.infer.decorator_names(m, scope) or any(
            _runs(name) for i in calls for name in self.project.apis(m, i)
        ):
            return 1, ()
        return 0, ((fm.index, s) for i in calls for fm, s in self.project.functions_called(m, i))

    def before(self, m: Module, i: int):
        """The call that has run TensorFlow in this process when call `i` runs, as (module, call), or None.

        Looked for: earlier in the same function, in another pass of a loop around it, in the constructor of its object,
        earlier in its callers, at the top of its module and of those that it imports.
        """
        search = self.project.searches.begin("what has run TensorFlow", m, i, MOST_STEPS)
        found = self._before(m, i, 0, (), search)
        if found is None and search.spent:
            search.give_up()
        return found

    def _before(self, m: Module, i: int, depth, seen, search):
        if not search.step():
            return None
        scope = m.calls[i].scope
        found = self._earlier(m, i)
        if found is not None:
            return (m, found)
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

    def _before_function(self, m: Module, scope: int, depth, seen, search):
        for own in self._constructors(m, scope):
            for k in self._calls_that_run(*own):
                return (own[0], k)
        for caller, k, how in self.project.callers(m, scope):
            if how in ("call", "map", "submit", "callback", "handler"):
                found = self._before(caller, k, depth + 1, seen, search)
                if found is not None:
                    return found
        return self.at_import(m, None)

    def _calls_that_run(self, m: Module, scope: int):
        """The calls of a scope that run TensorFlow, in order."""
        key = (m.index, scope)
        if key not in self._running:
            self._running[key] = [k for k in m.scope_calls(scope) if self.call(m, k)]
        return self._running[key]

    def _earlier(self, m: Module, i: int):
        """A call before `i` in its function that can run before it, or one behind it in a loop around both."""
        call = m.calls[i]
        loops = [c for c in m.loops(call.block) if m.contexts[c].kind != "comp"]
        for k in self._calls_that_run(m, call.scope):
            if k == i or not lifetimes.meet(m, min(i, k), max(i, k)):
                continue
            if k > i and not any(m.inside(m.calls[k][4], loop) for loop in loops):
                continue
            if m.calls[k][5] != call.statement or k < i:
                return k
        return None

    def _constructors(self, m: Module, scope: int):
        """`__init__` of the class whose method this is."""
        while scope > 0 and m.scopes[scope].kind != "class":
            scope = m.scopes[scope].parent
        if scope <= 0:
            return []
        init = self.context.infer.lookup(m, scope, "__init__")
        return [init] if init else []

    def at_import(self, m: Module, before, depth=0):
        """A call at the top level of a module (before call `before`), or of one that it imports, that runs TensorFlow."""
        if before is not None:
            first = next(iter(self._calls_that_run(m, 0)), before)
            return (m, first) if first < before else self._at_imports(m, depth)
        key = (m.index, depth)
        if key not in self._imports:
            first = next((k for k in self._calls_that_run(m, 0) if not self._guarded_main(m, k)), None)
            self._imports[key] = (m, first) if first is not None else self._at_imports(m, depth)
        return self._imports[key]

    def _at_imports(self, m: Module, depth):
        """A call at the top level of a module that the module imports."""
        if depth >= 2:
            return None
        for s in m.scope_statements(0):
            statement = m.statements[s]
            if statement and isinstance(statement, Import) and statement.block == -1:
                for other in self._imported(m, statement):
                    found = self.at_import(other, None, depth + 1)
                    if found is not None:
                        return found
        return None

    def _imported(self, m: Module, statement: int):
        for name, dotted, attribute, level in statement[5]:
            target = self.project.resolve(m, dotted, level) if dotted or level else None
            sub = (
                self.project.resolve(m, (dotted + "." if dotted else "") + attribute, level)
                if attribute not in (None, "", "*")
                else None
            )
            for other in (target, sub):
                if other is not None and other is not m:
                    yield other

    @staticmethod
    def _guarded_main(m: Module, k):
        return any(m.contexts[c].kind == "if" for c in m.chain(m.calls[k][4]))


def _on_request(m: Module, i: int):
    """Does call `i` run only where its function is told to, by a parameter that is None or False by default: `if return_tensors == "tf":`?"""
    asking = {
        param.name
        for param in m.scopes[m.calls[i].scope].parameters
        if param.default in (Constant(None), Constant(False))
    }
    for c in m.chain(m.calls[i].block) if asking else ():
        kind, _, statement, branch = m.contexts[c]
        if kind == "if" and branch:
            for test in _conjuncts(m.statements[statement][5]):
                told = (
                    test.left
                    if isinstance(test, Comparison)
                    and test.ops in (("==",), ("is",), ("in",))
                    and test.rights != (Constant(None),)
                    else test
                )
                if isinstance(told, Name) and told.id in asking:
                    return True
    return False


def _conjuncts(test: Expression):
    return test.items if isinstance(test, BoolOp) and test.op == "and" else (test,)


def of(context: Context):
    """The one Runtime of a run."""
    if "runtime" not in context.memo:
        context.memo["runtime"] = Runtime(context)
    return context.memo["runtime"]


def _runs(name: str):
    head, _, method = name.rpartition(".")
    if head in _RECEIVERS:
        return not method.startswith(("get_config", "summary", "to_json", "compile"))
    if name == "new:model":
        return False  # its layers are counted where they are called
    if name.startswith(("tf.", "keras.", "hub.")):
        kind = result_of(name)
        return kind in _KINDS or kind == "tensor" and is_op(name)
    return False
