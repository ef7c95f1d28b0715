"""Stand-ins for modules that are not installed: what they take, what they return, and what they refuse."""

import subprocess
import sys
import textwrap

import pytest

from tflint_mem.verify.standins import missing_modules
from tflint_mem.verify.standins.guess import value_for
from tflint_mem.verify.standins.hints import plausible_shape

# stand-ins come after what is installed: what the environment of the tests happens to have is not found
HIDDEN = """
import sys
from importlib.machinery import PathFinder

class Hiding(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in %r else PathFinder.find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Hiding
"""


def run(code, *names, shape=(16,), text=""):
    """Runs code in a fresh interpreter with stand-ins for the named modules; returns what it printed."""
    setup = "".join(action.code for name in names for action in missing_modules.stand_in(name, shape, text or code))
    program = HIDDEN % (names,) + setup + textwrap.dedent(code)
    done = subprocess.run([sys.executable, "-c", program], text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", ["tensorflow_addons", "tf_agents", "keras_contrib", "tensorflow", "keras", "tf_keras"])
def test_what_is_measured_has_none(name):
    assert missing_modules.stand_in(name, (16,), "") == []


def test_each_is_named_in_the_report():
    for name, words in (
        ("cv2", "cameras"),
        ("streamlit", "called directly"),
        ("weather_of_yesterday", "(8, 3)"),
        ("gym", "random observations"),
    ):
        text = missing_modules.stand_in(name, (8, 3), "")[-1].text
        assert text.startswith(f"module {name}: a stand-in (it is not installed)") and words in text


def test_names_decorate_cache_are_subclassed_and_entered():
    assert (
        run(
            """
        import streamlit as st
        from streamlit.runtime import x
        calls = []
        @st.cache_resource
        def load(): calls.append(1); return 7
        @st.dialog('title')
        def plain(): return 8
        class Form(st.Base): name: str
        with st.spinner('wait') as box:
            st.write(load(), load(), plain())
        try:
            isinstance(box, st.Box) and print("never")
            raise ValueError
        except st.StreamlitError:
            print("never")
        except ValueError:
            print(calls, plain(), Form(name='a').name)
    """,
            "streamlit",
        )
        == "[1] 8 a"
    )


def test_results_are_arrays_that_unpack_iterate_and_format():
    assert (
        run(
            """
        import soundworks.core as core
        wave, rate = core.read('a.wav')
        first, second, third = core.LIMITS
        window = wave[:4] * 2 + rate[0]
        total = sum(1 for part in core.parts(wave))
        print(wave.shape, window.shape, total, f"{core.level(wave):.1f}", range(4)[core.at(wave)], core.filtered(window).shape)
    """,
            "soundworks",
            shape=(16,),
        )
        == "(16,) (4,) 16 1.0 1 (4,)"
    )


def test_constants_of_a_missing_module_are_guessed_by_their_names():
    assert (
        run(
            """
        import settings as conf
        from settings import BATCH_SIZE
        print(conf.IMG_HEIGHT, BATCH_SIZE + 1, conf.MODEL_PATH)
    """,
            "settings",
        )
        == "64 5 model.keras"
    )


def test_models_of_an_unknown_module_are_refused_but_not_those_of_other_libraries():
    assert (
        run(
            """
        import house_models
        try:
            house_models.best().predict([1])
        except ModuleNotFoundError as error:
            print(error)
    """,
            "house_models",
        )
        == "No module named 'house_models': what its predict() does is part of what is measured"
    )
    assert (
        run(
            """
        from xgboost import XGBClassifier
        print(XGBClassifier().fit([1], [2]).predict([1]).shape)
    """,
            "xgboost",
            shape=(3,),
        )
        == "(3,)"
    )


def test_awaited_and_asynchronous():
    assert (
        run(
            """
        import asyncio
        import courier
        async def main():
            async with courier.Session() as session:
                return (await session.get('a')).shape
        print(asyncio.run(main()))
    """,
            "courier",
        )
        == "(16,)"
    )


def test_pictures_of_opencv():
    assert (
        run(
            """
        import cv2
        camera = cv2.VideoCapture(0)
        works, frame = camera.read()
        gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        faces = cv2.CascadeClassifier('a.xml').detectMultiScale(gray, 1.3, 5)
        for x, y, w, h in faces:
            face = cv2.resize(gray[y:y + h, x:x + w], (48, 40))
        cv2.rectangle(frame, (x, y), (x + w, y + h), (0, 255, 0), 2)
        print(works, frame.shape, gray.shape, face.shape, cv2.imread('none.png', 0).shape, cv2.waitKey(1) & 0xFF == ord('q'))
    """,
            "cv2",
            shape=(32, 64, 3),
        )
        == "True (32, 64, 3) (32, 64) (40, 48) (32, 64) False"
    )


def test_pictures_of_pillow():
    assert (
        run(
            """
        import numpy as np
        from PIL import Image, ImageOps
        import PIL.Image
        picture = PIL.Image.open('none.jpg').convert('RGB').resize((20, 10))
        gray = ImageOps.fit(picture, (8, 8), Image.LANCZOS).convert('L')
        print(np.array(picture).shape, picture.size, gray.mode, isinstance(gray, Image.Image), np.asarray(Image.fromarray(np.zeros((4, 4, 3), 'uint8'))).dtype)
    """,
            "PIL",
            shape=(16, 16, 3),
        )
        == "(10, 20, 3) (20, 10) L True uint8"
    )


def test_tables(tmp_path):
    (tmp_path / "a.csv").write_text("age,name,price\n3,x,1.5\n4,y,2.5\n5,x,3.5\n")
    assert run(
        f"""
        import pandas as pd
        table = pd.read_csv({str(tmp_path / "a.csv")!r})
        table['twice'] = table['price'] * 2
        young = table[table['age'] < 5]
        print(table.shape, young.shape, list(table.columns), table.drop('name', axis=1).values.dtype, table.iloc[0, 2], table.iloc[:, 0].tolist())
        print([name for name, part in table.groupby('name')], table['name'].map({{'x': 1}}).tolist(), [int(row['age']) for _, row in table.iterrows()])
        print(pd.concat([table, young]).shape, pd.get_dummies(table['name']).shape, table.mean()['twice'] if 0 else table.price.sum())
        print(table.apply(lambda row: row['age'] + 1, axis=1).tolist(), table[['age', 'price']].to_numpy().shape, table['unseen'].tolist())
    """,
        "pandas",
    ).split("\n") == [
        "(3, 4) (2, 4) ['age', 'name', 'price', 'twice'] float64 1.5 [3, 4, 5]",
        "['x', 'y'] [1, 0, 1] [3, 4, 5]",
        "(5, 4) (3, 2) 7.5",
        "[4, 5, 6] (3, 2) [0, 1, 0]",
    ]


def test_a_table_that_is_not_there_is_looked_for_like_any_file():
    assert (
        run(
            """
        import pandas as pd
        try:
            pd.read_csv('none.csv')
        except FileNotFoundError as error:
            print(error.filename)
    """,
            "pandas",
        )
        == "none.csv"
    )


def test_splits_scales_and_encodes():
    assert (
        run(
            """
        import numpy as np
        from sklearn.model_selection import KFold, train_test_split
        from sklearn.preprocessing import LabelEncoder, StandardScaler
        from sklearn.metrics import accuracy_score
        x, y = np.random.rand(20, 3), np.array(list('ab') * 10)
        a, b, c, d = train_test_split(x, y, test_size=0.25, random_state=1)
        print(a.shape, b.shape, c.shape, d.shape, [len(test) for _, test in KFold(n_splits=4).split(x)])
        print(LabelEncoder().fit_transform(y)[:3], abs(StandardScaler().fit_transform(x).mean()) < 1e-9, accuracy_score(y, y))
    """,
            "sklearn",
        )
        == "(15, 3) (5, 3) (15,) (5,) [5, 5, 5, 5]\n[0 1 0] True 0.5"
    )


def test_environments_in_both_protocols():
    code = """
        import gym
        env = gym.make('CartPole-v1')
        print(env.reset()[0].shape, len(env.step(0)), env.action_space.n)
    """
    assert run(code, "gym", text="state, info = env.reset()") == "(8,) 5 4"
    old = code.replace("env.reset()[0]", "env.reset()")
    assert run(old, "gym", text="state = env.reset()") == "(8,) 4 4"


def test_settings_of_an_application_are_found_again():
    assert (
        run(
            """
        from flask import Flask, current_app
        app = Flask(__name__)
        for number in range(2):
            if "model" not in app.config:
                app.config["model"] = number
        app.config.from_object("settings")
        print(app.config["model"], current_app.config["model"], current_app.config["other"])
    """,
            "flask",
        )
        == "0 0 stand-in"
    )


def installed(name, text):
    """Source that puts the stand-in for a module in place."""
    return "".join(action.code for action in missing_modules.stand_in(name, (16,), text))


def ran(code):
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True)
    return done.stdout.strip().split("\n"), done.stderr


