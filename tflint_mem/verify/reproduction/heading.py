"""What a reproduction says of itself: what it shows, how it was found, with what, and which stand-ins are in it."""

from __future__ import annotations

import textwrap

from tflint_mem import __version__
from tflint_mem.verify.verdict.units import duration, size
from tflint_mem.verify.verdict.words import LEVEL_WORDS, MEASURED_PATTERN, MECHANISM, NOT_RUNNABLE, REDUCED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tflint_mem.finding import Finding
    from tflint_mem.verify.events import Environment
    from tflint_mem.verify.verdict.contract import Verification

_WIDTH = 110


def heading(
    finding: Finding,
    said: Verification,
    environment: Environment,
    stand_ins: Iterable[str],
    fixed: bool,
    shown: str,
    legacy_keras: bool,
    packages: Sequence[str] = (),
) -> str:
    """The docstring of the file.

    stand_ins   a sentence for each        fixed   it is the version after the fix
    shown       what the file printed when it was run by itself, "" where it was not run
    packages    that it imports beside TensorFlow
    """
    row, _ = finding.start
    place = f"{finding.path}:" + (f"cell {finding.cell}:" if finding.cell is not None else "") + f"{row}"
    rows = [_title(finding, said, place, fixed), ""]
    rows += _wrapped(f"Found by: tflint-mem verify {_quoted(place)}  (tflint-mem {__version__})")
    rows += _wrapped(f"Verdict: {_verdict(said)}")
    rows += _wrapped(f"Measured: {_figures(said, fixed)}")
    if shown:
        rows += _wrapped(f"This file: {shown}")
    rows += _wrapped(f"With: {_versions(environment, said, legacy_keras)}")
    rows.append("")
    sentences = list(stand_ins)
    rows.append("Stand-ins for what was missing:" if sentences else "There are no stand-ins in it.")
    for sentence in sentences:
        rows += textwrap.wrap(sentence, _WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
    more = f"TensorFlow, and imports {', '.join(packages)}" if packages else "TensorFlow and nothing else"
    rows += ["", *_wrapped(f"It needs this Python and {more}; an argument sets the number of repeats.")]
    return "\n".join(rows) + "\n"


def _title(finding: Finding, said: Verification, place: str, fixed: bool) -> str:
    rule = f"{finding.code} {finding.name}"
    if said["verdict"] == NOT_RUNNABLE:
        return f"What was tried for {rule} at {place}; it does not run."
    if said.get("level") == MECHANISM:
        pattern = f"The pattern of {rule}" + (", fixed" if fixed else "")
        return f"{pattern}.\n\nIt is the rule's own program and not the code at {place}, none of which is run."
    cut = ", cut to the flagged call in a loop of its own" if said.get("level") == REDUCED else ""
    return f"Reproduction of {rule} at {place}{cut}" + (", after its fix." if fixed else ".")


def _quoted(place: str) -> str:
    return f"'{place}'" if " " in place else place


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent="    ", break_on_hyphens=False)


def _verdict(said: Verification) -> str:
    kind = f", {said['kind']}" if said["kind"] else ""
    mechanism = f" ({said['mechanism']})" if said["mechanism"] else ""
    level = f"; {LEVEL_WORDS[said['level']]}" if said.get("level") else ""
    message, _, _ = said["message"].partition("; this is the flagged call in a loop of its own")
    # the program of a pattern has a verdict of its own, which confirms nothing about the code
    verdict = MEASURED_PATTERN if said.get("level") == MECHANISM else said["verdict"]
    return f"{verdict}{kind}{mechanism}{level}: {message}"


def _figures(said: Verification, fixed: bool) -> str:
    """What the meters said of this version."""
    parts = [f"{said['iterations']} repeats in {said['seconds']:.0f} s"]
    for meter in said["meters"]:
        numbers = meter["fixed" if fixed else "flagged"]
        if not isinstance(numbers, dict) or not meter["unit"].startswith("bytes"):
            continue
        raw, retained = numbers.get("raw"), numbers.get("retained")
        words = [
            f"{size(value)} {how}"
            for value, how in ((raw, "until a collection"), (retained, "after one"))
            if isinstance(value, (int, float))
        ]
        if words:
            per = " per repeat" if meter["unit"].endswith("/repeat") else ""
            parts.append(f"{meter['name']}{per} {', '.join(words)}")
    times = said.get("time")
    took = times["fixed" if fixed else "flagged"] if times is not None else None
    if took is not None:
        parts.append(f"{duration(took)} per repeat")
    return "; ".join(parts)


def _versions(environment: Environment, said: Verification, legacy_keras: bool) -> str:
    named: Sequence[tuple[str, str | None]] = (
        ("TensorFlow", environment["tensorflow"]),
        ("Keras", environment["keras"]),
        ("NumPy", environment["numpy"]),
        ("Python", environment["python"]),
    )
    found = [f"{name} {version}" for name, version in named if version]
    if legacy_keras:
        found.append("TF_USE_LEGACY_KERAS=1")
    return ", ".join([*found, said["device"], environment["system"]])
