"""Programs that grow: each takes a size and gives `{file name: text}` of a program of that size.

They are the shapes that searches through code trip over: chains, diamonds, circles, wide fans, deep nests, each with
what the rules look for inside.  `EXPECTED` names the rules that must speak at every size: silence is no way to be fast.
"""

HEAD = "import numpy as np\nimport tensorflow as tf\nfrom tensorflow.keras.models import load_model\n\n\n"


def _lines(lines, indent=0):
    return "".join(" " * indent + line + "\n" for line in lines)


def _one(text):
    return {"main.py": HEAD + text}


# -- chains of names ---------------------------------------------------------------------------------------------------


def rebindings_in_loop(n):
    """One name, rebound again and again in a loop before a data set is made of it."""
    return _one(
        "def train(model, epochs):\n    for epoch in range(epochs):\n        x = np.load('x.npy')\n"
        + _lines([f"x = step_{i}(x)" for i in range(n)], 8)
        + "        ds = tf.data.Dataset.from_tensor_slices(x).batch(32)\n        model.fit(ds)\n"
    )


def new_names_in_loop(n):
    """The same with a new name each time."""
    return _one(
        "def train(model, epochs):\n    for epoch in range(epochs):\n        x0 = np.load('x.npy')\n"
        + _lines([f"x{i + 1} = step(x{i})" for i in range(n)], 8)
        + f"        ds = tf.data.Dataset.from_tensor_slices(x{n}).batch(32)\n        model.fit(ds)\n"
    )


def rebindings(n):
    """A model handed from name to name at the top of a module, then used in a loop."""
    return _one(
        "model = load_model('m.keras')\n"
        + _lines([f"model = wrap(model, {i})" for i in range(n)])
        + "for row in rows:\n    load_model('m.keras').predict(row)\n"
    )


def reassignments_in_loop(n):
    """A model loaded anew into one name again and again in one loop."""
    return _one(
        "for row in rows:\n"
        + _lines(
            [line for i in range(n) for line in (f"model = load_model('{i}.keras')", "print(model.predict(row))")], 4
        )
    )


def reassignments(n):
    """The same without a loop, in a function that a loop calls."""
    return _one(
        "def work(row):\n"
        + _lines(
            [line for i in range(n) for line in (f"model = load_model('{i}.keras')", "print(model.predict(row))")], 4
        )
        + "\n\nfor row in rows:\n    work(row)\n"
    )


def doubled_tuples(n):
    """Tuples that hold the one before twice."""
    return _one(
        "a0 = (1, 2)\n"
        + _lines([f"a{i + 1} = (a{i}, a{i})" for i in range(n)])
        + f"table = a{n}\nfor p in rows:\n    m = load_model(table[p])\n    m.predict(table[p])\n"
    )


def doubled_dictionaries(n):
    """Dictionaries that hold the one before twice."""
    return _one(
        "a0 = {'k': load_model}\n"
        + _lines([f"a{i + 1} = {{'k': a{i}, 'l': a{i}}}" for i in range(n)])
        + f"table = a{n}\nfor p in rows:\n    m = load_model(table[p])\n    m.predict(table[p])\n"
    )


def nested_literals(n):
    """A literal nested as deep as the parser takes it."""
    depth = min(n, 80)
    return _one(
        f"table = {'(' * depth}1{',)' * depth}\nfor p in rows:\n    m = load_model(table[p])\n    m.predict(p)\n"
    )


def long_literals(n):
    """One list of many paths, and a table of many functions."""
    return _one(
        f"paths = [{', '.join(repr(f'{i}.keras') for i in range(n))}]\n"
        f"table = {{{', '.join(f'{i}: make_{i}' for i in range(n))}}}\n"
        + "".join(f"\n\ndef make_{i}():\n    return load_model('{i}.keras')\n" for i in range(n))
        + "\n\nfor p in paths:\n    table[p]().predict(p)\n    load_model(p)\n"
    )


