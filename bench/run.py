"""Speed and memory of tflint-mem as ratios inside one run: `python bench/run.py [PACKAGE …]`.

    cold check      CPU time of `tflint-mem check` over a package's files, against `libcst.parse_module` over the same
                    files, run by turns
    warm check      the same tree again, unchanged, against `python -c "import click"` for each thousand files
    steps           where the time of a cold check goes, linking the files by itself
    start-up        a clean small file, against `python -c "import click"`
    memory          the highest resident set of a cold check, over the lines of the files

The packages come from PyPI by name, without their dependencies, and are kept in a cache folder; names joined by `+` are
checked as one tree: `python bench/run.py keras+tf-models-official+tensorflow-probability+tf-agents` has more than a
million lines.  Times are CPU seconds
(user and system) of whole processes, the median of several runs: the ratios can be compared between machines, the
seconds cannot.  LibCST's parse alone takes minutes on big packages: `--sample N` parses every N-th file and compares
with a check of the same files.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

DEFAULT = ["tf-models-official", "keras", "tensorflow-probability"]
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tflint-mem-bench"
LIMITS = {
    "cold check / libcst.parse_module": 0.20,
    "start-up / import click": 1.5,
    "warm check of 1000 files / import click": 3.0,
    "megabytes per million lines": 200.0,
}
MANY_LINES = 1_000_000  # below, the interpreter and its libraries are a large part of the memory

# As installed: with compiled modules, which some shells forbid Python to write.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

PARSE = """
import sys, libcst
for path in open(sys.argv[1]).read().split("\\0"):
    try:
        libcst.parse_module(open(path, "rb").read())
    except Exception:
        pass
