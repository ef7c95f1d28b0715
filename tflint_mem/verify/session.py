"""One run of --verify: findings in, findings with their `verification` out, one after another.

The order of events for a finding: cut snippets, run the flagged version (repairing what is missing inside the child), run
the fixed version with the same stand-ins, judge.
"""

import os
import time

from . import runner, slicer, verdict
from .files import Files
from .measure import Measured
from .needs import needs as needed, short
from .options import OptionError
from .verdict import NOT_CONFIRMED, NOT_RUNNABLE, Verdict

# Rules about values, shapes or names that differ from one repeat to the next: the same ones are never served twice.
VARYING = frozenset({"TFM302", "TFM303", "TFM304", "TFM305", "TFM306"})
# Rules whose finding is that TensorFlow refuses, or pays no attention: the flagged code is run once.
REFUSED = {"TFM505": 1, "TFM602": 2, "TFM603": 1, "TFM604": 1}  # with this many stand-ins for GPUs where there are none
# Rules about what one call holds, not about growth.
HELD = frozenset({"TFM109"})
# Rules of the group speed that cost memory as well.
SPEED_AND_MEMORY = frozenset({"TFM104", "TFM107", "TFM301", "TFM402"})
# Rules about what a loop keeps in a collection: what stands behind the loop may be what it is kept for.
KEPT_FOR_LATER = frozenset({"TFM110", "TFM701"})
RESERVES = "TFM601"
HANGS = "TFM702"
_REFUSALS = ("ValueError", "RuntimeError", "AttributeError", "AssertionError")
_TENSORFLOW_NAMES = ("module 'tensorflow", "module 'keras", "module 'tf_keras")
_LEAST_SECONDS = 12.0
_BEHIND_SECONDS = 25.0
_FEW = 4  # repeats that tell whether what stands behind the loop uses all, or picks one
_TO_END_SECONDS = 1.0  # of the time that is given: to end a child and its children, and to judge


class Result:
    """What a verification found.

    finding       with `verification` set to the dictionary of the JSON contract
    flagged, fixed   Measured or None: the numbers and curves behind the dictionary
    snippet, fixed_snippet   text of what ran, "" when nothing did
    setup         code of the stand-ins that were made at run time
    log           the end of what the flagged version printed, when it did not run
    """

    __slots__ = ("finding", "flagged", "fixed", "snippet", "fixed_snippet", "setup", "log")

    def __init__(self, finding, flagged=None, fixed=None, snippet="", fixed_snippet="", setup=(), log=""):
        self.finding, self.flagged, self.fixed = finding, flagged, fixed
        self.snippet, self.fixed_snippet, self.setup, self.log = snippet, fixed_snippet, list(setup), log

    @property
    def verification(self):
        """The dictionary of the JSON contract."""
        return self.finding.verification

    def reproduction(self, fixed=False):
        """The snippet as one runnable file: stand-ins first, then what ran."""
        text = self.fixed_snippet if fixed else self.snippet
        if not self.setup or not text:
            return text
        head, mark, rest = text.partition("\nimport os\n")
        return head + mark + "\n# Stand-ins for what was missing\n" + "\n".join(self.setup) + rest


class Outcome:
    """findings: all that were given, with `verification` where one was made; results: in the order of the runs;
    environment: what the child's interpreter has; interrupted: Ctrl-C came; skipped: findings left out by the total time."""

    __slots__ = ("findings", "results", "environment", "interrupted", "skipped")

    def __init__(self, findings, results, environment, interrupted, skipped):
        self.findings, self.results, self.environment = findings, results, environment
        self.interrupted, self.skipped = interrupted, skipped


