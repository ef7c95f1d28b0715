"""The server as an editor meets it: a process, spoken to over standard input and output."""

import json
import shutil

import psutil
import pytest
from click.testing import CliRunner

from support.lsp import Client, edited
from tflint_mem.api import apply_fixes, check_source
from tflint_mem.command.cli import cli

LOADER = "import tensorflow as tf\n\n\ndef load(path):\n    return tf.keras.models.load_model(path)\n"
ASKED = (
    "import tensorflow as tf\n\nmodel = tf.keras.models.load_model('m')\n\n\n"
    "def load(x):\n    return model.predict(x)\n"
)
LOOP = "from loader import load\n\nfor name in open('names'):\n    print(load(name).summary())\n"
ONCE = "from loader import load\n\nprint(load('one').summary())\n"
SAFE = (
    "import tensorflow as tf\n\n\ndef step(x):\n    return x + 1\n\n\nfor x in range(9):\n    f = tf.function(step)\n"
    "    print('😀é', f(tf.constant(x)))\n    tf.compat.v1.reset_default_graph()\n"
    "tf.compat.v1.reset_default_graph()\n"
)
ALONE = (
    "import tensorflow as tf\n\ntf.config.set_visible_devices([], 'GPU')\n"
    "for name in open('names'):\n    model = tf.keras.models.load_model('m')\n    print('😀é', model.predict([name]), name)\n"
)


@pytest.fixture(scope="module")
def editor():
    with Client(settings={"ignore": ["TFM6"]}) as client:
        yield client
        assert not client.logged
        assert psutil.Process(client.process.pid).children() == []  # nothing of the project is ever run


@pytest.fixture
def project(tmp_path, editor):
    """A folder with a project, whose files are closed behind the test."""
    (tmp_path / "pyproject.toml").write_text("[tool.other]\n")
    (tmp_path / "loader.py").write_text(LOADER)
    (tmp_path / "main.py").write_text(LOOP)
    before = set(editor.texts)
    yield tmp_path
    for uri in set(editor.texts) - before:
        editor.close(uri)
        editor.texts.pop(uri)


def codes(diagnostics):
    return [each["code"] for each in diagnostics]


def at(diagnostic):
    start, end = diagnostic["range"]["start"], diagnostic["range"]["end"]
    return start["line"], start["character"], end["line"], end["character"]


def place(line, character=0):
    return {"start": {"line": line, "character": character}, "end": {"line": line, "character": character}}


def edits(action):
    """{URI: changes} of an action with versions."""
    return {change["textDocument"]["uri"]: change["edits"] for change in action["edit"]["documentChanges"]}


def test_an_unsaved_text_is_judged_in_its_project(editor, project):
    loader = editor.open(project / "loader.py")
    [found] = editor.diagnostics(loader)
    assert (found["code"], at(found), found["severity"]) == ("TFM101", (4, 11, 4, 43), 2)
    assert found["source"] == "tflint-mem" and found["codeDescription"]["href"].endswith("#tfm101")
    way = [
        (each["location"]["uri"], each["location"]["range"]["start"]["line"]) for each in found["relatedInformation"]
    ]
    main = (project / "main.py").as_uri()
    assert way == [(main, 2), (main, 3), (loader, 4)]
    editor.open(project / "main.py", ONCE)
    editor.wait(lambda: not editor.published[loader]["diagnostics"])  # though the disk still has the loop
    editor.type(main, LOOP)
    assert codes(editor.wait(lambda: editor.published[loader]["diagnostics"])) == ["TFM101"]
    assert (project / "main.py").read_text() == LOOP


def test_a_leak_in_another_file_is_told_at_the_step_that_is_open(editor, project):
    main = editor.open(project / "main.py")
    [found] = editor.diagnostics(main)
    assert (found["code"], at(found)[:1]) == ("TFM101", (3,)) and found["message"].split("\n")[0].endswith(
        "(in loader.py:5)"
    )
    loader = (project / "loader.py").as_uri()
    assert found["relatedInformation"][-1]["location"]["uri"] == loader
    editor.type(main, ONCE)
    editor.wait(lambda: not editor.published[main]["diagnostics"])


