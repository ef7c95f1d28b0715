"""A fault costs the place where it happens: it is told in one line, exit code 2 says so, and everything else is checked and reported."""

import json
import re

import pytest

from support.faults import GRAPHS, LEAKY, broken, found
from tflint_mem.settings.tables import OUTPUT_FORMATS

# format -> the function that shows one finding in it
SHOWING = {
    "full": "text._full",
    "concise": "text._header",
    "grouped": "grouped._text",
    "markdown": "markdown._row",
    "json": "json.record",
    "json-lines": "json.record",
    "sarif": "sarif._result",
    "rdjson": "rdjson._diagnostic",
    "github": "github._command",
    "gitlab": "gitlab._issue",
    "azure": "azure._command",
    "junit": "junit._test",
    "pylint": "pylint._row",
}
LINE = re.compile(
    r"tflint-mem: (.*) failed and is left out here: (.*); please report this as a bug, with the text that --verbose adds"
)


def told(done):
    """[(place and what, error)] of the lines on standard error, which has no others."""
    lines = [LINE.fullmatch(line) for line in done.stderr.splitlines()]
    assert all(lines), done.stderr
    return [(line[1], line[2]) for line in lines]


# -- rules

AT_ROOT = """
from tflint_mem.ruleset.context import Context
from tflint_mem.rules import tfm101_load_model_in_loop as rule
whole = Context.at_call
def at_call(self, code, m, i, *rest, **more):
    if code == "TFM101" and m.path in {paths}:
        raise {error}
    return whole(self, code, m, i, *rest, **more)
Context.at_call = at_call
"""


@pytest.mark.parametrize(
    "error", ["IndexError('tuple index out of range')", "RecursionError('too deep')", "MemoryError()", "KeyError('x')"]
)
def test_a_rule_that_fails_on_a_module_is_left_out_there(project, error):
    done = broken(
        project, AT_ROOT.format(paths=("b.py", "none.py"), error=error), "--no-cache", "--output-format", "json", "."
    )
    assert done.returncode == 2
    ((place, text),) = told(done)
    assert place == "b.py:6: rule TFM101" and text.startswith(error.partition("(")[0])
    assert found(done) == [("a.py", "TFM101"), ("c.py", "TFM101")]


def test_other_rules_still_look_at_the_module(project):
    (project / "b.py").write_text(LEAKY + GRAPHS)
    done = broken(
        project,
        AT_ROOT.format(paths=("b.py", "none.py"), error="ValueError"),
        "--no-cache",
        "--output-format",
        "json",
        ".",
    )
    assert found(done) == [("a.py", "TFM101"), ("b.py", "TFM301"), ("c.py", "TFM101")]
    assert [place for place, _ in told(done)] == ["b.py:6: rule TFM101"]


def test_a_rule_may_fail_on_all_modules(project):
    done = broken(
        project,
        AT_ROOT.format(paths=("a.py", "b.py", "c.py"), error="ValueError"),
        "--no-cache",
        "--output-format",
        "json",
        ".",
    )
    assert done.returncode == 2 and found(done) == []
    assert sorted(place for place, _ in told(done)) == [
        "a.py:6: rule TFM101",
        "b.py:6: rule TFM101",
        "c.py:6: rule TFM101",
    ]


IN_CALLS = """
from tflint_mem.project.project import Project
whole = Project.apis
def apis(self, m, i):
    if m.path in {paths}:
        raise AttributeError("nobody")
    return whole(self, m, i)
Project.apis = apis
"""


def test_what_all_rules_ask_may_fail_on_a_module(project):
    """A question that every rule asks: the module is lost, each rule says so, and the others are as they were."""
    (project / "b.py").write_text(LEAKY + GRAPHS)
    (project / "d.py").write_text(GRAPHS)
    whole = broken(project, "", "--no-cache", "--output-format", "json", ".")
    done = broken(project, IN_CALLS.format(paths=("b.py", "none.py")), "--no-cache", "--output-format", "json", ".")
    assert whole.returncode == 1 and whole.stderr == ""
    assert done.returncode == 2
    assert {place for place, _ in told(done)} >= {"b.py:6: rule TFM101", "b.py:13: rule TFM301"}
    assert all(place.startswith("b.py:") for place, _ in told(done))
    assert found(done) == [each for each in found(whole) if each[0] != "b.py"]
    assert json.loads(done.stdout) == [
        record for record in json.loads(whole.stdout) if not record["filename"].endswith("b.py")
    ]


