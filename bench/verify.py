"""Verdicts of `--verify` over the fixtures: `python bench/verify.py RECORD.json [--kinds …] [--codes …] [--sample N]`.

    leaky      every finding of `fixtures/TFM*/leaky.py` of the folder's own rule: `tflint-mem check --verify` on its
               place, which runs the flagged version and, where there is a codemod, the fixed one
    fixed      `fixed.py` beside it, measured at the same place as if it were flagged
    lookalike  places in `ok_*` of the leak rules and in `fixtures/lookalikes`, measured as if they were flagged
    bad        every finding of `bad_*` of the folder's own rule (not part of the default)

Places are found by rule, not listed:

    fixed      the loop whose head is most like the head of the leaky version's repeat, at its first simple statement; a
               function that repeats: the function of the same name; else the row most like the flagged one
    lookalike  each call or decorator that names one of the rule's triggers (tflint_mem/ruleset/registry.py) and repeats
               by the same search as a finding's place: a loop, comprehension or `map` around it or around a call of its
               function, or a function that the linter knows as a handler; one place for each repeat.  For rules about
               what one call holds (TFM109) it need not repeat.  In `fixtures/lookalikes` the rule is the highest ranked
               one with such a trigger.  A file without any such place gives the first statement of its first
               loop.  `--sample N` draws N of these places, the rules taking turns, in an order that `--seed` fixes.

One process for each item, one after another; with `--jobs N` all in one process, N at the same time, as
`--verify-jobs N` has them.  RECORD.json is written after each item, and what it holds is not run again: an interrupted
run goes on where it was.  `--table` writes a Markdown table beside it.  `--lock FILE` holds a lock during each
measurement, for machines where something else measures as well.  `--against OTHER.json` says which verdicts differ.
"""

import argparse
import ast
import contextlib
import datetime
import difflib
import fcntl
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tflint_mem.ruleset import registry  # noqa: E402

FIXTURES = ROOT / "fixtures"
KINDS = ("leaky", "fixed", "lookalike", "bad")
BROKEN = {"verdict": "broken"}  # the process gave no report: such an item is measured again
LEAK = tuple(rule.code for rule in registry.RULES if rule.group == "leak")
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Item:
    """One measurement: kind (see KINDS), code of the rule, file, row of the place, row where the repeat begins or None.

    The file of a finding is its own; `target` is what is checked: the file, or the fixture's folder.
    """

    __slots__ = ("kind", "code", "file", "row", "repeat", "target")

    def __init__(self, kind, code, file, row, repeat=None, target=None):
        self.kind, self.code, self.file, self.row, self.repeat, self.target = (
            kind,
            code,
            Path(file),
            row,
            repeat,
            Path(target or file),
        )

    @property
    def key(self):
        """What names the item in the record."""
        return f"{self.kind} {self.code} {self.file.relative_to(FIXTURES)}:{self.row}"


# -- which places ------------------------------------------------------------------------------------------------------


def folders(codes):
    """[(code, folder)] of the fixtures of these rules."""
    return [(folder.name[:6], folder) for folder in sorted(FIXTURES.glob("TFM*")) if folder.name[:6] in codes]


def findings(target, code):
    """Findings of one rule in a file or folder, as the JSON report gives them."""
    command = [
        sys.executable,
        "-m",
        "tflint_mem",
        "check",
        "--isolated",
        "--no-cache",
        "--no-project",
        "--exit-zero",
        "--select",
        code,
        "--output-format",
        "json",
        str(target),
    ]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout)


def flagged(kind, pattern, codes):
    """Items for the findings of fixtures whose name fits a pattern."""
    found = []
    for code, folder in folders(codes):
        for target in sorted(folder.glob(pattern)):
            if ".expected" in target.name or not (target.is_dir() or target.suffix == ".py"):
                continue
            for finding in findings(target, code):
                found.append(
                    Item(kind, code, finding["filename"], finding["location"]["row"], _repeat_of(finding), target)
                )
    return found


