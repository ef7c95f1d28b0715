"""What runs in the measured process is run by the interpreter of the checked project, which may be an old one."""

import ast
import subprocess
import sys

import pytest

from support import ROOT

VERIFY = ROOT / "tflint_mem" / "verify"
MEASURED = sorted(
    [
        *(VERIFY / "child").rglob("*.py"),
        *(VERIFY / "standins").rglob("*.py"),
        VERIFY / "snippet" / "scope.py",
        VERIFY / "containment" / "process_table.py",
        VERIFY / "containment" / "without_proc.py",
    ]
)


def name_of(path):
    return path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").replace(".__init__", "")


def imported(path):
    """Modules of ours that a module imports at run time, wherever in it."""
    tree, found, package = ast.parse(path.read_text()), set(), name_of(path.parent / "x").rpartition(".")[0]
    for node in list(ast.walk(tree)):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            base = ".".join([package, *filter(None, [node.module])]) if node.level else node.module
            found.update(f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return found


@pytest.mark.parametrize("path", MEASURED, ids=name_of)
def test_old_interpreters_can_read_it(path):
    ast.parse(path.read_text(), str(path), feature_version=(3, 8))


@pytest.mark.parametrize("path", [path for path in MEASURED if path.parent.name != "substitutes"], ids=name_of)
def test_it_uses_only_what_is_bound_to_the_same(path):
    names = {name_of(other) for other in MEASURED}
    for name in imported(path):
        assert not name.startswith("tflint_mem") or name in names or name.rpartition(".")[0] in names, name
        assert name.partition(".")[0] not in ("typing", "typing_extensions", "dataclasses"), name


@pytest.mark.parametrize("path", sorted((VERIFY / "containment").glob("*.py")), ids=name_of)
def test_containment_uses_nothing_that_stands_above_it(path):
    for name in imported(path):
        assert not name.startswith("tflint_mem") or name.startswith("tflint_mem.verify.containment"), name


@pytest.mark.parametrize(
    "start, most",
    [
        ("from tflint_mem.verify.child import environment, execute, nvml", ("typing", "tensorflow", "libcst")),
        ("from tflint_mem.verify.containment import guard", ("typing", "json", "re", "signal", "subprocess")),
    ],
    ids=["child", "guard"],
)
def test_their_start_loads_little(start, most):
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); {start}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert not set(most) & set(done.stdout.split())
