"""A project too large to stay decoded is gone through in parts; what is found stays the same."""

import random

import pytest

from support import FIXTURES
from tflint_mem.engine import engine
from tflint_mem.engine.session import Session
from tflint_mem.project import project
from tflint_mem.settings import config
from tflint_mem.settings.settings import Settings
from tflint_mem.sources.source import Source


@pytest.fixture(scope="module")
def sources():
    paths = sorted(path for path in FIXTURES.rglob("*") if path.suffix == ".py")
    return [Source.read(str(path)) for path in paths]


def found(sources, folder):
    settings = config.load([str(folder)], (), True, {})
    return [(f.path, f.start, f.code, f.message, f.trace) for f in engine.analyze(sources, settings, len(sources))]


def test_a_large_project_gone_through_in_parts_has_the_same_findings(sources, monkeypatch):
    whole = found(sources, FIXTURES)
    monkeypatch.setattr(project, "LARGE", 0)
    monkeypatch.setattr(project, "KEEP_IN_LARGE", 20)
    assert len(whole) > 500
    assert found(sources, FIXTURES) == whole


def test_few_modules_stay_decoded_in_a_large_project(sources, monkeypatch):
    monkeypatch.setattr(project, "LARGE", 0)
    monkeypatch.setattr(project, "KEEP_IN_LARGE", 20)
    made, _, _ = engine.load(iter(sources), config.load([str(FIXTURES)], (), True, {}), len(sources))
    made.link()
    assert len(made.modules) > 1000
    for module in made.all_modules():
        assert module.calls_by_tail() is not None
        assert sum(each.loaded for each in made.modules) <= 21


def test_every_run_says_the_same(tmp_path):
    """Strings hash differently in each process: nothing that is reported may depend on it, not even a trace."""
    import os
    import subprocess
    import sys

    said = set()
    for seed in ("1", "9", "13"):
        command = [
            sys.executable,
            "-m",
            "tflint_mem",
            "check",
            "--isolated",
            "--no-cache",
            "--no-project",
            "--exit-zero",
            "--output-format",
            "json",
            str(FIXTURES),
        ]
        done = subprocess.run(
            command, capture_output=True, cwd=tmp_path, env=dict(os.environ, PYTHONHASHSEED=seed), check=True
        )
        said.add(done.stdout)
    assert len(said) == 1 and len(said.pop()) > 100_000


def test_an_analysis_leaves_no_project_behind():
    """Without a garbage collection: the fixes of a file check the project again and again in one process."""
    import gc
    import weakref

    from tflint_mem.engine import engine
    from tflint_mem.project import project
    from tflint_mem.settings import config
    from tflint_mem.sources.source import Source

    made, init = [], project.Project.__init__

    def noted(self, *given, **more):
        made.append(weakref.ref(self))
        init(self, *given, **more)

    def analysed():
        paths = sorted((FIXTURES / "TFM101-load-model-in-loop").glob("*.py"))
        assert engine.analyze(
            [Source.read(str(path)) for path in paths], config.load([str(FIXTURES)], (), True, {}), len(paths)
        )

    collecting = gc.isenabled()
    project.Project.__init__ = noted
    try:
        gc.disable()
        analysed()
        assert made and not any(each() for each in made)
    finally:
        project.Project.__init__ = init
        if collecting:
            gc.enable()


def test_a_session_that_keeps_facts_finds_what_a_new_one_finds():
    """Modules of files that are as they were go on to the next check, with what they know about themselves."""
    dice = random.Random(3)
    files = {
        str(path): path.read_bytes() for path in sorted((FIXTURES / "TFM101-load-model-in-loop").rglob("bad_[a-f]*.py"))
    }
    settings, session = Settings(), Session()
    session.remember()
    for _ in range(8):
        path = dice.choice(sorted(files))
        rows = files[path].split(b"\n")
        at = dice.randrange(len(rows))
        rows[at : at + dice.randrange(2)] = [] if dice.random() < 0.3 else [b"import keras"]
        files[path] = b"\n".join(rows)

        def found(session):
            return engine.analyze([Source(p, raw) for p, raw in files.items()], settings, session=session)

        assert found(session) == found(Session())
    assert all(len(versions) <= 4 for versions in session.facts.values())
