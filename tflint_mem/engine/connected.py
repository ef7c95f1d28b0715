"""Which files of the project around hang together with the given ones?  Asked of bytes and import lines alone, before
anything is parsed.

Import lines name modules by their last two parts, as `relevance` has it, so the answers are generous: a file that is
taken for a part of it and is none costs time, and is left out later.
"""

from __future__ import annotations

from tflint_mem.sources.files import TooLarge
from tflint_mem.sources.source import Source, names_framework
from tflint_mem.sources.text import SourceError

from .import_lines import imported, is_unit_test, module_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .import_lines import Word

# A package of that name in the tree, a stub say, joins nothing: what files mean is the one that is installed.
_INSTALLED = frozenset((None, name) for name in ("tensorflow", "keras", "tf_keras", "numpy"))
_BEFORE = (b" ", b".", b",", b"(", b"'", b'"', b"\t", b"\n")  # what stands in front of the name of a module


class _File:
    """A file that may hang together with others."""

    __slots__ = ("path", "raw", "names", "_words")

    def __init__(self, path: str, raw: bytes) -> None:
        self.path, self.raw = path, raw
        self.names: frozenset[Word] = frozenset(module_names(path))
        self._words: frozenset[Word] | None = None

    @property
    def words(self) -> frozenset[Word]:
        """What its import lines name."""
        if self._words is None:
            self._words = frozenset(imported(self.raw)) - _INSTALLED
        return self._words

    def without_text(self) -> _File:
        """The same, of which only the names are kept."""
        self.words  # noqa: B018 (they are found now)
        self.raw = b""
        return self


def by_imports(given: Iterable[Source], paths: Sequence[str], largest: int) -> list[str]:
    """Those of the paths that the given files import, or that import those, directly or not.

    largest   bytes of a file that is looked into
    """
    waiting = [_File(source.path, source.raw) for source in given]
    others = [_File(path, raw).without_text() for path, raw in _read(paths, largest)]
    named: dict[Word, list[_File]] = {}
    naming: dict[Word, list[_File]] = {}
    for other in others:
        for word in other.names:
            named.setdefault(word, []).append(other)
        for word in other.words:
            naming.setdefault(word, []).append(other)
    found: set[str] = set()
    for file in waiting:
        joined = [named.pop(word, ()) for word in file.words] + [naming.pop(word, ()) for word in file.names]
        for other in (each for files in joined for each in files):
            if other.path not in found:
                found.add(other.path)
                waiting.append(other)
    return [path for path in paths if path in found]


def reaches_framework(given: Sequence[Source], paths: Iterable[str], largest: int) -> bool:
    """Can one of the given files, none of which names TensorFlow or Keras, be a part of the project all the same?

    As `relevance.importers` takes them in: what imports a module that matters, and the helpers of such modules.
    """
    asked = [_File(source.path, source.raw) for source in given if not is_unit_test(source.path)]
    files = [_File(path, raw) for path, raw in _read(paths, largest)] if asked else []
    if not any(_imports_one(file, files) or _may_be_imported(file, files) for file in asked):
        return False
    from .relevance import HELPERS, ROUNDS, matters

    plain: list[_File] = []
    joined: list[_File] = []
    for file in files:
        if names_framework(file.raw):
            if matters(file.path, file.raw):
                joined.append(file)
        elif not is_unit_test(file.path):
            plain.append(file)
    if not joined:
        return False
    names: set[Word] = set()  # of what importers may import
    words: set[Word] = set()  # of what helpers may be called
    for number in range(ROUNDS):
        for file in joined:
            names |= file.names
            if number < HELPERS:
                words |= file.words
        if any(_joins(file, names, words) for file in asked):
            return True
        joined = []
        left: list[_File] = []
        for file in plain:
            (joined if _joins(file, names, words) else left).append(file)
        if not joined:
            return False
        plain = left
    return False


def _imports_one(file: _File, others: Iterable[_File]) -> bool:
    """Does the file import one of the others?"""
    words = file.words
    return bool(words) and any(not words.isdisjoint(other.names) for other in others)


def _may_be_imported(file: _File, others: Iterable[_File]) -> bool:
    """Does one of the others name the file, as an import would?  Asked of the bytes, since most files do not."""
    stems = {stem.encode("utf-8", "surrogateescape") for _, stem in file.names}
    forms = [before + stem for stem in stems for before in _BEFORE]
    return any(form in other.raw for other in others for form in forms)


def _joins(file: _File, names: set[Word], words: set[Word]) -> bool:
    return not file.names.isdisjoint(words) or not names.isdisjoint(file.words)


def _read(paths: Iterable[str], largest: int) -> Iterable[tuple[str, bytes]]:
    """The paths with the bytes of those files that can be read and are not larger."""
    for path in paths:
        try:
            yield path, Source.read(path, largest).raw
        except (SourceError, TooLarge):
            continue
