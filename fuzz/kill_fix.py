"""Kill `--fix` at random moments: no file may be damaged, and the next run must leave nothing behind.

    python fuzz/kill_fix.py --runs 500 [--seed 1]

Each run fixes a fresh copy of a small project in a process of its own, which gets SIGKILL: half of the time at any
moment, half of the time shortly after the first file was touched.  Then every file must hold its old bytes or its new
ones, and a run that is left alone must bring all files to their new bytes, with their modes, and take every temporary
file away. The process is forked from this one, so that a run costs no start of the interpreter; it runs the command's
own `main`.
"""

import argparse
import json
import os
import random
import signal
import stat
import sys
import tempfile
import time
from pathlib import Path

FILES, MODES = 8, (0o644, 0o755, 0o600)
LOADS = (
    "\nimport tensorflow as tf\n\nfor step in range(1000):\n    model = tf.keras.models.load_model('{0}.keras')\n"
    "    print(step, model(tf.zeros([1, 4])))\n"
)


def project() -> dict:
    """{relative path: bytes} of a project where every file has something to fix."""
    found = {}
    for number in range(FILES):
        padding = "# a long file takes longer to write\n" * (500 * number)
        found[f"part_{number % 3}/file_{number}.py"] = (f"# {number}" + LOADS.format(number) + padding).encode()
    cell = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": LOADS.format("n").splitlines(True),
    }
    book = {"cells": [cell], "metadata": {"big": "x" * 300_000}, "nbformat": 4, "nbformat_minor": 5}
    found["part_0/book.ipynb"] = json.dumps(book, indent=1).encode()
    return found


def write(folder: Path, files: dict) -> None:
    """Put the files into the folder, each with one of the modes."""
    for number, (name, raw) in enumerate(sorted(files.items())):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
        path.chmod(MODES[number % len(MODES)])


def start(folder: Path) -> int:
    """The id of a process that fixes the files of the folder."""
    child = os.fork()
    if child:
        return child
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        from tflint_mem.__main__ import main

        sys.argv = ["tflint-mem", "check", "--isolated", "--no-cache", "--ignore", "TFM6,TFM202", "--fix", str(folder)]
        main()
    finally:
        os._exit(70)


def wait(child: int) -> int:
    """The exit code of the process, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def state(folder: Path) -> dict:
    """{relative path: (bytes, mode)} of all files."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
        for path in folder.rglob("*")
        if path.is_file()
    }


def touched(folders: list, before: list) -> bool:
    """Whether anything has changed in the folders since `before` was taken."""
    return [os.stat(folder).st_mtime_ns for folder in folders] != before


def kill(child: int, folder: Path, chance: random.Random, seconds: float) -> bool:
    """Kill the process at some moment; False when it had ended by itself."""
    folders = sorted({str(path.parent) for path in folder.rglob("*") if path.is_file()})
    before = [os.stat(each).st_mtime_ns for each in folders]
    end = time.monotonic() + chance.uniform(0, 1.05 * seconds)
    late = chance.random() < 0.5
    while late and not touched(folders, before):
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            break
    if late:
        end = time.monotonic() + chance.expovariate(1 / (0.03 * seconds))
    while time.monotonic() < end and not os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        time.sleep(0 if late else 0.001)
    os.kill(child, signal.SIGKILL)
    return wait(child) == -signal.SIGKILL


def main(arguments: list = None) -> int:
    """Run the command; 1 when a file was damaged or something was left."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    chance, files = random.Random(options.seed), project()
    from tflint_mem.command import check

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "once")  # what is imported and worked out once is paid here, for all runs
        write(folder, files)
        check.run(
            check.Options(
                [str(folder)],
                isolated=True,
                output_file=os.devnull,
                quiet=True,
                overrides={"fix": True, "cache": False},
            )
        )
        folder = Path(place, "model")
        write(folder, files)
        old = state(folder)
        begin = time.monotonic()
        code = wait(start(folder))
        seconds = time.monotonic() - begin
        new = state(folder)
        if code != 0 or new.keys() != old.keys() or any(new[name][0] == old[name][0] for name in old):
            print(f"the project is not fixed by a run that nobody kills (exit code {code})")
            return 1
        counts = {"killed": 0, "ended before": 0, "between two files": 0, "with a temporary file": 0}
        faults = []
        for number in range(options.runs):
            folder = Path(place, str(number))
            write(folder, files)
            alive = kill(start(folder), folder, chance, seconds)
            after = state(folder)
            counts["killed" if alive else "ended before"] += 1
            counts["between two files"] += alive and 0 < sum(after.get(name) == new[name] for name in new) < len(new)
            counts["with a temporary file"] += after.keys() != new.keys()
            faults += [
                f"run {number}: {name} is damaged" for name in old if after.get(name) not in (old[name], new[name])
            ]
            code = wait(start(folder))
            settled = state(folder)
            if code != 0 or settled != new:
                wrong = sorted(name for name in settled.keys() | new.keys() if settled.get(name) != new.get(name))
                faults.append(
                    f"run {number}: after the next run (exit code {code}) {', '.join(wrong)} is not as it should be"
                )
            for path in sorted(folder.rglob("*"), reverse=True):
                path.unlink() if path.is_file() else path.rmdir()
    print(
        f"{options.runs} runs of {len(files)} files, {seconds:.2f} s each: "
        + ", ".join(f"{n} {what}" for what, n in counts.items())
    )
    print("\n".join(faults) or "no file damaged, nothing left after the next run")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
