"""What must hold for one input, whatever is in it.

Each question is asked through the command line: does every report parse, is nothing written that should not be, does a
fix compile and settle and change only what it says, does a comment silence what it names, does a rule alone find what
it finds among the others.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable
from random import Random
from xml.etree import ElementTree

from fuzz import caches, tool
from fuzz.case import Case
from fuzz.looks import compiled, is_plain, read, shape, tree, without_sources, write
from fuzz.splice import patched, spliced
from tflint_mem.settings.tables import OUTPUT_FORMATS

FORMATS = tuple(form for form in OUTPUT_FORMATS if form != "json")  # the one that all others are compared with
# the findings in a report of a format that is not for people
_RESULTS: dict[str, Callable[[str], list]] = {
    "sarif": lambda text: [one for one in json.loads(text)["runs"][0]["results"] if not one.get("suppressions")],
    "rdjson": lambda text: [one for one in json.loads(text)["diagnostics"] if not _is_part(one)],
    "gitlab": json.loads,
    "json-lines": lambda text: [json.loads(row) for row in text.splitlines()],
    "junit": lambda text: [case for case in ElementTree.fromstring(text).iter("testcase") if len(case)],
}


def _is_part(diagnostic: dict) -> bool:
    """Is it a further part of a finding's fix, which a review shows at a place of its own?"""
    return diagnostic["message"].startswith("Suggestion ")


_REFUSED = "no comment can silence"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_COMMANDS = re.compile(r"^::(?!(?:error|warning|notice) title=tflint-mem )", re.MULTILINE)


class Verdict:
    """`failures` [(kind, detail)], CPU seconds of the first run (`check`) and of the slowest (`seconds`), a `digest` of
    the findings and their `codes`."""

    def __init__(self):
        self.failures, self.check, self.seconds, self.digest, self.codes = [], 0.0, 0.0, "", {}

    def fail(self, kind: str, detail: object = "") -> None:
        """Note a failure; one of a kind is enough."""
        if all(kind != other for other, _ in self.failures):
            self.failures.append((kind, str(detail)[-6000:]))


