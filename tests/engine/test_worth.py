"""What a default run shows, what it holds back for --pedantic, and one finding for one thing."""

import json
import shutil
import subprocess
import sys

import pytest

from support import FIXTURES

PREDICTS = """\
import numpy as np
import tensorflow as tf

model = tf.keras.models.load_model("m.keras")
frames = np.load("frames.npy")
{loop}
    print(model.predict(frames[i : i + 1]))
"""


def check(cwd, *arguments):
    """(exit code, standard output, standard error) of a check without the memory growth rule."""
    command = [sys.executable, "-m", "tflint_mem", "check", "--isolated", "--no-cache", *arguments, "."]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, done.stdout, done.stderr


def records(cwd, *arguments):
    return json.loads(check(cwd, "--output-format", "json", *arguments)[1])


@pytest.mark.parametrize(
    ("loop", "persona"),
    [
        ("for i in range(12):", "pedantic"),
        ("for i in range(1000):", "regular"),
        ("for i in range(len(frames)):", "regular"),
    ],
)
def test_what_is_slow_counts_where_it_adds_up(tmp_path, loop, persona):
    (tmp_path / "main.py").write_text(PREDICTS.format(loop=loop))
    [record] = records(tmp_path, "--pedantic", "--ignore", "TFM601,TFM202")
    assert (record["code"], record["persona"], record["confidence"]) == ("TFM201", persona, "certain")
    assert bool(records(tmp_path, "--ignore", "TFM601,TFM202")) == (persona == "regular")
    assert records(tmp_path, "--select", "TFM201"), "who names the rule wants to see it"


@pytest.mark.parametrize(
    ("draw", "persona"),
    [
        ("plt.figure()", "pedantic"),
        ("if i % 100 == 0:\n        plt.savefig('now.png')", "regular"),
        ("cv2.imshow('now', i)", "regular"),
    ],
)
def test_nobody_waits_for_a_prediction_beside_a_figure(tmp_path, draw, persona):
    (tmp_path / "main.py").write_text(
        "import cv2\nimport matplotlib.pyplot as plt\n"
        + PREDICTS.format(loop=f"for i in range(len(frames)):\n    {draw}")
    )
    [record] = records(tmp_path, "--pedantic", "--ignore", "TFM601,TFM202,TFM705")
    assert (record["code"], record["persona"]) == ("TFM201", persona)


def test_the_fix_works_on_each_version_that_the_requirements_admit(tmp_path):
    (tmp_path / "main.py").write_text(
        PREDICTS.format(loop="for i in range(len(frames)):").replace("1]))", "1]).argmax())")
    )
    for requirement, text in (
        ("tensorflow>=1.14", "predict_on_batch("),
        ("tensorflow>=2.4", "training=False).numpy()"),
    ):
        (tmp_path / "requirements.txt").write_text(requirement + "\n")
        [record] = records(tmp_path, "--ignore", "TFM601,TFM202")
        assert text in record["fix"]["edits"][0]["content"]


REPLAYS = """\
import random

import tensorflow as tf


class Agent:
    def __init__(self):
        self.model, self.memory = tf.keras.models.load_model("m.keras"), []

    def replay(self{parameter}):
        for state in random.sample(self.memory, {size}):
            print(self.model.predict(state))


def play(agent, env):
    {loop}:
        agent.memory.append(env.step())
        agent.replay()


play(Agent(), object())
"""


@pytest.mark.parametrize(
    ("loop", "parameter", "size", "persona"),
    [
        ("while True", "", "20", "regular"),
        ("for step in range(100)", "", "20", "regular"),
        ("for step in range(1)", "", "20", "pedantic"),
        ("if env", "", "20", "pedantic"),
        ("if env", ", size=14", "size", "pedantic"),
        ("if env", ", size=SIZE", "size", "pedantic"),
        ("if env", ", size=None", "size", "regular"),
    ],
)
def test_a_short_loop_counts_as_often_as_it_runs(tmp_path, loop, parameter, size, persona):
    (tmp_path / "main.py").write_text("SIZE = 14\n" + REPLAYS.format(loop=loop, parameter=parameter, size=size))
    [record] = records(tmp_path, "--pedantic", "--ignore", "TFM601,TFM202")
    assert (record["code"], record["persona"]) == ("TFM201", persona)