def test_each_open_file_on_a_way_has_its_part(editor, project):
    """Two loops around one load: each file says it, faintly where the load itself is open, and none has its fix."""
    (project / "other.py").write_text(LOOP)
    main, other = editor.open(project / "main.py"), editor.open(project / "other.py")
    [in_main], [in_other] = editor.diagnostics(main), editor.diagnostics(other)
    assert in_main["message"] == in_other["message"] and "main.py:3" in in_main["message"]
    assert at(in_main) == at(in_other) and in_main["severity"] == in_other["severity"] == 2
    first, *_, last = in_other["relatedInformation"]
    assert first["location"]["uri"] == other and last["location"]["uri"] == (project / "loader.py").as_uri()
    assert "also: the `for` loop repeats" in [each["message"] for each in in_other["relatedInformation"]]
    loader = editor.open(project / "loader.py")
    [found] = editor.diagnostics(loader)
    assert found["severity"] == 2
    editor.wait(lambda: [each["severity"] for each in editor.published[other]["diagnostics"]] == [4])
    assert editor.actions(other, in_other["range"]) == []
    editor.type(other, ONCE)
    editor.wait(lambda: not editor.published[other]["diagnostics"])
    assert codes(editor.published[main]["diagnostics"]) == ["TFM101"]


def test_the_whole_of_a_large_project_is_looked_at_behind_the_answer(editor, project):
    """More files than are gone through after each key; the leak stands in one that is not open."""
    for number in range(151):
        (project / f"plain{number}.py").write_text("import tensorflow as tf\n")
    (project / "loader.py").write_text(ASKED)
    main = editor.open(project / "main.py", ONCE)
    assert editor.diagnostics(main) == []
    for text, expected in ((LOOP, ["TFM201"]), (ONCE, []), ("# a row\n" + LOOP, ["TFM201"])):
        editor.type(main, text)
        editor.diagnostics(main)
        editor.wait(lambda wanted=expected: codes(editor.published[main]["diagnostics"]) == wanted)
    for number in range(5):  # keys in between end the look around, and each is answered
        editor.type(main, f"# a row\n{LOOP}# {number}\n")
        assert codes(editor.diagnostics(main)) == ["TFM201"]


def test_what_is_closed_has_no_diagnostics(editor, project):
    loader = editor.open(project / "loader.py")
    assert codes(editor.diagnostics(loader)) == ["TFM101"]
    editor.close(loader)
    editor.wait(lambda: not editor.published[loader]["diagnostics"])


def test_a_text_that_does_not_parse_says_where(editor, project):
    loader = editor.open(project / "loader.py", LOADER + "\ndef broken(:\n")
    [found] = editor.diagnostics(loader)
    assert (found["code"], found["severity"], at(found)) == ("TFM000", 1, (6, 11, 6, 11))
    editor.type(loader, LOADER)
    assert codes(editor.diagnostics(loader)) == ["TFM101"]


def test_typing_queues_no_checks(editor, project):
    loader = editor.open(project / "loader.py")
    editor.diagnostics(loader)
    before = editor.counts[loader]
    for number in range(200):
        editor.type(loader, LOADER + f"# {number}\n")
    editor.type(loader, "\n" + LOADER)
    [found] = editor.diagnostics(loader)
    assert found["range"]["start"]["line"] == 5 and editor.counts[loader] - before < 50


