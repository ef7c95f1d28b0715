"""How long diagnostics take after a key: `python bench/server.py FOLDER RECORD.json [--lines 60000] [--keys 30]`.

FOLDER holds Python packages (`pip download --no-deps tf-models-official`, unpacked).  A project of so many lines is
made of them: folders in the order of their names, as far as they fit in.  `tflint-mem server` runs as an editor runs
it, over standard input and output; three files are open, and in each keys are pressed: the one that most others import,
the largest one that names TensorFlow, and one of middle size.  A key is a letter of a comment, of a name in the code,
or a new statement, in turn.
The time is from the message that tells of the key to the diagnostics of that version of the text; the processor time
is that of the server meanwhile, which other programs on the machine lengthen less.  With `chrt -r 1` in front those
programs wait, as if there were none.  RECORD.json has one record for each way.
"""

import argparse
import ast
import json
import os
import platform
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from support.lsp import Client  # noqa: E402

_IMPORTED = re.compile(r"^ *(?:from +([\w.]+) +)?import +([\w.]+)", re.MULTILINE)
_BETWEEN = 0.3  # seconds between two keys


def project(source, target, lines):
    """Copy folders of Python files until there are so many lines; returns {path: text} of the files."""
    texts = {}
    for path in sorted(source.rglob("*.py")):
        texts.setdefault(path.parent, {})[path] = path.read_text(encoding="utf-8", errors="replace")
    left, found = lines, {}
    for files in texts.values():
        size = sum(text.count("\n") for text in files.values())
        if size <= left:
            left -= size
            for path, text in files.items():
                copy = target / path.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_text(text, encoding="utf-8")
                found[copy] = text
    (target / "pyproject.toml").write_text("[project]\nname = 'measured'\n")
    return found


def places(texts, target):
    """{what it is: path} of the files in which keys are pressed."""
    imported = Counter()
    for text in texts.values():
        for package, name in _IMPORTED.findall(text):
            imported.update({package, f"{package}.{name}"} if package else {name})
    files = sorted((path for path, text in texts.items() if "tensorflow" in text), key=lambda path: len(texts[path]))
    ours = [path for path in files if not path.stem.endswith("_test")]
    return {
        "imported by most": max(
            ours, key=lambda path: imported[".".join(path.relative_to(target).with_suffix("").parts)]
        ),
        "largest": ours[-1],
        "of middle size": ours[len(ours) // 2],
    }


def keys(text, count):
    """Texts, each one key further than the one before."""
    name = max((node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)), key=len)
    for number in range(count):
        if number % 3 == 0:
            text += "#"
        elif number % 3 == 1:
            text = text.replace(f"def {name}", f"def x{name}", 1) if f"def {name}" in text else text + "\n"
            name = "x" + name
        else:
            text += f"\nx{number} = {number}\n"
        yield text


def pressed(client, process, uri, text, count):
    """Milliseconds, and those of the processor, for each key."""
    waits, work = [], []
    for version in keys(text, count):
        time.sleep(_BETWEEN)
        before, start = sum(process.cpu_times()[:2]), time.perf_counter()
        client.type(uri, version)
        client.diagnostics(uri)
        waits.append(1e3 * (time.perf_counter() - start))
        work.append(1e3 * (sum(process.cpu_times()[:2]) - before))
    return waits, work


def summary(values):
    return {"median": round(statistics.median(values)), "worst": round(max(values)), "keys": len(values)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("record", type=Path)
    parser.add_argument("--lines", type=int, default=60_000)
    parser.add_argument("--keys", type=int, default=30)
    options = parser.parse_args()
    target = Path(tempfile.mkdtemp(prefix="measured-"))
    try:
        texts = project(options.folder, target, options.lines)
        with Client(target) as client:
            process = psutil.Process(client.process.pid)
            opened = {what: client.open(path) for what, path in places(texts, target).items()}
            start = time.perf_counter()
            for uri in opened.values():
                client.diagnostics(uri)
            first = time.perf_counter() - start
            found = {}
            for what, path in places(texts, target).items():
                waits, work = pressed(client, process, opened[what], texts[path], options.keys)
                found[what] = {
                    "file": str(path.relative_to(target)),
                    "lines": texts[path].count("\n"),
                    "milliseconds": summary(waits),
                    "processor": summary(work),
                }
                print(what, found[what])
            memory = round(process.memory_info().rss / 2**20)
            record = {
                "date": time.strftime("%Y-%m-%d"),
                "how": f"python bench/server.py FOLDER RECORD.json --lines {options.lines} --keys {options.keys}",
                "python": platform.python_version(),
                "processors": os.cpu_count(),
                "load": [round(value, 1) for value in os.getloadavg()],
                "files": len(texts),
                "lines": sum(text.count("\n") for text in texts.values()),
                "seconds of the first check": round(first, 1),
                "MiB of the server": memory,
                "places": found,
            }
        records = json.loads(options.record.read_text()) if options.record.exists() else {}
        records["others wait" if os.sched_getscheduler(0) == os.SCHED_RR else "others run as well"] = record
        options.record.write_text(json.dumps(records, indent=1, sort_keys=True) + "\n")
    finally:
        shutil.rmtree(target)


if __name__ == "__main__":
    main()
