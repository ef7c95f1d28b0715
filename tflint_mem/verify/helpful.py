"""What an environment would help of what could not be run, in lines that a user can paste."""

from __future__ import annotations

import os
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .session import Outcome

_KERAS_2 = "TensorFlow < 2.16"
_MODULE = re.compile(r"module ([\w.]+): installed for")


def environments(outcome: Outcome, root: str | None) -> Iterator[str]:
    """A line for each command that would let more places run.  root   of the project, None where there is none"""
    needs = [result.finding.verification["needs"] if result.finding.verification else [] for result in outcome.results]
    of = f"of {len(needs)} places need" if len(needs) > 1 else "place needs"
    old = sum(any(_KERAS_2 in need for need in each) for each in needs)
    if old:
        yield f"{old} {of} {_KERAS_2}: tflint-mem env create --tensorflow 2.15"
    modules = {match.group(1) for each in needs for need in each for match in [_MODULE.match(need)] if match}
    if modules and root is not None and os.path.isfile(os.path.join(root, "requirements.txt")):
        count = sum(any(_MODULE.match(need) for need in each) for each in needs)
        names = ", ".join(sorted(modules)[:3]) + (f" and {len(modules) - 3} more" if len(modules) > 3 else "")
        yield f"{count} {of} packages that are not there ({names}): tflint-mem env create --with-requirements"
