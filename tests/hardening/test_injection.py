"""No text of the code under check drives the terminal, the log of a build, a browser or the reader of a report."""

import contextlib
import html.parser
import json
import os
import pty
import re
import subprocess
import sys
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from tflint_mem.finding import Edit, Finding, Fix, Step
from tflint_mem.fixes.rounds import Refused
from tflint_mem.hardening import safe
from tflint_mem.report import (
    azure,
    github,
    gitlab,
    grouped,
    json_lines,
    junit,
    markdown,
    pylint,
    rdjson,
    sarif,
    statistics,
    summary,
    text,
)
from tflint_mem.report import json as json_report
from tflint_mem.settings.settings import Settings
from tflint_mem.settings.tables import OUTPUT_FORMATS
from tflint_mem.sources.source import Source
from tflint_mem.verify.report import chart, html_page
from tflint_mem.verify.report import text as verify_text
from tflint_mem.verify.verdict import result

HOSTILE = (
    "\x1b]0;pwned\x07\x1b[31m\r\n::error::injected\n  ::stop-commands::x\n##vso[task.setvariable variable=a]b ##[error]c ##teamcity[d]"
    "\x00\x08\x7f\x85\x9b31m\u202e\u2066\u200b\u2028::warning::e\u2029\ufeff\ud800\udcff\U000e0041<script>alert(1)</script>\"'&%0A::x ::y"
)
CODE = (
    "import tensorflow as tf\n\nfor x in paths:\n    use(x, '''"
    + HOSTILE.replace("\r", "").replace("\x00", "").replace("\ud800\udcff", "")
    + "''')\n"
)
ORDER = re.compile(r"##\w*\[")
ISSUE = re.compile(
    r"##vso\[task\.logissue type=(error|warning);sourcepath=[^;\]]*;linenumber=\d+;columnnumber=\d+;code=[^;\]]*;\](?=[^;\]]*$)",
    re.MULTILINE,
)
_SHOWN = set("\n\xa0\u3000")


def check_text(report, orders=0):
    """Every character shows, and no row but the first `orders` is an order to a build service."""
    assert not sorted({repr(c) for c in report if not c.isprintable() and c not in _SHOWN})
    assert not ORDER.search(report)
    rows = report.split("\n")
    assert all(re.match(r"::(error|warning|notice) title=tflint-mem [^:]*::", row) for row in rows[:orders])
    assert not [row for row in rows[orders:] if row.lstrip().startswith("::")]


def check_json(report):
    """JSON in ASCII that strict parsers take, and no order in a row of it."""
    report.encode("ascii")
    assert not ORDER.search(report)
    json.dumps(json.loads(report, parse_constant=pytest.fail), ensure_ascii=False).encode("utf-8")


def check_azure(report, orders):
    """The agent obeys the first `orders` rows, each to its end, and nothing else."""
    rows = report.split("\n")
    assert [bool(ISSUE.match(row)) for row in rows] == [number < orders for number in range(len(rows))]
    check_text(ISSUE.sub("", report))
    assert not re.search("%(0a|0d|azp25)", "\n".join(rows[:orders]), re.IGNORECASE), "no row ends within a text"


def check_markdown(report):
    """Only our own markup, and the text as it is in other reports for people."""
    check_text(report)
    page = Tags()
    reader = MarkdownIt("gfm-like")
    reader.linkify.set({"fuzzy_link": False})  # code hosts take `a.py` for no address, but `www.`
    assert "www." not in report
    page.feed(reader.render(report))
    assert page.tags <= set("h3 table thead tbody tr th td code em br p".split())
    assert page.rows == report.count("\n| ")
    assert not [part for part in page.prose if re.search(r"[@#!$&~%]\w", part)], "nobody is called"
    return "".join(page.text)


def verification(**changes):
    return {
        "verdict": "confirmed",
        "kind": "retained",
        "mechanism": "kept",
        "device": "CPU",
        "iterations": 9,
        "seconds": 1.0,
        "meters": [],
        "stand_ins": ["one"],
        "needs": ["two"],
        "message": "grows",
        **changes,
    }


