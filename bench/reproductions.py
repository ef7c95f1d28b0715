"""Reproductions of places in public code: how long they are, and do they show by themselves what the verdict says?

    python bench/reproductions.py docs/evidence/reproductions.json --checkouts FOLDER [--again]

Goes through the places of the record, whose repositories lie checked out in FOLDER by the second part of their names;
`--again` measures those too that have been measured.  Each place is verified with `--keep`; what is kept is run by the
plain interpreter in an empty folder, and judged by its last row.
"""

from __future__ import annotations

import argparse
import glob
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tflint_mem.verify.containment.run import Run
from tflint_mem.verify.reproduction.shows import shown

SECONDS = 600


def verified(checkout: str, place: str, kept: str) -> dict | None:
    """The verification of a place; None where the command told none."""
    command = [sys.executable, "-m", "tflint_mem", "verify", place, "--project", ".", "--isolated", "--keep", kept]
    command += ["--verify-level", "reduced", "--verify-device", "cpu", "--output-format", "json"]
    command += ["--verify-timeout", "300"]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    try:
        return next((found["verification"] for found in json.loads(done.stdout) if found["verification"]), None)
    except ValueError:
        return None


def alone(path: str) -> Run:
    """The file, run by the plain interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": folder, "CUDA_VISIBLE_DEVICES": "-1"}
        try:
            done = subprocess.run(
                [sys.executable, "-I", path],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired:
            return Run("timeout", [], SECONDS, 0, None, "")
    return Run("left", [], 0.0, 0, done.returncode, done.stdout + done.stderr)


def measured(checkout: str, place: dict) -> dict:
    """What is new about a place of the record."""
    with tempfile.TemporaryDirectory() as folder:
        kept = os.path.join(folder, "kept")
        said = verified(checkout, f"{place['path']}:{place['row']}", kept)
        if said is None:
            return {"verdict": None}
        new = {"verdict": said["verdict"], "kind": said["kind"], "level": said["level"], "message": said["message"]}
        paths = [
            path for path in glob.glob(os.path.join(kept, "*.py")) if not path.endswith(("_fixed.py", "_runnable.py"))
        ]
        if not paths:
            return new
        with open(paths[0], encoding="utf-8") as file:
            text = file.read()
        run = alone(paths[0])
        found = shown(run, said, False)
        head = " ".join(text.split('"""')[1].split())
        named = [each for each in said["stand_ins"] if " ".join(each.split()) in head]
        new.update(
            lines=text.count("\n"),
            runs_alone=run.code == 0 or found.agrees,
            agrees=found.agrees,
            printed=found.words or run.log[-200:],
            stand_ins=len(said["stand_ins"]),
            named=len(named),
        )
        return new


def main() -> None:
    """Measures the places of the record and writes it anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("record")
    parser.add_argument("--checkouts", required=True)
    parser.add_argument("--again", action="store_true")
    given = parser.parse_args()
    with open(given.record, encoding="utf-8") as file:
        record = json.load(file)
    for place in record["places"]:
        if "after" in place and not given.again:
            continue
        place["after"] = measured(os.path.join(given.checkouts, place["repository"].split("/")[1]), place)
        print(place["repository"], place["path"], place["row"], place["after"], flush=True)
        with open(given.record, "w", encoding="utf-8") as file:
            json.dump(record, file, indent=1)
            file.write("\n")
    lines = [place["after"]["lines"] for place in record["places"] if place["after"].get("lines")]
    if lines:
        print(f"{len(lines)} files, median {statistics.median(lines):.0f} lines, longest {max(lines)}")


if __name__ == "__main__":
    main()
