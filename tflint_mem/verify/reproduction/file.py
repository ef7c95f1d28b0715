"""One version of a finding as one file that runs by itself."""

from __future__ import annotations

import re

from tflint_mem.verify.plan.protocols import HANGS, REFUSED, RESERVES
from tflint_mem.verify.snippet.snippet import MAIN
from tflint_mem.verify.verdict.words import ALLOCATOR, TIME

from .heading import heading
from .imports import further
from .meter import meter, with_loop
from .program import Program
from .stand_ins import imports_of, in_effect, shortened, without_imports
from .unreached import named_for_tracing, without_unreached
from .unused import without_blanks, without_unused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tflint_mem.verify.containment.run import Run
    from tflint_mem.verify.events import Environment
    from tflint_mem.verify.plan.options import Options
    from tflint_mem.verify.snippet.snippet import Snippet
    from tflint_mem.verify.verdict.result import Result
    from tflint_mem.verify.verdict.runs import Runs

    from .meter import Kind

ALL, STAND_INS, NOTHING = 2, 1, 0  # what is cut by what ran

_VARIABLES = {
    "TF_CPP_MIN_LOG_LEVEL": ('"3"', ""),
    "TF_ENABLE_ONEDNN_OPTS": ('"0"', "  # its pool would keep what was freed"),
}
_GROWTH = 'os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")'
_SCRATCH = "os.chdir(tempfile.mkdtemp())  # where stand-ins for files are made"
_HOME = 'os.environ["HOME"] = os.getcwd()'
_WRITES = re.compile(r"\bopen\(|\.save\(|write_file|makedirs|\.export\(|TFRecordWriter|np\.savez?")
_SECONDS = 12.0  # that a reproduction repeats, about
_WANTED = 4 << 20  # bytes that it grows by, so that they can be told from noise
_LEAST, _MOST = 8, 400
_EPOCHS = re.compile(r"(?<![\w.])(epochs|nb_epoch)\s*=\s*(?:\d+|[A-Za-z_][\w.]*(?:\[\w+\])?)(?=\s*[,)])")


def written(
    result: Result,
    runs: Runs,
    options: Options,
    environment: Environment,
    fixed: bool = False,
    cut: int = ALL,
    shown: str = "",
) -> str:
    """The file; "" where there is no such version.

    fixed   the version after the fix        cut   ALL, STAND_INS or NOTHING
    shown   what an earlier such file printed when it was run
    """
    snippet, run = (runs.fixed_snippet, runs.fixed_run) if fixed else (runs.snippet, runs.run)
    if snippet is None:
        return ""
    run = run if run is not None else runs.run
    said = result.verification
    program = Program(snippet, run, runs.rewrites)
    texts = program.texts
    if cut == ALL:
        traced = set().union(*(named_for_tracing(text) for text in texts.values()))
        texts = {
            name: without_unreached(text, program.ran[name], False, traced) if program.ran[name] else text
            for name, text in texts.items()
        }
    texts = without_empty(without_unused(texts)) if cut != NOTHING else texts
    shortened_fit = any(event["text"].startswith("fit:") for event in run.of("stand-in"))
    if shortened_fit:
        quick = {name: _EPOCHS.sub(r"\1=1", text) for name, text in texts.items()}
        shortened_fit, texts = quick != texts, quick
    whole = in_effect(runs.setup, run)
    short = shortened(whole, run, "\n".join(texts.values()), cut != NOTHING)
    gone = {code for code in runs.setup if code not in whole} | {code for code, left in zip(whole, short) if not left}
    codes = [without_imports(left) for left in short if left]
    imports = {name for left in short for name in imports_of(left)}
    kind = _kind(result)
    source = meter(kind, _repeats(result), *_elements(run), snippet.behind is not None)
    packages = further(texts, codes)
    main = without_blanks(with_loop(texts.pop(MAIN), kind))
    head = heading(
        result.finding,
        said,
        environment,
        _sentences(runs, gone, shortened_fit),
        fixed,
        shown,
        options.legacy_keras,
        packages,
    )
    body = [*codes, *_beside(texts)]
    if codes:
        body.insert(0, "# Stand-ins for what was missing")
    if any(".install(" in code for code in codes) and re.search(r"tensorflow|keras", main):
        body.insert(0, "import tensorflow  # first: it would find the stand-ins for modules that it can do without")
    parts = [*(["\n".join(body)] if body else []), re.sub(r"\n{3,}", "\n\n", source).strip("\n"), main]
    return "\n".join([*_start(head, snippet, options, codes, source, texts, imports), "\n\n".join(parts)]) + "\n"


