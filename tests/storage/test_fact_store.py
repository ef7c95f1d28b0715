"""Facts of earlier runs: a check after any edit says what one without the cache says, and believes nobody else's facts."""

import marshal
import os
import random
import sys

import pytest

from tflint_mem.__main__ import run
from tflint_mem.checking import check as checking
from tflint_mem.facts import collect, packed
from tflint_mem.settings.settings import Settings
from tflint_mem.storage import fact_store
from tflint_mem.storage.fact_store import FactStore
from tflint_mem.storage.folder import CacheFolder

CODE = b"import tensorflow as tf\n\nfor step in range(9):\n    tf.keras.models.load_model('m')\n"


@pytest.fixture
def folder(tmp_path):
    return CacheFolder(Settings(project_root=tmp_path))


def stored(folder, *codes):
    """A store with the facts of these codes, written."""
    store = FactStore(folder)
    for code in codes:
        store.put(store.key(code), collect(code))
    store.save()
    return store


def test_facts_come_back_as_they_were(folder):
    stored(folder, CODE)
    known, made = FactStore(folder).get(folder.digest(CODE)), collect(CODE)
    assert known.roles() == tuple(map(tuple, made.roles())) or sorted(map(sorted, known.roles())) == sorted(
        map(sorted, made.roles())
    )
    assert (known.defs, known.imports, known.bases) == (made.defs, made.imports, made.bases)
    assert packed.load(memoryview(packed.dump(made))).packed is not None


@pytest.mark.parametrize("at", [0, 40, -1])
def test_a_store_that_somebody_has_touched_is_not_even_parsed(folder, at, monkeypatch):
    stored(folder, CODE)
    (path,) = (os.path.join(folder.path, name) for name in os.listdir(folder.path) if name.endswith(".facts"))
    raw = bytearray(open(path, "rb").read())
    raw[at] ^= 1
    open(path, "wb").write(raw)
    monkeypatch.setattr(fact_store, "marshal", None)
    store = FactStore(folder)
    assert not store.has(folder.digest(CODE)) and store.get(folder.digest(CODE)) is None


def test_a_store_that_another_user_has_signed_is_not_believed(folder, tmp_path, monkeypatch):
    stored(folder, CODE)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path.parent / "somebody else"))
    monkeypatch.setattr(fact_store, "marshal", None)
    other = CacheFolder(Settings(project_root=tmp_path))
    assert other.usable and not FactStore(other).has(folder.digest(CODE))


def test_what_is_not_used_goes_when_there_is_too_much_of_it(folder, monkeypatch):
    monkeypatch.setattr(fact_store, "_SPARE", 0)
    old = [b"import keras\nold = %d\n" % number for number in range(40)]
    stored(folder, *old)
    store = FactStore(folder)
    store.get(store.key(old[3]))
    store.put(store.key(CODE), collect(CODE))
    store.save()
    store = FactStore(folder)
    kept = [code for code in old if store.has(store.key(code))]
    assert old[3] in kept and len(kept) < 10 and store.has(store.key(CODE))


def test_old_files_of_the_cache_go(folder):
    os.makedirs(folder.path)
    for number in range(60):
        path = os.path.join(folder.path, f"{number}.json")
        open(path, "w").close()
        os.utime(path, (number, number))
    folder.write("new.json", b"{}")
    left = {name for name in os.listdir(folder.path) if name.endswith(".json")}
    assert len(left) == 40 and {"new.json", "59.json"} <= left and "0.json" not in left


ROWS = (
    "import tensorflow as tf",
    "from helpers import get, Loader",
    "import main, helpers",
    "def get(path):\n    return tf.keras.models.load_model(path)",
    "class Loader:\n    def __init__(self):\n        self.model = get('m')",
    "for path in paths:\n    model = get(path)",
    "def run(paths):\n    for path in paths:\n        Loader()",
    "run(['a', 'b'])",
    "@tf.function\ndef step(x):\n    return x + 1",
    "for n in range(99):\n    step(n)",
    "models = []",
    "while True:\n    models.append(tf.keras.Sequential())",
    "tf.keras.backend.clear_session()",
    "# nothing",
    "this does not parse",
)


def test_after_any_edit_the_check_says_what_a_cold_one_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checking, "_FEWEST_TO_CACHE", 1)
    dice = random.Random(5)
    names = ("main", "helpers", "other", "test_main")
    files = {name: [ROWS[0], ROWS[1], ROWS[3]] for name in names}

    def said(*arguments):
        monkeypatch.setattr(sys, "argv", ["tflint-mem", "check", "--isolated", "--output-format", "json", *arguments])
        return run(), capsys.readouterr()

    known = []
    get = FactStore.get
    monkeypatch.setattr(FactStore, "get", lambda self, key: known.append(get(self, key)) or known[-1])
    for _ in range(30):
        rows = files[dice.choice(names)]
        if len(rows) > 2 and dice.random() < 0.3:
            del rows[dice.randrange(len(rows))]
        else:
            rows.insert(dice.randrange(len(rows) + 1), dice.choice(ROWS))
        for name in names:
            (tmp_path / f"{name}.py").write_text("\n".join(files[name]) + "\n")
        assert said() == said("--no-cache")
    assert len([each for each in known if each is not None]) > 30


def test_marshal_is_what_the_store_is_written_with(folder):
    """Facts hold nothing but what `marshal` takes: no class of ours is named in them."""
    raw = packed.dump(collect(CODE))
    assert b"tflint_mem" not in raw and isinstance(marshal.loads(raw[4:]), tuple)
