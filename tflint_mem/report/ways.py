"""Where else a finding is repeated from: the places where its further traces begin."""

from __future__ import annotations

from tflint_mem.sources.paths import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.finding import Finding, Step

_FEW = 5


def begins(finding: Finding) -> list[Step]:
    """The first step of each further trace, each place once, and not that of the first trace."""
    known = {(step.path, step.cell, step.row) for step in finding.trace[:1]}
    found: list[Step] = []
    for step, *_ in finding.further_traces:
        where = (step.path, step.cell, step.row)
        if where not in known:
            known.add(where)
            found.append(step)
    return found


def sentence(finding: Finding) -> str:
    """ "also repeated from b.py:3 and c.py:9", for reports that know one place and a text; "" where it is not."""
    steps = begins(finding)
    places = [_place(step) for step in steps[:_FEW]]
    if len(steps) > _FEW:
        places.append(f"{len(steps) - _FEW} more places")
    return f"also repeated from {_listed(places)}" if places else ""


def message(finding: Finding) -> str:
    """The message of a finding with that sentence, for reports that have one row for each."""
    also = sentence(finding)
    return f"{finding.message} ({also})" if also else finding.message


def _place(step: Step) -> str:
    return f"{shown(step.path)}:{f'cell {step.cell}:' if step.cell else ''}{step.row}"


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
