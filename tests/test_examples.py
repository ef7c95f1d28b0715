"""The programs of `examples/`, on small repositories."""

import importlib
import json
import os
import subprocess
import sys
import zipfile

import pytest

from support import ROOT
from support.faults import LEAKY


@pytest.fixture
def fleet(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "examples"))
    return importlib.import_module("fleet")


@pytest.fixture
def repositories(tmp_path):
    """One of each kind: a folder, a wheel, a git repository; a wheel that is none, and a folder that is not there."""
    folder = tmp_path / "<b>folder"
    folder.mkdir()
    (folder / "serve.py").write_text(LEAKY)
    wheel = tmp_path / "leaky-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("leaky/serve.py", LEAKY)
        archive.writestr("../outside.py", LEAKY)
    broken = tmp_path / "broken.whl"
    broken.write_text("no archive")
    cloned = tmp_path / "cloned"
    cloned.mkdir()
    (cloned / "serve.py").write_text(LEAKY)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(cloned)]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], check=True, capture_output=True)
    return [str(folder), str(wheel), f"file://{cloned}", str(broken), str(tmp_path / "missing")]


def test_each_repository_has_its_rows_and_is_done_once(fleet, repositories, tmp_path):
    from pyarrow import parquet

    out, told = tmp_path / "out", []
    rows = fleet.run(repositories, out, workers=2, tell=told.append)
    found = {name: [row for row in rows if row["repository"] == name] for name in repositories}
    folder, wheel, cloned, broken, missing = (found[name] for name in repositories)
    assert [row["rule"] for row in folder] == ["TFM101 load-model-in-loop"]
    assert folder[0]["place"] == "serve.py:6:17" and folder[0]["fix"].startswith(("safe: ", "unsafe: "))
    assert [row["place"] for row in cloned] == ["serve.py:6:17"]
    assert {row["place"] for row in wheel} == {"leaky/serve.py:6:17", "outside.py:6:17"}
    assert [(row["severity"], row["rule"]) for row in broken + missing] == [("broken", "")] * 2
    assert broken[0]["message"].startswith("BadZipFile: ") and "no such folder" in missing[0]["message"]
    assert parquet.read_table(out / "findings.parquet").to_pylist() == rows
    page = (out / "findings.html").read_text()
    assert page.count("<tr") == len(rows) + 1 and "&lt;b&gt;folder" in page and "<b>" not in page
    assert not (tmp_path / "outside.py").exists()

    os.unlink(repositories[1])  # what is done needs its repository no more
    again = fleet.run(repositories, out, workers=1, tell=told.append)
    assert again == rows and told[-1] == "5 of 5 are done already"
    (tmp_path / "missing").mkdir()
    assert fleet.main([str(out), *repositories, "--retry"]) == 0
    assert [row["repository"] for row in parquet.read_table(out / "findings.parquet").to_pylist()].count(
        missing[0]["repository"]
    ) == 0


def test_a_run_that_is_ended_goes_on_where_it_was(fleet, repositories, tmp_path):
    out, asked = tmp_path / "out", []

    def ended(check, names, workers):
        yield names[0], check(names[0])
        raise KeyboardInterrupt

    def listening(check, names, workers):
        asked.extend(names)
        return ((name, check(name)) for name in names)

    with pytest.raises(KeyboardInterrupt):
        fleet.run(repositories[:3], out, ended)
    assert len(list((out / "parts").glob("*.json"))) == 1 and not (out / "findings.html").exists()
    rows = fleet.run(repositories[:3], out, listening)
    assert asked == repositories[1:3] and {row["repository"] for row in rows} == set(repositories[:3])
    part = next((out / "parts").glob("*.json"))
    part.write_text(json.dumps({"version": "0", "rows": []}))  # of another version of the tool, or cut short
    assert fleet.run(repositories[:3], out, listening) == rows and len(asked) == 3


def dies(repository):
    """A check whose process dies over one repository."""
    if repository == "poison":
        os._exit(1)
    return [{"repository": repository}]


def test_a_worker_that_dies_costs_its_repository(fleet, monkeypatch):
    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])
    found = dict(fleet.on_processes(dies, ["one", "poison", "two"], 2))
    assert found["one"] == [{"repository": "one"}] and found["two"] == [{"repository": "two"}]
    assert type(found["poison"]).__name__ == "BrokenProcessPool"