LONG = "for i in range(len(frames)):"
TRAJECTORIES = """\
import tensorflow as tf

critic = tf.keras.Sequential([tf.keras.layers.Dense(1)])


def advantages(trajectories):
    for {each} in trajectories:
        print(critic({given}))


advantages(open("trajectories"))
"""


@pytest.mark.parametrize(
    ("each", "given", "persona"),
    [
        ("trajectory", 'trajectory["s"]', "pedantic"),
        ("episode", "episode.states", "pedantic"),
        ("path", "test_x", "pedantic"),
        ("step", "step.state", "regular"),
        ("trajectory", "trajectory.states[:1]", "regular"),
        ("trajectory", "trajectory[None]", "regular"),
    ],
)
def test_a_pass_over_a_whole_trajectory_is_no_hot_loop(tmp_path, each, given, persona):
    (tmp_path / "main.py").write_text(TRAJECTORIES.format(each=each, given=given))
    [record] = records(tmp_path, "--pedantic", "--ignore", "TFM601")
    assert (record["code"], record["persona"]) == ("TFM202", persona)


@pytest.mark.parametrize(
    ("before", "passes", "persona"),
    [
        ("", "range(len(frames))", "regular"),
        ("rounds = 6 * 2\n", "range(rounds)", "pedantic"),
        ("rounds = 6 * 200\n", "range(rounds)", "regular"),
        ("from argparse import ArgumentParser\np = ArgumentParser()\np.add_argument('--n-rounds', type=int, default=12)\n"
         "args = p.parse_args()\n", "range(args.n_rounds)", "pedantic"),
        ("from argparse import ArgumentParser\np = ArgumentParser()\np.add_argument('-n', dest='rounds', default=5000)\n"
         "args = p.parse_args()\n", "range(args.rounds)", "regular"),
        ("from argparse import ArgumentParser\np = ArgumentParser()\np.add_argument('--rounds')\n"
         "args = p.parse_args()\n", "range(args.rounds)", "regular"),
    ],
)  # fmt: skip
def test_a_loop_is_as_long_as_by_default(tmp_path, before, passes, persona):
    (tmp_path / "main.py").write_text(before + PREDICTS.format(loop=f"for i in {passes}:"))
    [record] = records(tmp_path, "--pedantic", "--ignore", "TFM601,TFM202")
    assert (record["code"], record["persona"]) == ("TFM201", persona)
    assert ("12 times by default" in record["trace"][0]["message"]) == (persona == "pedantic")


SHOWS = """\
import tensorflow as tf


class Shower:
    rounds = 12

    def __init__(self, tries=14):
        self.model, self.tries = tf.keras.models.load_model("m.keras"), tries

    def show(self, frame, {parameter}):
        for i in range({passes}):
            print(self.model.predict(frame))
"""


@pytest.mark.parametrize(
    ("parameter", "passes", "persona"),
    [
        ("times=12", "times", "pedantic"),
        ("times", "times", "regular"),
        ("*times", "self.rounds", "pedantic"),
        ("*times", "len(times)", "regular"),
    ],
)
def test_a_parameter_that_nobody_gives_has_its_default(tmp_path, parameter, passes, persona):
    (tmp_path / "main.py").write_text(SHOWS.format(parameter=parameter, passes=passes))
    [record] = records(tmp_path, "--pedantic", "--ignore", "TFM601")
    assert (record["code"], record["persona"]) == ("TFM201", persona)


@pytest.mark.parametrize(
    ("guard", "passes", "persona"),
    [
        ("if i % 1000 == 0:", "every 1000th pass", "pedantic"),
        ("if not i % often:", "every 102nd pass", "pedantic"),
        ("if i % 4 == 0 and i:", "every 4th pass", "regular"),
        ("if i % 1000:", "each pass", "regular"),
        ("if i % 1000 != 0:", "each pass", "regular"),
        ("if i % unknown == 0:", "each pass", "regular"),
        ("if i:", "each pass", "regular"),
    ],
)
def test_a_period_makes_a_loop_shorter(tmp_path, guard, passes, persona):
    text = PREDICTS.format(loop=f"often = 102\n{LONG}\n    {guard}")
    (tmp_path / "main.py").write_text(text.replace("    print", "        print"))
    [record] = records(tmp_path, "--pedantic", "--ignore", "TFM601,TFM202")
    assert (record["code"], record["persona"]) == ("TFM201", persona) and f"in {passes} of" in record["message"]


