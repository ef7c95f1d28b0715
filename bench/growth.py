"""How the work of each rule grows with the program: `python bench/growth.py [--out FOLDER] [PROGRAM…]`.

Each program of `programs.py` is made at n, 2n and 4n, and each rule goes through it in a project of its own.  Its steps
are the lines of Python that it runs, counted by a trace function: the same number in every run and on every machine,
and no loop of the engine escapes it (what C does for one line is not seen).  A program that is k times as long may take
k times the steps and half as many again, for a logarithm; more is an error, and so is a finding that is gone at a
larger size.  The table goes to `docs/evidence/growth.json` and `growth.md`.
"""

import argparse
import json
import os
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from programs import PROGRAMS, STEEPER  # noqa: E402

FACTORS = (1, 2, 4)
FEW_STEPS = 4_000  # below this a start-up counts for more than the growth
SLACK = 1.5


class Counted:
    """What one rule needed for one program: lines run, seconds, findings."""

    def __init__(self, steps: int, seconds: float, findings: int) -> None:
        self.steps, self.seconds, self.findings = steps, seconds, findings


def measured(
    files: dict[str, str], folder: str, codes: "set[str] | None" = None
) -> tuple[int, dict[str, Counted], list[str]]:
    """(bytes, {code or "engine": Counted}, searches given up) of a program whose files are written to a folder."""
    from tflint_mem.engine import engine
    from tflint_mem.hardening.depth import DEEP
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.registry import RULES, module_of
    from tflint_mem.settings import config
    from tflint_mem.sources.source import Source

    paths = []
    for name, text in files.items():
        paths.append(os.path.join(folder, name))
        with open(paths[-1], "w", encoding="utf-8") as file:
            file.write(text)
    settings = config.load([folder], (), True, {})
    found, given_up = {}, []
    with DEEP:
        for rule in RULES:
            if codes is not None and rule.code not in codes:
                continue
            project, _, _ = engine.load((Source.read(path) for path in paths), settings, len(paths))
            project.link()
            if project.mentioned(rule.triggers):
                module = module_of(rule)
                found[rule.code] = _counted(
                    lambda module=module, project=project: list(module.find(Context(project, settings)))
                )
                given_up += [line for line in project.searches.lines() if line not in given_up]
            project.close()
    return sum(map(len, files.values())), found, given_up


def _counted(work) -> Counted:
    start = time.process_time()
    lines = 0

    def local(frame, event, argument):
        nonlocal lines
        lines += 1
        return local

    outer = sys.gettrace()
    sys.settrace(local)
    try:
        result = work()
    finally:
        sys.settrace(outer)
    return Counted(lines, time.process_time() - start, len(result))


def allowed(name: str, small: int, large: int) -> float:
    """How many times the steps a program of `large` bytes may take, against one of `small`: in proportion, with slack
    for a logarithm.

    For the few that are known to be steeper: the square.
    """
    return (large / small) ** 2 if name in STEEPER else SLACK * large / small


def growth(name: str, factors: tuple[int, ...] = FACTORS, codes: "set[str] | None" = None) -> dict:
    """What the rules needed for one program at its sizes, and what is wrong with it."""
    make, first, expected = PROGRAMS[name]
    sizes, rules, wrong, unknown = [], {}, [], []
    for factor in factors:
        with tempfile.TemporaryDirectory() as folder:
            size, found, given_up = measured(make(first * factor), folder, codes)
        sizes.append(size)
        for code, counted in found.items():
            rules.setdefault(code, []).append(counted)
        unknown.append(len(given_up))
        wrong += [
            f"{code} says nothing at {first * factor}"
            for code in expected
            if code in found and not found[code].findings
        ]
    for code, counts in rules.items():
        if counts[-1].steps > FEW_STEPS * factors[-1]:
            ratio, most = counts[-1].steps / max(counts[0].steps, FEW_STEPS), allowed(name, sizes[0], sizes[-1])
            if ratio > most:
                wrong.append(
                    f"{code} takes {ratio:.1f} times the steps for a program {sizes[-1] / sizes[0]:.1f} times as "
                    f"long (at most {most:.1f})"
                )
    return {
        "program": name,
        "sizes": [first * factor for factor in factors],
        "bytes": sizes,
        "wrong": wrong,
        "given up": unknown,
        "rules": {
            code: {
                "steps": [c.steps for c in counts],
                "seconds": [round(c.seconds, 3) for c in counts],
                "findings": [c.findings for c in counts],
            }
            for code, counts in rules.items()
        },
    }


def table(results: list[dict]) -> str:
    """The Markdown table: for each program the rule that grows most."""
    lines = [
        "| program | size | bytes | rule that grows most | steps | times | findings |",
        "|---|---|---|---|---|---|---|",
    ]
    for result in results:
        worst = max(
            result["rules"],
            key=lambda code: result["rules"][code]["steps"][-1] / max(result["rules"][code]["steps"][0], FEW_STEPS),
            default=None,
        )
        if worst is None:
            continue
        rule = result["rules"][worst]
        lines.append(
            f"| {result['program']} | {' '.join(map(str, result['sizes']))} | {' '.join(map(str, result['bytes']))} "
            f"| {worst} | {' '.join(map(str, rule['steps']))} "
            f"| {rule['steps'][-1] / max(rule['steps'][0], 1):.1f} for "
            f"{result['bytes'][-1] / result['bytes'][0]:.1f} | {' '.join(map(str, rule['findings']))} |"
        )
    lines += ["", "Steeper than the program, and why:", "", *[f"- {name}: {why}" for name, why in STEEPER.items()]]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("programs", nargs="*", help="names of programs; all without")
    parser.add_argument("--factors", default="1,2,4", help="sizes, as multiples of each program's first one")
    parser.add_argument("--codes", help="rules, with commas; all without")
    parser.add_argument("--out", help="folder for growth.json and growth.md")
    options = parser.parse_args()
    factors = tuple(int(factor) for factor in options.factors.split(","))
    codes = set(options.codes.split(",")) if options.codes else None
    results = []
    for name in options.programs or PROGRAMS:
        start = time.process_time()
        results.append(growth(name, factors, codes))
        print(f"{name}: {time.process_time() - start:.1f} s", *results[-1]["wrong"], sep="\n  ", flush=True)
    if options.out:
        with open(os.path.join(options.out, "growth.json"), "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
            file.write("\n")
        with open(os.path.join(options.out, "growth.md"), "w", encoding="utf-8") as file:
            file.write(table(results))
    return int(any(result["wrong"] for result in results))


if __name__ == "__main__":
    sys.exit(main())
