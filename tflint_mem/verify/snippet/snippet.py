"""The snippet: one runnable file with the repeating region and what it needs, and nothing else.

The same file is what the child measures and what `--keep` writes: run on its own it prints a small table.
"""

_HEAD = """\
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # else a pool keeps what was freed, and garbage looks like a leak
"""

_GROWTH = """\
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # else the GPU's memory is taken whole and shows nothing
"""

_PROBE = """\

try:
    from tflint_mem_probe import again, repeat  # there while tflint-mem measures
except ImportError:
    import gc
    import sys

    _WANTED, _SEEN = int(sys.argv[1]) if len(sys.argv) > 1 else 20, []

    def _note():
        before = _resident()
        gc.collect()
        _SEEN.append(_resident())
        kept = _SEEN[-1] - _SEEN[-2] if len(_SEEN) > 1 else 0
        print(f"repeat {len(_SEEN) - 1:4}: {before:9.0f} KiB resident, {_SEEN[-1]:9.0f} after a collection ({kept:+.0f})")

    def _resident():
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024

    def again():
        return len(_SEEN) <= _WANTED

    def repeat(source):
        while True:
            for element in source() if getattr(source, "__name__", "") == "<lambda>" else source:
                _note()
                if not again():
                    raise SystemExit
                yield element
            if iter(source) is source if not callable(source) else False:
                return
"""

_BEHIND = """\

    def behind(*kept):
        return ()  # the repeats end with the program here
"""

_MODULES = """\

import sys
import tempfile

_FOLDER = os.environ.get("TFLINT_MEM_MODULES") or tempfile.mkdtemp()  # modules of the project, cut down to what is used
for _name, _text in {
%s}.items():
    os.makedirs(os.path.dirname(os.path.join(_FOLDER, _name)), exist_ok=True)
    with open(os.path.join(_FOLDER, _name), "w", encoding="utf-8") as _file:
        _file.write(_text)
sys.path.insert(0, _FOLDER)
"""

MAIN = "__main__"


class CannotCut(Exception):
    """There is no snippet for this place; the message says what it would need."""


class Line:
    """One line of the snippet and the place it stood at: (path, row), or None where the cutter wrote it."""

    __slots__ = ("text", "origin")

    def __init__(self, text, origin=None):
        self.text, self.origin = text, origin

    def __repr__(self):
        return f"Line({self.text!r}, {self.origin!r})"