EVALUATES = """\
import tensorflow as tf


class Agent:
    def __init__(self):
        self.q = tf.keras.Sequential([tf.keras.layers.Dense(2)])

    def play(self, env):
        state, done = env.reset(), False
        while not done:
            state, done = env.step(self.q(state))


def train(agent, env, batches):
    for n, batch in enumerate(batches):
        agent.q.train_on_batch(*batch)
        {play}


def test(agent, env):
    for _ in range({rounds}):
        agent.play(env)


train(Agent(), object(), open("batches"))
test(Agent(), object())
"""


@pytest.mark.parametrize(
    ("play", "rounds", "persona"),
    [
        ("if n % 2500 == 0:\n            agent.play(env)", "5", "pedantic"),
        ("if n % 2500 == 0:\n            agent.play(env)", "5000", "regular"),
        ("if n % 5 == 0:\n            agent.play(env)", "5", "regular"),
        ("agent.play(env)", "5", "regular"),
    ],
)
def test_an_evaluation_now_and_then_is_no_hot_loop(tmp_path, play, rounds, persona):
    (tmp_path / "main.py").write_text(EVALUATES.format(play=play, rounds=rounds))
    [record] = records(tmp_path, "--pedantic", "--ignore", "TFM601")
    assert (record["code"], record["persona"]) == ("TFM202", persona)


INTERFACE = """\
import tensorflow as tf


class Segmentation:
    def mask(self, frame):
        raise NotImplementedError


class Stored(Segmentation):
    def mask(self, frame):
        return frame.stored


class Unet(Segmentation):
    def __init__(self):
        self.model = tf.keras.models.load_model("unet.keras")

    def mask(self, frame):
        return self.model.predict(frame[None])


def track(segmentation: Segmentation, frames):
    for frame in frames:
        print(segmentation.mask(frame))


{use}
"""


@pytest.mark.parametrize(
    ("use", "shown"),
    [
        ("track(Stored(), open('frames'))", False),
        ("track(Unet(), open('frames'))", True),
        ("KINDS = {'unet': Unet, 'stored': Stored}\ntrack(KINDS[input()](), open('frames'))", True),
        ("track(Stored() if input() else Unet(), open('frames'))", True),
    ],
)
def test_an_implementation_that_is_made_nowhere_is_possible_only(tmp_path, use, shown):
    (tmp_path / "main.py").write_text(INTERFACE.format(use=use))
    assert [record["code"] for record in records(tmp_path, "--ignore", "TFM601")] == ["TFM201"] * shown
    [record] = records(tmp_path, "--pedantic", "--ignore", "TFM601")
    assert (record["confidence"] == "possible") is not shown


STEPS = """\
import tensorflow as tf

net = tf.keras.Sequential([tf.keras.layers.Dense(2)])
critic = tf.keras.Sequential([tf.keras.layers.Dense(1)])
critic.compile("sgd", "mse")


def update(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((net(x) - y) ** 2)
    net.optimizer.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))


def train(env, batches):
    for x, y in batches:
        {beside}
        update(x, y)


train(object(), open("batches"))
"""


@pytest.mark.parametrize(
    ("beside", "persona"),
    [
        ("critic.fit(x, y, epochs=5)", "pedantic"),
        ("for part in range(4):\n            net(x)", "regular"),
        ("if env:\n            critic.fit(x, y)", "regular"),
        ("print(x)", "regular"),
    ],
)
def test_a_step_beside_a_fit_is_a_small_part(tmp_path, beside, persona):
    (tmp_path / "main.py").write_text(STEPS.format(beside=beside))
    [record] = [each for each in records(tmp_path, "--pedantic", "--ignore", "TFM601") if each["code"] == "TFM203"]
    assert record["persona"] == persona


