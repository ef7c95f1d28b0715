"""Rooms and who imports whom: the order is that of the table in `docs/architecture.md`, where each room says what it answers."""

import ast
import re

import pytest

from support import ROOT, rooms

ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
TABLE = dict(re.findall(r"^\| `([\w.]+)` \| (.*) \|$", ARCHITECTURE, re.MULTILINE))
MOST_ROWS = 500  # of a module
LONGER = frozenset(("tflint_mem.ruleset.registry",))  # a table: a dozen rows for each rule
LONGEST_RULE = 235  # rows, documentation included


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


def test_a_rule_is_read_in_one_sitting():
    assert not [path.name for path in (ROOT / "rules").glob("tfm*.py") if len(rows(path)) > LONGEST_RULE]


def test_tests_stand_in_the_rooms_that_they_test():
    """`tests/library` is for `api`; what concerns the whole house stands beside the rooms."""
    tests = ROOT / "tests"
    folders = {".".join(path.parent.relative_to(tests).parts) for path in tests.rglob("test_*.py")}
    assert folders - {"", "library"} <= set(rooms.rooms())
