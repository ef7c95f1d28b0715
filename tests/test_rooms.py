"""Rooms and who imports whom: the order is that of the table in `docs/architecture.md`, where each room says what it answers."""

import ast
import re

import pytest

from support import ROOT, rooms

ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
TABLE = dict(re.findall(r"^\| `([\w.]+)` \| (.*) \|$", ARCHITECTURE, re.MULTILINE))
MOST_ROWS = 500  # of a module
LONGER = frozenset(  # not yet cut along an idea of theirs; none comes to them
    (
        "tflint_mem.analysis.models.models",
        "tflint_mem.analysis.models.side_effects",
        "tflint_mem.analysis.passes.hot",
        "tflint_mem.analysis.passes.shapes",
        "tflint_mem.analysis.passes.varying_values",
        "tflint_mem.ruleset.registry",
        "tflint_mem.rules.tfm402_dataset_built_in_loop",
        "tflint_mem.rules.tfm503_graph_op_in_session_loop",
        "tflint_mem.rules.tfm601_memory_growth_missing",
    )
)


def rows(path):
    return path.read_text(encoding="utf-8").splitlines()


def test_modules_import_each_other_in_no_circle():
    assert rooms.circle({name: rooms.imports(name) for name in rooms.modules()}) == []


def test_every_room_is_in_the_table():
    assert set(TABLE) == set(rooms.rooms())


def test_a_room_imports_only_rooms_above_it_in_the_table():
    order = list(TABLE)
    wrong = [
        line
        for room, others in rooms.rooms().items()
        for other, lines in others.items()
        if order.index(other) > order.index(room)
        for line in lines
    ]
    assert wrong == []


@pytest.mark.parametrize("room", rooms.rooms())
def test_a_room_begins_with_the_sentence_of_the_table(room):
    name = f"{rooms.PACKAGE}.{room}"
    said = ast.get_docstring(ast.parse(rooms.modules()[name].read_text(encoding="utf-8")))
    assert rooms.first_line(said) == TABLE[room]


def test_the_picture_shows_who_uses_whom():
    """Arrows lead from a room to those that import it; one that goes without saying is not drawn."""
    (picture,) = re.findall(r"```mermaid\n(.*?)```", ARCHITECTURE, re.DOTALL)
    drawn = {
        (user, used)
        for used, users in re.findall(r"^ *(\w+) --> (.*)$", picture, re.MULTILINE)
        for user in users.split(" & ")
    }
    assert drawn == rooms.needed_arrows(rooms.houses())


def test_modules_are_short():
    assert {name for name, path in rooms.modules().items() if len(rows(path)) > MOST_ROWS} <= LONGER
