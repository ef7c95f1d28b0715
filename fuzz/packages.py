"""Real code: every file of many packages that use TensorFlow, and Python's own library, through the same questions.

    python -m fuzz.packages                       the packages of packages.txt, and Python's own library
    python -m fuzz.packages keras gpflow          these
    python -m fuzz.packages ../src site-packages  folders as they are
    python -m fuzz.packages --stdlib              Python's own library only

Packages come from PyPI by name, as wheels and without their dependencies (a wheel runs nothing when it is unpacked; one
that is not there is told and passed over), and stay in a cache folder.  Each package is checked as one project; then
each file that mentions TensorFlow or Keras is judged alone as the mutants are.  Python's own library mentions neither,
so a loop that loads models is put below each of its files.
"""

import argparse
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

from fuzz.__main__ import CACHE, Server
from fuzz.case import Case

NAMES = Path(__file__).with_name("packages.txt")
SLOW = 2.0  # CPU seconds for one file: more is a failure
LONGEST = 900  # seconds for one package as a project
LOOP = b"\n\nimport tensorflow as tf\nfor path in paths:\n    tf.keras.models.load_model(path).predict(path)\n"


def unpacked(name: str) -> Path | None:
    """The folder of a package from PyPI; None when there is no wheel of it."""
    folder = CACHE / "packages" / name
    if not (folder / ".name").exists():
        with tempfile.TemporaryDirectory() as scratch:
            command = [
                sys.executable,
                "-m",
                "pip",
                "download",
                "-q",
                "--no-deps",
                "--only-binary=:all:",
                "-d",
                scratch,
                name,
            ]
            if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
                return None
            wheel = next(Path(scratch).glob("*.whl"))
            zipfile.ZipFile(wheel).extractall(folder)
            (folder / ".name").write_text(wheel.stem)
    return folder


class Survey:
    """What was found in all packages: `failures` [(kind, where)], `times` [(CPU seconds of a check, file)].

    quick   look at the files alone only where the whole package took longer than one file may
    """

    def __init__(self, quick: bool = False):
        self.server, self.quick = Server(1), quick
        self.failures, self.times, self.projects, self.counts = [], [], [], Counter()

    def project(self, folder: Path, name: str) -> None:
        """The whole package through the real command."""
        command = [
            sys.executable,
            "-m",
            "tflint_mem",
            "check",
            "--isolated",
            "--no-cache",
            "--pedantic",
            "--verbose",
            "--output-format",
            "json",
            "--exclude",
            "none",
            str(folder),
        ]
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            began = os.times()
            try:
                code = subprocess.run(command, stdout=out, stderr=err, timeout=LONGEST).returncode
            except subprocess.TimeoutExpired:
                code = -1
            spent = os.times()
            seconds = spent.children_user + spent.children_system - began.children_user - began.children_system
            out.seek(0), err.seek(0)
            told = err.read()
            try:
                found = len(json.load(out))
            except ValueError:
                found = -1
        self.projects.append((round(seconds, 2), name, found))
        if code not in (0, 1) or found < 0:
            self.failures.append((f"as a project: exit code {code}", f"{name}\n{told[-3000:]}"))

    def file(self, path: Path, below: bytes = b"") -> None:
        """One file alone."""
        raw = path.read_bytes()
        self.counts["files"] += 1
        if not below and b"tensorflow" not in raw and b"keras" not in raw:
            return
        self.counts["judged"] += 1
        case = Case("notebooks" if path.suffix == ".ipynb" else "programs", {"case" + path.suffix: raw + below})
        answer = self.server.judge(case, str(path), False)
        self.times.append((answer.get("check", answer["seconds"]), str(path)))
        self.failures += [(kind, f"{path}\n{detail[-3000:]}") for kind, detail in answer["failures"]]
        if self.times[-1][0] > SLOW:
            self.failures.append((f"a file over {SLOW:g} s", str(path)))

    def folder(self, folder: Path, name: str, below: bytes = b"") -> None:
        """A package: as a project, then file by file."""
        self.counts["packages"] += 1
        if not below:
            self.project(folder, name)
            if self.quick and self.projects[-1][0] <= SLOW:
                self.counts["files"] += sum(path.suffix in (".py", ".ipynb") for path in folder.rglob("*"))
                return  # no file of it can have taken longer
        for path in sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".ipynb") and path.is_file()):
            if not below or not {"site-packages", "__pycache__"} & set(path.parts):
                self.file(path, below)


def main() -> int:
    """Run; returns the exit code: 1 when anything failed."""
    parser = argparse.ArgumentParser(
        prog="python -m fuzz.packages", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("packages", nargs="*", metavar="PACKAGE|FOLDER")
    parser.add_argument(
        "--stdlib", action="store_true", help="Python's own library (with the others when no package is named)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="judge the files alone only of packages that took over 2 s as a whole"
    )
    parser.add_argument("--json", metavar="FILE", help="write the figures to FILE as well")
    options = parser.parse_args()
    names = options.packages or ([] if options.stdlib else NAMES.read_text().split())
    survey, missing, began = Survey(options.quick), [], time.time()
    for name in names:
        folder = Path(name) if os.path.isdir(name) else unpacked(name)
        if folder is None:
            missing.append(name)
            continue
        before = len(survey.failures)
        survey.folder(folder, name)
        print(
            f"{name:50} {survey.projects[-1][0]:7.2f} s as a project, {survey.projects[-1][2]:5} findings, "
            f"{len(survey.failures) - before} failures",
            flush=True,
        )
    if options.stdlib or not options.packages:
        survey.folder(Path(sysconfig.get_paths()["stdlib"]), "Python's own library", LOOP)
    survey.server.close()
    slowest = sorted(survey.times, reverse=True)[:20]
    print(
        f"{survey.counts['packages']} packages, {survey.counts['files']} files, {survey.counts['judged']} judged in "
        f"{time.time() - began:.0f} s; {len(survey.failures)} failures"
    )
    if missing:
        print(f"no wheel: {' '.join(missing)}")
    for kind, count in Counter(kind for kind, _ in survey.failures).most_common():
        print(f"  {count:5} {kind}: {next(where for other, where in survey.failures if other == kind)}")
    print("slowest files, CPU seconds of one check:")
    for seconds, path in slowest:
        print(f"  {seconds:6.3f} {_short(path)}")
    if options.json:
        Path(options.json).write_text(
            json.dumps(
                {
                    **survey.counts,
                    "no wheel": missing,
                    "failures": [[kind, where.split("\n")[0]] for kind, where in survey.failures],
                    "slowest files, s": [[seconds, _short(path)] for seconds, path in slowest],
                    "slowest projects, s": sorted(survey.projects, reverse=True)[:20],
                },
                indent=1,
            )
            + "\n"
        )
    return int(bool(survey.failures))


def _short(path: str) -> str:
    """The path without the folders that are this machine's."""
    for mark in ("/packages/", "/site-packages/", "/lib/"):
        if mark in path:
            return path.split(mark, 1)[1]
    return path


if __name__ == "__main__":
    sys.exit(main())
