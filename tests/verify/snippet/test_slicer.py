"""What is cut out of a program for a flagged place: text of the snippet, and whether it runs."""

import io
import os
import subprocess
import sys
import tempfile
import textwrap
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from support import FIXTURES
from tflint_mem.finding import Finding, Step
from tflint_mem.sources.source import Source
from tflint_mem.verify.reproduction.meter import meter
from tflint_mem.verify.snippet import candidates
from tflint_mem.verify.snippet.first_party import Files


@pytest.fixture
def project(tmp_path):
    """Writes files; returns a function that cuts for the line that ends in `# here`."""

    def write(files=None, **modules):
        for name, text in dict(files or {}, **{f"{name}.py": text for name, text in modules.items()}).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).lstrip("\n"))
        return tmp_path

    return write


def place(folder, mark="# here"):
    for path in sorted(folder.rglob("*.py")):
        for row, line in enumerate(path.read_text().split("\n"), 1):
            if line.rstrip().endswith(mark):
                return str(path), row, len(line) - len(line.lstrip()) + 1
    raise LookupError(mark)


def finding(folder, trace=()):
    path, row, column = place(folder)
    steps = []
    for mark in trace:
        step_path, step_row, _ = place(folder, mark)
        steps.append(Step(path=step_path, row=step_row, column=1, message=""))
    return Finding(
        code="TFM101",
        name="load-model-in-loop",
        group="leak",
        severity="error",
        message="",
        path=path,
        start=(row, column),
        end=(row, column + 1),
        trace=tuple(steps),
    )


def cut(folder, trace=(), number=0, **more):
    files = Files([Source.read(str(path)) for path in sorted(folder.rglob("*.py"))], [str(folder)])
    return candidates.snippets(finding(folder, trace), files, **more)[number]


def body(snippet):
    """The snippet without the harness at its head."""
    return snippet.render().text.split("tflint_mem_probe import", 1)[1].split("\n", 1)[1].strip("\n")


_PROBE = """
import gc, os, sys

{meter}

_passes = []


def again():
    _passes.append(1)
    return len(_passes) < 50 or _end()
"""