def test_changes_count_rows_and_columns_as_the_editor_does(editor, project):
    """Form feeds end no row, CR and CR LF do, and characters outside the first plane are two units."""
    text = "# \x0c \u2028 first\r\n# '😀é' second\r" + LOADER
    loader = editor.open(project / "loader.py", text)
    assert [at(each)[:2] for each in editor.diagnostics(loader)] == [(6, 11)]
    # behind the smile
    editor.type(loader, "\n", {"start": {"line": 1, "character": 5}, "end": {"line": 1, "character": 6}})
    [broken] = editor.diagnostics(loader)
    assert broken["code"] == "TFM000" and broken["range"]["start"]["line"] == 2
    editor.type(loader, "# ", {"start": {"line": 2, "character": 0}, "end": {"line": 2, "character": 0}})
    assert [at(each)[:2] for each in editor.diagnostics(loader)] == [(7, 11)]


def test_quick_fixes_are_those_of_the_command(editor, project):
    path = project / "alone.py"
    report = check_source(ALONE, str(path), project=True)
    uri = editor.open(path, ALONE)
    found = editor.diagnostics(uri)
    wanted = {finding.code: finding for finding in report.findings}
    assert sorted(codes(found)) == sorted(wanted) and "TFM101" in wanted
    [load] = [each for each in found if each["code"] == "TFM101"]
    [fix, ignore] = editor.actions(uri, load["range"], ["quickfix"])
    assert fix["title"].startswith("TFM101: ") and fix["diagnostics"] == [load] and fix["kind"] == "quickfix"
    only = apply_fixes(report, unsafe=True, only=lambda finding: finding.code == "TFM101")
    [change] = only.changes
    assert edited(ALONE, edits(fix)[uri]) == change.new_text
    assert ignore["title"] == "TFM101: ignore load-model-in-loop on this row"
    silenced = edited(ALONE, edits(ignore)[uri])
    assert silenced == ALONE.replace("load_model('m')\n", "load_model('m')  # noqa: TFM101\n")
    editor.type(uri, silenced)
    assert "TFM101" not in codes(editor.diagnostics(uri))


def test_all_safe_fixes_of_a_file_at_once(editor, project):
    path = project / "alone.py"
    uri = editor.open(path, SAFE)
    editor.diagnostics(uri)
    [action] = editor.actions(uri, place(0), ["source.fixAll"])
    assert "edit" not in action or action["edit"] is None
    resolved = editor.request("codeAction/resolve", **action)
    [change] = apply_fixes(check_source(SAFE, str(path), project=True)).changes
    assert edited(SAFE, edits(resolved)[uri]) == change.new_text != SAFE
    editor.type(uri, change.new_text)
    editor.diagnostics(uri)
    assert editor.actions(uri, place(0), ["source.fixAll"]) == []


def test_hover_shows_the_finding_and_the_page_of_its_rule(editor, project):
    loader = editor.open(project / "loader.py", LOADER)
    editor.diagnostics(loader)
    text = editor.hover(loader, 4, 20)
    assert "loads a model again" in text and "### What was measured" in text and "[TFM101 load-model-in-loop](" in text
    assert editor.hover(loader, 0, 3) is None
    editor.type(loader, LOADER.rstrip() + "  # noqa: TFM101\n")
    assert "TFM101 load-model-in-loop" in editor.hover(loader, 4, 55)
    assert editor.hover(loader, 4, 20) is None


def test_a_comment_that_silences_nothing_is_faded_and_goes(editor, project):
    text = LOADER.replace("(path):", "(path):  # noqa: TFM205")
    loader = editor.open(project / "loader.py", text)
    [needless] = [each for each in editor.diagnostics(loader) if each["code"] != "TFM101"]
    assert needless["tags"] == [1] and at(needless)[0] == 3
    [fix, *_] = editor.actions(loader, needless["range"], ["quickfix"])
    assert edited(text, edits(fix)[loader]) == LOADER


CELLS = [
    "import tensorflow as tf\n%time",
    "# Words",
    "for n in range(9):\n    m = tf.keras.models.load_model('é')\n    print(m)",
]


