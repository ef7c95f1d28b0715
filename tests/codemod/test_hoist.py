"""Moving statements, calls and definitions out of loops: results, safety and refusals."""

import pytest

from support.codemod import Code
from tflint_mem.codemod import NoFix
from tflint_mem.codemod.operations import hoist_call, hoist_def, hoist_statement, outermost_loop, used_outside

HEAD = "import os\nimport tensorflow as tf\nfrom tensorflow.keras.models import load_model\n"


def code_of(text, newline="\n", indent="    "):
    text = (HEAD + "\n" + text.strip("\n") + "\n").replace("    ", indent)
    return Code(text.replace("\n", newline))


def body_of(result):
    return result[len(HEAD) + 1 :]


MOVES = {
    "plain": (
        "safe",
        """
for x in data:
    m = load_model("m.keras")
    m.predict(x)
""",
        """
m = load_model("m.keras")
for x in data:
    m.predict(x)
""",
    ),
    "own comments come along, the loop keeps its own": (
        "safe",
        """
def f(data):
    a = 1

    # one by one
    for x in data:
        # the model

        # from disk
        m = load_model("m.keras")  # slow

        m.predict(x)
""",
        """
def f(data):
    a = 1

    # from disk
    m = load_model("m.keras")  # slow
    # one by one
    for x in data:
        # the model

        m.predict(x)
""",
    ),
    "several lines": (
        "safe",
        """
def f(data):
    for x in data:
        m = load_model(
            "m.keras",
            compile=False,  # faster
        )
        print(m(x, training=False))
""",
        """
def f(data):
    m = load_model(
        "m.keras",
        compile=False,  # faster
    )
    for x in data:
        print(m(x, training=False))
""",
    ),
    "semicolons": (
        "safe",
        """
for x in data:
    m = load_model("m.keras"); y = m(x)
""",
        """
m = load_model("m.keras")
for x in data:
    y = m(x)
""",
    ),
    "body on the line of the loop": (
        "safe",
        """
for x in data: m = load_model("m.keras"); m(x)
""",
        """
m = load_model("m.keras")
for x in data: m(x)
""",
    ),
    "method and while": (
        "safe",
        """
class A:
    def f(self, path):
        while self.more():
            m: object = load_model(path)
            m.evaluate(self.next())
""",
        """
class A:
    def f(self, path):
        m: object = load_model(path)
        while self.more():
            m.evaluate(self.next())
""",
    ),
    "async for": (
        "safe",
        """
async def f(queue):
    async for x in queue:
        m = load_model("m.keras")
        await send(m.predict(x))
""",
        """
async def f(queue):
    m = load_model("m.keras")
    async for x in queue:
        await send(m.predict(x))
""",
    ),
    "deleted at the end of the repeat": (
        "safe",
        """
for x in data:
    m = load_model("m.keras")
    m.predict(x)
    del m
""",
        """
m = load_model("m.keras")
for x in data:
    m.predict(x)
""",
    ),
    "pure argument": (
        "safe",
        """
def f(d, data):
    for x in data:
        m = load_model(os.path.join(d, str(3), f"{d}.keras"))
        m.predict(x)
""",
        """
def f(d, data):
    m = load_model(os.path.join(d, str(3), f"{d}.keras"))
    for x in data:
        m.predict(x)
""",
    ),
    "with block of its own": (
        "safe",
        """
def f(strategy, data):
    for x in data:
        with strategy.scope():
            m = load_model("m.keras")
        m.predict(x)
""",
        """
def f(strategy, data):
    with strategy.scope():
        m = load_model("m.keras")
    for x in data:
        m.predict(x)
""",
    ),
    "used behind a loop that always runs": (
        "safe",
        """
N = 3
def f():
    for i in range(N):
        m = load_model("m.keras")
        m.predict(i)
    return m
""",
        """
N = 3
def f():
    m = load_model("m.keras")
    for i in range(N):
        m.predict(i)
    return m
""",
    ),
    "a local of another function has the same name": (
        "safe",
        """
def g(m):
    return m

for x in data:
    m = load_model("m.keras")
    m.predict(x)
""",
        """
def g(m):
    return m

m = load_model("m.keras")
for x in data:
    m.predict(x)
""",
    ),
    "else clause": (
        "safe",
        """
for x in data:
    m = load_model("m.keras")
    m.predict(x)
else:
    done()
""",
        """
m = load_model("m.keras")
for x in data:
    m.predict(x)
else:
    done()
""",
    ),
    "used in the else clause": (
        "unsafe",
        """
for x in data:
    m = load_model("m.keras")
    m.predict(x)
else:
    m.summary()
""",
        """
m = load_model("m.keras")
for x in data:
    m.predict(x)
else:
    m.summary()
""",
    ),
    "used behind the loop": (
        "unsafe",
        """
def f(data):
    for x in data:
        m = load_model("m.keras")
        m.predict(x)
    return m
""",
        """
def f(data):
    m = load_model("m.keras")
    for x in data:
        m.predict(x)
    return m
""",
    ),
    "used by a function of the module": (
        "unsafe",
        """
def g():
    return m

for x in data:
    m = load_model("m.keras")
    m.predict(x)
""",
        """
def g():
    return m

m = load_model("m.keras")
for x in data:
    m.predict(x)
""",
    ),
    "continue before it": (
        "unsafe",
        """
for x in data:
    if not x:
        continue
    m = load_model("m.keras")
    m.predict(x)
""",
        """
m = load_model("m.keras")
for x in data:
    if not x:
        continue
    m.predict(x)
""",
    ),
    "continue of an inner loop": (
        "safe",
        """
for x in data:
    for y in x:
        if y: continue
    m = load_model("m.keras")
    m.predict(x)
""",
        """
m = load_model("m.keras")
for x in data:
    for y in x:
        if y: continue
    m.predict(x)
""",
    ),
    "trained": (
        "unsafe",
        """
for x in data:
    m = load_model("m.keras")
    m.fit(x)
""",
        """
m = load_model("m.keras")
for x in data:
    m.fit(x)
""",
    ),
    "handed to somebody": (
        "unsafe",
        """
for x in data:
    m = load_model("m.keras")
    models.append(m)
""",
        """
m = load_model("m.keras")
for x in data:
    models.append(m)
""",
    ),
    "called for training": (
        "unsafe",
        """
for x in data:
    m = load_model("m.keras")
    m(x, training=True)
""",
        """
m = load_model("m.keras")
for x in data:
    m(x, training=True)
""",
    ),
    "the file is written in the loop": (
        "unsafe",
        """
for x in data:
    update("m.keras")
    m = load_model("m.keras")
    m.predict(x)
""",
        """
m = load_model("m.keras")
for x in data:
    update("m.keras")
    m.predict(x)
""",
    ),
    "clear_session in the loop": (
        "unsafe",
        """
for x in data:
    m = load_model("m.keras")
    m.predict(x)
    tf.keras.backend.clear_session()
""",
        """
m = load_model("m.keras")
for x in data:
    m.predict(x)
    tf.keras.backend.clear_session()
""",
    ),
    "TensorFlow writes the file in the loop": (
        "unsafe",
        """
def f(path, data):
    for x in data:
        m = load_model(path)
        tf.io.gfile.copy(x, path)
        m.predict(x)
""",
        """
def f(path, data):
    m = load_model(path)
    for x in data:
        tf.io.gfile.copy(x, path)
        m.predict(x)
""",
    ),
    "the file is deleted through its path": (
        "unsafe",
        """
from pathlib import Path
def f(path, data):
    for x in data:
        m = load_model(path)
        m.predict(x)
        Path(path).unlink()
""",
        """
from pathlib import Path
def f(path, data):
    m = load_model(path)
    for x in data:
        m.predict(x)
        Path(path).unlink()
""",
    ),
    "only looked at": (
        "safe",
        """
def f(path, data):
    for x in data:
        print(path, os.path.exists(path))
        m = load_model(path)
        m.predict(x)
""",
        """
def f(path, data):
    m = load_model(path)
    for x in data:
        print(path, os.path.exists(path))
        m.predict(x)
""",
    ),
    "another function rebinds the argument": (
        "unsafe",
        """
def choose():
    global path
    path = "other"

for x in data:
    m = load_model(path)
    m.predict(x)
    choose()
""",
        """
def choose():
    global path
    path = "other"

m = load_model(path)
for x in data:
    m.predict(x)
    choose()
""",
    ),
    "the owner of the argument goes elsewhere": (
        "unsafe",
        """
def f(args, data):
    for x in data:
        m = load_model(args.path)
        change(args)
        m.predict(x)
""",
        """
def f(args, data):
    m = load_model(args.path)
    for x in data:
        change(args)
        m.predict(x)
""",
    ),
    "under a condition": (
        "unsafe",
        """
for x in data:
    if x:
        m = load_model("m.keras")
        m.predict(x)
""",
        """
m = load_model("m.keras")
for x in data:
    if x:
        m.predict(x)
""",
    ),
    "under try": (
        "unsafe",
        """
for x in data:
    try:
        m = load_model("m.keras")
        m.predict(x)
    except ValueError as e:
        print(e)
""",
        """
m = load_model("m.keras")
for x in data:
    try:
        m.predict(x)
    except ValueError as e:
        print(e)
""",
    ),
    "global": (
        "unsafe",
        """
def f(data):
    global m
    for x in data:
        m = load_model("m.keras")
        m.predict(x)
""",
        """
def f(data):
    global m
    m = load_model("m.keras")
    for x in data:
        m.predict(x)
""",
    ),
    "attribute": (
        "unsafe",
        """
class A:
    def f(self, data):
        for x in data:
            self.m = load_model(self.path)
            self.m.predict(x)
""",
        """
class A:
    def f(self, data):
        self.m = load_model(self.path)
        for x in data:
            self.m.predict(x)
""",
    ),
    "expression statement": (
        "safe",
        """
for x in data:
    tf.config.list_physical_devices("GPU")
    use(x)
""",
        """
tf.config.list_physical_devices("GPU")
for x in data:
    use(x)
""",
    ),
}


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("newline, indent", [("\n", "    "), ("\r\n", "    "), ("\n", "\t"), ("\r", " ")])
def test_statement(name, newline, indent):
    applicability, before, after = MOVES[name]
    code = code_of(before, newline, indent)
    text = "tf.config.list" if "tf.config.list" in before else "load_model("
    number = 0 if "tf.config.list" in before else 0
    view, call = code.call(text, number)
    loop = next(loop for loop in reversed(view.loops(call)))
    edits, found = hoist_statement(view, call, loop, call=call)
    expected = code_of(after, newline, indent).text
    assert code.apply(edits) == expected
    assert found == applicability


