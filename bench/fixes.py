"""Runs the programs in `bench/fixes/` before and after their rule's fix: `python bench/fixes.py record.json [CODE …]`.

A program reads how often it repeats from the environment.  As written and as fixed it runs with a few repeats and with
many, each time in a process of its own on the CPU; what it prints must be the same, and the slope is the resident
memory per repeat between the two, at the end of the program and after a garbage collection.  The record says which
TensorFlow that was; `docs/evidence/fixes-cpu.md` is written from it with `--page record.json
docs/evidence/fixes-cpu.md`.  `--verify record.json [CODE …]` adds what the comparison of `check --fix --verify` says of
each program and its fix.
"""

import datetime
import gc
import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

HERE = Path(__file__).parent
PROGRAMS = HERE / "fixes"
FEW, MANY = 5, 25  # repeats; the first pass of everything is over after a few
OWN_REPEATS = {  # where one repeat costs little memory or much time
    "TFM104": (20, 80),
    "TFM106": (10, 40),
    "TFM107": (20, 220),
    "TFM201": (20, 120),
    "TFM202": (40, 240),
    "TFM203": (40, 240),
    "TFM302": (10, 50),
    "TFM401": (20, 320),
    "TFM402": (20, 220),
    "TFM403": (20, 420),
    "TFM501": (10, 70),
    "TFM503": (20, 620),
    "TFM601": (20, 120),
    "TFM701": (20, 220),
    "TFM702": (10, 20),
    "TFM108": (4, 14),
    "TFM109": (2, 10),
    "TFM304": (20, 220),
    "TFM301": (10, 50),
}
SECONDS = 200  # for one run of a program

