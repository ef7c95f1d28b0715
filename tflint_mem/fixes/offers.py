"""Which fixes a report may offer: what `--fix` would refuse is none of them.

Each fix is tried on its file as it is, together with those that keep out of its way, and the project is checked with
the result.  That costs about half of the run again, a little more for each fix that does not hold.
"""

from __future__ import annotations

from .fixing import by_path, side_by_side
from .rounds import Found, Refused, refusals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from tflint_mem.checking.check import Check
    from tflint_mem.finding import Finding

MOST_CHECKS = 5  # of the project; what is not tried by then is offered, and `--fix` decides


def refused(check: Check, findings: Sequence[Finding], every: Sequence[Finding]) -> list[Refused]:
    """The fixes of `findings` (all that a report would show) that do not hold, and why.

    every   what all rules find
    """
    known: list[Refused] = []
    wanted, everything = by_path(findings), by_path(every)
    going: dict[str, Generator[bytes, Found, None]] = {}
    for path, found in wanted.items():
        source = check.reader.get(path) if any(finding.fix is not None for finding in found) else None
        if source is not None:
            going[path] = refusals(source, Found(found, everything.get(path, [])), known)
    side_by_side(check, going, {}, MOST_CHECKS)
    return known