REFUSALS = {
    "uses x, which the loop binds": "for x in data:\n    m = load_model(x)\n    m.predict(x)",
    "uses p, which the loop binds": "for x in data:\n    p = x\n    m = load_model(p)\n    m.predict(x)",
    "uses i, which the loop binds": 'while data:\n    i += 1\n    m = load_model(f"{i}")\n    m.predict(x)',
    "uses w, which the loop binds": "for x in data:\n    use(w := x)\n    m = load_model(w)\n    m.predict(x)",
    "uses a, which the loop binds": "for x in data:\n    use([a for a in x])\n    m = load_model(a)\n    m.predict(x)",
    "uses k, which the loop binds": "for x in data:\n    import k\n    m = load_model(k)\n    m.predict(x)",
    "uses e, which the loop binds": "for x in data:\n    try: g()\n    except E as e: h()\n    m = load_model(e)\n    m.predict(x)",
    "uses h, which the loop binds": "for x in data:\n    with g() as h: pass\n    m = load_model(h)\n    m.predict(x)",
    "m is bound again in the loop": 'for x in data:\n    m = load_model("m")\n    m = f(m)',
    "uses m, which the loop binds": "for x in data:\n    m = load_model(m)\n    m.predict(x)",
    "m is read before it is assigned": 'for x in data:\n    use(m)\n    m = load_model("m")',
    "it is deleted in the loop": 'for x in data:\n    m = load_model("m")\n    if x:\n        del m\n    y()',
    "it is used behind its deletion": 'for x in data:\n    m = load_model("m")\n    del m\n    m.predict(x)',
    "it is deleted in the loop together with others": 'for x in data:\n    m = load_model("m")\n    del m, x',
    "waits for something": "async def f():\n    for x in data:\n        m = load_model(await g())\n        m(x)",
    "the loop does nothing else": 'for x in data:\n    m = load_model("m")',
    "next() may answer differently": "for x in data:\n    m = load_model(next(paths))\n    m(x)",
    "pick() may answer differently": "for x in data:\n    m = load_model(pick())\n    m(x)",
    "tf.random.uniform() may answer": "for x in data:\n    m = load_model(tf.random.uniform(()))\n    m(x)",
    "the loop changes paths": "for x in data:\n    paths.append(x)\n    m = load_model(paths)\n    m(x)",
    "the loop changes cfg": 'for x in data:\n    cfg["a"] = x\n    m = load_model(cfg["p"])\n    m(x)',
    "the loop changes cfg.p": "for x in data:\n    cfg.p = x\n    m = load_model(cfg.p)\n    m(x)",
    "in a function of its own": 'for x in data:\n    def g():\n        m = load_model("m")\n        m(x)\n    g()',
    "a clause of a try block": 'for x in data:\n    try: g()\n    except E:\n        m = load_model("m")\n        m(x)',
    "does not stand in the body": 'for x in data:\n    g()\nelse:\n    m = load_model("m")\n    m(x)',
    "leave the with block": 'for x in data:\n    with tf.device("cpu"):\n        m = load_model("m")\n        m(x)',
    "no simple assignment": 'for x in data:\n    a, b = load_model("m"), x\n    use(a)',
    "a block would be left empty": 'for x in data:\n    if x:\n        m = load_model("m")\n    use()',
}


