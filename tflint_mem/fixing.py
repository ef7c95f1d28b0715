"""`--fix` and `--diff`: apply fixes file by file, show or write the result, and keep what is left to report."""

import sys

from tflint_mem.finding import SAFE
from tflint_mem.source import Source


def fix(run):
    """Fix what `run.findings` offers.

    With --diff nothing is written and the findings stay as they are; otherwise the files change and the findings that
    remain after the fixes take the place of the old ones.  A file that cannot be written is told and stays as it is.
    """
    from tflint_mem import apply

    unsafe = run.settings.unsafe_fixes
    by_path = {}
    for finding in run.findings:
        by_path.setdefault(finding.path, []).append(finding)
    remaining = []
    for path, findings in by_path.items():
        source = run.reader.get(path)
        if not any(f.fix is not None and (unsafe or f.fix.applicability == SAFE) for f in findings):
            remaining += findings
            continue
        result = apply.fix_source(source, findings, unsafe=unsafe, recheck=lambda raw, path=path: run.recheck(path, raw))
        run.skipped_fixes += result.skipped
        if result.new == source.raw:
            remaining += findings
        elif run.options.diff:
            run.fixed += result.applied
            _print_diff(source, Source(path, result.new))
            remaining += findings
        elif run.stdin or run.written(path, result.new):
            run.fixed += result.applied
            run.reader.put(Source(path, result.new))
            remaining += run.recheck(path, result.new)
        else:
            remaining += findings
    if run.stdin and not run.options.diff:
        _write(run.reader.get(run.paths[0]).raw)
    run.findings = remaining


def _print_diff(old, new):
    """A unified diff in the file's own encoding and line ends; a notebook is compared cell by cell."""
    import difflib

    from tflint_mem.report.paths import shown

    if old.kind == "notebook":
        for number in old.notebook.numbers():
            before, after = old.notebook.cell_text(number), new.notebook.cell_text(number)
            if before != after:
                name = f"{shown(old.path)}:cell {number}"
                _write(_unified(difflib, before, after, name, "utf-8"))
    else:
        _write(_unified(difflib, old.text, new.text, shown(old.path), old.encoding))


def _unified(difflib, before, after, name, encoding):
    rows = difflib.unified_diff(_keep_ends(before), _keep_ends(after), name, name)
    ended = (row if row.endswith(("\n", "\r")) else row + "\n\\ No newline at end of file\n" for row in rows)
    return "".join(ended).encode(encoding, "backslashreplace")


def _keep_ends(text):
    """Rows with their line ends, split where Python's tokenizer splits."""
    from tflint_mem.source import split_rows

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
