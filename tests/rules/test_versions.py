"""What rules say of versions is what was measured: the table of rules, texts and messages against
docs/evidence/versions.json.  Nothing is measured here; `python bench/versions.py` does that."""

import ast
import json
import re
from collections import namedtuple

import pytest

from support import ROOT
from tflint_mem import Settings, check_paths
from tflint_mem.analysis.program import mechanisms
from tflint_mem.ruleset import costs
from tflint_mem.ruleset.registry import BY_CODE, RULES

RECORD = json.loads((ROOT / "docs" / "evidence" / "versions.json").read_text(encoding="utf-8"))
NEWEST, OLDEST = (9, 99), (2, 0)
NOISE = 8.0  # KiB per repeat: as `--verify` has it
GARBAGE = 32.0  # KiB per repeat before a collection: the same
SLOWER = 1.3  # times, on a machine that others use
TEXTS = [
    *sorted((ROOT / "rules").glob("tfm*.py")),
    *(ROOT / "tflint_mem" / "analysis" / "models" / name for name in ("built.py", "loaded.py")),
    ROOT / "tflint_mem" / "analysis" / "program" / "mechanisms.py",
]
RANGE = re.compile(
    r"2\.\d+(?:,| and) (?:later|older)|2\.\d+ or later|(?:since|before|up to) (?:TensorFlow |TF )?2\.\d+"
    r"|2\.\d+(?: to |-)2\.\d+"
)


def number(version):
    """ "2.15" as (2, 15)."""
    return tuple(map(int, version.split(".")))


def measured(program, kind):
    """{version: entry} of what has numbers under a plain TensorFlow.  program: a rule's code, or one of bench/claims"""
    part = RECORD["rules"] if program in BY_CODE else RECORD["claims"]
    found = {}
    for version, entry in part.get(program, {}).get(kind, {}).items():
        if re.fullmatch(r"2\.\d+", version) and entry["verdict"] != "cannot-run":
            found[number(version)] = entry
    return found


def beyond(program, meter):
    """{version: KiB per repeat of the flagged program above the fixed one}, where both have them."""
    flagged, fixed = measured(program, "flagged"), measured(program, "fixed")
    return {
        version: (entry.get(meter) or 0.0) - (fixed[version].get(meter) or 0.0)
        for version, entry in flagged.items()
        if version in fixed
    }


# -- the record --------------------------------------------------------------------------------------------------------


def test_the_package_carries_the_record():
    for code, kinds in RECORD["rules"].items():
        rows = {row["tensorflow"]: row for row in costs.of_rule(code)}
        assert rows.keys() == {version for by_version in kinds.values() for version in by_version}
        for kind, by_version in kinds.items():
            for version, entry in by_version.items():
                assert rows[version][kind].get("stays") == entry.get("stays")
                assert ("cannot" in rows[version][kind]) == (entry["verdict"] == "cannot-run")
    assert costs.of_rule("TFM000") == []


def test_versions_come_in_order():
    for code in RECORD["rules"]:
        versions = [number(row["tensorflow"]) for row in costs.of_rule(code)]
        assert versions == sorted(versions)


def test_the_page_says_what_was_not_measured():
    page = (ROOT / "docs" / "versions.md").read_text(encoding="utf-8")
    told = page.partition("## What was not measured yet")[2]
    every = {version for kinds in RECORD["rules"].values() for by in kinds.values() for version in by}
    for rule in RULES:
        lacking = [
            version
            for version in sorted(every, key=number)
            for kind in ("flagged", "fixed")
            if version not in RECORD["rules"].get(rule.code, {}).get(kind, {})
        ]
        row = re.search(rf"^\| {rule.code} \| (.*) \|$", told, re.MULTILINE)
        assert (row[1].split(", ") if row else []) == list(dict.fromkeys(lacking)), rule.code


# -- the table of rules ------------------------------------------------------------------------------------------------

# Rules whose flagged program shows nothing that the meters of a CPU see, and why.
SHOWS_NOTHING = {
    "TFM108": "it harms a model in use; nothing grows",
    "TFM601": "a GPU is missing",
}


def shows(rule, flagged, fixed):
    """Does the flagged program do what the rule is about, and the fixed one (None: not measured) does not?"""
    if rule.group == "config" or rule.code == "TFM702":
        return flagged["verdict"] == "confirmed"
    if rule.code == "TFM505":
        return True  # it does nothing up to Keras 2, and raises behind it: both is what the rule says
    if "holds" in flagged:
        return flagged["holds"] > 8 * ((fixed or {}).get("holds") or 0.0) and flagged["holds"] > 1024
    stays = (flagged["stays"] or 0.0) - ((fixed or {}).get("stays") or 0.0)
    grows = (flagged["grows"] or 0.0) - ((fixed or {}).get("grows") or 0.0)
    if stays >= NOISE or any(rate >= 0.9 for rate in flagged.get("objects", {}).values()):
        return True
    if flagged["kind"] == "deferred" and grows >= GARBAGE:
        return True
    return rule.group == "speed" and fixed is not None and flagged["ms"] >= SLOWER * fixed["ms"]


