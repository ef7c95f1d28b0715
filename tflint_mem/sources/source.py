"""One file to check: its bytes, and everything that is derived from them when somebody asks.

Most files of a project do not mention TensorFlow and are never decoded, so construction keeps the bytes and nothing
else.  Rows and columns count from 1 and columns count characters, as everywhere in this program.
"""

from tflint_mem.sources.files import UNBOUNDED, TooLarge, read_regular

BOM = b"\xef\xbb\xbf"


class SourceError(Exception):
    """A file that cannot be read or understood.

    `row` and `column` tell the place (1-based; in a notebook's `cell` when that is set).  They are None when the file
    could not be read at all: then the run cannot do its job, while every other error is a finding about the file.
    """

    def __init__(self, path, row, column, message, cell=None):
        super().__init__(message)
        self.path, self.row, self.column, self.message, self.cell = path, row, column, message, cell

    @property
    def unreadable(self):
        """True when there were no bytes to look at."""
        return self.row is None

    def finding(self):
        """The diagnostic TFM000 for this error."""
        from tflint_mem.finding import Finding

        place = (self.row or 1, self.column or 1)
        return Finding(
            code="TFM000",
            name="syntax-error",
            group="syntax",
            severity="error",
            message=self.message,
            path=self.path,
            cell=self.cell,
            start=place,
            end=place,
            noqa_row=place[0],
        )


class Source:
    """A Python file or a notebook.

    path  as the run names it; raw  the file's bytes; kind  "python" or "notebook"
    """

    __slots__ = ("path", "raw", "kind", "_text", "_lines", "_encoding", "_notebook", "_failed", "_names")

    def __init__(self, path, raw):
        self.path = path
        self.raw = raw
        self.kind = "notebook" if path.endswith(".ipynb") else "python"
        self._text = self._lines = self._encoding = self._notebook = self._failed = self._names = None

    @classmethod
    def from_bytes(cls, path, raw):
        """The source that `raw` would be at `path`."""
        return cls(path, raw)

    @classmethod
    def read(cls, path, limit=UNBOUNDED):
        """The source at `path`; raises SourceError (unreadable) when the file system says no, TooLarge for more bytes than `limit`."""
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

    # -- what the bytes say; every property below raises SourceError for a file that is not what it should be

    @property
    def text(self):
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
    def lines(self):
        """The text by rows without line ends; the last one is empty when the text ends with a line end.

        A row ends where Python's tokenizer ends it: at LF, CR LF or CR, and at none of the other characters that
        `str.splitlines` knows.
        """
        if self._lines is None:
            self._lines = split_rows(self.text)
        return self._lines

    @property
    def encoding(self):
        """Name of the codec that decodes the file, without its byte order mark."""
        if self._encoding is None:
            self.text
        return self._encoding

    @property
    def bom(self):
        """True when the file starts with UTF-8's byte order mark."""
        return self.raw.startswith(BOM)

    @property
    def newline(self):
        """The line end that the text uses most; LF when it has none."""
        text = self.text
        pairs = text.count("\r\n")
        counts = {"\n": text.count("\n") - pairs, "\r\n": pairs, "\r": text.count("\r") - pairs}
        return max(counts, key=counts.get)

    @property
    def notebook(self):
        """The parsed Notebook, None for a Python file."""
        if self.kind == "notebook":
            self.text
        return self._notebook

    @property
    def names_framework(self):
        """Does the file name TensorFlow or Keras?  Asked by several, looked for once."""
        if self._names is None:
            self._names = names_framework(self.raw)
        return self._names

    def code_bytes(self):
        """What `compile` should get: the raw file, so that errors and coding comments are Python's own business."""
        if self.kind == "python":
            return self.raw
        return self.text.encode("utf-8")

    def check_bytes(self):
        """Raises SourceError for bytes that are no text: `compile` lets them pass in a comment, Python does not run such a file."""
        if self.kind == "python" and not self.raw.isascii():
            try:
                self.raw.decode("utf-8")
            except UnicodeDecodeError:
                self.text

    # -- coordinates

    def locate(self, row):
        """`(cell, row in cell)` of a row of the text; the cell is None in a Python file."""
        return (None, row) if self.kind == "python" else self.notebook.locate(row)

    def margin(self, row):
        """How many columns a row of the text lies to the left of where it stands in its cell (indented cells); 0 in a Python file."""
        return 0 if self.kind == "python" else self.notebook.margin(row)

    def drop_broken_cells(self):
        """Leave out the cells of a notebook that do not parse; returns their SyntaxErrors with rows of the text."""
        if self.kind == "python":
            return []
        errors = self.notebook.drop_broken()
        self._text, self._lines = self.notebook.text, None
        return errors

    def module_row(self, cell, row):
        """The row of the text for a row in a cell: the inverse of `locate`."""
        return row if cell is None or self.kind == "python" else self.notebook.module_row(cell, row)

    def rows(self, cell=None):
        """The rows that coordinates in `cell` count: of the whole file, or of that cell with its magics as written."""
        return self.lines if cell is None or self.kind == "python" else split_rows(self.notebook.cell_text(cell))

    def file_rows(self):
        """The rows of the file itself: of the JSON text for a notebook."""
        return self.lines if self.kind == "python" else split_rows(self.notebook.document)

    def file_place(self, cell, row, column):
        """`(row, column)` in the file itself, for programs that know nothing about cells."""
        return (row, column) if cell is None or self.kind == "python" else self.notebook.file_place(cell, row, column)

    def file_edits(self, edits):
        """The edits in places of the file itself; raises ValueError as `with_edits` does."""
        return list(edits) if self.kind == "python" else self.notebook.file_edits(edits)

    # -- writing

    def with_edits(self, edits):
        """The file's new bytes after `edits` (final coordinates: rows in cells for a notebook).

        Nothing outside the edits changes.  Raises ValueError for edits that overlap or lie outside the text, and
        SourceError when the file's encoding cannot hold the result.
        """
        if self.kind == "notebook":
            return self.notebook.with_edits(edits)
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

    def _decode(self):
        if self.kind == "notebook":
            from tflint_mem.sources.notebook import Notebook

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


