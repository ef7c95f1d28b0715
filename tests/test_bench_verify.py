"""How the bench of verdicts finds its places; nothing is measured here."""

import ast
import importlib.util

import pytest

from support import ROOT

SPEC = importlib.util.spec_from_file_location("bench_verify", ROOT / "bench" / "verify.py")
bench = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(bench)


def line(item):
    return item.file.read_text().split("\n")[item.row - 1].strip()


def test_every_leaky_fixture_of_the_group_and_the_same_place_in_its_fixed_version():
    leaky = bench.flagged("leaky", "leaky.py", bench.LEAK)
    assert {item.code for item in leaky} == set(bench.LEAK)
    fixed = {item.code: item for item in bench.fixed(("TFM101", "TFM103", "TFM206", "TFM403"))}
    # a loop by its head, also one that calls the handler, the loop inside of what the trace begins with, else the row most alike
    assert line(fixed["TFM101"]) == "windows = np.load(recording)" and fixed["TFM101"].repeat == fixed["TFM101"].row - 1
    assert line(fixed["TFM103"]).startswith("body = json.dumps(")
    assert line(fixed["TFM206"]) == "loss, more = gradient_of(batch)"
    assert line(fixed["TFM403"]).endswith(".cache().repeat()") and fixed["TFM403"].repeat is None


def test_the_loop_most_like_the_leaky_one(tmp_path):
    leaky, fixed = tmp_path / "leaky.py", tmp_path / "fixed.py"
    leaky.write_text("for epoch in range(9):\n    load(epoch)\n")
    fixed.write_text(
        'for name in names:\n    pass\n\nfor epoch in range(8):\n    """doc"""\n    if epoch:\n        pass\n    use(epoch)\n'
    )
    assert bench.same_place(bench.Item("leaky", "TFM101", leaky, 2, 1), fixed) == (8, 4)
    leaky.write_text("def handler(event):\n    return load(event)\n")
    fixed.write_text("def first():\n    pass\n\n\ndef handler(event):\n    return use(event)\n")
    assert bench.same_place(bench.Item("leaky", "TFM103", leaky, 2, 1), fixed) == (6, 5)


def test_look_alikes_repeat_and_are_drawn_in_turns():
    drawn = bench.lookalikes(44, 2026)
    assert [item.key for item in drawn] == [item.key for item in bench.lookalikes(44, 2026)]
    assert len({item.key for item in drawn}) == 44
    turn = len(bench.LEAK) + 1  # and the folder of look-alikes
    assert len({item.file.relative_to(bench.FIXTURES).parts[0] for item in drawn[:turn]}) == turn
    assert [item.key for item in drawn] != [item.key for item in bench.lookalikes(44, 1)]


def test_a_place_that_does_not_repeat_is_no_look_alike(tmp_path):
    path = tmp_path / "ok_places.py"
    path.write_text("""
import flask
import tensorflow as tf

app = flask.Flask(__name__)


def build():
    return tf.keras.models.load_model("once.keras")


def again(paths):
    return [tf.keras.models.load_model(path) for path in paths]


@app.before_first_request
def first():
    return tf.keras.models.load_model("begin.keras")


@app.route("/")
def handler():
    return tf.keras.models.load_model("asked.keras")


model = build()
""")
    rows = [item.row for item in bench._repeated(path, (bench.registry.BY_CODE["TFM101"],))]
    assert rows == [13, 23]


@pytest.mark.parametrize(
    ("message", "verdict"),
    [
        ("172 KiB wait; fixed: no growth (13 B per repeat)", "not-confirmed"),
        ("4.1 MiB stay; fixed: bounded (3.7 KiB per repeat)", "bounded"),
        ("257 KiB stay; the fixed version grows too: 256 KiB stay", "confirmed"),
        ("hangs; fixed: it comes back", "not-confirmed"),
        ("hangs; fixed: it still hangs", "confirmed"),
        ("ValueError: x; fixed: still ValueError", "confirmed"),
        ("935 KiB stay", None),
    ],
)
def test_what_a_message_says_about_the_fixed_version(message, verdict):
    assert bench.after_fix(message) == verdict


def test_the_words_are_those_of_the_messages():
    folder = ROOT / "tflint_mem" / "verify" / "verdict"
    texts = "".join(
        node.value
        for path in sorted(folder.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    for words in (
        "the fixed version grows too",
        "fixed: it still hangs",
        "fixed: it comes back",
        "no growth",
        "bounded",
        "fixed: no error",
        "fixed: still",
        "fixed: it is on",
    ):
        assert words in texts, words


def test_no_folder_of_the_machine_is_recorded():
    assert (
        bench._anywhere('File "/tmp/scratch-1/run/snippet.py", line 3; https://host/a/b; 5 of 7 /repeat')
        == 'File "snippet.py", line 3; https://host/a/b; 5 of 7 /repeat'
    )
