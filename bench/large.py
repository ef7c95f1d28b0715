"""Large trees as ratios inside one run: `python bench/large.py [--json FILE]`.

    one changed file   CPU time of a check after one file has changed, against a cold check that fills the same cache,
                       over several edits: a comment, a statement of a function that goes into a loop, a new statement
                       and function at the end
    two processes      `--jobs 2` against `--jobs 1` over a large tree: wall time, which says something on an idle
                       machine only, and CPU time on the longest way (this process, and the busiest of each crew)
    editor             CPU time of an analysis in one process that keeps the facts, after one changed text

Trees are those of `bench/run.py`.  Times are medians of turns: cold and changed, one and two, one after the other.
"""

import argparse
import ast
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import run as bench

CHANGED = "tf-models-official"
LARGE = "keras+tf-models-official+tensorflow-probability+tf-agents"
EDITOR = 60_000  # lines of the project
LIMITS = {"changed / cold": 0.35, "two / one": 0.65, "editor ms": 300}

# The command in this process, with a note of what each process of a crew has used.
ON_THE_WAY = """
import json, os, resource, sys, time
sys.argv = ["tflint-mem", *sys.argv[1:]]
from tflint_mem.hardening import crew
crews, begin = [], crew.Crew.__init__
def noted(self, *given):
    crews.append([])
    begin(self, *given)
def ended(self):
    pid, self._pid = self._pid, 0
    os.close(self._out)
    os.close(self.answers)
    used = os.wait4(pid, 0)[2]
    crews[-1].append((used.ru_utime + used.ru_stime, used.ru_maxrss // 1024))
    return "ended"
crew.Crew.__init__, crew.Worker._end = noted, ended
from tflint_mem import __main__
held, start = [], time.monotonic()
__main__._run_alone(held)
own = resource.getrusage(resource.RUSAGE_SELF)
cpu = own.ru_utime + own.ru_stime
print(json.dumps({
    "wall s": round(time.monotonic() - start, 2),
    "CPU s": round(cpu + sum(each for workers in crews for each, _ in workers), 2),
    "longest way, CPU s": round(cpu + sum(max(workers)[0] for workers in crews), 2),
    "megabytes": own.ru_maxrss // 1024,
    "megabytes of the largest worker": max((size for workers in crews for _, size in workers), default=0),
}), flush=True)
os._exit(0)
"""
IN_PROCESS = """
import gc, json, statistics, sys, time
from tflint_mem.engine import engine
from tflint_mem.engine.session import Session
from tflint_mem.settings import config
from tflint_mem.sources.source import Source
paths = open(sys.argv[1]).read().split("\\0")
settings = config.load(["."], (), True, {})
sources = {path: Source.read(path) for path in paths}
gc.disable()
session = Session()
session.remember()
def seconds():
    start = time.process_time()
    engine.analyze([Source(path, each.raw) for path, each in sources.items()], settings, len(paths), session=session)
    return time.process_time() - start
first, changed = seconds(), []
for path in paths[:: len(paths) // 9]:
    sources[path] = Source(path, sources[path].raw + b"\\nvalue = 1\\n")
    changed.append(seconds())
print(json.dumps({"first s": first, "after a change s": statistics.median(changed), "slowest s": max(changed)}))
"""


def _comment(lines, function, _):
    """A row above a function."""
    at = min((each.lineno for each in function.decorator_list), default=function.lineno) - 1
    lines.insert(at, " " * function.col_offset + "# a comment")


def _loop(lines, function, dice):
    """A loop around a statement of the function."""
    statement = dice.choice(function.body)
    inner = lines[statement.lineno - 1 : statement.end_lineno]
    head = " " * statement.col_offset + "for again in range(100):"
    lines[statement.lineno - 1 : statement.end_lineno] = [head, *("  " + row for row in inner)]


def _statement(lines, *_):
    lines.append("value = 1")


def _function(lines, *_):
    lines += ["def added(path):", "    return tf.keras.models.load_model(path)"]


EDITS = {"a comment": _comment, "a body": _loop, "a statement": _statement, "a function": _function}


def edit(path, change, dice):
    """Change a file of which it is known that it parses; False when that cannot be done in it."""
    text = path.read_text()
    functions = [each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.FunctionDef)]
    functions = [each for each in functions if each.body[0].lineno > each.lineno]
    if not functions:
        return False
    lines = text.split("\n")
    change(lines, dice.choice(functions), dice)
    changed = "\n".join(lines) + "\n"
    try:
        ast.parse(changed)
    except SyntaxError:  # there was a text of several rows
        return False
    path.write_text(changed)
    return True


