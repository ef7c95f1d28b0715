"""How the cost of building and applying fixes grows: programs of n, 2n and 4n findings, counted steps.

    python bench/growth_fixes.py [N]        a table for n = N (default 100), 2N and 4N

A step is a call of a function or a jump or branch in one, so that loops count as well as calls (before Python 3.12
calls only); the same input always costs the same number.  Steps of the analysis between the rounds do not count here,
but how often there is one does (checks).  `PROGRAMS` has what another benchmark needs: {name: function from n to {file
name: text}}.
"""

import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

HEAD = "import tensorflow as tf\n\n"
STEPS = (
    HEAD
    + "\n"
    + "".join(f"@tf.function\ndef step_{i}(w, rate):\n    w.assign_sub(rate * w)\n\n\n" for i in range(7))
    + "w = tf.Variable(1.0)\n"
)


def loads_in_one_loop(n: int) -> dict:
    """Loads of n files in one loop: all move in front of it."""
    rows = "".join(
        f"    model_{i} = tf.keras.models.load_model('model_{i}.keras')\n    print(model_{i}.predict(x))\n"
        for i in range(n)
    )
    return {"loads.py": HEAD + "x = tf.zeros([1, 4])\nfor step in range(1000):\n" + rows}


def loops_in_one_function(n: int) -> dict:
    """A function with n loops, each with its load."""
    rows = "".join(
        f"    for path in paths:\n        model_{i} = tf.keras.models.load_model('model_{i}.keras')\n"
        f"        print(path, model_{i}(x))\n"
        for i in range(n)
    )
    return {"loops.py": HEAD + "def sweep(paths, x):\n" + rows + "\n\nsweep(['a'] * 1000, tf.zeros([1, 4]))\n"}


def calls_in_one_expression(n: int) -> dict:
    """A list of n calls of traced functions in a loop, one on each row: each argument is wrapped into a tensor."""
    rows = "".join(f"        step_{i % 7}(w, 1.0 / (epoch + {i})),\n" for i in range(n))
    return {"expression.py": STEPS + "for epoch in range(1000):\n    print([\n" + rows + "    ])\n"}


def numbers_in_one_loop(n: int) -> dict:
    """The same as n statements of a loop."""
    rows = "".join(f"    step_{i % 7}(w, 1.0 / (epoch + {i}))\n" for i in range(n))
    return {"numbers.py": STEPS + "for epoch in range(1000):\n" + rows}


def halves(n: int) -> dict:
    """n loops of TensorFlow 1 with two operations each: their fixes hold only together."""
    rows = "".join(
        f"    for step_{i} in range(100):\n        hits_{i} = tf.equal(tf.argmax(logits, 1), y)\n"
        f"        rate_{i} = tf.reduce_mean(tf.cast(hits_{i}, tf.float32))\n        print(sess.run(rate_{i}))\n"
        for i in range(n)
    )
    return {
        "halves.py": "import tensorflow.compat.v1 as tf\n\ntf.disable_eager_execution()\ny = tf.zeros([8], tf.int64)\n"
        "logits = tf.zeros([8, 3])\nwith tf.Session() as sess:\n" + rows
    }


def branches(n: int) -> dict:
    """A loop over a long `elif`, with a load in each branch: all want the same lines at the end of the loop."""
    rows = "".join(
        f"    {'el' if i else ''}if path == 'p{i}':\n        model = tf.keras.models.load_model('m{i}.keras')\n"
        "        print(model.predict(path))\n"
        for i in range(n)
    )
    return {"branches.py": HEAD + "for path in open('paths'):\n" + rows}


def files(n: int) -> dict:
    """n files with a load in a loop each."""
    return {f"file_{i}.py": loads_in_one_loop(1)["loads.py"] for i in range(n)}


def notebook_cells(n: int) -> dict:
    """A notebook of n cells with a load in a loop each."""
    cells = [HEAD + "x = tf.zeros([1, 4])"] + [
        f"for step in range(1000):\n    model_{i} = tf.keras.models.load_model('model_{i}.keras')\n"
        f"    print(model_{i}.predict(x))"
        for i in range(n)
    ]
    return {"cells.ipynb": _notebook(cells)}


def notebook_cell(n: int) -> dict:
    """A notebook with all of that in one cell."""
    return {"cell.ipynb": _notebook([loads_in_one_loop(n)["loads.py"]])}


def _notebook(texts: list) -> str:
    cells = [
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": text.splitlines(True)}
        for text in texts
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)


