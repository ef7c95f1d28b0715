"""Which changed files change no finding?  Then what an earlier run has found still holds, and no rule need run.

It is known of two kinds of files, as long as no finding mentions them:

- modules of the project whose facts are what they were, but for rows: comments, docstrings and empty rows have changed
- files that are no part of the project, neither before nor now: they name neither TensorFlow nor Keras and import
  nothing that does, or they are unit tests with nothing to find
"""

from __future__ import annotations

from tflint_mem.facts import Facts
from tflint_mem.facts.moved import only_rows_differ
from tflint_mem.facts.pack import unpack
from tflint_mem.hardening import watch
from tflint_mem.hardening.depth import DEEP
from tflint_mem.hardening.faults import Overtime
from tflint_mem.hardening.parsing import SILENCE
from tflint_mem.hardening.watch import OFF
from tflint_mem.sources.files import TooLarge
from tflint_mem.sources.source import Source
from tflint_mem.sources.text import SourceError

from . import relevance
from .import_lines import digest, imported, is_unit_test, module_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from tflint_mem.facts.packed import PackedFacts
    from tflint_mem.facts.records import Body
    from tflint_mem.settings.settings import Settings

    from .import_lines import Word
    from .session import Session


class Unaffected:
    """Judges changed files against the run before.

    session   has the store with the facts of earlier runs
    parts     why files were taken into the project: see `Session.parts`
    """

    def __init__(self, session: Session, settings: Settings, parts: Mapping[str, str]) -> None:
        self._session, self._settings, self._parts = session, settings, parts
        self._names: frozenset[Word] | None = None

    def by(self, path: str, before: bytes) -> bytes | None:
        """The bytes of a changed file, when no finding changes by them; else None.

        before   the key of the facts that it had
        """
        if not path.endswith(".py"):
            return None
        most = self._settings.of(path).max_file_size
        try:
            source = Source.read(path, most)
        except (SourceError, TooLarge):
            return None
        part = self._parts.get(path)
        if part is None:
            same = self._plays_no_part(source)
        else:
            same = self._is_there_for(source, part) and self._has_the_facts(source, before)
        return source.raw if same else None

    def _plays_no_part(self, source: Source) -> bool:
        """Would the file still be left out?  See `engine.load`."""
        if is_unit_test(source.path):
            return not source.names_framework or not relevance.matters(source.path, source.raw)
        if source.names_framework:
            return False
        if self._names is None:
            self._names = frozenset(name for path in self._parts for name in module_names(path))
        return self._names.isdisjoint(imported(source.raw))

    def _is_there_for(self, source: Source, part: str) -> bool:
        """Is the file taken into the project, and for the same reason as before?"""
        if not part:
            return source.names_framework and relevance.matters(source.path, source.raw)
        return not source.names_framework and digest(imported(source.raw)) == part

    def _has_the_facts(self, source: Source, before: bytes) -> bool:
        """Are the file's facts what they were, but for rows?"""
        session = self._session
        known = None if session.store is None else session.store.get(before)
        if known is None:
            return False
        watched = watch.of(self._settings.timeout_per_file, 1, session.alone)
        with DEEP:
            watched.start()
            try:
                with SILENCE:
                    watched.at = source.path
                    source.check_bytes()
                    return _alike(known, session.collected(source.path, source.code_bytes()))
            except (Exception, Overtime):
                return False  # a run of everything tells of it
            finally:
                watched.at = OFF
                watched.stop()


def _alike(before: Facts | PackedFacts, after: Facts | PackedFacts) -> bool:
    """Do facts differ in rows at most?"""
    return _names(before) == _names(after) and only_rows_differ(_body(before), _body(after)) is not None


def _names(facts: Facts | PackedFacts) -> tuple[object, ...]:
    named = (*facts.roles(), facts.stored, facts.defs)  # in no order
    return ([sorted(names) for names in named], facts.imports, facts.bases)


def _body(facts: Facts | PackedFacts) -> Body:
    if isinstance(facts, Facts):
        return facts.body()
    return unpack(facts.packed)
