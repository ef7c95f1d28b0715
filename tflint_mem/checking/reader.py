"""The files of a check, read once."""

from __future__ import annotations

from tflint_mem.hardening.notices import SKIPPED, UNREADABLE, Notice, ignore
from tflint_mem.settings.discovery import place
from tflint_mem.sources.files import TooLarge
from tflint_mem.sources.source import Source
from tflint_mem.sources.text import SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tflint_mem.hardening.notices import Tell
    from tflint_mem.settings.settings import Settings

    Read = Callable[[str, int], Source]  # as `Source.read`

KEEP_BYTES = 4_000_000
MOST_READ = 20  # times max-file-size: a notebook may be that big, pictures and all
_AT_HAND = 8  # sources that stay decoded: findings come file by file, traces lead through a few others


def mentions_us(raw: bytes) -> bool:
    """Can the bytes of a file hold a comment that is meant for this program and no other?"""
    return b"tflint-mem" in raw or b"TFM" in raw


class Reader:
    """Reads the files of a run once, and keeps the bytes of those that can have findings.

    The engine consumes `sources()`; reports and fixes ask for a file by name with `get`.

    files    paths, as the run names them, in order: what is checked
    around   paths of the project around those: read to judge them, and missed by nobody when that cannot be
    errors   what could not be read
    commented   files that were read and may have comments for this program
    most     bytes that are kept; the files of a very large tree are read again when somebody asks
    """

    def __init__(self, files: list[str], settings: Settings, tell: Tell, read: Read = Source.read) -> None:
        """read   how a file is read"""
        self.files, self._from_disk = files, read
        self.around: frozenset[str] = frozenset()
        self._everything = files
        self.errors: list[Notice] = []
        self.commented: set[str] = set()
        self._settings, self._tell = settings, tell
        self._kept: dict[str, bytes] = {}
        self._recent: dict[str, Source | None] = {}
        self._size, self.most = 0, float(KEEP_BYTES)

    def sources(self, note: Callable[[Source], None] | None = None) -> Iterator[Source]:
        """Every readable file, those of the project around among them, which `note` is told; what cannot be read goes
        to `errors`.
        """
        around = self.around
        for path in self.everything():
            try:
                source = self._read(path)
            except TooLarge as error:
                if path not in around:
                    self._skip(path, error.size or MOST_READ * self._limit(path))
                continue
            except SourceError as error:
                if path not in around:
                    self.missed(path, error.message)
                continue
            if note is not None:
                note(source)
            if source.names_framework:
                size = self._too_big(source)
                if size is not None:
                    if path not in around:
                        self._skip(path, size)
                    continue
                if self._size <= self.most:
                    self._size += len(source.raw)
                    self._kept[path] = source.raw
            if mentions_us(source.raw):
                self.commented.add(path)
            yield source

    def surround(self, around: Sequence[str]) -> None:
        """These are the files of the project around."""
        self.around = frozenset(around)
        self._everything = sorted([*self.files, *around], key=place) if around else self.files

    def everything(self) -> list[str]:
        """The paths of all files that play a part, in the order in which a walk of the project meets them: what is
        found does not depend on which of them are given.
        """
        return self._everything

    def again(self) -> Reader:
        """A reader of the same files that tells nobody."""
        other = self._copy()
        other.around, other._everything = self.around, self._everything
        return other

    def alone(self) -> Reader:
        """A reader of these files without the project around them, that tells nobody."""
        return self._copy()

    def _copy(self) -> Reader:
        return Reader(self.files, self._settings, ignore, self._from_disk)

    def _limit(self, path: str) -> int:
        """How many bytes the file at a path may have."""
        return self._settings.of(path).max_file_size

    def _read(self, path: str) -> Source:
        """What is at a path; raises SourceError and TooLarge."""
        return self._from_disk(path, MOST_READ * self._limit(path))

    def missed(self, path: str, reason: str) -> None:
        """A file cannot be read."""
        self.errors.append(Notice(kind=UNREADABLE, path=path, text=f"{path}: {reason}"))

    def get(self, path: str) -> Source | None:
        """The source at `path` as it was analysed, or as it is now if it played no part; None when there is none."""
        if path not in self._recent:
            if len(self._recent) >= _AT_HAND:
                del self._recent[next(iter(self._recent))]
            self._recent[path] = self._source(path)
        return self._recent[path]

    def kept(self) -> list[Source]:
        """The sources that can have findings, as they were analysed."""
        return [Source(path, raw) for path, raw in self._kept.items()]

    def put(self, source: Source) -> None:
        """Replace a file's bytes: standard input, or a file that has just been fixed."""
        self._kept[source.path] = source.raw
        self._recent.pop(source.path, None)

    def _source(self, path: str) -> Source | None:
        if path in self._kept:
            return Source(path, self._kept[path])
        try:
            return Source.read(path)
        except SourceError:
            return None

    def _too_big(self, source: Source) -> int | None:
        """The size of a source that is larger than it may be.  A notebook is measured by its code, since pictures make
        the file big.
        """
        size, limit = len(source.raw), self._limit(source.path)
        if size <= limit:
            return None
        if source.kind == "notebook" and size <= MOST_READ * limit:
            try:
                size = len(source.text)
            except SourceError:
                return None
            if size <= limit:
                return None
        return size

    def _skip(self, path: str, size: float) -> None:
        text = f"{path}: skipped, {size / 1e6:.1f} MB is more than max-file-size ({self._limit(path) / 1e6:g} MB)"
        self._tell(Notice(kind=SKIPPED, path=path, text=text))


class TextReader(Reader):
    """Reads what somebody gives in place of files, by path."""

    def __init__(self, given: Mapping[str, Source], settings: Settings, tell: Tell, read: Read = Source.read) -> None:
        super().__init__(list(given), settings, tell, read)
        self._given = given

    def _copy(self) -> Reader:
        return TextReader(self._given, self._settings, ignore, self._from_disk)

    def _read(self, path: str) -> Source:
        return self._given.get(path) or super()._read(path)

    def _too_big(self, source: Source) -> int | None:
        return None if source.path in self._given else super()._too_big(source)
