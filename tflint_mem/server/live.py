"""The check of one project, again and again, as its open files change."""

from __future__ import annotations

import os

from tflint_mem.checking.check import Check
from tflint_mem.engine.session import Session
from tflint_mem.settings import config
from tflint_mem.settings.project_folder import package_top, project_of

from .diagnostics import still_led_to
from .files import Files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from tflint_mem.finding import Finding
    from tflint_mem.hardening.notices import Tell
    from tflint_mem.sources.source import Source

    from .options import Options


def folder_of(path: str) -> str:
    """What is checked together with a file: its project, or its own folder where nothing marks one."""
    return project_of(path) or package_top(os.path.dirname(path))


# Files: in a larger project the check after a key looks for what lies in the open ones.  What the latest check of the
# whole has found around them stays until the next one as long as the row that leads there does.
_MOST_WHOLE = 150


class Live:
    """One project.  It belongs to one thread."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._session = Session()
        self._session.remember()
        self._files = Files()
        self._size = 0  # files that played a part last time
        self._before: dict[str, Source] = {}  # the open files of the last check that looked everywhere
        self._around: list[Finding] = []  # what it found around them

    def check(
        self,
        sources: Sequence[Source],
        overrides: Mapping[str, Any],
        tell: Tell,
        given_up: Callable[[], bool] | None = None,
    ) -> Check:
        """What `tflint-mem check` finds in these files, which are open in an editor.

        In a large project what it finds around them may be that of an earlier check: then it is `alone`.  With
        `given_up` it never is, and ends with Interrupted when that says so.

        Settings and files of the disk are those of now.  Fixes are not tried: see `with_fixes_that_hold`.
        Raises UsageError for a configuration that is none.
        """
        check = self._begun(sources, overrides, tell)
        opened = {source.path: source for source in sources}
        check.tries_fixes = False
        check.alone = given_up is None and self._size > _MOST_WHOLE
        self._session.given_up = given_up
        try:
            self._looked(check)
        finally:
            self._session.given_up = None
        self._size = len(check.reader.everything())
        if check.alone:
            known = {finding.key() for finding in check.findings}
            check.findings += [
                finding
                for finding in self._around
                if finding.key() not in known and still_led_to(finding, self._before, opened)
            ]
        else:
            self._before = opened
            self._around = [finding for finding in check.findings if finding.path not in opened]
        return check

    def with_fixes_that_hold(self, sources: Sequence[Source], overrides: Mapping[str, Any], tell: Tell) -> Check:
        """The same, without the fixes that `--fix` would refuse."""
        return self._looked(self._begun(sources, overrides, tell))

    def fixed(
        self, sources: Sequence[Source], path: str, overrides: Mapping[str, Any], tell: Tell
    ) -> tuple[Source, Source] | None:
        """(old, new) of a file with all its safe fixes, as `--fix` would write it; None when it stays as it is."""
        from tflint_mem.fixes import fixing

        def here(finding: Finding) -> bool:
            return finding.path == path

        check = self._looked(self._begun(sources, overrides, tell, fixing=True))
        for change in fixing.fix(check, None, False, here).changes:
            if change.old.path == path:
                return change.old, change.new
        return None

    def _begun(
        self, sources: Iterable[Source], overrides: Mapping[str, Any], tell: Tell, fixing: bool = False
    ) -> Check:
        sources = list(sources)
        paths = [source.path for source in sources]
        options = self._options
        settings = config.load(
            paths,
            options.config,
            options.isolated,
            {**overrides, "cache": False, "force-exclude": True, "fix": False},
            options.trust,
        )
        check = Check(settings, paths, tell, self._session, fixing=fixing)
        check.take(*sources, read=self._files.read)
        return check

    def _looked(self, check: Check) -> Check:
        check.look()
        with check.faults.around("the baseline"):
            check.subtract_baseline()
        if not check.fixing:
            with check.faults.around("the search for copies"):
                check.together()
        return check
