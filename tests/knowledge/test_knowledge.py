"""The tables of the API fit together, whoever adds a name to one of them."""

from collections import Counter

import pytest

from tflint_mem import knowledge
from tflint_mem.knowledge import tables, versions


def test_a_name_stands_in_one_table_only():
    made = Counter(name for area in tables._AREAS for names in area.makes.values() for name in names)
    aliases = Counter(name for area in tables._AREAS for name in area.aliases)
    assert [name for name, times in (made + aliases).items() if times > 1] == []


def test_an_alias_leads_to_a_name_that_has_no_other():
    assert {alias: knowledge.canonical(alias) for alias in tables.ALIASES} == tables.ALIASES
    assert [name for name in tables.ALIASES.values() if knowledge.canonical(name) != name] == []


@pytest.mark.parametrize(
    "names",
    [
        knowledge.BUILDERS,
        knowledge.GRAPH_RELEASES,
        knowledge.INITIALISERS,
        knowledge.LOADERS,
        knowledge.RELEASES,
        knowledge.SESSION_TYPES,
        versions.FIRST_NAMES,
        versions.SECOND_NAMES,
        versions.GRAPH_BUILDERS,
        versions.GRAPH_ONLY,
        versions.GRAPH_SWITCHES,
    ],
)
def test_what_rules_ask_for_is_written_as_it_is_found(names):
    assert [name for name in names if knowledge.canonical(name) != name] == []


def test_what_builds_graphs_is_of_the_first_version():
    assert versions.GRAPH_SWITCHES | versions.GRAPH_ONLY | versions.GRAPH_BUILDERS <= versions.FIRST_NAMES
    assert versions.FIRST_NAMES.isdisjoint(versions.SECOND_NAMES)