def long_expressions(n):
    """Sums and conditions of many parts."""
    total = " + ".join(f"load_model('{i}.keras').predict(x)" for i in range(n))
    test = " and ".join(f"x > {i}" for i in range(n))
    return _one(f"for x in rows:\n    if {test}:\n        y = {total}\n        print(y)\n")


def chained_calls(n):
    """A data set through many steps, in one expression."""
    return _one(
        "def train(model, rows):\n    for row in rows:\n"
        "        ds = tf.data.Dataset.from_tensor_slices(np.zeros((9, 9)))"
        + ".map(scale).batch(2)" * n
        + "\n        model.fit(ds)\n"
    )


def chained_steps(n):
    """A data set through many steps, statement by statement."""
    return _one(
        "def train(model, rows):\n    for row in rows:\n"
        "        ds = tf.data.Dataset.from_tensor_slices(np.zeros((9, 9)))\n"
        + _lines(["ds = ds.map(scale)"] * n, 8)
        + "        model.fit(ds)\n"
    )


def attribute_chains(n):
    """Attributes of attributes of attributes."""
    chain = "self" + "".join(f".a{i}" for i in range(n))
    return _one(
        f"class Holder:\n    def run(self, rows):\n        for row in rows:\n            {chain} = load_model(row)\n"
        f"            {chain}.predict(row)\n"
    )


# -- chains and circles of calls ---------------------------------------------------------------------------------------


def chained_functions(n):
    """Functions that call each other in a row; the last one loads a model."""
    return _one(
        "".join(f"def f{i}(x):\n    return f{i + 1}(x)\n\n\n" for i in range(n))
        + f"def f{n}(x):\n    return load_model(x)\n\n\n"
        + f"for row in rows:\n    f{n - 3}(row).predict(row)\n    f0(row).predict(row)\n"
    )


def diamonds(n):
    """Each function calls the next one in two branches."""
    return _one(
        "".join(
            f"def f{i}(x):\n    if x:\n        return f{i + 1}(x)\n    return f{i + 1}(x + 1)\n\n\n" for i in range(n)
        )
        + f"def f{n}(x):\n    for row in x:\n        load_model(row).compile()\n    return load_model(x)\n\n\n"
        "for row in rows:\n    m = f0(row)\n    m.compile('adam', 'mse')\n    m.fit(row)\n"
    )


def mutual_functions(n):
    """A circle of functions, each of which calls its neighbours, beside `set_memory_growth`."""
    return _one(
        "".join(
            f"def f{i}(x):\n    f{(i + 1) % n}(x)\n    f{(i - 1) % n}(x)\n    f{(i * 7 + 3) % n}(x)\n\n\n"
            for i in range(n)
        )
        + "def setup():\n    for gpu in tf.config.list_physical_devices('GPU'):\n"
        "        tf.config.experimental.set_memory_growth(gpu, True)\n\n\n"
        + "f0(1)\nsetup()\nfor row in rows:\n    f1(row)\n    load_model(row)\n"
    )


def callers_in_circles(n):
    """The function that configures the GPU is called by all of a circle."""
    return _one(
        "def setup(x):\n    for gpu in tf.config.list_physical_devices('GPU'):\n"
        "        tf.config.experimental.set_memory_growth(gpu, True)\n\n\n"
        + "".join(
            f"def f{i}(x):\n    setup(x)\n    f{(i + 1) % n}(x)\n    f{(i + 2) % n}(x)\n    f{(i * 5 + 1) % n}(x)\n\n\n"
            for i in range(n)
        )
        + "a = tf.constant(1)\nf0(1)\nfor row in rows:\n    load_model(row)\n"
    )