def without_empty(texts: Mapping[str, str]) -> dict[str, str]:
    """The texts without modules that nobody imports, and packages that are empty."""
    imports = re.findall(r"(?m)^[ \t]*(?:from|import)\s.*$", "\n".join(texts.values()))
    imported = set(re.findall(r"\w+", "\n".join(imports)))
    found = {
        name: text
        for name, text in texts.items()
        if name in (MAIN, "__init__.py")
        or name.endswith("/__init__.py")
        or name.split("/")[-1].split(".")[0] in imported
    }
    folders = {name.rpartition("/")[0] for name, text in found.items() if text.strip()}
    return {
        name: text
        for name, text in found.items()
        if text.strip()
        or not name.endswith("__init__.py")
        or any((folder + "/").startswith(name.removesuffix("__init__.py")) for folder in folders)
    }


def _sentences(runs: Runs, gone: Collection[str], shortened_fit: bool) -> list[str]:
    """A sentence for each stand-in.  gone: codes that are not in the file"""
    # what the measuring child does by itself, to waits and to `fit`, has no code that could be in the file
    left_out = {
        event["text"]
        for event in runs.run.of("stand-in")
        if event["code"] in gone or not event["code"] and event["rewrite"] is None
    }
    kept = [each for each in runs.stand_ins if each not in left_out]
    return [*kept, "epochs=1, whatever the code says: it was stopped after a second as well"] if shortened_fit else kept


def _kind(result: Result) -> Kind:
    code, said = result.finding.code, result.verification
    if code in REFUSED or code in (RESERVES, HANGS):
        return "once"
    if said["mechanism"] == TIME or "time" in said and said["kind"] is None:
        return "time"
    return "gpu" if said.get("meter") == ALLOCATOR else "memory"


def _repeats(result: Result) -> int:
    """As many as can be waited for, and as many as show the growth."""
    measured = result.flagged
    each = measured.times.median if measured is not None and measured.times is not None else 1.0
    fitting = _SECONDS / max(each, 1e-4)
    growth = 0.0
    for meter_numbers in result.verification["meters"]:
        numbers = meter_numbers["flagged"]
        if isinstance(numbers, dict) and meter_numbers["unit"] == "bytes/repeat":
            known = [value for value in numbers.values() if isinstance(value, (int, float))]
            growth = max([growth, *known])
    wanted = 3 * _WANTED / growth if growth > 0 else 100
    return int(max(_LEAST, min(fitting, max(20, wanted), _MOST)))


def _elements(run: Run) -> tuple[bool, bool]:
    """Is each element served once, and do numbers go on behind the last?"""
    end = run.last("end")
    if end is None:
        return False, False
    return end["reason"] == "exhausted", end["extended"]


def _start(
    head: str,
    snippet: Snippet,
    options: Options,
    codes: list[str],
    source: str,
    modules: Mapping[str, str],
    imports: set[str],
) -> list[str]:
    """The docstring, imports, and what has to be set before TensorFlow is imported.

    imports   that the stand-ins need
    """
    title = head.replace("\\", "\\\\").replace('"""', "'''")
    rows = [f'"""{title}"""', ""]
    if snippet.future:
        rows.append("from __future__ import " + ", ".join(snippet.future))
    scratch = any(_WRITES.search(code) for code in codes)
    used = [name for name in ("gc", "itertools", "os", "subprocess", "sys", "tempfile", "time") if f"{name}." in source]
    names = {*used, *imports, "os", *(("sys", "tempfile") if modules else ()), *(("tempfile",) if scratch else ())}
    rows += [f"import {name}" for name in sorted(names)]
    rows.append("")
    rows += [f'os.environ.setdefault("{name}", {value}){why}' for name, (value, why) in _VARIABLES.items()]
    if snippet.growth and not options.device == "cpu":
        rows.append(_GROWTH)
    if options.legacy_keras:
        rows.append('os.environ["TF_USE_LEGACY_KERAS"] = "1"')
    if scratch:
        rows.append(_SCRATCH)
        if any("expanduser" in code for code in codes):
            rows.append(_HOME)
    rows.append("")
    return rows


def _beside(modules: Mapping[str, str]) -> list[str]:
    """The rows that write the modules beside the main file."""
    if not modules:
        return []
    empty = [name for name, text in modules.items() if not text.strip()]
    rows = ["_modules = {  # of the project, cut down to what is used"]
    for name, text in modules.items():
        if text.strip():
            rows.append(f"    {name!r}: {_quoted(without_blanks(text))},")
    rows.append("}" if not empty else "    **dict.fromkeys(%r, ''),\n}" % (tuple(empty),))
    rows += [
        "sys.path.insert(0, tempfile.mkdtemp())",
        "for _name, _text in _modules.items():",
        "    os.makedirs(os.path.dirname(os.path.join(sys.path[0], _name)), exist_ok=True)",
        '    with open(os.path.join(sys.path[0], _name), "w", encoding="utf-8") as _file:',
        "        _file.write(_text)",
    ]
    return rows


def _quoted(text: str) -> str:
    """A literal that a person can read."""
    if "'''" not in text and "\\" not in text:
        return "'''\\\n" + text + "\n'''"
    if "'''" not in text and not text.endswith("\\"):
        return "r'''\n" + text + "\n'''.lstrip('\\n')"
    return repr(text)