@pytest.mark.parametrize(("default", "shown"), [("1", False), ("20", True), ("None", True)])
def test_what_runs_once_by_default_is_pedantic(tmp_path, default, shown):
    (tmp_path / "main.py").write_text(
        "import argparse\n\nimport tensorflow as tf\n\nparser = argparse.ArgumentParser()\n"
        f"parser.add_argument('--runs', default={default})\nargs = parser.parse_args()\nfor run in range(args.runs):\n"
        "    model = tf.keras.models.load_model(f'{run}.keras')\n    print(model.evaluate([1.0]))\n"
    )
    assert [record["code"] for record in records(tmp_path, "--ignore", "TFM601")] == ["TFM101"] * shown


def test_a_helper_that_nobody_calls_twice_is_pedantic(tmp_path):
    (tmp_path / "main.py").write_text(
        "import tensorflow as tf\n\nmodel = tf.keras.models.load_model('m.keras')\n\n\ndef heat(picture):\n"
        "    inner = tf.keras.Model(model.input, model.layers[3].output)\n    return inner(picture)\n\n\nprint(heat(open('one.png')))\n"
    )
    assert records(tmp_path, "--ignore", "TFM601") == []


def test_one_that_is_made_and_runs_a_model_stands_for_its_siblings(tmp_path):
    text = INTERFACE.format(use="track(Stored(), open('frames'))").replace("frame.stored", "Unet.mask(self, frame)")
    (tmp_path / "main.py").write_text(text.replace("Unet.mask(self, frame)", "tf.keras.Model().predict(frame[None])"))
    assert "TFM201" in [
        record["code"] for record in records(tmp_path, "--ignore", "TFM601") if record["location"]["row"] > 14
    ]


@pytest.mark.parametrize(
    ("version", "loop", "severity", "says"),
    [
        ("2.12", "for units in [8, 16, 32, 64, 128]", "hint", ", 5 times in all;"),
        ("2.12", "for units in range(args.rounds)", "hint", ", 4 times by default"),
        ("2.12", "for units in range(100)", "warning", ""),
        ("2.16", "for units in [8, 16, 32, 64, 128]", "error", ", 5 times in all;"),
    ],
)
def test_a_handful_of_models_is_a_hint(tmp_path, version, loop, severity, says):
    (tmp_path / "requirements.txt").write_text(f"tensorflow=={version}\n")
    (tmp_path / "main.py").write_text(
        "import argparse\n\nimport tensorflow as tf\n\nparser = argparse.ArgumentParser()\n"
        f"parser.add_argument('--rounds', default=4)\nargs = parser.parse_args()\n{loop}:\n"
        "    model = tf.keras.Sequential([tf.keras.layers.Dense(units)])\n    model.compile('sgd', 'mse')\n"
        "    model.fit([[1.0]], [[2.0]])\n"
    )
    [record] = records(tmp_path, "--ignore", "TFM601", "--pedantic")
    assert (record["code"], record["severity"]) == ("TFM102", severity)
    assert (record["persona"] == "pedantic") == (severity == "hint"), "what is freed at last is worth nobody's time"
    assert says in record["message"] and (says or "times" not in record["message"])


def test_the_summary_says_how_to_see_the_rest(tmp_path):
    (tmp_path / "main.py").write_text(PREDICTS.format(loop="for i in range(12):"))
    code, out, _ = check(tmp_path, "--ignore", "TFM601,TFM202")
    assert (code, out) == (0, "Checked 1 file: no findings.\n1 more finding with --pedantic.\n")
    (tmp_path / "tflint-mem.toml").write_text("pedantic = true\nignore = ['TFM601', 'TFM202']\n")
    command = [sys.executable, "-m", "tflint_mem", "check", "--no-cache", "."]
    assert "TFM201" in subprocess.run(command, capture_output=True, text=True, cwd=tmp_path).stdout