def mutual_methods(n):
    """Methods of one class that call each other, one loads."""
    return _one(
        "class Agent:\n    def __init__(self):\n        self.model = load_model('a')\n\n"
        + "".join(
            f"    def m{i}(self, x):\n        self.m{(i + 1) % n}(x)\n        self.m{(i * 3 + 1) % n}(x)\n"
            "        return self.model.predict(x)\n\n"
            for i in range(n)
        )
        + "\nagent = Agent()\nfor row in rows:\n    agent.m0(row)\n    load_model(row)\n"
    )


def mutual_generators(n):
    """Generators that yield from each other."""
    return _one(
        "".join(
            f"def g{i}(x):\n    yield from g{(i + 1) % n}(x)\n    yield from g{(i * 3 + 2) % n}(x)\n"
            "    yield load_model(x)\n\n\n"
            for i in range(n)
        )
        + "for row in g0(1):\n    row.predict(1)\n"
    )


def generators_of_one_name(n):
    """One generator, defined again in each branch, that goes through itself."""
    return _one(
        "if a:\n    pass\n"
        + "".join(
            f"if a{i}:\n    def gen():\n        yield from gen()\n        tf.keras.models.clone_model(m)\n"
            for i in range(n)
        )
    )


def mutual_properties(n):
    """Properties that read each other."""
    return _one(
        "class Box:\n"
        + "".join(
            f"    @property\n    def p{i}(self):\n"
            f"        return self.p{(i + 1) % n} or self.p{(i * 3 + 1) % n} or load_model('a')\n\n"
            for i in range(n)
        )
        + "\nbox = Box()\nfor row in rows:\n    box.p0.predict(row)\n    load_model(row)\n"
    )


def mutual_attributes(n):
    """Objects whose attributes are made from each other's."""
    return _one(
        "".join(
            f"class C{i}:\n    def __init__(self):\n        self.other = C{(i + 1) % n}()\n"
            "        self.model = self.other.model\n\n\n"
            for i in range(n)
        )
        + "c = C0()\nfor row in rows:\n    c.model.predict(row)\n    load_model(row)\n"
    )


def mutual_modules(n):
    """Modules that import from each other in a circle."""
    return {
        f"m{i}.py": HEAD
        + f"from m{(i + 1) % n} import f{(i + 1) % n}\n\n\ndef f{i}(x):\n    for row in x:\n        load_model(row)\n"
        f"    return f{(i + 1) % n}(x)\n"
        for i in range(n)
    }


def star_imports(n):
    """Modules that star-import each other."""
    return {
        f"m{i}.py": "import tensorflow as tf\n"
        + _lines(f"from m{j} import *" for j in sorted({(i + 1) % n, (i * 3 + 1) % n, (i * 5 + 2) % n} - {i}))
        + f"\n\ndef f{i}(x):\n    for row in x:\n        tf.keras.models.load_model(row).predict(unknown(row))\n"
        f"    return f{(i + 1) % n}(x)\n"
        for i in range(n)
    }


def recursion(n):
    """Functions that call themselves, compile and fit."""
    return _one(
        "".join(
            f"def f{i}(model, x):\n    f{i}(model, x)\n    model.compile('adam', 'mse')\n    model.fit(x)\n"
            f"    f{(i + 1) % n}(model, x)\n\n\n"
            for i in range(n)
        )
        + "model = load_model('m')\nfor row in rows:\n    f0(model, row)\n"
    )


# -- fans --------------------------------------------------------------------------------------------------------------


def callers(n):
    """One function with very many callers, each in a loop."""
    return _one(
        "def load(path):\n    return load_model(path)\n\n\n"
        + "".join(f"def use_{i}(rows):\n    for row in rows:\n        load(row).predict(row)\n\n\n" for i in range(n))
    )


def callers_of_parameters(n):
    """A model that is handed to one function from very many places."""
    return _one(
        "def use(model, row):\n    return model.predict(row)\n\n\n"
        + "".join(
            f"def run_{i}(rows):\n    model = load_model('{i}.keras')\n    for row in rows:\n"
            "        use(model, row)\n\n\n"
            for i in range(n)
        )
        + "for row in rows:\n    load_model(row)\n"
    )