def test_no_half_finished_answer_is_left_behind(project):
    """A search that breaks off has noted what it was about to find out; nobody may take that for an answer."""
    fault = """
    from tflint_mem.rules import tfm101_load_model_in_loop as rule
    whole, times = rule.find, []
    def find(context):
        found = list(whole(context))
        if not times:
            times.append(1)
            for key in list(context.memo):
                context.memo[key] = []
            context.project.infer.memo = {key: frozenset() for key in context.project.infer.memo}
            raise ZeroDivisionError
        return found
    rule.find = find
    """
    whole = broken(project, "", "--no-cache", "--output-format", "json", ".")
    done = broken(project, fault, "--no-cache", "--output-format", "json", ".")
    assert done.stdout == whole.stdout and len(found(whole)) == 3


def test_a_rule_that_always_fails_or_cannot_be_imported_is_left_out(project):
    (project / "b.py").write_text(LEAKY + GRAPHS)
    fault = """
    from tflint_mem.rules import tfm101_load_model_in_loop as rule
    def find(context):
        raise ZeroDivisionError("always")
    rule.find = find
    """
    done = broken(project, fault, "--no-cache", "--output-format", "json", ".")
    assert (done.returncode, found(done)) == (2, [("b.py", "TFM301")])
    assert told(done) == [("rule TFM101 in all files", "ZeroDivisionError: always")]
    fault = "import sys\nsys.modules['tflint_mem.rules.tfm101_load_model_in_loop'] = None"
    done = broken(project, fault, "--no-cache", "--output-format", "json", ".")
    assert (done.returncode, found(done)) == (2, [("b.py", "TFM301")])
    assert [place for place, _ in told(done)] == ["rule TFM101"]


def test_rules_that_sweep_through_a_large_project_in_parts(tmp_path):
    for number in range(60):
        (tmp_path / f"m{number:02}.py").write_text(GRAPHS)
    fault = """
    from tflint_mem.project import project
    project.LARGE, project.KEEP_IN_LARGE = 0, 20
    from tflint_mem.rules import tfm301_tf_function_in_loop as rule
    whole = rule._checked
    def checked(context, m, *rest):
        if m.path in ("m07.py", "m08.py", "m59.py"):
            raise ValueError("x")
        return whole(context, m, *rest)
    rule._checked = checked
    """
    done = broken(tmp_path, fault, "--no-cache", "--output-format", "json", ".")
    assert [place for place, _ in told(done)] == [
        "m07.py:6: rule TFM301",
        "m08.py:6: rule TFM301",
        "m59.py:6: rule TFM301",
    ]
    assert found(done) == [(f"m{number:02}.py", "TFM301") for number in range(60) if number not in (7, 8, 59)]


def test_verbose_shows_the_traceback(project):
    done = broken(
        project, AT_ROOT.format(paths=("b.py", "none.py"), error="ValueError('why')"), "--no-cache", "--verbose", "."
    )
    assert (
        "tflint-mem:   Traceback (most recent call last):" in done.stderr
        and "in at_call" in done.stderr
        and "ValueError: why" in done.stderr
    )
    done = broken(project, AT_ROOT.format(paths=("b.py", "none.py"), error="ValueError('why')"), "--no-cache", ".")
    assert "Traceback" not in done.stderr


# -- reading, fixes, reports, comments


def test_a_file_whose_facts_cannot_be_collected_costs_that_file(project):
    fault = """
    from tflint_mem import facts
    whole = facts.collect
    def collect(code, filename="<module>"):
        if filename == "b.py":
            raise IndexError("pop from empty list")
        return whole(code, filename)
    facts.collect = collect
    """
    done = broken(project, fault, "--no-cache", "--output-format", "json", ".")
    assert (done.returncode, found(done)) == (2, [("a.py", "TFM101"), ("c.py", "TFM101")])
    assert told(done) == [("b.py: this file", "IndexError: pop from empty list")]


def test_a_fix_that_cannot_be_built_costs_that_fix(project):
    fault = """
    from tflint_mem.codemod import view
    whole = view.view_at
    def view_at(source, *rest):
        if source.path == "b.py":
            raise RuntimeError("no such statement")
        return whole(source, *rest)
    view.view_at = view_at
    """
    done = broken(project, fault, "--no-cache", "--output-format", "json", "--unsafe-fixes", ".")
    records = json.loads(done.stdout)
    assert (done.returncode, found(done)) == (2, [("a.py", "TFM101"), ("b.py", "TFM101"), ("c.py", "TFM101")])
    assert [record["fix"] is None for record in records] == [False, True, False]
    assert told(done) == [("b.py: the fix of TFM101 in row 6", "RuntimeError: no such statement")]


@pytest.mark.parametrize("form", OUTPUT_FORMATS)
def test_a_finding_that_cannot_be_shown_costs_no_other(project, form):
    module, name = SHOWING[form].split(".")
    fault = f"""
    from tflint_mem.report import {module} as report
    whole = report.{name}
    def shown(finding, *rest):
        if finding.path == "b.py":
            raise UnicodeError("cannot be shown")
        return whole(finding, *rest)
    report.{name} = shown
    """
    done = broken(project, fault, "--no-cache", "--output-format", form, ".")
    assert done.returncode == 2
    assert "a.py" in done.stdout and "c.py" in done.stdout
    assert told(done) == [(f"b.py: the {form} report of TFM101 in row 6", "UnicodeError: cannot be shown")]


