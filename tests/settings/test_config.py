"""Where settings come from, which selector wins, and what a wrong key is told."""

import os

import pytest

from tflint_mem.ruleset.registry import RULES
from tflint_mem.settings import config
from tflint_mem.settings.config import UsageError

ALL = {rule.code for rule in RULES}
LEAKS = {code for code in ALL if code.startswith("TFM1")}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, text, name="pyproject.toml"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def refusal(*arguments, **options):
    with pytest.raises(UsageError) as caught:
        config.load(*arguments, **options)
    return str(caught.value)


def test_defaults(here):
    settings = config.load(["."])
    assert settings.enabled == ALL
    assert settings.explicit == set()
    assert settings.config_path is None
    assert settings.tensorflow_version is None


def test_nearest_file_upwards_with_our_table(here):
    write(here, '[tool.tflint-mem]\nselect = ["TFM1"]\ntensorflow-version = "2.15"\n')
    write(
        here / "src",
        "[tool.black]\nline-length = 88\n# not our table: [tool.tflint-mem\n".replace("[tool.tflint-mem", "tflint-mem"),
    )
    (here / "src" / "a.py").write_text("")
    settings = config.load([str(here / "src" / "a.py")])
    assert settings.enabled == LEAKS
    assert settings.tensorflow_version == "2.15"
    assert settings.project_root == str(here)


def test_own_file_wins_over_pyproject(here):
    write(here, '[tool.tflint-mem]\nselect = ["TFM1"]\n')
    write(
        here,
        'select = ["TFM201"]\nhandlers = ["app.on"]\nentry-points = ["scripts/*.py"]\n[verify]\n',
        "tflint-mem.toml",
    )
    settings = config.load(["."])
    assert settings.enabled == {"TFM201"} == settings.explicit
    assert (settings.handlers, settings.entry_points) == (["app.on"], ["scripts/*.py"])


def test_isolated_reads_nothing(here):
    write(here, "select = 3\n", "tflint-mem.toml")
    assert config.load(["."], isolated=True).enabled == ALL
    assert "--isolated" in refusal(["."], config=["tflint-mem.toml"], isolated=True)


def test_config_option_takes_a_file_or_a_setting(here):
    write(here, '[tool.tflint-mem]\nselect = ["TFM1"]\n')
    write(here, 'select = ["TFM2"]\n', "other.toml")
    assert config.load(["."], config=["other.toml"]).enabled == {code for code in ALL if code.startswith("TFM2")}
    inline = config.load(["."], config=['tensorflow-version = "1.15"', 'ignore = ["TFM102"]'])
    assert inline.tensorflow_version == "1.15"
    assert inline.enabled == LEAKS - {"TFM102"}


def test_project_root_without_configuration(here):
    assert config.load(["."]).project_root == str(here)
    (here / "repo" / ".git").mkdir(parents=True)
    (here / "repo" / "src").mkdir()
    assert config.load(["repo/src"]).project_root == str(here / "repo")


@pytest.mark.parametrize(
    ("layers", "enabled"),
    [
        ([{"select": ["TFM101", "load-model-per-request"]}], {"TFM101", "TFM103"}),
        ([{"select": ["tfm101"], "ignore": ["TFM1"]}], {"TFM101"}),
        ([{"select": ["TFM1"], "ignore": ["TFM101"]}], LEAKS - {"TFM101"}),
        ([{"select": ["TFM101"], "ignore": ["TFM101"]}], set()),
        ([{"ignore": ["ALL"], "extend-select": ["TFM201"]}], {"TFM201"}),
        ([{"select": ["TFM101"]}, {"extend-select": ["TFM201"]}], {"TFM101", "TFM201"}),
        ([{"select": ["TFM101"], "ignore": ["TFM102"]}, {"select": ["TFM1"]}], LEAKS),
        ([{"ignore": ["TFM102"]}, {"ignore": ["TFM101"]}], ALL - {"TFM101", "TFM102"}),
        ([{"select": []}], set()),
    ],
)
def test_selection(layers, enabled):
    settings = config.Settings()
    for layer in layers:
        settings.update(layer)
    assert settings.enabled == enabled


def test_only_full_codes_and_names_are_explicit():
    settings = config.Settings()
    settings.update({"select": ["TFM2", "predict-in-loop"], "extend-select": ["TFM202"]})
    assert settings.explicit == {"TFM201", "TFM202"}


@pytest.mark.parametrize(
    ("word", "guess"), [("TFM110x", "TFM110"), ("load-model-in-lop", "load-model-in-loop"), ("E501", "")]
)
def test_unknown_selectors_name_the_nearest(here, word, guess):
    message = refusal(["."], overrides={"select": [word]})
    assert f"`{word}`" in message
    assert ("did you mean" in message) == bool(guess)
    assert guess in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('selct = ["TFM1"]', ["unknown key `selct`", "did you mean `select`?"]),
        ("extend_exclude = []", ["unknown key `extend_exclude`", "`extend-exclude`"]),
        ('select = "TFM1"', ["`select` should be a list of strings, not a string"]),
        ("unsafe-fixes = 1", ["`unsafe-fixes` should be true or false, not a number"]),
        ("max-file-size = true", ["`max-file-size` should be a number of bytes"]),
        ("verify = 3", ["`verify` should be a table"]),
        ("[verify]\ntimeoutt = 3", ["timeoutt", "did you mean 'timeout'?"]),
        ("[verify]\ntimeout = true", ["verify.timeout must be a number of seconds"]),
        ('per-file-ignores = ["x"]', ["`per-file-ignores` should be a table of lists"]),
        ('output-format = "jsn"', ["unknown output-format `jsn`", "`json`"]),
        ('ignore = ["TFM9999"]', ["no rule is called `TFM9999`"]),
        ('[per-file-ignores]\n"a.py" = ["TFM9999"]', ["no rule is called `TFM9999`"]),
    ],
)
def test_wrong_configuration_is_refused_with_its_place(here, text, words):
    write(here, text, "tflint-mem.toml")
    message = refusal(["."])
    for word in words:
        assert word in message
    if "no rule" not in message:
        assert os.path.join(str(here), "tflint-mem.toml") in message


def test_broken_files(here):
    write(here, "select = [", "tflint-mem.toml")
    assert "tflint-mem.toml: invalid TOML" in refusal(["."])
    assert "No such file" in refusal(["."], config=["missing.toml"])
    write(here, "[tool]\ntflint-mem = 3\n", "pyproject.toml")
    (here / "tflint-mem.toml").unlink()
    assert "`tool.tflint-mem` should be a table" in refusal(["."])


def test_per_file_ignores(here):
    write(
        here,
        '[per-file-ignores]\n"tests/*" = ["TFM1"]\n"!src/**" = ["predict-in-loop"]\n"conftest.py" = ["ALL"]\n',
        "tflint-mem.toml",
    )
    settings = config.load(["."])
    assert settings.is_ignored("tests/sub/test_a.py", "TFM101")
    assert not settings.is_ignored("tests/test_a.py", "TFM301")
    assert settings.is_ignored("tests/test_a.py", "TFM201")
    assert not settings.is_ignored("src/a.py", "TFM201")
    assert settings.is_ignored("src/deep/conftest.py", "TFM601")


def test_baseline_is_relative_to_its_file(here):
    write(here / "sub", 'baseline = "known.json"\n', "tflint-mem.toml")
    assert config.load(["sub"]).baseline == str(here / "sub" / "known.json")
