"""The gate: which files that never name TensorFlow or Keras are worth parsing all the same.

A caller in a plain file can be what repeats a load in another one, and a helper there can be what trains a model it is
given.  Both are reached through import lines, so those are all that is looked at.
"""

import os

from .facts import S_BASES
from .project.module import dotted
from .source import Source, SourceError

# What a unit test must hold to be worth parsing: a loop, and something that a rule looks for around it.  Tests play no other
# part: what they repeat is no evidence for the program.
_IN_TESTS = tuple(word.encode() for word in (
    "load_model", "saved_model.load", "hub.load", "Sequential(", "clone_model", "InteractiveSession", "Session(", "clear_session", "reset_default_graph",
    "set_memory_growth", "device_configuration", "HashTable", ".predict(", ".function(", "set_session",
))
ROUNDS = 3  # an importer of an importer of an importer
# A helper that uses what it is given as a model or a session: `def detect(net, x): return net.predict(x)`.
_USES = (b".predict", b".fit(", b".train_on_batch(", b".run(", b"training=", b".apply_gradients(")


def matters(path, raw):
    """Is a file that names TensorFlow or Keras worth parsing?  All are, but for unit tests without anything to find."""
    if not is_unit_test(path):
        return True
    return (b"for " in raw or b"while " in raw) and any(word in raw for word in _IN_TESTS)


def importers(project, paths):
    """Sources among `paths` that import a module of the project that matters, and the helpers that such modules call.

    The caller adds each to the project before the next is asked for.
    """
    names = {name for module in project.modules for name in module_names(module.path)}
    known = set(names)
    words = {path: None for path in paths if not is_unit_test(path)}  # what the import lines name, read once
    uses, seen = set(), 0
    for _ in range(ROUNDS):
        if not names or not words:
            return
        fresh = set()
        for path in list(words):
            if words[path] is None:
                source = _read(path)
                words[path] = frozenset() if source is None else imported(source.raw)
                if source is not None and any(use in source.raw for use in _USES):
                    uses.add(path)
            if not names.isdisjoint(words[path]):
                del words[path]
                source = _read(path)
                if source is not None:
                    fresh.update(module_names(path))
                    yield source
        wanted = _homes_of_bases(project, len(project.modules) - seen)
        called = [path for path in words if path in uses]
        if called:
            mentioned = set().union(*(module.idents for module in project.modules))
            wanted.update((None, stem) for _, stem in (module_names(path)[0] for path in called) if stem in mentioned)
        seen = len(project.modules)
        for path in [path for path in words if not wanted.isdisjoint(module_names(path))]:
            del words[path]
            source = _read(path)
            if source is not None:
                fresh.update(module_names(path))
                yield source
        names = fresh - known
        known |= fresh


def _homes_of_bases(project, latest):
    """Modules from which classes of the `latest` modules take their base classes: a template method there calls what is here."""
    found = set()
    for index in range(len(project.modules) - latest, len(project.modules)):
        module = project.module(index)
        for scope in module.classes():
            for base in module.scopes[scope][S_BASES]:
                parts = dotted(base)
                for binding in module.bindings(0).get(parts[0], ()) if parts else ():
                    if binding[0] == "import":
                        _, source, attribute, _ = binding[3]
                        whole = [*(part for part in source.split(".") if part), *([attribute] if attribute else []), *parts[1:-1]]
                        found.update(_ends(whole))
                        found.update(_ends(whole[:-1]))
    return found


def _ends(parts):
    """The names under which `module_names` would list a module: with the folder it is in when that is known."""
    if not parts:
        return ()
    return ((parts[-2], parts[-1]),) if len(parts) > 1 else ((None, parts[-1]),)


def _read(path):
    try:
        return Source.read(path)
    except SourceError:
        return None


def is_unit_test(path):
    """Is the file named like a test?"""
    base = os.path.basename(path)
    return base.startswith("test_") or base.endswith("_test.py")


def module_names(path):
    """How imports may name a file: `(folder, stem)` and `(None, stem)`; a package is named by its folder."""
    folder, base = os.path.split(os.path.abspath(path))
    stem = base.rpartition(".")[0]
    if stem == "__init__":
        folder, stem = os.path.split(folder)
    return ((os.path.basename(folder), stem), (None, stem))


def imported(raw):
    """The modules that a file's import lines may mean, as `module_names` lists them."""
    found = set()
    if b"import" not in raw:
        return found
    lines = iter(raw.split(b"\n"))
    for line in lines:
        if b"import" not in line:
            continue
        text = line.strip().lstrip(b'"')  # notebooks quote their lines
        if text.startswith(b"from ") and b"(" in text:
            while b")" not in text:
                more = next(lines, None)
                if more is None or len(text) > 10_000:
                    break
                text += b" " + more.strip()
        if not text.startswith((b"import ", b"from ")):
            continue
        line = text.decode("utf-8", "replace").partition("#")[0]
        if line.startswith("from "):
            source, _, names = line[5:].partition(" import ")
            source = source.strip()
            parts = [part for part in source.split(".") if part]
            found.update(_ends(parts) if not source.startswith(".") else [(None, part) for part in parts[-1:]])
            for name in names.replace("(", " ").replace(")", " ").split(","):
                name = name.split()[0] if name.split() else ""
                if name.isidentifier():
                    found.add((parts[-1] if parts else None, name))
        else:
            for name in line[7:].split(","):
                words = name.split()
                if words:
                    parts = words[0].split(".")
                    found.update(_ends(parts))
    return found
