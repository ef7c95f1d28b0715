"""What mutations are made of: the repository's fixtures cut into statements and expressions, and odd things of our own.

All random choices go through the `random.Random` that is handed in, and nothing here depends on hash seeds, so an input
is given by kind, seed and number alone.
"""

import ast
import functools
import re
from pathlib import Path

HOME = Path(__file__).resolve().parent
FIXTURES = HOME.parent / "fixtures"

TOKEN = re.compile(
    r"[ \t]+|\r\n|\n|\r|#[^\n\r]*|[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*|\d[\w.]*"
    r"|\"\"\"|'''|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|\*\*=?|//=?|>>=?|<<=?|->|:=|[!=<>+\-*/%&|^@]=|.",
    re.DOTALL,
)

# Statements that TensorFlow programs seldom have and Python allows.
ODD = """
x = [x, 1]
x = (x, x)
x = {**x, 'k': x}
x, *x = x
x = x.y = x[0] = x
x: "tf.keras.Model" = x
x += x
del x
global x
import tensorflow
import tensorflow as tf, keras as tf
from tensorflow import keras as tf
from tensorflow.keras import *
from . import *
from .. import x as tf
from .case import *
from __future__ import annotations
import case
import case as tf
tf = tf
tf.keras = tf
tf.function = tf.function(tf.function)
model = model
model = model or model
model.x = model.y = model
self.model = self.model = self
load = tf.keras.models.load_model
load = load if load else load
predict = model.predict
f = lambda f=f: f(f)
f = tf.function(f)
f = tf.function(lambda: f())
f = functools.partial(f, f)
f = tf.function(f, input_signature=[tf.TensorSpec([None], tf.float32)], **f)
tf.function(tf.function)(tf.function)
models = [tf.keras.models.load_model(p) for p in models]
models = {k: v for k, v in models.items()}
models.append(models)
models[models] = models
models = models + models
models = (yield models)
await models
return models
raise models from models
nonlocal models
print(f'{x!r:{x}}')
print(f"{f'{x}'}")
print((x := x))
x = [x for x in x for x in x if x]
x = {x: x for x in x}
x = (x for x in x)
x = x if x else x
x = not x
x = -x
x = x[x:x, ..., x]
x = x @ x
x = lambda: (yield)
x = 1_000
x = 0x_f
x = 1e400
x = 1j
x = ...
x = b'\\xff' b''
x = '\\N{BULLET}' 'x'
x = '''
# noqa
'''
assert x, x
type X = X
pass;pass
if x: pass
elif x: x
else: x
while x: x = x
for x in x: x
for x, (x, *x) in x: pass
for x.y in x: x.y
for x[0] in x: tf.keras.models.load_model(x)
for self.x in x: self.x.predict(x)
with x as x, x as (x, x): x
with tf.Graph().as_default() as x, tf.compat.v1.Session() as x: x
try: x
except* x as x: x
try: x
except x as x: raise
else: x
finally: x
while True: model = model(model)
def f(x, /, y=f, *x_, z: f = f, **f_) -> f: return f(f, *f, **f)
def f(): f(); yield from f()
def f(): return f
async def f(): await f()
async def f(): return [x async for x in f()]
class f(f): f = f
class f(f, metaclass=f): x = f
class f(tf.keras.Model): call = tf.function(lambda self, x: self(x))
class f(tf.Module, tf.keras.layers.Layer): pass
class f[T: f](f): pass
match x:\n    case f(x=x): x\n    case [x, *y] | {'x': x, **y}: x\n    case _: tf.keras.models.load_model(x)
@f\ndef f(): pass
@tf.function\nclass f(tf.Module): pass
@tf.function(reduce_retracing=True)\n@property\ndef f(self): return self.f
@property\ndef model(self): return self.model
@functools.lru_cache\ndef f(x): return tf.keras.models.load_model(x)
@app.route('/')\ndef f(): return tf.keras.models.load_model(f)
@x.setter\ndef x(self, x): self.x = x
@classmethod\ndef f(cls): return cls.f()
@staticmethod\ndef f(): return f()
@contextlib.contextmanager\ndef f():\n    with f() as f: yield f
if __name__ == '__main__': multiprocessing.Process(target=f, args=(model,)).start()
if tf.__version__ < '2': x
if TYPE_CHECKING: import tensorflow as tf
sys.exit(f())
tf.config.experimental.set_memory_growth(x, True)
tf.config.set_visible_devices([], 'GPU')
tf.compat.v1.keras.backend.set_session(tf.compat.v1.Session())
tf.keras.backend.clear_session()
gc.collect()
__all__ = ['f', *__all__]
__all__ += f.__all__
exec('x')
globals()['tf'] = tf
setattr(tf, 'x', tf)
model.compile(optimizer=model, loss=model)
model.fit(model, callbacks=[tf.keras.callbacks.LambdaCallback(on_epoch_end=lambda e, l: model.predict(model))])
tf.data.Dataset.from_generator(lambda: iter(model), model).map(model).repeat().cache()
dataset = dataset.map(lambda x: dataset)
optuna.create_study().optimize(lambda trial: tf.keras.Sequential([]), n_trials=9)
threading.Thread(target=model.predict).start()
pool.map(model.predict, model)
tape.gradient(x, tape)
with tf.GradientTape(persistent=True) as tape: tape = tape
"""

