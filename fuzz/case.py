"""One input: the files of a small folder and what the command line says besides.

A case is the same thing wherever it stands: made by a generator, kept in the corpus, or written out as a finding.
A lone program or notebook is kept as that file; everything else as a JSON file that describes the folder.
"""

import base64
import json
import os
from pathlib import Path

PLAIN = ("--isolated", "--no-cache", "--pedantic")  # what a case says when it says nothing else


class Case:
    """Files and arguments.

    kind       name of the generator      files     {relative path: bytes, or ("link", target), or ("fifo",)}
    arguments  options of `check`, without paths and output format
    may_fail   True when exit code 2 with one line that explains it is a right answer (a wrong configuration)
    cache      bytes of a planted cache: put in place of the one that a run of the tool has written; None plants none
    baseline   True when a baseline is written first and `files["baseline.json"]` then stands in its place
    """

    __slots__ = ("kind", "files", "arguments", "may_fail", "cache", "baseline")

    def __init__(
        self, kind: str, files: dict, arguments=PLAIN, may_fail: bool = False, cache=None, baseline: bool = False
    ):
        self.kind, self.files = kind, files
        self.arguments = tuple(argument for argument in arguments if _can_be_given(argument))
        self.may_fail, self.cache, self.baseline = may_fail, cache, baseline

    def put(self, folder: str) -> None:
        """Write the files below `folder`, which is empty.  A name that the file system refuses is left out."""
        for name, content in self.files.items():
            path = os.path.join(os.fsencode(folder), _bytes(name))
            try:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                if isinstance(content, bytes):
                    with open(path, "wb") as file:
                        file.write(content)
                elif content[0] == "link":
                    os.symlink(content[1], path)
                else:
                    os.mkfifo(path)
            except (OSError, ValueError):
                continue

    def programs(self) -> list[str]:
        """Names of the files that hold code."""
        return [
            name
            for name, content in self.files.items()
            if isinstance(content, bytes) and name.endswith((".py", ".ipynb"))
        ]

    def replace(self, **changes) -> "Case":
        """A copy with some fields changed."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return Case(**{**values, **changes})


def _can_be_given(argument: str) -> bool:
    """True for what a command line can hold: no NUL, and no half of a surrogate pair but those that stand for bytes."""
    try:
        return b"\0" not in os.fsencode(argument)
    except UnicodeEncodeError:
        return False


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def dump(case: Case) -> str:
    """The case as JSON text; bytes that are UTF-8 stay readable."""
    files = {}
    for name, content in case.files.items():
        if isinstance(content, bytes):
            files[name] = _spelled(content)
        else:
            files[name] = {content[0]: content[1] if len(content) > 1 else True}
    values = {"kind": case.kind, "arguments": list(case.arguments), "files": files}
    if case.may_fail:
        values["may_fail"] = True
    if case.baseline:
        values["baseline"] = True
    if case.cache is not None:
        values["cache"] = _spelled(case.cache)
    return json.dumps(values, indent=1) + "\n"


def _spelled(content: bytes):
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode("ascii")}
    return text.split("\n") if "\n" in text else text


def _content(value):
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, list):
        return "\n".join(value).encode("utf-8")
    if "base64" in value:
        return base64.b64decode(value["base64"])
    return ("link", value["link"]) if "link" in value else ("fifo",)


def load(path: Path) -> Case:
    """The case that a file holds: itself for a program or notebook, the description of a folder for JSON."""
    raw = path.read_bytes()
    if path.suffix != ".json":
        return Case("notebooks" if path.suffix == ".ipynb" else "programs", {"case" + path.suffix: raw})
    values = json.loads(raw)
    return Case(
        values["kind"],
        {name: _content(value) for name, value in values["files"].items()},
        values["arguments"],
        values.get("may_fail", False),
        _content(values["cache"]) if "cache" in values else None,
        values.get("baseline", False),
    )


def save(case: Case, stem: Path) -> Path:
    """Write the case beside `stem` in the form that `load` reads; returns the path."""
    names = list(case.files)
    if len(names) == 1 and case.arguments == PLAIN and names[0] in ("case.py", "case.ipynb"):
        path = stem.with_name(stem.name + Path(names[0]).suffix)
        path.write_bytes(case.files[names[0]])
    else:
        path = stem.with_name(stem.name + ".json")
        path.write_text(dump(case))
    return path
