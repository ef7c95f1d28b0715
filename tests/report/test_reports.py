"""Every output format, from hand-made findings, against the rules of the format."""

import json
import re
from types import SimpleNamespace
from urllib.parse import unquote

import pytest

from tflint_mem.finding import Edit, Finding, Fix, Step
from tflint_mem.report import frame, github, patch, rdjson, sarif, statistics, summary, text
from tflint_mem.report import json as json_report
from tflint_mem.sources.source import Source

CODE = (
    "import tensorflow as tf\n\nfor näme in paths:\n\tmodel = tf.keras.models.load_model(näme)\n\tuse(model, '日本')\n"
)


def finding(**changes):
    values = dict(
        code="TFM101",
        name="load-model-in-loop",
        group="leak",
        severity="error",
        path="src/a b.py",
        message="`load_model` runs in each pass of the loop: 100 % of it stays, and\nnothing frees it.",
        measured="930-1260 KiB per pass",
        help="load it once",
        start=(4, 10),
        end=(4, 42),
        noqa_row=4,
        trace=(
            Step(path="src/a b.py", row=3, column=1, message="repeats: this `for`"),
            Step(path="src/a b.py", row=4, column=10, message="loads"),
        ),
        fix=Fix(
            applicability="safe",
            message="Load once",
            edits=(
                Edit(start=(3, 1), end=(3, 1), content="model = tf.keras.models.load_model('m')\n"),
                Edit(start=(4, 1), end=(5, 1), content=""),
            ),
        ),
    )
    return Finding(**{**values, **changes})