def finding(**changes):
    values = dict(
        code="TFM101",
        name="load-model-in-loop",
        group="leak",
        severity="error",
        path="a.py",
        message="loads",
        measured="much",
        help="do",
        start=(4, 5),
        end=(4, 20),
        noqa_row=4,
        trace=(Step(path="a.py", row=3, column=1, message="repeats"),),
        places=(Step(path="a.py", row=1, column=1, message="there"),),
        fix=Fix(applicability="safe", message="Load once", edits=(Edit(start=(4, 5), end=(4, 8), content="new"),)),
        verification=verification(),
    )
    return Finding(**{**values, **changes})


def hostile_step(**changes):
    return (Step(**{**dict(path="a.py", row=3, column=1, message="repeats"), **changes}),)


FIELDS = {
    "code": dict(code=HOSTILE),
    "name": dict(name=HOSTILE),
    "group": dict(group=HOSTILE),
    "message": dict(message=HOSTILE),
    "measured": dict(measured=HOSTILE),
    "help": dict(help=HOSTILE),
    "path": dict(path=HOSTILE),
    "path at the beginning of an order": dict(path="::error::x.py"),
    "message of a step": dict(trace=hostile_step(message=HOSTILE)),
    "path of a step": dict(trace=hostile_step(path=HOSTILE)),
    "message of a step of another way": dict(further_traces=(hostile_step(message=HOSTILE),)),
    "path of a step of another way": dict(further_traces=(hostile_step(path=HOSTILE),)),
    "path of a place": dict(places=hostile_step(path=HOSTILE)),
    "message of a place": dict(places=hostile_step(message=HOSTILE)),
    "message of a fix": dict(
        fix=Fix(applicability="safe", message=HOSTILE, edits=(Edit(start=(4, 5), end=(4, 8), content="new"),))
    ),
    "content of a fix": dict(
        fix=Fix(applicability="unsafe", message="Do", edits=(Edit(start=(4, 5), end=(4, 8), content=HOSTILE),))
    ),
    **{
        f"{field} of a verification": dict(verification=verification(**{field: HOSTILE}))
        for field in ("kind", "mechanism", "device", "message")
    },
    "stand-ins": dict(verification=verification(stand_ins=[HOSTILE])),
    "needs": dict(verification=verification(needs=[HOSTILE])),
    "numbers that are none": dict(
        verification=verification(seconds=float("nan"), meters=[{"name": "rss", "flagged": float("inf")}])
    ),
}


class _Settings(SimpleNamespace):
    fail_on, fails = None, Settings.fails

    def of(self, path):
        """One configuration is all there is."""
        return self


def run_of(*findings, **settings):
    """What reports see of a run over these findings."""
    sources = dict.fromkeys(("a.py", HOSTILE, "::error::x.py"), CODE)
    state = SimpleNamespace(
        findings=list(findings),
        fixed=[],
        skipped_fixes=[Refused(one, HOSTILE) for one in findings],
        baselined=0,
        silenced=[],
        known=[],
        checked=1,
        held_back=0,
        stdin=False,
        reader=SimpleNamespace(
            get=lambda path: Source(path, sources[path].encode()) if path in sources else None, around=frozenset()
        ),
        settings=_Settings(
            **{
                **dict(
                    fix_only=False,
                    show_fixes=False,
                    project_root=os.getcwd(),
                    unsafe_fixes=False,
                    fix=False,
                    output_format="full",
                    explicit=(),
                    baseline=None,
                ),
                **settings,
            }
        ),
        options=SimpleNamespace(diff=False, quiet=False, statistics=False, outputs=[]),
        verified={},
    )
    for one in findings:
        state.verified[(one.path, one.cell, one.start, one.code)] = result.Result(one)
    return state


