"""Check many repositories, on this machine or on a Ray cluster, and write one table of what is found.

    python examples/fleet.py OUT REPOSITORY…              folders, wheels, URLs of git repositories
    python examples/fleet.py OUT --list FILE              the same, one in each row of a file
    python examples/fleet.py OUT --list FILE --on ray     on the cluster that RAY_ADDRESS names, or on this machine

`OUT/findings.parquet` and `OUT/findings.html` have a row for each finding.  A repository that cannot be checked, or not
as a whole, is a row as well, with the reason as its message.  What is found in a repository is kept in `OUT/parts` as
soon as it is there: a run that was ended in the middle goes on where it was, and a repository that is done is not
done again (`--again` does all anew, `--retry` those that could not be checked).

Nothing of the repositories is run: no hook of git, no build of a wheel.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import fleet_page

from tflint_mem import Finding, Settings, __version__, check_paths

COLUMNS = ("repository", "rule", "severity", "confidence", "place", "message", "fix")
BROKEN, INCOMPLETE = "broken", "incomplete"  # in place of a severity
CLONE_SECONDS = 600
LARGEST_WHEEL = 2 << 30  # bytes, unpacked
READ = (".py", ".ipynb", ".toml", ".cfg", ".txt", ".lock", ".yml", ".yaml")  # of a wheel: what a check may look at

Row = dict[str, str]
Check = Callable[[str], list[Row]]
# runs a check on each repository, and tells what came of each as soon as it is there: rows, or why there are none
Engine = Callable[[Check, Sequence[str], int], Iterator[tuple[str, "list[Row] | Exception"]]]


# -- one repository ----------------------------------------------------------------------------------------------------


def check(repository: str) -> list[Row]:
    """The rows of one repository.  Runs in a worker; raises whatever stands in the way."""
    with folder_of(repository) as folder:
        report = check_paths(folder, Settings(project=False))
        rows = [_row(repository, finding, folder) for finding in report.findings]
        if report.errors:
            first = report.errors[0].text.replace(folder + os.sep, "")
            rows.append(_told(repository, INCOMPLETE, f"{len(report.errors)} of its files, or more: {first}"))
        return rows


@contextlib.contextmanager
def folder_of(repository: str) -> Iterator[str]:
    """The folder of a repository, for as long as it is needed.  Raises OSError and ValueError when there is none."""
    if os.path.isdir(repository):
        yield os.path.abspath(repository)
        return
    with tempfile.TemporaryDirectory(prefix="fleet-") as scratch:
        if repository.endswith(".whl"):
            _unpack(repository, scratch)
        elif re.match(r"(https|ssh|git|file)://|[\w.-]+@[\w.-]+:", repository):
            _clone(repository, scratch)
        else:
            raise FileNotFoundError(f"{repository}: no such folder")
        yield os.path.realpath(scratch)


def _unpack(wheel: str, folder: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        members = [member for member in archive.infolist() if member.filename.endswith(READ)]
        size = sum(member.file_size for member in members)
        if size > LARGEST_WHEEL:
            raise ValueError(f"{size} bytes when unpacked, more than {LARGEST_WHEEL}")
        archive.extractall(folder, members)


def _clone(url: str, folder: str) -> None:
    """The newest commit, without history, hooks, large files or a question on the terminal."""
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1"}
    environment["GIT_ALLOW_PROTOCOL"] = "https:ssh:git:file"
    command = ["git", "clone", "--quiet", "--depth=1", "--no-tags", "--template=", "--", url, folder]
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="backslashreplace",
        timeout=CLONE_SECONDS,
    )
    if done.returncode:
        raise OSError(f"git clone: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'failed'}")


def _row(repository: str, finding: Finding, folder: str) -> Row:
    row, column = finding.start
    cell = "" if finding.cell is None else f"cell {finding.cell}:"
    fix = finding.fix
    return {
        "repository": repository,
        "rule": f"{finding.code} {finding.name}",
        "severity": finding.severity,
        "confidence": finding.confidence,
        "place": f"{os.path.relpath(finding.path, folder)}:{cell}{row}:{column}",
        "message": finding.message.replace(folder + os.sep, ""),
        "fix": "" if fix is None else f"{fix.applicability}: {fix.message}",
    }


def _told(repository: str, severity: str, message: str) -> Row:
    """A row that says why there is nothing to say, or not all."""
    return {**dict.fromkeys(COLUMNS, ""), "repository": repository, "severity": severity, "message": message}


# -- engines -----------------------------------------------------------------------------------------------------------


def on_processes(
    check: Check, repositories: Sequence[str], workers: int
) -> Iterator[tuple[str, list[Row] | Exception]]:
    """Processes of this machine.  One that dies takes the pool with it: what it had is done again, each alone."""
    suspects: list[str] = []
    with ProcessPoolExecutor(workers) as pool:
        futures = {pool.submit(check, repository): repository for repository in repositories}
        for future in as_completed(futures):
            error = future.exception()
            if isinstance(error, BrokenProcessPool):
                suspects.append(futures[future])
            else:
                yield futures[future], error if isinstance(error, Exception) else future.result()
    for repository in suspects:
        with ProcessPoolExecutor(1) as alone:
            last = alone.submit(check, repository)
            error = last.exception()
            yield repository, error if isinstance(error, Exception) else last.result()


def on_ray(check: Check, repositories: Sequence[str], workers: int) -> Iterator[tuple[str, list[Row] | Exception]]:
    """Tasks of a Ray cluster, a processor each.  Folders and wheels lie at the same path on each of its machines."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray = importlib.import_module("ray")
    ray.init(include_dashboard=False, log_to_driver=False, ignore_reinit_error=True)
    task = ray.remote(num_cpus=1, max_retries=0)(check)
    queue = list(reversed(repositories))
    running: dict[object, str] = {}
    most = 4 * max(workers, int(ray.cluster_resources().get("CPU", 1)))  # that wait: a queue of its own for each worker
    try:
        while queue or running:
            while queue and len(running) < most:
                repository = queue.pop()
                running[task.remote(repository)] = repository
            for reference in ray.wait(list(running))[0]:
                try:
                    found: list[Row] | Exception = ray.get(reference)
                except ray.exceptions.RayTaskError as error:
                    found = error.cause if isinstance(error.cause, Exception) else error
                except ray.exceptions.RayError as error:  # the worker died
                    found = error
                yield running.pop(reference), found
    finally:
        ray.shutdown()