def _repeat_of(finding):
    """Row where the loop or function begins that a verification of this finding repeats; None when it is none of its
    file.
    """
    from tflint_mem.sources.source import Source
    from tflint_mem.verify.snippet.first_party import Files
    from tflint_mem.verify.snippet.region import find_repeats

    path, place = finding["filename"], finding["location"]
    files = Files([Source.read(path)])
    trace = [(step["filename"], step["row"]) for step in finding["trace"]]
    repeat = find_repeats(files, files.get(path), place["row"], place["column"] - 1, trace)[0]
    return repeat.node.lineno if repeat.kind in ("loop", "function") and repeat.model.path == path else None


def fixed(codes):
    """Items for `fixed.py`, at the place of the leaky version."""
    found, seen = [], set()
    for leaky in flagged("leaky", "leaky.py", codes):
        file = leaky.file.with_name("fixed.py")
        if file.exists() and (leaky.code, file) not in seen:
            seen.add((leaky.code, file))
            row, repeat = same_place(leaky, file)
            found.append(Item("fixed", leaky.code, file, row, repeat))
    return found


def same_place(leaky, file):
    """(row, row of the repeat or None) in `file` of the place that an item names in the leaky version."""
    before, after = leaky.file.read_text(), file.read_text()
    repeat = _node_at(ast.parse(before), leaky.repeat)
    tree = ast.parse(after)
    if isinstance(repeat, _FUNCTIONS):
        for node in ast.walk(tree):
            if isinstance(node, _FUNCTIONS) and node.name == repeat.name:
                return _first_simple(node).lineno, node.lineno
    if repeat is not None:
        loops = [node for node in ast.walk(tree) if isinstance(node, _LOOPS)]
        if loops:
            loop = max(loops, key=lambda node: _likeness(_head(node), _head(repeat)))
            return _first_simple(loop).lineno, loop.lineno
    wanted = before.split("\n")[leaky.row - 1]
    rows = after.split("\n")
    starts = sorted({node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)})
    return max(starts, key=lambda row: _likeness(rows[row - 1], wanted)), None


def _node_at(tree, row):
    """The loop or function that begins in a row; None for anything else."""
    return next((node for node in ast.walk(tree) if isinstance(node, _LOOPS + _FUNCTIONS) and node.lineno == row), None)


def _head(node):
    if isinstance(node, _FUNCTIONS):
        return node.name
    return (
        ast.unparse(node.test)
        if isinstance(node, ast.While)
        else f"{ast.unparse(node.target)} in {ast.unparse(node.iter)}"
    )


def _likeness(one, other):
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def _first_simple(node):
    """The first statement of a body that holds no block of its own and is no docstring; else the first one."""
    for statement in node.body:
        if not hasattr(statement, "body") and not (
            isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        ):
            return statement
    return node.body[0]


def lookalikes(sample, seed):
    """Items for look-alikes: all of them, or `sample` drawn with the rules taking turns."""
    groups = {}
    for code, folder in folders(LEAK):
        groups[code] = [
            item for target in sorted(folder.glob("ok_*")) for item in _repeated(target, (registry.BY_CODE[code],))
        ]
    general = sorted((registry.BY_CODE[code] for code in LEAK), key=lambda rule: -rule.rank)
    groups["lookalikes"] = [
        item for target in sorted((FIXTURES / "lookalikes").glob("ok_*")) for item in _repeated(target, general)
    ]
    for items in groups.values():  # by a hash of the place: fixtures that come or go elsewhere change nothing here
        items.sort(key=lambda item: hashlib.sha256(f"{seed} {item.key}".encode()).digest())
    turns = [
        items[turn] for turn in range(max(map(len, groups.values()))) for items in groups.values() if turn < len(items)
    ]
    return turns[:sample] if sample else turns


