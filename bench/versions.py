"""What each rule's fixtures cost under each version of TensorFlow: `python bench/versions.py RECORD.json ENVIRONMENTS`.

ENVIRONMENTS is a folder outside of any tree, with an environment for each version; those that lack are made there, by
`uv` where it is on PATH (`--make-only` makes them and stops).  In each of them `leaky.py` (at its finding) and
`fixed.py` (at the same place, found as bench/verify.py does) of each rule are measured: cut, repeated, metered and
judged by what `--verify` uses for code as it is written.  So are the programs of bench/claims, for what texts claim and
no fixture shows, in the environments that they name.  Two things differ.  TensorFlow is imported once for a version,
and each measurement is a process that is forked from there (bench/forked.py); and nothing is put in the place of what a
version lacks: a fixture that asks for it is recorded with what it raised.

RECORD.json is written after each measurement, and what it holds is not measured again: an interrupted run goes on
where it was.  `--tensorflow`, `--codes`, `--groups`, `--kinds` and `--only` choose a part; `--again` measures that
part anew.
"""

import argparse
import ast
import datetime
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]

import verify  # noqa: E402  (the bench beside this one)
from tflint_mem.verify.plan import make_environment  # noqa: E402
from tflint_mem.verify.plan.options import OptionError, Options  # noqa: E402

FIXTURES_ON = "2.4 2.8 2.10 2.12 2.13 2.14 2.15 2.16 2.18 2.20 2.21".split()
PACKAGE = "tensorflow-cpu"  # a fifth of the size, and the same host memory
KINDS = ("flagged", "fixed")
SECONDS = 10.0  # of repeats in a measurement, where they are slow
MOST = 40  # repeats before the first settled state
BLOCKS = 3  # of repeats between settled states: with the one before them, enough for a slope
LIMIT = 150.0  # seconds for one measurement on a busy machine
_TRIES = 2  # one more where numbers that count on lead out of a program's data
CLAIMS = sorted((ROOT / "bench" / "claims").glob("*.py"))
NO_GROWTH_HERE = {"TFM601": "a GPU: on a CPU TensorFlow reserves nothing"}


# Where programs of bench/claims run beside these: name -> (packages, version of Python).
OTHERS = {
    "2.2": (["tensorflow-cpu==2.2.*", "numpy<1.20", "protobuf<3.21"], "3.8"),
    "2.9": (["tensorflow-cpu==2.9.*", "numpy<2", "protobuf<3.21"], "3.10"),
    "2.11": (["tensorflow-cpu==2.11.*", "numpy<2", "protobuf<3.21"], "3.10"),
    "2.8-transformers": (["tensorflow-cpu==2.8.*", "numpy<2", "protobuf<3.21", "transformers==4.20.*"], "3.10"),
    "2.15-transformers": (["tensorflow-cpu==2.15.*", "numpy<2", "transformers==4.40.*"], "3.11"),
    "2.15-tfp": (["tensorflow-cpu==2.15.*", "numpy<2", "tensorflow-probability==0.23.*"], "3.11"),
    "2.21-tfp": (["tensorflow-cpu==2.21.*", "tensorflow-probability==0.25.*", "tf_keras==2.21.*"], "3.11"),
    "keras-jax": (["keras==3.*", "jax"], "3.11"),
    "keras-torch": (["keras==3.*", "torch"], "3.11"),
}


# -- environments ------------------------------------------------------------------------------------------------------


def environment(folder, name):
    """Path of the interpreter of an environment, made where it lacks.  Raises OptionError."""
    place = os.path.join(folder, name)
    interpreter = make_environment.interpreter_in(place)
    if not os.path.exists(interpreter):
        try:
            if name in OTHERS:
                packages, python = OTHERS[name]
                make_environment.install(place, packages, str(ROOT), python)
            else:
                packages = [f"{PACKAGE}=={name}.*", *make_environment.companions(name)]
                make_environment.install(place, packages, str(ROOT), tensorflow=name)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
    return interpreter