def split_rows(text):
    """The rows of `text` as Python's tokenizer counts them, without line ends."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")


def splice(text, edits):
    """`text` with `edits` applied by row and column; raises ValueError when they overlap or point outside."""
    rows = split_rows(text)
    starts, position = [], 0
    for row in rows:
        starts.append(position)
        position += len(row) + (2 if text.startswith("\r\n", position + len(row)) else 1)

    def offset(place):
        row, column = place
        if not (1 <= row <= len(rows) and 1 <= column <= len(rows[row - 1]) + 1):
            raise ValueError(f"no such place: row {row}, column {column}")
        return starts[row - 1] + column - 1

    pieces, done = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        start, end = offset(edit.start), offset(edit.end)
        if not done <= start <= end:
            raise ValueError(f"edits overlap at row {edit.start[0]}")
        pieces += (text[done:start], edit.content)
        done = end
    pieces.append(text[done:])
    return "".join(pieces)


def _encoding(path, raw):
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


def _declared(body):
    """Row and column of the coding comment."""
    rows = body.split(b"\n", 2)[:2]
    return next(((row, text.index(b"coding") + 1) for row, text in enumerate(rows, 1) if b"coding" in text), (1, 1))


def _place(before, encoding):
    """Row and column just behind the bytes `before`."""
    try:
        text = before.decode(encoding, "replace")
    except (LookupError, ValueError):  # a codec that replaces nothing
        text = before.decode("latin-1")
    rows = split_rows(text)
    return len(rows), len(rows[-1]) + 1


def names_framework(raw):
    """Do the bytes name TensorFlow or Keras, or a model that Hugging Face runs on TensorFlow?  A file without needs no parsing of its own."""
    return (
        b"tensorflow" in raw
        or b"keras" in raw
        or b"transformers" in raw
        and (b" TF" in raw or b".TF" in raw or b'"tf"' in raw or b"'tf'" in raw)
    )
