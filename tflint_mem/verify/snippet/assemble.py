"""From a slice to the snippet: kept statements as text, stand-ins for what nobody defines, other files beside it."""

from __future__ import annotations

import ast
import re

from tflint_mem.verify.standins import guess
from tflint_mem.verify.standins.hints import plausible_shape

from .behind import keyed
from .direct_call import unique
from .first_party import absolute_parts
from .lines import Line, dedented
from .pruning import Replacing
from .repeat_count import is_over_parts, repeat_count
from .scope import binds
from .snippet import Snippet
from .source_text import Patch
from .undocumented import undocumented
from .writing import write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import TypeGuard

    from tflint_mem.finding import Finding

    from .file_cut import FileCut
    from .first_party import FileModel, Files
    from .lines import Origin
    from .slice import Slice
    from .source_text import Text

_OURS = frozenset(("repeat", "again", "behind", "_subject"))  # names that the snippet itself gives


def assembled(
    finding: Finding, files: Files, cut: Slice, flagged: Origin, given: Mapping[str, str], setup_names: Collection[str]
) -> Snippet:
    """The Snippet of a slice.

    given   source of values, by name        setup_names   names that the user's own setup defines
    """
    driver, main = cut.driver, cut.driver.model
    piece = cut.cuts[main]
    text = driver.texts.get(main) or main.text.fresh()
    _make_absolute(main, text)
    keep = [node for node in piece.prelude if not _is_future(node)]
    prelude = write(keep, text, piece.needed, main, main=True)
    setup = [line for node in piece.setup for line in dedented(write([node], text, None, main, main=True))]
    setup += [Line(line.text, line.origin) for line in driver.setup]
    region = _region(cut, text)
    made_up = _StandIns()
    missing = _missing(cut)
    source = "\n".join(line.text for line in prelude + setup + region)
    for name in sorted(given):
        if name in missing or name in main.names():
            line = Line(f"{name} = {given[name]}")
            (setup if name in main.names() else made_up.lines).append(line)
            made_up.sentences.append(f"{name}: {given[name]} (verify-with)")
            missing.discard(name)
    if not _has_foreign_star(files, main, piece):
        made_up.add(missing - _OURS - set(setup_names), source)
    loop = driver.repeat.node
    elements = target = ""
    if isinstance(loop, (ast.For, ast.AsyncFor)):
        elements, target = ast.unparse(loop.iter), ast.unparse(loop.target)
    flagged_path, flagged_row = flagged
    return Snippet(
        finding.code,
        finding.name,
        _place(finding),
        made_up.head() + undocumented(prelude),
        region,
        flagged,
        setup=setup,
        future=[alias.name for node in main.tree.body if _is_future(node) for alias in node.names],
        modules=_modules(cut),
        elements=elements,
        target=target,
        stand_ins=driver.stand_ins + made_up.sentences,
        count=repeat_count(driver.repeat),
        parts=is_over_parts(driver.repeat),
        keyed=keyed(driver.repeat, flagged_row if driver.repeat.model.path == flagged_path else None),
        behind=driver.behind,
        constant=driver.guessed and driver.repeat.kind == "function",
    )


class _StandIns:
    """Values for names that nobody defines.

    lines      that give them          sentences   for the report, one each
    """

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.sentences: list[str] = []
        self._imports: list[str] = []

    def add(self, names: Collection[str], source: str) -> None:
        """Guesses values from how `source` uses the names."""
        shape = plausible_shape(source)
        for name in sorted(names):
            if name.startswith("_repeats"):
                continue
            value = guess.value_for(name, source, shape)
            if value is None:
                continue  # not every name that is read is reached: let the run tell
            self._imports.append(value.imports)
            self.lines.append(Line(f"{name} = {value.source}"))
            self.sentences.append(f"{name}: {value.text}")

    def head(self) -> list[Line]:
        """The lines, behind what they import."""
        return [Line(line) for line in unique(self._imports)] + self.lines


def _region(cut: Slice, text: Text) -> list[Line]:
    """The lines that repeat, or that lead to what does."""
    driver, main = cut.driver, cut.driver.model
    if isinstance(driver.region, Replacing):
        return dedented(driver.region.lines)
    if cut.target is None:
        return list(driver.region.lines) if driver.region is not None else []
    region = dedented(write([cut.target], text, None, main, main=True))
    return region + (dedented(driver.region.lines) if driver.region is not None else [])


def _missing(cut: Slice) -> set[str]:
    """Names that the snippet reads and nothing in it binds."""
    piece = cut.cuts[cut.driver.model]
    missing = set(piece.missing) - (binds(cut.target) if cut.target is not None else set())
    if any(_has_star(node) for node in piece.prelude):
        for other in cut.cuts:
            missing -= other.names()
    return missing


def _is_future(node: ast.stmt) -> TypeGuard[ast.ImportFrom]:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _has_star(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)


def _has_foreign_star(files: Files, main: FileModel, piece: FileCut) -> bool:
    """Does a name perhaps come from the star import of a library?  A NameError at run time is repaired there."""
    return any(
        isinstance(node, ast.ImportFrom) and _has_star(node) and files.resolve(absolute_parts(node, main), main) is None
        for node in piece.prelude
    )


def _modules(cut: Slice) -> dict[str, list[Line]]:
    """The lines of the other files, by the names that they are imported under."""
    driver = cut.driver
    modules: dict[str, list[Line]] = {}
    for other, piece in cut.cuts.items():
        if other is driver.model:
            continue
        lines = write(piece.prelude, driver.texts.get(other, other.text), piece.needed, other)
        if other in driver.texts and any("repeat(" in line.text for line in lines):
            heads = ("from __future__", '"""', "#")
            at = next((number for number, line in enumerate(lines) if not line.text.startswith(heads)), 0)
            own = any("in behind(" in line.text for line in lines)
            lines.insert(at, Line("from __main__ import behind, repeat" if own else "from __main__ import repeat"))
        for name in other.module_files():
            modules[name] = undocumented(lines)
    return modules


def _place(finding: Finding) -> str:
    row, _ = finding.start
    return f"{finding.path}:{row}" if finding.cell is None else f"{finding.path}:cell {finding.cell}:{row}"


def _make_absolute(model: FileModel, text: Text) -> None:
    """Relative imports inside functions: the snippet is no member of a package."""
    for node in ast.walk(model.tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            row = text.rows[node.lineno - 1].encode("utf-8")
            match = re.compile(rb"from\s*\.+\s*[\w.]*").match(row, node.col_offset)
            if match:
                name = "from " + ".".join(absolute_parts(node, model)) + " "
                text.patch(Patch(node.lineno, node.col_offset, len(match.group(0).rstrip()), name.rstrip()))
