"""The pages say what the rules, the program and the records say, and make a site without a broken link."""

import ast
import importlib.util
import os
import re
import subprocess
import sys

import click
import pytest
import yaml

from support import ROOT
from tflint_mem.command.cli import cli

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
PROSE = [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]


def beside(name):
    """A module of docs/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def test_pages_are_current():
    """Rules, measured tables, and what each example prints."""
    wanted = beside("generate").pages()
    found = {
        str(p.relative_to(DOCS).as_posix()): p.read_text(encoding="utf-8")
        for p in [*PAGES, DOCS / "tflint-mem.schema.json", DOCS / "versions.svg"]
        if p.parent.name != "evidence"
    }
    costs = ROOT / "tflint_mem" / "ruleset" / "costs.json"
    found["../tflint_mem/ruleset/costs.json"] = costs.read_text(encoding="utf-8")
    assert found == wanted, "run `python docs/generate.py`"


def test_examples_show_what_is_printed(tmp_path):
    examples = beside("examples")
    page = '```python title="a/b.py"\nx = 1\n```\n\n```console\n$ tflint-mem check a\nold\n```\n\n```console\n$ tflint-mem check gone\nold\n```\n'
    shown = examples.filled(page)
    assert "$ tflint-mem check a\nChecked 1 file: no findings.\n```" in shown
    assert "$ tflint-mem check gone\ntflint-mem: gone: No such file or directory\n```" in shown
    with pytest.raises(ValueError, match="not ours to show"):
        examples.filled("```console\n$ nvidia-smi\n80 GiB\n```\n")


@pytest.mark.parametrize("path", PROSE, ids=name_of)
def test_commands_could_be_run(path):
    """Each call of the program in the examples has options that exist."""
    for words in beside("examples").commands(path.read_text(encoding="utf-8")):
        if words in (["--version"], ["--help"]):
            continue
        with cli.make_context("tflint-mem", list(words), resilient_parsing=False) as context:
            group, rest = cli, list(words)
            while isinstance(group, click.Group):
                name, group, rest = group.resolve_command(context, rest)
            try:
                group.make_context(name, rest, parent=context)
            except click.BadParameter as error:  # a path that only the reader has
                assert "does not exist" in error.message, (words, error.message)


def test_every_page_is_in_the_site():
    class Loader(yaml.SafeLoader):
        """Reads names of Python objects as text."""

    Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, suffix, node: suffix)
    settings = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader)

    def leaves(node):
        if isinstance(node, str):
            return [node]
        return [leaf for part in (node.values() if isinstance(node, dict) else node) for leaf in leaves(part)]

    listed = leaves(settings["nav"])
    reached = ("rules", "evidence")  # by links from rules.md and evidence/README.md
    pages = [p.relative_to(DOCS).as_posix() for p in PAGES if p.parent.name not in reached]
    assert sorted(listed) == sorted([*pages, "evidence/README.md"])


def test_the_site_is_built_without_a_broken_link(tmp_path):
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    start = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert "TFM101" in start and "fonts.googleapis" not in start
    rule = (tmp_path / "site" / "rules" / "TFM101.html").read_text(encoding="utf-8")
    assert "fixtures" not in "".join(re.findall(r'href="([^"]*)"', rule))


@pytest.mark.parametrize("path", [p for p in PROSE if p.parent == ROOT], ids=name_of)
def test_links_of_the_other_documents_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (path.parent / target).exists(), target


def test_the_first_example_is_what_is_printed(tmp_path, monkeypatch):
    """README's, without the steps of its trace; of what was measured the form."""
    from click.testing import CliRunner

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"```console\n\$ tflint-mem check app/train.py --verify\n(.*?)```", readme, re.DOTALL)[1]
    found, _, measured = shown.partition("\n  verified: ")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "train.py").write_text(
        "import numpy as np\nimport tensorflow as tf\n\n"
        'for gpu in tf.config.list_physical_devices("GPU"):\n    tf.config.experimental.set_memory_growth(gpu, True)\n\n'
        "@tf.function\ndef train_step(weight, batch, rate):\n    weight.assign_sub(rate * tf.reduce_mean(batch))\n"
        + "".join(f"{row[7:]}\n" for row in found.splitlines() if re.match(r"  1[0-2] \| ", row))
    )
    monkeypatch.chdir(tmp_path)
    printed = CliRunner().invoke(cli, ["check", "app/train.py"]).output.partition("\nChecked")[0]
    assert re.sub(r"  how it gets here:\n(    .*\n)*", "", printed).rstrip() == found.rstrip()
    size = r"\+?[\d.]+ (B|KiB|MiB)"
    form = (
        r"confirmed, retained \([\w ]+\), as written, on CPU, \d+ repeats, \d+ s\n"
        rf"    {size} stay per repeat after a collection; fixed: no growth \({size} per repeat\)\n"
        rf"    flagged [▁▂▃▄▅▆▇█]{{32}}  {size} per repeat, {size} stay\n    fixed   ▁{{32}}  {size} per repeat\n"
    )
    assert re.fullmatch(form, measured)


# -- platforms.md

ONLY_POSIX = re.compile(
    r"register_at_fork|get[a-z]*uid|get[a-z]*gid|fork|chown|fchown|fchmod|flock|setitimer|SIGALRM|SIGKILL|SIGHUP|"
    r"ITIMER_\w+|O_NOFOLLOW|O_NONBLOCK|O_NOCTTY|O_CLOEXEC|O_DIRECTORY|(?:get|set|list|remove)xattr|mkfifo|killpg|setsid|"
    r"sysconf|statvfs|mallopt|getrusage|setrlimit|sched_getaffinity|getloadavg|nice|wait(?:pid|3|4)"
)
NO_MODULES = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "ctypes", "_signal"}
ROOMS = {
    "verify",
    "rules",
}  # what is measured is POSIX's alone, and says so; rules speak of such calls in code they read


def test_what_only_posix_has_is_listed_with_its_module():
    """On the way of `check` each such call stands in the table, in whose modules nothing else is named."""
    rows = re.findall(r"^\| (.*?) \| (`.*?) \|", (DOCS / "platforms.md").read_text(encoding="utf-8"), re.MULTILINE)
    listed = {module for _, modules in rows for module in re.findall(r"`([\w/]+\.py)`", modules)}
    found = set()
    for path in sorted((ROOT / "tflint_mem").rglob("*.py")):
        relative = path.relative_to(ROOT / "tflint_mem")
        if relative.parts[0] in ROOMS:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                names = [node.attr]
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("getattr", "hasattr"):
                names = [str(arg.value) for arg in node.args[1:2] if isinstance(arg, ast.Constant)]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                continue
            if any(ONLY_POSIX.fullmatch(name) or name in NO_MODULES for name in names):
                found.add(relative.as_posix())
    assert found <= listed, found - listed
    assert all((ROOT / "tflint_mem" / module).is_file() for module in listed)