def test_a_caller_known_by_a_name_only_is_less_than_certain(tmp_path):
    (tmp_path / "agent.py").write_text(
        "import tensorflow as tf\n\n\nclass DQNAgent:\n    def __init__(self):\n        self.net = tf.keras.models.load_model('n.keras')\n\n"
        "    def act(self, state):\n        return self.net.predict(state)[0]\n"
    )
    (tmp_path / "run.py").write_text(
        "import agent as agents\n\n\ndef play(agent, env):\n    for step in range(10000):\n        agent.act(env.state())\n"
    )
    found = list(records(tmp_path, "--pedantic", "--ignore", "TFM601"))
    assert [(record["code"], record["confidence"]) for record in found] == [("TFM201", "likely")]


def test_sarif_ranks_by_confidence(tmp_path):
    (tmp_path / "main.py").write_text(PREDICTS.format(loop="for i in range(1000):"))
    _, out, _ = check(tmp_path, "--output-format", "sarif", "--ignore", "TFM601,TFM202")
    [result] = json.loads(out)["runs"][0]["results"]
    assert result["rank"] == 90.0 and result["properties"]["confidence"] == "certain"


def test_growth_is_said_once_for_a_project(tmp_path):
    for name in ("b_train", "a_serve", "deep/c_eval"):
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            "import tensorflow as tf\n\nmodel = tf.keras.models.load_model('m.keras')\nmodel.predict([1.0])\n"
        )
    [record] = records(tmp_path, "--select", "TFM601")
    assert record["filename"].endswith("a_serve.py") and record["severity"] == "hint" and record["fix"] is None
    for number in range(9):
        (tmp_path / f"e{number}.py").write_text((tmp_path / "a_serve.py").read_text())
    [long] = records(tmp_path, "--select", "TFM601")
    assert len(long["trace"]) == 8 and long["trace"][-1]["message"] == "and 6 more entry points like these"
    for number in range(9):
        (tmp_path / f"e{number}.py").unlink()
    assert [step["filename"].rpartition("/")[2] for step in record["trace"]] == [
        "a_serve.py",
        "a_serve.py",
        "b_train.py",
        "c_eval.py",
    ]
    assert check(tmp_path)[0] == 0, "a hint fails no run"


@pytest.mark.parametrize(("count", "start", "shown"), [(12, "", False), (11, "", True), (12, "import common\n", True)])
def test_growth_is_no_matter_for_a_collection_of_exercises(tmp_path, count, start, shown):
    (tmp_path / "common.py").write_text("SIZE = 3\n")
    for number in range(count):
        (tmp_path / f"e{number}.py").write_text(
            start + "import tensorflow as tf\n\ntf.keras.models.load_model('m.keras').predict([1.0])\n"
        )
    assert [each["code"] for each in records(tmp_path)] == ["TFM601"] * shown


@pytest.mark.parametrize(
    ("name", "text", "silent"),
    [
        ("Dockerfile", "FROM python:3.11-slim\nCOPY . .\n", True),
        ("Dockerfile", "FROM tensorflow/tensorflow:2.15.0\n", True),
        ("Dockerfile", "FROM tensorflow/tensorflow:2.15.0-gpu\n", False),
        ("Dockerfile", "FROM nvidia/cuda:12.2.0-base\nENV CUDA_VISIBLE_DEVICES=-1\n", True),
        ("Procfile", "web: gunicorn main:app\n", True),
        ("app.yaml", "runtime: python311\n", True),
        ("docker-compose.yml", "services:\n  app:\n    runtime: nvidia\n", False),
        ("Makefile", "all:\n", False),
    ],
)
def test_a_machine_without_gpu_needs_no_growth(tmp_path, name, text, silent):
    (tmp_path / name).write_text(text)
    (tmp_path / "main.py").write_text(
        "import tensorflow as tf\n\ntf.keras.models.load_model('m.keras').predict([1.0])\n"
    )
    assert (records(tmp_path, "--select", "TFM601") == []) == silent


def test_several_on_one_row_are_one(tmp_path):
    (tmp_path / "main.py").write_text(
        "import tensorflow as tf\n\nmodel = tf.keras.models.load_model('m.keras')\n\n\ndef pairs(frames):\n"
        "    return [(model.predict(a[None]), model.predict(b[None])) for a, b in frames]\n"
    )
    [record] = records(tmp_path, "--ignore", "TFM601")
    assert [place["row"] for place in record["places"]] == [record["location"]["row"]]
    assert "the same in:\n    main.py:7:" in check(tmp_path, "--ignore", "TFM601")[1]


