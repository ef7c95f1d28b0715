"""The gate: which files that never name TensorFlow or Keras are worth parsing all the same.

A caller in a plain file can be what repeats a load in another one, and a helper there can be what trains a model that
it is given, or what cleans up.  All are reached through import lines, so those are all that is looked at.
"""

from __future__ import annotations

import os

from tflint_mem.project.linking.names import Names
from tflint_mem.sources.notebook_name import notebook_name
from tflint_mem.sources.source import Source
from tflint_mem.sources.text import SourceError

from .import_lines import imported, is_unit_test, module_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tflint_mem.hardening.faults import Faults
    from tflint_mem.project.project import Project
    from tflint_mem.sources.dependencies import Beside

    from .import_lines import Word

# What a unit test must hold to be worth parsing: a loop, and something that a rule looks for around it.  Tests play no
# other part: what they repeat is no evidence for the program.
_IN_TESTS = tuple(
    word.encode()
    for word in (
        "load_model",
        "saved_model.load",
        "hub.load",
        "Sequential(",
        "clone_model",
        "InteractiveSession",
        "Session(",
        "clear_session",
        "reset_default_graph",
        "set_memory_growth",
        "device_configuration",
        "HashTable",
        ".predict(",
        ".function(",
        "set_session",
    )
)
_LOOP = rb"^[ \t\f]*(?:async[ \t]+)?(?:for|while)\b|\bfor\b[^#\n]{0,300}?\bin\b"
ROUNDS = 6  # an importer of an importer of …
HELPERS = 2  # a helper behind a package's `__init__`; those of distant importers say little


def matters(path: str, raw: bytes) -> bool:
    """Is a file that names TensorFlow or Keras worth parsing?  All are, but for unit tests without anything to find."""
    if not is_unit_test(path):
        return True
    return any(word in raw for word in _IN_TESTS) and _loops(raw)


def _loops(raw: bytes) -> bool:
    """May there be a loop or comprehension in the code?  Licenses, comments and texts are full of the word "for".

    A loop begins a row, and a comprehension has an `in` behind its `for`.
    """
    import re  # few files come this far, and it is slow to import

    return re.search(_LOOP, raw, re.MULTILINE) is not None


def importers(
    project: Project,
    paths: Iterable[str],
    held: Mapping[str, Source] | None = None,
    faults: Faults | None = None,
    beside: Beside | None = None,
) -> Iterator[Source]:
    """Sources among `paths` that import a module of the project that matters, and the helpers that such modules import
    themselves.

    A helper may collect garbage, keep results, run what it is given in a loop or in a process of its own.  The caller
    adds each source to the project before the next is asked for.  `held` has sources that are not read from the disk,
    by path; `faults` keeps what fails, see `hardening.faults`; `beside` notes the other files that are looked for.
    """
    held = held or {}
    names = {name for module in project.modules for name in module_names(module.path)}
    known = set(names)
    words: dict[str, frozenset[Word] | None] = {
        path: None for path in paths if not is_unit_test(path)
    }  # what the import lines name, read once
    plain, seen = _Plain(list(words), beside), 0
    for number in range(ROUNDS):
        if not names or not words:
            return
        fresh: set[Word] = set()
        for path in list(words):
            named = words[path]
            if named is None:
                source = held.get(path) or _read(path)
                named = words[path] = frozenset() if source is None else _words(source, faults)
            if not names.isdisjoint(named):
                del words[path]
                source = held.get(path) or _read(path)
                if source is not None:
                    fresh.update(module_names(path))
                    yield source
        latest, seen = range(seen, len(project.modules)), len(project.modules)
        for path in _imports(project, latest, plain) if number < HELPERS else ():
            if path in words:
                del words[path]
                source = held.get(path) or _read(path)
                if source is not None:
                    fresh.update(module_names(path))
                    yield source
        names = fresh - known
        known |= fresh


class _Plain:
    """How imports find the files that are not part of the project yet.

    paths   of these files        names   their names, by their place among the paths
    """

    def __init__(self, paths: list[str], beside: Beside | None) -> None:
        self.paths, self.names = paths, Names(beside)
        for index, path in enumerate(paths):
            parts = tuple(part for part in os.path.splitext(os.path.abspath(path))[0].split(os.sep) if part)
            self.names.add(index, parts if path.endswith(".py") else (*parts[:-1], notebook_name(parts[-1])))


def _imports(project: Project, latest: Iterable[int], plain: _Plain) -> list[str]:
    """Paths of the plain files that the `latest` modules of the project import."""
    found: list[str] = []
    for number in latest:
        module = project.modules[number]
        for bound in module.imports:
            dotted, attribute, level = bound.module, bound.attribute, bound.level
            whole = (dotted + "." if dotted else "") + attribute if attribute and attribute != "*" else ""
            for name in (dotted, whole) if dotted or not whole else (whole,):
                index = plain.names.resolve(module.parts, name, level) if name or level else None
                if index is not None:
                    found.append(plain.paths[index])
    return found


def _words(source: Source, faults: Faults | None) -> frozenset[Word]:
    try:
        return frozenset(imported(source.raw))
    except Exception:
        if faults is None:
            raise
        faults.add("the search for imports", source.path)
        return frozenset()


def _read(path: str) -> Source | None:
    try:
        return Source.read(path)
    except SourceError:
        return None