def run(snippet, repeats=3):
    """Runs the snippet with the rows of a kept file that repeat and measure; returns what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tflint_mem_probe.py").write_text(
            _PROBE.format(meter=meter("memory", 20, once_through=False, goes_on=False, behind=True))
        )
        done = subprocess.run(
            [sys.executable, "-", str(repeats)],
            input=snippet.render().text,
            text=True,
            capture_output=True,
            env=dict(os.environ, PYTHONPATH=folder),
        )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_function_itself_is_the_last_resort(project):
    folder = project(
        app="""
        class Agent:
            def __init__(self, size):
                self.size, self.seen = size, 0

            def remember(self, row):
                self.seen += 1
                if self.seen > 1000000:
                    self.learn(row)

            def learn(self, row):
                return row * self.size  # here


        agent = Agent(4)
        for row in range(10):  # loop
            agent.remember(row)
    """
    )
    texts = [body(cut(folder, ("# loop", "# here"), number=number)) for number in range(2)]
    assert "agent.remember(row)" in texts[0] and "repeat(range(10))" in texts[0]
    assert "_subject = Agent(4)" in texts[1] and "_subject.learn(" in texts[1]


def test_and_takes_the_branch_that_a_parameter_chooses(project):
    folder = project(
        app="""
        store = {}


        def fetch(path, saved=False, again=None):
            if saved:
                if path not in store:
                    return open(path)  # here
            return None


        for row in range(10):  # loop
            fetch("a.txt")
    """
    )
    found = [cut(folder, ("# loop", "# here"), number=number) for number in range(2)]
    assert "if saved:" in body(found[0])
    assert "if True:" in body(found[1]) and "if path not in store:" in body(found[1])
    assert any("saved is true" in sentence for sentence in found[1].stand_ins)


def test_a_folder_without_init_is_a_package_though_a_file_in_it_has_its_name(project):
    folder = project(
        {"nets/nets.py": "def unused(): pass\n", "nets/sizes.py": "WIDTH = 4\n"},
        app="""
        from nets.sizes import WIDTH

        for row in range(10):
            print(row * WIDTH)  # here
    """,
    )
    assert sorted(cut(folder).modules) == ["nets/sizes.py"]


def test_options_are_defined_where_they_are_asked_for(project):
    folder = project(
        app="""
        from absl import app, flags
        from absl.flags import FLAGS

        flags.DEFINE_integer("size", 4, "how many")


        def main(_argv):
            for row in range(FLAGS.size):
                print(row)  # here


        app.run(main)
    """
    )
    assert 'flags.DEFINE_integer("size", 4, "how many")' in body(cut(folder))


def test_a_session_is_begun_though_what_needs_it_stands_before(project):
    folder = project(
        app="""
        session = Session()
        net = Net(session)
        saver = Saver()
        init = global_variables_initializer()
        session.run(init)
        for step in range(10):
            net.copy(step)  # here
    """
    )
    text = body(cut(folder))
    assert "session.run(init)" in text


def test_what_fills_a_list_beside_another_is_needed(project):
    folder = project(
        app="""
        rows, marks = [], []
        for number in range(3):
            rows.append(number), marks.append(-number)
        [marks.append(0) for _ in range(2)]
        for row in rows + marks:
            print(row)  # here
    """
    )
    assert "rows.append(number), marks.append(-number)" in body(cut(folder))
    assert "[marks.append(0) for _ in range(2)]" in body(cut(folder))


def test_a_module_loop_with_what_it_needs_and_nothing_else(project):
    folder = project(
        app="""
        import json
        import os
        import collections

        LIMIT = 3
        unused = collections.Counter("abc")
        history = []
        print("training for a day")


        def load(path):
            return [path, LIMIT]


        def never(path):
            return json.dumps(path)


        for path in ["a", "b"]:
            model = load(path)  # here
            history.append(model)
        print(len(history))
    """
    )
    assert (
        body(cut(folder))
        == textwrap.dedent("""
        LIMIT = 3
        history = []


        def load(path):
            return [path, LIMIT]

        if __name__ == "__main__":
            while again():
                for path in repeat(["a", "b"]):
                    model = load(path)  # here
                    history.append(model)
    """).strip()
    )
    assert "repeat    3" in run(cut(folder))


def test_iterables_that_are_made_anew(project):
    folder = project(
        app="""
        for number, item in enumerate(open("x")):
            print(number)  # here
    """
    )
    assert 'for number, item in repeat(lambda: enumerate(open("x"))):' in body(cut(folder))


def test_a_tuple_without_parentheses(project):
    folder = project(
        app="""
        for rate in 1, 2, 3:
            print(rate)  # here
    """
    )
    assert "for rate in repeat((1, 2, 3)):" in body(cut(folder))


def test_while_loops_and_comprehensions(project):
    folder = project(
        app="""
        count = 0
        while count < 10:
            count += 1  # here
    """
    )
    text = body(cut(folder))
    assert (
        "_repeats = repeat(range(1000000000))\n        while count < 10:\n            next(_repeats)\n            count += 1"
        in text
    )
    run(cut(folder))
    folder = project(
        app="""
        names = ["a", "b"]
        models = [
            name.upper()  # here
            for name in names
        ]
    """
    )
    assert "for name in repeat(names)" in body(cut(folder))


def test_the_way_through_functions_and_the_main_block(project):
    folder = project(
        app="""
        import argparse


        def train(data):
            raise SystemExit("a day of training")


        def main(args):
            data = list(range(args.count))
            train(data)
            results = []
            for item in data:
                results.append(work(item))
            print(results)
            report(results)


        def work(item):
            return item * 2  # here


        def report(results):
            import mailer
            mailer.send(results)


        if __name__ == "__main__":
            parser = argparse.ArgumentParser()
            parser.add_argument("--count", type=int, default=4)
            args = parser.parse_known_args()[0]
            main(args)
    """
    )
    text = body(cut(folder))
    assert "for item in repeat(data):" in text
    assert "mailer" not in text and "report(results)" not in text
    assert "args = parser.parse_known_args()[0]\n    while again():\n        main(args)" in text


def test_the_case_on_the_way_is_taken(project):
    folder = project(
        app="""
        import sys


        def main(words):
            match words:
                case ["help"]:
                    print("no help")
                case ["sum", limit]:
                    total = 0
                    for row in range(limit):
                        total += row
                        print(total, limit)  # here
                case _:
                    sys.exit(1)


        main(sys.argv[1:])
    """
    )
    snippet = cut(folder)
    text = body(snippet)
    assert "no help" not in text and text.count("if True:  # this branch is taken") == 1
    assert any(sentence.startswith("limit:") for sentence in snippet.stand_ins)
    run(snippet)


def test_branches_on_the_way_are_taken(project):
    folder = project(
        app="""
        import sys


        def main(mode):
            if mode == "test":
                try:
                    for item in [1, 2]:
                        print(item)  # here
                except ValueError:
                    pass
            else:
                print("train")


        main(sys.argv[-1])
    """
    )
    text = body(cut(folder))
    assert text.count("if True:  # this branch is taken") == 2
    assert "train" not in text
    run(cut(folder))


def test_a_handler_is_called_directly_with_stand_ins(project):
    folder = project(
        app="""
        import json


        def handler(event, context):
            values = json.loads(event["body"])["values"]
            return sum(values)  # here
    """
    )
    snippet = cut(folder)
    assert "handler(" in body(snippet)
    assert any(text.startswith("event:") for text in snippet.stand_ins)
    run(snippet)


def test_a_loop_in_the_call_of_a_layer_repeats_with_its_calls(project):
    folder = project(
        app="""
        from keras.layers import Layer


        class Pyramid(Layer):
            def __init__(self):
                super().__init__()
                self.parts = [len, str]

            def call(self, inputs):
                levels = []
                for part in self.parts:
                    levels.append(part(inputs))  # here
                return levels
    """
    )
    text = body(cut(folder))
    assert "for part in self.parts:" in text and "_subject.call(" in text
    text = body(cut(project(app=(folder / "app.py").read_text().replace("(Layer)", "(Station)"))))
    assert "for part in repeat(self.parts):" in text


def test_a_data_set_that_is_cut_has_as_many_elements(project):
    folder = project(
        app="""
        def show(dataset):
            for row in dataset.take(3):
                print(row)  # here
    """
    )
    assert cut(folder).count == 3


def test_the_programs_own_call_comes_before_one_with_stand_ins(project):
    folder = project(
        app="""
        SIZE = 3


        def handler(event, size):
            return [event] * size  # here


        print(handler("alpha", size=SIZE))
        for name in "ab":
            handler(name, 2)
    """
    )
    trace = [Step(path=str(folder / "app.py"), row=4, column=1, message="")]
    files = Files([Source.read(str(path)) for path in folder.rglob("*.py")], [str(folder)])
    found = candidates.snippets(finding(folder).replace(trace=tuple(trace)), files)
    calls = [line.text.strip() for snippet in found for line in snippet.region if "handler(" in line.text]
    assert calls.index("handler('alpha', size=SIZE)") < calls.index("handler({'body': '{}'}, 4)")
    run(found[[number for number, snippet in enumerate(found) if "'alpha'" in body(snippet)][0]])


def test_verify_with_gives_real_values(project):
    folder = project(
        app="""
        # tflint-mem: verify-with event={"body": 7}
        def handler(event, context):
            return event["body"] + 1  # here
    """
    )
    files = Files([Source.read(str(path)) for path in folder.rglob("*.py")], [str(folder)])
    snippet = candidates.snippets(finding(folder), files, given={"event": "{'body': 7}"})[0]
    assert "handler({'body': 7}, None)" in body(snippet)
    assert "event: {'body': 7} (verify-with)" in snippet.stand_ins


def test_methods_come_with_their_class_and_only_the_methods_they_reach(project):
    folder = project(
        app="""
        class Predictor:
            def __init__(self, path):
                self.path = path

            def load(self):
                return self.path  # here

            def predict(self, x):
                return self.load(), x

            def export(self):
                import exporter
                return exporter.run(self)


        predictor = Predictor("model.keras")
        for x in [1, 2, 3]:
            predictor.predict(x)
    """
    )
    text = body(cut(folder))
    assert "def load" in text and "def predict" in text and "export" not in text
    run(cut(folder))


def test_first_party_modules_are_embedded_and_cut_down(project):
    folder = project(
        {
            "app.py": """
            from helpers.loading import load
            import settings as config

            for name in config.NAMES:
                load(name)
        """,
            "helpers/__init__.py": """
            import missing_module_of_the_package
        """,
            "helpers/loading.py": """
            import another_missing_module
            from .names import normal

            CACHE = {}


            def load(name):
                return normal(name)  # here


            def save(name):
                another_missing_module.save(name)
        """,
            "helpers/names.py": """
            def normal(name):
                return name.lower()
        """,
            "settings.py": """
            import os
            NAMES = ["A", "B"]
            OTHER = os.environ["NOT_SET_ANYWHERE"]
        """,
        }
    )
    snippet = cut(folder)
    assert sorted(snippet.modules) == ["helpers/__init__.py", "helpers/loading.py", "helpers/names.py", "settings.py"]
    text = snippet.render().text
    assert "missing" not in text and "NOT_SET_ANYWHERE" not in text
    run(snippet)


def test_relative_imports_of_the_main_file_become_absolute(project):
    folder = project(
        {
            "pkg/__init__.py": "",
            "pkg/app.py": """
            from .tools import work

            for item in [1, 2]:
                work(item)  # here
        """,
            "pkg/tools.py": "def work(item):\n    return item\n",
        }
    )
    snippet = cut(folder)
    assert "from pkg.tools import work" in body(snippet)
    run(snippet)


def test_a_loop_in_another_file_by_the_trace(project):
    folder = project(
        jobs="""
            from model import build

            def run_all():
                for width in [1, 2, 3]:  # loop
                    build(width)

            run_all()
        """,
        model="""
            def build(width):
                return [0] * width  # here
        """,
    )
    snippet = cut(folder, trace=["# loop"])
    text = body(snippet)
    assert "for width in repeat([1, 2, 3]):" in text and "model.py" in snippet.modules
    flagged = snippet.render().rows[snippet.flagged]
    assert flagged == ("model.py", 2)
    run(snippet)


def test_the_loop_inside_of_what_the_trace_begins_with(project):
    folder = project(
        app="""
        import contextlib

        seen = []
        for epoch in range(3):
            with contextlib.nullcontext(seen) as tape:  # here
                for batch in range(5):  # loop
                    tape.append(batch)
    """
    )
    text = body(cut(folder, trace=["# here", "# loop"]))
    assert "for batch in repeat(range(5)):" in text and text.count("repeat(") == 1


def test_closures_run_through_the_function_around_them(project):
    folder = project(
        app="""
        def search(study, base):
            scale = base * 2

            def objective(trial):
                return scale + trial.number  # here

            study.optimize(objective, n_trials=5)


        search(None, 3)
    """
    )
    text = body(cut(folder))
    assert "def objective(trial):" in text and "objective(" in text.split("def objective(trial):")[1]
    assert "study.optimize" not in text
    run(cut(folder))


def test_kept_decorated_functions_lose_the_decorators_that_serve(project):
    folder = project(
        app="""
        import click


        @click.command()
        @click.option("--count", default=3)
        def main(count):
            for item in range(count):
                print(item)  # here


        main()
    """
    )
    assert "click" not in body(cut(folder))


def test_a_name_that_nothing_defines_gets_a_stand_in(project):
    folder = project(
        app="""
        for path in image_paths:
            print(path, batch_size)  # here
    """
    )
    snippet = cut(folder)
    assert {text.split(":")[0] for text in snippet.stand_ins} == {"image_paths", "batch_size"}
    run(snippet)


def test_settings_of_the_process_stay(project):
    folder = project(
        app="""
        import os
        import random
        os.environ["MODE"] = "x"
        random.seed(3)
        print("hello")
        for item in [1]:
            print(item)  # here
    """
    )
    text = body(cut(folder))
    assert 'os.environ["MODE"] = "x"' in text and "random.seed(3)" in text and "hello" not in text


def test_strings_that_span_lines_keep_their_text(project):
    folder = project(
        app='''
        if __name__ == "__main__":
            for item in [1]:
                text = """one
          two
        three"""
                print(repr(text))  # here
    '''
    )
    assert "'one\\n  two\\nthree'" in run(cut(folder))


def test_counts_that_the_code_spells_out(project):
    for source, count in (
        ("[1, 2, 3]", 3),
        ("range(7)", 7),
        ("enumerate(('a', 'b'))", 2),
        ("NAMES", 2),
        ("range(n)", None),
        ("paths", None),
        ("more", None),
        ("table.values()", None),
        ("[*NAMES]", None),
        ("{'a': 1}.items()", 1),
        ("zip(range(5), NAMES)", 2),
    ):
        folder = project(
            app=f"""
            NAMES = ["x", "y"]
            n = int("4")
            paths = []
            paths.append("x")
            more = ["x"]
            more += NAMES
            table = {{}}
            table["x"] = 1
            for item in {source}:
                print(item)  # here
        """
        )
        assert cut(folder).count == count, source


def test_notebooks_are_cut_like_files(tmp_path):
    import json

    cells = [
        {"cell_type": "code", "source": text, "metadata": {}, "outputs": [], "execution_count": None}
        for text in (["%matplotlib inline\n", "names = ['a', 'b']"], ["for name in names:\n", "    print(name)"])
    ]
    path = tmp_path / "book.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    source = Source.read(str(path))
    found = Finding(
        code="TFM101",
        name="x",
        group="leak",
        severity="error",
        message="",
        path=str(path),
        cell=2,
        start=(2, 5),
        end=(2, 6),
    )
    snippet = candidates.snippets(found, Files([source], [str(tmp_path)]))[0]
    assert "for name in repeat(names):" in body(snippet) and "cell 2" in snippet.place
    run(snippet)


def test_no_place_to_cut_is_said(project):
    folder = project(
        app="""
        def serve(registry_of_unknown_things):
            return registry_of_unknown_things  # here
    """
    )
    with pytest.raises(candidates.CannotCut, match="registry_of_unknown_things"):
        cut(folder)


def test_every_fixture_can_be_cut_and_compiles():
    """Cutting never crashes, and what comes out is Python."""
    import re

    compiled = 0
    for path in sorted(FIXTURES.rglob("*.py")):
        if "expected" in path.name:
            continue
        source = Source.read(str(path))
        for row, line in enumerate(source.lines, 1):
            match = re.search(r"# expect: (TFM\d+)", line)
            if not match:
                continue
            found = Finding(
                code=match.group(1),
                name="x",
                group="leak",
                severity="error",
                message="",
                path=str(path),
                start=(row, len(line) - len(line.lstrip()) + 1),
                end=(row, len(line)),
            )
            try:
                snippets = candidates.snippets(found, Files([source], [str(path.parent)]))
            except candidates.CannotCut:
                continue
            for snippet in snippets:
                with redirect_stdout(io.StringIO()):
                    compile(snippet.render().text, str(path), "exec")
                assert "repeat(" in body(snippet) or any(
                    "repeat(" in line.text for lines in snippet.modules.values() for line in lines
                )
                compiled += 1
    assert compiled > 50


@pytest.mark.parametrize(
    "elements, parts",
    [
        ("frame.columns", True),
        ("enumerate(net.layers)", True),
        ("net.layers[:-1]", True),
        ("paths", False),
        ("frame.itertuples()", False),
    ],
)
def test_loops_over_the_parts_of_one_thing(project, elements, parts):
    folder = project(
        app=f"""
        for part in {elements}:
            print(part)  # here
    """
    )
    assert cut(folder).parts is parts


def test_a_module_reached_through_its_package_keeps_what_is_used(project):
    folder = project(
        {
            "kit/__init__.py": "from .feeds import *\n",
            "kit/feeds.py": """
        def batches(count):
            return list(range(count))

        def unused():
            return 1
        """,
            "main.py": """
        import kit

        for row in kit.feeds.batches(3):
            print(row)  # here
        """,
        }
    )
    snippet = cut(folder)[0] if isinstance(cut(folder), list) else cut(folder)
    text = "\n".join(line.text for line in snippet.modules["kit/feeds.py"])
    assert "def batches" in text and "unused" not in text


def test_an_import_that_the_trace_names_stays(project):
    folder = project(
        {
            "core/__init__.py": "",
            "core/boxes.py": """
        import tensorflow as tf

        def clip(boxes, size=tf.constant([416.0])):  # sets up
            return boxes
        """,
            "main.py": """
        import tensorflow as tf
        from core.boxes import clip

        tf.config.experimental.set_memory_growth(0, True)  # here
        print(clip(1))
        """,
        }
    )
    flagged = finding(folder, ["# sets up"]).replace(code="TFM603")
    files = Files([Source.read(str(path)) for path in sorted(folder.rglob("*.py"))], [str(folder)])
    snippet = candidates.snippets(flagged, files, once=True)[0]
    assert "from core.boxes import clip" in snippet.render().text
    assert "def clip" in "\n".join(line.text for line in snippet.modules["core/boxes.py"])


def test_a_call_with_stand_ins_alone_is_the_same_each_time(project):
    text = """
        def step(model, epoch):
            return model(epoch)  # here

        def train(model):
            for epoch in range(9):
                step(model, epoch)
        """
    folder = project(main=text)
    snippet = cut(folder)
    assert not snippet.constant  # the loop's own elements differ
    alone = project(main=text.split("        def train")[0])
    assert cut(alone).constant
