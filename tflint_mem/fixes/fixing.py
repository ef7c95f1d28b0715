"""`--fix` and `--diff`: apply fixes, show or write the result, and keep what is left to report."""

import os
import sys

from tflint_mem.finding import SAFE
from tflint_mem.sources.source import Source

MOST_TURNS = 4  # how often files may bring others to have something to fix


def fix(run):
    """Fix what `run.findings` offers.

    With --diff nothing is written and the findings stay as they are; otherwise the files change and the findings that
    remain after the fixes take the place of the old ones.  A file that cannot be written is told and stays as it is.
    """
    if not run.options.diff and not run.stdin:
        _tidy(run.reader.files)
    results, left = _all_settled(run)
    changed = {}
    for path, result in sorted(results.items()):
        source = run.reader.get(path)
        run.skipped_fixes += result.skipped
        if result.new == source.raw:
            continue
        if run.options.diff:
            _print_diff(source, Source(path, result.new))
        elif not run.stdin and not run.written(path, result.new, source.raw):
            continue
        run.fixed += result.applied
        changed[path] = Source(path, result.new)
    if changed and not run.options.diff:
        told = left is not None and changed.keys() == {path for path, result in results.items() if result.applied}
        run.findings, run.every = left if told else run.found_with(changed)
        for source in changed.values():
            run.reader.put(source)
    if run.stdin and not run.options.diff:
        _write(run.reader.get(run.paths[0]).raw)


def _tidy(files):
    """Take away what a run that was killed left beside the files."""
    from tflint_mem.storage import in_place

    for folder in sorted({os.path.dirname(path) for path in files}):
        in_place.tidy(folder or ".")


def _all_settled(run):
    """`({path: apply.Result} of all files with something to fix, what the run finds after that or None)`.

    A fix may bring a finding with a fix to light in another file, which then has its turn.
    """
    results = _settle(run, run.findings, run.every, {})
    for _ in range(MOST_TURNS):
        state = {path: Source(path, result.new) for path, result in results.items() if result.applied}
        if not state:
            return results, None
        left = run.found_with(state)
        more = _settle(run, *left, results)
        if not more:
            return results, left
        results.update(more)
    return results, None


def _settle(run, findings, every, known):
    """`{path: apply.Result}` of the files with something to fix, but for those whose results are `known`.

    A fix must be checked in the whole project, and that costs as much as the run itself.  So all files are fixed side by side
    and share each check: a file whose fixes wait for an answer is left, and goes on when the answers of all are there.
    """
    from tflint_mem.fixes import rounds

    unsafe = run.settings.unsafe_fixes
    results, going, questions = {}, {}, {}
    wanted, every = _by_path(findings), _by_path(every)

    def step(path, move):
        try:
            questions[path] = move()
        except StopIteration as done:
            results[path] = done.value

    for path, findings in wanted.items():
        if path not in known and any(f.fix is not None and (unsafe or f.fix.applicability == SAFE) for f in findings):
            found = rounds.Found(findings, every.get(path, []))
            going[path] = rounds.steps(run.reader.get(path), found, unsafe=unsafe)
            step(path, going[path].__next__)
    while questions:
        asked = dict(questions)
        state = {path: result.new for path, result in (*known.items(), *results.items())} | asked
        found, all_found = run.found_with({path: Source(path, raw) for path, raw in state.items()})
        wanted, every = _by_path(found), _by_path(all_found)
        questions.clear()
        for path in asked:
            answer = rounds.Found(wanted.get(path, []), every.get(path, []))
            step(path, lambda: going[path].send(answer))
    return results


def _by_path(findings):
    """{path: findings in it}."""
    found = {}
    for finding in findings:
        found.setdefault(finding.path, []).append(finding)
    return found


def _print_diff(old, new):
    """A unified diff in the file's own encoding and line ends; a notebook is compared cell by cell."""
    from tflint_mem.sources.paths import shown

    show = _for_people()
    if old.kind == "notebook":
        for number in old.notebook.numbers():
            before, after = old.notebook.cell_text(number), new.notebook.cell_text(number)
            if before != after:
                name = f"{shown(old.path)}:cell {number}"
                _write(_unified(before, after, name, "utf-8", show))
    else:
        _write(_unified(old.text, new.text, shown(old.path), old.encoding, show))


def _for_people():
    """What makes a row fit for who reads standard output: a person at a terminal, the log of a build, or `patch`.

    A patch must stay what it is, byte for byte: nothing is changed in a file or a pipe.  In a build a pipe is most often the
    log, which obeys what looks like an order; only such rows are broken up there.
    """
    import stat

    from tflint_mem.hardening import safe

    try:
        if sys.stdout.isatty():
            return lambda row: safe.row(safe.code(row.rstrip("\r\n"))) + "\n"
        builds = any(os.environ.get(name) for name in ("GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"))
        if builds and not stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode):
            return safe.row
    except (OSError, ValueError):  # no file behind it
        pass
    return str


def _unified(before, after, name, encoding, show):
    import difflib

    name = _quoted(name)
    rows = difflib.unified_diff(_keep_ends(before), _keep_ends(after), name, name)
    ended = (row if row.endswith(("\n", "\r")) else row + "\n\\ No newline at end of file\n" for row in rows)
    return "".join(map(show, ended)).encode(encoding, "backslashreplace")


def _quoted(name):
    """The name as git writes it in a patch: in quotes, with escapes, when a row cannot hold it as it is."""
    if name.isprintable() and not any(character in name for character in '"\\'):
        return name
    known = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
    return (
        '"'
        + "".join(
            "\\" + known[byte] if byte in known else chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"
            for byte in os.fsencode(name)
        )
        + '"'
    )


def _keep_ends(text):
    """Rows with their line ends, split where Python's tokenizer splits."""
    from tflint_mem.sources.source import split_rows

    rows, position = [], 0
    for row in split_rows(text):
        end = position + len(row)
        end += 2 if text.startswith("\r\n", end) else 1
        rows.append(text[position:end])
        position = end
    return rows if rows[-1] else rows[:-1]


def _write(raw):
    """Bytes to standard output, as they are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(raw)
    sys.stdout.flush()