def verify_findings(findings, sources, settings, options, progress=None, announce=None):
    """Verifies findings one after another.

    findings  list of Finding; those whose code is not in options.codes (when given) pass through untouched
    sources   iterable of Source of the run (their text decides, not what is on disk now)
    settings  config.Settings, for the project root; may be None
    progress  called as progress(number, total, finding, stage) with stage "flagged", "behind", "fixed" or "done"
    announce  called with the environment before the first snippet runs
    Returns Outcome.  Raises OptionError before anything runs when the interpreter or the device is not there.
    """
    environment = check_environment(options)
    if announce is not None:
        announce(environment)
    folders = _folders(findings, settings)
    source_list = list(sources)
    files = Files(source_list, folders)
    wanted = [number for number, finding in enumerate(findings) if _is_wanted(finding, options)]
    replaced, results, interrupted, skipped = list(findings), [], False, 0
    deadline = None if options.total is None else time.monotonic() + options.total
    for count, number in enumerate(wanted):
        seconds = options.timeout if deadline is None else min(options.timeout, deadline - time.monotonic())
        if seconds < _LEAST_SECONDS and deadline is not None:
            skipped = len(wanted) - count
            break
        finding = findings[number]

        def tell(stage, count=count, finding=finding):
            if progress is not None:
                progress(count, len(wanted), finding, stage)

        try:
            result = verify_finding(finding, files, options, environment, folders, seconds, tell)
        except KeyboardInterrupt:
            interrupted = True
            break
        tell("done")
        replaced[number] = result.finding
        results.append(result)
    return Outcome(replaced, results, environment, interrupted, skipped)


def check_environment(options):
    """environment.describe() of the child's interpreter.  Raises OptionError when it cannot serve."""
    if os.name != "posix":
        raise OptionError("--verify needs a POSIX system (Linux or macOS)")
    options.setup_source()
    environment, reason = runner.inspect(options)
    if environment is None:
        raise OptionError(reason)
    if options.device == "gpu" and not environment["gpus"]:
        why = f"; {environment['nvml']}" if environment.get("nvml") else ""
        raise OptionError(f"--verify-device gpu: TensorFlow {environment['tensorflow']} in {options.python} sees no GPU{why}")
    return environment


def announcement(findings, options, environment):
    """What is about to run, in one sentence: nothing runs without the user having seen it."""
    count = sum(_is_wanted(finding, options) for finding in findings)
    isolated = environment.get("isolated") or {}
    network = isolated.get("network", "on")
    others = environment.get("shared_with") if options.device != "cpu" and environment["gpus"] else 0
    shared = f"  {others} other process{'es use' if others != 1 else ' uses'} the GPU; what they hold is not counted." if others else ""
    return (f"Running {count} snippet{'s' if count != 1 else ''} of your code under TensorFlow {environment['tensorflow']} on "
            f"{device_name(environment, options)}: scratch folder, network {network}, "
            f"at most {options.timeout:.0f} s and {verdict.size(options.memory)} each.{shared}")


def device_name(environment, options):
    """"GPU (NVIDIA H200)", or "CPU" with why: verdicts then come from host memory."""
    if options.device != "cpu" and environment["gpus"]:
        names = sorted({gpu["name"] for gpu in environment["driver_gpus"] if gpu["name"]})
        return "GPU" + (f" ({', '.join(names)})" if names else "")
    return "CPU"


def _is_wanted(finding, options):
    if finding.code == "TFM000":
        return False
    if not options.codes:
        return True
    return any(_matches(finding, code) for code in options.codes)


def _matches(finding, selector):
    """A code, a prefix of codes, a name, or a place: `file.py` or `file.py:12`."""
    if finding.name == selector or finding.code.startswith(selector.upper()):
        return True
    path, _, row = selector.rpartition(":")
    if not row.isdigit():
        path, row = selector, None
    if not path.endswith((".py", ".ipynb")):
        return False
    return os.path.realpath(finding.path) == os.path.realpath(path) and (
        row is None or finding.start[0] <= int(row) <= finding.end[0])


def _folders(findings, settings):
    """First-party folders, nearest first: those of the findings, the project root, the current one."""
    root = getattr(settings, "project_root", None)
    folders = []
    for folder in [os.path.dirname(os.path.abspath(finding.path)) for finding in findings] + [root, os.getcwd()]:
        if folder and os.path.abspath(folder) not in folders:
            folders.append(os.path.abspath(folder))
    return folders