def _repeated(target, rules):
    from tflint_mem.sources.source import Source
    from tflint_mem.verify.plan.protocols import HELD
    from tflint_mem.verify.snippet.first_party import Files
    from tflint_mem.verify.snippet.region import find_repeats

    paths = [target] if target.suffix == ".py" else sorted(target.rglob("*.py"))
    if any(".expected" in path.name for path in paths):
        return []
    sources = [Source.read(str(path)) for path in paths]
    files = Files(sources, [str(target)] if target.is_dir() else [])
    handlers = _handlers(sources)
    found, seen = [], set()
    for path in paths:
        model = files.get(str(path))
        if model is None:
            continue
        for node, names in sorted(_named(model.tree), key=lambda pair: pair[0].lineno):
            rule = next((rule for rule in rules if names & set(rule.triggers)), None)
            if rule is None:
                continue
            repeat = find_repeats(files, model, node.lineno, node.col_offset, [])[0]
            handler = repeat.kind == "function" and (repeat.model.path, repeat.node.lineno) in handlers
            key = (id(node) if rule.code in HELD else id(repeat.node), rule.code)
            if (handler or repeat.kind in ("loop", "comprehension", "map") or rule.code in HELD) and key not in seen:
                seen.add(key)
                found.append(Item("lookalike", rule.code, path, node.lineno, target=target))
    if not found and len(paths) == 1 and (model := files.get(str(paths[0]))) is not None:
        loop = next((node for node in ast.walk(model.tree) if isinstance(node, _LOOPS)), None)
        if loop is not None:
            found.append(
                Item(
                    "lookalike",
                    rules[0].code if len(rules) == 1 else "-",
                    paths[0],
                    _first_simple(loop).lineno,
                    target=target,
                )
            )
    return found


def _handlers(sources):
    """{(path, row of `def`)} of functions that a framework calls again and again, as the linter sees them."""
    from tflint_mem.engine import engine
    from tflint_mem.settings import config

    project, _, _ = engine.load(sources, config.load(["."], (), True, {}))
    if not project.modules:
        return set()
    project.link()
    handlers = project.repeats_of.handlers
    return {
        (module.path, record.line)
        for module in project.modules
        for scope, record in enumerate(module.scopes)
        if scope and handlers.of_function(module, scope).kind == "handler"
    }


def _named(tree):
    """(node, the parts of its dotted name) of calls and decorators."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, _parts(node.func) | {keyword.arg for keyword in node.keywords}
        elif isinstance(node, _FUNCTIONS):
            for decorator in node.decorator_list:
                if not isinstance(decorator, ast.Call):
                    yield decorator, _parts(decorator)


def _parts(node):
    parts = set()
    while isinstance(node, ast.Attribute):
        parts.add(node.attr)
        node = node.value
    return parts | {node.id} if isinstance(node, ast.Name) else parts


# -- measuring ---------------------------------------------------------------------------------------------------------


def measure(item, device="cpu", env=(), timeout=60.0):
    """The record of one item: what a process of its own said.

    device  as `--verify-device` has it
    env     names of variables that the measured process gets too
    timeout  seconds for the item
    """
    began = time.monotonic()
    if item.kind in ("leaky", "bad"):
        command = [
            sys.executable,
            "-m",
            "tflint_mem",
            "check",
            "--isolated",
            "--no-cache",
            "--no-project",
            "--exit-zero",
            "--select",
            item.code,
            "--output-format",
            "json",
            f"--verify={item.file}:{item.row}",
            "--verify-device",
            device,
            "--verify-level",
            "as-written",
            "--verify-timeout",
            str(timeout),
            *(f"--verify-env={name}" for name in env),
            str(item.target),
        ]
    else:
        command = [
            sys.executable,
            __file__,
            "--place",
            item.code,
            str(item.target),
            str(item.file),
            str(item.row),
            str(item.repeat or 0),
            device,
            ",".join(env),
            str(timeout),
        ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    try:
        found = [
            finding["verification"]
            for finding in json.loads(done.stdout)
            if finding["verification"] and finding["location"]["row"] == item.row
        ]
        verification = found[0]
    except (ValueError, IndexError):
        wall = round(time.monotonic() - began, 1)
        return dict(_named_by(item), **BROKEN, message=(done.stderr or done.stdout)[-1500:], wall=wall)
    return said(item, verification, time.monotonic() - began)


def _named_by(item):
    return {"what": item.kind, "code": item.code, "place": f"{item.file.relative_to(FIXTURES)}:{item.row}"}


def said(item, verification, wall):
    """The record of an item of which `verification` was said, after `wall` seconds."""
    record = _named_by(item)
    record.update(
        {
            key: verification[key]
            for key in (
                "verdict",
                "kind",
                "mechanism",
                "device",
                "iterations",
                "seconds",
                "stand_ins",
                "needs",
                "message",
            )
        },
        wall=round(wall, 1),
    )
    record["message"], record["needs"] = _anywhere(record["message"]), [_anywhere(need) for need in record["needs"]]
    record["after_fix"] = after_fix(verification["message"])
    record["meters"] = {
        meter["name"]: {key: meter[key] for key in ("unit", "flagged", "fixed")} for meter in verification["meters"]
    }
    if "time" in verification:
        record["time"] = verification["time"]
    return record


def _anywhere(text):
    """A text without the folders of this machine."""
    return re.sub(r"(?<![\w/])/(?:[^/\s\"']+/)+", "", text)


def after_fix(message):
    """The verdict on the codemod's version, which the message of a confirmed one tells; None where there was none."""
    if "; the fixed version grows too" in message or "; fixed: it still hangs" in message:
        return "confirmed"
    for words, verdict in (
        ("; of something else ", "cured"),
        ("; fixed: no growth", "not-confirmed"),
        ("; fixed: bounded", "bounded"),
        ("; fixed: it comes back", "not-confirmed"),
        ("; fixed: no error", "not-confirmed"),
        ("; fixed: it is on", "not-confirmed"),
        ("; fixed: still", "confirmed"),
    ):
        if words in message:
            return verdict
    return None


