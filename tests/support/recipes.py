"""What documents tell people to paste, taken out of them, and a place where the shell in it runs."""

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import yaml
from markdown_it import MarkdownIt

from support import ROOT
from support.faults import LEAKY

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_GROOVY_SHELL = re.compile(r"sh '''(.*?)'''", re.DOTALL)


def installed(distribution):
    """The program that a package of this interpreter brings, which need not be on the path."""
    [program] = [file for file in metadata.files(distribution) if file.stem == distribution.removesuffix("-py")]
    return str(program.locate())


@dataclass(frozen=True)
class Block:
    """A fenced block: its page, the row where its text begins, its language, and its text."""

    page: Path
    row: int
    language: str
    text: str

    @property
    def file(self):
        """The file that it is, which its first line says: `# .gitlab-ci.yml`; None where that is no comment."""
        named = re.match(r"(?:#|//) (\S+)\n", self.text)
        return named and named[1]

    def __str__(self):
        return f"{self.page.relative_to(ROOT)}:{self.row}"


def blocks(*languages):
    """The fenced blocks of these languages in all pages."""
    return [
        Block(page, token.map[0] + 2, token.info.partition(" ")[0], token.content)
        for page in PAGES
        for token in MarkdownIt().parse(page.read_text(encoding="utf-8"))
        if token.type == "fence" and token.info.partition(" ")[0] in languages
    ]


def scripts(block):
    """The shell in a block: the scripts that its service runs one after the other, until one fails."""
    if block.language == "bash":
        return [block.text]
    if block.language == "groovy":
        return _GROOVY_SHELL.findall(block.text)
    found = []
    content = yaml.safe_load(block.text)
    for job in [content, *content.get("jobs", {}).values(), *content.values()]:
        if isinstance(job, dict):
            found += [step[key] for step in job.get("steps", ()) for key in ("run", "bash") if key in step]
            if "script" in job:
                found.append("\n".join(job["script"]))
    return found


class Place:
    """A repository with one leak, and programs that a recipe calls: ours, and stand-ins of those that need a network.

    `pip` installs nothing, `python3 -m venv` makes a folder with the least that is in one, and `reviewdog` wants findings
    on its standard input and keeps its arguments.
    """

    def __init__(self, folder):
        self.folder, self.programs = folder / "work here", folder / "programs"
        self.home = folder / "home"
        for made in (self.folder / "src", self.programs, self.home):
            made.mkdir(parents=True)
        (self.folder / "src/leaky.py").write_text(LEAKY)
        subprocess.run(["git", "init", "--quiet"], cwd=self.folder, check=True)
        self.program("tflint-mem", f'exec {shlex.quote(sys.executable)} -m tflint_mem "$@"')
        self.program("pip", "exit 0")
        self.program("python3", self._venv())
        self.program(
            "reviewdog",
            f'echo "$@" > "$HOME/reviewdog"; exec {shlex.quote(sys.executable)} -c '
            "'import json, sys; sys.exit(not isinstance(json.load(sys.stdin)[\"diagnostics\"], list))'",
        )

    def _venv(self):
        linked = f"ln -sf {shlex.quote(str(self.programs))}/"
        return (
            '[ "$1 $2" = "-m venv" ] || exit 0\nmkdir -p "$3/bin"; : > "$3/bin/activate"\n'
            f'{linked}tflint-mem "$3/bin/tflint-mem"; {linked}python3 "$3/bin/python"'
        )

    def program(self, name, text):
        """A program that recipes find."""
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def run(self, script, shell=("bash", "--noprofile", "--norc", "-eo", "pipefail"), **environment):
        """The finished shell, which ran `script` as services do."""
        return subprocess.run(
            [*shell, "-c", script],
            cwd=self.folder,
            env={
                "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
                "HOME": str(self.home),
                "PYTHONPATH": str(ROOT),
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=120,
        )