def notebook_of(path, texts):
    uri = path.as_uri()
    cells = [
        {"kind": 1 if text.startswith("# ") else 2, "document": f"{uri}#{number}"} for number, text in enumerate(texts)
    ]
    items = [
        {
            "uri": cell["document"],
            "languageId": "markdown" if cell["kind"] == 1 else "python",
            "version": 1,
            "text": text,
        }
        for cell, text in zip(cells, texts)
    ]
    return {"uri": uri, "notebookType": "jupyter-notebook", "version": 1, "cells": cells}, items


def test_cells_of_a_notebook_have_their_own_diagnostics(editor, project):
    notebook, items = notebook_of(project / "book.ipynb", CELLS)
    editor.notify("notebookDocument/didOpen", notebookDocument=notebook, cellTextDocuments=items)
    uris = [item["uri"] for item in items]
    [found] = editor.diagnostics(uris[2])
    assert (found["code"], at(found)) == ("TFM101", (1, 8, 1, 39)) and editor.diagnostics(uris[0]) == []
    assert {each["location"]["uri"] for each in found["relatedInformation"]} == {uris[2]}
    [fix, ignore] = editor.actions(uris[2], place(1, 10), ["quickfix"])
    assert edited(CELLS[2], edits(ignore)[uris[2]]).endswith("load_model('é')  # noqa: TFM101\n    print(m)")
    assert set(edits(fix)) == {uris[2]}
    # a cell in front, and a change in the last one
    new = {"uri": f"{notebook['uri']}#9", "languageId": "python", "version": 1, "text": "x = 1"}
    structure = {
        "array": {"start": 0, "deleteCount": 0, "cells": [{"kind": 2, "document": new["uri"]}]},
        "didOpen": [new],
    }
    start = place(0)
    changed = [{"document": {"uri": uris[2], "version": 2}, "changes": [{"range": start, "text": "\n"}]}]
    editor.versions[uris[2]] = 2
    editor.notify(
        "notebookDocument/didChange",
        notebookDocument={"uri": notebook["uri"], "version": 2},
        change={"cells": {"structure": structure, "textContent": changed}},
    )
    assert [at(each)[0] for each in editor.diagnostics(uris[2])] == [2]
    editor.notify(
        "notebookDocument/didClose", notebookDocument={"uri": notebook["uri"]}, cellTextDocuments=[*items, new]
    )
    editor.wait(lambda: not editor.published[uris[2]]["diagnostics"])


def test_a_notebook_may_be_open_as_the_json_that_it_is(editor, project):
    text = json.dumps(
        {
            "cells": [{"cell_type": "code", "source": ["import tensorflow as tf\n", *CELLS[2].splitlines(True)]}],
            "nbformat": 4,
        },
        indent=1,
        ensure_ascii=False,
    )
    uri = editor.open(project / "book.ipynb", text, "json")
    [found] = editor.diagnostics(uri)
    [row] = [row for row, line in enumerate(text.split("\n")) if "load_model" in line]
    assert at(found)[:2] == (row, text.split("\n")[row].index("tf.keras"))
    ignore = editor.actions(uri, place(row, 20), ["quickfix"])[-1]
    cell = json.loads(edited(text, edits(ignore)[uri]))["cells"][0]
    assert cell["source"][2] == "    m = tf.keras.models.load_model('é')  # noqa: TFM101\n"


def test_the_configuration_is_that_of_now(editor, project):
    loader = editor.open(project / "loader.py")
    assert codes(editor.diagnostics(loader)) == ["TFM101"]
    config = project / "pyproject.toml"
    changed = {"changes": [{"uri": config.as_uri(), "type": 2}]}
    config.write_text('[tool.tflint-mem]\nignore = ["TFM101"]\n')
    editor.notify("workspace/didChangeWatchedFiles", **changed)
    editor.wait(lambda: not editor.published[loader]["diagnostics"])
    config.write_text("[tool.tflint-mem]\nignroe = []\n")  # the findings of before stay
    editor.notify("workspace/didChangeWatchedFiles", **changed)
    [said] = editor.wait(lambda: editor.logged)
    assert "ignroe" in said
    editor.notify("workspace/didChangeWatchedFiles", **changed)
    config.write_text("")
    editor.notify("workspace/didChangeWatchedFiles", **changed)
    assert codes(editor.wait(lambda: editor.published[loader]["diagnostics"])) == ["TFM101"]
    assert editor.logged == [said]
    editor.logged.clear()