PROGRAMS: dict[str, Callable[[int], dict]] = {
    "loads in one loop": loads_in_one_loop,
    "loops in one function": loops_in_one_function,
    "calls in one expression": calls_in_one_expression,
    "numbers in one loop": numbers_in_one_loop,
    "halves": halves,
    "files": files,
    "notebook cells": notebook_cells,
    "one notebook cell": notebook_cell,
    "branches": branches,
}


class Steps:
    """Counts steps while it is on; `with` switches it on and off, as often as one likes."""

    def __init__(self) -> None:
        self.count = 0
        self._monitoring = getattr(sys, "monitoring", None)  # before Python 3.12: calls only

    def __enter__(self) -> "Steps":
        if self._monitoring is None:
            sys.setprofile(self._happened)
            return self
        events = self._monitoring.events
        self._monitoring.use_tool_id(self._monitoring.PROFILER_ID, "steps")
        branches = ("BRANCH_LEFT", "BRANCH_RIGHT") if hasattr(events, "BRANCH_LEFT") else ("BRANCH",)
        wanted = [getattr(events, name) for name in ("PY_START", "PY_RESUME", "JUMP", *branches)]
        for event in wanted:
            self._monitoring.register_callback(self._monitoring.PROFILER_ID, event, self._happened)
        self._monitoring.set_events(self._monitoring.PROFILER_ID, sum(wanted))
        return self

    def __exit__(self, *exception: object) -> None:
        if self._monitoring is None:
            sys.setprofile(None)
            return
        self._monitoring.set_events(self._monitoring.PROFILER_ID, 0)
        self._monitoring.free_tool_id(self._monitoring.PROFILER_ID)

    def _happened(self, *details: object) -> None:
        self.count += 1


class Cost(NamedTuple):
    """Of a run with `--fix --unsafe-fixes`: steps of building and applying fixes alone, and what became of them."""

    steps: int
    checks: int
    applied: int
    left: int
    seconds: float


def fixed(texts: dict, folder: Path) -> Cost:
    """Fix files with these texts, written to `folder`."""
    from tflint_mem.command import check
    from tflint_mem.engine import finish
    from tflint_mem.fixes import rounds

    for name, text in texts.items():
        (folder / name).write_text(text)
    steps, build, work = Steps(), finish.fix_of, rounds.steps

    def counted_build(*given: object) -> object:
        with steps:
            return build(*given)

    def counted_work(*given: object, **more: object) -> Iterator:
        going, answer = work(*given, **more), None
        while True:
            try:
                with steps:
                    question = going.send(answer)
            except StopIteration as done:
                return done.value
            answer = yield question

    run = check.Run(
        check.Options(
            [str(folder)],
            isolated=True,
            output_file=os.devnull,
            overrides={
                "fix": True,
                "unsafe_fixes": True,
                "cache": False,
                "ignore": ["TFM6"],
                "output_format": "concise",
            },
        )
    )
    checks, found_with = [], run.check.found_with
    run.check.found_with = lambda changed: checks.append(changed) or found_with(changed)
    begin = time.perf_counter()
    finish.fix_of, rounds.steps = counted_build, counted_work
    try:
        run.result()
    finally:
        finish.fix_of, rounds.steps = build, work
    left = sum(finding.fix is not None for finding in run.findings)
    return Cost(steps.count, len(checks), len(run.fixed), left, time.perf_counter() - begin)


def costs(make: Callable[[int], dict], sizes: tuple) -> list:
    """The Cost for each size, in fresh folders; what is imported and worked out once is paid before."""
    found = []
    for size in (2, *sizes):
        with tempfile.TemporaryDirectory() as folder:
            found.append(fixed(make(size), Path(folder)))
    return found[1:]


def power(small: int, large: int) -> float:
    """The power of n with which a count grows when n doubles."""
    return math.log2(large / small)


def main() -> None:
    """Print the table."""
    n, only = int(sys.argv[1]) if len(sys.argv) > 1 else 100, sys.argv[2:]
    print(f"| program | fixed at {4 * n} | left | checks | steps at {n} | at {2 * n} | at {4 * n} | power | seconds |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, make in PROGRAMS.items():
        if not only or name in only:
            found = costs(make, (n, 2 * n, 4 * n))
            last = found[-1]
            counts = " | ".join(f"{cost.steps:,}" for cost in found)
            grows = power(found[-2].steps, last.steps)
            print(
                f"| {name} | {last.applied} | {last.left} | {last.checks} | {counts} | {grows:.2f} | "
                f"{last.seconds:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
