"""Where the documentation stands on the network; nothing is ever fetched from there."""

from __future__ import annotations

HOME = "https://pypi.org/project/tflint-mem/"


def page(code: str) -> str:
    """The address for the rule with this code."""
    return f"{HOME}#{code.lower()}"