ENGINES: dict[str, Engine] = {"processes": on_processes, "ray": on_ray}


# -- all of them -------------------------------------------------------------------------------------------------------


class Parts:
    """What has been found so far: a file for each repository, which is there as a whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def _path(self, repository: str) -> Path:
        name = re.sub(r"[^\w.-]+", "_", repository)[-60:]
        return self._folder / f"{name}-{hashlib.sha256(os.fsencode(repository)).hexdigest()[:16]}.json"

    def get(self, repository: str) -> list[Row] | None:
        """The rows of a repository; None when it is to be done, or was done by another version of the tool."""
        try:
            part = json.loads(self._path(repository).read_text(encoding="utf-8"))
            return part["rows"] if part["version"] == __version__ else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, repository: str, rows: list[Row]) -> None:
        """Keep the rows of a repository."""
        path = self._path(repository)
        scratch = path.with_suffix(".part")
        scratch.write_text(json.dumps({"version": __version__, "rows": rows}), encoding="utf-8")
        os.replace(scratch, path)


def run(
    repositories: Iterable[str],
    out: Path,
    engine: Engine = on_processes,
    workers: int = 0,
    again: bool = False,
    retry: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Row]:
    """Check what is not done yet, and write the tables.  Returns their rows, in the order of the repositories."""
    names = list(dict.fromkeys(repositories))
    parts = Parts(out / "parts")
    done = {} if again else {name: rows for name in names if (rows := parts.get(name)) is not None}
    if retry:
        done = {name: rows for name, rows in done.items() if all(row["severity"] != BROKEN for row in rows)}
    waiting = [name for name in names if name not in done]
    if done:
        tell(f"{len(done)} of {len(names)} are done already")
    for repository, found in engine(check, waiting, workers or os.cpu_count() or 1) if waiting else ():
        if isinstance(found, Exception):
            reason = str(found).strip().splitlines()
            found = [_told(repository, BROKEN, f"{type(found).__name__}: {reason[-1] if reason else ''}")]
        parts.put(repository, found)
        done[repository] = found
        tell(f"{len(done)}/{len(names)} {repository}: {len(found)} rows")
    rows = [row for name in names for row in done[name]]
    write_parquet(rows, out / "findings.parquet")
    _whole(out / "findings.html", fleet_page.page(rows, COLUMNS, len(names)).encode("utf-8", "backslashreplace"))
    return rows


def write_parquet(rows: list[Row], path: Path) -> None:
    """The table as a file of Parquet: columns of strings, in the order of `COLUMNS`."""
    import pyarrow
    from pyarrow import parquet

    def text(value: str) -> str:  # names of files that are no text cannot be in a column of text
        return value.encode("utf-8", "backslashreplace").decode("utf-8")

    columns = {name: [text(row[name]) for row in rows] for name in COLUMNS}
    scratch = path.with_suffix(".part")
    parquet.write_table(pyarrow.table(columns, pyarrow.schema([(name, pyarrow.string()) for name in COLUMNS])), scratch)
    os.replace(scratch, path)


def _whole(path: Path, data: bytes) -> None:
    scratch = path.with_suffix(".part")
    scratch.write_bytes(data)
    os.replace(scratch, path)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("repositories", nargs="*", metavar="REPOSITORY")
    parser.add_argument("--list", type=Path, metavar="FILE", help="repositories, one in each row; # begins a comment")
    parser.add_argument("--on", choices=ENGINES, default="processes")
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="default: one for each processor")
    parser.add_argument("--again", action="store_true", help="do all of them anew")
    parser.add_argument("--retry", action="store_true", help="do those anew that could not be checked")
    given = parser.parse_args(arguments)
    rows = [row.partition("#")[0].strip() for row in given.list.read_text().splitlines()] if given.list else []
    repositories = [*given.repositories, *filter(None, rows)]
    found = run(repositories, given.out, ENGINES[given.on], given.workers, given.again, given.retry, _say)
    broken = sum(row["severity"] == BROKEN for row in found)
    _say(f"{len(set(repositories))} repositories, {broken} could not be checked; {given.out}/findings.html")
    return 0


def _say(line: str) -> None:
    print(line.encode("ascii", "backslashreplace").decode(), file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