"""
STEPS = """
import gc, json, sys, time
from tflint_mem.engine import engine
from tflint_mem.hardening.depth import RECURSION
from tflint_mem.settings import config
from tflint_mem.engine.rule_runs import Running
from tflint_mem.sources.source import Source
paths = open(sys.argv[1]).read().split("\\0")
settings = config.load(["."], (), True, {})
gc.disable(); sys.setrecursionlimit(RECURSION)
clock = time.process_time
start = clock()
project, kept, findings = engine.load((Source.read(p) for p in paths), settings, len(paths))
read = clock()
project.link()
linked = clock()
running = Running(project, settings, None, engine.NOBODY)
given = engine.Given(settings.project_root)
count = len(engine._all_finished(running, kept, None, engine.NOBODY, given))
seconds = {"read, parse, facts": read - start, "link": linked - read, "rules": clock() - linked}
print(json.dumps({**seconds, "modules": len(project.modules), "findings": count}))
"""


def cpu(command, repeat=3, cwd=None):
    """(median CPU seconds, highest resident megabytes, output) of a command."""
    seconds, size, out = [], 0.0, ""
    for _ in range(repeat):
        with tempfile.TemporaryFile("w+") as sink:
            process = subprocess.Popen(command, stdout=sink, stderr=subprocess.DEVNULL, cwd=cwd, env=ENVIRONMENT)
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = 0
            sink.seek(0)
            out = sink.read()
        seconds.append(usage.ru_utime + usage.ru_stime)
        size = max(size, usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024))
    return statistics.median(seconds), size, out


def corpus(package):
    """Folder with the unpacked files of a package from PyPI, or with those of several: `keras+tf-agents`."""
    folder = CACHE / package
    if "+" in package and not folder.exists():
        parts = [corpus(part) for part in package.split("+")]
        for part in parts:
            shutil.copytree(part, folder / part.name)
        (folder / ".name").write_text("+".join((part / ".name").read_text() for part in parts))
    if not folder.exists():
        folder.mkdir(parents=True)
        with tempfile.TemporaryDirectory() as scratch:
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "pip",
                    "download",
                    "-q",
                    "--no-deps",
                    "--only-binary=:all:",
                    "-d",
                    scratch,
                    package,
                ],
                check=True,
            )
            for wheel in Path(scratch).glob("*.whl"):
                zipfile.ZipFile(wheel).extractall(folder)
                (folder / ".name").write_text(wheel.stem)
    return folder


def measure(package, sample, repeat, click):
    """The figures of one package; click: milliseconds of `import click`."""
    folder = corpus(package)
    files = sorted(str(p) for p in folder.rglob("*.py"))[::sample]
    lines = sum(Path(p).read_bytes().count(b"\n") for p in files)
    with tempfile.TemporaryDirectory() as scratch:
        names = Path(scratch) / "files"
        names.write_text("\0".join(files))
        target = [str(folder)] if sample == 1 else files
        command = [
            sys.executable,
            "-m",
            "tflint_mem",
            "check",
            "--isolated",
            "--jobs",
            "1",
            "--no-cache",
            "--exit-zero",
            "--quiet",
            *target,
        ]
        pairs = []  # turn and turn about: a machine that is slow for a minute is slow for both
        for _ in range(repeat):
            check, memory, _ = cpu(command, 1, cwd=scratch)
            pairs.append((check, cpu([sys.executable, "-c", PARSE, str(names)], 1)[0], memory))
        check, parse, memory = (statistics.median(each) for each in zip(*pairs))
        again = [
            sys.executable,
            "-m",
            "tflint_mem",
            "check",
            "--isolated",
            "--jobs",
            "1",
            "--cache-dir",
            str(Path(scratch) / "cache"),
            "--exit-zero",
            "--quiet",
            *target,
        ]
        cpu(again, 1, cwd=scratch)
        warm, _, _ = cpu(again, max(repeat, 5), cwd=scratch)
        steps = json.loads(cpu([sys.executable, "-c", STEPS, str(names)], 1, cwd=scratch)[2])
    return {
        "package": (folder / ".name").read_text(),
        "files": len(files),
        "lines": lines,
        "check s": round(check, 2),
        "parse s": round(parse, 2),
        "ratio": round(statistics.median(c / p for c, p, _ in pairs), 3),
        "warm ms": round(warm * 1000, 1),
        "warm ratio": round(warm * 1000 / click / (len(files) / 1000), 2),
        "megabytes": round(memory),
        "megabytes per million lines": round(memory / lines * 1e6),
        "steps": {k: round(v, 3) if isinstance(v, float) else v for k, v in steps.items()},
        "link / check": round(steps["link"] / (steps["read, parse, facts"] + steps["link"] + steps["rules"]), 4),
    }


def start_up(repeat):
    """Clean files against `import click`."""
    with tempfile.TemporaryDirectory() as scratch:
        plain, clean = Path(scratch) / "plain.py", Path(scratch) / "clean.py"
        plain.write_text("import os\n\n\ndef main():\n    print(os.getcwd())\n")
        clean.write_text("import tensorflow as tf\n\n\ndef double(x):\n    return tf.add(x, x)\n")
        for command in (["-c", "import click"], ["-m", "tflint_mem", "check", str(clean)]):
            cpu([sys.executable, *command], 1, cwd=scratch)  # the compiled modules are there from now on
        click = cpu([sys.executable, "-c", "import click"], repeat)[0]
        found = {}
        for path in (plain, clean):
            seconds = cpu([sys.executable, "-m", "tflint_mem", "check", str(path)], repeat, cwd=scratch)[0]
            found[path.stem] = {"ms": round(seconds * 1000, 1), "ratio": round(seconds / click, 2)}
        return {"import click, ms": round(click * 1000, 1), **found}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*", default=DEFAULT, metavar="PACKAGE")
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="every N-th file only (default: all)")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="runs of each check (default: 3)")
    parser.add_argument("--json", metavar="FILE", help="write the figures to FILE as well")
    options = parser.parse_args()
    figures = {"python": sys.version.split()[0], "start-up": start_up(max(options.repeat, 9)), "packages": []}
    print(
        f"start-up: import click {figures['start-up']['import click, ms']} ms; "
        + "; ".join(
            f"{k} file {v['ms']} ms = {v['ratio']}x" for k, v in figures["start-up"].items() if isinstance(v, dict)
        ),
        flush=True,
    )
    print(
        f"{'package':42} {'files':>6} {'lines':>8} {'check s':>8} {'parse s':>8} {'ratio':>6} {'warm ms':>8} "
        f"{'ratio':>6} {'MB':>5} {'MB/M':>5} {'link':>6}",
        flush=True,
    )
    for package in options.packages:
        row = measure(package, options.sample, options.repeat, figures["start-up"]["import click, ms"])
        figures["packages"].append(row)
        print(
            f"{row['package'][:42]:42} {row['files']:6} {row['lines']:8} {row['check s']:8} {row['parse s']:8} "
            f"{row['ratio']:6} {row['warm ms']:8} {row['warm ratio']:6} {row['megabytes']:5} "
            f"{row['megabytes per million lines']:5} {row['link / check']:6.1%}",
            flush=True,
        )
        print("  steps, CPU s: " + ", ".join(f"{k} {v}" for k, v in row["steps"].items()), flush=True)
    figures["peak MB of this process's children"] = round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1) + "\n")
    worst = max(row["ratio"] for row in figures["packages"])
    slowest = max(v["ratio"] for v in figures["start-up"].values() if isinstance(v, dict))
    largest = max(
        (row["megabytes per million lines"] for row in figures["packages"] if row["lines"] >= MANY_LINES), default=0
    )
    reached = {
        "cold check / libcst.parse_module": worst,
        "start-up / import click": slowest,
        "warm check of 1000 files / import click": max(row["warm ratio"] for row in figures["packages"]),
        "megabytes per million lines": largest,
    }
    print("; ".join(f"{name} {value} (limit {LIMITS[name]})" for name, value in reached.items()))
    sys.exit(0 if all(value <= LIMITS[name] for name, value in reached.items()) else 1)


if __name__ == "__main__":
    main()
