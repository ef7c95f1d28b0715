"""One file to check: its bytes, and everything that is derived from them when somebody asks.

Most files of a project do not mention TensorFlow and are never decoded, so construction keeps the bytes and nothing
else.  Rows and columns count from 1 and columns count characters, as everywhere in this program.
"""

from __future__ import annotations

from .files import UNBOUNDED, TooLarge, read_regular
from .text import BOM, splice
from .text import SourceError as SourceError
from .text import split_rows as split_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from tflint_mem.finding import Edit

    from .notebook import Notebook


class Source:
    """A Python file or a notebook.

    path  as the run names it; raw  the file's bytes; kind  "python" or "notebook"
    """

    __slots__ = ("path", "raw", "kind", "_text", "_lines", "_encoding", "_notebook", "_failed", "_names")

    def __init__(self, path: str, raw: bytes) -> None:
        self.path = path
        self.raw = raw
        self.kind = "notebook" if path.endswith(".ipynb") else "python"
        self._text: str | None = None
        self._lines: list[str] | None = None
        self._encoding: str | None = None
        self._notebook: Notebook | None = None
        self._failed: SourceError | None = None
        self._names: bool | None = None

    @classmethod
    def from_bytes(cls, path: str, raw: bytes) -> Source:
        """The source that `raw` would be at `path`."""
        return cls(path, raw)

    @classmethod
    def read(cls, path: str, limit: int = UNBOUNDED) -> Source:
        """The source at `path`; raises SourceError (unreadable) when the file system says no, TooLarge for more bytes
        than `limit`.
        """
        try:
            return cls(path, read_regular(path, limit))
        except TooLarge:
            if limit != UNBOUNDED:
                raise
            raise SourceError(path, None, None, "too large") from None
        except (OSError, MemoryError) as error:
            raise SourceError(
                path, None, None, getattr(error, "strerror", None) or str(error) or "not enough memory"
            ) from None

    @classmethod
    def of_text(cls, path: str, text: str) -> Source:
        """A text as a file, in the encoding that it declares."""
        source = cls(path, text.encode("utf-8", "surrogatepass"))
        if text.isascii():
            return source
        try:
            return cls(path, text.encode(source.encoding))
        except (SourceError, LookupError, ValueError):
            return source

    # -- what the bytes say; every property below raises SourceError for a file that is not what it should be

    @property
    def text(self) -> str:
        """The module's text with the file's own line ends (a notebook: its code cells, one below the other)."""
        if self._text is None:
            if self._failed is not None:
                raise self._failed
            try:
                self._text = self._decode()
            except SourceError as error:
                self._failed = error
                raise
        return self._text

    @property
    def lines(self) -> list[str]:
        """The text by rows without line ends; the last one is empty when the text ends with a line end.

        A row ends where Python's tokenizer ends it: at LF, CR LF or CR, and at none of the other characters that
        `str.splitlines` knows.
        """
        if self._lines is None:
            self._lines = split_rows(self.text)
        return self._lines

    @property
    def encoding(self) -> str:
        """Name of the codec that decodes the file, without its byte order mark."""
        if self._encoding is None:
            self.text  # noqa: B018 (decoding finds it out)
        return self._encoding or "utf-8"

    @property
    def bom(self) -> bool:
        """True when the file starts with UTF-8's byte order mark."""
        return self.raw.startswith(BOM)

    @property
    def newline(self) -> str:
        """The line end that the text uses most; LF when it has none."""
        text = self.text
        pairs = text.count("\r\n")
        counts = {"\n": text.count("\n") - pairs, "\r\n": pairs, "\r": text.count("\r") - pairs}
        return max(counts, key=counts.__getitem__)

    @property
    def notebook(self) -> Notebook | None:
        """The parsed Notebook, None for a Python file."""
        if self.kind == "notebook":
            self.text  # noqa: B018 (reading makes it)
        return self._notebook

    @property
    def names_framework(self) -> bool:
        """Does the file name TensorFlow or Keras?  Asked by several, looked for once."""
        if self._names is None:
            self._names = names_framework(self.raw)
        return self._names

    def code_bytes(self) -> bytes:
        """What `compile` should get: the raw file, so that errors and coding comments are Python's own business."""
        if self.kind == "python":
            return self.raw
        return self.text.encode("utf-8")

    def check_bytes(self) -> None:
        """Raises SourceError for bytes that are no text: `compile` lets them pass in a comment, Python does not run
        such a file.
        """
        if self.kind == "python" and not self.raw.isascii():
            try:
                self.raw.decode("utf-8")
            except UnicodeDecodeError:
                self.text  # noqa: B018 (decoding tells the place)

    # -- coordinates

    def locate(self, row: int) -> tuple[int | None, int]:
        """`(cell, row in cell)` of a row of the text; the cell is None in a Python file."""
        notebook = self.notebook
        return (None, row) if notebook is None else notebook.locate(row)

    def margin(self, row: int) -> int:
        """How many columns a row of the text lies to the left of where it stands in its cell (indented cells); 0 in a
        Python file.
        """
        notebook = self.notebook
        return 0 if notebook is None else notebook.margin(row)

    def drop_broken_cells(self) -> list[SyntaxError]:
        """Leave out the cells of a notebook that do not parse; returns their SyntaxErrors with rows of the text."""
        notebook = self.notebook
        if notebook is None:
            return []
        errors = notebook.drop_broken()
        self._text, self._lines = notebook.text, None
        return errors

    def module_row(self, cell: int | None, row: int) -> int:
        """The row of the text for a row in a cell: the inverse of `locate`."""
        notebook = self.notebook
        return row if cell is None or notebook is None else notebook.module_row(cell, row)

    def rows(self, cell: int | None = None) -> list[str]:
        """The rows that coordinates in `cell` count: of the whole file, or of that cell with its magics as written."""
        notebook = self.notebook
        return self.lines if cell is None or notebook is None else split_rows(notebook.cell_text(cell))

    def file_rows(self) -> list[str]:
        """The rows of the file itself: of the JSON text for a notebook."""
        notebook = self.notebook
        return self.lines if notebook is None else split_rows(notebook.document)

    def file_place(self, cell: int | None, row: int, column: int) -> tuple[int, int]:
        """`(row, column)` in the file itself, for programs that know nothing about cells."""
        notebook = self.notebook
        return (row, column) if cell is None or notebook is None else notebook.file_place(cell, row, column)

    def file_edits(self, edits: Iterable[Edit]) -> list[Edit]:
        """The edits in places of the file itself; raises ValueError as `with_edits` does."""
        notebook = self.notebook
        return list(edits) if notebook is None else notebook.file_edits(edits)

    # -- writing

    def with_edits(self, edits: Iterable[Edit]) -> bytes:
        """The file's new bytes after `edits` (final coordinates: rows in cells for a notebook).

        Nothing outside the edits changes.  Raises ValueError for edits that overlap or lie outside the text, and
        SourceError when the file's encoding cannot hold the result.
        """
        notebook = self.notebook
        if notebook is not None:
            return notebook.with_edits(edits)
        text = splice(self.text, edits)
        try:
            if self.text.encode(self.encoding) != self.raw[len(BOM) * self.bom :]:
                raise SourceError(
                    self.path, 1, 1, f"the file does not survive decoding and encoding as {self.encoding}"
                )
            return BOM * self.bom + text.encode(self.encoding)
        except UnicodeError as error:  # not all codecs say more than that, `idna` for one
            reason = getattr(error, "reason", error)
            raise SourceError(self.path, 1, 1, f"the fix does not fit into {self.encoding}: {reason}") from None

    def _decode(self) -> str:
        if self.kind == "notebook":
            from .notebook import Notebook

            self._notebook = Notebook.parse(self.path, self.raw)
            self._encoding = "utf-8"
            return self._notebook.text
        self._encoding = _encoding(self.path, self.raw)
        body = self.raw[len(BOM) :] if self.bom else self.raw
        try:
            text = body.decode(self._encoding)
        except UnicodeDecodeError as error:
            row, column = _place(body[: error.start], self._encoding)
            byte = body[error.start]
            raise SourceError(
                self.path,
                row,
                column,
                f"byte 0x{byte:02x} is not valid {self._encoding}; save the file as UTF-8 or declare its encoding",
            ) from None
        except (
            LookupError,
            ValueError,
            AssertionError,
        ):  # `coding: rot13`, `undefined`, `base64` …: codecs that are not for source code
            raise SourceError(
                self.path, *_declared(body), f"the file cannot be read with the codec it declares, {self._encoding}"
            ) from None
        if "\0" in text:
            row, column = _place(body[: body.index(b"\0")], self._encoding)
            raise SourceError(self.path, row, column, "source code cannot contain NUL bytes")
        return text


