"""Makes an environment: a Python that the wanted TensorFlow runs on, and TensorFlow in it.

By `uv` where it is on PATH, which also fetches a missing Python; else by `venv` and pip of a Python that is there.
Nothing is installed without the command that asks for it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

from tflint_mem.project.linking import requirements
from tflint_mem.sources.dependencies import Beside
from tflint_mem.sources.files import read_regular

from .environments import Environment, home, interpreter_in, remember
from .interpreter import resolve
from .options import OptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Version = tuple[int, ...]
    Tell = Callable[[str], None]

# Minor version of TensorFlow -> (oldest, newest) minor version of Python 3 with wheels for it; the last row goes on.
# From the files that PyPI lists for each release.
_PYTHONS: dict[Version, tuple[int, int]] = {
    (2, 4): (6, 8),
    (2, 5): (6, 9),
    (2, 6): (6, 9),
    (2, 7): (7, 10),
    (2, 8): (7, 10),
    (2, 9): (7, 10),
    (2, 10): (7, 10),
    (2, 11): (7, 10),
    (2, 12): (8, 11),
    (2, 13): (8, 11),
    (2, 14): (9, 11),
    (2, 15): (9, 11),
    (2, 16): (9, 12),
    (2, 17): (9, 12),
    (2, 18): (9, 12),
    (2, 19): (9, 12),
    (2, 20): (9, 13),
    (2, 21): (10, 13),
}
_MOST_BYTES = 1_000_000  # of a file of requirements
_LEAST = (3, 8)  # of the Pythons that a measured process can be
_OLD_PROTOBUF = (2, 12)  # TensorFlow before it does not start with protobuf 4, and does not say so
_OLD_NUMPY = (2, 18)  # nor does one before it with NumPy 2
_LEGACY_KERAS = (2, 16)  # from here on `tf.keras` is Keras 3 unless it is told otherwise


def create(
    project: str,
    tensorflow: str | None = None,
    python: str | None = None,
    with_requirements: bool = False,
    legacy_keras: bool = False,
    tell: Tell = print,
) -> Environment:
    """Make the environment of a project and remember it.

    tensorflow         a version such as "2.15"; None: what the project's requirements admit, the newest of it
    python             an interpreter, or a version such as "3.11"; None: the newest that the TensorFlow runs on
    with_requirements  install what the project's requirements.txt names, too: plain names and versions alone
    legacy_keras       install tf_keras, and let `tf.keras` be it

    Raises OptionError with what is missing, and OSError.
    """
    root = os.path.realpath(project)
    asked = None if tensorflow is None else _version(tensorflow)
    specifier, version = (f"=={_text(asked)}.*", asked) if asked else _required(root)
    where = home()
    if where is None:
        raise OptionError("there is no home folder to keep an environment in")
    wanted = [f"tensorflow{specifier}", *_companions(version)]
    if legacy_keras:
        if version is not None and version < _LEGACY_KERAS:
            raise OptionError(f"TensorFlow {_text(version)} has no other Keras than Keras 2: leave out --legacy-keras")
        # it has no releases of its own for patches of TensorFlow
        wanted.append(f"tf_keras{specifier}" if version is None else f"tf_keras=={_text(version[:2])}.*")
    if with_requirements:
        wanted += _requirements(root, tell)
    folder = _free_folder(where, root)
    try:
        install(folder, wanted, root, python, None if version is None else _text(version), tell)
        found = _installed(interpreter_in(folder))
        environment = Environment(root, folder, found[0], found[1], legacy_keras)
        replaced = remember(environment)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    for each in replaced:
        remove(each)
    return environment


def install(
    folder: str,
    wanted: Sequence[str],
    root: str,
    python: str | None = None,
    tensorflow: str | None = None,
    tell: Tell = print,
) -> None:
    """Make an environment in a folder, with packages in it, which is remembered for no project.

    wanted       as pip has them                          root    of the tree that no program is taken from
    python       as `create` has it                       tensorflow   the version to choose a Python for

    What is there is compiled: a measured process cannot write, and would compile all of TensorFlow each time.  Raises
    OptionError with what is missing, and OSError.
    """
    version = None if tensorflow is None else _version(tensorflow)
    uv = _uv(root)
    if uv is None:
        interpreter = _interpreter(python, version, root)
        tell(f"Making an environment with {interpreter}")
        _run([interpreter, "-m", "venv", folder])
        command = [interpreter_in(folder), "-m", "pip", "install", "--disable-pip-version-check"]
    else:
        tell("Making an environment with uv")
        _run([uv, "venv", "--quiet", "--python", python or _text_of_python(version), folder])
        command = [uv, "pip", "install", "--python", interpreter_in(folder), "--compile-bytecode"]
    tell(f"Installing {' '.join(wanted)}")
    _run([*command, *wanted])


def companions(tensorflow: str) -> list[str]:
    """What a version of TensorFlow does not run without, and does not ask for.  Raises OptionError for what is none."""
    return _companions(_version(tensorflow))


def remove(environment: Environment) -> None:
    """Delete the folder of an environment, which must be one of ours.  Raises OSError."""
    where = home()
    if where is not None and os.path.dirname(os.path.abspath(environment.folder)) == where:
        shutil.rmtree(environment.folder, ignore_errors=not os.path.exists(environment.folder))


# -- versions ---------------------------------------------------------------------------------------------------------


def _version(text: str) -> Version:
    match = re.fullmatch(r"(\d+)\.(\d+)(?:\.\d+)?", text)
    if not match:
        raise OptionError(f"--tensorflow {text}: give a version such as 2.15")
    version = tuple(int(part) for part in text.split("."))
    if version < (2, 4):
        raise OptionError(f"--tensorflow {text}: --verify measures TensorFlow 2.4 and later")
    return version


def _required(root: str) -> tuple[str, Version | None]:
    """(the specifier, the minor version) that the requirements at a project's root admit."""
    admitted = requirements.admitted(root, Beside())
    if admitted is None:
        return "", None
    low, high = admitted.low, admitted.high
    if high is not None and (2, 4) <= high <= max(_PYTHONS):
        minor = high[:2]
        return f"=={_text(minor)}.*", minor
    if high is not None and high > max(_PYTHONS):  # `<3` admits what there will be
        return f"{'' if low is None else f'>={_text(low)},'}<{high[0] + 1}", None
    if low is not None and low >= (2, 4):
        return f">={_text(low)}", None
    raise OptionError("the project asks for a TensorFlow before 2.4, which --verify cannot measure: give --tensorflow")


