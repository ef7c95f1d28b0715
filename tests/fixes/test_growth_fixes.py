"""Building and applying fixes costs at most n log n steps; `bench/growth_fixes.py` has the programs, and a table for larger n."""

import importlib.util

import pytest

from support import ROOT
from tflint_mem.finding import Edit, Finding, Fix
from tflint_mem.fixes.rounds import MOST_CHECKS, fix_source
from tflint_mem.sources.source import Source

_spec = importlib.util.spec_from_file_location("growth_fixes", ROOT / "bench" / "growth_fixes.py")
growth = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(growth)

N = 6
MOST = 1.2  # the power of n; n log n gives 1.15 at these sizes


@pytest.mark.parametrize("name", growth.PROGRAMS)
def test_growth(name):
    costs = growth.costs(growth.PROGRAMS[name], (N, 2 * N, 4 * N))
    assert costs[-1].applied >= 4 * N and costs[-1].left == 0
    assert len({cost.checks for cost in costs}) == 1 and costs[0].checks <= 4
    assert growth.power(costs[1].steps, costs[2].steps) <= MOST, costs


def found(source, refuse):
    """One finding for each `bad` in a file; the fix of those that `refuse` says leaves the finding or breaks the code."""
    findings = []
    for row, line in enumerate(source.lines, 1):
        column = line.find("bad") + 1
        if column:
            edit = Edit(start=(row, column), end=(row, column + 3), content=refuse(row) or "good")
            findings.append(
                Finding(
                    code="BAD",
                    name="bad",
                    group="leak",
                    severity="error",
                    message="m",
                    path=source.path,
                    start=(row, column),
                    end=(row, column + 3),
                    noqa_row=row,
                    fix=Fix(applicability="safe", message="fix", edits=(edit,)),
                )
            )
    return findings


@pytest.mark.parametrize("reason", ["bad + 1", "(", "good bad"])
@pytest.mark.parametrize("n", [20, 80])
def test_many_refused_fixes_need_few_checks(reason, n):
    def refuse(row):
        return reason if row % 3 == 0 else ""

    checks = []

    def recheck(raw):
        checks.append(raw)
        return found(Source("code.py", raw), refuse)

    text = "".join(f"x_{i} = bad\n" for i in range(n)).encode()
    result = fix_source(Source("code.py", text), recheck(text), unsafe=False, recheck=recheck)
    refused = sum(bool(refuse(row)) for row in range(1, n + 1))
    assert len(result.skipped) == refused and len(result.applied) == n - refused
    assert result.new.count(b"bad") == refused and result.new.count(b"good") == n - refused
    assert len(checks) <= 6


def test_checks_are_bounded():
    """Nothing tells which fix is to blame: not even then is the project checked without end, and what was not tried is told."""
    checks = []
    text = "".join(f"x_{i} = bad\n" for i in range(300)).encode()

    def recheck(raw):
        checks.append(raw)
        blamed_on_nobody = Finding(
            code="OTHER",
            name="other",
            group="leak",
            severity="error",
            message="m",
            path="code.py",
            start=(500, 1),
            end=(500, 2),
        )
        return found(Source("code.py", raw), lambda row: "") + [blamed_on_nobody] * (raw.count(b"good") > 1)

    result = fix_source(
        Source("code.py", text), found(Source("code.py", text), lambda row: ""), unsafe=False, recheck=recheck
    )
    assert len(checks) <= MOST_CHECKS
    assert len(result.applied) == 1 and len(result.skipped) == 299
    assert {reason for _, reason in result.skipped} <= {
        "it would cause OTHER other",
        "not tried: too many other fixes did not hold",
    }
