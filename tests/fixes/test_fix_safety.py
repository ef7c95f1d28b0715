"""What a fix may do to results: programs on which a fix must be safe, must say that it is not, or must not be offered.

Each program runs through the real command line; what its fix would be is read from the JSON report.
"""

import json
import sys
import textwrap

import pytest

from tflint_mem.__main__ import run as run_command

NONE = None  # a finding without a fix


def fixes(code, program, tmp_path, capsys, monkeypatch, files=()):
    """[(applicability, message) or None] of the findings of rule `code` in the program."""
    (tmp_path / "program.py").write_text(textwrap.dedent(program), encoding="utf-8")
    for name, text in files:
        (tmp_path / name).write_text(textwrap.dedent(text), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        sys, "argv", ["tflint-mem", "check", "--isolated", "--select", code, "--output-format", "json", "."]
    )
    assert run_command() in (0, 1)
    found = json.loads(capsys.readouterr().out)
    return [f["fix"] and (f["fix"]["applicability"], f["fix"]["message"]) for f in found if f["code"] == code]


LOAD = """
import glob
import os
import time
import tensorflow as tf
import vendor

x, y = tf.random.normal([64, 4]), tf.ones([64, 1])
OUT = "runs"


def build(width):
    net = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(width), tf.keras.layers.Dense(1)])
    net.compile("sgd", "mse")
    return net
"""

LOADS = {
    "prediction only": (
        "safe",
        """
        for k in range(40):
            net = tf.keras.models.load_model("best.keras")
            print(net.predict(x))
        """,
    ),
    "a report goes to another file": (
        "safe",
        """
        for k in range(40):
            net = tf.keras.models.load_model("best.keras")
            with open(f"report_{k}.txt", "w") as report:
                report.write(str(net.predict(x)))
        """,
    ),
    "another model is saved under a name that differs": (
        "safe",
        """
        for k in range(40):
            build(4).save(f"{OUT}/copy.keras")
            net = tf.keras.models.load_model("best.keras")
            print(net.predict(x))
        """,
    ),
    "a checkpoint of the same name": (
        NONE,
        """
        for width in range(2, 42):
            net = build(width)
            net.fit(x, y, callbacks=[tf.keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True)])
            best = tf.keras.models.load_model("best.keras")
            print(best.predict(x))
        """,
    ),
    "a checkpoint made before the loop": (
        NONE,
        """
        keep = [tf.keras.callbacks.ModelCheckpoint(filepath=os.path.join(OUT, "best.keras"))]
        for width in range(2, 42):
            net = build(width)
            net.fit(x, y, callbacks=keep)
            best = tf.keras.models.load_model("runs/best.keras")
            print(best.predict(x))
        """,
    ),
    "a function that saves under a name it is given": (
        NONE,
        """
        def improve(width, path):
            build(width).save(path)


        for width in range(2, 42):
            improve(width, "best.keras")
            best = tf.keras.models.load_model("best.keras")
            print(best.predict(x))
        """,
    ),
    "a function of a function that copies it there": (
        NONE,
        """
        import shutil


        def publish(name):
            shutil.copy(name, "best.keras")


        def improve(width):
            build(width).save("new.keras")
            publish("new.keras")


        for width in range(2, 42):
            improve(width)
            best = tf.keras.models.load_model("best.keras")
            print(best.predict(x))
        """,
    ),
    "it waits for the next one": (
        NONE,
        """
        while True:
            net = tf.keras.models.load_model("latest.keras")
            print(net(x).numpy())
            time.sleep(60)
        """,
    ),
    "it waits in a function": (
        NONE,
        """
        def pause(seconds):
            time.sleep(seconds)


        while True:
            net = tf.keras.models.load_model("latest.keras")
            print(net(x).numpy())
            pause(60)
        """,
    ),
    "it looks whether one is there": (
        NONE,
        """
        while True:
            if os.path.exists("latest.keras"):
                net = tf.keras.models.load_model("latest.keras")
                print(net(x).numpy())
        """,
    ),
    "a call that nobody can see into": (
        "unsafe",
        """
        for k in range(40):
            vendor.advance(k)
            net = tf.keras.models.load_model("best.keras")
            print(net.predict(x))
        """,
    ),
    "a callback that nobody can see into": (
        "unsafe",
        """
        other = build(4)
        for k in range(40):
            other.fit(x, y, callbacks=[vendor.Keeper()])
            net = tf.keras.models.load_model("best.keras")
            print(net.predict(x))
        """,
    ),
    "a program that runs": (
        "unsafe",
        """
        import subprocess

        for k in range(40):
            subprocess.run(["python", "train.py"])
            net = tf.keras.models.load_model("best.keras")
            print(net.predict(x))
        """,
    ),
}


