"""What the tests of several rooms share.  `tests/` is on the path of imports (pyproject.toml)."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"


def write(files):
    """Write a small tree below the current folder: {path: text}."""
    for path, text in files.items():
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
