"""The page of --report: complete in itself, drawn by a real browser, printable."""

import io
import re
import shutil
import struct
import subprocess
import zlib
from html.parser import HTMLParser

import pytest

from support.verify import STAND_IN, Project, options
from tflint_mem.verify.report import chart, html_page
from tflint_mem.verify.session import Outcome

VOID = {"meta", "link", "br", "img", "line", "rect", "polyline", "input"}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page with one confirmed and one not runnable finding."""
    folder = tmp_path_factory.mktemp("project")
    patch = pytest.MonkeyPatch()
    patch.setenv("PYTHONPATH", STAND_IN)
    patch.chdir(folder)
    project = Project(folder)
    project.write(
        "app.py",
        """
        import tensorflow as tf

        kept = []
        for number in range(50):
            kept.append(tf.Model(200_000))  # here <b>&</b>
    """,
    )
    project.write(
        "other.py",
        """
        import not_installed_anywhere
        for number in range(50):
            not_installed_anywhere.read(number)  # here
    """,
    )
    fix = {"    kept.append(tf.Model(200_000))  # here <b>&</b>": "    kept = [tf.Model(200_000)]"}
    findings = project.findings(fix=None)
    findings[0] = project.findings_with_fix(fix)
    from tflint_mem.verify import session

    outcome = session.verify_findings(findings, project.sources(), None, options())
    patch.undo()
    sources = {source.path: source for source in project.sources()}
    return html_page.render(outcome, sources.get, options())


class Balance(HTMLParser):
    """Fails on tags that do not match."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open and self.open[-1] == tag, (tag, self.open[-3:])
            self.open.pop()


def test_the_page_is_whole_and_asks_for_nothing(page):
    parser = Balance()
    parser.feed(page)
    assert parser.open == []
    assert "<script" not in page and "<link" not in page and "@import" not in page and "url(" not in page
    assert not re.search(r"(?:src|href)=", page)


def test_the_page_tells_everything(page):
    for words in (
        "confirmed, retained",
        "not runnable",
        "kept models",
        "module not_installed_anywhere",
        "fixed: ",
        "Environment",
        "0.0.stand-in",
        "host memory",
        "not measured",
        "What was run, as one file",
        "A model is loaded.",
        "max-width: 34rem",
    ):
        assert words in page, words
    assert "&lt;b&gt;&amp;&lt;/b&gt;" in page and "<b>&</b>" not in page
    assert page.index("TFM101 load-model-in-loop") < page.index("not_installed_anywhere")


def test_light_dark_and_print_are_styled(page):
    assert "prefers-color-scheme: dark" in page and "@media print" in page


def pixels(png):
    """(width, height, set of distinct rows' bytes) of a PNG of 8 bits."""
    width, height = struct.unpack(">II", png[16:24])
    data, position = b"", 8
    while position < len(png):
        length, kind = struct.unpack(">I4s", png[position : position + 8])
        if kind == b"IDAT":
            data += png[position + 8 : position + 8 + length]
        position += 12 + length
    return width, height, zlib.decompress(data)


@pytest.mark.skipif(not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), reason="no Chromium")
@pytest.mark.parametrize("dark", [False, True])
def test_a_browser_draws_it(page, tmp_path, dark):
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    path = tmp_path / "report.html"
    path.write_text(page)
    common = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={tmp_path}/profile",
    ]
    if dark:
        common.append("--blink-settings=preferredColorScheme=0")
    subprocess.run(
        [*common, "--window-size=1000,1600", f"--screenshot={tmp_path}/shot.png", path.as_uri()],
        check=True,
        capture_output=True,
        timeout=120,
    )
    width, height, data = pixels((tmp_path / "shot.png").read_bytes())
    assert (width, height) == (1000, 1600)
    assert len(set(data)) > 40, "an empty page has few different bytes"
    subprocess.run(
        [*common, "--no-pdf-header-footer", f"--print-to-pdf={tmp_path}/report.pdf", path.as_uri()],
        check=True,
        capture_output=True,
        timeout=120,
    )
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


def test_charts_hold_many_points_and_odd_ones():
    svg = chart.curves(
        [
            chart.Series("flagged", [(number, (number % 50) * 1.0) for number in range(20000)]),
            chart.Series("fixed", []),
        ]
    )
    assert svg.count("<polyline") == 1 and svg.count(",") < 1500
    assert chart.curves([]) == "" and chart.bars([]) == ""
    for points in ([(0, 0.0)], [(0, 5.0), (1, 5.0)], [(0, -3.0), (9, 1e6)]):
        svg = chart.curves([chart.Series("flagged", points)], [(0, "warm-up"), (5, "loop")])
        assert "nan" not in svg and "inf" not in svg
    assert "nan" not in chart.bars([chart.Bar("flagged", "flagged", 0.0), chart.Bar("fixed", "fixed", None)])


def test_an_interrupted_run_says_so():
    facts = {
        "tensorflow": "1",
        "keras": None,
        "numpy": None,
        "python": "3",
        "system": "x",
        "processors": 2,
        "gpus": [],
        "driver": None,
        "driver_gpus": [],
        "nvml": "no library",
        "isolated": None,
    }
    page = html_page.render(Outcome([], [], facts, True, 3), lambda path: None, options())
    assert "Interrupted" in page and "3 findings were left out" in page


def test_progress_draws_over_itself_and_cleans_up():
    from tflint_mem.verify.command import Progress

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    class Place:
        path, start, code = "/x/app.py", (3, 1), "TFM101"

    stream = Terminal()
    bar = Progress(stream, quiet=False)
    for stage in ("flagged", "fixed", "done"):
        bar(0, 2, Place, stage)
    bar.end()
    text = stream.getvalue()
    assert "1/2 TFM101 app.py:3 as flagged" in text and text.endswith("\r")
    silent = io.StringIO()
    Progress(silent, quiet=False)(0, 1, Place, "flagged")
    assert silent.getvalue() == ""