class Judge:
    """Judges one case in an empty folder, which is the current one.

    thorough  ask every question, not a part of them by chance      alive  called before each run of the tool
    """

    def __init__(self, case: Case, rng: Random, thorough: bool = False, alive: Callable[[], None] = lambda: None):
        self.case, self.rng, self.thorough, self.alive = case, rng, thorough, alive
        self.verdict = Verdict()

    def judge(self) -> Verdict:
        """Run everything."""
        case = self.case
        case.put(".")
        if case.baseline or case.cache is not None:
            self._plant()
            return self.verdict
        before = tree(".")
        findings = self._json(["."])
        self._same_tree(before, "check")
        if findings is None or not findings:
            if self.thorough:
                self._reports(findings or [])
            return self.verdict
        for finding in findings:
            self.verdict.codes[finding["code"]] = self.verdict.codes.get(finding["code"], 0) + 1
        self._reports(findings)
        if not case.may_fail:
            if self.thorough or self.rng.random() < 0.1:
                self._alone(findings)
            self._fixes(findings)
            if self.thorough or self.rng.random() < 0.5:
                self._noqa(findings)
        return self.verdict

    # -- single runs

    def _run(self, *arguments: str, paths=(".",)) -> tool.Outcome:
        self.alive()
        outcome = tool.run(["check", "--verbose", *arguments, *self.case.arguments, *paths])
        self.verdict.check = self.verdict.check or outcome.seconds
        self.verdict.seconds = max(self.verdict.seconds, outcome.seconds)
        fault = outcome.fault
        if fault is not None:
            self.verdict.fail(fault, f"{outcome.arguments}\n{outcome.err}")
        elif outcome.code not in (0, 1, 2):
            self.verdict.fail(f"exit code {outcome.code}", outcome.arguments)
        elif outcome.code == 2 and "--add-noqa" in arguments and _REFUSED in outcome.err:
            pass  # a comment that would break the program is not written, and that is told
        elif outcome.code == 2 and not self.case.may_fail:
            self.verdict.fail(f"exit code 2: {_plain(outcome.err)}", f"{outcome.arguments}\n{outcome.err}")
        elif outcome.code == 2 and not outcome.err.strip():
            self.verdict.fail("exit code 2 without a word", outcome.arguments)
        return outcome

    def _json(self, paths, *arguments: str):
        """The findings as JSON; None when there is no report."""
        outcome = self._run("--output-format", "json", *arguments, paths=paths)
        if outcome.code == 2 and not outcome.out.strip():
            return None
        if {"--statistics", "--output-file", "--quiet"} & set(self.case.arguments):
            return None
        try:
            findings = json.loads(outcome.out)
        except ValueError as error:
            self.verdict.fail("the json report does not parse", f"{error}\n{outcome.out[:2000]!r}")
            return None
        self.verdict.digest = (
            self.verdict.digest
            or hashlib.blake2b(outcome.out.replace(os.getcwd().encode(), b""), digest_size=8).hexdigest()
        )
        return findings

    # -- questions

    def _reports(self, findings) -> None:
        """Other formats of the same findings: two by chance, or all."""
        for name in FORMATS if self.thorough else self.rng.sample(FORMATS, 1):
            outcome = self._run("--output-format", name)
            if (
                outcome.code == 2
                and not outcome.out.strip()
                or {"--output-file", "--statistics"} & set(self.case.arguments)
            ):
                continue
            text = outcome.out.decode("utf-8", "replace")
            if name in _RESULTS:
                try:
                    results = _RESULTS[name](text)
                except (ValueError, KeyError, IndexError, ElementTree.ParseError) as error:
                    self.verdict.fail(f"the {name} report does not parse", f"{error}\n{text[:2000]}")
                    continue
                if len(results) != len(findings):
                    self.verdict.fail(
                        f"the {name} report has other findings", f"{len(results)} instead of {len(findings)}"
                    )
            elif "--color" not in self.case.arguments:
                found = _CONTROL.search(text)
                if found:
                    self.verdict.fail(
                        f"a control character in the {name} report",
                        repr(text[max(0, found.start() - 200) : found.end() + 50]),
                    )
                if name == "github" and _COMMANDS.search(text):
                    self.verdict.fail("a command of somebody else in the github report", text[:2000])

    def _alone(self, findings) -> None:
        """A rule alone finds what it finds among the others."""
        code = self.rng.choice(
            sorted(
                {finding["code"] for finding in findings if finding["code"] not in ("TFM000", "TFM001")} or {"TFM101"}
            )
        )
        places = [_place(finding) for finding in findings if finding["code"] == code]
        alone = self._json(["."], "--select", code)
        missing = [place for place in places if place not in [_place(finding) for finding in alone or []]]
        if missing:
            self.verdict.fail(f"{code} alone does not find what it finds with the others", missing[:5])

    def _fixes(self, findings) -> None:
        fixable = [finding for finding in findings if finding["fix"]]
        if not fixable:
            return
        before = tree(".")
        for finding in fixable[:20]:
            self._fits(finding, before)
        diff = self._run("--diff", "--unsafe-fixes") if self.thorough or self.rng.random() < 0.3 else None
        self._same_tree(before, "--diff")
        self._run("--fix", "--unsafe-fixes")
        after = tree(".")
        self._only_programs(before, after, "--fix")
        codes = "+".join(sorted({finding["code"] for finding in fixable})[:3])
        for name, raw in after.items():
            if raw != before.get(name):
                self._compiles(name, before[name], raw, f"--fix of {codes}")
                self._keeps_notebook(name, before[name], raw, f"--fix of {codes}")
        if diff is not None:
            self._same_as_diff(diff, before, after)
        again = self._run("--fix", "--unsafe-fixes")
        if tree(".") != after:
            changed = [name for name, raw in tree(".").items() if raw != after.get(name)]
            self.verdict.fail(
                f"a second --fix of {codes} changes something", f"{changed}\n{again.out.decode('utf-8', 'replace')}"
            )
        self._restore(before)

    def _fits(self, finding, tree) -> None:
        """The edits of one fix, applied by other code than the tool's, give what the tool would write."""
        from tflint_mem.finding import Edit
        from tflint_mem.sources.source import Source, SourceError

        name = os.path.relpath(finding["filename"])
        edits = [
            (
                (edit["location"]["row"], edit["location"]["column"]),
                (edit["end_location"]["row"], edit["end_location"]["column"]),
                edit["content"],
            )
            for edit in finding["fix"]["edits"]
        ]
        if finding["cell"] is not None or name not in tree:
            return
        source = Source(name, tree[name])
        try:
            new = source.with_edits([Edit(start=start, end=end, content=content) for start, end, content in edits])
        except SourceError:
            return
        except ValueError as error:
            self.verdict.fail(f"{finding['code']} proposes edits that do not fit", f"{error}\n{edits}")
            return
        if new != spliced(tree[name], edits, source.encoding):
            self.verdict.fail(f"{finding['code']}: bytes outside the edits change", edits)

    def _noqa(self, findings) -> None:
        """--add-noqa changes comments only, silences what it names, and settles."""
        before = tree(".")
        self._run("--add-noqa")
        after = tree(".")
        self._only_programs(before, after, "--add-noqa")
        for name, raw in after.items():
            if raw != before.get(name):
                self._compiles(name, before[name], raw, "--add-noqa")
                self._keeps_notebook(name, before[name], raw, "--add-noqa")
                if name.endswith(".py") and shape(before[name]) != shape(raw):
                    self.verdict.fail("--add-noqa changes the program", raw.decode("utf-8", "replace"))
        self._run("--add-noqa")
        if tree(".") != after:
            self.verdict.fail(
                "a second --add-noqa changes something",
                [name for name, raw in tree(".").items() if raw != after.get(name)],
            )
        self._restore(before)

    def _plant(self) -> None:
        """A cache or baseline of somebody else: no fault, and a cache decides nothing."""
        case = self.case
        if case.baseline:
            self._run("--write-baseline", "true.json")
            true = read("true.json") or b"{}"
            write("baseline.json", caches.planted(case.files["baseline.json"], true))
            self._run("--baseline", "baseline.json", "--output-format", self.rng.choice(("json", "full", "sarif")))
            return
        plain = self._json(["."], "--no-cache")
        self._json(["."])
        folder = ".tflint_mem_cache"
        names = sorted(name for name in os.listdir(folder) if name != ".gitignore") if os.path.isdir(folder) else []
        for name in names:
            path = os.path.join(folder, name)
            write(path, caches.planted(case.cache, read(path) or b""))
        if self._json(["."]) != plain:
            self.verdict.fail("a planted cache is believed")
        if self._json(["."]) != plain:
            self.verdict.fail("a planted cache is believed at the second look")

    # -- what the answers are made of

    def _same_tree(self, before, what: str) -> None:
        if self.case.may_fail:
            return
        after = tree(".")
        if after != before:
            self.verdict.fail(
                f"{what} writes", sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
            )

    def _only_programs(self, before, after, what: str) -> None:
        if set(before) != set(after):
            self.verdict.fail(f"{what} makes or removes files", sorted(set(before) ^ set(after)))

    def _compiles(self, name: str, old: bytes, new: bytes, what: str) -> None:
        if name.endswith(".py") and compiled(old) and not compiled(new):
            self.verdict.fail(f"{what} leaves a file that does not compile", new.decode("utf-8", "replace"))

    def _keeps_notebook(self, name: str, old: bytes, new: bytes, what: str) -> None:
        if not name.endswith(".ipynb"):
            return
        try:
            one, two = (without_sources(json.loads(raw.decode("utf-8-sig"))) for raw in (old, new))
        except (ValueError, RecursionError) as error:
            self.verdict.fail(f"{what} leaves a notebook that is no JSON", error)
            return
        if json.dumps(one) != json.dumps(two):
            self.verdict.fail(f"{what} changes more of a notebook than its code")

    def _same_as_diff(self, diff: tool.Outcome, before, after) -> None:
        changed = {name: raw for name, raw in after.items() if raw != before.get(name)}
        if any(
            not name.endswith(".py") or not name.isascii() or not name.isprintable() or not is_plain(before[name])
            for name in changed
        ):
            return
        try:
            shown = patched(before, diff.out)
        except ValueError as error:
            self.verdict.fail("--diff is no patch", f"{error}\n{diff.out.decode('utf-8', 'replace')}")
            return
        if shown != {**before, **changed}:
            self.verdict.fail("--diff shows something else than --fix does", diff.out.decode("utf-8", "replace"))

    def _restore(self, tree) -> None:
        for name, raw in tree.items():
            if read(name) != raw:
                write(name, raw)


def _place(finding):
    return (
        finding["filename"],
        finding["cell"],
        finding["location"]["row"],
        finding["location"]["column"],
        finding["end_location"]["row"],
    )


def _plain(err: str) -> str:
    """The first line of an error, without names and numbers."""
    told = ("configuration: ", " to check")  # what --verbose adds
    line = next((line for line in err.splitlines() if line.strip() and not any(word in line for word in told)), "")
    return re.sub(r"[\w./-]+\.(?:py|ipynb)|\d+|'[^']*'|`[^`]*`", "_", line)[:100]