def test_a_cell_copied_into_many_notebooks_is_one(tmp_path):
    rows = PREDICTS.format(loop="for i in range(1000):").splitlines(keepends=True)
    for number in range(4):
        cells = [
            {"cell_type": "markdown", "metadata": {}, "source": ["# x"] * number},
            {"cell_type": "code", "metadata": {}, "source": rows, "outputs": [], "execution_count": None},
        ]
        (tmp_path / f"n{number}.ipynb").write_text(
            json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
        )
    [record] = records(tmp_path, "--ignore", "TFM601,TFM202")
    assert [place["filename"].rpartition("/")[2] for place in record["places"]] == ["n1.ipynb", "n2.ipynb", "n3.ipynb"]


def test_a_copied_file_is_one(tmp_path):
    text = PREDICTS.format(loop="for i in range(1000):")
    for name in ("main.py", "a/main.py", "b/main.py", "b/other.py", "c/main.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "# another\n" * name.startswith("c"))
    found = records(tmp_path, "--ignore", "TFM601,TFM202")  # where each row is told by itself a copy has its own
    assert [record["filename"].partition(f"{tmp_path.name}/")[2] for record in found] == [
        "a/main.py",
        "b/main.py",
        "b/other.py",
        "c/main.py",
        "main.py",
    ]
    text = check(tmp_path, "--ignore", "TFM601,TFM202")[1]
    assert "3 findings" in text and text.count("the same in") == 1


def test_what_a_pass_calls_twice_is_one(tmp_path):
    (tmp_path / "main.py").write_text(
        "import tensorflow as tf\n\nmodel = tf.keras.models.load_model('m.keras')\n"
        "for now, then in open('pairs'):\n    a = model(now)\n    b = model(then)\n    print(a, b)\n"
        "for now in open('singles'):\n    print(model(now))\n"
    )
    assert [each["location"]["row"] for each in records(tmp_path, "--ignore", "TFM601")] == [5, 6, 9]
    assert "2 findings" in check(tmp_path, "--ignore", "TFM601")[1], "whoever reads the text sees both rows in one"


def test_tapes_of_one_step_are_one(tmp_path):
    (tmp_path / "main.py").write_text("""\
import tensorflow as tf


def step(g, d, batch, og, od):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(d(g(batch)))
    og.apply_gradients(zip(tape.gradient(loss, g.trainable_variables), g.trainable_variables))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(d(batch))
    od.apply_gradients(zip(tape.gradient(loss, d.trainable_variables), d.trainable_variables))


def train(data):
    g, d = tf.keras.Sequential([tf.keras.layers.Dense(3)]), tf.keras.Sequential([tf.keras.layers.Dense(1)])
    og, od = tf.keras.optimizers.Adam(), tf.keras.optimizers.Adam()
    for batch in data:
        step(g, d, batch, og, od)
""")
    [record] = records(tmp_path, "--ignore", "TFM601")
    assert record["code"] == "TFM203" and record["location"]["row"] == 5
    assert [place["row"] for place in record["places"]] == [8]


@pytest.mark.parametrize(
    ("write", "persona"),
    [
        ("sf.write(f'{i}.wav', sound, 22050)", "pedantic"),
        ("if i == 7:\n        sf.write('7.wav', sound, 22050)", "regular"),
        ("print(sound)", "regular"),
    ],
)
def test_launching_operations_is_nothing_beside_a_file_of_sound(tmp_path, write, persona):
    (tmp_path / "main.py").write_text(
        "import soundfile as sf\nimport tensorflow as tf\n\nvoice = tf.keras.models.load_model('voice.keras')\n"
        f"for i, text in enumerate(open('texts')):\n    sound = voice(tf.constant([ord(c) for c in text])[None])\n    {write}\n"
    )
    [record] = records(tmp_path, "--pedantic", "--ignore", "TFM601")
    assert (record["code"], record["persona"]) == ("TFM202", persona)


def test_a_step_whose_forward_pass_is_traced_gains_little(tmp_path):
    fixture = FIXTURES / "TFM203-eager-train-step-not-compiled" / "bad_forward_is_traced.py"
    shutil.copy(fixture, tmp_path / "main.py")
    [record] = records(tmp_path, "--pedantic", "--ignore", "TFM601")
    assert (record["code"], record["persona"]) == ("TFM203", "pedantic") and "traced already (`call`)" in record[
        "message"
    ]
    assert records(tmp_path, "--ignore", "TFM601") == []


def test_what_is_said_of_a_library_model_agrees_with_itself_on_another_backend(tmp_path):
    (tmp_path / "main.py").write_text(
        'import os\n\nos.environ["KERAS_BACKEND"] = "jax"\nfrom transformers import TFAutoModel\n\nfor name in open("names"):\n'
        "    model = TFAutoModel.from_pretrained(name)\n    print(model(name))\n"
    )
    [record] = [each for each in records(tmp_path, "--ignore", "TFM601") if each["code"] == "TFM101"]
    assert "until clear_session()" in record["message"]
    fix = record["fix"]["edits"] if record["fix"] else []
    assert not fix or any("clear_session" in edit["content"] for edit in fix)


def test_a_trained_model_of_a_handler_is_measured_as_one_that_is_built(tmp_path):
    (tmp_path / "requirements.txt").write_text("tensorflow==2.10\nflask\n")
    (tmp_path / "app.py").write_text(
        "import tensorflow as tf\nfrom flask import Flask\n\napp = Flask(__name__)\n\n\n@app.post('/train')\ndef train():\n"
        "    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])\n    model.compile('sgd', 'mse')\n    model.fit([[1.0]], [[2.0]])\n    return 'ok'\n"
    )
    command = [
        sys.executable,
        "-m",
        "tflint_mem",
        "check",
        "--no-cache",
        "--output-format",
        "full",
        "--ignore",
        "TFM601",
        ".",
    ]
    out = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path).stdout
    assert "TFM103" in out and "2.10 to 2.13" in " ".join(out.split()) and "930-1260" not in out