def test_settings_of_the_editor_change(editor, project):
    loader = editor.open(project / "loader.py")
    editor.diagnostics(loader)
    said = {"ignore": ["TFM6", "load-model-in-loop"], "trust": True, "select": 7}
    editor.notify("workspace/didChangeConfiguration", settings={"tflint-mem": said})
    editor.wait(lambda: not editor.published[loader]["diagnostics"])
    editor.notify("workspace/didChangeConfiguration", settings={"tflint-mem": {"ignore": ["TFM6"]}})
    editor.wait(lambda: editor.published[loader]["diagnostics"])


def test_projects_keep_apart_and_files_need_none(editor, project, tmp_path_factory):
    """Two projects with a module of one name, a file that nothing marks, and a text that has no file."""
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(project, other, dirs_exist_ok=True)
    (other / "main.py").write_text(ONCE)
    folder = tmp_path_factory.mktemp("loose")
    (folder / "loader.py").write_text(LOADER)
    (folder / "main.py").write_text(LOOP)
    here, there = editor.open(project / "loader.py"), editor.open(other / "loader.py")
    loose = editor.open(folder / "loader.py")
    unsaved = editor.open("untitled:Untitled-1", ALONE)
    assert codes(editor.diagnostics(here)) == codes(editor.diagnostics(loose)) == ["TFM101"]
    assert editor.diagnostics(there) == []
    assert "TFM101" in codes(editor.diagnostics(unsaved))


def test_excluded_files_are_left_alone(editor, project):
    (project / "build").mkdir()
    uri = editor.open(project / "build" / "alone.py", ALONE)
    assert editor.diagnostics(uri) == []


def test_an_editor_that_can_more_and_one_that_can_less(tmp_path):
    """Settings that are asked for, files that are watched, columns in bytes; and an editor without all of these."""
    (tmp_path / "pyproject.toml").write_text("")
    path = tmp_path / "alone.py"
    able = {
        "general": {"positionEncodings": ["utf-8", "utf-16"]},
        "workspace": {"configuration": True, "didChangeWatchedFiles": {"dynamicRegistration": True}},
    }
    text = ALONE.replace("    model = tf", "    '😀é'; model = tf")
    column = text.split("\n")[4].index("tf.")
    with Client(tmp_path, capabilities=able) as client:
        client.answers["workspace/configuration"] = [{"select": ["TFM101"], "showSyntaxErrors": False}]
        assert client.capabilities["positionEncoding"] == "utf-8"
        client.wait(lambda: len(client.asked) == 2)
        assert {method for method, _ in client.asked} == {"workspace/configuration", "client/registerCapability"}
        uri = client.open(path, text)
        client.wait(lambda: codes(client.published.get(uri, {}).get("diagnostics", ())) == ["TFM101"])
        [found] = client.diagnostics(uri)
        assert at(found)[:2] == (4, column + len("😀é".encode()) - 2) and "relatedInformation" not in found
        assert f"{path}:4:1: the `for` loop repeats" in found["message"]
        [fix, _] = client.actions(uri, place(4, column + 6), ["quickfix"])
        assert "load_model" in edited(text, fix["edit"]["changes"][uri], "utf-8")
        client.type(uri, "def (:\n")
        assert client.diagnostics(uri) == []


def test_without_pygls_the_command_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = CliRunner().invoke(cli, ["server"])
    assert done.exit_code == 2 and "pip install 'tflint-mem[server]'" in done.output