def measured_together(items, jobs, timeout=60.0):
    """Item and record of each, as they are done: so many at the same time in this process, each with sources of its
    own.
    """
    from tflint_mem import Settings, check_paths
    from tflint_mem.verify import session, side_by_side
    from tflint_mem.verify.plan.options import Options
    from tflint_mem.verify.work import Work

    findings, began = [], {}
    for number, item in enumerate(items):
        if item.kind in ("leaky", "bad"):
            found = check_paths(item.target, Settings(select=[item.code], project=False)).findings
            keys = [(os.path.realpath(one.path), one.code, one.start[0]) for one in found]
            findings.append((number, found[keys.index((os.path.realpath(item.file), item.code, item.row))]))
        else:
            findings.append((number, as_flagged(item.code, str(item.file), item.row, item.repeat or 0)))
    numbers = {id(finding): number for number, finding in findings}
    options = Options(device="cpu", jobs=jobs, level="as-written", timeout=timeout)

    def verify(finding, seated, environment, tell):
        item = items[numbers[id(finding)]]
        began[item.key] = time.monotonic()
        folders = list(dict.fromkeys([os.path.dirname(os.path.abspath(finding.path)), str(ROOT)]))
        return Work(_sources(item.target), folders, seated).verify(finding, seated, environment, tell)

    environment = session.check_environment(options)
    for number, result in side_by_side.results(verify, options, findings, environment, lambda *told: None):
        item = items[number]
        yield item, said(item, result.verification, time.monotonic() - began[item.key])


def _sources(target):
    from tflint_mem.sources.source import Source

    paths = sorted(Path(target).rglob("*.py")) if os.path.isdir(target) else [target]
    return [Source.read(str(path)) for path in paths]


def as_flagged(code, file, row, repeat):
    """A finding of that rule at a place; repeat: row where the repeat begins, or 0."""
    from tflint_mem.finding import Finding, Step

    rule = registry.BY_CODE.get(code)
    trace = [Step(path=file, row=repeat, column=1, message="repeats")] if repeat else []
    return Finding(
        code=code,
        name=rule.name if rule else "place",
        group=rule.group if rule else "leak",
        severity="hint",
        message="what this place does to memory",
        path=file,
        start=(row, 1),
        end=(row, 1),
        trace=tuple(trace),
    )


def place(code, target, file, row, repeat, device, env, timeout):
    """Measures a place as if the rule had flagged it, and prints the JSON report.  In a process of its own."""
    from tflint_mem.report.json import record
    from tflint_mem.verify import session
    from tflint_mem.verify.plan.options import Options

    finding = as_flagged(code, file, row, repeat)
    options = Options(device=device, env=env, level="as-written", timeout=timeout)
    outcome = session.verify_findings([finding], _sources(target), None, options)
    print(json.dumps([record(found) for found in outcome.findings]))


