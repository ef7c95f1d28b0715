"""A helper that leaks is called from many loops: each of their files has its part in the one finding."""

import html
import io
import json
import os
import subprocess
import sys

import pytest

from support import write
from tflint_mem.__main__ import run as run_command
from tflint_mem.ruleset import further

LOADER = "import tensorflow as tf\n\n\ndef load(path):\n    return tf.keras.models.load_model(path)\n"
LOOP = "from loader import load\n\nfor name in open('names.txt'):\n    print(load(name).predict([1.0]))\n"
CLEARED = (
    LOOP.replace("from", "import gc\nimport tensorflow as tf\nfrom")
    + "    tf.keras.backend.clear_session()\n    gc.collect()\n"
)
ONCE = "from loader import load\n\nprint(load('m'))\n"


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A repository with one loader that leaks, two loops around it, one that clears, and one call."""
    monkeypatch.chdir(tmp_path)
    write({".git/HEAD": "", "loader.py": LOADER, "a.py": LOOP, "b.py": LOOP, "cleared.py": CLEARED, "once.py": ONCE})
    return tmp_path


@pytest.fixture
def tflint(capsys, monkeypatch):
    """Runs the command line in this process: (exit code, standard output)."""

    def tflint(*arguments, text=None):
        base = ["tflint-mem", "check", "--no-cache", "--ignore", "TFM6"]
        monkeypatch.setattr(sys, "argv", [*base, *map(str, arguments)])
        if text is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        code = run_command()
        captured = capsys.readouterr()
        assert "failed" not in captured.err
        return code, captured.out

    return tflint


@pytest.fixture
def found(tflint):
    """The findings as JSON has them."""
    return lambda *arguments, text=None: json.loads(tflint("--output-format", "json", *arguments, text=text)[1])


def begins(finding):
    return [(os.path.basename(first["filename"]), first["row"]) for first, *_ in finding["further_traces"]]


def test_whatever_file_of_it_is_given_the_finding_is_the_same(tree, found, tflint):
    [whole] = found(".")
    assert os.path.basename(whole["filename"]) == "loader.py" and "a.py:3" in whole["message"]
    assert begins(whole) == [("b.py", 3)]
    assert [step["row"] for step in whole["further_traces"][0]] == [3, 4, 5]
    for given in (["b.py"], ["a.py"], ["loader.py"], ["once.py", "b.py"], ["b.py", "a.py", "loader.py"]):
        assert found(*given) == [whole], given
    assert found("cleared.py") == found("once.py") == [], "no step of it lies there"
    assert found("-", "--stdin-filename", "b.py", text=LOOP) == [whole]
    assert found("-", "--stdin-filename", "b.py", text=ONCE) == []
    assert begins(*found("-", "--stdin-filename", "new.py", text=LOOP)) == [("b.py", 3), ("new.py", 3)]
    assert tflint("b.py")[0] == 1


def test_what_lies_on_the_way_counts_too(tree, found):
    write({"near.py": "from loader import load\n\n\ndef near(n):\n    return load(n)\n"})
    write({"b.py": LOOP.replace("loader import load", "near import near as load")})
    [whole] = found(".")
    assert begins(whole) == [("b.py", 3)]
    assert found("near.py") == found("b.py") == [whole]


def test_each_report_tells_it(tree, tflint):
    write({f"c{number:02}.py": LOOP for number in range(12)})

    def report(name):
        return tflint("--output-format", name, "b.py")[1]

    text = report("full")
    assert text.count("also repeated from:\n") == 1 and "\n    b.py:3:1: the `for` loop repeats\n" in text
    assert "\n    c06.py:3:1: the `for` loop repeats\n    … and 5 more (all with --output-format json)\n" in text
    [result] = json.loads(report("sarif"))["runs"][0]["results"]
    flows = [flow["threadFlows"][0]["locations"] for flow in result["codeFlows"]]
    first = [flow[0]["location"]["physicalLocation"]["artifactLocation"]["uri"] for flow in flows]
    assert first == ["a.py", "b.py", *(f"c{number:02}.py" for number in range(12))]
    also = [each for each in result["relatedLocations"] if each["message"]["text"].startswith("also here: ")]
    assert len(also) == 13 and len({each["id"] for each in result["relatedLocations"]}) == 16
    sentence = "also repeated from b.py:3, c00.py:3, c01.py:3, c02.py:3, c03.py:3 and 8 more places"
    for name in ("concise", "grouped", "github", "azure", "pylint", "gitlab", "junit"):
        assert sentence in report(name), name
    assert "also repeated from b.py:3" in html.unescape(report("markdown"))
    assert {"b.py", "c11.py"} <= {each["location"]["path"] for each in rdjson(report("rdjson"))["relatedLocations"]}
    assert [len(json.loads(row)["further_traces"]) for row in report("json-lines").splitlines()] == [13]


def rdjson(text):
    [found] = json.loads(text)["diagnostics"]
    return found


def test_old_code_stays_green_when_a_caller_is_added(tree, tflint, found):
    """A baseline and a comment know the place, whoever repeats it."""

    def fingerprint():
        [result] = json.loads(tflint("--output-format", "sarif", ".")[1])["runs"][0]["results"]
        return result["partialFingerprints"]

    before = fingerprint()
    assert tflint("--write-baseline", "known.json", ".")[0] == 0
    write({"_first.py": LOOP})  # before the others by name: the message is about this one now
    assert found("--baseline", "known.json", ".") == found("--baseline", "known.json", "_first.py") == []
    assert fingerprint() == before
    assert "_first.py:3" in found("b.py")[0]["message"]
    write({"loader.py": LOADER.replace("(path)\n", "(path)  # noqa: TFM101\n").replace("):  # noqa: TFM101", "):")})
    assert found("b.py") == found("_first.py") == []


def test_rows_that_changed_count_in_each_way(tree, found, monkeypatch):
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    os.remove(".git/HEAD")

    def git(*arguments):
        identity = ("-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-qm", "base")
    assert found("--since", "HEAD") == []
    write({"b.py": LOOP.replace("[1.0]", "[2.0]")})
    [finding] = found("--since", "HEAD")
    assert os.path.basename(finding["filename"]) == "loader.py"
    write({"b.py": LOOP + "print('done')\n"})
    assert found("--since", "HEAD") == []
    write({"b.py": LOOP, "d.py": LOOP})
    assert begins(*found("--since", "HEAD")) == [("b.py", 3), ("d.py", 3)], "a new loop around old code"


def test_a_search_that_fails_costs_no_finding(tree, capsys, monkeypatch):
    def fails(repeat, ways):
        raise ZeroDivisionError
        yield

    monkeypatch.setattr(further, "of", fails)
    monkeypatch.setattr(sys, "argv", ["tflint-mem", "check", "--no-cache", "--output-format", "json", "loader.py"])
    assert run_command() == 2
    out, err = capsys.readouterr()
    assert [each["code"] for each in json.loads(out)] == ["TFM101"]
    assert "the search for further repeats of TFM101 in row 5 failed" in err and err.count("\n") == 1


HOT = {
    "TFM103": (
        LOADER,
        "import flask\nfrom h import load\n\napp = flask.Flask('a')\n\n\n@app.route('/')\ndef get():\n    return load('m').predict([1.0])\n",
    ),
    "TFM102": (
        "import tensorflow as tf\n\n\ndef train(x):\n    model = tf.keras.Sequential([tf.keras.layers.Dense(x)])\n"
        "    model.compile('sgd', 'mse')\n    model.fit([x], [x])\n    return model.predict([x])\n",
        "from h import train\n\nfor n in open('n'):\n    print(train(n))\n",
    ),
    "TFM201": (
        "import tensorflow as tf\n\nmodel = tf.keras.models.load_model('m')\n\n\ndef ask(x):\n    return model.predict(x)\n",
        "from h import ask\n\nfor n in open('n'):\n    print(ask([n]))\n",
    ),
    "TFM301": (
        "import tensorflow as tf\n\n\ndef double(x):\n    return tf.function(lambda y: y * 2)(x)\n",
        "from h import double\n\nfor n in open('n'):\n    print(double(n))\n",
    ),
    "TFM703": (
        "import tensorflow as tf\n\n\ndef table(keys):\n    made = tf.lookup.StaticVocabularyTable(keys, 1)\n    return made.lookup('a')\n",
        "from h import table\n\nfor n in open('n'):\n    print(table(n))\n",
    ),
    "TFM302": (
        "import tensorflow as tf\n\n\n@tf.function\ndef traced(n):\n    return tf.zeros([2]) * n\n\n\ndef use(n):\n    return traced(n)\n",
        "from h import use\n\nfor n in range(1000):\n    print(use(n))\n",
    ),
    "TFM203": (
        "import tensorflow as tf\n\nmodel = tf.keras.Sequential([tf.keras.layers.Dense(1)])\noptimizer = tf.keras.optimizers.SGD()\n\n\n"
        "def step(x):\n    with tf.GradientTape() as tape:\n        loss = tf.reduce_mean(model(x))\n"
        "    grads = tape.gradient(loss, model.trainable_variables)\n    optimizer.apply_gradients(zip(grads, model.trainable_variables))\n",
        "from h import step\n\nfor n in open('n'):\n    step(n)\n",
    ),
}


@pytest.mark.parametrize("code", HOT)
def test_rules_say_all_their_ways(code, tmp_path, monkeypatch, found):
    monkeypatch.chdir(tmp_path)
    helper, user = HOT[code]
    write({".git/HEAD": "", "h.py": helper, "a.py": user, "b.py": user})
    whole = [each for each in found("--pedantic", ".") if each["code"] == code]
    assert len(whole) == 1 and {name for name, _ in begins(whole[0])} == {"b.py"}
    assert [each for each in found("--pedantic", "b.py") if each["code"] == code] == whole


def test_its_cost_is_bounded(tmp_path, monkeypatch, found):
    """A helper that is called from five hundred loops."""
    monkeypatch.chdir(tmp_path)
    loops = "".join(f"\n\ndef f{number}(names):\n    for name in names:\n        load(name)\n" for number in range(20))
    users = {f"m{number:02}.py": "from loader import load\n" + loops for number in range(25)}
    write({".git/HEAD": "", "loader.py": LOADER, **users})
    [finding] = found("loader.py")
    assert 10 <= len(finding["further_traces"]) <= further.MOST
    assert begins(finding) == sorted(begins(finding))
