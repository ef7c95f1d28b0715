"""The action for GitHub, run as a runner does, but for the actions of others that it uses."""

import json
import re

import pytest
import yaml

from support import ROOT
from support.recipes import Place

ACTION = yaml.safe_load((ROOT / "action/action.yml").read_text())
STEPS = ACTION["runs"]["steps"]


class Runner:
    """A runner: the inputs, the outputs of steps, and the files that steps write to."""

    def __init__(self, folder, **inputs):
        self.place = Place(folder)
        self.inputs = {name: spec.get("default", "") for name, spec in ACTION["inputs"].items()} | inputs
        self.outputs = {"python": {"python-path": str(self.place.programs / "python3")}}
        self.event = {
            "event_name": "pull_request",
            "repository": "someone/project",
            "event.pull_request.head.repo.full_name": "someone/project",
        }
        self.summary = folder / "summary.md"
        self.told = ""

    def _value(self, expression):
        kind, *names = expression.split(".")
        if kind == "inputs":
            return self.inputs[names[0]]
        if kind == "github":
            return self.event[".".join(names)]
        assert kind == "steps" and names[1] == "outputs", expression
        return self.outputs.get(names[0], {}).get(names[2], "")

    def wanted(self, step):
        """Does the condition of a step hold?"""
        condition = re.sub(r"'[^']*'|[a-z][\w.-]+", self._python, step.get("if", "'always'"))
        return bool(eval(condition.replace("&&", "and").replace("||", "or").strip()))

    def _python(self, token):
        return token[0] if token[0].startswith("'") else repr(self._value(token[0]))

    def run(self, step):
        """The exit code of a step."""
        output = self.place.home / "output"
        output.write_text("")
        environment = {
            name: re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda match: self._value(match[1]), value)
            for name, value in step.get("env", {}).items()
        }
        assert step["shell"] == "bash"
        done = self.place.run(
            step["run"],
            RUNNER_TEMP=str(self.place.home),
            RUNNER_OS="Linux",
            GITHUB_ACTION_PATH=str(ROOT / "action"),
            GITHUB_OUTPUT=str(output),
            GITHUB_STEP_SUMMARY=str(self.summary),
            **environment,
        )
        self.told += done.stdout + done.stderr
        if "id" in step:
            self.outputs[step["id"]] = dict(row.split("=", 1) for row in output.read_text().splitlines())
        return done.returncode

    def run_all(self):
        """The exit code of the action: of the first step that fails."""
        for step in STEPS:
            if "run" in step and self.wanted(step) and (code := self.run(step)):
                return code
        return 0


def test_findings_are_annotated_uploaded_and_suggested(tmp_path):
    runner = Runner(tmp_path)
    assert runner.run_all() == 1
    assert "::warning title=tflint-mem (TFM101 load-model-in-loop),file=src/leaky.py,line=6" in runner.told
    check = runner.outputs["check"]
    assert check["exit-code"] == "1"
    with open(check["sarif"]) as file:
        assert json.load(file)["runs"][0]["results"][0]["ruleId"]
    with open(check["rdjson"]) as file:
        assert any("suggestions" in one for one in json.load(file)["diagnostics"])
    assert runner.summary.read_text().count("load-model-in-loop") == 1
    assert "-reporter=github-pr-review" in (runner.place.home / "reviewdog").read_text()
    assert sorted(path.name for path in runner.place.folder.iterdir()) == [".git", "src"], (
        "the checkout stays as it was"
    )
    runner.inputs["fail"] = "false"
    assert runner.run(STEPS[-1]) == 0


def test_inputs_are_words_and_no_shell(tmp_path):
    runner = Runner(tmp_path, arguments="--select\nTFM5;touch $HOME/pwned", fail="false")
    assert runner.run_all() == 2, "what cannot be done fails, whatever `fail` says"
    assert "no rule is called `TFM5;touch $HOME/pwned`" in runner.told
    runner.inputs |= {"arguments": "", "paths": 'src\n$(touch "$HOME/pwned")\n-x `touch "$HOME/pwned"`'}
    assert runner.run_all() == 2
    assert '$(touch "$HOME/pwned"): ' in runner.told and '-x `touch "$HOME/pwned"`: ' in runner.told
    assert not (runner.place.home / "pwned").exists()


def test_arguments_are_given_on(tmp_path):
    runner = Runner(tmp_path, arguments="--select\nTFM5", paths="src")
    assert runner.run_all() == 0
    assert runner.outputs["check"]["exit-code"] == "0"
    assert "Checked 1 file: no findings." in runner.summary.read_text()


@pytest.mark.parametrize(
    "event, inputs, reports, wanted",
    [
        ({}, {}, {"sarif", "rdjson"}, {"Upload to code scanning", "Install reviewdog", "Suggest the fixes"}),
        ({"event_name": "push"}, {}, {"sarif", "rdjson"}, {"Upload to code scanning"}),
        ({"event.pull_request.head.repo.full_name": "fork/project"}, {}, {"sarif", "rdjson"}, set()),
        ({}, {"sarif": "false"}, {"sarif", "rdjson"}, {"Install reviewdog", "Suggest the fixes"}),
        ({}, {"suggest": "false"}, {"sarif", "rdjson"}, {"Upload to code scanning"}),
        ({}, {}, set(), set()),
    ],
)
def test_what_writes_to_github_runs_where_it_may(tmp_path, event, inputs, reports, wanted):
    runner = Runner(tmp_path, **inputs)
    runner.event |= event
    runner.outputs["check"] = {report: f"memory.{report}" for report in reports}
    assert {step["name"] for step in STEPS if "if" in step and runner.wanted(step)} == wanted


def test_nothing_is_inserted_into_shell():
    assert not [step for step in STEPS if "${{" in step.get("run", "")]


@pytest.mark.parametrize("step", [step["uses"] for step in STEPS if "uses" in step])
def test_actions_of_others_are_given_by_hash(step):
    assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step)
    row = next(row for row in (ROOT / "action/action.yml").read_text().splitlines() if step in row)
    assert re.search(r" # v\d+\.\d+\.\d+$", row), "and the version stands beside it"


def test_the_inputs_are_in_the_recipes():
    page = (ROOT / "docs/ci.md").read_text()
    assert [name for name in ACTION["inputs"] if f"| `{name}` |" not in page] == []
    assert [name for name in ACTION["outputs"] if f"`{name}`" not in page] == []