# -- the record --------------------------------------------------------------------------------------------------------


def surroundings():
    """Date, machine and versions."""
    from importlib.metadata import PackageNotFoundError, version

    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError, StopIteration):
        with open("/proc/cpuinfo") as info:
            model = next(row.partition(":")[2].strip() for row in info if row.startswith("model name"))
    versions = {"python": platform.python_version()}
    for name in ("tflint-mem", "tensorflow", "keras", "numpy"):
        with contextlib.suppress(PackageNotFoundError):
            versions[name] = version(name)
    return {
        "date": datetime.date.today().isoformat(),
        "cpu": f"{model}, {os.cpu_count()} cores",
        "card": None,
        "versions": versions,
    }


def save(path, record):
    """Writes the record as a whole, or not at all."""
    scratch = path.with_suffix(".part")
    scratch.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
    os.replace(scratch, path)


def summary(items):
    """[(words, count, of)] for the bars; `items` are records."""
    leak = [item for item in items if item["code"] in LEAK or item["code"] == "-"]
    of = {what: [item for item in leak if item["what"] == what] for what in KINDS}
    after = [item for item in of["leaky"] if item["after_fix"]]
    return [
        ("leaky fixtures of the group leak: confirmed", _confirmed(of["leaky"]), len(of["leaky"])),
        ("their fixed.py at the same place: confirmed", _confirmed(of["fixed"]), len(of["fixed"])),
        ("their codemod's version: confirmed", sum(item["after_fix"] == "confirmed" for item in after), len(after)),
        ("look-alikes: confirmed", _confirmed(of["lookalike"]), len(of["lookalike"])),
        (
            "look-alikes: not runnable",
            sum(item["verdict"] == "not-runnable" for item in of["lookalike"]),
            len(of["lookalike"]),
        ),
        ("verifications that took 60 s or more", sum(item["seconds"] >= 60 for item in items), len(items)),
    ]


def compared(before, after, keys):
    """Rows that say where two records differ, over the items that both have, and the time that each took."""
    told = ("verdict", "kind", "mechanism", "after_fix")
    both = [key for key in keys if key in before["items"] and key in after["items"]]
    rows = []
    for key in both:
        one, other = ([record["items"][key].get(name) for name in told] for record in (before, after))
        if one != other:
            rows.append(f"{key}: {one} became {other}")
    walls = [sum(record.get("walls", {}).values()) for record in (before, after)]
    return [*rows, f"{len(both) - len(rows)} of {len(both)} verdicts are the same; seconds in all: {walls}"]


def _confirmed(items):
    return sum(item["verdict"] == "confirmed" for item in items)