@pytest.mark.parametrize(
    ("path", "text", "shown"),
    [
        ("main.py", "import tensorflow as tf\nloss = \ntf.reduce_mean(loss)\n", True),
        ("main.py", "import tensorflow as tf\nloss = raise NotImplementedError\ntf.reduce_mean(loss)\n", False),
        ("main.py", "import tensorflow as tf\n# your code here\nloss =\ntf.reduce_mean(loss)\n", False),
        ("main.py", "import tensorflow as tf\ncount = \nprint(count)\n", True),
        ("hw3/main.py", "import tensorflow as tf\ndef step():\ndef update():\n    tf.zeros(3)\n", False),
        ("main.py", "import tensorflow as tf\ndef step():\ndef update():\n    tf.zeros(3)\n", True),
    ],
)
def test_homework_with_a_part_taken_out_is_no_news(tmp_path, path, text, shown):
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text(text)
    assert [each["code"] for each in records(tmp_path)] == ["TFM000"] * shown
    assert [each["code"] for each in records(tmp_path, "--pedantic")] == ["TFM000"]


def test_growth_is_no_matter_for_the_examples_of_a_library(tmp_path):
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "try.py").write_text(
        "import tensorflow as tf\n\ntf.keras.models.load_model('m.keras').predict([1.0])\n"
    )
    assert [each["code"] for each in records(tmp_path)] == ["TFM601"]
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'lib'\n")
    assert records(tmp_path) == []


def test_predictions_in_rows_that_follow_each_other_are_one(tmp_path):
    (tmp_path / "main.py").write_text(
        "import tensorflow as tf\n\nold = tf.keras.models.load_model('a.keras')\n"
        "new = tf.keras.models.load_model('b.keras')\nfor frame in open('frames'):\n"
        "    a = old.predict(frame[None])\n    b = new.predict(frame[None])\n    print(a, b)\n"
    )
    [record] = records(tmp_path, "--ignore", "TFM601")
    assert record["location"]["row"] == 6 and [place["row"] for place in record["places"]] == [7]


