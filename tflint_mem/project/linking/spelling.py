"""Which TensorFlow or Keras code is spelled for, where nothing else says so: names that later ones have lost.

A claim about TensorFlow 2 does not hold for a program that cannot run there, whatever is installed today.
"""

from __future__ import annotations

import os

from .module import dotted, tail_of

TYPE_CHECKING = False  # importing `typing` costs more than a small file

if TYPE_CHECKING:
    from tflint_mem.project.project import Project

    from .module import Module

# What `tensorflow` itself has no longer since 2.0 (`tensorflow.compat.v1` has): by the path behind it.
_FIRST = frozenset(
    (
        "Session",
        "InteractiveSession",
        "placeholder",
        "get_variable",
        "variable_scope",
        "global_variables_initializer",
        "initialize_all_variables",
        "ConfigProto",
        "GPUOptions",
        "set_random_seed",
        "get_default_graph",
        "reset_default_graph",
        "get_collection",
        "to_float",
        "random_normal",
        "truncated_normal",
        "train.AdamOptimizer",
        "train.GradientDescentOptimizer",
        "train.RMSPropOptimizer",
        "train.Saver",
        "summary.FileWriter",
        "summary.merge_all",
        "layers.dense",
        "layers.conv2d",
        "app.run",
    )
)
_FIRST_TAILS = frozenset(name.rpartition(".")[2] for name in _FIRST)
_CUDNN = frozenset(("CuDNNLSTM", "CuDNNGRU"))
# Keywords of layers and models that Keras 2.4, which is TensorFlow's own, refuses.
_OLD_KEYWORDS = frozenset(
    ("nb_epoch", "samples_per_epoch", "nb_val_samples", "border_mode", "dim_ordering", "nb_filter")
)
_OF_MODELS = frozenset(("input", "output"))


class Spelling:
    """Answers about one project; each module is looked at once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._first: dict[int, bool] = {}
        self._alone: dict[int, bool] = {}
        self._old: set[int] | None = None

    def first_only(self, m: Module) -> bool:
        """Does the module call what only TensorFlow 1 has, whatever the version and under no condition?"""
        found = self._first.get(m.index)
        if found is None:
            found = self._first[m.index] = self._calls_first(m)
        return found

    def before_tensorflow(self, m: Module) -> bool:
        """Is the module's `keras` the one before 2.4, which builds graphs on several backends?

        It is where this module, one beside it, one that it imports or one that imports it uses what Keras has lost: a project may be
        a collection of programs of many years.
        """
        if not self._keras_alone(m):
            return False
        if self._old is None:
            self._old = {
                other.index
                for other in map(self.project.module, self.project.mentioned(("keras",)))
                if self._keras_alone(other) and self._old_keras(other)
            }
        if not self._old or m.index in self._old:
            return bool(self._old)
        imports, folder = self.project.imports, os.path.dirname(m.path)
        return not self._old.isdisjoint((*imports.direct(m), *imports.importers(m))) or any(
            os.path.dirname(self.project.modules[index].path) == folder for index in self._old
        )

    def _calls_first(self, m: Module) -> bool:
        named = {
            name
            for name, module, attribute, level in m.imports
            if module == "tensorflow" and not attribute and not level
        }
        named -= {
            name
            for name, module, attribute, level in m.imports
            if (module, attribute, level) != ("tensorflow", None, 0)
        }
        for tail in _FIRST_TAILS if named else ():
            for i in m.calls_by_tail().get(tail, ()):
                parts, scope = dotted(m.calls[i][0]), m.calls[i][3]
                if (
                    parts
                    and parts[0] in named
                    and ".".join(parts[1:]) in _FIRST
                    and not (scope and parts[0] in m.bindings(scope))
                ):
                    if not any(m.contexts[c][0] in ("if", "except", "try") for c in m.chain(m.calls[i][4])):
                        return True
        return False

    def _keras_alone(self, m: Module) -> bool:
        """Does the module import `keras` itself, and nothing of TensorFlow's?"""
        found = self._alone.get(m.index)
        if found is None:
            tops = {
                module.partition(".")[0] if attribute is None or module != "tensorflow" else f"tensorflow.{attribute}"
                for _, module, attribute, level in m.imports
                if not level
            }
            nested = any(
                module.startswith(("tensorflow.keras", "tensorflow.python.keras"))
                for _, module, _, level in m.imports
                if not level
            )
            found = self._alone[m.index] = "keras" in tops and "tensorflow.keras" not in tops and not nested
        return found

    def _old_keras(self, m: Module) -> bool:
        if any(
            attribute in _CUDNN and module == "keras.layers" and not level for _, module, attribute, level in m.imports
        ):
            return True
        for i, call in enumerate(m.calls):
            if not call[2]:
                continue
            keywords = {name for name, _ in call[2]}
            if keywords & _OLD_KEYWORDS and any(
                name.startswith(("keras.", "model.")) for name in self.project.apis(m, i)
            ):
                return True
            if keywords & _OF_MODELS and tail_of(call[0]) == "Model" and "keras.Model" in self.project.apis(m, i):
                return True
        return False
