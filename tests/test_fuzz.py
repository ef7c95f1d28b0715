"""Everything that was ever wrong, and a few hundred mutants of each kind: what `python -m fuzz` asks must hold."""

import subprocess
import sys

import pytest

from support import ROOT

sys.path.insert(0, str(ROOT))

from fuzz import case, material, server, shrink
from fuzz.splice import patched, spliced


def fuzz(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "fuzz", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=600
    )


def test_corpus():
    done = fuzz("corpus")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "kind, count", [("programs", 200), ("projects", 50), ("notebooks", 200), ("configurations", 150), ("caches", 60)]
)
def test_mutants(kind, count, tmp_path):
    done = fuzz(
        kind,
        "--count",
        str(count),
        "--seed",
        "7",
        "--jobs",
        "2",
        "--findings",
        str(tmp_path),
        "--no-shrink",
        "--details",
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_input_is_given_by_kind_seed_and_number():
    for kind in server.KINDS:
        first, again = (case.dump(server.case_of(kind, 3, 5)) for _ in range(2))
        assert first == again
        assert first != case.dump(server.case_of(kind, 3, 6))


def test_a_case_survives_its_file(tmp_path):
    files = {
        "a.py": b"x = '\xff'\n",
        "b\udcff.ipynb": b"{}",
        "c": ("link", "/dev/zero"),
        "d": ("fifo",),
        "e.toml": b"a = 1\r\nb = 2",
    }
    kept = case.Case("configurations", files, ("--select", "ALL"), True, b"\x00")
    assert case.dump(case.load(case.save(kept, tmp_path / "x"))) == case.dump(kept)
    lone = case.Case("programs", {"case.py": b"x\n"})
    assert case.save(lone, tmp_path / "y").name == "y.py"
    assert case.load(tmp_path / "y.py").files == lone.files


def test_a_failing_input_becomes_small():
    def fails(candidate):
        return b"load_model" in candidate.files.get("case.py", b"")

    text = material.text(next(path for path in material.files() if path.name == "leaky.py"))
    large = case.Case("programs", {"case.py": text.encode() + b"\nload_model\n", "other.py": b"x\n"})
    assert shrink.Shrinker(fails, 500).shrink(large).files == {"case.py": b"load_model"}


def test_edits_and_patches_by_hand():
    raw = "\ufeffa\u00e9b\r\nc\rd".encode()
    assert spliced(raw, [((1, 2), (1, 3), "x"), ((2, 1), (3, 1), "")], "utf-8") == "\ufeffaxb\r\nd".encode()
    patch = b"--- a.py\n+++ a.py\n@@ -1,2 +1,2 @@\n-a\n+b\n c\n\\ No newline at end of file\n"
    assert patched({"a.py": b"a\nc"}, patch) == {"a.py": b"b\nc"}
    with pytest.raises(ValueError):
        patched({"a.py": b"x\nc"}, patch)