def table(record):
    """The record as Markdown."""
    from tflint_mem.verify.verdict.units import size

    items = [item for item in record["items"].values() if item["verdict"] != "broken"]
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    rows = [f"Measured {record['date']} on {record['cpu']}; {versions}.", "", "| | count | of |", "|---|---|---|"]
    rows += [f"| {words} | {count} | {of} |" for words, count, of in summary(items)]
    if items:
        rows += ["", f"Longest verification: {max(item['seconds'] for item in items)} s."]
    rows += [
        "",
        "| what | rule | place | verdict | mechanism | repeats | s | raw | retained | after the codemod |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for item in sorted(items, key=lambda item: (KINDS.index(item["what"]), item["code"], item["place"])):
        host = item["meters"]["rss"]["flagged"]
        numbers = ["" if host[name] is None else size(host[name]) for name in ("raw", "retained")]
        verdict = item["verdict"] + (f", {item['kind']}" if item["kind"] else "")
        rows.append(
            f"| {item['what']} | {item['code']} | "
            f"{item['place'].split('/', 1)[1] if '/' in item['place'] else item['place']} | {verdict} "
            f"| {item['mechanism'] or ''} | {item['iterations']} | {item['seconds']:.0f} | {numbers[0]} | "
            f"{numbers[1]} | {item['after_fix'] or ''} |"
        )
    return "\n".join(rows) + "\n"


def _measured(items, jobs, lock, timeout):
    if jobs > 1:
        with locked(lock):
            yield from measured_together(items, jobs, timeout)
        return
    for item in items:
        with locked(lock):
            found = measure(item, timeout=timeout)
        yield item, found


@contextlib.contextmanager
def locked(path):
    """Holds the lock of a file; nothing without a path."""
    if path is None:
        yield
        return
    with open(path, "a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("record", nargs="?", type=Path, metavar="RECORD.json")
    parser.add_argument(
        "--kinds", nargs="+", choices=KINDS, default=["leaky", "fixed", "lookalike"], help="default: all but bad"
    )
    parser.add_argument("--codes", nargs="+", default=[""], metavar="CODE", help="only these rules (prefixes)")
    parser.add_argument(
        "--groups", nargs="+", default=["leak"], metavar="GROUP", help="groups of rules (default: leak)"
    )
    parser.add_argument("--match", default="", metavar="TEXT", help="only places whose name contains this")
    parser.add_argument(
        "--sample", type=int, default=60, metavar="N", help="number of look-alikes, 0 for all (default: 60)"
    )
    parser.add_argument("--seed", type=int, default=2026, help="of the draw (default: 2026)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="measure N at the same time (default: 1)")
    parser.add_argument(
        "--timeout",
        type=float,
        default=60.0,
        metavar="S",
        help="seconds for each (default: 60); a busy machine needs more",
    )
    parser.add_argument("--against", type=Path, metavar="OTHER.json", help="say where the verdicts differ from these")
    parser.add_argument("--again", action="store_true", help="measure anew what the record holds")
    parser.add_argument("--list", action="store_true", help="show the places and stop")
    parser.add_argument("--table", type=Path, metavar="FILE.md", help="write the table there")
    parser.add_argument("--lock", metavar="FILE", help="hold the lock of this file during each measurement")
    parser.add_argument(
        "--place",
        nargs=8,
        metavar=("CODE", "TARGET", "FILE", "ROW", "REPEAT", "DEVICE", "ENV", "TIMEOUT"),
        help=argparse.SUPPRESS,
    )
    options = parser.parse_args()
    if options.place:
        code, target, file, row, repeat, device, env, timeout = options.place
        names = [name for name in env.split(",") if name]
        place(code, target, file, int(row), int(repeat), device, names, float(timeout))
        return
    codes = [
        rule.code
        for rule in registry.RULES
        if rule.group in options.groups and rule.code.startswith(tuple(options.codes))
    ]
    items = []
    for kind in options.kinds:
        items += {
            "leaky": lambda: flagged("leaky", "leaky.py", codes),
            "bad": lambda: flagged("bad", "bad_*", codes),
            "fixed": lambda: fixed(codes),
            "lookalike": lambda: lookalikes(options.sample, options.seed),
        }[kind]()
    items = [item for item in items if (item.code == "-" or item.code in codes) and options.match in item.key]
    if options.list:
        print("\n".join(f"{item.key}{f' (repeat in row {item.repeat})' if item.repeat else ''}" for item in items))
        return
    if options.record is None:
        parser.error("a record to write is missing")
    record = json.loads(options.record.read_text()) if options.record.exists() else dict(surroundings(), items={})
    waiting = [item for item in items if record["items"].get(item.key, BROKEN)["verdict"] == "broken" or options.again]
    began, before = time.monotonic(), record.get("walls", {}).get(str(options.jobs), 0)
    for number, (item, found) in enumerate(_measured(waiting, options.jobs, options.lock, options.timeout), 1):
        record["items"][item.key] = found
        record.setdefault("walls", {})[str(options.jobs)] = round(before + time.monotonic() - began, 1)
        save(options.record, record)
        print(
            f"{number}/{len(waiting)} {item.key}: {found['verdict']} {found.get('kind') or ''} "
            f"{found.get('seconds', '')} s; {found['message']}",
            flush=True,
        )
    if options.against:
        other = json.loads(options.against.read_text())
        print("\n".join(compared(other, record, [item.key for item in items])))
    if options.table:
        options.table.write_text(table(record))
    for words, count, of in summary([item for item in record["items"].values() if item["verdict"] != "broken"]):
        print(f"{words}: {count} of {of}")


if __name__ == "__main__":
    main()
