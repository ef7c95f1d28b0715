"""What snippets did when they were measured before: `--verify-changed` does not run what it knows.

A run is known by what ran (the text of the snippet, wherever it stands now, and how it was repeated), by which
interpreter, with which TensorFlow, and on which device.  Only runs that came to their end in good time are kept: what
failed may lack something that is there by now, and what a limit of time or memory cut short says as much of the machine
as of the code.  Data that the code reads from files is not looked at.

Files of JSON in the user's state folder, which no measured process sees and no checked tree can bring along; where that
folder lies in the tree nothing is kept.
"""

from __future__ import annotations

import hashlib
import json
import os

from tflint_mem import __version__
from tflint_mem.sources.files import read_regular
from tflint_mem.storage import user
from tflint_mem.storage.new_file import put_bytes
from tflint_mem.verify.containment.run import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tflint_mem.verify.events import Environment
    from tflint_mem.verify.job import PlanFields
    from tflint_mem.verify.plan.options import Options
    from tflint_mem.verify.snippet.snippet import Snippet

FOLDER = "runs"  # in the user's state folder
_FORM = 2  # of the events: a run of another form is made again
_ENDS = ("done", "exhausted", "leaves", "ended")  # statuses of a run that came to its end
_FIELDS = ("status", "events", "seconds", "peak", "code", "log", "ended", "loaded")
_LARGEST = 4_000_000  # bytes of one run
_MOST = 2_000  # runs; the oldest go


class KeptRuns:
    """The runs that an interpreter has made on a device.

    used   how many runs were known, of `asked`
    """

    def __init__(self, options: Options, environment: Environment, folders: Iterable[str]) -> None:
        """folders: the project's; what lies in one of them may have come along with it, and is not believed"""
        state = user.state_folder()
        ours = state is not None and not any(user.is_inside(state, folder) for folder in folders)
        self._folder = os.path.join(state, FOLDER) if state is not None and ours else None
        self.used = self.asked = 0
        told = ("python", "system", "processors", "tensorflow", "keras", "numpy", "gpus", "driver", "executable")
        facts = {name: environment.get(name) for name in told}
        facts["cards"] = [(gpu["name"], gpu["total"]) for gpu in environment["driver_gpus"]]
        chosen = (
            options.python,
            options.device,
            options.network,
            options.legacy_keras,
            *sorted(options.env),
        )
        self._where = json.dumps(
            [__version__, _FORM, facts, chosen, sorted(environment.get("unprotected", ()))], default=str
        )

    def key(
        self,
        snippet: Snippet,
        plan: PlanFields,
        setup: Iterable[str],
        rewrites: Iterable[Sequence[str]],
        *more: int,
    ) -> str:
        """What a run is known by.  more: numbers of the job."""
        rendered = snippet.render()
        _, _, code = rendered.text.split('"""', 2)  # behind the title, which says where the code stood
        what = [code, rendered.rows.get(snippet.flagged), sorted(snippet.modules), plan, [*setup], [*rewrites], more]
        text = json.dumps([self._where, what], sort_keys=True)
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()

    def get(self, key: str) -> Run | None:
        """The run that is known by a key, or None."""
        self.asked += 1
        if self._folder is None:
            return None
        path = os.path.join(self._folder, key + ".json")
        try:
            values = json.loads(read_regular(path, _LARGEST))
            run = Run(*(values[name] for name in _FIELDS))
            os.utime(path)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        self.used += 1
        return run

    def put(self, key: str, run: Run) -> None:
        """Keep a run; a folder that cannot be written to costs nothing but the next one's time."""
        end = run.last("end")
        if self._folder is None or run.status not in _ENDS or (end is not None and (end["slow"] or end["limit"])):
            return
        data = json.dumps({name: getattr(run, name) for name in _FIELDS}).encode("ascii")
        if len(data) > _LARGEST:
            return
        try:
            os.makedirs(self._folder, 0o700, exist_ok=True)
            put_bytes(os.path.join(self._folder, key + ".json"), data, 0o600)
            self._drop_oldest(self._folder)
        except OSError:
            pass

    def _drop_oldest(self, folder: str) -> None:
        with os.scandir(folder) as found:
            entries = [entry for entry in found if entry.name.endswith(".json")]
        if len(entries) > _MOST:
            entries.sort(key=lambda entry: entry.stat(follow_symlinks=False).st_mtime)
            for entry in entries[: len(entries) - _MOST + _MOST // 10]:
                os.unlink(entry.path)
