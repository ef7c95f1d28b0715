"""The tables of configuration files: which keys there are, of which types, and what a file says.

A TOML parser is imported only when a file of that kind has something for us: most projects have a `pyproject.toml`, few
of them this table.
"""

from __future__ import annotations

import os

from tflint_mem.finding import SEVERITIES
from tflint_mem.hardening.errors import UsageError
from tflint_mem.sources.files import read_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Table = dict[str, Any]  # of a file: keys in kebab-case, values of any type until they are `checked`

OUTPUT_FORMATS = (
    *("full", "concise", "grouped", "markdown"),  # for people
    *("json", "json-lines", "sarif", "rdjson", "github", "gitlab", "azure", "junit", "pylint"),  # for programs
)
MOST_JOBS = 512  # processes
_MOST_BYTES = 4_000_000  # of a configuration file
_MOST_DOTS = 5_000  # in a line of it

STRINGS, STRING, BOOL, COUNT = "strings", "string", "bool", "count"
SIZE, SECONDS, TABLE, PROCESSES = "size", "seconds", "table", "processes"
SELECTORS, FORMAT, SEVERITY = "selectors", "format", "severity"
FILE_SELECTORS, SEVERITY_TABLE, FILE_SEVERITIES = "selectors by file", "severities", "severities by file"
KINDS = {
    STRINGS: "a list of strings",
    STRING: "a string",
    BOOL: "true or false",
    COUNT: "a number",
    SIZE: "a number of bytes",
    PROCESSES: "a number of processes",
    SECONDS: "a number of seconds",
    TABLE: "a table",
    SELECTORS: "a list of strings",
    FORMAT: "a string",
    SEVERITY: '"error", "warning" or "hint"',
    FILE_SELECTORS: "a table of lists of strings",
    SEVERITY_TABLE: 'a table of rules, each "error", "warning" or "hint"',
    FILE_SEVERITIES: 'a table of files, each a table of rules, each "error", "warning" or "hint"',
}  # kinds of values, as messages name them

KEYS = {
    "extend": STRING,
    "required-version": STRING,
    "select": SELECTORS,
    "ignore": SELECTORS,
    "extend-select": SELECTORS,
    "severity": SEVERITY_TABLE,
    "per-file-severity": FILE_SEVERITIES,
    "fail-on": SEVERITY,
    "fixable": SELECTORS,
    "unfixable": SELECTORS,
    "extend-fixable": SELECTORS,
    "extend-safe-fixes": SELECTORS,
    "extend-unsafe-fixes": SELECTORS,
    "include": STRINGS,
    "extend-include": STRINGS,
    "exclude": STRINGS,
    "extend-exclude": STRINGS,
    "force-exclude": BOOL,
    "respect-gitignore": BOOL,
    "per-file-ignores": FILE_SELECTORS,
    "extend-per-file-ignores": FILE_SELECTORS,
    "fix": BOOL,
    "unsafe-fixes": BOOL,
    "fix-only": BOOL,
    "show-fixes": BOOL,
    "pedantic": BOOL,
    "output-format": FORMAT,
    "baseline": STRING,
    "cache-dir": STRING,
    "max-file-size": SIZE,
    "timeout-per-file": SECONDS,
    "jobs": PROCESSES,
    "tensorflow-version": STRING,
    "handlers": STRINGS,
    "entry-points": STRINGS,
    "project": BOOL,
    "max-project-files": COUNT,
    "max-project-size": SIZE,
    "verify": TABLE,
}


def read(path: str, option: str = "--config ") -> Table:
    """The table of the file at `path`, not `checked` yet; `option` stands before its name in messages.  Raises
    UsageError.
    """
    try:
        table = parse(read_regular(path, _MOST_BYTES), path)
    except OSError as error:
        raise UsageError(f"{option}{path}: {error.strerror or error}") from None
    if os.path.basename(path) == "pyproject.toml":
        table = tool_table(table, path) or {}
    return table


def tool_table(document: Table, path: str) -> Table | None:
    """`[tool.tflint-mem]` of a `pyproject.toml`, None when there is none.  Raises UsageError for something else of that
    name.
    """
    tools = document.get("tool")
    table = tools.get("tflint-mem") if isinstance(tools, dict) else None
    if table is not None and not isinstance(table, dict):
        raise UsageError(f"{path}: `tool.tflint-mem` should be a table")
    return table


