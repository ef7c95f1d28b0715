"""Examples of the pages: `console` blocks are run in a folder with the page's own files, and what they print is put in.

A block with `title="name"` behind its language is a file of that name; a later one of the same name takes its place.  A
`console` block in which something follows a command shows output.  The others are only commands: `commands` gives them
to whoever wants to see whether they could be run.
"""

import os
import re
import shlex
import tempfile
from pathlib import Path

_BLOCK = re.compile(r"^```(\w[\w.+-]*)([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_TITLE = re.compile(r'title="([^"]+)"')


def filled(text: str) -> str:
    """The page with the present output in each block that shows one.  Raises ValueError for a command of others."""
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, ".git"))  # the root of a project
        return _BLOCK.sub(lambda block: _filled(block, Path(folder)), text)


def _filled(block, folder):
    language, info, body = block.groups()
    title = _TITLE.search(info)
    if title:
        path = folder / title[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body, encoding="utf-8")
    lines = body.splitlines()
    if language != "console" or all(line.startswith("$ ") for line in lines):
        return block[0]
    shown = []
    for line in lines:
        if line.startswith("$ "):
            shown += [line, *_run(line[2:], folder)]
    return f"```console{info}\n" + "\n".join(shown) + "\n```"


def _run(command, folder):
    from click.testing import CliRunner

    from tflint_mem.command.cli import cli

    name, *arguments = shlex.split(command, comments=True)
    if name == "cat":
        return (folder / arguments[0]).read_text(encoding="utf-8").splitlines()
    if name != "tflint-mem":
        raise ValueError(f"the output of {command!r} is not ours to show")
    given = None
    if "<" in arguments:
        arguments, given = arguments[: arguments.index("<")], (folder / arguments[-1]).read_text(encoding="utf-8")
    before = os.getcwd()
    os.chdir(folder)
    try:
        result = CliRunner().invoke(cli, arguments, input=given, prog_name="tflint-mem")
    finally:
        os.chdir(before)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output.rstrip("\n").replace(str(folder), "/project").splitlines()


def commands(text):
    """The arguments of each call of tflint-mem in the `console` and `bash` blocks of a page."""
    for language, _, body in _BLOCK.findall(text):
        if language not in ("console", "bash", "sh"):
            continue
        for line in body.replace("\\\n", " ").splitlines():
            if language == "console" and not line.startswith("$ "):
                continue
            words = re.split(r"&&|\|\||;|\|", line.removeprefix("$ "))
            for part in words:
                try:
                    found = shlex.split(part, comments=True)
                except ValueError:
                    continue
                while found and re.fullmatch(r"\w+=\S*", found[0]):
                    del found[0]
                if found[:1] == ["tflint-mem"]:
                    yield found[1 : _end(found)]


def _end(words):
    return next((n for n, word in enumerate(words) if word in ("<", ">", "2>", ">>")), len(words))
