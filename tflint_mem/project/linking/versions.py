"""Which TensorFlow a project runs on, and whether a file is TF1 code.

Evidence, strongest first: the `tensorflow-version` setting, pinned requirements of the project, the API that the file
uses.
"""

from __future__ import annotations

import os

from tflint_mem.facts import Constant, Expression, Name, Record, dotted, tail_of, walk
from tflint_mem.knowledge.versions import (
    FIRST_NAMES,
    GONE,
    GRAPH_BUILDERS,
    GRAPH_ONLY,
    GRAPH_SWITCHES,
    OLD_METHODS,
    OLD_MODULES,
    SECOND_NAMES,
)

from . import requirements
from .requirements import ANY, Range

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence, Set

    from tflint_mem.project.project import Project

    from .module import Module

_FIRST_TAILS = frozenset(name.rpartition(".")[2] for name in FIRST_NAMES)
_TAILS = _FIRST_TAILS | frozenset(name.rpartition(".")[2] for name in SECOND_NAMES)
_SWITCH_TAILS = frozenset(name.rpartition(".")[2] for name in GRAPH_SWITCHES)
_GONE = [tuple(name.split(".")) for name in GONE]
_FRAMEWORKS = ("tensorflow", "tf-", "tf_", "keras", "jax", "torch")
_WRAPPERS = ("KerasClassifier", "KerasRegressor")  # of keras.wrappers.scikit_learn


class Evidence(Record):
    """Canonical names that a module calls and that only TensorFlow 1, or only TensorFlow 2, has."""

    __slots__ = ()
    first: Set[str]
    second: Set[str]