def test_a_report_that_always_fails_still_names_the_findings(project):
    fault = """
    from tflint_mem.report import sarif
    def render(run):
        if len(run.findings) > 1:
            raise KeyError("runs")
    sarif.render = render
    """
    done = broken(project, fault, "--no-cache", "--output-format", "sarif", ".")
    assert done.returncode == 2
    assert done.stdout.splitlines() == [f"{name}.py:6:17: TFM101 load-model-in-loop" for name in "abc"]
    assert told(done) == [("the sarif report", "KeyError: 'runs'")]


def test_comments_that_cannot_be_read_silence_nothing(project):
    (project / "c.py").write_text(LEAKY.replace("(folder)\n", "(folder)  # noqa\n"))
    fault = """
    from tflint_mem.silencing import comments
    whole = comments.read
    def read(source):
        if source is not None and source.path == "b.py":
            raise IndexError("list index out of range")
        return whole(source)
    comments.read = read
    """
    done = broken(project, fault, "--no-cache", "--output-format", "json", ".")
    assert (done.returncode, found(done)) == (2, [("a.py", "TFM101"), ("b.py", "TFM101")])
    assert told(done) == [
        ("b.py: the search for comments that silence findings", "IndexError: list index out of range")
    ]


@pytest.mark.parametrize(
    "step, fault",
    [
        (
            "fixing",
            "from tflint_mem.fixes import fixing\ndef fix(*given):\n    raise ValueError('x')\nfixing.fix = fix",
        ),
        (
            "--verify",
            "from tflint_mem.command import verification as verifying\ndef verify(run):\n    raise ValueError('x')\nverifying.verify = verify",
        ),
        (
            "the baseline",
            "from tflint_mem.silencing import baseline\ndef new(*all):\n    raise ValueError('x')\nbaseline.Baseline.new = new",
        ),
    ],
)
def test_a_step_that_fails_loses_no_finding(project, step, fault):
    (project / "base.json").write_text('{"version": 1, "findings": []}')
    arguments = {"fixing": ["--fix"], "--verify": ["--verify"], "the baseline": ["--baseline", "base.json"]}[step]
    done = broken(project, fault, "--no-cache", "--output-format", "json", *arguments, ".")
    assert done.returncode == 2 and len(found(done)) == 3
    assert told(done) == [(step, "ValueError: x")]


def test_a_fix_is_not_taken_for_proven_where_the_check_after_it_failed(project):
    before = (project / "b.py").read_text()
    fault = """
    from tflint_mem.analysis.models import origins as _origins
    whole = _origins.unreleased
    def unreleased(context, m, i, *kind):
        if m.path == "b.py" and m.calls[i].pos.line == 5:
            raise ValueError("only after the fix")
        return whole(context, m, i, *kind)
    _origins.unreleased = unreleased
    """
    done = broken(project, fault, "--no-cache", "--fix", "--unsafe-fixes", "--output-format", "json", ".")
    assert (project / "a.py").read_text() != LEAKY + "# a.py\n"
    assert (project / "b.py").read_text() == before
    assert (done.returncode, found(done)) == (2, [("b.py", "TFM101")])


# -- the cache


def test_a_run_with_faults_is_not_remembered(tmp_path):
    (tmp_path / ".git").mkdir()
    for number in range(60):
        (tmp_path / f"m{number:02}.py").write_text(LEAKY)
    done = broken(
        tmp_path, AT_ROOT.format(paths=("m07.py", "none.py"), error="ValueError"), "--output-format", "json", "."
    )
    assert done.returncode == 2 and len(found(done)) == 59
    done = broken(tmp_path, "", "--output-format", "json", ".")
    assert done.returncode == 1 and len(found(done)) == 60
    done = broken(
        tmp_path, AT_ROOT.format(paths=("m07.py", "none.py"), error="ValueError"), "--output-format", "json", "."
    )
    assert done.returncode == 1 and len(found(done)) == 60  # nothing was looked at again


def test_a_cache_that_fails_costs_only_time(tmp_path):
    for number in range(60):
        (tmp_path / f"m{number:02}.py").write_text(LEAKY)
    fault = "from tflint_mem.storage import cache\ndef fail(*all):\n    raise AttributeError('x')\ncache.Cache.findings = fail"
    done = broken(tmp_path, fault, "--output-format", "json", ".")
    assert done.returncode == 2 and len(found(done)) == 60
    assert told(done) == [("the cache", "AttributeError: x")]
