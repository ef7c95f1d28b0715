"""Fixes that are wrong, put before the comparison of `check --fix --verify`: `python bench/wrong_fixes.py RECORD.json`.

Each folder of `bench/wrong_fixes` is one program, `before.py`, and the same after a fix as somebody might write it,
`after.py`, that changes its results, raises, or cures nothing; its name begins with the rule.  What the rule flags is
verified as the command does it, with that fix in the place of the tool's own.  A fix is caught when it is not proven;
where `before.py` says `# caught: other`, `raises` or `no cure` in its first row, the record says whether it was that.

`--folder FOLDER` takes other programs; words behind the record choose some of them by name.
"""

import argparse
import difflib
import json
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tflint_mem import Settings, check_paths  # noqa: E402
from tflint_mem.finding import UNSAFE, Edit, Fix  # noqa: E402
from tflint_mem.sources.source import Source  # noqa: E402
from tflint_mem.verify import session  # noqa: E402
from tflint_mem.verify.plan.options import Options  # noqa: E402
from tflint_mem.verify.verdict.fix import proven  # noqa: E402
from verify import as_flagged, save, surroundings  # noqa: E402


def hand_written(before, after):
    """A Fix that makes one text the other, row by row."""
    rows, others = (text.splitlines(keepends=True) for text in (before, after))
    edits = [
        Edit(start=(first + 1, 1), end=(last + 1, 1), content="".join(others[new:end]))
        for kind, first, last, new, end in difflib.SequenceMatcher(None, rows, others, autojunk=False).get_opcodes()
        if kind != "equal"
    ]
    return Fix(applicability=UNSAFE, message="written by hand", edits=tuple(edits))


def flagged(folder):
    """The finding of the folder's rule in `before.py`, with the fix that makes it `after.py`; where the rule says
    nothing (any more), what `# flagged` marks.
    """
    before, code = folder / "before.py", folder.name[:6]
    source = Source.read(str(before))
    fix = hand_written(source.text, (folder / "after.py").read_text(encoding="utf-8"))
    settings = Settings(select=[code], project=False, pedantic=True)
    found = [each for each in check_paths(before, settings).findings if each.code == code]
    if not found:
        row = next(row for row, line in enumerate(source.lines, 1) if line.endswith("# flagged"))
        found = [as_flagged(code, str(before), row, 0)]
    return found[0].replace(fix=fix)


def verified(folder):
    """The record of one program."""
    began = time.monotonic()
    finding = flagged(folder)
    sources = [Source.read(str(path)) for path in sorted(folder.glob("*.py")) if path.name != "after.py"]
    options = Options(device="cpu", level="as-written", timeout=600, seconds=2)
    said = session.verify_findings([finding], sources, None, options).findings[0].verification
    fix = said.get("fix")
    first, _, _ = (folder / "before.py").read_text(encoding="utf-8").partition("\n")
    return {
        "verdict": said["verdict"],
        "fix": fix,
        "proven": proven(fix, said["verdict"]),
        "message": said["message"],
        "as": _caught(fix),
        "wanted": first.partition("# caught: ")[2],
        "seconds": round(time.monotonic() - began, 1),
    }


def _caught(fix):
    """What speaks against a fix, in a word; "nothing" where nothing does."""
    if fix is None:
        return "no fixed version ran"
    if fix["results"] != "same":
        return fix["results"]
    return "nothing" if fix["cures"] else "no cure"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("record", type=Path, metavar="RECORD.json")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only programs whose names contain one of these")
    parser.add_argument("--folder", type=Path, default=HERE / "wrong_fixes")
    options = parser.parse_intermixed_args()
    record = json.loads(options.record.read_text()) if options.record.exists() else dict(surroundings(), programs={})
    for folder in sorted(options.folder.iterdir()):
        if not folder.is_dir() or options.names and not any(name in folder.name for name in options.names):
            continue
        said = record["programs"][folder.name] = verified(folder)
        save(options.record, record)
        print(folder.name, json.dumps(said), flush=True)
    for name, said in record["programs"].items():
        if said["wanted"] and said["as"] != said["wanted"]:
            print(f"{name}: {said['as']}, not {said['wanted']}")
    missed = [name for name, said in record["programs"].items() if said["proven"]]
    print(f"{len(record['programs']) - len(missed)} of {len(record['programs'])} are caught; proven: {missed}")


if __name__ == "__main__":
    main()
