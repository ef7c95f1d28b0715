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
    "load_model", "Sequential", "Model(", "InteractiveSession", "saved_model.load", "hub.load", "HashTable", "VocabularyTable", "Lookup(", "TextVectorization",
    ".function", "@function", "set_memory_growth", "device_configuration", ".predict(", ".fit(", ".train_on_batch(", "clear_session", "Session(", "GradientTape",
    "clone_model", "from_config", "from_json", "reset_default_graph", "set_session", "Writer(", ".Variable(", "Interpreter(", "applications", "KerasLayer",
))
ROUNDS = 3  # an importer of an importer of an importer
# A helper that uses what it is given as a model or a session: `def detect(net, x): return net.predict(x)`.
_USES = (b".predict", b".fit(", b".train_on_batch(", b".run(", b"training=", b".apply_gradients(")


def matters(path, raw):
    """Is a file that names TensorFlow or Keras worth parsing?  All are, but for unit tests without anything to find."""
    stem = os.path.basename(path)
    if not (stem.startswith("test_") or stem.endswith("_test.py")):
        return True
    return (b"for " in raw or b"while " in raw) and any(word in raw for word in _IN_TESTS)


def importers(project, paths, kept):
    """Sources among `paths` that import a module of the project that matters, and the helpers that such modules call.

    The caller adds each to the project (and to `kept`, {path: Source}) before the next is asked for.
    """
    names = {module_name(module.path) for module in project.modules}
    names.update(os.path.basename(os.path.dirname(module.path)) for module in project.modules if module.package)
    known = set(names)
    words = {path: None for path in paths}  # words of the import lines, read once
    uses = set()
    for _ in range(ROUNDS):
        if not names or not words:
            return
        fresh = set()
        for path in list(words):
            if words[path] is None:
                source = _read(path)
                words[path] = frozenset() if source is None else imported_words(source.raw)
                if source is not None and any(use in source.raw for use in _USES):
                    uses.add(path)
            if not names.isdisjoint(words[path]):
                del words[path]
                source = _read(path)
                if source is not None:
                    fresh.add(module_name(path))
                    yield source
        wanted = _homes_of_bases(project)
        called = [path for path in words if path in uses]
        if called:
            mentioned = set().union(*(imported_words(source.raw) for source in list(kept.values())))
            wanted |= {module_name(path) for path in called} & mentioned
        for path in [path for path in words if module_name(path) in wanted]:
            del words[path]
            source = _read(path)
            if source is not None:
                fresh.add(module_name(path))
                yield source
        names = fresh - known
        known |= fresh


def _homes_of_bases(project):
    """Names of the modules from which classes of the project take their base classes: a template method there calls what is here."""
    found = set()
    for module in project.all_modules():
        for scope in module.classes():
            for base in module.scopes[scope][S_BASES]:
                parts = dotted(base)
                for binding in module.bindings(0).get(parts[0], ()) if parts else ():
                    if binding[0] == "import":
                        _, source, attribute, _ = binding[3]
                        found.update(part for part in (source.rpartition(".")[2], attribute, *parts[1:-1]) if part)
    return found


def _read(path):
    try:
        return Source.read(path)
    except SourceError:
        return None


def module_name(path):
    """The name under which a file is imported: its stem, for a package its folder."""
    stem = os.path.basename(path).rpartition(".")[0]
    return os.path.basename(os.path.dirname(os.path.abspath(path))) if stem == "__init__" else stem


def imported_words(raw):
    """Every word of a file's import lines."""
    words = set()
    if b"import" not in raw:
        return words
    for line in raw.split(b"\n"):
        if b"import" not in line:
            continue
        text = line.strip().lstrip(b'"')  # notebooks quote their lines
        if text.startswith((b"import ", b"from ")):
            words.update(text.decode("utf-8", "replace").replace(".", " ").replace(",", " ").replace("(", " ").split())
    return words
