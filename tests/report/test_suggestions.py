"""Suggestions of a review, accepted as a code host does it: whole rows are replaced by the text."""

import json
import pathlib
from types import SimpleNamespace

import pytest

from tflint_mem.api import Settings, check_paths
from tflint_mem.finding import Edit, Finding, Fix
from tflint_mem.report import rdjson
from tflint_mem.sources.source import Source

FIXTURES = pathlib.Path(__file__).parents[2] / "fixtures"


def told(findings, get, root):
    """The diagnostics of the report."""
    state = SimpleNamespace(
        findings=list(findings),
        reader=SimpleNamespace(get=get),
        settings=SimpleNamespace(project_root=str(root)),
    )
    return json.loads(rdjson.render(state))["diagnostics"]


def accepted(rows, suggestions):
    """The rows after all suggestions have been accepted in one commit; a code host refuses those that overlap."""
    spans = sorted((each["range"]["start"]["line"], each["range"]["end"]["line"], each["text"]) for each in suggestions)
    rows, behind = list(rows), len(rows) + 1
    for first, last, text in reversed(spans):
        assert 1 <= first <= last < behind, "rows of the file, and each once"
        assert text and text.split("\n")[-1].strip(), "a blank row at the end would get lost"
        rows[first - 1 : last] = text.split("\n")
        behind = first
    return rows


def rows_of(raw):
    """The rows of a file as git has them, without line ends."""
    text = raw.decode()
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n")


def suggestions_of(diagnostics):
    assert all(len(each.get("suggestions", ())) <= 1 for each in diagnostics)
    return [each["suggestions"][0] for each in diagnostics if "suggestions" in each]


