import pytest

from support.faults import LEAKY


@pytest.fixture
def project(tmp_path):
    for name in ("a.py", "b.py", "c.py"):
        (tmp_path / name).write_text(LEAKY + f"# {name}\n")
    return tmp_path