@pytest.mark.parametrize("reason", REFUSALS)
def test_statement_refused(reason):
    code = code_of(REFUSALS[reason])
    view, call = code.call("load_model(")
    with pytest.raises(NoFix) as caught:
        hoist_statement(view, call, code.loop("while" if "while" in code.text else "for x"), call=call)
    assert reason in caught.value.reason


CALLS = {
    "used at once": (
        "safe",
        """
for x in data:
    y = load_model("m").predict(x)
""",
        """
model = load_model("m")
for x in data:
    y = model.predict(x)
""",
    ),
    "called at once": (
        "safe",
        """
model = 1
for x in data:
    y = tf.keras.layers.StringLookup(vocabulary=words)(x)
""",
        """
model = 1
model_2 = tf.keras.layers.StringLookup(vocabulary=words)
for x in data:
    y = model_2(x)
""",
    ),
    "argument": (
        "unsafe",
        """
for x in data:
    y = score(x, load_model("m"))
""",
        """
model = load_model("m")
for x in data:
    y = score(x, model)
""",
    ),
    "comprehension": (
        "safe",
        """
def f(data):
    # all
    return [load_model("m").predict(x) for x in data if x]
""",
        """
def f(data):
    model = load_model("m")
    # all
    return [model.predict(x) for x in data if x]
""",
    ),
    "condition of a while": (
        "safe",
        """
while load_model("m").predict(x):
    x = g()
""",
        """
model = load_model("m")
while model.predict(x):
    x = g()
""",
    ),
    "not always evaluated": (
        "unsafe",
        """
for x in data:
    y = x and load_model("m").predict(1)
""",
        """
model = load_model("m")
for x in data:
    y = x and model.predict(1)
""",
    ),
    "whole assignment": (
        "safe",
        """
for x in data:
    m = load_model("m")
    m.predict(x)
""",
        """
m = load_model("m")
for x in data:
    m.predict(x)
""",
    ),
    "header of an if": (
        "safe",
        """
for x in data:
    if load_model("m").predict(x):
        g()
""",
        """
model = load_model("m")
for x in data:
    if model.predict(x):
        g()
""",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_call(name):
    applicability, before, after = CALLS[name]
    code = code_of(before)
    view, call = code.call("tf.keras.layers.StringLookup(" if "StringLookup" in before else "load_model(")
    edits, found = hoist_call(view, call, view.loops(call)[0], "model")
    assert body_of(code.apply(edits)) == after.lstrip("\n")
    assert found == applicability


@pytest.mark.parametrize(
    "text, reason",
    [
        ("for x in data:\n    y = load_model(x).predict(1)", "x, which the loop binds"),
        ("y = [load_model(x).predict(1) for x in data]", "x, which the loop binds"),
        ("y = [load_model(p).predict(x) for x in data if (p := x)]", "p, which the loop binds"),
        ('for x in data:\n    y = lambda: load_model("m").predict(x)', "no loop"),
    ],
)
def test_call_refused(text, reason):
    code = code_of(text)
    view, call = code.call("load_model(")
    with pytest.raises(NoFix, match=reason):
        outermost_loop(view, call, lambda loop: hoist_call(view, call, loop, "model"))


def test_comprehension_in_an_else_branch_has_a_place():
    code = code_of('if a:\n    pass\nelse:\n    y = [load_model("m")(x) for x in data]')
    view, call = code.call("load_model(")
    edits, found = hoist_call(view, call, view.loops(call)[0], "model")
    assert body_of(code.apply(edits)) == (
        'if a:\n    pass\nelse:\n    model = load_model("m")\n    y = [model(x) for x in data]\n'
    )


def test_comprehension_in_an_elif_has_none():
    code = code_of('if a:\n    pass\nelif any(load_model("m")(x) for x in data):\n    pass')
    view, call = code.call("load_model(")
    with pytest.raises(NoFix, match="no place"):
        hoist_call(view, call, view.loops(call)[0], "model")


def test_outermost_loop():
    code = code_of("""
def f(data, paths):
    for p in paths:
        for x in data:
            for y in x:
                m = load_model(p)
                m.predict(y)
""")
    view, call = code.call("load_model(")
    edits, found = outermost_loop(view, call, lambda loop: hoist_statement(view, call, loop, call=call))
    assert found == "safe"
    assert (
        body_of(code.apply(edits))
        == """\
def f(data, paths):
    for p in paths:
        m = load_model(p)
        for x in data:
            for y in x:
                m.predict(y)
"""
    )


def test_outermost_loop_prefers_a_safe_move():
    code = code_of("""
for epoch in range(n):
    if epoch:
        continue
    for x in data:
        m = load_model("m")
        m.predict(x)
""")
    view, call = code.call("load_model(")
    edits, found = outermost_loop(view, call, lambda loop: hoist_statement(view, call, loop, call=call))
    assert found == "safe"
    assert '    m = load_model("m")\n    for x in data:\n' in code.apply(edits)


DEFS = {
    "decorated": (
        "safe",
        """
for x in data:
    # compiled
    @tf.function
    def step(v):
        return v + 1

    step(x)
""",
        """
# compiled
@tf.function
def step(v):
    return v + 1


for x in data:
    step(x)
""",
    ),
    "captures what stays": (
        "safe",
        """
def f(model, data):
    k = 3

    for x in data:
        @tf.function(reduce_retracing=True)
        def step(v, w=k):
            u = model(v)
            return [u + i + k for i in range(w)]
        step(x)
""",
        """
def f(model, data):
    k = 3

    @tf.function(reduce_retracing=True)
    def step(v, w=k):
        u = model(v)
        return [u + i + k for i in range(w)]

    for x in data:
        step(x)
""",
    ),
}


@pytest.mark.parametrize("name", DEFS)
def test_definition(name):
    applicability, before, after = DEFS[name]
    code = code_of(before)
    loop = code.loop("for x")
    view = code.view("for x")
    edits, found = hoist_def(view, view.function_on(code.place("@tf.function")[0]), loop)
    assert body_of(code.apply(edits)).strip("\n") == after.strip("\n")
    assert found == applicability


@pytest.mark.parametrize(
    "text, reason",
    [
        (
            "for x in data:\n    @tf.function\n    def step(v):\n        return v + x\n    step(1)",
            "x, which the loop binds",
        ),
        (
            "for x in data:\n    @tf.function\n    def step(v=x):\n        return v\n    step(1)",
            "x, which the loop binds",
        ),
        (
            "for x in data:\n    m = f()\n    @tf.function\n    def step(v):\n        return m(v)\n    step(1)",
            "m, which",
        ),
        ("for x in data:\n    @deco(x)\n    def step(v):\n        return v\n    step(1)", "x, which the loop binds"),
        ("for x in data:\n    @tf.function\n    def step(v):\n        return v\n    step = g(step)", "bound elsewhere"),
        ("for x in data:\n    step(1)\n    @tf.function\n    def step(v):\n        return v\n", "read before"),
        ("for x in data:\n    @tf.function\n    def step(v):\n        return v\n", "nothing else"),
        (
            "for x in data:\n    c.n = x\n    @tf.function\n    def step(v):\n        return c.n\n    step(1)",
            "changes c.n",
        ),
        (
            "for x in data:\n    def g():\n        @tf.function\n        def step(v): return v\n    g()",
            "function of its own",
        ),
    ],
)
def test_definition_refused(text, reason):
    code = code_of(text)
    view = code.view("for x")
    number = code.place("@")[0]
    with pytest.raises(NoFix, match=reason):
        hoist_def(view, view.function_on(number), code.loop("for x"))


def test_what_no_use_can_change():
    code = code_of("""
for x in data:
    total = tf.reduce_sum(y)
    sess.run([total, x], feed)
    sess.run(tf.reduce_max(y))
""")
    view, call = code.call("tf.reduce_sum(")
    loop = view.loops(call)[0]
    assert hoist_call(view, call, loop, "op")[1] == "unsafe"
    assert hoist_call(view, call, loop, "op", reads=None)[1] == "safe"
    view, call = code.call("tf.reduce_max(")
    edits, found = hoist_call(view, call, loop, "largest", reads=None)
    assert (code.apply(edits).count("largest"), found) == (2, "safe")


def test_used_outside():
    code = code_of("""
def f():
    for a in b:
        early(n)
        for x in y:
            m = n = k = 1
        late(m)
    lambda: q(k)
""")
    view = code.view("for a")
    inner, outer = code.loop("for x"), code.loop("for a")
    assert used_outside(view, inner, "m") and not used_outside(view, outer, "m")
    assert used_outside(view, inner, "n") and not used_outside(view, outer, "n")
    assert used_outside(view, inner, "k") and used_outside(view, outer, "k")
    assert not used_outside(view, inner, "x")