QUIET = {
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONHASHSEED": "0",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}


def resident():
    """Resident memory of this process in KiB."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def run(program, repeats, folder):
    """(lines printed, KiB at the end, KiB after a collection, seconds, error) of one run."""
    if program.stem.startswith("TFM702"):  # it forks and spawns itself
        return run_alone(program, repeats, folder)
    output, errors = folder / "output.txt", folder / "errors.txt"
    sys.stdout.flush()
    child = os.fork()  # TensorFlow is imported and has not run: the child begins where a new process would
    if not child:
        code = 1
        try:
            for stream, path in ((1, output), (2, errors)):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
            os.chdir(folder)
            os.environ["REPEATS"] = str(repeats)
            sys.path.insert(0, str(folder))
            began = time.perf_counter()
            kept = runpy.run_path(str(program), run_name="__main__")
            took, at_end = time.perf_counter() - began, resident()
            for _ in range(3):
                gc.collect()
            print("resident", at_end, resident(), round(took, 2), len(kept) > 0)
            sys.stdout.flush()
            code = 0
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(code)
    until = time.monotonic() + SECONDS
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        if time.monotonic() > until:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return [], None, None, None, f"not over after {SECONDS} s"
        time.sleep(0.05)
    lines = output.read_text(encoding="utf-8").splitlines()
    if status:
        return lines, None, None, None, (errors.read_text(encoding="utf-8").strip().splitlines() or ["no message"])[-1]
    _, at_end, collected, seconds, _ = lines.pop().split()
    return lines, int(at_end), int(collected), float(seconds), None


def run_alone(program, repeats, folder):
    """The same in a new process, without what its memory is."""
    began = time.perf_counter()
    try:
        done = subprocess.run(
            [sys.executable, str(program)],
            capture_output=True,
            text=True,
            cwd=folder,
            timeout=SECONDS,
            env={**os.environ, **QUIET, "REPEATS": str(repeats)},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [], None, None, None, f"not over after {SECONDS} s"
    error = (done.stderr.strip().splitlines() or ["no message"])[-1] if done.returncode else None
    return done.stdout.splitlines(), None, None, round(time.perf_counter() - began, 2), error


def fixed(program, code, folder):
    """The program with the fixes of its rule, or None when it is left as it is."""
    new = folder / program.name.replace(".py", "_fixed.py")
    shutil.copy(program, new)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "tflint_mem",
            "check",
            "--isolated",
            "--no-cache",
            "--select",
            code,
            "--fix",
            "--unsafe-fixes",
            "--quiet",
            str(new),
        ],
        capture_output=True,
        cwd=HERE.parent,
        check=False,
    )
    return new if new.read_bytes() != program.read_bytes() else None


def measured(program):
    """The record of one program."""
    code = program.stem[:6]
    few, many = OWN_REPEATS.get(program.stem, OWN_REPEATS.get(code, (FEW, MANY)))
    entry = {"program": program.stem, "code": code, "repeats": [few, many]}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        new = fixed(program, code, folder)
        if new is None:
            return {**entry, "fix": None}
        finding = json.loads(
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "tflint_mem",
                    "check",
                    "--isolated",
                    "--no-cache",
                    "--select",
                    code,
                    "--output-format",
                    "json",
                    str(program),
                ],
                capture_output=True,
                text=True,
                cwd=HERE.parent,
                check=False,
            ).stdout
        )[0]
        entry["fix"] = {"applicability": finding["fix"]["applicability"], "message": finding["fix"]["message"]}
        for label, path in (("before", program), ("after", new)):
            runs = [run(path, repeats, folder) for repeats in (few, many)]
            error = next((each[4] for each in runs if each[4]), None)
            entry[label] = {"printed": [each[0] for each in runs], "error": error, "seconds": runs[1][3]}
            if not error and runs[0][1] is not None:
                entry[label]["slope"] = round((runs[1][1] - runs[0][1]) / (many - few), 1)
                entry[label]["kept"] = round((runs[1][2] - runs[0][2]) / (many - few), 1)
    entry["same"] = entry["before"]["printed"] == entry["after"]["printed"] and not entry["after"]["error"]
    return entry


def proven(program):
    """What `--verify` says of a program and its rule's fix.  Time enough for a busy machine; short measurements: it is
    the results of the first repeats that are asked for."""
    sys.path.insert(0, str(HERE.parent))
    from tflint_mem import Settings, check_paths
    from tflint_mem.sources.source import Source
    from tflint_mem.verify import session
    from tflint_mem.verify.plan.options import Options

    os.environ["REPEATS"] = str(MANY)
    found = check_paths(program, Settings(select=[program.stem[:6]], project=False)).findings
    options = Options(device="cpu", level="as-written", timeout=600, seconds=2, env=["REPEATS"])
    one = next(each for each in found if each.fix is not None)
    said = session.verify_findings([one], [Source.read(str(program))], None, options).findings[0].verification
    fix = said.get("fix") or {"cures": None, "results": "not run", "compared": 0, "message": ""}
    return {
        "date": datetime.date.today().isoformat(),
        "verdict": said["verdict"],
        "results": fix["results"],
        "compared": fix["compared"],
        "cures": fix["cures"],
        "message": said["message"],
        "of the fix": fix["message"],
    }


def versions():
    """TensorFlow's, Keras' and Python's version; TensorFlow is imported for all runs to come."""
    os.environ.update(QUIET)
    import keras
    import tensorflow

    return {"tensorflow": tensorflow.__version__, "keras": keras.__version__, "python": sys.version.split()[0]}


def page(record):
    """The table of a record, as markdown."""
    about = record["versions"]
    lines = [
        "# What the fixes do",
        "",
        f"TensorFlow {about['tensorflow']}, Keras {about['keras']}, Python {about['python']}, CPU. For each rule "
        "with a fix a small program of our own",
        "([bench/fixes](../../bench/fixes)) with fixed seeds ran before and after `--fix --unsafe-fixes`, with few "
        "repeats and with many:",
        "the same output, and resident KiB per repeat at the end of the program (in brackets: after a garbage "
        "collection).",
        "Seconds are of a busy machine. Memory that every pass keeps in both (kernels, the output that is kept) "
        "stays in both. TFM702's workers have memory of their own; TFM504 is about",
        "Keras 2 and has no program here.",
        "",
        "`--verify` compares what the first repeats of both versions print, write and leave in variables; behind it "
        "stands how many things that were.",
        "",
        "Written by `bench/fixes.py`.",
        "",
        "| program | fix | | repeats | same output | before | after | seconds | `--verify` |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for entry in record["programs"]:
        if entry["fix"] is None:
            lines.append(f"| {entry['program']} | none is offered | | | | | | | |")
            continue
        before, after = entry["before"], entry["after"]
        few, many = entry["repeats"]
        lines.append(
            f"| {entry['program']} | {entry['fix']['message']} | {entry['fix']['applicability']} | {few}, {many} | "
            f"{'yes' if entry['same'] else 'no'} | "
            f"{_slope(before)} | {_slope(after)} | {before['seconds']} → {after['seconds']} | "
            f"{_compared(entry.get('verify'))} |"
        )
    return "\n".join(lines) + "\n"


def _compared(said):
    if said is None:
        return ""
    words = {"same": "same results", "other": "other results", "raises": "raises"}.get(said["results"])
    return f"{words}, {said['compared']}" if words else said["message"].replace("|", "/")[:120]


def _slope(side):
    if side["error"]:
        return side["error"].replace("|", "/")[:80]
    return f"{side['slope']} ({side['kept']})" if "slope" in side else "not measured"


def add_proofs(target, wanted):
    """Adds what `--verify` says to a record."""
    record = json.loads(target.read_text(encoding="utf-8"))
    for entry in record["programs"]:
        if not wanted or entry["program"] in wanted or entry["code"] in wanted:
            entry["verify"] = proven(PROGRAMS / f"{entry['program']}.py")
            target.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
            print(entry["program"], entry["verify"], flush=True)


def main(arguments):
    if arguments[:1] == ["--page"]:
        Path(arguments[2]).write_text(
            page(json.loads(Path(arguments[1]).read_text(encoding="utf-8"))), encoding="utf-8"
        )
        return
    if arguments[:1] == ["--verify"]:
        add_proofs(Path(arguments[1]), set(arguments[2:]))
        return
    target, wanted = Path(arguments[0]).resolve(), set(arguments[1:])
    programs = [
        program
        for program in sorted(PROGRAMS.glob("TFM*.py"))
        if not wanted or program.stem in wanted or program.stem[:6] in wanted
    ]
    old = json.loads(target.read_text(encoding="utf-8"))["programs"] if target.exists() else []
    record = {
        "versions": versions(),
        "programs": [entry for entry in old if entry["program"] not in {program.stem for program in programs}],
    }
    for program in programs:
        entry = measured(program)
        record["programs"].append(entry)
        record["programs"].sort(key=lambda each: each["program"])
        target.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        print(
            entry["program"],
            entry["fix"] and entry["fix"]["message"],
            entry.get("same"),
            {k: entry[k].get("slope", entry[k]["error"]) for k in ("before", "after") if k in entry},
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