def one_changed_file(repeat):
    """The check after one changed file against the cold one."""
    figures = {}
    dice = random.Random(4)
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "tree"
        shutil.copytree(bench.corpus(CHANGED), tree)
        cache = Path(scratch) / "cache"
        command = [sys.executable, "-m", "tflint_mem", "check", "--isolated", "--exit-zero", "--quiet", "--jobs", "1"]
        stored = [*command, "--cache-dir", str(cache), str(tree)]
        files = [path for path in sorted(tree.rglob("*.py")) if b"import tensorflow as tf" in path.read_bytes()]
        pairs = {what: [] for what in EDITS}
        for _ in range(repeat):
            shutil.rmtree(cache, ignore_errors=True)
            cold = bench.cpu(stored, 1, cwd=scratch)[0]
            plain = bench.cpu([*command, "--no-cache", str(tree)], 1, cwd=scratch)[0]
            for what, change in EDITS.items():
                while not edit(dice.choice(files), change, dice):
                    pass
                pairs[what].append((bench.cpu(stored, 1, cwd=scratch)[0], cold, plain))
        for what, measured in pairs.items():
            figures[what] = {
                "changed s": round(statistics.median(changed for changed, _, _ in measured), 2),
                "cold s": round(statistics.median(cold for _, cold, _ in measured), 2),
                "cold without a cache s": round(statistics.median(plain for _, _, plain in measured), 2),
                "changed / cold": round(statistics.median(changed / cold for changed, cold, _ in measured), 3),
            }
        figures["megabytes of the cache"] = round(sum(path.stat().st_size for path in cache.iterdir()) / 1e6, 1)
    return figures


def two_processes(repeat):
    """One process against two."""
    figures = {}
    command = [sys.executable, "-c", ON_THE_WAY, "check", "--isolated", "--no-cache", "--exit-zero", "--quiet"]
    with tempfile.TemporaryDirectory() as scratch:
        sink = ["--output-file", str(Path(scratch) / "report")]
        turns = {1: [], 2: []}
        for _ in range(repeat):
            for jobs, measured in turns.items():
                whole = [*command, *sink, "--jobs", str(jobs), str(bench.corpus(LARGE))]
                done = subprocess.run(whole, capture_output=True, text=True, cwd=scratch, env=bench.ENVIRONMENT)
                measured.append(json.loads(done.stdout.splitlines()[-1]))
    for jobs, measured in turns.items():
        figures[f"--jobs {jobs}"] = {name: statistics.median(each[name] for each in measured) for name in measured[0]}
    for name in ("wall s", "longest way, CPU s"):
        ratios = (two[name] / one[name] for one, two in zip(turns[1], turns[2]))
        figures[f"two / one, {name}"] = round(statistics.median(ratios), 3)
    figures["load of the machine"] = round(os.getloadavg()[0], 1)
    return figures


def editor():
    """An analysis after each change, in one process."""
    files, lines = [], 0
    for path in sorted((bench.corpus(CHANGED) / "official").rglob("*.py")):
        if lines < EDITOR:
            files.append(str(path))
            lines += path.read_bytes().count(b"\n")
    with tempfile.TemporaryDirectory() as scratch:
        names = Path(scratch) / "files"
        names.write_text("\0".join(files))
        measured = json.loads(bench.cpu([sys.executable, "-c", IN_PROCESS, str(names)], 1, cwd=scratch)[2])
    return {"files": len(files), "lines": lines, **{name: round(value, 3) for name, value in measured.items()}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="turns (default: 3)")
    parser.add_argument("--json", metavar="FILE", help="write the figures to FILE as well")
    parser.add_argument("--only", choices=("changed", "jobs", "editor"), help="a part of it")
    options = parser.parse_args()
    figures = {"python": sys.version.split()[0], "limits": LIMITS}
    if options.only in (None, "editor"):
        figures["editor"] = editor()
    if options.only in (None, "changed"):
        figures["one changed file"] = one_changed_file(options.repeat)
    if options.only in (None, "jobs"):
        figures["two processes"] = two_processes(options.repeat)
    text = json.dumps(figures, indent=1)
    print(text)
    if options.json:
        Path(options.json).write_text(text + "\n")


if __name__ == "__main__":
    main()