def long_elif(n):
    """One condition with very many branches."""
    return _one(
        "for row in rows:\n    if row == 'first':\n        model = load_model('0')\n"
        + "".join(
            f"    elif check_{i}(row):\n        model = load_model('{i}')\n        model.predict(row)\n"
            for i in range(n)
        )
    )


def long_if(n):
    """Very many conditions after each other."""
    return _one(
        "for row in rows:\n"
        + "".join(
            f"    if check_{i}(row):\n        model = load_model('{i}')\n        model.predict(row)\n" for i in range(n)
        )
    )


def long_match(n):
    """The same as a `match` statement."""
    return _one(
        "for row in rows:\n    match row:\n"
        + "".join(
            f"        case 'name {i}':\n            model = load_model('{i}')\n            model.predict(row)\n"
            for i in range(n)
        )
    )


def deep_ifs(n):
    """Conditions in conditions, as deep as the parser takes them."""
    depth = min(n, 80)
    return _one(
        "for row in rows:\n"
        + "".join(" " * (i + 1) + f"if row > {i}:\n" for i in range(depth))
        + " " * (depth + 1)
        + "load_model(row).predict(row)\n"
    )


def nested_functions(n):
    """Functions in functions."""
    depth = min(n, 80)
    return _one(
        "".join(" " * i + f"def f{i}(x):\n" for i in range(depth))
        + " " * depth
        + "for row in x:\n"
        + " " * depth
        + " load_model(row).predict(row)\n"
        + "".join(" " * i + f"f{i}(x)\n" for i in range(depth - 1, -1, -1))
    )


def try_blocks(n):
    """Very many attempts."""
    return _one(
        "for row in rows:\n"
        + "".join(
            f"    try:\n        model = load_model('{i}')\n        model.predict(row)\n    except OSError:\n"
            "        continue\n"
            for i in range(n)
        )
    )


def loads_in_loop(n):
    """Very many loads in one loop."""
    return _one(
        "for row in rows:\n"
        + _lines(
            [line for i in range(n) for line in (f"m{i} = load_model('{i}.keras')", f"print(m{i}.predict(row))")], 4
        )
    )


def models_in_loop(n):
    """Very many models built, compiled and trained in one loop."""
    return _one(
        "for row in rows:\n"
        + _lines(
            [
                line
                for i in range(n)
                for line in (
                    f"m{i} = tf.keras.Sequential([tf.keras.layers.Dense({i + 1})])",
                    f"m{i}.compile('adam', 'mse')",
                    f"h{i} = m{i}.fit(row)",
                    f"kept.append(h{i})",
                )
            ],
            4,
        )
    )


def datasets_in_loop(n):
    """Very many data sets made of one name in one loop."""
    return _one(
        "def train(model, rows):\n    for row in rows:\n        x = np.load('x.npy')\n"
        + _lines(
            [
                line
                for i in range(n)
                for line in ("x = clean(x)", f"d{i} = tf.data.Dataset.from_tensor_slices(x)", f"model.fit(d{i})")
            ],
            8,
        )
    )


def kept_in_loop(n):
    """Very many outputs kept in one loop."""
    return _one(
        "model = load_model('m')\nkept = []\nwhile True:\n    row = tf.random.normal((1, 2))\n"
        + _lines([line for i in range(n) for line in (f"y{i} = model(row)", f"kept.append(y{i})")], 4)
    )


def traced_in_loop(n):
    """Very many calls of tf.functions with changing numbers."""
    return _one(
        "@tf.function\ndef step(x, k):\n    return x * k\n\n\nfor i in range(10000):\n    rate = i * 0.5\n"
        + _lines([f"step(tf.constant(1.0), rate + {i})" for i in range(n)], 4)
    )