class Forked:
    """The process that has imported one version; a context manager.

    versions   what it has: python, tensorflow, keras, numpy; or "error", what its import raised
    """

    def __init__(self, interpreter, name):
        from tflint_mem.verify.containment.variables import child_environment

        self._scratch = tempfile.TemporaryDirectory()
        for folder in ("home", "tmp"):
            os.mkdir(os.path.join(self._scratch.name, folder))
        variables = child_environment(Options(python=interpreter, device="cpu"), self._scratch.name)
        backend = name.partition("keras-")[2]
        if backend:
            variables["KERAS_BACKEND"] = backend
        self._process = subprocess.Popen(
            [interpreter, str(ROOT / "bench" / "forked.py"), str(ROOT), "keras" if backend else "tensorflow"],
            env=variables,
            cwd=self._scratch.name,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        line = self._process.stdout.readline()
        self.versions = json.loads(line) if line else {"error": "the interpreter does not start"}

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        self._scratch.cleanup()

    def run(self, snippet, options, plan, folders, pretend_gpus):
        """A Run of a Snippet, as the tool's own runner makes one."""
        from tflint_mem.verify.containment import runner, supervisor
        from tflint_mem.verify.containment.run import Run
        from tflint_mem.verify.containment.scratch import Scratch

        began = time.monotonic()
        with Scratch() as scratch:
            job = runner.measuring_job(
                snippet, options, scratch, plan, LIMIT, folders, pretend_gpus=pretend_gpus, attempts=_TRIES
            )
            events, log = scratch.path("events"), scratch.path("log")
            sent = {"job": job, "events": events, "log": log, "seconds": LIMIT}
            print(json.dumps(sent), file=self._process.stdin, flush=True)
            code = json.loads(self._process.stdout.readline())
            rows = _lines(events)
            text = "\n".join(_lines(log)[-40:])
        told = [json.loads(row) for row in rows if row.endswith("}")]
        status = "timeout" if code is None else supervisor.status_of(told, code)
        return Run(status, told, time.monotonic() - began, 0, code, text, time.time(), loaded=True)


def _lines(path):
    try:
        return Path(path).read_text(errors="replace").splitlines()
    except OSError:
        return []


# -- places and measurements -------------------------------------------------------------------------------------------


def places(code):
    """{kind: Finding} for the fixtures of a rule, without fixes."""
    from tflint_mem import Settings, check_paths
    from tflint_mem.report.json import record

    ((_, folder),) = verify.folders((code,))
    leaky, fixed = folder / "leaky.py", folder / "fixed.py"
    finding = min(check_paths(leaky, Settings(select=[code], project=False)).findings, key=lambda found: found.start)
    repeat = verify._repeat_of(record(finding))
    row, repeat = verify.same_place(verify.Item("leaky", code, leaky, finding.start[0], repeat), fixed)
    return {
        "flagged": finding.replace(fix=None),
        "fixed": verify.as_flagged(code, str(fixed), row, repeat or 0).replace(group=finding.group),
    }


class Fixture:
    """A fixture of a rule: one that is measured.  kind: of KINDS"""

    def __init__(self, finding, kind):
        self.finding, self.kind = finding, kind
        self.folders = [os.path.dirname(finding.path)]

    def snippets(self, once):
        """What may be run of it, the most faithful first."""
        from tflint_mem.sources.source import Source
        from tflint_mem.verify.snippet.candidates import snippets
        from tflint_mem.verify.snippet.first_party import Files

        return snippets(self.finding, Files([Source.read(self.finding.path)], self.folders), {}, once)


class Program:
    """A version of a program of bench/claims, which is a pattern as tflint_mem/verify/patterns has them; its head names
    the rule, and the environments that it is for.
    """

    folders = ()

    def __init__(self, path, kind):
        from tflint_mem.verify.patterns.pattern import Pattern

        text = path.read_text()
        self.rule, self.environments = (
            re.search(rf"^# {word}: (.*)$", text, re.M)[1] for word in ("rule", "environments")
        )
        self._pattern, self.kind, self._name = Pattern(self.rule, text), kind, path.stem
        self.what = ast.get_docstring(ast.parse(text))
        self.finding = verify.as_flagged(self.rule, str(path), 1, 0).replace(group="leak")

    def snippets(self, once):
        """The program."""
        return [self._pattern.snippet(self.kind, self._name, self._name, {})]


def measure(subject, forked):
    """What is recorded of a Fixture or a Program under one version."""
    from tflint_mem.verify.plan.protocols import REFUSED, plan_for
    from tflint_mem.verify.verdict.judge import judge
    from tflint_mem.verify.verdict.runs import Runs
    from tflint_mem.verify.verdict.signs import ran, reached

    began, finding = time.monotonic(), subject.finding
    options = Options(device="cpu", seconds=SECONDS, timeout=LIMIT, level="as-written")
    once = finding.code in REFUSED
    plan = {**plan_for(finding, options, LIMIT), "blocks": BLOCKS, "most": MOST}
    if isinstance(subject, Program):
        plan["protocol"] = "memory"
    runs = None
    for snippet in subject.snippets(once):
        snippet.growth = not once
        run = forked.run(snippet, options, plan, subject.folders, REFUSED.get(finding.code, 0))
        if runs is None or ran(run) and not ran(runs.run):
            runs = Runs(snippet, run)
        if once or ran(run) and reached(run.attempt(), snippet):
            break
    surroundings = {"gpus": [], "driver_gpus": []}
    return described(judge(finding, options, surroundings, runs, began), runs, began)


def described(result, runs, began):
    """A Result as an entry of the record: KiB per repeat (`grows`: all of it, `stays`: what no collection returns),
    objects that stay, ms per repeat; or why there is none.
    """
    said, numbers = result.verification, result.flagged
    entry = {
        "verdict": said["verdict"],
        "seconds": round(time.monotonic() - began, 1),
        "load": round(os.getloadavg()[0], 1),
    }
    error = runs.run.attempt().last("error")
    put_in = [event["text"] for event in runs.run.of("stand-in") if event["code"] or event["rewrite"]]
    if said.get("undecided"):
        entry["verdict"] = "undecided"
    elif put_in or said["verdict"] == "not-runnable":
        raised = f"{error['type']}: {error['message']}" if error else "; ".join(said["needs"])
        entry.update(verdict="cannot-run", why=_short("; ".join(put_in) or raised))
        return entry
    host = said["meters"][0]["flagged"]
    entry.update(repeats=said["iterations"], kind=said["kind"], mechanism=said["mechanism"])
    if said["meters"][0]["unit"] == "bytes":
        entry["holds"] = _kib(host["retained"])
    else:
        entry.update(grows=_kib(host["raw"]), stays=_kib(host["retained"]))
    kept = {kind: round(rate, 2) for kind, rate in numbers.objects_kept.items() if rate >= 0.05}
    if kept:
        entry["objects"] = kept
    if numbers.times is not None:
        entry["ms"] = round(1000 * numbers.times.median, 3)
    entry["message"] = _short(said["message"])
    return entry


def _kib(number):
    return None if number is None else round(number / 1024, 1)


def _short(text):
    """One line without folders of this machine."""
    return verify._anywhere(re.sub(r"\s+", " ", text))[:240]


# -- the record --------------------------------------------------------------------------------------------------------


def load(path):
    """The record, with nothing in it where there is none."""
    if path.exists():
        return json.loads(path.read_text())
    cpu = verify.surroundings()["cpu"]
    return {"cpu": cpu, "package": PACKAGE, "environments": {}, "rules": {}, "claims": {}}


def save(path, record):
    """Writes the record, a row for each measurement, as a whole or not at all."""
    scratch = path.with_suffix(".part")
    scratch.write_text(_text(record, 0) + "\n")
    os.replace(scratch, path)


def _text(value, depth):
    """JSON with a row for each measurement."""
    if not isinstance(value, dict) or {"verdict", "python", "broken"} & value.keys():
        return json.dumps(value, sort_keys=True)
    if "what" in value:
        value = {"what": value["what"], "rule": value["rule"], **{kind: value[kind] for kind in KINDS if kind in value}}
    keys = sorted(value, key=_order) if depth > 1 and "what" not in value else value
    rows = [" " * (depth + 1) + f"{json.dumps(key)}: {_text(value[key], depth + 1)}" for key in keys]
    return "{\n" + ",\n".join(rows) + "\n" + " " * depth + "}" if rows else "{}"


def _order(key):
    """Versions by number, others as text, flagged before fixed."""
    number = re.match(r"(\d+)\.(\d+)", key)
    return (int(number[1]), int(number[2]), key) if number else (0, KINDS.index(key) if key in KINDS else 9, key)


def subjects_on(name, codes, programs, kept):
    """[(part of the record, key, kind, subject)] that are measured in an environment; subjects are made when called.

    kept   {code: places} of what was looked for before
    """
    found = []
    if name in FIXTURES_ON:
        for code in codes:
            found += [("rules", code, kind, functools.partial(_fixture, code, kind, kept)) for kind in KINDS]
    for path in programs:
        if name in Program(path, "flagged").environments.split():
            found += [("claims", path.stem, kind, functools.partial(Program, path, kind)) for kind in KINDS]
    return found


def _fixture(code, kind, kept):
    if code not in kept:
        kept[code] = places(code)
    return Fixture(kept[code][kind], kind)


def run_environment(name, options, subjects):
    """Measures what lacks of one environment."""
    record = load(options.record)
    waiting = [
        (part, key, kind, make)
        for part, key, kind, make in subjects
        if kind in options.kinds
        if options.again or name not in record[part].get(key, {}).get(kind, {})
    ]
    if not waiting:
        return
    try:
        interpreter = environment(options.environments, name)
    except OptionError as error:
        _note(options.record, record, name, {"broken": _short(str(error))})
        return
    if options.make_only:
        return
    with Forked(interpreter, name) as forked:
        if "error" in forked.versions:
            _note(options.record, record, name, {"broken": _short(forked.versions["error"])})
            return
        _note(options.record, record, name, dict(forked.versions, date=datetime.date.today().isoformat()))
        for number, (part, key, kind, make) in enumerate(waiting, 1):
            if key in NO_GROWTH_HERE:
                found = {"verdict": "cannot-run", "why": NO_GROWTH_HERE[key]}
            else:
                subject = make()
                found = measure(subject, forked)
                if part == "claims":
                    record[part].setdefault(key, {}).update(what=subject.what, rule=subject.rule)
            record[part].setdefault(key, {}).setdefault(kind, {})[name] = found
            save(options.record, record)
            print(f"{name} {number}/{len(waiting)} {key} {kind}: {json.dumps(found)}", flush=True)


def _note(path, record, name, what):
    record["environments"][name] = what
    save(path, record)
    print(f"{name}: {json.dumps(what)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("record", type=Path, metavar="RECORD.json")
    parser.add_argument("environments", metavar="ENVIRONMENTS", help="folder of environments, made where it lacks")
    parser.add_argument("--tensorflow", nargs="+", metavar="VERSION", help="only these environments (default: all)")
    parser.add_argument("--codes", nargs="+", default=["TFM"], metavar="CODE", help="only these rules (prefixes)")
    parser.add_argument("--groups", nargs="+", metavar="GROUP", help="only rules of these groups")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS, help="default: both")
    parser.add_argument("--only", choices=("fixtures", "claims"), help="default: both")
    parser.add_argument("--again", action="store_true", help="measure anew what the record holds")
    parser.add_argument("--make-only", action="store_true", help="make the environments and stop")
    options = parser.parse_args()
    codes = [
        rule.code
        for rule in verify.registry.RULES
        if rule.code.startswith(tuple(options.codes)) and (not options.groups or rule.group in options.groups)
    ]
    programs = [path for path in CLAIMS if options.only != "fixtures" and Program(path, "flagged").rule in codes]
    kept = {}
    for name in options.tensorflow or (*FIXTURES_ON, *OTHERS):
        wanted = subjects_on(name, [] if options.only == "claims" else codes, programs, kept)
        run_environment(name, options, wanted)


if __name__ == "__main__":
    main()
