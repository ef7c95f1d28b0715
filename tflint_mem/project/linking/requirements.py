"""What a project's requirements say, in whatever file: which packages they name, which TensorFlow they admit."""

from __future__ import annotations

import os

from tflint_mem.facts import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tflint_mem.sources.dependencies import Beside

    Version = tuple[int, int]  # major, minor

FILES = (
    "requirements.txt",
    "setup.py",
    "setup.cfg",
    "pyproject.toml",
    "environment.yml",
    "environment.yaml",
    "Pipfile",
    "requirements-gpu.txt",
    "requirements_gpu.txt",
    "requirements/base.txt",
    "requirements/requirements.txt",
    "conda.yml",
    "conda.yaml",
)
LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock")
_MOST = 200_000  # bytes of such a file
_MOST_LOCKED = 8_000_000

_PACKAGES = ("tensorflow", "tensorflow-gpu", "tensorflow-cpu", "tensorflow_gpu", "tensorflow-macos", "tf-nightly")
_CPU_PACKAGES = frozenset(
    ("tensorflow-cpu", "tensorflow_cpu", "intel-tensorflow", "tflite-runtime", "tflite_runtime", "ai-edge-litert")
)
_GPU_PACKAGES = frozenset(_PACKAGES) - _CPU_PACKAGES

_OPERATORS = ("===", "==", ">=", "<=", "~=", "!=", "^", ">", "<", "=")


class Range(Record):
    """The lowest and the highest version that are admitted; None where nothing says so."""

    __slots__ = ()
    low: Version | None
    high: Version | None


ANY = Range(None, None)


def texts(folder: str, names: Iterable[str], beside: Beside) -> Iterator[str]:
    """The beginnings of those of the named files that stand in a folder."""
    for name in names:
        try:
            yield beside.beginning(os.path.join(folder, name), _MOST).decode("utf-8", "replace")
        except OSError:
            continue


def around(folder: str, root: str | None) -> list[str]:
    """A folder and those around it, innermost first, up to the root; itself only, if that lies elsewhere or is None."""
    root = os.path.abspath(root) if root else folder
    if not (folder + os.sep).startswith(root + os.sep):
        return [folder]
    found = [folder]
    while found[-1] != root:
        found.append(os.path.dirname(found[-1]))
    return found


def words(folder: str, beside: Beside) -> set[str]:
    """What could be names of packages in the requirements of a folder, as it is written there."""
    return {
        word
        for text in texts(folder, FILES, beside)
        for line in text.splitlines()
        for word in _words(line.partition("#")[0])
    }


def for_cpu(folder: str, beside: Beside) -> bool | None:
    """Do the requirements of a folder ask for a TensorFlow that has no GPU code, and for no other?

    None when they ask for none.
    """
    named = words(folder, beside)
    return not named & _GPU_PACKAGES if named & (_CPU_PACKAGES | _GPU_PACKAGES) else None


def admitted(folder: str, beside: Beside) -> Range | None:
    """The TensorFlow that the requirements of a folder admit, or that its lock file has; None when they say nothing."""
    for name in LOCKS:
        try:
            text = beside.beginning(os.path.join(folder, name), _MOST_LOCKED).decode("utf-8", "replace")
        except OSError:
            continue
        version = locked(text)
        if version:
            return Range(version, version)
    for text in texts(folder, FILES, beside):
        found = requirement(text)
        if found:
            return found
    return None


def parse(text: str) -> Version | None:
    """The version of a text like "2.15", "2.15.1" or "2"; None when it is none."""
    numbers = text.strip().split(".")
    try:
        return (int(numbers[0]), int(numbers[1]) if len(numbers) > 1 and numbers[1].isdigit() else 0)
    except ValueError:
        return None


def requirement(text: str) -> Range | None:
    """The TensorFlow that a requirements-like text admits, or None: `==2.15.1`, `>=2.16,<2.18`, `~=2.14`, `^2.15`."""
    for line in text.splitlines():
        line = line.partition("#")[0]
        for package in _PACKAGES:
            at = line.find(package)
            while at >= 0:
                before, rest = line[at - 1 : at] if at else "", line[at + len(package) :].lstrip()
                at = line.find(package, at + 1)
                if before.isalnum() or before in ("-", "_", "."):
                    continue
                if rest.startswith("["):
                    rest = rest.partition("]")[2]
                found = _bounds(rest.lstrip("\"' ").removeprefix("= ").lstrip("\"' ")) or _table_entry(rest)
                if found:
                    return found
    return None


def locked(text: str) -> Version | None:
    """The TensorFlow that a lock file has: `name = "tensorflow"` and then `version = "2.15.1"`, or, in JSON,
    `"tensorflow": {` and then `"version": "==2.15.1"`.
    """
    name = ""
    for line in text.splitlines():
        key, _, value = line.replace(":", "=", 1).partition("=")
        key, value = key.strip(' \t"'), value.strip(' \t",')
        if key == "name":
            name = value
        elif value == "{":
            name = key
        elif key == "version" and name in _PACKAGES:
            return _leading_version(value.lstrip("="))
    return None


def _words(line: str) -> list[str]:
    """Names that could be packages in a line of a requirements file, a table or a call."""
    for character in "<>=~!^[](){}:;,'\"":
        line = line.replace(character, " ")
    return line.split()


def _table_entry(rest: str) -> Range | None:
    """The bounds in the value of a key in a table.

    `= "2.2.3"` says it exactly, `= {version = "^2.4", extras = […]}` by its version.
    """
    if not rest.startswith("="):
        return None
    value = rest[1:].lstrip()
    if value.startswith("{"):
        _, found, value = value.partition("version")
        value = value.lstrip().removeprefix("=").lstrip() if found else ""
    if value[:1] not in ("'", '"'):
        return None
    text = value[1:].partition(value[0])[0]
    version = _leading_version(text) if text[:1].isdigit() else None
    return Range(version, version) if version else _bounds(text)


def _bounds(text: str) -> Range | None:
    """The bounds of a comma-separated list of version specifiers at the start of a text."""
    low = high = None
    for part in text.replace(";", ",").split(","):
        part = part.strip(" \"')]")
        operator = next((each for each in _OPERATORS if part.startswith(each)), None)
        if operator is None:
            break
        version = _leading_version(part[len(operator) :])
        if version is None:
            return None
        if operator in ("==", "===", "="):
            low = high = version
        elif operator in (">=", "~=", "^", ">"):
            low = version
        elif operator == "<=":
            high = version
        elif operator == "<":
            high = (version[0], version[1] - 1) if version[1] else (version[0] - 1, 99)
    return Range(low, high) if low or high else None


def _leading_version(text: str) -> Version | None:
    digits = ""
    for character in text.lstrip(" \"'"):
        if not (character.isdigit() or character == "."):
            break
        digits += character
    found = parse(digits) if digits else None
    return found if found and found[0] in (0, 1, 2, 3) else None
