"""What files held in an older revision, asked of git in a repository that nobody vouches for.

Its configuration may name programs for nearly everything that git does with files in the work tree: monitors, filters,
converters, pagers, hooks.  So git is asked for commits, trees and blobs only, which it reads by itself, and the files
on the disk are read by us; it may not reach for objects over a network either.
"""

from __future__ import annotations

import os
import subprocess

from tflint_mem.hardening.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_TIMEOUT = 60  # seconds
_MOST_BYTES = 100_000_000  # of a blob
_MOST_LISTED = 200_000_000  # bytes of a list of files
_MOST_RENAMED = 200  # files that are gone and might have become one that is new
_CAREFUL = ("core.fsmonitor=", "core.hooksPath=/dev/null", "core.pager=cat", "protocol.allow=never", "gc.auto=0")
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX")


class Revision:
    """The commit that the current one has grown from, on the way to a revision: what `git diff REV...` compares with.

    Raises UsageError where there is no repository, no git, or no such revision.
    """

    def __init__(self, revision: str, folder: str) -> None:
        self._folder = folder
        self.root = os.path.realpath(self._line("--since: not in a git repository", "rev-parse", "--show-toplevel"))
        unknown = f"--since: {revision!r} is no revision of the repository (a shallow clone has only the latest)"
        if revision.startswith("-") or "\0" in revision or not revision:
            raise UsageError(unknown)
        commit = self._line(unknown, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
        alone = f"--since: {revision!r} has no commit in common with the current one (a shallow clone?)"
        self.commit = self._line(alone, "merge-base", commit, "HEAD")
        self._blobs: dict[str, str] | None = None
        self._texts: dict[str, bytes | None] = {}
        self._rows: dict[str, frozenset[bytes]] = {}  # of files that are gone, as far as somebody asked

    def before(self, path: str, raw: bytes) -> bytes | None:
        """What the file at `path`, which holds `raw` now, held then; None for a file that is new.

        A file that was renamed is known by its name in another folder, or by most of its rows.
        """
        name = self._name(path)
        if name is None:
            return None
        if name not in self._texts:
            self._texts[name] = self._read(self._old_name(name, raw))
        return self._texts[name]

    def _name(self, path: str) -> str | None:
        """The name below the root, with slashes; None for a file elsewhere."""
        folder, base = os.path.split(os.path.abspath(path))
        real = os.path.join(os.path.realpath(folder), base)
        inside = os.path.join(self.root, "")
        if not os.path.normcase(real).startswith(os.path.normcase(inside)):
            return None
        return real[len(inside) :].replace(os.sep, "/")

    def _old_name(self, name: str, raw: bytes) -> str | None:
        blobs = self._listed()
        if name in blobs:
            return name
        suffix = os.path.splitext(name)[1]
        gone = [
            other
            for other in blobs
            if other.endswith(suffix) and not os.path.lexists(os.path.join(self.root, *other.split("/")))
        ]
        base = name.rpartition("/")[2]
        gone.sort(key=lambda other: (other.rpartition("/")[2] != base, other))
        candidates = gone[:_MOST_RENAMED]
        self._read_rows([other for other in candidates if other not in self._rows])
        rows = set(raw.split(b"\n"))
        best, most = None, 0.5  # as git has it: half of it is the same
        for other in candidates:
            old = self._rows[other]
            alike = len(rows & old) / max(len(rows), len(old), 1)
            if alike >= most:
                best, most = other, alike
        return best

    def _listed(self) -> dict[str, str]:
        """The names of the files that the commit has, and the ids of what they hold."""
        if self._blobs is None:
            self._blobs = {}
            raw = self._run("ls-tree", "-r", "-z", "--full-tree", self.commit, most=_MOST_LISTED)
            for entry in (raw or b"").split(b"\0"):
                about, tab, name = entry.partition(b"\t")
                words = about.split()
                if tab and len(words) == 3 and words[1] == b"blob":
                    self._blobs[os.fsdecode(name)] = words[2].decode("ascii")
        return self._blobs

    def _read(self, name: str | None) -> bytes | None:
        blob = None if name is None else self._listed().get(name)
        return None if blob is None else self._run("cat-file", "blob", blob, most=_MOST_BYTES)

    def _read_rows(self, names: list[str]) -> None:
        """Learn the rows of files of the commit from one process; of those that git cannot give, none."""
        wanted = "".join(f"{self._listed()[name]}\n" for name in names).encode("ascii")
        raw = self._run("cat-file", "--batch", most=_MOST_BYTES, given=wanted) if names else None
        rest = raw or b""
        for name in names:
            head, _, rest = rest.partition(b"\n")  # "ID blob SIZE", or "ID missing"
            size = head.rpartition(b" ")[2]
            length = int(size) if size.isdigit() else -1
            self._rows[name] = frozenset(rest[:length].split(b"\n")) if length >= 0 else frozenset()
            rest = rest[length + 1 :]

    def _line(self, error: str, *arguments: str) -> str:
        raw = self._run(*arguments, most=100_000)
        if raw is None or not raw.strip():
            raise UsageError(error)
        return os.fsdecode(raw.rstrip(b"\r\n"))

    def _run(self, *arguments: str, most: int, given: bytes | None = None) -> bytes | None:
        """What git writes; None when it fails, takes too long or writes more than `most` bytes.

        given   what it reads on its standard input: less than a pipe holds, so that nobody waits for the other
        """
        options = [word for setting in _CAREFUL for word in ("-c", setting)]
        environment = {
            **{name: value for name, value in os.environ.items() if name not in _ELSEWHERE},
            "GIT_ALLOW_PROTOCOL": "none",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "LC_ALL": "C",
        }
        try:
            process = subprocess.Popen(
                [_git(), "--no-pager", *options, *arguments],
                cwd=self._folder,
                env=environment,
                stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise UsageError(f"--since: git cannot be run: {error.strerror or error}") from None
        if process.stdin is not None:
            try:
                with process.stdin:
                    process.stdin.write(given or b"")
            except OSError:
                pass  # it is gone, and what it wrote says so
        return _output(process, most)


def _output(process: subprocess.Popen[bytes], most: int) -> bytes | None:
    import threading

    timer = threading.Timer(_TIMEOUT, process.kill)
    timer.start()
    try:
        if process.stdout is None:
            return None
        raw = process.stdout.read(most + 1)
        if len(raw) > most:
            process.kill()
        process.stdout.close()
        return raw if process.wait() == 0 and len(raw) <= most else None
    finally:
        timer.cancel()


def _git() -> str:
    """The program, as the absolute folders of `PATH` have it: the current one may be the checked tree.  Raises
    UsageError.
    """
    import shutil

    folders: Iterable[str] = os.environ.get("PATH", os.defpath).split(os.pathsep)
    path = os.pathsep.join(folder for folder in folders if os.path.isabs(folder))
    found = shutil.which("git", path=path) if path else None
    if found is None or not os.path.isabs(found):
        raise UsageError("--since: git is not installed")
    return found