class Versions:
    """Answers about one project; each folder and each module is looked at once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._evidence: dict[int, Evidence] = {}
        self._graph_mode: dict[int, bool] = {}
        self._cpu_only: dict[str, bool | None] = {}
        self._ranges: dict[str, Range] = {}
        self._texts: dict[tuple[str, Sequence[str]], list[str]] = {}
        self._words: dict[str, set[str]] = {}
        self._admitted: dict[str, Range | None] = {}

    # -- the project --------------------------------------------------------------------------------------------------

    def at_least(self, m: Module, *version: int) -> bool | None:
        """Does the module run on TensorFlow `version` (major, minor) or later?  None when nothing says so.

        `==2.15.1` and the `tensorflow-version` setting say it exactly, `>=2.16` and `<2.12` say it on one side.
        """
        admitted = self.range(m)
        if admitted.low is not None and admitted.low >= version:
            return True
        if admitted.high is not None and admitted.high < version:
            return False
        return None

    def range(self, m: Module) -> Range:
        """The versions that the settings for the module, or the requirements nearest to it, admit."""
        folder = os.path.dirname(os.path.abspath(m.path))
        found = self._ranges.get(folder)
        if found is None:
            found = self._ranges[folder] = self._read(folder, m.path)
        return found

    def _read(self, folder: str, path: str) -> Range:
        settings = self.project.settings
        configured = settings.of(path).tensorflow_version if settings is not None else None
        if configured:
            version = requirements.parse(configured)
            return Range(version, version)
        for each in self.folders(folder):
            if each not in self._admitted:
                self._admitted[each] = requirements.admitted(each, self.project.beside)
            found = self._admitted[each]
            if found:
                return found
        return ANY

    def texts(self, names: Iterable[str]) -> Iterable[str]:
        """The texts of those files of the project's root that exist."""
        return requirements.texts(self.project.root, names, self.project.beside) if self.project.root else ()

    def texts_near(self, m: Module, names: Sequence[str]) -> Iterator[str]:
        """The texts of those files that exist in the folder of a module and in those around it, nearest first."""
        for folder in self.folders(os.path.dirname(os.path.abspath(m.path))):
            key = (folder, names)
            if key not in self._texts:
                self._texts[key] = list(requirements.texts(folder, names, self.project.beside))
            yield from self._texts[key]

    def required(self, m: Module) -> set[str]:
        """The words of the requirements nearest to a module that name a framework, in lower case: names of packages
        among them.
        """
        for folder in self.folders(os.path.dirname(os.path.abspath(m.path))):
            if folder not in self._words:
                self._words[folder] = {word.lower() for word in requirements.words(folder, self.project.beside)}
            words = self._words[folder]
            if any(word.startswith(_FRAMEWORKS) for word in words):
                return words
        return set()

    def folders(self, folder: str) -> list[str]:
        """A folder and those around it, innermost first, up to the project's root; see `requirements.around`."""
        return requirements.around(folder, self.project.root)

    def without_gpu(self, m: Module) -> bool:
        """Do the requirements nearest to a module ask for a TensorFlow that has no GPU code, and for no other?"""
        for folder in self.folders(os.path.dirname(os.path.abspath(m.path))):
            if folder not in self._cpu_only:
                self._cpu_only[folder] = requirements.for_cpu(folder, self.project.beside)
            said = self._cpu_only[folder]
            if said is not None:
                return said
        return False

    # -- one module ---------------------------------------------------------------------------------------------------

    def evidence(self, m: Module) -> Evidence:
        """The names that a module calls and that tell the two apart."""
        found = self._evidence.get(m.index)
        if found is None:
            one: set[str] = set()
            two: set[str] = set()
            by_tail = m.calls_by_tail()
            for i in sorted(i for tail in _TAILS & by_tail.keys() for i in by_tail[tail]):
                if tail_of(m.calls[i].func) in _TAILS:
                    names = self.project.apis(m, i)
                    one |= names & FIRST_NAMES
                    two |= names & SECOND_NAMES
            for scope in range(1, len(m.scopes)):
                if m.scopes[scope].decorators and "tf.function" in self.project.infer.decorator_names(m, scope):
                    two.add("tf.function")
            found = self._evidence[m.index] = Evidence(one, two)
        return found

    def uses_removed(self, m: Module) -> bool:
        """Does the module import or call what TensorFlow 2.13 and later no longer have?"""
        for tail in _WRAPPERS:
            for i in m.calls_by_tail().get(tail, ()):
                parts = dotted(m.calls[i].func)
                if parts and parts[-3:-1] == ("wrappers", "scikit_learn"):
                    return True
        for imported in m.imports:
            if not imported.level:
                parts = (*imported.module.split("."), *([imported.attribute] if imported.attribute else ()))
                if any(parts[at : at + len(gone)] == gone for gone in _GONE for at in range(2)):
                    return True
        return False

    def looks_old(self, m: Module) -> bool:
        """Does the module use what Keras 3 or TensorFlow 2.16 no longer has?

        TF1 names, `fit_generator`, optimizers with `lr`, internal modules.
        """
        if self.evidence(m).first or self.uses_removed(m) or any(tail in m.calls_by_tail() for tail in OLD_METHODS):
            return True
        if any(imported.module.startswith(OLD_MODULES) and not imported.level for imported in m.imports):
            return True
        if any(_old_checkpoint(m, i) for i in m.calls_by_tail().get("ModelCheckpoint", ())):
            return True
        return any(keyword.name == "lr" for i in m.calls_by_tail().get("Adam", ()) for keyword in m.calls[i].keywords)

    def switches_to_graphs(self, m: Module) -> bool:
        """Does the module switch eager execution off for its process?"""
        if _SWITCH_TAILS.isdisjoint(m.calls_by_tail()):
            return False
        return bool(self.evidence(m).first & GRAPH_SWITCHES)

    def graph_mode(self, m: Module) -> bool:
        """Does the module build TF1 graphs (sessions, placeholders, eager execution switched off)?"""
        found = self._graph_mode.get(m.index)
        if found is None:
            found = self._graph_mode[m.index] = self._builds_graphs(m)
        return found

    def _builds_graphs(self, m: Module) -> bool:
        if _FIRST_TAILS.isdisjoint(m.calls_by_tail()):
            return False
        evidence = self.evidence(m)
        one, two = evidence.first, evidence.second
        if one & GRAPH_SWITCHES or two <= {"tf.function"} and len(one & GRAPH_ONLY) > 2:
            return True
        return bool(one & GRAPH_BUILDERS) and not two


def _old_checkpoint(m: Module, i: int) -> bool:
    """Is a checkpoint callback given a file that Keras 3 refuses?

    It wants `.keras`, or `.weights.h5` for weights alone.
    """
    scope = m.calls[i].scope
    for argument in m.arguments(i)[:2]:
        for e in walk(argument, m.calls):
            if _old_file(e):
                return True
            if isinstance(e, Name):
                for binding in m.bindings(scope).get(e.id, ()):
                    value = binding.value if binding.kind == "assign" else None
                    if isinstance(value, Expression) and any(map(_old_file, walk(value, m.calls))):
                        return True
    return False


def _old_file(e: Expression) -> bool:
    """Is it the name of a file that Keras 3 does not write a model to?"""
    return (
        isinstance(e, Constant)
        and isinstance(e.value, str)
        and e.value.endswith((".h5", ".hdf5"))
        and not e.value.endswith(".weights.h5")
    )