@pytest.mark.parametrize("code", sorted(RECORD["rules"].keys() - SHOWS_NOTHING.keys()))
def test_a_rule_is_about_the_versions_that_show_it(code):
    rule = BY_CODE[code]
    first, last = number(rule.since) if rule.since else OLDEST, number(rule.until) if rule.until else NEWEST
    fixed = measured(code, "fixed")
    for version, entry in measured(code, "flagged").items():
        if entry["verdict"] != "undecided":
            assert shows(rule, entry, fixed.get(version)) == (first <= version <= last), (version, entry)


def test_where_a_rule_ends_was_measured_on_both_sides():
    for rule in RULES:
        versions = measured(rule.code, "flagged").keys()
        assert not rule.since or min(versions) < number(rule.since) in versions
        assert not rule.until or max(versions) > number(rule.until) in versions


def test_severity_follows_the_number():
    """Of what `leaky.py` costs on the newest version: an error costs hundreds of KiB per repeat, a warning something.

    Both where a late collection would return it: nobody waits for that.
    """
    least = {"error": 256.0, "warning": NOISE}
    for rule in RULES:
        entries = measured(rule.code, "flagged")
        if rule.group != "leak" or rule.severity == "hint" or rule.code in (*SHOWS_NOTHING, "TFM702") or not entries:
            continue
        newest = entries[max(entries)]
        cost = max(newest.get(meter) or 0.0 for meter in ("stays", "grows", "holds"))
        assert cost >= least[rule.severity] or newest["objects"], (rule.code, newest)


# -- texts -------------------------------------------------------------------------------------------------------------

# What a text says of a range of versions: in those from `first` to `last` the program's flagged version has at least
# `least` KiB per repeat more than its fixed one on the meter, and at most `most`; outside of them less than `least`
# (where `others` says that the text claims so).
Claim = namedtuple("Claim", "program meter first last least most others", defaults=(True,))


def between(program, first, last, least, most=1e9, meter="stays", others=True):
    return Claim(program, meter, first, last, least, most, others)


PINNED = between("TFM102", (2, 14), NEWEST, 200)
RECOMPILED = between("TFM106", OLDEST, NEWEST, 2000)
PREDICTS = between("predict_arrays", (2, 10), (2, 14), 200, 300)
FITS = between("fit_arrays", (2, 10), (2, 14), 200, 330)
NAMED = between("TFM304", (2, 15), NEWEST, 25, 60)
CLEARED = between("trained_and_cleared", (2, 14), NEWEST, 200)
BUILT = between("built_and_called", (2, 15), NEWEST, 30)
SAID = {
    ("TFM102", "2.10 to 2.13"): FITS,
    ("TFM102", "2.13 and older"): PINNED,
    ("TFM102", "2.14 and later"): PINNED,
    ("TFM102", "2.15 and later"): BUILT,
    ("TFM103", "2.14 and later"): PINNED,
    ("TFM105", "2.14 and later"): PINNED,
    ("TFM106", "2.14 and later"): RECOMPILED,
    ("TFM106", "before TensorFlow 2.14"): RECOMPILED,
    ("TFM108", "2.10 to 2.14"): [PREDICTS, FITS],
    ("TFM201", "2.10 to 2.14"): [PREDICTS, FITS],
    ("TFM201", "2.15 and later"): PREDICTS,
    ("TFM207", "2.10 to 2.14"): FITS,
    ("TFM207", "2.8 to 2.15"): between("TFM207", (2, 8), (2, 15), 250, 550, others=False),
    ("TFM207", "2.8-2.15"): between("TFM207", (2, 8), (2, 15), 250, 550, others=False),
    ("TFM301", "since TensorFlow 2.14"): between("TFM301", (2, 14), NEWEST, 100),
    ("TFM304", "2.14 and older"): NAMED,
    ("TFM304", "up to 2.14"): NAMED,
    ("TFM307", "before 2.10"): between("TFM307", (2, 10), NEWEST, 30, 60),
    ("TFM307", "since TF 2.10"): between("TFM307", (2, 10), NEWEST, 30, 60),
    ("TFM402", "2.10 to 2.14"): between("dataset_with_map", (2, 10), (2, 14), 55, 80),
    ("built", "2.14 and later"): PINNED,
    ("built", "before TensorFlow 2.14"): CLEARED,
    ("loaded", "2.10 to 2.13"): FITS,
    ("loaded", "up to TF 2.13"): PINNED,
    ("mechanisms", "2.10 to 2.14"): PREDICTS,
    ("mechanisms", "2.14 and later"): PINNED,
    ("mechanisms", "2.14 or later"): PINNED,
    ("mechanisms", "2.15 and later"): BUILT,
}