@pytest.mark.parametrize("field", FIELDS)
def test_no_field_of_a_finding_comes_out_raw(field):
    one = finding(**FIELDS[field])
    run = run_of(one, one)
    check_text(text.render(run, full=True, color=False))
    check_text(text.render(run, full=False, color=False))
    check_text(re.sub(r"\x1b\[\d\d?m", "", text.render(run, full=True, color=True)))
    check_text(grouped.render(run))
    check_text(pylint.render(run))
    check_text(junit.render(run))
    ElementTree.fromstring(junit.render(run))
    check_markdown(markdown.render(run))
    check_azure(azure.render(run), orders=2)
    check_text(github.render(run), orders=2)
    check_text(statistics.render(run))
    check_text(summary.line(run))
    for report in (json_report, sarif, rdjson, gitlab):
        check_json(report.render(run))
    for line in json_lines.render(run).splitlines():
        check_json(line)
    check_json(statistics.render(run_of(one, output_format="json")))


def test_every_field_of_a_finding_is_tried():
    simple = {name for changes in FIELDS.values() for name in changes}
    assert simple >= set(Finding._fields) - {
        "severity",
        "confidence",
        "persona",
        "cell",
        "start",
        "end",
        "noqa_row",
    }, "those are numbers and our own words"


def test_what_is_shown_tells_what_was_there():
    shown = text.render(run_of(finding(message="a\x1b[31mb\u202ec\x07", path="d\n.py")), full=True, color=False)
    assert shown.startswith("d\\n.py:4:5: ") and "  a\\x1b[31mb\\u202ec\\x07\n" in shown
    [record] = json.loads(json_report.render(run_of(finding(message="a\x1b\ud800\n"))))
    assert record["message"] == "a\x1b\\ud800\n"


def test_markdown_shows_what_is_there_and_calls_nobody():
    said = "`a|b` *c* __d__ @someone #12 org/repo#3 www.x.example https://x.example :tada: <b>e</b> [f](g) \\\\ &lt;"
    report = markdown.render(run_of(finding(message=said, path="a|`b`.py")))
    shown = check_markdown(report)
    assert said.replace("`", "") in shown and "a|`b`.py:4:5" in shown
    assert "@someone" not in report and "https:" not in report


def test_azure_shows_what_is_there():
    report = azure.render(run_of(finding(message="a; b] 100 % %0A %azp25 ##vso[x]", path="a;b.py")))
    assert report.startswith(
        "##vso[task.logissue type=error;sourcepath=a%3Bb.py;linenumber=4;columnnumber=5;code=TFM101;]"
    )
    assert "a%3B b%5D 100 % \\x250A \\x25azp25 #\\x23vso[x%5D\n" in report


@pytest.mark.parametrize(
    "plain", ["héllo wörld", "日本語　テキスト", "a\xa0b", "C:\\new\\table", "#: x", "a ## b", "x::y", "emoji 😀"]
)
def test_ordinary_text_stays(plain):
    assert safe.field(plain) == safe.row(plain) == safe.code(plain) == plain


# -- verification


def measured():
    return SimpleNamespace(
        repeats=5,
        curves={"rss": [(0, 0.0), (1, 5.0)]},
        marks=[(0, HOSTILE)],
        missing={"nvml": HOSTILE, "allocator": HOSTILE},
        times=None,
        nvml=SimpleNamespace(raw=None),
        device=SimpleNamespace(raw=None),
        allocator=SimpleNamespace(raw=None, retained=None),
        host=SimpleNamespace(raw=None, retained=None),
    )


def test_the_text_of_a_verification():
    told = verification(
        kind=HOSTILE, mechanism=HOSTILE, device="GPU " + HOSTILE, message=HOSTILE, stand_ins=[HOSTILE], needs=[HOSTILE]
    )
    one = result.Result(finding(verification=told), flagged=measured())
    check_text("\n".join(map(safe.row, verify_text.rows(one))))


class Tags(html.parser.HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self):
        super().__init__()
        self.tags, self.text, self.rows = set(), [], 0
        self.prose = []  # the text outside of code, in the parts that tags and comments make
        self.inside = ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.inside = tag
        self.rows += tag == "tr"
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        self.text.append(data)
        if self.inside != "code":
            self.prose.append(data)