def verify_finding(finding, files, options, environment, folders=(), seconds=None, tell=None):
    """Verifies one finding.  Returns Result; never raises for what the snippet does.  KeyboardInterrupt passes, children ended."""
    tell = tell or (lambda stage: None)
    seconds = options.timeout if seconds is None else seconds
    began = time.monotonic()
    here = os.path.dirname(os.path.abspath(finding.path))
    folders = [here] + [folder for folder in folders if folder != here]
    on_gpu = options.device != "cpu" and bool(environment["gpus"])
    if finding.code == RESERVES and not on_gpu:
        return _not_runnable(finding, options, environment, began, ["a GPU: on a CPU TensorFlow reserves nothing"])
    try:
        model = files.get(finding.path)
        given = _verify_with(model) if model is not None else {}
        once = finding.code in REFUSED or finding.code == RESERVES
        setup = options.setup_source()
        candidates = slicer.snippets(finding, files, given, once, setup_names=_bound_by(setup))
    except slicer.CannotCut as error:
        return _not_runnable(finding, options, environment, began, [str(error)])
    except RecursionError:
        return _not_runnable(finding, options, environment, began, ["code that is less deeply nested"])
    seconds = max(seconds - _TO_END_SECONDS, 1.0)
    plan = _plan(finding, options, seconds)
    setups = [setup] if setup else []
    share = 0.45 if finding.code == HANGS else 0.6
    run = snippet = None
    chosen = 0
    tell("flagged")
    for choice, snippet in enumerate(candidates):
        left = seconds - (time.monotonic() - began)
        if choice and left < _LEAST_SECONDS:
            break
        snippet.growth = finding.code not in REFUSED and finding.code != RESERVES
        attempt = runner.execute(snippet, options, plan, left * share if finding.fix is not None else left, folders, setups,
                                 pretend_gpus=0 if on_gpu else REFUSED.get(finding.code, 0))
        if run is None or _ran(attempt) and not (_ran(run) and _reached(run.attempt(), candidates[chosen])):
            run, chosen = attempt, choice
        if _ran(run) and _reached(run.attempt(), candidates[chosen]) or _refused(run) and finding.group in ("config", "tf1"):
            break
    snippet = candidates[chosen]
    stand_ins = [event for event in run.of("stand-in")]
    setup_codes = setups + [event["code"] for event in stand_ins if event["code"]]
    rewrites = [event["rewrite"] for event in stand_ins if event["rewrite"]]
    behind = seen = None
    if finding.code in KEPT_FOR_LATER and _ran(run) and _judge_growth(finding, snippet, run.attempt()).verdict == "confirmed":
        left = seconds - (time.monotonic() - began)
        if left > _LEAST_SECONDS:
            tell("behind")
            further = _further_snippet(finding, files, given, chosen, setup)
            behind = further.behind if further is not None else None
        if behind is not None:
            short_run = runner.execute(further, options, dict(plan, protocol="behind", least=_FEW), min(left, _BEHIND_SECONDS), folders, setup_codes, rewrites)
            seen = short_run.attempt().last("behind")
    fixed_run = fixed_snippet = None
    if finding.fix is not None and (_ran(run) or _refused(run)):
        fixed_snippet = _fixed_snippet(finding, files, folders, given, once, chosen, setup)
        left = seconds - (time.monotonic() - began)
        if fixed_snippet is not None and left > _LEAST_SECONDS:
            tell("fixed")
            fixed_snippet.growth = snippet.growth
            fixed_run = runner.execute(fixed_snippet, options, plan, left, folders, setup_codes, rewrites,
                                       pretend_gpus=0 if on_gpu else REFUSED.get(finding.code, 0))
    return _judged(finding, options, environment, snippet, run, fixed_snippet, fixed_run, setup_codes, rewrites, began, behind, seen)


def _plan(finding, options, seconds):
    share = min(options.seconds, max(2.0, (seconds - 16.0) / (4.0 if finding.fix is not None else 2.0)))
    plan = {"protocol": "memory", "seconds": share, "vary": finding.code in VARYING}
    if finding.code in REFUSED or finding.code == RESERVES:
        plan["protocol"] = "once"
    elif finding.code in HELD:
        plan["protocol"] = "held"
    elif finding.code == HANGS:
        plan.update(protocol="speed", seconds=2.0, least=2)  # it comes back or it does not: no curve is needed
    elif finding.group == "speed" and finding.code not in SPEED_AND_MEMORY:
        plan.update(protocol="speed", seconds=min(share, 5.0), most=3000)
    return plan


def _ran(run):
    """Did the flagged code run for at least one repeat (whatever ended it)?"""
    return bool(run.attempt().of("sample")) or run.status == "leaves" or run.status in ("memory", "timeout") and run.last("begin") is not None


