"""The same slice in another version: after the fix, and going on behind the loop."""

import ast
import difflib
import os
import re

from tflint_mem.finding import Step
from tflint_mem.sources.source import Source, SourceError
from tflint_mem.verify.plan.options import OptionError

from . import slicer
from .files import FileModel, Files
from .region import find_repeats
from .scope import binds
from .snippet import CannotCut


def fixed_snippet(finding, files, folders, given, once, choice, setup):
    """The same slice, cut from the file after its fix; None when the fix does not apply or leaves nothing that repeats."""
    model = files.get(finding.path)
    try:
        raw = model.source.with_edits(finding.fix.edits)
        fixed = Source.from_bytes(model.source.path, raw)
        others = [other for other in files.sources() if os.path.abspath(other.path) != model.path]
        fixed_files = Files(others + [fixed], files.folders)
        if fixed_files.get(finding.path) is None:
            return None
        moved = _moved(finding, model.source, fixed)
        candidates = slicer.snippets(moved, fixed_files, given, once, setup_names=bound_by(setup))
    except (SourceError, CannotCut, ValueError, LookupError, RecursionError):
        return None
    return candidates[min(choice, len(candidates) - 1)]


def further_snippet(finding, files, given, choice, setup):
    """The same slice, going on behind the loop with what uses the collections that it fills; None when there is no such slice."""
    try:
        candidates = slicer.snippets(finding, files, given, setup_names=bound_by(setup), further=True)
    except (CannotCut, RecursionError):
        return None
    return candidates[min(choice, len(candidates) - 1)]


def _moved(finding, before, after):
    """The finding with the rows of its repeat where they are after the fix."""
    rows = {}
    matcher = difflib.SequenceMatcher(None, before.lines, after.lines, autojunk=False)
    for tag, first, last, new_first, new_last in matcher.get_opcodes():
        for offset in range(last - first):
            rows[first + offset + 1] = min(new_first + offset, max(new_last - 1, new_first)) + 1
    old = FileModel(os.path.abspath(finding.path), before, os.path.dirname(os.path.abspath(finding.path)))
    row = before.module_row(finding.cell, finding.start[0])
    trace = [step for step in finding.trace or ()]
    if not trace:
        own = Files([before])
        model = own.get(finding.path) or old
        repeats = find_repeats(
            own, model, row, len(model.text.rows[row - 1][: finding.start[1] - 1].encode("utf-8")), []
        )
        node = repeats[0].node
        if repeats[0].model.path == model.path and hasattr(node, "lineno"):
            trace = [Step(path=finding.path, row=node.lineno, column=1, message="repeats")]
    moved_trace = []
    for step in trace:
        if os.path.abspath(step.path) == os.path.abspath(finding.path):
            new_row = rows.get(before.module_row(step.cell, step.row), step.row)
            cell, new_row = after.locate(new_row)
            step = step.replace(cell=cell, row=new_row)
        moved_trace.append(step)
    cell, new_row = after.locate(rows.get(row, row))
    return finding.replace(start=(new_row, finding.start[1]), cell=cell, trace=tuple(moved_trace), fix=None)


def bound_by(source):
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise OptionError(f"verify setup: {error}") from None
    names = set()
    for statement in tree.body:
        names |= binds(statement)
    return names


def verify_with(model):
    """{name: source} of `# tflint-mem: verify-with name=expression, ...` comments of a file."""
    given = {}
    for row in model.text.rows:
        match = re.search(r"#\s*tflint-mem:\s*verify-with\s+(.+)$", row)
        if match:
            try:
                call = ast.parse(f"f({match.group(1)})", mode="eval").body
            except SyntaxError:
                continue
            given.update({keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg})
    return given
