"""What a verification leaves behind: the finding with its `verification`, and the numbers and text behind it."""

from __future__ import annotations

from .contract import device_name, no_meters, seconds_since
from .verdict import said_of
from .words import NOT_RUNNABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from tflint_mem.finding import Finding
    from tflint_mem.verify.events import Environment
    from tflint_mem.verify.plan.options import Options

    from .contract import Verification
    from .measured import Measured


class Result:
    """What a verification found.

    finding       with `verification` set to the dictionary of the JSON contract
    flagged, fixed   the numbers and curves behind the dictionary, None where nothing was measured
    snippet, fixed_snippet   text of what ran, "" when nothing did
    setup         source of the stand-ins that were made at run time
    log           the end of what the flagged version printed, when it did not run
    """

    __slots__ = ("finding", "flagged", "fixed", "snippet", "fixed_snippet", "setup", "log", "kept", "kept_fixed")

    def __init__(
        self,
        finding: Finding,
        flagged: Measured | None = None,
        fixed: Measured | None = None,
        snippet: str = "",
        fixed_snippet: str = "",
        setup: Iterable[str] = (),
        log: str = "",
    ) -> None:
        self.finding, self.flagged, self.fixed = finding, flagged, fixed
        self.snippet, self.fixed_snippet, self.setup, self.log = snippet, fixed_snippet, list(setup), log
        self.kept = self.kept_fixed = ""

    @property
    def verification(self) -> Verification:
        """The dictionary of the JSON contract."""
        found: Verification = self.finding.verification  # type: ignore[assignment]  # a Finding knows a dictionary
        return found

    def reproduction(self, fixed: bool = False) -> str:
        """A version as one file that runs by itself, "" where there is none."""
        return self.kept_fixed if fixed else self.kept


def with_verification(finding: Finding, verification: Verification) -> Finding:
    """The finding with what is said of it."""
    return finding.replace(verification=verification)


def not_runnable(
    finding: Finding, options: Options, environment: Environment, began: float, needs: list[str]
) -> Result:
    """The Result of a finding that was not run.

    began   time.monotonic() when its verification began        needs   what would make it run, a sentence each
    """
    verification: Verification = {
        "verdict": NOT_RUNNABLE,
        "kind": None,
        "mechanism": None,
        "device": device_name(environment, options),
        "iterations": 0,
        "seconds": seconds_since(began),
        "meters": no_meters(),
        "stand_ins": [],
        "needs": needs,
        "message": said_of(needs),
        "level": None,
    }
    if environment.get("unprotected"):
        verification["unprotected"] = environment["unprotected"]
    return Result(with_verification(finding, verification))