def tapes_in_loop(n):
    """Very many gradient tapes in one loop."""
    return _one(
        "model = load_model('m')\nfor row in rows:\n"
        + _lines(
            [
                line
                for i in range(n)
                for line in (
                    "with tf.GradientTape() as tape:",
                    f"    y{i} = model(row)",
                    f"    loss{i} = tf.reduce_mean(y{i})",
                    f"grads{i} = tape.gradient(loss{i}, model.trainable_variables)",
                )
            ],
            4,
        )
    )


def operations_in_loop(n):
    """Very many graph operations in a session's loop."""
    return _one(
        "with tf.compat.v1.Session() as session:\n    for row in rows:\n"
        + _lines(
            [
                line
                for i in range(n)
                for line in (
                    f"v{i} = tf.compat.v1.placeholder(tf.float32)",
                    f"w{i} = tf.add(v{i}, {i})",
                    f"session.run(w{i})",
                )
            ],
            8,
        )
    )


def sessions(n):
    """Very many sessions, each made in a function that a loop calls; only `close()` ends an interactive one."""
    return _one(
        "".join(
            f"def run_{i}(x):\n    session = tf.compat.v1.InteractiveSession()\n    session.run(x)\n\n\n"
            for i in range(n)
        )
        + "for row in rows:\n"
        + _lines([f"run_{i}(row)" for i in range(n)], 4)
    )


def kept_sessions(n):
    """Very many sessions of one loop that are kept, and one that is closed."""
    return _one(
        "kept = []\nfor row in rows:\n"
        + _lines(
            [
                line
                for i in range(n)
                for line in (f"s{i} = tf.compat.v1.Session()", f"s{i}.run(row)", f"kept.append(s{i})")
            ],
            4,
        )
        + "    s0.close()\n"
    )


def growth_calls(n):
    """Memory growth and limits asked for again and again, behind each other."""
    return _one(
        "gpus = tf.config.list_physical_devices('GPU')\n"
        + "".join(
            f"def setup_{i}(gpu):\n    if gpu:\n        tf.config.experimental.set_memory_growth(gpu, True)\n"
            f"    else:\n        tf.constant({i})\n\n\n"
            for i in range(n)
        )
        + "for gpu in gpus:\n"
        + _lines([f"setup_{i}(gpu)" for i in range(n)], 4)
        + "tf.constant(1)\ntf.config.experimental.set_memory_growth(gpus[0], True)\n"
    )


def pools(n):
    """Very many functions that are handed to a pool of processes behind work with TensorFlow."""
    return _one(
        "import multiprocessing\n\nmodel = load_model('m')\n"
        + "".join(
            f"\n\ndef work_{i}(x):\n    return work_{(i + 1) % n}(x) if x else model.predict(x)\n" for i in range(n)
        )
        + "\n\npool = multiprocessing.Pool(4)\n"
        + _lines(f"pool.map(work_{i}, rows)" for i in range(n))
    )


def handlers(n):
    """Very many routes of a web application."""
    return _one(
        "import flask\n\napp = flask.Flask('x')\n"
        + "".join(
            f"\n\n@app.route('/{i}')\ndef route_{i}():\n    model = load_model('{i}')\n"
            f"    return helper_{i}(model)\n\n\ndef helper_{i}(model):\n    return model.predict(1)\n"
            for i in range(n)
        )
    )


def class_chain(n):
    """A chain of classes, each derived from the one before."""
    return _one(
        "class C0(tf.keras.Model):\n    def call(self, x):\n        return x\n\n"
        + "".join(
            f"\nclass C{i + 1}(C{i}):\n    def __init__(self):\n        super().__init__()\n"
            f"        self.part = load_model('{i}')\n\n    def call(self, x):\n"
            "        return super().call(self.part(x))\n\n"
            for i in range(n)
        )
        + f"\nfor row in rows:\n    C{n}().predict(row)\n    load_model(row)\n"
    )


