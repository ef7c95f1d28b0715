"""compiled(site): does a function always run inside a traced graph?"""

from __future__ import annotations

from .reach import own_decorators

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

    Key = tuple[str, int, int]  # the question, the index of the module, the scope

_KERAS_METHODS = frozenset(
    ("call", "train_step", "test_step", "predict_step", "compute_loss", "compute_metrics", "build", "get_config")
)
_KERAS_KINDS = frozenset(("model", "layer", "loss", "losses", "metrics"))
_TRACING = frozenset(
    ("tf.function", "tf.custom_gradient", "tf.recompute_grad", "tf.contrib.eager.defun", "tf.autograph.to_graph")
)
_TRACING_ENDS = ("tf_function", ".jit", "tf_function_if_enabled")
_AS_CALLER = frozenset(("call", "map", "replica"))  # runs as the caller does


class Compiled:
    """Answers of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._memo: dict[Key, bool] = {}

    def traced(self, m: Module, scope: int) -> bool:
        """Is the function itself a `tf.function` (decorated or wrapped), a Keras step, or only given to what traces it?

        What `Dataset.map` gets it traces; another caller of the same function still runs it as that caller does.
        """
        return self._remembered(("traced", m.index, scope), False, self._traced, m, scope)

    def always(self, m: Module, scope: int) -> bool:
        """Is it traced itself, nested in a traced function, or called only from such functions?"""
        # in a cycle the other callers decide
        return self._remembered(("always", m.index, scope), True, self._always, m, scope)

    def call(self, m: Module, i: int) -> bool:
        """Does this call always run compiled?"""
        return self.always(m, m.calls[i].scope)

    def _remembered(
        self, key: Key, meanwhile: bool, find: Callable[[Module, int], bool], m: Module, scope: int
    ) -> bool:
        """The answer that `find` gives, which is `meanwhile` where it depends on itself."""
        known = self._memo.get(key)
        if known is not None:
            return known
        self._memo[key] = meanwhile
        found, lasts = self.project.infer.lasting(find, m, scope)
        if lasts:
            self._memo[key] = found
        else:
            del self._memo[key]
        return found

    def _traced(self, m: Module, scope: int) -> bool:
        record = m.scopes[scope]
        for name in self.project.infer.decorator_names(m, scope):
            if name in _TRACING or name.endswith(_TRACING_ENDS) and not name.startswith("numba"):
                return True
        if any(self._wraps(dm, decorator) for dm, decorator in own_decorators(self.project, m, scope)):
            return True
        if m.is_method(scope):
            kind = self.project.infer.class_kind(m, record.parent)
            if kind in _KERAS_KINDS and record.name in _KERAS_METHODS:
                return True
        ways = {how for _, _, how in self.project.callers(m, scope)}
        return "compiled" in ways or ways == {"compiled-map"}

    def _wraps(self, m: Module, scope: int) -> bool:
        """Is a decorator of the project one that applies `tf.function` to what it decorates?"""
        scopes = [scope] + [s for s, record in enumerate(m.scopes) if record.parent == scope]
        return any("tf.function" in self.project.apis(m, i) for s in scopes for i in m.scope_calls(s))

    def _always(self, m: Module, scope: int) -> bool:
        inner = scope
        while inner > 0:
            if self.traced(m, inner):
                return True
            inner = m.scopes[inner].parent
        if scope == 0:
            return False
        callers = [(other, j) for other, j, how in self.project.callers(m, scope) if how in _AS_CALLER]
        if not callers:  # what a library's user would hand over is called by the names of things
            callers = [(other, j) for other, j, _ in self.project.repeats_of.kindred.callers(m, scope)]
        return bool(callers) and all(self.call(other, j) for other, j in callers)