def notebook_of(text):
    """The program as a notebook, a cell for each paragraph."""
    cells = [
        {"cell_type": "code", "metadata": {}, "outputs": [{"data": ["x\n"] * 40}], "source": part.splitlines(True)}
        for part in text.split("\n\n\n")
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The leaky program of each rule: as it is, and as a notebook."""
    folder = tmp_path_factory.mktemp("programs")
    for file in sorted(FIXTURES.glob("*/leaky.py")):
        text = file.read_text(encoding="utf-8")
        (folder / file.parent.name).mkdir()
        (folder / file.parent.name / "leaky.py").write_text(text, encoding="utf-8")
        (folder / file.parent.name / "book.ipynb").write_text(notebook_of(text), encoding="utf-8")
    return folder, check_paths(folder, settings=Settings(pedantic=True)).findings


def test_each_suggestion_makes_what_its_fix_makes(programs):
    folder, findings = programs
    fixed = [finding for finding in findings if finding.fix is not None]
    assert len(fixed) > 40 and sum(finding.path.endswith(".ipynb") for finding in fixed) > 15
    none, sizes = 0, []
    for finding in fixed:
        source = Source.read(finding.path)
        diagnostics = told([finding], lambda path, source=source: source, folder)
        suggestions = suggestions_of(diagnostics)
        if not suggestions:
            none += 1
            continue
        assert accepted(rows_of(source.raw), suggestions) == rows_of(source.with_edits(finding.fix.edits))
        sizes += [each["range"]["end"]["line"] - each["range"]["start"]["line"] + 1 for each in suggestions]
        how = "unsafe: look before you apply it" if finding.fix.applicability == "unsafe" else "safe"
        assert all(f"({how})" in each["message"] for each in diagnostics)
        assert all(finding.fix.message in each["message"] for each in diagnostics)
    assert none == 0
    assert max(sizes) <= 30 and sorted(sizes)[len(sizes) // 2] <= 12


def test_all_suggestions_of_a_report_can_be_accepted_together(programs):
    folder, findings = programs
    get = {path: Source.read(path) for path in {finding.path for finding in findings}}.get
    diagnostics = told(findings, get, folder)
    by_path = {}
    for each in diagnostics:
        by_path.setdefault(each["location"]["path"], []).append(each)
    assert sum(map(len, map(suggestions_of, by_path.values()))) > 40
    for path, group in by_path.items():
        after = accepted(rows_of((folder / path).read_bytes()), suggestions_of(group))
        if path.endswith(".ipynb"):
            json.loads("\n".join(after))
        else:
            compile("\n".join(after), path, "exec")


def test_a_suggestion_covers_what_is_flagged(programs):
    folder, findings = programs
    get = {path: Source.read(path) for path in {finding.path for finding in findings}}.get
    covers = [
        each["suggestions"][0]["range"]["start"]["line"]
        <= each["location"]["range"]["start"]["line"]
        <= each["suggestions"][0]["range"]["end"]["line"]
        for each in told(findings, get, folder)
        if "suggestions" in each and each["severity"] != "INFO"
    ]
    assert sum(covers) >= 0.7 * len(covers)


def finding(*edits, row=5, **more):
    fix = Fix(applicability="unsafe", message="Mend", edits=tuple(edits))
    values = dict(code="TFM101", name="x", group="leak", severity="error", message="m", path="a.py", fix=fix)
    return Finding(**values, start=(row, 1), end=(row, 2), **more)


def edit(first, last, content):
    """Columns play no part: whole rows."""
    return Edit(start=(first, 1), end=(last, 1), content=content)


def numbered(count, blank=(), end="\n"):
    return "".join(("" if row in blank else f"row{row}") + end for row in range(1, count + 1)).encode()


@pytest.mark.parametrize(
    "raw, edits",
    [
        (numbered(9), [edit(5, 6, "")]),
        (numbered(9, blank=(4, 6)), [edit(5, 6, "")]),
        (numbered(9, blank=(4, 5, 6)), [edit(7, 8, "\n\n")]),
        (numbered(9), [edit(5, 5, "new\n\n")]),
        (numbered(9), [edit(5, 5, "\n\nnew\n")]),
        (numbered(9, blank=(9,)), [edit(8, 9, "")]),
        (numbered(9), [edit(1, 2, "")]),
        (numbered(9), [edit(1, 1, "new\n")]),
        (numbered(9), [edit(9, 10, "")]),
        (numbered(9)[:-1], [Edit(start=(9, 5), end=(9, 5), content="\nlast")]),
        (numbered(9)[:-1], [Edit(start=(8, 5), end=(9, 5), content="")]),
        (numbered(9, end="\r\n"), [edit(5, 6, "new\r\nnewer\r\n")]),
        (b"\xef\xbb\xbf" + numbered(9), [edit(1, 2, "new\n")]),
        (numbered(200), [edit(2, 2, "import gc\n"), edit(150, 151, "new\n"), edit(160, 160, "more\n")]),
    ],
)
def test_rows_are_neither_lost_nor_eaten(raw, edits, tmp_path):
    source = Source("a.py", raw)
    found = finding(*edits, row=edits[-1].start[0])
    suggestions = suggestions_of(told([found], lambda path: source, tmp_path))
    assert accepted(rows_of(raw), suggestions) == rows_of(source.with_edits(found.fix.edits))
    assert max(each["range"]["end"]["line"] - each["range"]["start"]["line"] for each in suggestions) <= 12


def test_a_fix_at_two_places_is_two_comments(tmp_path):
    source = Source("a.py", numbered(200))
    found = finding(edit(2, 2, "import gc\n"), edit(150, 151, "new\n"), row=149)
    own, further = told([found], lambda path: source, tmp_path)
    assert own["suggestions"][0]["range"] == {"start": {"line": 149}, "end": {"line": 150}}
    assert own["message"].endswith("Mend (1 of 2 suggestions that belong together; the others: row 2)")
    assert further["severity"] == "INFO" and further["location"]["range"] == further["suggestions"][0]["range"]
    assert further["message"].startswith("Suggestion 2 of 2 that belong together, the fix of TFM101 in row 149 (unsafe")


def test_suggestions_do_not_overlap(tmp_path):
    """What two fixes have in common stands once; of two that overlap the first is suggested."""
    source = Source("a.py", numbered(200))
    shared = edit(2, 2, "import gc\n")
    findings = [
        finding(shared, edit(50, 51, "a\n"), row=50),
        finding(shared, edit(90, 91, "b\n"), row=90),
        finding(edit(90, 92, "c\n"), row=91),
    ]
    diagnostics = told(findings, lambda path: source, tmp_path)
    assert [each["suggestions"][0]["text"] for each in diagnostics[:-1]] == ["a", "import gc\nrow2", "b"]
    assert "(together with the one in row 2)" in diagnostics[2]["message"]
    assert "suggestions" not in diagnostics[3] and "overlaps with another suggestion" in diagnostics[3]["message"]


@pytest.mark.parametrize(
    "raw, edits, words",
    [
        (numbered(9, end="\r"), [edit(5, 6, "")], "whole rows"),
        (numbered(300), [edit(5, 6, "new\n" * 130)], "too long"),
        (numbered(9)[:-1], [Edit(start=(9, 5), end=(9, 5), content="\n")], "whole rows"),
        (b"\n\n", [edit(1, 2, "\n\n\n")], "whole rows"),
    ],
)
def test_what_cannot_be_suggested_is_told(raw, edits, words, tmp_path):
    source = Source("a.py", raw)
    [told_] = told([finding(*edits)], lambda path: source, tmp_path)
    assert "suggestions" not in told_ and words in told_["message"]