@pytest.mark.parametrize("name", LOADS)
def test_a_load_moves_before_a_loop_only_when_nothing_writes_its_file(name, tmp_path, capsys, monkeypatch):
    wanted, program = LOADS[name]
    found = fixes("TFM101", LOAD + textwrap.dedent(program), tmp_path, capsys, monkeypatch)
    moved = [fix and fix[0] for fix in found if fix is None or fix[1].startswith("Move")]
    if wanted is NONE:
        assert found and set(moved) <= {None}
    else:
        assert moved == [wanted]


STEP = """
import numpy as np
import tensorflow as tf

net = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
opt = tf.keras.optimizers.SGD(0.01)
data = tf.data.Dataset.from_tensor_slices((tf.ones([640, 4]), tf.zeros([640, 1]))).batch(8)
"""

STEPS = {
    "tensors in, a loss out": (
        "unsafe",
        """
        def step(x, y):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(net(x) - y))
            opt.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))
            return loss


        for x, y in data:
            step(x, y)
        """,
    ),
    "the one model and optimizer are arguments": (
        "unsafe",
        """
        def step(model, optimizer, x, y):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(model(x) - y))
            optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
            return loss


        for x, y in data:
            step(net, opt, x, y)
        """,
    ),
    "a module variable that the loop sets": (
        NONE,
        """
        beta = 0.0


        def step(x, y):
            with tf.GradientTape() as tape:
                loss = beta * tf.reduce_mean(tf.square(net(x) - y))
            opt.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))


        for k, (x, y) in enumerate(data):
            beta = k / 80
            step(x, y)
        """,
    ),
    "a module variable that a function sets": (
        NONE,
        """
        beta = 0.0


        def anneal(k):
            global beta
            beta = k / 80


        def loss_of(x, y):
            return beta * tf.reduce_mean(tf.square(net(x) - y))


        def step(x, y):
            with tf.GradientTape() as tape:
                loss = loss_of(x, y)
            opt.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))


        for k, (x, y) in enumerate(data):
            anneal(k)
            step(x, y)
        """,
    ),
    "a setting in a dictionary": (
        NONE,
        """
        config = {"beta": 0.0}


        def step(x, y):
            with tf.GradientTape() as tape:
                loss = config["beta"] * tf.reduce_mean(tf.square(net(x) - y))
            opt.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))


        for k, (x, y) in enumerate(data):
            config["beta"] = k / 80
            step(x, y)
        """,
    ),
    "an attribute that another method sets": (
        NONE,
        """
        class Trainer:
            def __init__(self):
                self.beta = 0.0

            def set_beta(self, k):
                self.beta = k / 80

            def step(self, x, y):
                with tf.GradientTape() as tape:
                    loss = self.beta * tf.reduce_mean(tf.square(net(x) - y))
                opt.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))


        trainer = Trainer()
        for k, (x, y) in enumerate(data):
            trainer.set_beta(k)
            trainer.step(x, y)
        """,
    ),
    "an attribute that is set from outside": (
        NONE,
        """
        class Trainer:
            beta = 0.0

            def step(self, x, y):
                with tf.GradientTape() as tape:
                    loss = self.beta * tf.reduce_mean(tf.square(net(x) - y))
                opt.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))


        trainer = Trainer()
        for k, (x, y) in enumerate(data):
            trainer.beta = k / 80
            trainer.step(x, y)
        """,
    ),
    "an object that stays, with settings of its constructor": (
        "unsafe",
        """
        class Trainer:
            def __init__(self, beta):
                self.beta = beta
                self.optimizer = tf.keras.optimizers.SGD(0.01)

            def step(self, x, y):
                with tf.GradientTape() as tape:
                    loss = self.beta * tf.reduce_mean(tf.square(net(x) - y))
                self.optimizer.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))


        trainer = Trainer(0.5)
        for x, y in data:
            trainer.step(x, y)
        """,
    ),
    "an object that each round makes anew": (
        NONE,
        """
        class Trainer:
            def __init__(self):
                self.net = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
                self.optimizer = tf.keras.optimizers.SGD(0.01)

            def step(self, x, y):
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean(tf.square(self.net(x) - y))
                self.optimizer.apply_gradients(zip(tape.gradient(loss, self.net.trainable_variables), self.net.trainable_variables))


        for trial in range(30):
            trainer = Trainer()
            for x, y in data:
                trainer.step(x, y)
        """,
    ),
    "an optimizer that it makes": (
        NONE,
        """
        def step(x, y):
            optimizer = tf.keras.optimizers.SGD(0.01)
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(net(x) - y))
            optimizer.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))


        for x, y in data:
            step(x, y)
        """,
    ),
    "a layer that a helper makes": (
        NONE,
        """
        def head(x):
            return tf.keras.layers.Dense(3)(x)


        def step(x, y):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(head(net(x)) - y))
            opt.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))


        for x, y in data:
            step(x, y)
        """,
    ),
    "two optimizers, one after the other": (
        NONE,
        """
        other = tf.keras.optimizers.Adam(0.01)


        def step(optimizer, x, y):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(net(x) - y))
            optimizer.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))


        for x, y in data:
            step(opt, x, y)
            step(other, x, y)
        """,
    ),
    "arrays in double precision": (
        NONE,
        """
        rows, targets = np.random.rand(640, 4), np.random.rand(640, 1)


        def step(x, y):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(net(x) - y))
            opt.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))


        for k in range(80):
            step(rows[k * 8:k * 8 + 8], targets[k * 8:k * 8 + 8])
        """,
    ),
    "arrays in single precision": (
        "unsafe",
        """
        rows, targets = np.random.rand(640, 4).astype("float32"), np.random.rand(640, 1).astype(np.float32)


        def step(x, y):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(net(x) - y))
            opt.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))


        for k in range(80):
            step(rows[k * 8:k * 8 + 8], targets[k * 8:k * 8 + 8])
        """,
    ),
    "a decorator that its author switched off": (
        NONE,
        """
        # @tf.function: the optimizer of this version refuses it
        def step(x, y):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(net(x) - y))
            opt.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))


        for x, y in data:
            step(x, y)
        """,
    ),
    "layers that are frozen on the way": (
        NONE,
        """
        def step(x, y):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(net(x) - y))
            opt.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))


        for k, (x, y) in enumerate(data):
            net.layers[0].trainable = k > 40
            step(x, y)
        """,
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_decorated_only_when_a_trace_computes_the_same(name, tmp_path, capsys, monkeypatch):
    wanted, program = STEPS[name]
    found = fixes("TFM203", STEP + textwrap.dedent(program), tmp_path, capsys, monkeypatch)
    assert [fix and fix[0] for fix in found] == [wanted]


MODELS = """
import numpy as np
import tensorflow as tf

x = tf.keras.Input((8, 8, 3))
y = tf.keras.layers.Conv2D(4, 3)(x)
one = tf.keras.Model(x, tf.keras.layers.Conv2D(2, 1)(y))
two = tf.keras.Model(x, [tf.keras.layers.Conv2D(2, 1)(y), tf.keras.layers.Conv2D(2, 3)(y)])
heads = {"a": tf.keras.layers.Conv2D(2, 1)(y)}
named = tf.keras.Model(inputs=x, outputs=heads)
loaded = tf.keras.models.load_model("any.keras")
photos = np.ones((900, 8, 8, 3), "float32")


class Pair(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.left, self.right = tf.keras.layers.Dense(3), tf.keras.layers.Dense(3)

    def call(self, inputs):
        return self.left(inputs), self.right(inputs)


pair = Pair()
"""
DIRECT, BATCH = "Call the model directly", "Use predict_on_batch"

PREDICTIONS = {
    "one output": (DIRECT, "found = one.predict(photos[k:k + 1])"),
    "a list of outputs": (BATCH, "found = two.predict(photos[k:k + 1])"),
    "a dictionary of outputs": (BATCH, "found = named.predict(photos[k:k + 1])"),
    "a class that returns two": (BATCH, "found = pair.predict(photos[k][None])"),
    "a loaded model": (BATCH, "found = loaded.predict(photos[k][None])"),
    "a loaded model whose output is calculated with": (DIRECT, "print(np.argmax(loaded.predict(photos[k][None])))"),
    "all of an array that each pass makes": (
        NONE,
        """
        test = np.concatenate([photos, photos * k])
        print(one.predict(test).mean())
        """,
    ),
}


@pytest.mark.parametrize("name", PREDICTIONS)
def test_a_prediction_is_a_direct_call_only_for_one_output_and_small_input(name, tmp_path, capsys, monkeypatch):
    wanted, body = PREDICTIONS[name]
    program = MODELS + "\nfor k in range(900):\n" + textwrap.indent(textwrap.dedent(body).strip(), "    ") + "\n"
    found = fixes("TFM201", program, tmp_path, capsys, monkeypatch)
    assert [fix and fix[1] for fix in found] == [wanted]


KEEPS = {
    "one output": ("unsafe", "kept.append(one(photos[k:k + 1], training=False))"),
    "a list of outputs": (NONE, "out = two(photos[k:k + 1], training=False)\nkept.append(out)"),
    "a loaded model": (NONE, "kept.append(loaded(photos[k:k + 1], training=False))"),
    "what an operation makes of it": ("unsafe", "kept.append(tf.nn.softmax(loaded(photos[k:k + 1], training=False)))"),
}


@pytest.mark.parametrize("name", KEEPS)
def test_an_output_is_kept_as_an_array_only_when_it_is_one_tensor(name, tmp_path, capsys, monkeypatch):
    wanted, body = KEEPS[name]
    program = MODELS + "\nkept = []\nfor k in range(900):\n" + textwrap.indent(body, "    ") + "\nprint(kept[0])\n"
    found = fixes("TFM204", program, tmp_path, capsys, monkeypatch)
    assert [fix and fix[0] for fix in found] == [wanted]


def test_a_traced_model_is_made_outside_of_all_loops(tmp_path, capsys, monkeypatch):
    body = """
        class Holder:
            def get(self):
                return one


        def watch(holder):
            turn = 0
            while turn < 900:
                net = holder.get()
                for photo in photos:
                    print(float(tf.reduce_sum(net(photo[None]))))
                turn += 1


        watch(Holder())
        """
    found = fixes("TFM202", MODELS + textwrap.dedent(body), tmp_path, capsys, monkeypatch)
    assert found == [None]


RETRACED = """
import math
import numpy as np
import tensorflow as tf

weight = tf.Variable(1.0)
"""

NUMBERS = {
    "a float that scales float32": ("unsafe", "k / 50", "return x * value"),
    "a float that is cast": ("safe", "k / 50", "return x * tf.cast(value, x.dtype)"),
    "a whole number, divided": (NONE, "k", "return x * (value / 10)"),
    "a whole number, multiplied": (NONE, "k", "return x * value"),
    "a whole number and one more": (NONE, "k", "return x / (value + 1)"),
    "a whole number, cast": ("unsafe", "k", "return x / tf.cast(value + 1, tf.float32)"),
    "a whole number beside another": ("unsafe", "k", "return tf.where(value < 10, x, -x)"),
    "a whole number beside a float": (NONE, "k", "return tf.where(x < value, x, -x)"),
    "a float in a module that says float64": (
        NONE,
        "k / 50",
        "return tf.cast(tf.cast(x, tf.float64) * value, tf.float32)",
    ),
    "a power": (NONE, "k / 50", "return x ** value"),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_becomes_a_tensor_only_where_its_type_fits(name, tmp_path, capsys, monkeypatch):
    wanted, value, body = NUMBERS[name]
    program = (
        RETRACED
        + f"\n\n@tf.function\ndef step(x, value):\n    {body}\n\n\nfor k in range(100):\n    step(tf.ones([4]), {value})\n"
    )
    found = fixes("TFM302", program, tmp_path, capsys, monkeypatch)
    assert [fix and fix[0] for fix in found] == [wanted]


def test_a_number_is_no_float32_tensor_beside_arrays_of_double_precision(tmp_path, capsys, monkeypatch):
    program = RETRACED + textwrap.dedent("""
        rows = np.random.rand(40, 4)


        @tf.function
        def step(x, rate):
            return tf.reduce_sum(x * rate)


        for k in range(100):
            step(rows, k / 50)
        """)
    assert fixes("TFM302", program, tmp_path, capsys, monkeypatch) == [None]


TRACED = """
import numpy as np
import tensorflow as tf
import vendor

data = tf.data.Dataset.from_tensor_slices(tf.ones([640, 4])).batch(8)
scale = 1.0
rates = np.ones(4, "float32")
variable = tf.Variable(1.0)


class Setting:
    def __init__(self):
        self.rate = 1.0

    def lower(self):
        self.rate *= 0.9


setting = Setting()


def lower():
    global scale
    scale = scale * 0.9
"""

FUNCTIONS = {
    "nothing that changes": (
        "safe",
        """
        for x in data:
            @tf.function
            def f(x):
                return x * scale

            print(f(x))
        """,
    ),
    "a variable, which is read when it runs": (
        "unsafe",
        """
        for x in data:
            f = tf.function(lambda x: x * variable)
            variable.assign(variable * 0.9)
            print(f(x))
        """,
    ),
    "a global that a function lowers": (
        NONE,
        """
        for x in data:
            lower()
            f = tf.function(lambda x: x * scale)
            print(f(x))
        """,
    ),
    "a global that the loop lowers, read by a function": (
        NONE,
        """
        def decayed(x):
            return x * scale


        for x in data:
            scale = scale * 0.9
            f = tf.function(decayed)
            print(f(x))
        """,
    ),
    "an attribute that a method lowers": (
        NONE,
        """
        for x in data:
            setting.lower()
            f = tf.function(lambda x: x * setting.rate)
            print(f(x))
        """,
    ),
    "an attribute that the function lowers itself": (
        NONE,
        """
        def decayed(x):
            setting.lower()
            return x * setting.rate


        for x in data:
            f = tf.function(decayed)
            print(f(x))
        """,
    ),
    "an array that changes in place": (
        NONE,
        """
        for x in data:
            rates[0] *= 0.9
            f = tf.function(lambda x: x * rates)
            print(f(x))
        """,
    ),
    "a list that grows": (
        NONE,
        """
        terms = [1.0]
        for x in data:
            terms.append(0.5)
            f = tf.function(lambda x: x * tf.add_n([tf.constant(t) for t in terms]))
            print(f(x))
        """,
    ),
    "a call that nobody can see into": (
        "unsafe",
        """
        for x in data:
            vendor.step(setting)
            f = tf.function(lambda x: x * setting.rate)
            print(f(x))
        """,
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_traced_once_only_when_each_trace_would_be_the_same(name, tmp_path, capsys, monkeypatch):
    wanted, program = FUNCTIONS[name]
    found = fixes("TFM301", TRACED + textwrap.dedent(program), tmp_path, capsys, monkeypatch)
    assert [fix and fix[0] for fix in found] == [wanted]


COMPILED = """
import tensorflow as tf

net = tf.keras.Sequential([tf.keras.Input((16,)), tf.keras.layers.Dense(1)])
x, y = tf.random.normal([64, 16]), tf.ones([64, 1])
start = net.get_weights()
rate = 0.1
optimizer = tf.keras.optimizers.Adam(rate)
for fold in range(20):
    net.set_weights(start)
    net.compile({}, "mse")
    net.fit(x, y, verbose=0)
"""

OPTIMIZERS = {
    '"sgd"': "unsafe",
    "tf.keras.optimizers.SGD(rate)": "unsafe",
    "optimizer": "unsafe",
    '"adam"': NONE,
    "tf.keras.optimizers.Adam(rate)": NONE,
    "tf.keras.optimizers.SGD(rate, momentum=0.9)": NONE,
    "tf.keras.optimizers.SGD(tf.keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9))": NONE,
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_compile_moves_before_the_loop_only_when_no_optimizer_state_goes_on(optimizer, tmp_path, capsys, monkeypatch):
    found = fixes("TFM106", COMPILED.format(optimizer), tmp_path, capsys, monkeypatch)
    assert [fix and fix[0] for fix in found] == [OPTIMIZERS[optimizer]]


SERVICE = """
import vendor
import numpy as np
import tensorflow as tf
from flask import Flask, request

app = Flask(__name__)


@app.post("/score")
def score():
    net = tf.keras.models.load_model("net.keras")
    x = np.asarray(request.get_json()["x"], dtype="float32")
    {}
    return {{"scores": net.predict(x[None], verbose=0).tolist()}}
"""

REQUESTS = {
    "app.logger.info('loaded')": "unsafe",
    "net.compile('sgd', 'mse')": NONE,
    "net.fit(x, x)": NONE,
    "net.load_weights('user.weights.h5')": NONE,
    "net.layers[-1].activation = tf.nn.relu": NONE,
    "net.trainable = False": NONE,
    "net.save('net.keras')": NONE,
    "net.save('copy.keras')": "unsafe",
}


@pytest.mark.parametrize("body", REQUESTS)
def test_a_model_is_cached_only_when_requests_leave_it_as_it_is(body, tmp_path, capsys, monkeypatch):
    found = fixes("TFM103", SERVICE.format(body), tmp_path, capsys, monkeypatch)
    assert [fix and fix[0] for fix in found] == [REQUESTS[body]]


def test_a_model_is_not_cached_where_another_handler_writes_its_file(tmp_path, capsys, monkeypatch):
    trains = """
        @app.post("/train")
        def train():
            vendor.new_network().save("net.keras")
            return {}
        """
    program = SERVICE.format("app.logger.info('loaded')") + "\n" + textwrap.dedent(trains)
    found = fixes("TFM103", program, tmp_path, capsys, monkeypatch)
    assert found[0] is None


POOL = """
import multiprocessing
import numpy as np
import tensorflow as tf
import settings

TABLE, FIXED = None, np.ones((10, 4))


def load(rows):
    global TABLE
    TABLE = rows


def work(k):
    return float(tf.reduce_sum({read}))


def main():
    print(float(tf.reduce_sum(tf.ones([4]))))
    with multiprocessing.Pool(2{more}) as pool:
        print(pool.map(work, range(10)))


if __name__ == "__main__":
    {before}
    main()
"""

POOLS = {
    "a table made when the module is imported": ("unsafe", {"read": "FIXED[k]"}),
    "a table that the main block sets": (NONE, {"before": "TABLE = np.ones((10, 4))"}),
    "a table that a function sets in the parent": (NONE, {"before": "load(np.ones((10, 4)))"}),
    "a table that the initializer sets in each worker": (
        "unsafe",
        {"more": ", initializer=load, initargs=(np.ones((10, 4)),)"},
    ),
    "a setting that the main block changes": (
        NONE,
        {"read": "tf.ones([settings.SIZE])", "before": "settings.SIZE = 8"},
    ),
    "a setting that stays": ("unsafe", {"read": "tf.ones([settings.SIZE])"}),
}


@pytest.mark.parametrize("name", POOLS)
def test_workers_are_spawned_only_when_they_have_what_they_read(name, tmp_path, capsys, monkeypatch):
    wanted, parts = POOLS[name]
    program = POOL.format(**{"read": "TABLE[k]", "more": "", "before": "print()", **parts})
    found = fixes(
        "TFM702", program, tmp_path, capsys, monkeypatch, [("settings.py", "import tensorflow as tf\n\nSIZE = 4\n")]
    )
    assert [fix and fix[0] for fix in found] == [wanted]


TRAINS = """
import numpy as np
import tensorflow as tf


def run():
    net = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(1)])
    net.compile("sgd", "mse")
    net.fit(np.ones((32, 4)), np.ones(32), verbose=0)
"""
IN_MAIN = 'import os\n\nif __name__ == "__main__":\n    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"\n    {}\n    run()\n'


@pytest.mark.parametrize("line", ["from work import run", "import tensorflow as tf\n    from work import run"])
def test_growth_is_not_switched_on_behind_a_main_block(line, tmp_path, capsys, monkeypatch):
    assert fixes("TFM601", IN_MAIN.format(line), tmp_path, capsys, monkeypatch, [("work.py", TRAINS)]) == [None]


@pytest.mark.parametrize(
    "requirement, listing",
    [
        ("tensorflow==2.0.0", "tf.config.experimental.list_physical_devices"),
        ("tensorflow<2.1", "tf.config.experimental.list_physical_devices"),
        ("tensorflow==2.4.1", "tf.config.list_physical_devices"),
        ("", "tf.config.list_physical_devices"),
    ],
)
def test_growth_is_switched_on_with_what_the_pinned_version_has(requirement, listing, tmp_path, capsys, monkeypatch):
    (tmp_path / "requirements.txt").write_text(requirement + "\n", encoding="utf-8")
    (tmp_path / "program.py").write_text(TRAINS + "\n\nrun()\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        sys, "argv", ["tflint-mem", "check", "--isolated", "--select", "TFM601", "--diff", "--unsafe-fixes", "."]
    )
    run_command()
    assert f'+for gpu in {listing}("GPU"):' in capsys.readouterr().out


ACROSS = {
    "a helper that loads": (
        "unsafe",
        """
        def network():
            return tf.keras.models.load_model("best.keras")


        for k in range(40):
            print(network().predict(x))
        """,
    ),
    "an object for each pass": (
        "unsafe",
        """
        class Scorer:
            def __init__(self, path):
                self.net = tf.keras.models.load_model(path)


        for k in range(40):
            print(Scorer("best.keras").net.predict(x))
        """,
    ),
    "another file in each pass": (
        NONE,
        """
        def network(path):
            return tf.keras.models.load_model(path)


        for path in glob.glob("*.keras"):
            print(network(path).predict(x))
        """,
    ),
    "the helper's caller writes the file": (
        NONE,
        """
        def network():
            return tf.keras.models.load_model("best.keras")


        for k in range(40):
            build(k).save("best.keras")
            print(network().predict(x))
        """,
    ),
    "the helper trains it": (
        NONE,
        """
        def network():
            net = tf.keras.models.load_model("best.keras")
            net.fit(x, y)
            return net


        for k in range(40):
            print(network().predict(x))
        """,
    ),
    "the loop waits": (
        NONE,
        """
        def network():
            return tf.keras.models.load_model("best.keras")


        while True:
            print(network().predict(x))
            time.sleep(60)
        """,
    ),
}


@pytest.mark.parametrize("name", ACROSS)
def test_a_load_in_a_function_is_cached_only_when_passes_can_share_the_model(name, tmp_path, capsys, monkeypatch):
    wanted, program = ACROSS[name]
    found = fixes("TFM101", LOAD + textwrap.dedent(program), tmp_path, capsys, monkeypatch)
    assert [fix and fix[0] for fix in found] == [wanted]


def test_handlers_that_load_the_same_share_one_cached_function(tmp_path, monkeypatch):
    program = tmp_path / "program.py"
    handler = textwrap.dedent("""
        @app.post("/{0}")
        def {0}():
            net = tf.keras.models.load_model("{1}")
            return {{"scores": net.predict(np.asarray(request.get_json()["x"])).tolist()}}
        """)
    head = "import numpy as np\nimport tensorflow as tf\nfrom flask import Flask, request\n\napp = Flask(__name__)\n\n"
    program.write_text(
        head
        + "\n\n".join(
            [handler.format("left", "a.keras"), handler.format("right", "a.keras"), handler.format("other", "b.keras")]
        )
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        sys,
        "argv",
        ["tflint-mem", "check", "--isolated", "--select", "TFM103", "--fix", "--unsafe-fixes", "--quiet", "."],
    )
    run_command()
    text = program.read_text()
    assert (
        text.count("functools.lru_cache") == 2
        and text.count('load_model("a.keras")') == 1
        and text.count('load_model("b.keras")') == 1
    )
    assert text.startswith("import functools\n\nimport numpy")
    compile(text, "program", "exec")


BUILDS = """
from keras.layers import Dense
from keras.models import Sequential

for units in range(8, 80):
    model = Sequential([Dense(units)])
    print(model.predict([1.0]))
"""


@pytest.mark.parametrize(("name", "offered"), [("keras.py", False), ("models.py", True)])
def test_a_project_that_is_a_keras_itself_is_not_told_to_clear_the_session(
    name, offered, tmp_path, capsys, monkeypatch
):
    files = ((name, "import tensorflow as tf\n"),)
    assert [bool(each) for each in fixes("TFM102", BUILDS, tmp_path, capsys, monkeypatch, files)] == [offered]