def test_the_page_of_a_verification():
    empty = {"raw": None, "retained": None}
    told = verification(
        kind=HOSTILE,
        mechanism=HOSTILE,
        device="GPU " + HOSTILE,
        message=HOSTILE,
        stand_ins=[HOSTILE],
        needs=[HOSTILE],
        meters=[
            {"name": name, "unit": "bytes", "flagged": empty, "fixed": None} for name in ("rss", "nvml", "allocator")
        ],
    )
    one = result.Result(
        finding(code=HOSTILE, name=HOSTILE, path=HOSTILE, verification=told, fix=FIELDS["message of a fix"]["fix"]),
        flagged=measured(),
        snippet="import os\n" + HOSTILE,
        setup=[HOSTILE],
        log=HOSTILE,
    )
    facts = dict.fromkeys(
        ("tensorflow", "keras", "numpy", "python", "system", "processors", "driver", "nvml", "shared_with"), HOSTILE
    )
    facts |= {"gpus": [HOSTILE], "driver_gpus": [{"name": HOSTILE, "total": 5}], "isolated": {"network": HOSTILE}}
    outcome = SimpleNamespace(results=[one], environment=facts, interrupted=False, skipped=0)
    page = html_page.render(
        outcome,
        lambda path: Source(path, CODE.encode()),
        SimpleNamespace(device="auto", timeout=5, memory=5),
        title=HOSTILE,
    )
    page += chart.bars([chart.Bar("flagged", HOSTILE, 1.0), chart.Bar("fixed", HOSTILE, None)])
    page.encode("utf-8")
    tags = Tags()
    tags.feed(page)
    assert "script" not in tags.tags and "<script" not in page
    body = "".join(tags.text)
    assert body.count("\\x1b]0;pwned\\x07") > 20
    assert not sorted({repr(c) for c in page if not c.isprintable() and c not in _SHOWN})


# -- through the command line

