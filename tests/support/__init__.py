"""What the tests of several rooms share.  `tests/` is on the path of imports (pyproject.toml)."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
