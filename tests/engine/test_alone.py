"""What an editor asks for: the findings of some files of a project, without those of the others."""

import pytest

from support import FIXTURES
from tflint_mem.engine import engine
from tflint_mem.engine.session import Session
from tflint_mem.settings.settings import Settings
from tflint_mem.sources.source import Source

PROJECTS = sorted(path for path in FIXTURES.glob("*/*/") if path.is_dir() and len(list(path.rglob("*.py"))) > 1)


def test_there_are_projects():
    assert len(PROJECTS) > 20


@pytest.mark.parametrize("rule", sorted({path.parent.name for path in PROJECTS}))
def test_a_file_alone_has_the_findings_that_it_has_among_all(rule):
    for project in [path for path in PROJECTS if path.parent.name == rule]:
        settings = Settings(project_root=str(project), select=["ALL"], pedantic=True)
        paths = [str(path) for path in sorted(project.rglob("*.py"))]
        session = Session()
        session.remember()

        def found(given, settings=settings, paths=paths, session=session):
            return engine.analyze(map(Source.read, paths), settings, len(paths), session=session, given=given)

        whole = found(engine.Given(settings.project_root))
        for path in paths:
            around = frozenset(each for each in paths if each != path)
            alone = found(engine.Given(settings.project_root, around, alone=True))
            here = [finding for finding in alone if finding.path == path]
            assert here == [finding for finding in whole if finding.path == path]
