"""The code is formatted, linted and typed as `pyproject.toml` says; the extra `test` brings the tools."""

import subprocess
import sys

from support import ROOT


def told(*command):
    """(exit code, what a tool of this interpreter says of the repository)."""
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_ruff_has_nothing_to_say():
    code, said = told("ruff", "check", "--no-cache", ".")
    assert code == 0, said


def test_all_is_formatted():
    code, said = told("ruff", "format", "--no-cache", "--check", ".")
    assert code == 0, said


def test_types_fit(tmp_path):
    code, said = told("mypy", "--cache-dir", str(tmp_path))
    assert code == 0, said
