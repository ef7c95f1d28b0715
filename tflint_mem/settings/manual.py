"""What each key of the configuration is for: the text of `tflint-mem config`, of the JSON schema and of
docs/configuration.md.

Which keys there are, and of which kind, `tables.KEYS` says, and who may say them `trust.KEYS`.
"""

from __future__ import annotations

from tflint_mem.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Entry(Record):
    """One key.

    group    under which it is listed
    text     one or two sentences
    example  rows of TOML, as they stand in a `tflint-mem.toml`
    """

    __slots__ = ()
    group: str
    text: str
    example: str


RULES, FIXES, FILES, REPORT, CODE, LIMITS = "Rules", "Fixes", "Files", "Report", "The code under check", "Limits"

ENTRIES = {
    "select": Entry(
        RULES,
        "The rules that run, as codes, prefixes of codes, names or ALL. The more specific one wins over `ignore`. A "
        "file that cannot be read (TFM000) is told whatever is selected.",
        'select = ["TFM1", "retrace-python-arg"]',
    ),
    "ignore": Entry(RULES, "Rules that do not run.", 'ignore = ["TFM601", "predict-in-loop"]'),
    "extend-select": Entry(
        RULES, "Rules that run on top of those that are selected elsewhere.", 'extend-select = ["TFM104"]'
    ),
    "per-file-ignores": Entry(
        RULES,
        "Rules that do not run in some files, by pattern. A `!` in front of a pattern means all other files.",
        '[per-file-ignores]\n"tests/*" = ["TFM2", "memory-growth-missing"]',
    ),
    "extend-per-file-ignores": Entry(
        RULES,
        "The same, on top of what `per-file-ignores` says here or elsewhere.",
        '[extend-per-file-ignores]\n"notebooks/*" = ["TFM6"]',
    ),
    "severity": Entry(
        RULES,
        "What findings of some rules count as. The more specific selector wins.",
        '[severity]\nTFM202 = "hint"\nTFM6 = "error"',
    ),
    "per-file-severity": Entry(
        RULES,
        "The same for some files only; it wins over `severity`.",
        '[per-file-severity]\n"tests/**" = { ALL = "hint" }',
    ),
    "pedantic": Entry(
        RULES, "Report what is only possible, too, and what is slow where it hardly adds up.", "pedantic = true"
    ),
    "baseline": Entry(
        RULES,
        "A file of known findings, which are not reported: `--write-baseline` makes it. Relative to the configuration.",
        'baseline = "known.json"',
    ),
    "fail-on": Entry(
        REPORT,
        "The least severe findings that make the exit code 1. Without it, warnings do, and hints of rules that are "
        "selected by their code or name.",
        'fail-on = "error"',
    ),
    "output-format": Entry(REPORT, "How the report is written.", 'output-format = "concise"'),
    "show-fixes": Entry(REPORT, "List what was fixed, by file and rule.", "show-fixes = true"),
    "fix": Entry(FIXES, "Apply fixes in every run.", "fix = true"),
    "fix-only": Entry(FIXES, "Apply fixes, and neither report nor fail on what is left.", "fix-only = true"),
    "unsafe-fixes": Entry(FIXES, "Offer and apply fixes that a person should look at, too.", "unsafe-fixes = true"),
    "fixable": Entry(FIXES, "The rules whose fixes are offered; all without it.", 'fixable = ["TFM2"]'),
    "unfixable": Entry(FIXES, "Rules whose fixes are not offered.", 'unfixable = ["TFM601"]'),
    "extend-fixable": Entry(
        FIXES, "Rules whose fixes are offered, on top of those named elsewhere.", 'extend-fixable = ["TFM302"]'
    ),
    "extend-safe-fixes": Entry(
        FIXES, "Rules whose fixes are applied without `unsafe-fixes`.", 'extend-safe-fixes = ["TFM302"]'
    ),
    "extend-unsafe-fixes": Entry(
        FIXES, "Rules whose fixes are applied with `unsafe-fixes` only.", 'extend-unsafe-fixes = ["TFM201"]'
    ),
    "include": Entry(FILES, "Patterns of the files that are looked for in folders.", 'include = ["*.py"]'),
    "extend-include": Entry(
        FILES,
        "Patterns of further files. They are read as Python, `.ipynb` as a notebook.",
        'extend-include = ["*.pyw", "bin/train"]',
    ),
    "exclude": Entry(
        FILES,
        "Patterns of files and folders to leave out, instead of the usual ones; relative to the configuration.",
        'exclude = [".venv", "build"]',
    ),
    "extend-exclude": Entry(
        FILES, "Such patterns on top of those.", 'extend-exclude = ["third_party", "notebooks/old/**"]'
    ),
    "force-exclude": Entry(FILES, "Leave out excluded files also when they are given by name.", "force-exclude = true"),
    "respect-gitignore": Entry(FILES, "Leave out what git ignores.", "respect-gitignore = false"),
    "cache-dir": Entry(
        FILES, "The folder of the cache, relative to the configuration.", 'cache-dir = ".cache/tflint-mem"'
    ),
    "max-file-size": Entry(LIMITS, "A file with more bytes of code is left out.", "max-file-size = 8_000_000"),
    "timeout-per-file": Entry(
        LIMITS,
        "Seconds of processor time that the analysis of a file may take; 0 for no limit.",
        "timeout-per-file = 10",
    ),
    "jobs": Entry(LIMITS, "Processes that a check may use; 0 for as many as pay.", "jobs = 1"),
    "extend": Entry(
        "Other configurations",
        "A configuration of the same repository whose settings hold where this one says nothing.",
        'extend = "../tflint-mem.toml"',
    ),
    "required-version": Entry(
        "Other configurations", "The versions of tflint-mem that may read this.", 'required-version = ">=0.1"'
    ),
    "project": Entry(FILES, "Read the project around the files that are given, to judge them.", "project = false"),
    "max-project-files": Entry(
        LIMITS, "So many files of the project around are read at most.", "max-project-files = 2_000"
    ),
    "max-project-size": Entry(
        LIMITS, "So many bytes of the project around are read at most.", "max-project-size = 20_000_000"
    ),
    "tensorflow-version": Entry(
        CODE,
        "The version of TensorFlow that the code runs on. Without it, imports and requirements tell.",
        'tensorflow-version = "2.15"',
    ),
    "handlers": Entry(
        CODE, "Own decorators whose functions run for each message, task or request.", 'handlers = ["app.on_message"]'
    ),
    "entry-points": Entry(CODE, "Patterns of files that are scripts of their own.", 'entry-points = ["scripts/*.py"]'),
    "verify": Entry(
        "Measuring",
        "What `--verify` may use; its keys follow.",
        '[verify]\npython = ".venv/bin/python"\ntimeout = 120',
    ),
}

VERIFY = {
    "python": "The interpreter that has TensorFlow: a path or a name.",
    "device": "Where to measure: auto, cpu or gpu.",
    "timeout": "Seconds for one finding, flagged and fixed.",
    "total-timeout": "Seconds for all findings.",
    "memory-limit": 'Resident memory at which a child is stopped: a number of bytes, or text such as "4GiB".',
    "seconds": "Seconds of repeating in one child.",
    "network": "Leave the network reachable.",
    "setup": "A file, or source code, that defines what snippets lack.",
    "codes": "Only these rules or places (`file.py:12`).",
}


def default(key: str) -> Any:
    """What holds where nobody says anything, as a configuration file has it; None when there is no such value."""
    from .settings import Settings

    return getattr(Settings(), key.replace("-", "_"), None)  # some only lead to other files