class Snippet:
    """What is run for one finding.

    code, name    the rule
    place         "file.py:12", for people
    future        names of `from __future__` imports
    prelude       Lines of imports, definitions, constants; run once
    setup         Lines that run once under `if __name__ == "__main__"`, before the region
    region        Lines of the repeating region (or of the call that leads to it); run under `if __name__ == "__main__"`
    modules       {relative file name: [Line]} of other first-party files
    flagged       (path, row) of the flagged call
    elements      source text of what the loop runs over, for the stand-in when it is empty; "" for a while loop
    target        source text of the loop's variable
    stand_ins     what was put in place of something missing, one sentence each
    needs         what is missing and has no stand-in; a snippet with needs is not run
    count         how many repeats the code itself spells out (a literal, `range(3)`), None when it does not
    parts         the loop runs over the parts of one thing: as many as the run finds
    growth        memory growth is switched on (off for the rules about memory growth)
    constant      what repeats is a call with the same stand-ins each time: what varies from call to call is its callers' choice
    keyed         the loop keeps things under keys that come from its elements: elements that come again replace what was kept
    behind        the behind.Behind that the region ends with, None when it ends with the loop
    """

    __slots__ = (
        "code",
        "name",
        "place",
        "future",
        "prelude",
        "setup",
        "region",
        "modules",
        "flagged",
        "elements",
        "target",
        "stand_ins",
        "needs",
        "count",
        "parts",
        "growth",
        "keyed",
        "behind",
        "constant",
    )

    def __init__(
        self,
        code,
        name,
        place,
        prelude,
        region,
        setup=(),
        flagged=None,
        future=(),
        modules=None,
        elements="",
        target="",
        stand_ins=(),
        needs=(),
        count=None,
        parts=False,
        growth=True,
        keyed=False,
        behind=None,
        constant=False,
    ):
        self.code, self.name, self.place, self.future = code, name, place, list(future)
        self.prelude, self.setup, self.region = list(prelude), list(setup), list(region)
        self.modules = dict(modules or {})
        self.flagged, self.elements, self.target = flagged, elements, target
        self.stand_ins, self.needs, self.count, self.growth = list(stand_ins), list(needs), count, growth
        self.constant = constant
        self.parts, self.keyed, self.behind = parts, keyed, behind

    def has_probe(self):
        """Does the snippet step through a repeat at all?"""
        every = self.prelude + self.setup + self.region + [line for lines in self.modules.values() for line in lines]
        return any("repeat(" in line.text for line in every)

    def render(self):
        """(text of the file, {origin: (file, row)}): file is "__main__" or the relative name of an embedded module."""
        rows = {}
        out = ['"""' + self._title().replace("\\", "\\\\").replace('"""', "'''") + '"""']
        out = "\n".join(out).split("\n")
        if self.future:
            out.append("from __future__ import " + ", ".join(self.future))
        probe = _PROBE if self.behind is None else _PROBE.replace("again, repeat", "again, behind, repeat") + _BEHIND
        out += (_HEAD + (_GROWTH if self.growth else "") + probe).rstrip("\n").split("\n")
        if self.modules:
            items = ""
            for name, lines in sorted(self.modules.items()):
                text = "\n".join(line.text for line in lines) + "\n"
                items += "    %r: %s,\n" % (name, _quoted(text))
                for row, line in enumerate(lines, 1):
                    if line.origin is not None:
                        rows.setdefault(line.origin, (name, row))
            out += (_MODULES % items).rstrip("\n").split("\n")
        out.append("")
        for line in self.prelude:
            out.append(line.text)
            if line.origin is not None:
                rows[line.origin] = (MAIN, len(out))
        out += ["", 'if __name__ == "__main__":']
        for line in indented(self.setup, 4) + [Line("    while again():")] + indented(self.region, 8):
            out.append(line.text)
            if line.origin is not None:
                rows[line.origin] = (MAIN, len(out))
        return "\n".join(out) + "\n", rows

    def _title(self):
        text = f"Minimal reproduction of {self.code} {self.name} at {self.place}, cut by tflint-mem.\n"
        if self.stand_ins:
            text += "\nStand-ins for what was missing:\n" + "".join(f"- {item}\n" for item in self.stand_ins)
        return text + "\nRun it with the Python that has TensorFlow; an argument sets the number of repeats.\n"


def _quoted(text):
    """A Python string literal that a person can read: triple quotes where the text allows it."""
    if "'''" not in text and "\\" not in text:
        return "'''\\\n" + text + "'''"
    if "'''" not in text and not text.endswith("\\"):
        return "r'''\n" + text + "'''.lstrip('\\n')"
    return repr(text)


def indented(lines, by):
    """Lines moved to the right, except those that begin inside a string that spans lines: their text is data."""
    text = "\n".join(line.text for line in lines)
    inside = _rows_inside_strings(text)
    pad = " " * by
    return [
        line if number in inside or not line.text.strip() else Line(pad + line.text, line.origin)
        for number, line in enumerate(lines, 1)
    ]


def dedented(lines):
    """Lines moved to the left margin."""
    import textwrap

    texts = [line.text for line in lines if line.text.strip()]
    margin = len(texts[0]) - len(texts[0].lstrip()) if texts else 0
    if not margin:
        return list(lines)
    inside = _rows_inside_strings(textwrap.dedent("\n".join(line.text for line in lines)))
    return [
        line
        if number in inside
        else Line(line.text[min(margin, len(line.text) - len(line.text.lstrip())) :], line.origin)
        for number, line in enumerate(lines, 1)
    ]


def _rows_inside_strings(text):
    import io
    import tokenize

    rows = set()
    fstring_starts = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            kind = tokenize.tok_name[token.type]
            if kind == "FSTRING_START":
                fstring_starts.append(token.start[0])
            elif kind == "FSTRING_END":
                rows.update(range(fstring_starts.pop() + 1, token.end[0] + 1))
            elif kind == "STRING":
                rows.update(range(token.start[0] + 1, token.end[0] + 1))
    except (tokenize.TokenError, SyntaxError, IndexError):
        pass  # the compiler says it better, when the snippet is run
    return rows