def _refused(run):
    """Did the snippet itself raise?"""
    error = run.last("error")
    return error is not None and error["where"] == "snippet"


def _hangs(run):
    """Did the child wait for something that did not come?  Either its own code gave up waiting, or our time was up long
    after its last repeat.  Without TensorFlow in the process that forks it is no hang of this kind, but a service that waits."""
    watched = run.last("watched")
    if watched is not None and "TimeoutError" in watched["raised"]:
        return True
    if run.status != "timeout" or run.last("begin") is None or not (run.loaded or run.last("begin")["tensorflow"]):
        return False
    samples = run.of("sample")
    longest = max((sample["busy"] for sample in samples), default=0.0)
    last = run.last("begin")["wall"] + (samples[-1]["t"] if samples else 0.0)
    return run.ended - last > max(8.0, 3 * longest)


def _hang_message(run):
    if run.status == "timeout":
        return f"a worker did not answer; it was ended after {run.seconds:.0f} s"
    return "a worker did not answer in the time that the code gives it"


def _bound_by(source):
    import ast

    from .scope import binds
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise OptionError(f"verify setup: {error}") from None
    names = set()
    for statement in tree.body:
        names |= binds(statement)
    return names


def _verify_with(model):
    """{name: source} of `# tflint-mem: verify-with name=expression, ...` comments of a file."""
    import ast
    import re

    given = {}
    for row in model.text.rows:
        match = re.search(r"#\s*tflint-mem:\s*verify-with\s+(.+)$", row)
        if match:
            try:
                call = ast.parse(f"f({match.group(1)})", mode="eval").body
            except SyntaxError:
                continue
            given.update({keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg})
    return given


def _fixed_snippet(finding, files, folders, given, once, choice, setup):
    """The same slice, cut from the file after its fix; None when the fix does not apply or leaves nothing that repeats."""
    from ..source import Source, SourceError

    model = files.get(finding.path)
    try:
        raw = model.source.with_edits(finding.fix.edits)
        fixed = Source.from_bytes(model.source.path, raw)
        others = [other for other in files.sources() if os.path.abspath(other.path) != model.path]
        fixed_files = Files(others + [fixed], files.folders)
        if fixed_files.get(finding.path) is None:
            return None
        moved = _moved(finding, model.source, fixed)
        candidates = slicer.snippets(moved, fixed_files, given, once, setup_names=_bound_by(setup))
    except (SourceError, slicer.CannotCut, ValueError, LookupError, RecursionError):
        return None
    return candidates[min(choice, len(candidates) - 1)]


def _further_snippet(finding, files, given, choice, setup):
    """The same slice, going on behind the loop with what uses the collections that it fills; None when there is no such slice."""
    try:
        candidates = slicer.snippets(finding, files, given, setup_names=_bound_by(setup), further=True)
    except (slicer.CannotCut, RecursionError):
        return None
    return candidates[min(choice, len(candidates) - 1)]


def _moved(finding, before, after):
    """The finding with the rows of its repeat where they are after the fix."""
    import difflib

    from ..finding import Step
    from .files import FileModel
    from .region import find_repeats

    rows = {}
    matcher = difflib.SequenceMatcher(None, before.lines, after.lines, autojunk=False)
    for tag, first, last, new_first, new_last in matcher.get_opcodes():
        for offset in range(last - first):
            rows[first + offset + 1] = min(new_first + offset, max(new_last - 1, new_first)) + 1
    old = FileModel(os.path.abspath(finding.path), before, os.path.dirname(os.path.abspath(finding.path)))
    row = before.module_row(finding.cell, finding.start[0])
    trace = [step for step in finding.trace or ()]
    if not trace:
        own = Files([before])
        model = own.get(finding.path) or old
        repeats = find_repeats(own, model, row, len(model.text.rows[row - 1][:finding.start[1] - 1].encode("utf-8")), [])
        node = repeats[0].node
        if repeats[0].model.path == model.path and hasattr(node, "lineno"):
            trace = [Step(path=finding.path, row=node.lineno, column=1, message="repeats")]
    moved_trace = []
    for step in trace:
        if os.path.abspath(step.path) == os.path.abspath(finding.path):
            new_row = rows.get(before.module_row(step.cell, step.row), step.row)
            cell, new_row = after.locate(new_row)
            step = step.replace(cell=cell, row=new_row)
        moved_trace.append(step)
    cell, new_row = after.locate(rows.get(row, row))
    return finding.replace(start=(new_row, finding.start[1]), cell=cell, trace=tuple(moved_trace), fix=None)


