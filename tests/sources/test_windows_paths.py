"""Paths as Windows has them: modules that work with paths, given `ntpath` in place of this system's."""

from __future__ import annotations

import ntpath
import os
import types
from typing import Any

import pytest

from tflint_mem.engine import relevance
from tflint_mem.project.linking import modules, names, requirements
from tflint_mem.settings import config, discovery, globs, project_folder, tables
from tflint_mem.sources import dependencies, paths
from tflint_mem.storage import user
from tflint_mem.verify.snippet import first_party

HERE = "C:\\work\\app"


class _Path(types.ModuleType):
    """`ntpath` of a process whose current folder is HERE; no file is a link, and case is kept by the disk."""

    def __getattr__(self, name: str) -> Any:
        return getattr(ntpath, name)

    def abspath(self, path: str) -> str:
        return ntpath.normpath(ntpath.join(HERE, path))

    realpath = abspath

    def relpath(self, path: str, start: str = HERE) -> str:
        return ntpath.relpath(self.abspath(path), self.abspath(start))

    def isfile(self, path: str) -> bool:
        return False

    exists = isdir = isfile


@pytest.fixture(autouse=True)
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every module under test sees another `os`."""
    system = types.ModuleType("os")
    system.__dict__.update(vars(os))
    system.__dict__.update(path=_Path("path"), sep="\\", altsep="/", name="nt", getcwd=lambda: HERE)
    for module in (
        relevance, modules, names, requirements, config, discovery, globs, project_folder, tables, dependencies, paths,
        user, first_party
    ):  # fmt: skip
        monkeypatch.setattr(module, "os", system)


@pytest.mark.parametrize(
    "path, uri",
    [
        ("C:\\work\\app\\a b.py", "file:///C:/work/app/a%20b.py"),
        ("d:\\größe\\100%.py", "file:///d:/gr%C3%B6%C3%9Fe/100%25.py"),
        ("\\\\server\\share\\a.py", "file://server/share/a.py"),
        ("\\\\?\\C:\\work\\a.py", "file:///C:/work/a.py"),
        ("\\\\?\\UNC\\server\\share\\a.py", "file://server/share/a.py"),
    ],
)
def test_absolute_uris(path: str, uri: str) -> None:
    assert paths.uri(path, None) == uri
    assert paths.uri(path, "E:\\elsewhere") == uri


def test_relative_paths_have_forward_slashes() -> None:
    assert paths.uri("app\\train.py", HERE) == "app/train.py"
    assert paths.uri("C:\\work\\app\\sub\\a#b.py", HERE) == "sub/a%23b.py"
    assert paths.relative("sub\\a.py", HERE) == "sub/a.py"
    assert paths.relative("C:\\work\\other\\a.py", HERE) == "../other/a.py"
    assert paths.relative("D:\\a.py", HERE) == "D:/a.py"  # no way leads from one drive to another
    assert paths.shown("C:\\work\\app\\sub\\a.py") == "sub\\a.py"  # for people, as they write it


def test_patterns_are_written_with_forward_slashes() -> None:
    many = "a/**/b/**/c/**/d/**/e.py"  # for the automaton
    braces = "{" + ",".join(f"p{n}/x{n}" for n in range(300)) + "}"
    patterns = globs.Globs(
        [many, braces, "build", "src/generated", "notebooks/**/*.py", "test_*.py", "D:/third party"], HERE
    )
    for path, fits in (
        ("C:\\work\\app\\build", True),
        ("C:\\work\\app\\src\\generated", True),
        ("C:\\work\\app\\src\\other", False),
        ("C:\\work\\app\\notebooks\\a.py", True),
        ("C:\\work\\app\\notebooks\\deep\\er\\a.py", True),
        ("C:\\work\\app\\deep\\test_a.py", True),
        ("D:\\third party", True),
        ("C:\\work\\app\\a\\b\\1\\c\\d\\2\\e.py", True),
        ("C:\\work\\app\\p7\\x7", True),
        ("C:\\work\\app\\p7\\x8", False),
    ):
        assert patterns.match(path) is fits, path
    assert patterns.match_below("C:\\work\\app\\src\\generated\\a.py", HERE)
    assert not patterns.match_below("C:\\work\\app\\src\\a.py", HERE)


def test_folders_on_several_drives() -> None:
    assert config._common_folder(["C:\\work\\a\\x.py", "C:\\work\\b\\y.py"]) == "C:\\work"
    assert config._common_folder(["C:\\work\\a\\x.py", "D:\\y.py"]) == HERE
    assert list(project_folder.parents("C:\\work\\app")) == ["C:\\work\\app", "C:\\work", "C:\\"]
    assert requirements.around("C:\\work\\app\\sub", HERE) == ["C:\\work\\app\\sub", HERE]
    assert requirements.around("D:\\sub", HERE) == ["D:\\sub"]


def test_one_file_has_two_cases_and_two_lengths() -> None:
    assert user.is_inside("c:\\WORK\\App\\x.py", HERE)
    assert user.is_inside("\\\\?\\C:\\work\\app\\" + "long\\" * 60 + "x.py", HERE)
    assert not user.is_inside("C:\\work\\application", HERE)
    assert not user.is_inside("D:\\work\\app\\x.py", HERE)


def test_modules_are_found_by_their_parts() -> None:
    known = names.Names(dependencies.Beside())
    known.add(0, ("C:", "work", "app", "pkg", "loader"))
    assert known.resolve(("C:", "work", "app", "pkg", "main"), "loader", 1) == 0
    assert known.resolve(("C:", "work", "app", "main"), "pkg.loader", 0) == 0
    assert names._path(("C:", "work", "loader")) == "C:\\work\\loader"
    plain = relevance._Plain(["pkg\\loader.py"], dependencies.Beside())
    assert plain.names.resolve(("C:", "work", "app", "main"), "pkg.loader", 0) == 0


def test_files_are_sorted_as_a_walk_meets_them() -> None:
    given = ["C:\\work\\app\\b\\x.py", "C:\\work\\app\\z.py", "C:\\work\\app\\a.py"]
    assert sorted(given, key=discovery.place) == [given[2], given[1], given[0]]


def test_interpreters_are_paths_with_either_slash() -> None:
    for written in ("venv/Scripts/python.exe", "venv\\Scripts\\python.exe"):
        assert ntpath.isabs(tables._located({"python": written}, HERE)["python"])
    assert tables._located({"python": "python3"}, HERE) == {"python": "python3"}


class _Entry:
    """A folder's entry as Windows tells it."""

    def __init__(self, tag: int) -> None:
        self._tag = tag

    def stat(self, *, follow_symlinks: bool) -> Any:
        return types.SimpleNamespace(st_reparse_tag=self._tag)


def test_junctions_are_not_entered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery.sys, "platform", "win32")
    entries: Any = _Entry(0xA0000003), _Entry(0)
    assert [discovery._is_junction(entry) for entry in entries] == [True, False]