def _encoding(path: str, raw: bytes) -> str:
    """The declared encoding.  `tokenize` knows the rules but is slow to import: only a file that declares pays."""
    second = raw.find(b"\n", raw.find(b"\n") + 1)
    if raw.find(b"coding", 0, second if second >= 0 else len(raw)) < 0:
        return "utf-8"
    import io
    import tokenize

    try:
        name = tokenize.detect_encoding(io.BytesIO(raw).readline)[0]
    except SyntaxError as error:
        # Bad bytes in the first two rows are reported with their place by the decoding that follows.
        if "invalid or missing encoding" in str(error):
            return "utf-8"
        raise SourceError(path, 1, 1, str(error)) from None
    return "utf-8" if name == "utf-8-sig" else name


def _declared(body: bytes) -> tuple[int, int]:
    """Row and column of the coding comment."""
    rows = body.split(b"\n", 2)[:2]
    return next(((row, text.index(b"coding") + 1) for row, text in enumerate(rows, 1) if b"coding" in text), (1, 1))


def _place(before: bytes, encoding: str) -> tuple[int, int]:
    """Row and column just behind the bytes `before`."""
    try:
        text = before.decode(encoding, "replace")
    except (LookupError, ValueError):  # a codec that replaces nothing
        text = before.decode("latin-1")
    rows = split_rows(text)
    return len(rows), len(rows[-1]) + 1


def names_framework(raw: bytes) -> bool:
    """Do the bytes name TensorFlow or Keras, or a model that Hugging Face runs on TensorFlow?  A file without needs no
    parsing of its own.
    """
    return (
        b"tensorflow" in raw
        or b"keras" in raw
        or b"transformers" in raw
        and (b" TF" in raw or b".TF" in raw or b'"tf"' in raw or b"'tf'" in raw)
    )
