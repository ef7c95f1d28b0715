"""Fixes that move something between two loops."""

import pytest

from support.verify import Project
from tflint_mem.verify.snippet.first_party import Files
from tflint_mem.verify.snippet.outwards import moves_outwards

NESTED = """
import tensorflow as tf

for turn in range(9):
    for number in range(3):
        use(number)  # here
    print(turn)
"""


@pytest.mark.parametrize(
    "text, fix, outwards",
    [
        (NESTED, {"    for number in range(3):": "    quick = make()\n    for number in range(3):"}, True),
        (NESTED, {"    print(turn)": "    print(turn, 1)"}, True),
        (NESTED, {"        use(number)  # here": "        quick(number)"}, False),
        (NESTED, {"for turn in range(9):": "quick = make()\nfor turn in range(9):"}, False),
        (NESTED, {"    print(turn)": "    "}, False),
        (
            "for number in range(3):\n    use(number)  # here\n",
            {"for number in range(3):": "quick = make()\nfor number in range(3):"},
            False,
        ),
    ],
)
def test_what_is_paid_for_in_each_round(tmp_path, text, fix, outwards):
    project = Project(tmp_path)
    project.write("app.py", text)
    (finding,) = project.findings(fix=fix)
    assert moves_outwards(finding, Files(project.sources(), [str(tmp_path)])) is outwards