def _companions(version: Version | None) -> list[str]:
    """What an old TensorFlow does not run without, and does not ask for."""
    found = []
    if version is not None and version[:2] < _OLD_PROTOBUF:
        found.append("protobuf<3.21")
    if version is not None and version[:2] < _OLD_NUMPY:
        found.append("numpy<2")
    return found


def _pythons(version: Version | None) -> tuple[int, int]:
    rows = [row for minor, row in _PYTHONS.items() if version is None or minor <= version[:2]]
    return rows[-1]


def _text(version: Sequence[int]) -> str:
    return ".".join(map(str, version))


def _text_of_python(version: Version | None) -> str:
    return f"3.{_pythons(version)[1]}"


# -- programs ---------------------------------------------------------------------------------------------------------


def _uv(root: str) -> str | None:
    try:
        return resolve("uv", root)
    except OptionError:
        return None


def _interpreter(python: str | None, version: Version | None, root: str) -> str:
    """A Python that is there and that the TensorFlow runs on, the newest."""
    if python is not None:
        return resolve(python if not re.fullmatch(r"3\.\d+", python) else f"python{python}", root)
    oldest, newest = _pythons(version)
    oldest = max(oldest, _LEAST[1])
    if oldest <= sys.version_info[1] <= newest:
        return os.path.realpath(sys.executable)
    for minor in range(newest, oldest - 1, -1):
        try:
            found = resolve(f"python3.{minor}", root)
        except OptionError:
            continue
        if _answers(found):
            return found
    wanted = "TensorFlow" if version is None else f"TensorFlow {_text(version)}"
    raise OptionError(f"{wanted} runs on Python 3.{oldest} to 3.{newest}: give one by --python, or install uv")


def _answers(interpreter: str) -> bool:
    """Does it start?  A version manager puts names on PATH that lead to nothing."""
    return subprocess.run([interpreter, "-c", "import venv"], capture_output=True, check=False).returncode == 0


def _run(command: list[str]) -> None:
    """Run a program, what it says going to standard error.  Raises OptionError with its last line when it fails."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    except OSError as error:
        raise OptionError(f"cannot start {command[0]}: {error.strerror or error}") from None
    if done.returncode:
        lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
        told = next((line for line in reversed(lines) if "error" in line.lower()), lines[-1] if lines else "")
        raise OptionError(f"`{' '.join([os.path.basename(command[0]), *command[1:]])}` failed: {told}")


def _installed(interpreter: str) -> tuple[str, str]:
    """(version of TensorFlow, version of Python) of an interpreter; nothing of TensorFlow is imported."""
    code = (
        "import platform\n"
        "try:\n    from importlib.metadata import version\n"
        "except ImportError:\n    from pkg_resources import get_distribution\n"
        "    version = lambda name: get_distribution(name).version\n"
        "print(version('tensorflow'), platform.python_version())"
    )
    done = subprocess.run([interpreter, "-I", "-c", code], capture_output=True, text=True, check=False)
    words = done.stdout.split()
    if done.returncode or len(words) != 2:
        raise OptionError(f"TensorFlow was installed, and {interpreter} does not find it")
    return words[0], words[1]


# -- folders and requirements -----------------------------------------------------------------------------------------


def _free_folder(where: str, root: str) -> str:
    os.makedirs(where, 0o700, exist_ok=True)
    stem = re.sub(r"\W+", "-", os.path.basename(root)).strip("-") or "project"
    folder, number = os.path.join(where, stem), 1
    while os.path.lexists(folder):
        number += 1
        folder = os.path.join(where, f"{stem}-{number}")
    return folder


_CLAUSE = r"(?:===|[<>=~!]=|[<>])\s*[\w.*+-]+"
_PLAIN = re.compile(rf"[A-Za-z0-9][\w.-]*\s*(?:\[[\w,. -]+\])?\s*(?:{_CLAUSE}(?:\s*,\s*{_CLAUSE})*)?\s*(?:;.*)?")
_OURS = re.compile(r"(tensorflow([-_](cpu|gpu|intel|macos))?|tf[-_]?nightly([-_]\w+)?|tf[-_]keras)(?![\w-])", re.I)


def _requirements(root: str, tell: Tell) -> list[str]:
    """The names with versions in the project's requirements.txt.

    A checked tree does not choose where packages come from: options, addresses and paths are told and left out.
    """
    path = os.path.join(root, "requirements.txt")
    try:
        lines = read_regular(path, _MOST_BYTES).decode("utf-8", "replace").splitlines()
    except OSError as error:
        raise OptionError(f"{path}: {error.strerror or error}") from None
    found = []
    for number, line in enumerate(lines, 1):
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if not line or _OURS.match(line):
            continue
        if _PLAIN.fullmatch(line):
            found.append(line)
        else:
            tell(f"{path}:{number}: left out, it is no name of a package with a version")
    return found
