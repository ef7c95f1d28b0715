"""Which rule is verified how: what is repeated, what is measured, and for how long."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.finding import Finding
    from tflint_mem.verify.job import PlanFields

    from .options import Options

# Rules about values, shapes or names that differ from one repeat to the next: the same ones are never served twice.
VARYING = frozenset({"TFM302", "TFM303", "TFM304", "TFM305", "TFM306"})
# Rules whose finding is that TensorFlow refuses, or pays no attention: the flagged code is run once.
REFUSED = {"TFM505": 1, "TFM602": 2, "TFM603": 1, "TFM604": 1}  # with this many stand-ins for GPUs where there are none
# Rules about what one call holds, not about growth.
HELD = frozenset({"TFM109"})
# Rules of the group speed that cost memory as well.
SPEED_AND_MEMORY = frozenset({"TFM104", "TFM107", "TFM301", "TFM402"})
# Rules about what others call: a loop over a few test requests does not say how many there will be.
CALLED_BY_OTHERS = frozenset({"TFM103"})
# Rules about what a loop keeps in a collection: what stands behind the loop may be what it is kept for.
KEPT_FOR_LATER = frozenset({"TFM110", "TFM701"})
RESERVES = "TFM601"
HANGS = "TFM702"
LEAST_SECONDS = 12.0  # without as much there is no run: TensorFlow's import alone takes a third of it


# Of the time for a finding: what starting a child, finding stand-ins and the first repeats take.
_START_SECONDS = 16.0
_LEAST_LOOPING = 2.0  # seconds of repeats that are measured in any case


def plan_for(finding: Finding, options: Options, seconds: float) -> PlanFields:
    """How often and how long a snippet of the finding repeats.

    seconds   wall time that there is for all runs of the finding
    """
    share = min(
        options.seconds, max(_LEAST_LOOPING, (seconds - _START_SECONDS) / (4.0 if finding.fix is not None else 2.0))
    )
    plan: PlanFields = {"protocol": "memory", "seconds": share, "vary": finding.code in VARYING}
    if finding.code in REFUSED or finding.code == RESERVES:
        plan["protocol"] = "once"
    elif finding.code in HELD:
        plan["protocol"] = "held"
    elif finding.code == HANGS:
        plan.update(
            {"protocol": "speed", "seconds": _LEAST_LOOPING, "least": 2}
        )  # it comes back or it does not: no curve is needed
    elif finding.group == "speed" and finding.code not in SPEED_AND_MEMORY:
        plan.update({"protocol": "speed", "seconds": min(share, 5.0), "most": 3000})
    return plan