LEAK = """\
import tensorflow as tf
from flask import Flask
app = Flask(__name__)


@app.route("/\\x1b]0;pwned\\x07\\x1b[31m/a ::error::injected\\n::stop-commands::x ##vso[task.complete]y \\u202e \\ud800")
def predict():
    model = tf.keras.models.load_model("m.keras")  # CONTROLS
    text = '''
::error::from a string
##vso[task.complete]z'''
    return model.predict(text)
""".replace("CONTROLS", "\x1b[31m \x9b \u202e ##[error]w")
NAMES = [
    "plain.py",
    "::error::x.py",
    "new\nline ::error::x.py",
    "esc\x1b[31m.py",
    "bidi\u202e.py",
    "\udcff.py",
    "##vso[a]b.py",
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A project with findings in files of all those names, and errors in others."""
    folder = tmp_path_factory.mktemp("hostile")
    for name in NAMES:
        path = os.path.join(folder, name)
        with contextlib.suppress(OSError):  # a file system that does not have such names
            with open(path, "w", encoding="utf-8") as file:
                file.write(LEAK)
            with open(path[:-3] + "_broken.py", "w", encoding="utf-8") as file:
                file.write("import tensorflow\n" + CODE + "def (\n")
            with open(path[:-3] + "_noqa.py", "w", encoding="utf-8") as file:
                file.write(LEAK.replace("# ", "# tflint-mem: ignore[no-such-rule] "))
    return folder


def tflint(folder, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "tflint_mem", *arguments],
        cwd=folder,
        capture_output=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
    )


@pytest.mark.parametrize("chosen", OUTPUT_FORMATS)
def test_a_hostile_project_in_every_format(tree, chosen):
    done = tflint(tree, "check", "--isolated", "--pedantic", "--output-format", chosen)
    assert done.returncode == 1
    out, told = done.stdout.decode(), done.stderr.decode()
    assert "no-such-rule" in told
    check_text(told)
    if chosen in ("json", "sarif", "rdjson", "gitlab"):
        check_json(out)
    elif chosen == "json-lines":
        for line in out.splitlines():
            check_json(line)
    elif chosen == "azure":
        check_azure(out, orders=len(ISSUE.findall(out)))
        assert ISSUE.search(out)
    elif chosen == "markdown":
        check_markdown(out)
    else:
        check_text(
            out, orders=len([row for row in out.split("\n") if row.startswith("::")]) if chosen == "github" else 0
        )


@pytest.mark.parametrize(
    "more",
    [
        ["--statistics"],
        ["--verbose"],
        ["--color", "always"],
        ["--select", "TFM1,\x1b[31m\n::error::x"],
        ["--config", "\x1b[31m = \n"],
        ["--config", "\x1b\n::error::.toml"],
        ["--baseline", "no\x1b\n::error::x"],
        ["\x1b[31m\n::error::missing.py"],
        ["--\x1b[31m\n::error::x"],
        ["--output-format", "\x1b\n::x"],
        ["--output-file", "no/\x1b\n::error::x"],
    ],
)
def test_options_and_messages(tree, more):
    done = tflint(tree, "check", *more)
    check_text(re.sub(r"\x1b\[\d\d?m", "", done.stdout.decode()) if "always" in more else done.stdout.decode())
    check_text(done.stderr.decode())
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["rule", "\x1b[31m\n::error::x"],
        ["rule", "TFM101"],
        ["rules"],
        ["rules", "--output-format", "json"],
        ["\x1b[31m\n::error::x"],
        ["verify", "no\x1b\n::error::x.py:1"],
    ],
)
def test_other_commands(tree, arguments):
    done = tflint(tree, *arguments)
    check_text(done.stdout.decode())
    check_text(done.stderr.decode())


@pytest.mark.parametrize("key", ["\\u001b[31m\\n::error::x", "select\\n::error::x"])
def test_a_hostile_configuration(tmp_path, key):
    (tmp_path / "a.py").write_text("import tensorflow\n")
    (tmp_path / "tflint-mem.toml").write_text(f'"{key}" = 1\n')
    done = tflint(tmp_path, "check")
    assert done.returncode == 2
    check_text(done.stderr.decode())


# -- --diff: a patch stays one, a person at a terminal and the log of a build are safe


def test_a_patch_applies_whatever_the_names(tree, tmp_path):
    done = tflint(tree, "check", "--isolated", "--diff", "--unsafe-fixes")
    assert b"::error::from a string" in done.stdout and b"\x1b[31m" in done.stdout, "bytes as they are"
    assert b'--- "a/new\\nline ::error::x.py"\t\n' in done.stdout and b'--- "a/esc\\033[31m.py"\n' in done.stdout
    applied = subprocess.run(["git", "apply", "--check", "-"], cwd=tree, input=done.stdout, capture_output=True)
    assert applied.returncode == 0, applied.stderr


def test_a_diff_in_a_build_gives_no_orders(tree, tmp_path):
    done = tflint(tree, "check", "--isolated", "--diff", "--unsafe-fixes", GITHUB_ACTIONS="true")
    assert not ORDER.search(done.stdout.decode())
    assert not [row for row in done.stdout.decode().split("\n") if row.lstrip().startswith("::")]
    with open(tmp_path / "patch", "wb") as file:
        subprocess.run(
            [sys.executable, "-m", "tflint_mem", "check", "--isolated", "--diff", "--unsafe-fixes"],
            cwd=tree,
            stdout=file,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "GITHUB_ACTIONS": "true"},
        )
    assert b"::error::from a string" in (tmp_path / "patch").read_bytes()


def test_a_diff_on_a_terminal_is_escaped(tree):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "tflint_mem", "check", "--isolated", "--diff", "--unsafe-fixes"],
        cwd=tree,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # the end, on Linux
        while part := os.read(ours, 65536):
            shown += part
    os.close(ours)
    assert process.wait() == 1
    check_text(shown.decode().replace("\r\n", "\n"))
    assert "\\x1b[31m" in shown.decode()
