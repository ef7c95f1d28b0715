"""Is it little that models leave behind which are built again: few of them, or tiny ones, that are freed at last?

Only where they wait for a collection; what stays for the life of a process is never little.  The parts of a
cross-validation are no handful of tiny models, whatever their size: people make them larger.
"""

from __future__ import annotations

from tflint_mem.analysis.models import loaded, tiny
from tflint_mem.analysis.program import mechanisms

from . import hot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.analysis.models.models import Acquired
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

MANY = 50  # tiny models


def little(context: Context, acquired: Acquired, repeat: Repeat, mechanism: str) -> bool:
    """Is it surely little that a repeat leaves behind, of models that go as one of the `mechanisms` says?"""
    if mechanism not in (mechanisms.WAITING, mechanisms.COLLECTED):
        return False
    if loaded.few(context, repeat):
        return True
    some = loaded.few(context, repeat, MANY, unknown=True) and not hot.folds(repeat)
    return some and tiny.tiny(context, acquired.m, acquired.i)
