"""JUnit's XML, for services whose common language is test results: a suite for each file, a test for each finding.

A finding that makes the exit code 1 is a failed test, a file that cannot be read a test with an error, and a hint is a
test that passes and says something.  Elements and attributes are those that Jenkins, Surefire and Ant have in common; a
test goes by rule and file, not by row, so that it is the same test when code moves.
"""

from __future__ import annotations

from collections import Counter
from xml.sax.saxutils import escape, quoteattr

from tflint_mem.finding import SYNTAX_ERROR
from tflint_mem.hardening import safe
from tflint_mem.record import Record
from tflint_mem.sources.paths import place, relative, repository

from . import ways

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tflint_mem.finding import Finding

    from .run import Run

_PASSED, _FAILURE, _ERROR = "passed", "failure", "error"


class _Test(Record):
    """One test: how it ended, and its element, already indented."""

    __slots__ = ()
    outcome: str
    element: str


def render(run: Run) -> str:
    """One document.  Without findings it has a test that passed, since a report without tests fails some builds."""
    root = repository(run.settings.project_root)
    files: dict[str, list[Finding]] = {}
    for finding in run.findings:
        files.setdefault(relative(finding.path, root), []).append(finding)
    suites = {path: _tests(found, _classname(path), run.settings.fails) for path, found in files.items()}
    if not suites:
        passed = _Test(_PASSED, f"    <testcase{_attributes('no findings', 'tflint-mem')}/>\n")
        suites = {"tflint-mem": [passed]}
    every = [test for suite in suites.values() for test in suite]
    content = "".join(
        f'  <testsuite name={_quoted(path)}{_counts(suite)} skipped="0" time="0">\n'
        + "".join(test.element for test in suite)
        + "  </testsuite>\n"
        for path, suite in suites.items()
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="tflint-mem"{_counts(every)} time="0">\n'
        f"{content}</testsuites>\n"
    )


def _classname(path: str) -> str:
    """`src/app/train.py` as `src.app.train`: services group tests by what stands before the last dot."""
    return path.removesuffix(".py").replace(".", "_").replace("/", ".")


def _tests(findings: list[Finding], classname: str, fails: Callable[[Finding], bool]) -> list[_Test]:
    """The tests of one file."""
    seen: Counter[str] = Counter()
    tests: list[_Test] = []
    for finding in findings:
        seen[finding.code] += 1
        tests.append(_test(finding, seen[finding.code], classname, fails))
    return tests


def _test(finding: Finding, number: int, classname: str, fails: Callable[[Finding], bool]) -> _Test:
    name = f"{finding.code} {finding.name}" + (f" ({number})" if number > 1 else "")
    where = place(finding.path, finding.cell, *finding.start)
    text = "\n".join(filter(None, (finding.message, ways.sentence(finding), finding.measured, finding.help)))
    body = escape(f"{safe.row(where)}\n{safe.block(text)}")
    if finding.code == SYNTAX_ERROR:
        outcome = _ERROR
    elif fails(finding):
        outcome = _FAILURE
    else:
        outcome = _PASSED
    if outcome == _PASSED:
        inner = f"<system-out>{body}</system-out>"
    else:
        message = _quoted(" ".join(finding.message.split()))
        inner = f"<{outcome} message={message} type={_quoted(finding.severity)}>{body}</{outcome}>"
    return _Test(outcome, f"    <testcase{_attributes(name, classname)}>\n      {inner}\n    </testcase>\n")


def _attributes(name: str, classname: str) -> str:
    return f' name={_quoted(name)} classname={_quoted(classname)} time="0"'


def _counts(tests: list[_Test]) -> str:
    ended = Counter(test.outcome for test in tests)
    return f' tests="{len(tests)}" failures="{ended[_FAILURE]}" errors="{ended[_ERROR]}"'


def _quoted(text: str) -> str:
    return quoteattr(safe.field(text))