def test_hyperparameters_of_tensorboard_are_plain_values():
    text = textwrap.dedent(
        """
        from tensorboard.plugins.hparams import api as hp
        units = hp.HParam("units", hp.Discrete([16, 32]))
        rate = hp.HParam("rate", hp.RealInterval(0.1, 0.2))
        values = {units: units.domain.values[1], rate: rate.domain.min_value}
        hp.hparams(values)
        print({one.name: values[one] for one in values}, hp.Metric("accuracy", display_name="a").tag)
        """
    )
    rows, errors = ran(installed("tensorboard", text) + text)
    assert rows == ["{'units': 32, 'rate': 0.1} accuracy"], errors


def test_tokenizers_have_a_stand_in_and_models_have_none():
    text = textwrap.dedent(
        """
        from transformers import AutoTokenizer, TFAutoModel
        tokenizer = AutoTokenizer.from_pretrained("bert-base-uncased")
        given = tokenizer(["some words", "more"], return_tensors="np", padding=True, max_length=8)
        print(given["input_ids"].shape, given.attention_mask.sum(), len(tokenizer.encode("a b", max_length=5)))
        TFAutoModel.from_pretrained("bert-base-uncased")
        """
    )
    rows, errors = ran(installed("transformers", text) + text)
    assert rows == ["(2, 8) 3 5"], errors
    assert (
        "No module named 'transformers': transformers.TFAutoModel.from_pretrained is part of what is measured" in errors
    )


def test_what_is_gone_through_is_no_number_and_shapes_have_the_sides_that_are_taken_apart():
    text = "def f(index, rows):\n    count, steps, width = rows.shape\n    for each in index:\n        pass\n"
    assert value_for("index", text).source == "list(range(4))"
    assert value_for("rows", text).source == "np.random.rand(*(16, 8, 16)).astype('float32')"
    assert "(16, 8, 16)" in value_for("data", "data[:, :, each]").source
    assert plausible_shape("model.compile(loss='mse')") == (16,)
