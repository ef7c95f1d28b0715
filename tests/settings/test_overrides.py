"""How severe findings are and which fixes they have, as settings say."""

import pytest

from tflint_mem.finding import Edit, Finding, Fix
from tflint_mem.hardening.errors import UsageError
from tflint_mem.settings import discovery
from tflint_mem.settings.settings import Settings


def finding(code="TFM101", path="a.py", severity="warning", applicability="unsafe"):
    fix = Fix(applicability=applicability, message="m", edits=(Edit(start=(1, 1), end=(1, 1), content="x"),))
    return Finding(
        code=code, name="n", group="leak", severity=severity, message="m", path=path, start=(1, 1), end=(1, 2), fix=fix
    )


def shown(settings, **given):
    """`(severity, applicability of the fix or None)`."""
    (one,) = settings.as_configured([finding(**given)])
    return one.severity, one.fix and one.fix.applicability


@pytest.mark.parametrize(
    ("said", "given", "expected"),
    [
        ({}, {}, ("warning", "unsafe")),
        ({"severity": {"TFM101": "hint"}}, {}, ("hint", "unsafe")),
        ({"severity": {"TFM101": "error", "TFM1": "hint", "ALL": "hint"}}, {}, ("error", "unsafe")),
        ({"severity": {"load-model-in-loop": "error"}}, {}, ("error", "unsafe")),
        ({"severity": {"TFM2": "error"}}, {}, ("warning", "unsafe")),
        ({"severity": {"TFM000": "hint"}}, {"code": "TFM000", "severity": "error"}, ("hint", "unsafe")),
        ({"per_file_severity": {"a.py": {"ALL": "hint"}}}, {}, ("hint", "unsafe")),
        ({"per_file_severity": {"!tests/*": {"TFM1": "error"}}}, {"path": "tests/a.py"}, ("warning", "unsafe")),
        ({"severity": {"TFM101": "error"}, "per_file_severity": {"a.py": {"ALL": "hint"}}}, {}, ("hint", "unsafe")),
        ({"unfixable": ["TFM1"]}, {}, ("warning", None)),
        ({"fixable": ["TFM2"]}, {}, ("warning", None)),
        ({"fixable": ["TFM2"], "extend_fixable": ["TFM101"]}, {}, ("warning", "unsafe")),
        ({"fixable": ["TFM101"], "unfixable": ["TFM1"]}, {}, ("warning", "unsafe")),
        ({"fixable": ["TFM101"], "unfixable": ["TFM101"]}, {}, ("warning", None)),
        ({"extend_safe_fixes": ["TFM101"]}, {}, ("warning", "safe")),
        ({"extend_unsafe_fixes": ["TFM101"]}, {"applicability": "safe"}, ("warning", "unsafe")),
        ({"extend_safe_fixes": ["TFM101"], "extend_unsafe_fixes": ["ALL"]}, {}, ("warning", "safe")),
        (
            {"extend_safe_fixes": ["TFM1"], "extend_unsafe_fixes": ["TFM1"]},
            {"applicability": "safe"},
            ("warning", "unsafe"),
        ),
    ],
)
def test_what_settings_say(said, given, expected):
    assert shown(Settings(**said), **given) == expected


def test_layers():
    """A later layer says it above an earlier one; a list of fixable rules begins anew."""
    settings = Settings(severity={"TFM101": "hint"}, unfixable=["TFM101"])
    assert shown(settings.replace(severity={"TFM1": "error"})) == ("error", None)
    assert shown(settings.replace(fixable=["TFM1"])) == ("hint", "unsafe")
    settings = Settings(extend_exclude=["a"], per_file_ignores={"x.py": ["TFM1"]})
    settings.update({"extend-exclude": ["b"], "extend-per-file-ignores": {"y.py": ["TFM2"]}})
    settings.update({"extend-per-file-ignores": {"y.py": ["TFM3"]}})
    assert settings.extend_exclude == ["a", "b"]
    assert settings.extend_per_file_ignores == {"y.py": ["TFM2", "TFM3"]}
    assert settings.is_ignored("x.py", "TFM101") and settings.is_ignored("y.py", "TFM301")
    assert not settings.is_ignored("y.py", "TFM101")


def test_a_file_that_cannot_be_read_is_told_unless_it_is_ignored():
    for said in ({}, {"select": ["TFM1"]}, {"select": []}, {"select": ["TFM000"], "ignore": ["TFM0"]}):
        assert "TFM000" in Settings(**said).of_files, said
    for said in ({"ignore": ["TFM000"]}, {"ignore": ["syntax-error"]}, {"select": ["ALL"], "ignore": ["TFM0"]}):
        assert "TFM000" not in Settings(**said).of_files, said
    assert "TFM000" not in Settings(ignore=["TFM000"]).replace(select=["TFM1"]).of_files, "of the layer before"
    assert Settings(per_file_ignores={"old/*": ["TFM000"]}).wants("a.py", "TFM000")
    assert not Settings(per_file_ignores={"old/*": ["TFM000"]}).wants("old/a.py", "TFM000")


@pytest.mark.parametrize(
    "said",
    [
        {"severity": {"X": "hint"}},
        {"per_file_severity": {"a": {"X": "hint"}}},
        {"extend_safe_fixes": ["X"]},
        {"extend_fixable": ["X"]},
    ],
)
def test_selectors_that_name_no_rule(said):
    with pytest.raises(UsageError, match="no rule is called `X`"):
        Settings(**said)


def test_include(tmp_path):
    for name in ("a.py", "b.pyw", "c.ipynb", "bin/train", "d.txt", "build/e.pyw"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")

    def found(**said):
        files = discovery.discover([str(tmp_path)], Settings(project_root=tmp_path, **said)).files
        return {path[len(str(tmp_path)) + 1 :] for path in files}

    assert found() == {"a.py", "c.ipynb"}
    assert found(extend_include=["*.pyw", "bin/train"]) == {"a.py", "c.ipynb", "b.pyw", "bin/train"}
    assert found(include=["*.pyw"]) == {"b.pyw"}
    assert found(include=["*.py"], extend_include=["bin/*"], extend_exclude=["a.py"]) == {"bin/train"}
