"""What a verification may use: the interpreter, the device, time and memory.  From the command line and
`[tool.tflint-mem.verify]`."""

from __future__ import annotations

import copy
import math
import os
import sys

from .seat import Seat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, TypedDict

    class Given(TypedDict, total=False):
        """What the command line gives; None, or absent: not given.  memory as a person writes it."""

        python: str | None
        device: str | None
        timeout: float | None
        total: float | None
        memory: str | None
        codes: list[str] | None
        keep: str | None
        network: bool | None
        setup: str | None
        env: Iterable[str] | None
        jobs: int | None
        on: str | None
        changed: bool | None


DEVICES = ("auto", "cpu", "gpu")
ENGINES = ("ray",)

# key of the configuration table -> (attribute of Options, type or "bytes")
KEYS: dict[str, tuple[str, type | str]] = {
    "python": ("python", str),
    "device": ("device", str),
    "timeout": ("timeout", float),
    "total-timeout": ("total", float),
    "memory-limit": ("memory", "bytes"),
    "seconds": ("seconds", float),
    "network": ("network", bool),
    "setup": ("setup", str),
    "codes": ("codes", list),
}


class CannotVerify(Exception):
    """Nothing can be measured here: no system, interpreter or device for it."""


class OptionError(ValueError):
    """An option or configuration value that cannot be used; the message is for the user."""


class Options:
    """All settings of a run of --verify.

    python   interpreter that has TensorFlow             device   "auto", "cpu" or "gpu"
    timeout  seconds for one finding, flagged and fixed  total    seconds for all findings, None for no limit
    memory   resident bytes at which a child is stopped  seconds  time of looping in one child
    network  leave the network reachable                 setup    file (or source) that defines what snippets lack
    codes    only these rules (codes, prefixes, names) or places (`file.py:12`); None for all
    keep     folder for the snippets, None to drop them
    env      names of environment variables that children get beside those of containment/variables.py; from the
             command line alone
    jobs     how many findings are verified at the same time on this machine; 0: as many as there are processors
    on       an engine that spreads the findings over its machines, one of ENGINES; None: this machine
    changed  a snippet that was measured before by the same interpreter on the same device keeps what was measured
    seat     the part of the machine that a measurement has to itself
    legacy_keras  `tf.keras` is Keras 2, from the package tf_keras
    """

    __slots__ = (
        "python",
        "device",
        "timeout",
        "total",
        "memory",
        "seconds",
        "network",
        "setup",
        "codes",
        "keep",
        "base",
        "env",
        "jobs",
        "on",
        "changed",
        "seat",
        "legacy_keras",
    )

    def __init__(
        self,
        python: str | None = None,
        device: str = "auto",
        timeout: float = 60.0,
        total: float | None = None,
        memory: int | None = None,
        seconds: float = 6.0,
        network: bool = False,
        setup: str | None = None,
        codes: list[str] | None = None,
        keep: str | None = None,
        base: str | None = None,
        env: Iterable[str] = (),
        jobs: int = 1,
        on: str | None = None,
        changed: bool = False,
        legacy_keras: bool = False,
    ) -> None:
        """Raises OptionError for values that cannot be used."""
        self.python = python or sys.executable
        self.device, self.timeout, self.total = device, float(timeout), total
        self.jobs, self.on, self.changed, self.seat = int(jobs), on, changed, Seat()
        self.memory = default_memory_limit(self.jobs) if memory is None else int(memory)
        self.seconds, self.network, self.setup, self.codes, self.keep = float(seconds), network, setup, codes, keep
        self.base, self.env, self.legacy_keras = base or os.getcwd(), tuple(env), legacy_keras
        if device not in DEVICES:
            raise OptionError(f"verify device must be one of {', '.join(DEVICES)}, not {device!r}")
        if self.timeout <= 0 or self.seconds <= 0 or (total is not None and total <= 0) or self.memory <= 0:
            raise OptionError("verify limits must be greater than zero")
        if self.jobs < 0:
            raise OptionError("--verify-jobs must be a number of findings, or 0 for as many as there are processors")
        if on is not None and on not in ENGINES:
            raise OptionError(f"--verify-on must be one of {', '.join(ENGINES)}, not {on!r}")

    def at(self, seat: Seat) -> Options:
        """The same options for a measurement at a seat."""
        options = copy.copy(self)
        options.seat = seat
        return options

    @classmethod
    def from_table(cls, table: Mapping[str, object] | None, base: str | None = None, **overrides: Any) -> Options:
        """Options from the configuration's `verify` table; `overrides` that are not None win (the command line).

        base: folder that relative paths of the table are meant from.  Raises OptionError for unknown keys or wrong
        types.
        """
        values: dict[str, Any] = {}
        for key, value in (table or {}).items():
            if key not in KEYS:
                raise OptionError(f"unknown key {key!r} in the verify table{_nearest(key)}")
            name, kind = KEYS[key]
            values[name] = _converted(key, value, kind)
        if base and "python" in values and os.path.dirname(values["python"]):
            values["python"] = os.path.join(base, os.path.expanduser(values["python"]))
        values.update({name: value for name, value in overrides.items() if value is not None})
        return cls(base=base, **values)

    def setup_source(self) -> str:
        """Python source of the user's own setup, or "".  Raises OptionError when the file cannot be read."""
        if not self.setup:
            return ""
        path = os.path.join(self.base, os.path.expanduser(self.setup))
        if os.path.isfile(path):
            try:
                with open(path, encoding="utf-8") as handle:
                    return handle.read()
            except (OSError, UnicodeDecodeError) as error:
                raise OptionError(f"verify setup {self.setup}: {error}") from None
        if self.setup.endswith(".py") and "\n" not in self.setup:
            raise OptionError(f"verify setup {self.setup}: no such file")
        return self.setup


