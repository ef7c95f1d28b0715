"""The module name of a notebook."""

from __future__ import annotations


def notebook_name(stem: str) -> str:
    """The module name that stands for a notebook, which Python has none for: `01 prepare.ipynb` is
    `_01_prepare_ipynb`.
    """
    name = "".join([c if c.isalnum() else "_" for c in stem]) + "_ipynb"
    return "_" + name if name[0].isdigit() else name