def class_fan(n):
    """Very many classes derived from one, whose loop runs their steps."""
    return _one(
        "class Base:\n    def run(self, rows):\n        for row in rows:\n            self.step(row)\n\n"
        "    def step(self, row):\n        raise NotImplementedError\n\n"
        + "".join(
            f"\nclass C{i}(Base):\n    def step(self, row):\n        return load_model('{i}').predict(row)\n\n"
            for i in range(n)
        )
        + _lines(f"C{i}().run(rows)" for i in range(n))
    )


def modules(n):
    """Very many modules that use one helper in their loops."""
    files = {"helper.py": HEAD + "def load(path):\n    return load_model(path)\n"}
    files.update(
        {
            f"m{i}.py": "import tensorflow\nfrom helper import load\n\nfor row in rows:\n    load(row).predict(row)\n"
            for i in range(n)
        }
    )
    return files


def containers(n):
    """Containers that are filled from each other in a loop."""
    return _one(
        "model = load_model('m')\n"
        + _lines(f"l{i} = []" for i in range(n))
        + "while True:\n    x = tf.random.normal((1, 2))\n    l0.append(model(x))\n"
        + _lines([f"l{i + 1}.append(l{i})" for i in range(n - 1)], 4)
    )


def shapes(n):
    """Shapes computed from shapes, given to a tf.function."""
    return _one(
        "@tf.function\ndef step(x):\n    return x\n\n\nfor i in range(1000):\n    x0 = np.zeros((i, 2))\n"
        + _lines([f"x{k + 1} = np.concatenate([x{k}, x{k}])" for k in range(n)], 4)
        + f"    step(x{n})\n"
    )


def layers_in_loop(n):
    """A network built layer by layer in a function that a loop calls."""
    return _one(
        "def build(k):\n    x = inputs = tf.keras.Input((3,))\n"
        + _lines(["x = tf.keras.layers.Dense(k)(x)" for _ in range(n)], 4)
        + "    return tf.keras.Model(inputs, x)\n\n\nfor row in rows:\n    model = build(row)\n"
        "    model.compile('adam', 'mse')\n    model.fit(row)\n"
    )


# -- searches that end at a depth, with as many ways there as a program can have ---------------------------------------


def _layers(n, depth, bind):
    """Names `x0`, `x1` … each of which is bound in n branches of an `if` by `bind(the name before, number)`."""
    return "".join(
        f"    {'el' if j else ''}if check(i, {j}):\n        x{k + 1} = {bind(f'x{k}', j)}\n"
        for k in range(depth)
        for j in range(n)
    )


def branching_shapes(n):
    """An argument of a tf.function that is one of n things made of n things made of … in each pass."""
    return _one(
        "@tf.function\ndef step(x):\n    return x\n\n\nfor i in range(1000):\n    x0 = unknown(i)\n"
        + _layers(n, 6, lambda name, j: f"np.concatenate([{name}, {name}])[{j}:]")
        + "    step(x6)\n    step(tf.constant(x6))\n    step(tf.zeros([len(rows), i]))\n"
    )


def branching_numbers(n):
    """The same with numbers."""
    return _one(
        "@tf.function\ndef step(x, k):\n    return x * k\n\n\nfor i in range(1000):\n    x0 = unknown(i)\n"
        + _layers(n, 8, lambda name, j: f"max({name}, {j}) + {name}")
        + "    step(tf.constant(1.0), x8)\n    step(tf.constant(1.0), i * 0.5)\n"
    )


def branching_outputs(n):
    """Outputs that are kept of a model that is given one of n things made of n things made of …"""
    return _one(
        "model = load_model('m')\nkept = []\nwhile True:\n    i = read()\n    x0 = unknown(i)\n"
        + _layers(n, 6, lambda name, j: f"clean({name}, {name}, {j})")
        + "    y = model(x6)\n    kept.append(y)\n    z = model(tf.random.normal((1, 2)))\n    kept.append(z)\n"
    )