# What is no claim about memory, and why.
NOT_MEMORY = {
    ("TFM107", "before TensorFlow 2.5"): "the spelling of a method",
    ("TFM505", "2.16 and later"): "test_what_raises",
}


def said():
    """[(rule or module, what it says of a range of versions)]."""
    found = set()
    for path in TEXTS:
        name = path.stem[:6].upper() if path.stem.startswith("tfm") else path.stem
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = re.sub(r"\s+", " ", node.value)
                found |= {(name, match[0]) for match in RANGE.finditer(text)}
    return found


def test_every_range_of_versions_in_a_text_has_its_measurement():
    assert said() == SAID.keys() | NOT_MEMORY.keys(), "give it a claim in SAID: what was measured, on which program"


@pytest.mark.parametrize("where", sorted(SAID), ids=" ".join)
def test_what_a_text_says_of_versions_was_measured(where):
    for claim in SAID[where] if isinstance(SAID[where], list) else [SAID[where]]:
        values = beyond(claim.program, claim.meter)
        inside = {version: value for version, value in values.items() if claim.first <= version <= claim.last}
        outside = {version: value for version, value in values.items() if version not in inside}
        assert inside, claim
        assert all(claim.least <= value <= claim.most for value in inside.values()), (claim, inside)
        if claim.others and (claim.first > OLDEST or claim.last < NEWEST):
            assert outside and all(value < claim.least for value in outside.values()), (claim, outside)
        # where the range begins, the version itself was measured
        if claim.first > OLDEST:
            assert claim.first in inside


def test_the_versions_that_decide_are_those_of_the_record():
    pinned, pipelines = beyond("TFM102", "stays"), beyond("predict_arrays", "stays")
    assert min(version for version, value in pinned.items() if value >= 200) == mechanisms.FIRST_PINNED
    leaks = [version for version, value in pipelines.items() if value >= 200]
    assert (min(leaks), max(leaks)) == (mechanisms.FIRST_KEEPING, (2, 14))
    assert mechanisms.FIRST_LETTING_GO == min(version for version in pipelines if version > max(leaks))


# -- findings ----------------------------------------------------------------------------------------------------------

PREDICTS = """\
import numpy as np
import tensorflow as tf

model = tf.keras.models.load_model("m.keras")
frames = np.load("frames.npy")
for frame in frames:
    print(model.predict(frame[None]))
    tf.keras.backend.clear_session()
"""


@pytest.mark.parametrize(
    ("required", "stays"),
    [
        ("tensorflow==2.13.1", "stay as long as the model"),
        ("tensorflow==2.14.1", "stay for the life of the process"),
        ("numpy", "stay for the life of the process (before TensorFlow 2.14: of the model)"),
    ],
)
def test_what_a_compile_leaves_stays_as_long_as_the_version_keeps_it(tmp_path, required, stays):
    (tmp_path / "requirements.txt").write_text(required + "\n")
    (tmp_path / "main.py").write_text(
        "import tensorflow as tf\n\nmodel = tf.keras.models.load_model('m.keras')\n"
        "for batch, target in load():\n    model.compile('adam', 'mse')\n    model.fit(batch, target)\n"
    )
    (found,) = check_paths(tmp_path, Settings(select=["TFM106"])).findings
    assert found.message.endswith(stays) and found.severity == "error"


@pytest.mark.parametrize(
    ("required", "severity", "group", "cleared"),
    [
        ("tensorflow==2.9.3", "hint", "speed", "warning"),
        ("tensorflow==2.10.1", "warning", "leak", "hint"),
        ("tensorflow>=2.11,<2.15", "warning", "leak", "hint"),
        ("tensorflow>=2.11", "hint", "speed", "warning"),
        ("tensorflow==2.15.0", "hint", "speed", "warning"),
        ("numpy", "hint", "speed", "warning"),
    ],
)
def test_predict_leaks_where_the_requirements_say_such_a_version(tmp_path, required, severity, group, cleared):
    (tmp_path / "requirements.txt").write_text(required + "\n")
    (tmp_path / "main.py").write_text(PREDICTS)
    found = check_paths(tmp_path, Settings(select=["TFM201", "TFM108"])).findings
    predicts, clears = sorted(found, key=lambda finding: finding.start)
    assert (predicts.code, predicts.severity, predicts.group) == ("TFM201", severity, group)
    assert ("stay until clear_session()" in predicts.message) == (group == "leak")
    assert (clears.code, clears.severity) == ("TFM108", cleared)