# -- from runs to the result --------------------------------------------------------------------------------------------


def _judge_growth(finding, snippet, run):
    """What the measured run says about memory, as far as it concerns the rule."""
    measured = Measured(run)
    judged = verdict.limited(verdict.judge_memory(measured, run), snippet.count, measured)
    return verdict.about(judged, finding.code, measured, snippet.keyed)


def _judged(finding, options, environment, snippet, run, fixed_snippet, fixed_run, setup_codes, rewrites, began, behind, seen):
    last = run.attempt()
    measured = Measured(last)
    fixed_last = fixed_run.attempt() if fixed_run is not None and _ran(fixed_run) else None
    fixed = Measured(fixed_last) if fixed_last is not None else None
    error = last.last("error")
    needs = []
    if finding.code in REFUSED:
        judged = _judge_refusal(run, fixed_run, finding.code == "TFM505")
        if judged.verdict == NOT_RUNNABLE:
            needs = needed(run, error, snippet.render()[0])
            judged = Verdict(NOT_RUNNABLE, None, None, "not runnable: needs " + "; ".join(needs))
    elif finding.code == RESERVES:
        judged = _judge_reserved(measured, fixed)
    elif finding.code == HANGS and _hangs(last):
        judged = Verdict("confirmed", None, "hangs", _hang_message(last))
    elif run.status == "leaves":
        judged = Verdict(NOT_CONFIRMED, None, None, "the loop is left in its first pass: nothing repeats")
    elif not _ran(run):
        if finding.group == "tf1" and error is not None and _at_flagged(error, snippet):
            judged = Verdict("confirmed", None, f"raises {error['type']}", short(error["message"]))
        else:
            needs = needed(run, error, snippet.render()[0])
            judged = Verdict(NOT_RUNNABLE, None, None, "not runnable: needs " + "; ".join(needs))
    elif finding.code in HELD:
        judged = _judge_held(last, fixed_last)
    elif finding.group == "speed":
        judged = verdict.judge_speed(measured, fixed)
        if judged.verdict != "confirmed" and finding.code in SPEED_AND_MEMORY:
            memory = verdict.limited(verdict.judge_memory(measured, last), snippet.count, measured)
            judged = memory if memory.verdict == "confirmed" else judged
        judged, needs = _unless_lacking(judged, run, last, measured, snippet, speed=True)
    else:
        judged = verdict.after_the_loop(_judge_growth(finding, snippet, last), finding.code, measured, behind, seen)
        judged, needs = _unless_lacking(judged, run, last, measured, snippet)
    message = judged.message
    if judged.verdict == "confirmed" and fixed is not None and judged.mechanism != "time" and finding.code not in REFUSED and finding.code not in HELD:
        message += _after_fix(judged, fixed, fixed_last)
    stand_ins = list(dict.fromkeys(snippet.stand_ins + [event["text"] for event in run.of("stand-in") if event["text"]]))
    verification = {
        "verdict": judged.verdict, "kind": judged.kind, "mechanism": judged.mechanism,
        "device": device_name(environment, options), "iterations": measured.repeats,
        "seconds": round(time.monotonic() - began, 1),
        "meters": _meters(measured, fixed, options, environment) if finding.code not in HELD else _held_meters(last, fixed_last),
        "stand_ins": stand_ins, "needs": needs, "message": message,
    }
    if finding.group == "speed" and measured.times is not None:
        verification["time"] = {"unit": "seconds/repeat", "flagged": round(measured.times[0], 7),
                                "fixed": round(fixed.times[0], 7) if fixed is not None and fixed.times else None}
    text = _rewritten(snippet.render()[0], rewrites)
    fixed_text = _rewritten(fixed_snippet.render()[0], rewrites) if fixed_snippet is not None else ""
    return Result(finding.replace(verification=verification), measured, fixed, text, fixed_text, setup_codes,
                  run.log if judged.verdict == NOT_RUNNABLE else "")