def branching_arrays(n):
    """A traced function that reads lists of lists of lists … of one small array, and a big one."""
    return _one(
        "x0 = np.zeros((2, 2))\n"
        + _lines(f"x{k + 1} = np.array([{', '.join([f'x{k}'] * n)}])" for k in range(6))
        + "big = np.load('big.npy')\n\n\n@tf.function\ndef step(y):\n    return y + x6\n\n\n@tf.function\n"
        "def other(y):\n    return y + big\n\n\nfor row in rows:\n    step(row)\n    other(row)\n"
    )


def branching_lengths(n):
    """A loop over a `zip` of `zip`s of `zip`s … of lists, none of which is known."""
    return _one(
        "x0 = read()\n"
        + _lines(f"x{k + 1} = zip({', '.join([f'x{k}'] * n)})" for k in range(8))
        + "for row in x8:\n    load_model(row).predict(row)\n"
    )


_LAST = (
    "def work(x):\n    return tf.constant(x)\n\n\ndef last(rows):\n    tf.constant(1)\n"
    "    multiprocessing.Pool(2).map(work, rows)\n"
    "    for row in rows:\n        load_model(row).predict(row)\n"
)


def branching_callers(n):
    """Functions that call the next one n times each; the last one goes through what all of them pass on, and starts a
    pool of processes.
    """
    return _one(
        "import multiprocessing\n\n\n"
        + "".join(f"def f{k}(x):\n" + _lines([f"f{k + 1}(x)"] * n, 4) + "\n\n" for k in range(6))
        + "def f6(x):\n    pool = multiprocessing.Pool(4)\n    pool.map(work, x)\n    for row in x:\n"
        "        load_model(row).predict(row)\n\n\n" + _LAST
    )


def layered_callers(n):
    """Six layers of functions, each of which calls all functions of the next one."""
    width = max(int(n**0.5), 1)
    return _one(
        "import multiprocessing\n\n\n"
        + "".join(
            f"def f{k}_{j}(x):\n" + _lines([f"f{k + 1}_{i}(x)" for i in range(width)], 4) + "\n\n"
            for k in range(6)
            for j in range(width)
        )
        + "".join(
            f"def f6_{j}(x):\n    pool = multiprocessing.Pool(4)\n    pool.map(work, x)\n\n\n" for j in range(width)
        )
        + _LAST
    )


def branching_helpers(n):
    """A step that is called in a loop and calls n helpers that call n helpers that … ask the host at last; and
    functions that return each other's outputs.
    """
    return _one(
        "model = load_model('m')\noptimizer = tf.keras.optimizers.Adam()\nkept = []\n\n\n"
        + "".join(
            f"def h{k}(x):\n"
            + _lines([f"if x > {j}:\n        return h{k + 1}(x)" for j in range(n)], 4)
            + f"    return h{k + 1}(x)\n\n\n"
            for k in range(6)
        )
        + "def h6(x):\n    return model(x)\n\n\ndef train(x):\n    with tf.GradientTape() as tape:\n"
        "        loss = tf.reduce_mean(h0(x))\n    grads = tape.gradient(loss, model.trainable_variables)\n"
        "    optimizer.apply_gradients(zip(grads, model.trainable_variables))\n\n\nfor row in rows:\n    train(row)\n"
        "    kept.append(h0(row))\n    load_model(row)\n"
    )


_PAIRS = (
    "each of n places reads a name that each of n branches before it may have set: these pairs are what has to be "
    "looked at"
)

