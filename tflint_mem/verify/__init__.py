"""Does the flagged code leak when it is run, and does the fix stop it?

    results = verify_findings(findings, sources, settings, options, progress)

A finding goes one way: the region that repeats -> the slice of the project that it needs -> a snippet (`snippet`) -> a
run in a measured, contained process (`containment`, `child`, `standins`) -> numbers and a verdict (`verdict`) -> a file
for a bug report (`reproduction`), rows and a page (`report`).  `plan` says what a run may use, and which rule is
verified how; `events` and `job` are the words that the processes use between them.  The modules at this root are the
only ones that know all rooms:

    experiment   one finding, from its snippets to its result; kept_runs: what need not be run again; keeping: its files
    work         what all findings of a run share, and one of them
    session      all findings of a run: one after another, or
    side_by_side   several at the same time, each with processors or a GPU of its own
    on_ray         spread over the machines of a Ray cluster
    command      the same for the command line; progress: its row on a terminal; place: what stands in one row of a file

Nothing heavy is imported here: TensorFlow lives in the child processes alone.  Nothing here changes the state of the
process that verifies, but for the handler of SIGTERM while a run of the command line lasts.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .experiment import verify_finding
    from .plan.options import OptionError, Options
    from .session import verify_findings

__all__ = ["verify_findings", "verify_finding", "Options", "OptionError"]


def __getattr__(name: str) -> object:
    """The public names, imported when somebody asks for them.  Raises AttributeError for any other."""
    if name == "verify_findings":
        from .session import verify_findings

        return verify_findings
    if name == "verify_finding":
        from .experiment import verify_finding

        return verify_finding
    if name in ("Options", "OptionError"):
        from .plan import options

        return getattr(options, name)
    raise AttributeError(name)