def refuse_elsewhere() -> None:
    """Raises CannotVerify on a system on which no measured process can be contained and ended."""
    if os.name != "posix" or sys.platform == "win32":
        raise CannotVerify("needs a POSIX system (Linux, macOS or WSL)")


def default_memory_limit(jobs: int = 1) -> int:
    """Bytes for each of so many measurements at the same time: half of what is available now (of several, a part of
    three quarters), at most 8 GiB, at least 1 GiB.
    """
    available = None
    try:
        with open("/proc/meminfo") as meminfo:
            for line in meminfo:
                if line.startswith("MemAvailable:"):
                    available = int(line.split()[1]) * 1024
    except (OSError, ValueError):
        from tflint_mem.verify.containment import without_proc

        available = without_proc.available()
    if available is None:
        return 4 << 30
    each = available // 2 if jobs == 1 else available * 3 // 4 // (jobs or os.cpu_count() or 1)
    return max(1 << 30, min(8 << 30, each))


def parse_bytes(text: object) -> int:
    """ "2GiB", "500 MB", "1.5g" or a plain number, in bytes.  Raises OptionError for anything else."""
    written = str(text).strip()
    number = written.rstrip("BbIiKkMmGgTt ").strip()
    unit = written[len(number) :].strip().lower().rstrip("b").rstrip("i")
    try:
        return int(float(number) * {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}[unit])
    except (ValueError, KeyError, OverflowError):
        raise OptionError(f"{written!r} is not a number of bytes (write 2GiB, 500MiB or a plain number)") from None


def _converted(key: str, value: object, kind: type | str) -> object:
    if not isinstance(kind, type):
        return parse_bytes(value)
    if kind is float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise OptionError(f"verify.{key} must be a number of seconds, not {value!r}")
        if not math.isfinite(value):
            raise OptionError(f"verify.{key} must be a finite number of seconds, not {value!r}")
        return float(value)
    if not isinstance(value, kind):
        raise OptionError(
            f"verify.{key} must be {'true or false' if kind is bool else 'a ' + kind.__name__}, not {value!r}"
        )
    return value


def _nearest(key: str) -> str:
    import difflib

    match = difflib.get_close_matches(key, KEYS, 1)
    return f" (did you mean {match[0]!r}?)" if match else f" (known keys: {', '.join(sorted(KEYS))})"