# name -> (program, first size, codes that speak at every size)
PROGRAMS = {
    "rebindings in a loop": (rebindings_in_loop, 25, ("TFM402",)),
    "new names in a loop": (new_names_in_loop, 25, ("TFM402",)),
    "rebindings": (rebindings, 25, ("TFM101",)),
    "reassignments in a loop": (reassignments_in_loop, 25, ("TFM101",)),
    "reassignments": (reassignments, 25, ("TFM101",)),
    "doubled tuples": (doubled_tuples, 10, ("TFM101",)),
    "doubled dictionaries": (doubled_dictionaries, 10, ("TFM101",)),
    "nested literals": (nested_literals, 20, ("TFM101",)),
    "long literals": (long_literals, 20, ("TFM101",)),
    "long expressions": (long_expressions, 20, ("TFM101",)),
    "chained calls": (chained_calls, 20, ("TFM402",)),
    "chained steps": (chained_steps, 25, ("TFM402",)),
    "attribute chains": (attribute_chains, 60, ("TFM101",)),
    "chained functions": (chained_functions, 10, ("TFM101",)),
    "diamonds": (diamonds, 5, ("TFM101",)),
    "mutual functions": (mutual_functions, 10, ("TFM101",)),
    "callers in circles": (callers_in_circles, 10, ("TFM101",)),
    "mutual methods": (mutual_methods, 40, ("TFM101", "TFM201")),
    "mutual generators": (mutual_generators, 24, ()),
    "generators of one name": (generators_of_one_name, 16, ("TFM102",)),
    "mutual properties": (mutual_properties, 8, ("TFM101",)),
    "mutual attributes": (mutual_attributes, 10, ("TFM101",)),
    "mutual modules": (mutual_modules, 8, ("TFM101",)),
    "star imports": (star_imports, 8, ("TFM101",)),
    "recursion": (recursion, 8, ("TFM106",)),
    "callers": (callers, 20, ("TFM101",)),
    "callers of parameters": (callers_of_parameters, 20, ("TFM101",)),
    "long elif": (long_elif, 20, ("TFM101",)),
    "long if": (long_if, 20, ("TFM101",)),
    "long match": (long_match, 20, ("TFM101",)),
    "deep ifs": (deep_ifs, 20, ("TFM101",)),
    "nested functions": (nested_functions, 20, ("TFM101",)),
    "try blocks": (try_blocks, 20, ("TFM101",)),
    "loads in a loop": (loads_in_loop, 20, ("TFM101",)),
    "models in a loop": (models_in_loop, 10, ("TFM102", "TFM105")),
    "data sets in a loop": (datasets_in_loop, 15, ("TFM402",)),
    "kept in a loop": (kept_in_loop, 15, ("TFM204",)),
    "traced in a loop": (traced_in_loop, 15, ("TFM302",)),
    "tapes in a loop": (tapes_in_loop, 10, ("TFM203",)),
    "operations in a loop": (operations_in_loop, 10, ("TFM503",)),
    "sessions": (sessions, 10, ("TFM502",)),
    "kept sessions": (kept_sessions, 10, ("TFM502",)),
    "growth calls": (growth_calls, 10, ()),
    "pools": (pools, 10, ("TFM702",)),
    "handlers": (handlers, 10, ("TFM103",)),
    "class chain": (class_chain, 14, ("TFM101",)),
    "class fan": (class_fan, 10, ("TFM101",)),
    "modules": (modules, 8, ("TFM101",)),
    "containers": (containers, 20, ()),
    "shapes": (shapes, 10, ()),
    "layers in a loop": (layers_in_loop, 15, ("TFM102",)),
    "branching shapes": (branching_shapes, 3, ("TFM303",)),
    "branching numbers": (branching_numbers, 3, ("TFM302",)),
    "branching outputs": (branching_outputs, 3, ("TFM204",)),
    "branching arrays": (branching_arrays, 8, ("TFM109",)),
    "branching lengths": (branching_lengths, 3, ("TFM101",)),
    "branching callers": (branching_callers, 3, ("TFM702",)),
    "layered callers": (layered_callers, 4, ("TFM702",)),
    "branching helpers": (branching_helpers, 3, ("TFM203",)),
}

# What may grow faster than the program, and why; at most with its square.
STEEPER = {
    "class chain": "the way of each load to the loop leads through the constructors of all classes derived from its "
    "own, and each finding tells it",
    "branching shapes": _PAIRS,
    "branching numbers": _PAIRS,
    "branching outputs": _PAIRS,
}
