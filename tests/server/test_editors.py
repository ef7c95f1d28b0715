"""What `docs/editors.md` tells people to paste is what their editor can read, and starts what there is."""

import json
import re
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from support import ROOT
from support.recipes import blocks
from tflint_mem.server.actions import FIX_ALL
from tflint_mem.server.options import EditorSettings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PAGE = ROOT / "docs" / "editors.md"
EXTENSION = ROOT / "editors" / "vscode"


def texts(language):
    found = [block.text for block in blocks(language) if block.page == PAGE]
    assert found
    return found


def test_visual_studio_code():
    generic, on_save = map(json.loads, texts("json"))
    command = [generic["glspc.server.command"], *generic["glspc.server.commandArguments"]]
    assert command == ["tflint-mem", "server"]
    assert EditorSettings.of(generic["glspc.server.initializationOptions"]) == EditorSettings(syntax_errors=False)
    assert set(on_save["[python]"]["editor.codeActionsOnSave"]) == {FIX_ALL}


def test_the_extension_has_the_settings_of_the_server():
    manifest = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    properties = manifest["contributes"]["configuration"]["properties"]
    said = {
        name.removeprefix("tflint-mem."): {"array": ["TFM101"], "boolean": True}.get(value["type"], "x")
        for name, value in properties.items()
    }
    used = EditorSettings.of({**said, "showSyntaxErrors": False})
    assert set(used.overrides) == {"select", "ignore", "extend-select", "pedantic"} and not used.syntax_errors
    # what decides whom to trust is no setting of a workspace
    assert {name for name, value in properties.items() if value.get("scope") == "machine"} == {
        "tflint-mem.path",
        "tflint-mem.args",
    }
    assert (EXTENSION / manifest["main"]).is_file()
    # `code --install-extension` in the page names what `vsce package` makes
    assert f"{manifest['name']}-{manifest['version']}.vsix" in PAGE.read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_the_extension_parses():
    subprocess.run(["node", "--check", EXTENSION / "extension.js"], check=True)


def test_neovim(tmp_path):
    [text] = texts("lua")
    assert 'cmd = { "tflint-mem", "server" }' in text and text.count("{") == text.count("}")
    assert set(re.findall(r'vim\.lsp\.(?:config|enable)\("(\w+)"', text)) == {"tflint_mem"}
    if shutil.which("luac"):
        (tmp_path / "init.lua").write_text(text)
        subprocess.run(["luac", "-p", tmp_path / "init.lua"], check=True)


def test_helix():
    [text] = texts("toml")[:1]
    content = tomllib.loads(text)
    server = content["language-server"]["tflint-mem"]
    assert [server["command"], *server["args"]] == ["tflint-mem", "server"]
    assert EditorSettings.of(server["config"]) == EditorSettings(syntax_errors=False)
    [language] = content["language"]
    assert language["name"] == "python" and "tflint-mem" in language["language-servers"]


def test_emacs():
    for text in texts("elisp"):
        depth = 0
        for character in re.sub(r'"[^"]*"', "", text):
            depth += (character == "(") - (character == ")")
            assert depth >= 0
        assert depth == 0 and '("tflint-mem" "server")' in text


def test_pycharm_finds_its_places_in_what_the_command_writes(tmp_path):
    [text] = texts("xml")
    options = {each.get("name"): each.get("value") for each in ElementTree.fromstring(text).iter("option")}
    path = tmp_path / "leaky.py"
    path.write_text("import tensorflow as tf\n\nfor n in range(9):\n    print(tf.keras.models.load_model('m'))\n")
    arguments = options["arguments"].replace("$FilePath$", str(path)).split()
    assert options["program"] == "tflint-mem"
    done = subprocess.run(
        [sys.executable, "-m", "tflint_mem", *arguments], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    pattern = options["regExp"].replace("$FILE_PATH$", r"(?P<path>[^:]+)").replace("$LINE$", r"(?P<row>\d+)")
    found = [re.fullmatch(pattern, row) for row in done.stdout.splitlines()]
    assert all(found) and ("leaky.py", "4") in {(each["path"].rpartition("/")[2], each["row"]) for each in found}


def test_the_figures_are_those_of_the_record():
    record = json.loads((ROOT / "docs" / "evidence" / "server.json").read_text(encoding="utf-8"))
    page = PAGE.read_text(encoding="utf-8")
    for way in ("others wait", "others run as well"):
        times = [place["milliseconds"] for place in record[way]["places"].values()]
        medians, worst = [time["median"] for time in times], max(time["worst"] for time in times)
        assert re.search(rf"\b{min(medians)} to {max(medians)}\b[^;]*, at worst {worst}\b", page)
        assert record[way]["lines"] > 59_000
