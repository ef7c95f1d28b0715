"""Which TensorFlow or Keras code is spelled for, where nothing else says so: names that later ones have lost.

A claim about TensorFlow 2 does not hold for a program that cannot run there, whatever is installed today.
"""

from __future__ import annotations

import os

from tflint_mem.facts import dotted, tail_of
from tflint_mem.knowledge.versions import FIRST_PATHS, OLD_KEYWORDS, OLD_LAYERS, OLD_MODEL_KEYWORDS, SECOND_NAMES

TYPE_CHECKING = False  # importing `typing` costs more than a small file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.facts import Imported
    from tflint_mem.project.project import Project

    from .module import Module

_CONDITIONAL = ("if", "except", "try")  # kinds of blocks that may be there for another version
_TENSORFLOWS_KERAS = ("tensorflow.keras", "tensorflow.python.keras")
_FIRST_TAILS = frozenset(path.rpartition(".")[2] for path in FIRST_PATHS)
_SECOND_TAILS = frozenset(name.rpartition(".")[2] for name in SECOND_NAMES) - {"numpy"}
_SESSIONS = ("set_session", "get_session", "clear_session")  # of `keras.backend.tensorflow_backend`
ALONE, TENSORFLOWS, OTHER = "alone", "tensorflow's", "other"


class Spelling:
    """Answers about one project; each module is looked at once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._first: dict[int, bool] = {}
        self._kinds: dict[int, str | None] = {}
        self._old: set[int] | None = None
        self._altogether: bool | None = None

    def first_only(self, m: Module) -> bool:
        """Does the module call what only TensorFlow 1 has, whatever the version and under no condition?"""
        found = self._first.get(m.index)
        if found is None:
            found = self._first[m.index] = self._calls_first(m)
        return found

    def before_tensorflow(self, m: Module) -> bool:
        """Is the module's `keras` the one before 2.4, which builds graphs on several backends?

        It is where this module, one beside it, one that it imports or one that imports it uses what Keras has lost: a
        project may be a collection of programs of many years.  One that names neither Keras nor TensorFlow has the
        models of what it imports.
        """
        imports = self.project.imports
        kind = self._kind(m)
        if kind is None:
            return any(
                self._kind(other) == ALONE and self.before_tensorflow(other)
                for other in map(self.project.module, imports.direct(m))
            )
        if kind != ALONE:
            return False
        if self._old is None:
            alone = (other for other in self._with_keras() if self._kind(other) == ALONE)
            self._old = {other.index for other in alone if self._old_keras(other)}
        if not self._old or m.index in self._old:
            return bool(self._old)
        folder = os.path.dirname(m.path)
        return not self._old.isdisjoint((*imports.direct(m), *imports.importers(m))) or any(
            os.path.dirname(self.project.modules[index].path) == folder for index in self._old
        )

    def _with_keras(self) -> Iterator[Module]:
        return map(self.project.module, self.project.mentioned(("keras",)))

    def old_project(self, m: Module) -> bool:
        """Is it that Keras, as far as the rest of the project tells: something there uses what Keras has lost or only
        TensorFlow 1 has, and nothing TensorFlow's own Keras or what only TensorFlow 2 has?
        """
        if self._kind(m) in (TENSORFLOWS, OTHER):
            return False
        if self._altogether is None:
            self._altogether = self._old_altogether()
        return self._altogether

    def _old_altogether(self) -> bool:
        kinds = [(self._kind(other), other) for other in self._with_keras()]
        if any(kind == TENSORFLOWS for kind, _ in kinds):
            return False
        first = map(self.project.module, self.project.mentioned(_FIRST_TAILS))
        old = any(kind == ALONE and self._old_keras(other) for kind, other in kinds)
        if not old and not any(self.first_only(other) for other in first):
            return False
        second = map(self.project.module, self.project.mentioned(_SECOND_TAILS))
        return not any(self.project.versions.evidence(other).second for other in second)

    def _calls_first(self, m: Module) -> bool:
        plain = [each for each in m.imports if each.module == "tensorflow" and not each.attribute and not each.level]
        named = {each.name for each in plain}
        named -= {each.name for each in m.imports if not _is_tensorflow(each)}
        for tail in _FIRST_TAILS if named else ():
            for i in m.calls_by_tail().get(tail, ()):
                call = m.calls[i]
                parts = dotted(call.func)
                if (
                    parts
                    and parts[0] in named
                    and ".".join(parts[1:]) in FIRST_PATHS
                    and not (call.scope and parts[0] in m.bindings(call.scope))
                    and not any(m.blocks[b].kind in _CONDITIONAL for b in m.chain(call.block))
                ):
                    return True
        return False

    def _kind(self, m: Module) -> str | None:
        """Does the module import `keras` itself and nothing of TensorFlow's Keras (ALONE), that one (TENSORFLOWS), or
        TensorFlow without it (OTHER)?  None for none of these.
        """
        if m.index not in self._kinds:
            absolute = [each for each in m.imports if not each.level]
            tops = {
                f"tensorflow.{each.attribute}"
                if each.attribute is not None and each.module == "tensorflow"
                else each.module.partition(".")[0]
                for each in absolute
            }
            nested = any(each.module.startswith(_TENSORFLOWS_KERAS) for each in absolute)
            self._kinds[m.index] = (
                TENSORFLOWS
                if "tensorflow.keras" in tops or nested
                else ALONE
                if "keras" in tops
                else OTHER
                if "tensorflow" in tops
                else None
            )
        return self._kinds[m.index]

    def _old_keras(self, m: Module) -> bool:
        """Does the module use layers, keywords or modules that Keras has lost?"""
        if any("tensorflow_backend" in (*each.module.split("."), each.attribute) for each in m.imports) or any(
            "tensorflow_backend" in (dotted(m.calls[i].func) or ())
            for tail in _SESSIONS
            for i in m.calls_by_tail().get(tail, ())
        ):
            return True
        if any(each.attribute in OLD_LAYERS and each.module == "keras.layers" and not each.level for each in m.imports):
            return True
        apis = self.project.apis
        for i, call in enumerate(m.calls):
            if not call.keywords:
                continue
            keywords = {keyword.name for keyword in call.keywords}
            if keywords & OLD_KEYWORDS and any(name.startswith(("keras.", "model.")) for name in apis(m, i)):
                return True
            if keywords & OLD_MODEL_KEYWORDS and tail_of(call.func) == "Model" and "keras.Model" in apis(m, i):
                return True
        return False


def _is_tensorflow(imported: Imported) -> bool:
    """Is it `import tensorflow`, under whatever name?"""
    return imported.module == "tensorflow" and imported.attribute is None and imported.level == 0