def _unless_lacking(judged, run, last, measured, snippet, speed=False):
    """(Verdict, needs): what was not found is no verdict where the code failed, took too long, or went another way."""
    if judged.verdict not in (NOT_CONFIRMED, "bounded"):
        return judged, []
    error = last.last("error")
    if judged.verdict == NOT_CONFIRMED and error is not None and measured.repeats < 4:
        needs = needed(run, error, snippet.render()[0])
        return Verdict(NOT_RUNNABLE, None, None, "not runnable: needs " + "; ".join(needs)), needs
    if judged.verdict == NOT_CONFIRMED and speed and measured.times is None and run.status == "timeout":
        needs = ["more time: the first repeats did not end in time (--verify-timeout)"]
        return Verdict(NOT_RUNNABLE, None, None, "not runnable: needs " + needs[0]), needs
    if not _reached(last, snippet):
        needs = ["a way through the code that reaches the flagged line"]
        return Verdict(NOT_RUNNABLE, None, None, "the snippet runs, but never reaches the flagged line"), needs
    return judged, []


def _rewritten(text, rewrites):
    from .repair import State

    return State((), (), rewrites, "", None, ()).rewritten(text)


def _at_flagged(error, snippet):
    place = snippet.render()[1].get(snippet.flagged)
    return place is not None and place[0] == "__main__" and error.get("row") == place[1]


def _reached(run, snippet):
    """Was the flagged line seen, or can it not be seen (AutoGraph runs a copy of it)?"""
    watched = run.last("watched")
    if watched is None or watched["reached"]:
        return True
    text, rows = snippet.render()
    return rows.get(snippet.flagged) is None or "tf.function" in text or "@function" in text or ".map(" in text


def _judge_refusal(run, fixed_run, wants_growth=False):
    """Did TensorFlow raise, or (wants_growth) leave memory growth off without a word?"""
    error = run.last("error")
    if error is None or error["where"] != "snippet":
        growth = run.last("growth")
        if wants_growth and growth is not None and growth["devices"] and not all(growth["devices"]):
            text = "nothing was raised, and memory growth is still off"
            after = fixed_run.last("growth") if fixed_run is not None else None
            if after is not None and after["devices"] and all(after["devices"]):
                text += "; fixed: it is on"
            return Verdict("confirmed", None, "no effect", text)
        if growth is None:
            return Verdict(NOT_RUNNABLE, None, None, "the snippet did not come to its end")
        return Verdict(NOT_CONFIRMED, None, None, "TensorFlow accepted it")
    # what the program itself raises is no refusal of TensorFlow's (most likely a stand-in displeases it), unless a name is
    # missing in TensorFlow: that error arises in the program's own row
    missing_name = error["type"] == "AttributeError" and error["message"].startswith(_TENSORFLOW_NAMES)
    if error["own"] and not missing_name or error["type"] not in _REFUSALS:
        return Verdict(NOT_RUNNABLE, None, None, f"{error['type']}: {short(error['message'])}")
    text = f"{error['type']}: {short(error['message'])}"
    if fixed_run is not None:
        other = fixed_run.last("error")
        text += "; fixed: no error" if other is None else f"; fixed: still {other['type']}"
    return Verdict("confirmed", None, f"raises {error['type']}", text)


def held_bytes(run):
    """(bytes that the first repeats left behind after a collection, bytes of the largest array of the snippet), or None."""
    by_name = {event["at"]: event for event in run.of("settled")}
    if "start" not in by_name or "base" not in by_name:
        return None
    start, base = by_name["start"], by_name["base"]
    name = "heap" if start.get("heap") is not None and base.get("heap") is not None else "rss"
    arrays = run.last("arrays")
    return base[name] - start[name], arrays["largest"] if arrays else None


def _judge_held(run, fixed_run):
    """Does what one call leaves behind exceed what it was given, several times, or what the fixed version leaves?"""
    held = held_bytes(run)
    if held is None:
        return Verdict(NOT_CONFIRMED, None, None, "too few repeats to judge")
    bytes_held, array = held
    text = f"{verdict.size(bytes_held)} stay after the first calls"
    if array:
        text += f", {bytes_held / float(array):.1f} times the largest array ({verdict.size(array)})"
    other = held_bytes(fixed_run) if fixed_run is not None else None
    if other is not None:
        text += f"; fixed: {verdict.size(other[0])}"
        much = bytes_held - other[0] >= max(1 << 20, 0.5 * bytes_held)
    else:
        much = bytes_held >= 1 << 20 and array is not None and bytes_held >= 2 * array
    return Verdict("confirmed", "retained", "array in the graph", text) if much else Verdict(NOT_CONFIRMED, None, None, text)