@pytest.fixture
def run(tmp_path, monkeypatch):
    """What reports see of a run over the given findings."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()

    def make(*findings, sources=None, **more):
        sources = {"src/a b.py": CODE, **(sources or {})}
        state = SimpleNamespace(
            findings=list(findings),
            fixed=[],
            skipped_fixes=[],
            baselined=0,
            silenced=[],
            known=[],
            checked=1,
            stdin=False,
            reader=SimpleNamespace(
                get=lambda path: Source(path, sources[path].encode()) if path in sources else None, around=frozenset()
            ),
            settings=SimpleNamespace(
                fix_only=False,
                show_fixes=False,
                project_root=str(tmp_path),
                unsafe_fixes=False,
                fix=False,
                output_format="full",
                baseline=None,
            ),
            options=SimpleNamespace(diff=False, quiet=False, statistics=False, outputs=[]),
        )
        for name, value in more.items():
            setattr(state, name, value)
        return state

    return make


def notebook_run(run):
    book = json.dumps(
        {
            "nbformat": 4,
            "cells": [
                {"cell_type": "markdown", "source": ["x"]},
                {"cell_type": "code", "source": ["import keras\n", "for p in q:\n", "    keras.models.load_model(p)"]},
            ],
        },
        indent=1,
    )
    step = Step(path="n.ipynb", cell=2, row=2, column=1, message="repeats")
    fix = Fix(
        applicability="unsafe", message="Drop", edits=(Edit(start=(3, 5), end=(3, 10), content="tf_keras", cell=2),)
    )
    found = finding(path="n.ipynb", cell=2, start=(3, 5), end=(3, 31), noqa_row=3, trace=(step,), fix=fix)
    return run(found, sources={"n.ipynb": book}), book.split("\n")


# -- full and concise


def test_full(run):
    lines = text.render(run(finding()), full=True, color=False).split("\n")
    assert lines[0] == "src/a b.py:4:10: TFM101 load-model-in-loop [error] [*]"
    assert lines[1:3] == ["  `load_model` runs in each pass of the loop: 100 % of it stays, and", "  nothing frees it."]
    [row] = [i for i, line in enumerate(lines) if line.startswith("  4 |")]
    assert lines[row] == "  4 |     model = tf.keras.models.load_model(näme)"
    assert lines[row + 1] == "    |             " + "^" * 32
    shown = "\n".join(lines)
    assert "    src/a b.py:3:1: repeats: this `for`\n        for näme in paths:\n    src/a b.py:4:10: loads\n" in shown
    assert "  measured: 930-1260 KiB per pass\n  help: load it once\n  fix (safe): Load once\n" in shown
    assert "    + model = tf.keras.models.load_model('m')\n" in shown
    assert "    -     model = tf.keras.models.load_model(näme)\n" in shown


def test_the_marker_lies_below_the_place():
    rows = ["\tx = '日本' + f(ä)", "y"]
    start = rows[0].index("f(") + 1
    shown = frame.frame(rows, (1, start), (1, start + 4))
    number, line, marker = shown[0]
    assert line == "    x = '日本' + f(ä)"
    # Each of the two wide characters takes two columns.
    assert marker == " " * (4 + len("x = '") + 4 + len("' + ")) + "^^^^"


def test_long_rows_are_cut_around_the_place():
    row = "x = [" + "1, " * 2_000_000 + "f(y)]"
    start = row.index("f(y)") + 1
    [(_, line, marker)] = frame.frame([row], (1, start), (1, start + 4))
    assert len(line) <= frame.WIDTH
    assert line[len(marker) - 4 : len(marker)] == "f(y)"
    [(_, line, marker)] = frame.frame([row], (1, 1), (1, 2))
    assert (line[:9], len(line), line[-1], marker) == ("x = [1, 1", frame.WIDTH + 1, "…", "^")


def test_control_characters_do_not_reach_the_terminal():
    assert frame.cut("a = '\x1b[31m\x07\x7f\u202e'") == "a = '␛[31m␇\ufffd\ufffd'"


def test_places_behind_the_end_are_survived():
    assert frame.frame(["x"], (7, 3), (7, 3))[-1][0] == 1
    assert frame.frame([""], (1, 1), (1, 1)) == [(1, "", "^")]


def test_colour_only_adds_escapes(run):
    plain = text.render(run(finding()), full=True, color=False)
    colored = text.render(run(finding()), full=True, color=True)
    assert "\x1b[" in colored and "\x1b" not in plain
    assert re.sub(r"\x1b\[\d+m", "", colored) == plain


def test_concise_is_one_line(run):
    assert text.render(run(finding(), finding(fix=None, severity="hint")), full=False, color=False) == (
        "src/a b.py:4:10: TFM101 load-model-in-loop [error] [*] `load_model` runs in each pass of the loop: 100 % of it stays, and "
        "nothing frees it.\n"
        "src/a b.py:4:10: TFM101 load-model-in-loop [hint] `load_model` runs in each pass of the loop: 100 % of it stays, and "
        "nothing frees it.\n"
    )


def test_concise_tells_the_verdict(run):
    verdicts = [{"verdict": "confirmed", "kind": "retained"}, {"verdict": "not-runnable", "kind": None}]
    rows = text.render(
        run(*(finding(verification=verdict) for verdict in verdicts)), full=False, color=False
    ).splitlines()
    assert [row.rpartition("frees it.")[2] for row in rows] == [
        " (verified: confirmed, retained)",
        " (verified: not-runnable)",
    ]


def test_notebook_places_name_the_cell(run):
    state, _ = notebook_run(run)
    shown = text.render(state, full=True, color=False)
    assert shown.startswith("n.ipynb:cell 2:3:5: TFM101")
    assert "  3 |     keras.models.load_model(p)\n    |     ^^^^^^^^^^^^^^^^^^^^^^^^^^\n" in shown
    assert "    +     tf_keras.models.load_model(p)" in shown


def test_a_patch_shows_places_apart():
    lines = [f"a{i}" for i in range(1, 31)]
    source = Source("a.py", "\n".join(lines).encode())
    rows = patch.rows(
        source, [Edit(start=(1, 1), end=(1, 1), content="new\n"), Edit(start=(20, 1), end=(20, 4), content="b")]
    )
    assert rows == ["+new", " a1", "@ row 19", " a19", "-a20", "+b", " a21"]


@pytest.mark.parametrize(
    ("findings", "more", "line"),
    [
        ([], {}, "Checked 1 file: no findings."),
        ([{}], {}, "Checked 1 file: 1 finding (1 error), 1 fixable with --fix."),
        (
            [{}, {"severity": "warning", "fix": None}, {"severity": "warning", "fix": None}],
            {"checked": 12},
            "Checked 12 files: 3 findings (1 error, 2 warnings), 1 fixable with --fix.",
        ),
        (
            [{}, {"fix": Fix(applicability="unsafe", message="", edits=())}],
            {},
            "Checked 1 file: 2 findings (2 errors), 1 fixable with --fix, 1 with --unsafe-fixes.",
        ),
        (
            [{"severity": "hint", "fix": Fix(applicability="unsafe", message="", edits=())}],
            {},
            "Checked 1 file: 1 finding (1 hint), 1 fixable with --unsafe-fixes.",
        ),
        ([{"fix": None}], {"baselined": 3}, "Checked 1 file: 1 finding (1 error), 3 more in the baseline."),
    ],
)
def test_the_last_line(run, findings, more, line):
    assert summary.line(run(*(finding(**changes) for changes in findings), **more)) == line


# -- for programs


def test_json_has_the_promised_fields(run):
    [record] = json.loads(json_report.render(run(finding())))
    assert sorted(record) == sorted(
        [
            "cell",
            "code",
            "confidence",
            "end_location",
            "filename",
            "fix",
            "further_traces",
            "help",
            "location",
            "measured",
            "message",
            "name",
            "noqa_row",
            "persona",
            "places",
            "severity",
            "trace",
            "url",
            "verification",
        ]
    )
    assert record["filename"].endswith("/src/a b.py") and record["filename"].startswith("/")
    assert (record["measured"], record["help"]) == ("930-1260 KiB per pass", "load it once")
    assert record["location"] == {"row": 4, "column": 10}
    assert record["end_location"] == {"row": 4, "column": 42}
    assert record["fix"] == {
        "applicability": "safe",
        "message": "Load once",
        "edits": [
            {
                "content": "model = tf.keras.models.load_model('m')\n",
                "cell": None,
                "location": {"row": 3, "column": 1},
                "end_location": {"row": 3, "column": 1},
            },
            {"content": "", "cell": None, "location": {"row": 4, "column": 1}, "end_location": {"row": 5, "column": 1}},
        ],
    }
    assert record["trace"][0] == {
        "filename": record["filename"],
        "cell": None,
        "row": 3,
        "column": 1,
        "message": "repeats: this `for`",
    }
    assert record["verification"] is None
    assert json_report.render(run()) == "[]\n"


def test_github_commands_and_the_plain_list(run):
    lines = github.render(run(finding(), finding(severity="hint", path="a,b:c.py", end=(5, 1), trace=()))).split("\n")
    assert lines[0] == (
        "::error title=tflint-mem (TFM101 load-model-in-loop),file=src/a b.py,line=4,endLine=4,col=10,endColumn=42::"
        "`load_model` runs in each pass of the loop: 100 %25 of it stays, and%0Anothing frees it.%0A930-1260 KiB per pass%0Aload it once%0A"
        "fix: Load once (safe: --fix applies it)"
    )
    assert lines[1].startswith(
        "::notice title=tflint-mem (TFM101 load-model-in-loop),file=a%2Cb%3Ac.py,line=4,endLine=5::"
    )
    assert lines[2].startswith("src/a b.py:4:10: TFM101 ")
    assert len(lines) == 5


def test_github_says_when_annotations_are_dropped(run):
    assert "GitHub shows 10" not in github.render(run(*[finding()] * 10))
    assert "GitHub shows 10 annotations of a kind per step; this list is complete:\n" in github.render(
        run(*[finding()] * 11)
    )


def test_rdjson_counts_bytes_and_suggests_whole_rows(run):
    found = finding(
        start=(5, 13),
        end=(5, 17),
        fix=Fix(applicability="safe", message="", edits=(Edit(start=(5, 13), end=(5, 17), content="x"),)),
    )
    result = json.loads(rdjson.render(run(found)))
    assert result["source"] == {"name": "tflint-mem"}
    [diagnostic] = result["diagnostics"]
    assert diagnostic["location"] == {
        "path": "src/a b.py",
        "range": {"start": {"line": 5, "column": 13}, "end": {"line": 5, "column": 21}},
    }
    assert (diagnostic["severity"], diagnostic["code"]) == ("ERROR", {"value": "TFM101"})
    assert diagnostic["suggestions"] == [
        {"range": {"start": {"line": 5}, "end": {"line": 5}}, "text": "\tuse(model, x)"}
    ]
    assert diagnostic["relatedLocations"][0]["location"]["range"] == {"start": {"line": 3, "column": 1}}


def test_rdjson_suggestion_over_several_rows(run):
    [diagnostic] = json.loads(rdjson.render(run(finding())))["diagnostics"]
    [suggestion] = diagnostic["suggestions"]
    assert suggestion["range"] == {"start": {"line": 3}, "end": {"line": 4}}
    assert suggestion["text"].split("\n") == ["model = tf.keras.models.load_model('m')", "for näme in paths:"]
    assert diagnostic["message"].endswith("\nload it once\nSuggested fix (safe): Load once")


def apply_sarif(fix, old):
    """What a viewer does with a fix."""
    edits = [
        Edit(
            start=(r["deletedRegion"]["startLine"], r["deletedRegion"]["startColumn"]),
            end=(r["deletedRegion"]["endLine"], r["deletedRegion"]["endColumn"]),
            content=r.get("insertedContent", {}).get("text", ""),
        )
        for r in fix["artifactChanges"][0]["replacements"]
    ]
    return Source("x.py", old.encode()).with_edits(edits).decode()


def test_sarif(run):
    log = json.loads(
        sarif.render(
            run(
                finding(verification={"verdict": "confirmed"}),
                finding(start=(5, 2), end=(5, 5), severity="hint", fix=None),
            )
        )
    )
    assert log["version"] == "2.1.0"
    [one] = log["runs"]
    assert one["columnKind"] == "unicodeCodePoints"
    [rule] = one["tool"]["driver"]["rules"]
    assert (rule["id"], rule["name"]) == ("TFM101", "load-model-in-loop")
    assert all(rule[field] for field in ("shortDescription", "fullDescription", "help", "defaultConfiguration"))
    first, second = one["results"]
    assert (first["ruleId"], first["ruleIndex"], first["level"], second["level"]) == ("TFM101", 0, "error", "note")
    physical = first["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"] == {"uri": "src/a%20b.py", "uriBaseId": "%SRCROOT%"}
    text = {"text": "tf.keras.models.load_model(näme)"}
    assert physical["region"] == {"startLine": 4, "startColumn": 10, "endLine": 4, "endColumn": 42, "snippet": text}
    assert one["originalUriBaseIds"]["%SRCROOT%"]["uri"].startswith("file:///")
    assert one["originalUriBaseIds"]["%SRCROOT%"]["uri"].endswith("/")
    flow = first["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["message"]["text"] for step in flow] == ["repeats: this `for`", "loads"]
    assert [step["id"] for step in first["relatedLocations"]] == [1, 2]
    assert first["properties"]["verification"] == {"verdict": "confirmed"}
    assert apply_sarif(first["fixes"][0], CODE) == CODE.replace(
        "for", "model = tf.keras.models.load_model('m')\nfor", 1
    ).replace("\tmodel = tf.keras.models.load_model(näme)\n", "")
    assert "fixes" not in second


def test_sarif_fingerprints_survive_moved_code_and_tell_twins_apart(run):
    def fingerprints(state):
        return [
            result["partialFingerprints"]["primaryLocationLineHash"]
            for result in json.loads(sarif.render(state))["runs"][0]["results"]
        ]

    before = fingerprints(run(finding(fix=None), finding(start=(5, 1), fix=None)))
    moved = fingerprints(
        run(finding(start=(5, 10), fix=None), finding(start=(6, 1), fix=None), sources={"src/a b.py": "\n" + CODE})
    )
    assert before == moved
    twins = fingerprints(run(finding(fix=None), finding(fix=None)))
    assert twins[0].split(":")[0] == twins[1].split(":")[0] and twins[0] != twins[1]


def test_sarif_and_rdjson_speak_of_the_file_itself_for_notebooks(run):
    state, rows = notebook_run(run)
    log = json.loads(sarif.render(state))
    [result] = log["runs"][0]["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert rows[region["startLine"] - 1][region["startColumn"] - 1 :].startswith("keras.models")
    assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "cell 2, row 3"
    fixed = json.loads(apply_sarif(result["fixes"][0], "\n".join(rows)))
    assert fixed["cells"][1]["source"][2] == "    tf_keras.models.load_model(p)"
    [diagnostic] = json.loads(rdjson.render(state))["diagnostics"]
    suggestion = diagnostic["suggestions"][0]
    first, last = suggestion["range"]["start"]["line"], suggestion["range"]["end"]["line"]
    patched = rows[: first - 1] + suggestion["text"].split("\n") + rows[last:]
    assert json.loads("\n".join(patched)) == fixed
    assert "line=%d" % region["startLine"] in github.render(state)


def test_a_path_outside_the_repository_is_absolute_in_sarif(run):
    [result] = json.loads(sarif.render(run(finding(path="/else where/a.py", trace=(), fix=None))))["runs"][0]["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert unquote(uri["uri"]) == "file:///else where/a.py"
    assert "uriBaseId" not in uri


def test_a_file_that_cannot_be_decoded_is_reported_everywhere(run):
    broken = Source("b.py", b"import keras\nx = '\xff'\n")
    error = finding(
        code="TFM000", name="syntax-error", group="syntax", path="b.py", start=(2, 6), end=(2, 6), trace=(), fix=None
    )
    state = run(error)
    state.reader.get = lambda path: broken
    for writer in (json_report.render, github.render, rdjson.render, sarif.render):
        assert "TFM000" in writer(state)
    assert text.render(state, full=True, color=False).startswith("b.py:2:6: TFM000 syntax-error [error]\n")


def test_statistics(run):
    state = run(finding(fix=None), finding(code="TFM102", name="model-built-in-loop", fix=None), finding())
    assert statistics.render(state) == "2  TFM101  [*]  load-model-in-loop\n1  TFM102  [ ]  model-built-in-loop\n"
    state.settings.output_format = "json"
    assert json.loads(statistics.render(state))[0] == {
        "code": "TFM101",
        "name": "load-model-in-loop",
        "count": 2,
        "fixable": True,
    }