SCRIPT = """\
import tensorflow as tf


def tried(names):
    for name in names:
        print(tf.keras.models.load_model(name).predict([1.0]))


print("nothing is tried")
"""


@pytest.mark.parametrize("others", [0, 3, 12])
def test_a_function_of_a_script_counts_where_others_name_it(tmp_path, others):
    (tmp_path / "main.py").write_text(SCRIPT)
    for number in range(others):
        (tmp_path / f"other{number}.py").write_text("import main\n\n\ndef use(how=main.tried):\n    return [how]\n")
    [record] = records(tmp_path, "--select", "TFM101", "--pedantic")
    assert (record["confidence"] == "possible") == (others == 0)


@pytest.mark.parametrize(
    ("call", "severity"), [("", "hint"), ("fill(into=paths)", "warning"), ("fill(paths)", "warning")]
)
def test_a_list_that_others_may_fill_has_no_length(tmp_path, call, severity):
    (tmp_path / "main.py").write_text(
        "import tensorflow as tf\nfrom helpers import fill\n\npaths = []\npaths.append('a.keras')\npaths.append('b.keras')\n"
        f"{call}\nfor path in paths:\n    print(tf.keras.models.load_model(path).predict([1.0]))\n"
    )
    [record] = records(tmp_path, "--select", "TFM101", "--pedantic")
    assert record["severity"] == severity


BUILDERS = """\
import tensorflow as tf


def trained(model, x):
    model.compile("adam", "mse")
    model.fit(x, x)


def small(x):
    trained(tf.keras.Sequential([tf.keras.layers.Dense(1000)]), x)


def large(x):
    trained(tf.keras.Sequential([tf.keras.layers.Dense(4000)]), x)
    trained(tf.keras.Sequential([tf.keras.layers.Dense(8000)]), x)


for line in open("experiments"):
    (large if "large" in line else small)(float(line))
    small(line)
    large(line)
"""


def test_for_people_the_models_of_one_loop_are_one_finding(tmp_path):
    (tmp_path / "main.py").write_text(BUILDERS)
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "main.py").write_text(BUILDERS + "\nprint('done')\n")
    assert len(records(tmp_path, "--select", "TFM102")) == 6, "programs get each of them"
    command = [sys.executable, "-m", "tflint_mem", "check", "--isolated", "--no-cache", "--select", "TFM102", "."]
    out = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path).stdout
    assert out.count(": TFM102 ") == 2 and "the same in:" in out, "each file has a loop of its own"


@pytest.mark.parametrize(("units", "version", "shown"), [(8, "2.10", False), (800, "2.10", True), (8, "2.16", True)])
def test_tiny_models_that_are_freed_at_last_are_little(tmp_path, units, version, shown):
    (tmp_path / "requirements.txt").write_text(f"tensorflow=={version}\n")
    (tmp_path / "main.py").write_text(
        "import tensorflow as tf\n\n\ndef build(units):\n    return tf.keras.Sequential([tf.keras.layers.Dense(units)])\n\n\n"
        f"for rate in open('rates'):\n    model = build({units})\n    model.compile('sgd', 'mse')\n"
        "    model.fit([[1.0]], [[2.0]])\n"
    )
    assert [each["code"] for each in records(tmp_path, "--ignore", "TFM601")] == ["TFM102"] * shown


EPISODES = """\
import tensorflow as tf

policy = tf.keras.Sequential([tf.keras.layers.Dense(3)])
adam = tf.keras.optimizers.Adam()


def play(env):
    done = False
    while not done:
        done = env.step(policy(env.state))
    return env.states


for episode in open("episodes"):
    {what}
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(policy(states))
    adam.apply_gradients(zip(tape.gradient(loss, policy.trainable_variables), policy.trainable_variables))
"""


@pytest.mark.parametrize(("what", "shown"), [("states = play(episode)", False), ("states = episode.states", True)])
def test_a_step_beside_a_whole_episode_is_a_small_part(tmp_path, what, shown):
    (tmp_path / "main.py").write_text(EPISODES.format(what=what))
    assert ("TFM203" in [each["code"] for each in records(tmp_path)]) == shown