def _judge_reserved(measured, fixed):
    """Bytes that the process holds on the GPU after one operation, without and with memory growth."""
    without = _held(measured)
    with_growth = _held(fixed) if fixed is not None else None
    if without is None:
        return Verdict(NOT_RUNNABLE, None, None, "the driver does not say what this process holds: "
                       + measured.missing.get("nvml", "no reading"))
    if with_growth is None:
        return Verdict(NOT_CONFIRMED, None, None, f"{verdict.size(without)} reserved by one operation")
    text = f"{verdict.size(without)} reserved by one operation, {verdict.size(with_growth)} with memory growth"
    return Verdict("confirmed" if without > 2 * with_growth else NOT_CONFIRMED, "retained", "reserved pool", text)


def _held(measured):
    points = measured.curves.get("nvml") or []
    return points[-1][1] if points else None


def _after_fix(judged_flagged, fixed, run):
    if judged_flagged.mechanism == "hangs":
        return "; fixed: it still hangs" if _hangs(run) else "; fixed: it comes back"
    judged = verdict.judge_memory(fixed, run)
    growth = fixed.host.retained if fixed.host.retained is not None else fixed.host.raw
    number = "" if growth is None else f" ({verdict.size(max(growth.value, 0))} per repeat)"
    if judged.verdict == "confirmed":
        return f"; the fixed version grows too: {judged.message}"
    return f"; fixed: {'no growth' if judged.verdict == NOT_CONFIRMED else 'bounded'}{number}"


def _meters(flagged, fixed, options, environment):
    """The meters of the JSON contract; a number that was not measured is null."""
    meters = [{"name": "rss", "unit": "bytes/repeat", "flagged": flagged.host.as_json(),
               "fixed": fixed.host.as_json() if fixed is not None else None}]
    if options.device != "cpu" and (environment["gpus"] or environment["driver_gpus"]):
        for name in ("nvml", "allocator"):
            meters.append({"name": name, "unit": "bytes/repeat", "flagged": getattr(flagged, name).as_json(),
                           "fixed": getattr(fixed, name).as_json() if fixed is not None else None})
    else:
        for name in ("nvml", "allocator"):
            meters.append({"name": name, "unit": "bytes/repeat", "flagged": {"raw": None, "retained": None},
                           "fixed": {"raw": None, "retained": None} if fixed is not None else None})
    raw, kept = flagged.objects_growth()
    entry = {"name": "objects", "unit": "objects/repeat", "flagged": _pair(raw, kept), "fixed": None}
    if fixed is not None:
        entry["fixed"] = _pair(*fixed.objects_growth())
    meters.append(entry)
    return meters


def _held_meters(run, fixed_run):
    """Meters of a rule about what one call holds: bytes in all, not per repeat."""
    def held(which):
        found = held_bytes(which) if which is not None else None
        return {"raw": found[0] if found else None, "retained": found[0] if found else None}

    empty = {"raw": None, "retained": None}
    meters = [{"name": "rss", "unit": "bytes", "flagged": held(run), "fixed": held(fixed_run) if fixed_run is not None else None}]
    return meters + [{"name": name, "unit": "objects/repeat" if name == "objects" else "bytes", "flagged": dict(empty), "fixed": None}
                     for name in ("nvml", "allocator", "objects")]


def _pair(raw, kept):
    return {"raw": None if raw is None else round(raw, 2), "retained": None if kept is None else round(kept, 2)}


def _not_runnable(finding, options, environment, began, needs):
    empty = {"raw": None, "retained": None}
    verification = {
        "verdict": NOT_RUNNABLE, "kind": None, "mechanism": None, "device": device_name(environment, options), "iterations": 0,
        "seconds": round(time.monotonic() - began, 1),
        "meters": [{"name": name, "unit": "objects/repeat" if name == "objects" else "bytes/repeat", "flagged": dict(empty), "fixed": None}
                   for name in ("rss", "nvml", "allocator", "objects")],
        "stand_ins": [], "needs": needs, "message": "not runnable: needs " + "; ".join(needs),
    }
    return Result(finding.replace(verification=verification))