DECORATORS = (
    "@tf.function",
    "@tf.function(jit_compile=True)",
    "@tf.function(input_signature=[])",
    "@property",
    "@classmethod",
    "@staticmethod",
    "@functools.lru_cache(None)",
    "@app.route('/x')",
    "@app.get('/x')",
    "@celery.task",
    "@tf.custom_gradient",
    "@tf.keras.utils.register_keras_serializable()",
    "@contextlib.contextmanager",
    "@x",
    "@x.setter",
    "@(lambda f: f)",
    "@tf.autograph.experimental.do_not_convert",
    "@dataclass",
    "@pytest.fixture",
    "@f",
)

WRAPPERS = (
    "for x in range(10):",
    "while True:",
    "while x:",
    "for epoch, (x, y) in enumerate(dataset):",
    "async def f(x):",
    "def f(x):",
    "def f(self, x):",
    "class C(tf.keras.Model):",
    "class C:",
    "with tf.Graph().as_default():",
    "with tf.device('/GPU:0'):",
    "with strategy.scope():",
    "if x:",
    "if False:",
    "try:",
    "with tf.GradientTape(persistent=True) as tape:",
    "def on_epoch_end(self, epoch, logs=None):",
    "def call(self, x):",
    "def train_step(self, data):",
    "@tf.function\ndef step(x):",
    "@app.post('/p')\ndef handler(x):",
    "def objective(trial):",
    "def __init__(self):",
    "def __iter__(self):",
    "async for x in x:",
    "async with x:",
    "with tf.compat.v1.Session() as sess:",
    "def generator():",
    "def main():",
    "match x:\n case _:",
)

COMMENTS = (
    "# noqa",
    "# noqa: TFM101",
    "# noqa:TFM1,TFM2 because",
    "# NOQA : tfm101",
    "# noqa:",
    "# noqa: ,",
    "#noqa:TFM101,",
    "# type: ignore # noqa",
    "# tflint-mem: ignore",
    "# tflint-mem: ignore[TFM101]",
    "# tflint-mem: ignore[load-model-in-loop, nonsense] why",
    "# tflint-mem: ignore[",
    "# tflint-mem: ignore[]",
    "# tflint-mem: skip-file",
    "# tflint-mem: ignore-file[TFM4]",
    "# tflint-mem: what",
    "# tflint-mem:",
    "# coding: latin-1",
    "# caf\u00e9 \u2028 \u0085 x",
    "# fmt: off",
    "#",
    "#!/usr/bin/env python",
    "# %%",
    "# \x0c",
    "# \x1b[31m",
    "# ::error::x",
)