def parse(raw: bytes, path: str) -> Table:
    """The content of a TOML file; `path` is for messages.  Raises UsageError."""
    try:
        import tomllib  # type: ignore[import-not-found, unused-ignore]  # new in Python 3.11
    except ImportError:  # Python 3.10
        import tomli as tomllib
    if any(line.count(b".") > _MOST_DOTS for line in raw.splitlines()):
        raise UsageError(
            f"{path}: invalid TOML: a line with more than {_MOST_DOTS} dots"
        )  # the parser takes their square in time
    try:
        table: Table = tomllib.loads(raw.decode("utf-8-sig").replace("\r\n", "\n"))
        return table
    except ValueError as error:  # no TOML, no UTF-8, a number of thousands of digits
        raise UsageError(f"{path}: invalid TOML: {error}") from None
    except RecursionError:
        raise UsageError(f"{path}: invalid TOML: nested too deeply") from None


def checked(table: Table, path: str) -> Table:
    """The table with paths made absolute, if every key is known and every value of its type.  Raises UsageError."""
    for key, value in table.items():
        if key not in KEYS:
            from .selection import nearest

            raise UsageError(f"{path}: unknown key `{_short(key)}`{nearest(_short(key), KEYS)}")
        if not fits(value, KEYS[key]):
            raise UsageError(f"{path}: `{key}` should be {KINDS[KEYS[key]]}, not {_written(value, KEYS[key])}")
    if table.get("output-format") not in (None, *OUTPUT_FORMATS):
        from .selection import nearest

        word = _short(table["output-format"])
        raise UsageError(f"{path}: unknown output-format `{word}`{nearest(word, OUTPUT_FORMATS)}")
    folder = os.path.dirname(os.path.abspath(path)) if path != "--config" else os.getcwd()
    if table.get("verify"):
        from tflint_mem.verify.plan.options import OptionError, Options

        try:
            Options.from_table(table["verify"], folder)
        except OptionError as error:
            raise UsageError(f"{path}: {error}") from None
        table = {**table, "verify": _located(table["verify"], folder)}
    for key in ("baseline", "cache-dir"):
        if key in table:
            table = {**table, key: os.path.join(folder, os.path.expanduser(table[key]))}
    return table


def _located(verify: Table, folder: str) -> Table:
    """The table of that name with absolute paths: tables of several files are put together."""
    located = dict(verify)
    if os.path.dirname(located.get("python", "")):
        located["python"] = os.path.join(folder, os.path.expanduser(located["python"]))
    if "setup" in located:  # a file or source code
        path = os.path.join(folder, os.path.expanduser(located["setup"]))
        try:
            if os.path.exists(path) or (located["setup"].endswith(".py") and "\n" not in located["setup"]):
                located["setup"] = path
        except ValueError:
            pass
    return located


def _short(text: str) -> str:
    return text if len(text) <= 100 else text[:100] + "…"


_TYPES: dict[str, type] = {STRING: str, FORMAT: str, BOOL: bool, TABLE: dict}


def fits(value: object, kind: str) -> bool:
    """Is the value of one of the kinds of `KEYS`?"""
    if kind in (STRINGS, SELECTORS):
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if kind == SEVERITY:
        return value in SEVERITIES
    inner = {FILE_SELECTORS: SELECTORS, SEVERITY_TABLE: SEVERITY, FILE_SEVERITIES: SEVERITY_TABLE}.get(kind)
    if inner is not None:
        return isinstance(value, dict) and all(fits(item, inner) for item in value.values())
    if kind == SECONDS:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e9
    if kind == PROCESSES:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_JOBS
    if kind in (COUNT, SIZE):
        return isinstance(value, int) and not isinstance(value, bool) and value > 0
    return isinstance(value, _TYPES[kind])


def _written(value: object, kind: str) -> str:
    """The value as a message names it: by its type, or where that is right by itself."""
    return f"`{_short(value)}`" if kind == SEVERITY and isinstance(value, str) else _toml_type(value)


def _toml_type(value: object) -> str:
    names: dict[type, str] = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "a list",
        dict: "a table",
    }
    return names.get(type(value), type(value).__name__)
