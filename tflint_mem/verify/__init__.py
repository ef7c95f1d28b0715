"""Runs what was flagged, measures it, and says whether it leaks and whether the fix stops it.

    results = verify_findings(findings, sources, settings, options, progress)

Nothing heavy is imported here: TensorFlow lives in the child processes alone.
"""

__all__ = ["verify_findings", "verify_finding", "Options", "OptionError"]


def __getattr__(name):
    if name in ("verify_findings", "verify_finding"):
        from . import session

        return getattr(session, name)
    if name in ("Options", "OptionError"):
        from tflint_mem.verify.plan import options

        return getattr(options, name)
    raise AttributeError(name)
