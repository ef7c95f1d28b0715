"""The command line in this process: as a terminal sees it, without the start-up of one."""

import sys
from typing import NamedTuple

from tflint_mem.__main__ import run


class Said(NamedTuple):
    """Exit code, standard output, standard error."""

    code: int
    out: str
    err: str


class Terminal:
    """Runs `tflint-mem` with arguments, in the current folder."""

    def __init__(self, capsys, monkeypatch):
        self._capsys, self._monkeypatch = capsys, monkeypatch

    def __call__(self, *arguments):
        self._monkeypatch.setattr(sys, "argv", ["tflint-mem", *map(str, arguments)])
        self._capsys.readouterr()
        code = run()
        return Said(code, *self._capsys.readouterr())
