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
    monkeypatch.setattr(sys, "argv", ["tflint-mem", "check", "--isolated", "--select", code, "--output-format", "json", "."])
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
HOISTS = ("safe", "Move")

LOADS = {
    "prediction only": ("safe", """
        for k in range(40):
            net = tf.keras.models.load_model("best.keras")
            print(net.predict(x))
        """),
    "a report goes to another file": ("safe", """
        for k in range(40):
            net = tf.keras.models.load_model("best.keras")
            with open(f"report_{k}.txt", "w") as report:
                report.write(str(net.predict(x)))
        """),
    "another model is saved under a name that differs": ("safe", """
        for k in range(40):
            build(4).save(f"{OUT}/copy.keras")
            net = tf.keras.models.load_model("best.keras")
            print(net.predict(x))
        """),
    "a checkpoint of the same name": (NONE, """
        for width in range(2, 42):
            net = build(width)
            net.fit(x, y, callbacks=[tf.keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True)])
            best = tf.keras.models.load_model("best.keras")
            print(best.predict(x))
        """),
    "a checkpoint made before the loop": (NONE, """
        keep = [tf.keras.callbacks.ModelCheckpoint(filepath=os.path.join(OUT, "best.keras"))]
        for width in range(2, 42):
            net = build(width)
            net.fit(x, y, callbacks=keep)
            best = tf.keras.models.load_model("runs/best.keras")
            print(best.predict(x))
        """),
    "a function that saves under a name it is given": (NONE, """
        def improve(width, path):
            build(width).save(path)


        for width in range(2, 42):
            improve(width, "best.keras")
            best = tf.keras.models.load_model("best.keras")
            print(best.predict(x))
        """),
    "a function of a function that copies it there": (NONE, """
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
        """),
    "it waits for the next one": (NONE, """
        while True:
            net = tf.keras.models.load_model("latest.keras")
            print(net(x).numpy())
            time.sleep(60)
        """),
    "it waits in a function": (NONE, """
        def pause(seconds):
            time.sleep(seconds)


        while True:
            net = tf.keras.models.load_model("latest.keras")
            print(net(x).numpy())
            pause(60)
        """),
    "it looks whether one is there": (NONE, """
        while True:
            if os.path.exists("latest.keras"):
                net = tf.keras.models.load_model("latest.keras")
                print(net(x).numpy())
        """),
    "a call that nobody can see into": ("unsafe", """
        for k in range(40):
            vendor.advance(k)
            net = tf.keras.models.load_model("best.keras")
            print(net.predict(x))
        """),
    "a callback that nobody can see into": ("unsafe", """
        other = build(4)
        for k in range(40):
            other.fit(x, y, callbacks=[vendor.Keeper()])
            net = tf.keras.models.load_model("best.keras")
            print(net.predict(x))
        """),
    "a program that runs": ("unsafe", """
        import subprocess

        for k in range(40):
            subprocess.run(["python", "train.py"])
            net = tf.keras.models.load_model("best.keras")
            print(net.predict(x))
        """),
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
