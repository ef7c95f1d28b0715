"""The mistakes of who runs the program, as opposed to its own: see `faults`."""

from __future__ import annotations


class UsageError(Exception):
    """The run cannot start: a wrong option, configuration key, rule or path.  One line says which and what is near."""
