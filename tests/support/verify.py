"""For tests of --verify: a project in a folder, findings in it, and options that use the stand-in for TensorFlow."""

import sys
import textwrap

from support import ROOT
from tflint_mem.finding import Edit, Finding, Fix
from tflint_mem.sources.source import Source
from tflint_mem.verify import session
from tflint_mem.verify.plan.options import Options

STAND_IN = str(ROOT / "tests" / "verify" / "data" / "stand_in_tensorflow")


def options(**more):
    """Options for quick runs under this interpreter."""
    return Options(**dict(dict(python=sys.executable, seconds=0.8, timeout=40, level="as-written"), **more))


class Project:
    """Files in a folder; `# here` marks the flagged line, `# here: TFM201` with its rule."""

    def __init__(self, folder):
        self.folder = folder

    def write(self, name, text):
        """Writes a file, dedented; returns its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
        return path

    def sources(self):
        """Sources of all Python files."""
        return [Source.read(str(path)) for path in sorted(self.folder.rglob("*.py"))]

    def findings(self, group="leak", code="TFM101", fix=None):
        """One finding for each marked line; fix: {old: new} replacements that make up its fix."""
        found = []
        for source in self.sources():
            for row, line in enumerate(source.lines, 1):
                if "# here" not in line:
                    continue
                column = len(line) - len(line.lstrip()) + 1
                found.append(
                    Finding(
                        code=code,
                        name="load-model-in-loop",
                        group=group,
                        severity="error",
                        message="a model is loaded",
                        path=source.path,
                        start=(row, column),
                        end=(row, len(line) + 1),
                        fix=_fix(source, fix) if fix else None,
                    )
                )
        return found

    def findings_with_fix(self, fix):
        """The first finding, with its fix."""
        source = self.sources()[0]
        found = [finding for finding in self.findings() if finding.path == source.path][0]
        return found.replace(fix=_fix(source, fix))

    def verify(self, given=None, progress=None, **finding):
        """Outcome of verifying all marked lines."""
        return session.verify_findings(self.findings(**finding), self.sources(), None, given or options(), progress)

    def one(self, given=None, **finding):
        """The Result of the only marked line."""
        outcome = self.verify(given, **finding)
        assert len(outcome.results) == 1
        return outcome.results[0]


def _fix(source, replacements):
    edits = []
    for old, new in replacements.items():
        row = next(number for number, line in enumerate(source.lines, 1) if line == old)
        edits.append(Edit(start=(row, 1), end=(row, len(old) + 1), content=new))
    return Fix(applicability="safe", message="move it before the loop", edits=tuple(edits))