STRINGS = (
    "'\\x1b[31m'",
    "'::error::x\\n::stop-commands::y'",
    "'%0A::error::'",
    "'\\ud800'",
    "'\\0'",
    "'\u202e'",
    "'\U0001f600'",
    "'a' * 10**9",
    "f'{x}\\x1b]0;t\\x07'",
    "'# noqa'",
    "'''\n# noqa\n'''",
    "'%s' % x",
    "b'\\xff'",
    "r'\\'",
    "'</script><script>'",
    "'`'",
    "'|'",
    "'$(id)'",
    "'{0}'.format(x)",
    "''",
    "'saved.h5'",
    "'model.keras'",
    "'/dev/zero'",
    "'..' '/x'",
    "u'x'",
    "rb'x'",
)

HARD = (
    "None",
    "0",
    "-1",
    "1e308",
    "10**10**10",
    "...",
    "[]",
    "{}",
    "()",
    "set()",
    "x",
    "self",
    "tf",
    "lambda: x",
    "*x",
    "(yield)",
    "[x for x in x]",
    "not x",
    "x if x else x",
    "10" * 60,
)


@functools.lru_cache(None)
def files() -> list[Path]:
    """The fixtures that hold Python code."""
    return sorted(path for path in FIXTURES.rglob("*.py"))


@functools.lru_cache(600)
def text(path: Path) -> str:
    """Text of a fixture, its `# expect` marks included."""
    return path.read_text(encoding="utf-8", errors="replace")


@functools.lru_cache(400)
def pieces(source: str) -> "Pieces | None":
    """The source cut into statements and expressions; None when it does not parse."""
    try:
        return Pieces(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class Pieces:
    """Spans of the nodes of one module, in bytes of its UTF-8 text.

    statements   [(start, end, column, is a body's only statement)]      expressions   [(start, end)]
    names        identifiers, in order of appearance      functions  [(start of `def` or `class`, column)]
    defined      names of the functions and classes of the module
    """

    def __init__(self, source: str):
        self.raw = source.encode("utf-8", "surrogatepass")
        starts = [0]
        for row in self.raw.splitlines(keepends=True):
            starts.append(starts[-1] + len(row))
        tree = ast.parse(source)
        self.statements, self.expressions, self.names, self.functions = [], [], [], []
        self.defined = [
            node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        ]
        for node in ast.walk(tree):
            line = getattr(node, "lineno", None)
            if line is None:
                continue
            span = (starts[line - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset)
            if isinstance(node, ast.stmt):
                before = self.raw[starts[line - 1] : span[0]]
                if not before.strip():
                    self.statements.append((*span, node.col_offset))
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                    self.functions.append((span[0], node.col_offset))
            elif isinstance(node, ast.expr):
                self.expressions.append(span)
            if isinstance(node, ast.Name):
                self.names.append(node.id)

    def segment(self, span) -> bytes:
        """The bytes of a span."""
        return self.raw[span[0] : span[1]]

    def block(self, span) -> list[bytes]:
        """Rows of a statement, its indentation taken away where that can be done row by row."""
        margin = b" " * span[2]
        first, *rest = self.segment(span).split(b"\n")
        return [first, *(row.removeprefix(margin) for row in rest)]


@functools.lru_cache(None)
def odd() -> list[list[bytes]]:
    """The odd statements as blocks of rows."""
    blocks = []
    for row in ODD.strip("\n").split("\n"):
        if row.startswith(("elif", "else", "except", "finally", "'''", "# noqa")) and blocks:
            blocks[-1].append(row.encode("utf-8"))
        else:
            blocks.append(row.replace("\\n", "\n").encode("utf-8").split(b"\n"))
    return blocks
