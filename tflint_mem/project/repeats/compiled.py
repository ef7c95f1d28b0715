"""compiled(site): does a function always run inside a traced graph?"""

from tflint_mem import facts as F

_KERAS_METHODS = frozenset(
    ("call", "train_step", "test_step", "predict_step", "compute_loss", "compute_metrics", "build", "get_config")
)
_TRACING = frozenset(
    ("tf.function", "tf.custom_gradient", "tf.recompute_grad", "tf.contrib.eager.defun", "tf.autograph.to_graph")
)


class Compiled:
    def __init__(self, project):
        self.project = project
        self._memo = {}

    def traced(self, m, scope):
        """Is the function itself a `tf.function` (decorated or wrapped), a Keras step, or handed only to something that traces it?

        What `Dataset.map` gets it traces; another caller of the same function still runs it as that caller does.
        """
        key = ("traced", m.index, scope)
        return self._remembered(key, False, self._traced, m, scope)

    def _remembered(self, key, meanwhile, find, m, scope):
        """The answer that `find` gives, which is `meanwhile` where it depends on itself."""
        found = self._memo.get(key)
        if found is None:
            self._memo[key] = meanwhile
            found, lasts = self.project.infer.lasting(find, m, scope)
            if lasts:
                self._memo[key] = found
            else:
                del self._memo[key]
        return found

    def _traced(self, m, scope):
        record = m.scopes[scope]
        names = self.project.infer.decorator_names(m, scope)
        if any(
            n in _TRACING or n.endswith(("tf_function", ".jit", "tf_function_if_enabled")) and not n.startswith("numba")
            for n in names
        ):
            return True
        for name in names:
            if name.startswith("fn:") and self._wraps(name):
                return True
        if m.is_method(scope):
            kind = self.project.infer.class_kind(m, record[F.S_PARENT])
            if kind in ("model", "layer", "loss", "losses", "metrics") and record[F.S_NAME] in _KERAS_METHODS:
                return True
        ways = {how for _, _, how in self.project.callers(m, scope)}
        return "compiled" in ways or ways == {"compiled-map"}

    def _wraps(self, name):
        """Is a decorator of the project one that applies `tf.function` to what it decorates?"""
        _, index, scope = name.split(":")
        m, scope = self.project.module(int(index)), int(scope)
        scopes = [scope] + [s for s, record in enumerate(m.scopes) if record[F.S_PARENT] == scope]
        return any("tf.function" in self.project.apis(m, i) for s in scopes for i in m.scope_calls(s))

    def always(self, m, scope):
        """Traced itself, nested in a traced function, or called only from such functions."""
        return self._remembered((m.index, scope), True, self._always, m, scope)  # in a cycle the other callers decide

    def _always(self, m, scope):
        inner = scope
        while inner > 0:
            if self.traced(m, inner):
                return True
            inner = m.scopes[inner][F.S_PARENT]
        if scope == 0:
            return False
        callers = [
            (other, j, how) for other, j, how in self.project.callers(m, scope) if how in ("call", "map", "replica")
        ]
        if not callers:  # what a library's user would hand over is called by the names of things
            callers = self.project.repeats_of.kindred.callers(m, scope)
        if not callers:
            return False
        return all(self.call(other, j) for other, j, _ in callers)

    def call(self, m, i):
        """Does this call always run compiled?"""
        return self.always(m, m.calls[i][3])
