"""What is left of a program and of its stand-ins: the statements that ran, and what they name."""

import subprocess
import sys
import textwrap

from tflint_mem.verify.containment.run import Run
from tflint_mem.verify.reproduction.stand_ins import in_effect, shortened
from tflint_mem.verify.reproduction.unreached import named_for_tracing, without_unreached
from tflint_mem.verify.reproduction.unused import without_blanks, without_unused
from tflint_mem.verify.standins import missing_modules
from tflint_mem.verify.standins.noted import noted, sum_of, tell


def program(text):
    return textwrap.dedent(text).strip("\n")


def rows_run(text):
    """The rows of a text that ran, as the measured process sees them."""
    ran = set()

    def trace(frame, event, argument):
        if frame.f_code.co_filename == "<program>":
            if event == "line":
                ran.add(frame.f_lineno)
            return trace
        return None

    code = compile(text, "<program>", "exec")
    sys.settrace(trace)
    try:
        exec(code, {"__name__": "program"})
    finally:
        sys.settrace(None)
    return ran


def test_what_never_ran_goes_and_the_rest_does_the_same():
    text = program(
        '''
        import os

        SIZE = 3


        def build(size, old=False):
            """Builds."""
            if old:
                size = size * 2
            else:
                size = size + 1
            try:
                made = [size]
            except ValueError:
                made = []
            for each in ():
                made.append(each)
            if size > 100:
                return None
            elif size > 2:
                made.append(2)
            else:
                made.append(3)
            return made


        def unused(size):
            return os.path.join("a", size)


        class Agent:
            def __init__(self):
                self.seen = build(SIZE)

            def train(self):
                while True:
                    pass


        kept = Agent().seen
        '''
    )
    left = without_unused({"main": without_unreached(text, rows_run(text), False)})["main"]
    assert "import os" not in left and "unused" not in left and "train" not in left and "except" not in left
    assert "size * 2" not in left and "for each" not in left and "append(3)" not in left and "Builds" not in left
    results = []
    for each in (text, left):
        names = {"__name__": "program"}
        exec(each, names)
        results.append(names["kept"])
    assert results == [[4, 2], [4, 2]]
    assert left.count("\n") < text.count("\n") * 0.65


def test_what_tensorflow_may_have_traced_stays():
    text = program(
        """
        @tf.function
        def step(x):
            return loss(x)


        def loss(x):
            return x + 1


        def scaled(x):
            return x / 2


        def never(x):
            return x


        class Net(Base):
            def call(self, x):
                return self.inner(x)

            def inner(self, x):
                return x

            def export(self):
                return 1


        data.map(scaled)
        never
        """
    )
    ran = {1, 2, 6, 10, 14, 18, 19, 22, 25, 29, 30}
    left = without_unreached(text, ran, False, named_for_tracing(text))
    for words in ("return loss(x)", "return x + 1", "return x / 2", "def inner"):
        assert words in left, left
    assert "def export" not in left and "def never(x):\n    raise NotImplementedError" in left


def test_modules_lose_what_only_imports_name():
    texts = {
        "__main__": "from kit import build\nfrom kit.nets import small as little\nbuild()\nlittle()\n",
        "kit/__init__.py": "from .core import build, other\nfrom .nets import *\n",
        "kit/core.py": "import re\nimport os, sys\ndef build():\n    return os\ndef other():\n    return re\n",
        "kit/nets.py": "WIDTH = 3\ndef small():\n    return 1\nalias = small\n",
    }
    left = without_unused(texts)
    assert left["kit/__init__.py"] == "from .core import build\nfrom .nets import *\n"
    assert left["kit/core.py"] == "import os\ndef build():\n    return os\n"
    assert left["kit/nets.py"] == "def small():\n    return 1\nalias = small\n"  # it may be what keeps something
    assert without_unused({"a": "def f():\n"}) == {"a": "def f():\n"}
    spaced = "\n\na = 1\n\n\nb = '''\n\n'''\ndef f():\n\n    return 1\nc = 2\n"
    assert without_blanks(spaced) == "a = 1\nb = '''\n\n'''\n\ndef f():\n    return 1\n\nc = 2"


def kept_of(codes, text):
    """The codes as they are kept after a run of them and of a text that needs them."""
    ran = set()
    tell(ran.add)
    before = list(sys.meta_path)
    try:
        names = {}
        for code in codes:
            exec(noted(code), names)
        exec(text, names)
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] in ("pandas", "_anything", "_patch")]:
            del sys.modules[name]
        sys.meta_path[:] = before
    sums = [sum_of(code) for code in codes]
    run = Run("done", [{"event": "ran", "setup": sums, "stand_ins": sorted(ran), "rows": []}], 1.0, 0, 0, "")
    return shortened(in_effect([*codes, "import gone"], run), run, text)


def test_of_a_stand_in_stays_what_ran():
    text = (
        "import pandas as pd\ntable = pd.DataFrame({'a': [1, 2], 'b': [3, 4]})\nprint(table.shape, len(table['a']))\n"
    )
    codes = [action.code for action in missing_modules.stand_in("pandas", (16,), text)]
    kept = kept_of(codes, text)
    whole = sum(code.count("\n") for code in codes)
    assert len(kept) == 2 and sum(code.count("\n") for code in kept) < 170 < 700 < whole
    done = subprocess.run([sys.executable, "-c", "\n".join([*kept, text])], text=True, capture_output=True, check=False)
    assert done.stdout == "(2, 2) 2\n", done.stderr


def test_a_stand_in_that_nothing_came_by_goes():
    code = program(
        """
        import sys
        import types
        if '_patch' not in sys.modules:
            _patch = sys.modules['_patch'] = types.ModuleType('_patch')
            exec(r'''
        import json
        import math

        def _dumped(value, **options):
            if "old" in options:
                value = options.pop("old")  # acts
            return _original(value, **options)

        _original = json.dumps
        json.dumps = _dumped
        # for: tau
        math.tau = 3
        ''', _patch.__dict__)
        """
    )
    import json
    import math

    before = json.dumps, math.tau
    try:
        assert kept_of([code], "import json\njson.dumps(1)\n") == [""]
        json.dumps = before[0]
        (kept,) = kept_of([code], "import json\njson.dumps(1, old=2)\n")
        assert "json.dumps = _dumped" in kept and "math" not in kept
        json.dumps = before[0]
        (kept,) = kept_of([code], "import math\nmath.tau\n")
        assert "math.tau = 3" in kept and "json" not in kept
    finally:
        json.dumps, math.tau = before
