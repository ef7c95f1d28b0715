"""The JSON schema says of a configuration what the program says of it."""

import json

import jsonschema
import pytest

from support.terminal import Terminal
from tflint_mem.hardening.errors import UsageError
from tflint_mem.settings import manual, tables
from tflint_mem.settings.schema import schema
from tflint_mem.settings.settings import Settings
from tflint_mem.verify.plan.options import KEYS as VERIFY_KEYS

VALID = [
    "",
    'select = ["ALL"]\nignore = ["TFM1", "TFM20", "predict-in-loop", "TFM000"]',
    'severity = { TFM1 = "error", TFM104 = "warning", load-model-in-loop = "hint" }',
    '[per-file-severity."tests/**"]\nALL = "hint"',
    '[per-file-ignores]\n"a.py" = []\n"!b" = ["TFM001"]',
    "timeout-per-file = 0\nmax-file-size = 1",
    "[verify]\ntimeout = 3\nmemory-limit = 4_000_000_000\nnetwork = false",
    '[verify]\nmemory-limit = "1.5 GiB"\ndevice = "gpu"\ncodes = ["TFM101", "a.py:3"]',
]
WRONG = [
    'selct = ["TFM1"]',
    'select = "TFM1"',
    "select = [1]",
    'select = ["TFM9"]',
    'ignore = ["load-modle"]',
    'extend-select = ["E501"]',
    'fixable = ["nope"]',
    'unfixable = "TFM1"',
    'extend-safe-fixes = ["TFM101x"]',
    "extend-unsafe-fixes = true",
    'severity = "hint"',
    'severity = { TFM101 = "info" }',
    'severity = { E501 = "hint" }',
    "severity = { TFM101 = 3 }",
    'per-file-severity = { "a.py" = "hint" }',
    'per-file-severity = { "a.py" = { TFM101 = "off" } }',
    'fail-on = "never"',
    "fail-on = true",
    'per-file-ignores = ["a.py"]',
    'per-file-ignores = { "a.py" = "TFM1" }',
    'per-file-ignores = { "a.py" = ["X"] }',
    'extend-per-file-ignores = { "a.py" = ["X"] }',
    "include = true",
    'exclude = "build"',
    "force-exclude = 1",
    "max-file-size = 0",
    'max-file-size = "5 MB"',
    "timeout-per-file = -1",
    'output-format = "jsn"',
    "tensorflow-version = 2.15",
    "handlers = [3]",
    "verify = 3",
    "[verify]\ntimeoutt = 3",
    "[verify]\ntimeout = 0",
    "[verify]\nnetwork = 1",
    '[verify]\ndevice = "tpu"',
    '[verify]\nmemory-limit = "much"',
]
VALIDATOR = jsonschema.Draft7Validator(schema())


def refused(text):
    """`(by the program, by the schema)`."""
    table = tables.parse(text.encode(), "a.toml")
    try:
        settings = Settings()
        said = tables.checked(table, "a.toml")
        settings.update({key: value for key, value in said.items() if key not in ("extend", "required-version")})
        settings.validate()
    except UsageError:
        return True, not VALIDATOR.is_valid(table)
    return False, not VALIDATOR.is_valid(table)


def test_the_schema_is_one():
    jsonschema.Draft7Validator.check_schema(schema())


@pytest.mark.parametrize("text", VALID + [entry.example for entry in manual.ENTRIES.values()])
def test_what_can_be_said_is_taken_by_both(text):
    assert refused(text) == (False, False)


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_refused_by_both(text):
    assert refused(text) == (True, True)


def test_every_key_is_described():
    assert set(manual.ENTRIES) == set(tables.KEYS)
    assert set(manual.VERIFY) == set(VERIFY_KEYS)


def test_the_command_describes_keys(monkeypatch, capsys):
    terminal = Terminal(capsys, monkeypatch)
    names = terminal("config").out.splitlines()
    assert set(tables.KEYS) <= set(names) and "verify.timeout" in names
    listed = json.loads(terminal("config", "--output-format", "json").out)
    assert list(listed) == names and listed["fail-on"]["kind"] == tables.KINDS[tables.SEVERITY]
    assert manual.ENTRIES["severity"].text in terminal("config", "severity").out
    assert json.loads(terminal("config", "fix", "--output-format", "json").out)["who"] == "the user alone sets it"
    wrong = terminal("config", "selct")
    assert (wrong.code, wrong.out) == (2, "") and "did you mean `select`?" in wrong.err
    assert json.loads(terminal("config", "--schema").out) == schema()


def test_what_holds_is_shown_as_a_configuration(tmp_path, monkeypatch, capsys):
    """Which can be read again, and is one by the schema."""
    monkeypatch.chdir(tmp_path)
    terminal = Terminal(capsys, monkeypatch)
    said = 'ignore = ["TFM6"]\nextend-include = ["*.pyw", "é\\"😀\\u007f"]\n[severity]\nTFM1 = "hint"\n'
    said += (
        '[per-file-severity."tests/**"]\nALL = "error"\n[per-file-ignores]\n"a.py" = ["TFM2"]\n[verify]\nseconds = 3\n'
    )
    (tmp_path / "tflint-mem.toml").write_text(said)
    shown = terminal("check", "--show-settings", "--fail-on", "error")
    assert shown.code == 0 and f"# configuration: {tmp_path / 'tflint-mem.toml'}" in shown.out
    table = tables.parse(shown.out.encode(), "shown")
    VALIDATOR.validate(table)
    assert table["fail-on"] == "error" and table["per-file-severity"] == {"tests/**": {"ALL": "error"}}
    assert table["extend-include"] == ["*.pyw", 'é"😀\x7f']
    (tmp_path / "tflint-mem.toml").write_text(shown.out)
    again = terminal("check", "--show-settings").out
    assert again == shown.out
