"""The snippet: one file with the repeating region and what it needs, and nothing else.

It is what the child measures; `reproduction` makes of it what `--keep` writes.
"""

from __future__ import annotations

from .lines import Line, indented

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Literal

    from .behind import Behind
    from .lines import Origin

    Level = Literal["as-written", "reduced", "mechanism"]

    PlaceInSnippet = tuple[str, int]  # (MAIN or the relative name of an embedded module, row from 1)

_HEAD = """\
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # else a pool keeps what was freed, and garbage looks like a leak
"""

_GROWTH = """\
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")  # else the GPU's memory is taken whole and shows nothing
"""

_PROBE = "\nfrom tflint_mem_probe import again, repeat  # which the measured process has (child/execute.py)\n"

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


class Rendered:
    """A snippet as one file.

    text   of the file
    rows   where the lines of the project's own files stand in it
    """

    __slots__ = ("text", "rows")

    def __init__(self, text: str, rows: dict[Origin, PlaceInSnippet]) -> None:
        self.text, self.rows = text, rows


class Snippet:
    """What is run for one finding.

    code, name    the rule
    place         "file.py:12", for people
    future        names of `from __future__` imports
    prelude       lines of imports, definitions, constants; run once
    setup         lines that run once under `if __name__ == "__main__"`, before the region
    region        lines of the repeating region (or of the call that leads to it); run under `if __name__ == "__main__"`
    modules       the lines of other first-party files, by relative file name
    flagged       where the flagged call stands in the project
    elements      source text of what the loop runs over, for the stand-in when it is empty; "" for a while loop
    target        source text of the loop's variable
    stand_ins     what was put in place of something missing, one sentence each
    needs         what is missing and has no stand-in; a snippet with needs is not run
    count         how many repeats the code itself spells out (a literal, `range(3)`), None when it does not
    parts         the loop runs over the parts of one thing: as many as the run finds
    growth        memory growth is switched on (off for the rules about memory growth)
    level         how close to the user's code it is: verdict/words.py
    constant      what repeats is a call with the same stand-ins each time: what varies from call to call is its
                  callers' choice
    keyed         the loop keeps things under keys that come from its elements: elements that come again replace what
                  was kept
    behind        what the region ends with, None when it ends with the loop
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
        "level",
    )

    def __init__(
        self,
        code: str,
        name: str,
        place: str,
        prelude: Iterable[Line],
        region: Iterable[Line],
        flagged: Origin,
        setup: Iterable[Line] = (),
        future: Iterable[str] = (),
        modules: Mapping[str, list[Line]] | None = None,
        elements: str = "",
        target: str = "",
        stand_ins: Iterable[str] = (),
        needs: Iterable[str] = (),
        count: int | None = None,
        parts: bool = False,
        growth: bool = True,
        keyed: bool = False,
        behind: Behind | None = None,
        constant: bool = False,
        level: Level = "as-written",
    ) -> None:
        self.code, self.name, self.place, self.future = code, name, place, list(future)
        self.prelude, self.setup, self.region = list(prelude), list(setup), list(region)
        self.modules = dict(modules or {})
        self.flagged, self.elements, self.target = flagged, elements, target
        self.stand_ins, self.needs, self.count, self.growth = list(stand_ins), list(needs), count, growth
        self.constant, self.level = constant, level
        self.parts, self.keyed, self.behind = parts, keyed, behind

    def has_probe(self) -> bool:
        """Does the snippet step through a repeat at all?"""
        every = self.prelude + self.setup + self.region + [line for lines in self.modules.values() for line in lines]
        return any("repeat(" in line.text for line in every)

    def render(self) -> Rendered:
        """The snippet as the measured process runs it, with the way back from its rows."""
        rows: dict[Origin, PlaceInSnippet] = {}
        title = f"{self.code} {self.name} at {self.place}".replace("\\", "\\\\").replace('"""', "'''")
        out = [f'"""{title}"""']
        if self.future:
            out.append("from __future__ import " + ", ".join(self.future))
        probe = _PROBE if self.behind is None else _PROBE.replace("again, repeat", "again, behind, repeat")
        out += (_HEAD + (_GROWTH if self.growth else "") + probe).rstrip("\n").split("\n")
        out += self._embedded(rows)
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
        return Rendered("\n".join(out) + "\n", rows)

    def _embedded(self, rows: dict[Origin, PlaceInSnippet]) -> list[str]:
        """The rows that write the other first-party files; adds to `rows` where their lines stand."""
        if not self.modules:
            return []
        items = ""
        for name, lines in sorted(self.modules.items()):
            text = "\n".join(line.text for line in lines) + "\n"
            items += "    %r: %s,\n" % (name, _quoted(text))
            for row, line in enumerate(lines, 1):
                if line.origin is not None:
                    rows.setdefault(line.origin, (name, row))
        return (_MODULES % items).rstrip("\n").split("\n")


def _quoted(text: str) -> str:
    """A Python string literal that a person can read: triple quotes where the text allows it."""
    if "'''" not in text and "\\" not in text:
        return "'''\\\n" + text + "'''"
    if "'''" not in text and not text.endswith("\\"):
        return "r'''\n" + text + "'''.lstrip('\\n')"
    return repr(text)
