"""No order of questions changes an answer: each rule alone says what it says among all others, and files may come in any order."""

import random

import pytest

from support import FIXTURES
from tflint_mem.engine import engine
from tflint_mem.engine.session import Session
from tflint_mem.ruleset.context import Context
from tflint_mem.ruleset.registry import RULES, module_of
from tflint_mem.settings import config, discovery
from tflint_mem.sources.source import Source

SESSION = Session()
FOLDERS = sorted(path for path in FIXTURES.iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def settings():
    return config.load([str(FIXTURES)], (), True, {})


@pytest.fixture(scope="module", autouse=True)
def session():
    """Each file is parsed once for all tests."""
    SESSION.remember()


def linked(sources, settings):
    project, _, _ = engine.load(iter(sources), settings, len(sources), session=SESSION)
    project.link()
    return project


def said(rule, context):
    """What a rule finds, before another one takes its place."""
    if not context.project.mentioned(rule.triggers):
        return set()
    return {
        (
            draft.m.path,
            draft.pos,
            draft.message,
            tuple((step.m.path, step.line, step.column, step.message) for step in draft.trace.steps),
        )
        for draft in module_of(rule).find(context)
    }


def by_rule(sources, settings, rules):
    project = linked(sources, settings)
    context = Context(project, settings)
    return {rule.code: said(rule, context) for rule in rules}


def sources_below(folder):
    return [Source.read(str(path)) for path in sorted(folder.rglob("*.py"))]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name.partition("-")[0])
def test_neither_the_order_of_rules_nor_that_of_files_changes_a_finding(folder, settings):
    sources = sources_below(folder)
    together = by_rule(sources, settings, RULES)
    assert by_rule(sources, settings, tuple(reversed(RULES))) == together
    for seed in (1, 2):
        paths = random.Random(seed).sample([source.path for source in sources], len(sources))
        shuffled = [Source.read(path) for path in discovery.discover(paths, settings).files]
        assert by_rule(shuffled, settings, RULES) == together, f"shuffled with seed {seed}"
    for rule in RULES:
        if together[rule.code]:
            assert said(rule, Context(linked(sources, settings), settings)) == together[rule.code], f"{rule.code} alone"


def test_a_rule_alone_says_what_it_says_among_all_others_in_one_large_tree(settings):
    """All fixtures as one tree: hundreds of functions that have the same names."""
    sources = [source for folder in FOLDERS for source in sources_below(folder)]
    together = by_rule(sources, settings, RULES)
    for code in ("TFM101", "TFM201", "TFM402", "TFM601"):
        rule = next(rule for rule in RULES if rule.code == code)
        assert len(together[code]) > (0 if code == "TFM601" else 10)  # growth is said once for a project
        assert said(rule, Context(linked(sources, settings), settings)) == together[code], f"{code} alone"
