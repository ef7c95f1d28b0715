"""Rewrites of expressions, arguments and decorators."""

import ast

import pytest

from support.codemod import Code
from tflint_mem.codemod import NoFix
from tflint_mem.codemod.operations import (
    add_decorator,
    add_keyword,
    append_attribute,
    argument,
    decorator_keyword,
    decorator_on,
    predict_to_call,
    predict_to_on_batch,
    replace_expression,
    without_keyword,
    wrap_argument,
)
from tflint_mem.codemod.predictions import on_one_row


def rewritten(text, operation, start, *args, number=0):
    code = Code(text)
    view, call = code.call(start, number)
    return code.apply(operation(view, call, *args))


PREDICTIONS = {
    "y = model.predict(x)": "y = model(x, training=False).numpy()",
    "y = model.predict(x, verbose=0)[0]": "y = model(x, training=False).numpy()[0]",
    "y = self.model.predict(verbose=0, x=f(x, 1))": "y = self.model(f(x, 1), training=False).numpy()",
    "y = np.argmax(model.predict(x[None, ...], verbose=False), axis=1)": "y = np.argmax(model(x[None, ...], training=False).numpy(), axis=1)",
    "y = (model\n     .predict(x))": "y = (model(x, training=False).numpy())",
    "y = models['a'].predict(\n    x,\n    verbose=0,\n)": "y = models['a'](x, training=False).numpy()",
    "y = get().predict(x * 2)": "y = get()(x * 2, training=False).numpy()",
    "y = (a or b).predict((1, 2))": "y = (a or b)((1, 2), training=False).numpy()",
}


def predict_call(text):
    code = Code(text + "\n")
    view = code.view("y =")
    call = max((call for call in view.calls if "predict" in view.code(call.func)), key=lambda c: -len(view.code(c)))
    return code, view, call


@pytest.mark.parametrize("text", PREDICTIONS)
def test_predict(text):
    code, view, call = predict_call(text)
    assert code.apply(predict_to_call(view, call)) == PREDICTIONS[text] + "\n"


def test_predict_on_batch():
    code, view, call = predict_call("y = self.model.predict(x=f(1), verbose=0)[0]  # fast")
    assert code.apply(predict_to_on_batch(view, call)) == "y = self.model.predict_on_batch(f(1))[0]  # fast\n"


REFUSED = [
    "y = m.predict(x, batch_size=3)",
    "y = m.predict(x, 32)",
    "y = m.predict(x, steps=1)",
    "y = m.predict(*x)",
    "y = m.predict(x, **kw)",
    "y = m.predict()",
    "y = m.predict(verbose=0)",
    "y = m.predict(a for a in x)",
    "y = m.predict(x, callbacks=[])",
    "y = m.predict(x, workers=2)",
    "y = m.predict(\n    x,  # data\n    verbose=0)",
]


@pytest.mark.parametrize("text", REFUSED)
def test_predict_refused(text):
    _, view, call = predict_call(text)
    for operation in (predict_to_call, predict_to_on_batch):
        with pytest.raises(NoFix):
            operation(view, call)


ROWS = {  # text -> is it plain enough to do without LibCST?
    "y = model.predict(x)": True,
    "y = models['ä'].predict(f(\"ö\"), verbose=0)[0]  # größe": True,
    "y = 1; z = m.predict(a[0][None])": True,
    "y = (a or b).predict((1, 2)).sum()": True,
    "y = m.predict(p.predict(x))": True,
    "y = [m.predict(v, verbose=0) for v in x]": True,
    "y = f'{m.predict(x)[0]:.2f}'": True,
    "y = f'größe {n} {m.predict(x)}'": True,
    "y = m.predict(f'{x}ö')": True,
    "y = m.predict(lambda: 1)": True,
    "y = m.predict(x := 3)": True,
    "y = m.predict(b'#')": True,
    "y = m.predict((x))": False,
    "y = m.predict( x )": False,
    "y = m.predict(x )": False,
    "y = m .predict(x)": False,
    "y = m. predict(x)": False,
    "y = m.predict (x)": False,
    "y = (m.predict)(x)": False,
    "y = m.predict(x=x)": False,
    "y = m.predict(\n    x)": False,
}


@pytest.mark.parametrize("newline", ["\n", "\r\n", ""])
@pytest.mark.parametrize("text", [*PREDICTIONS, *REFUSED, *ROWS])
def test_predict_on_one_row_is_the_same(text, newline):
    code = Code(text.replace("\n", newline or "\n") + newline)
    calls = [
        n
        for n in ast.walk(ast.parse(code.text))
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr == "predict"
    ]
    outermost = min(calls, key=lambda n: (n.lineno, n.col_offset, -n.end_col_offset))
    place = (outermost.lineno, outermost.col_offset, outermost.end_lineno, outermost.end_col_offset)
    view = code.view("y =")
    end = (place[2], len(code.source.lines[place[2] - 1].encode()[: place[3]].decode()) + 1)
    for batch, operation in ((False, predict_to_call), (True, predict_to_on_batch)):
        edits = on_one_row(code.source, place, batch)
        assert (edits is not None) == ROWS.get(text, edits is not None)
        if edits is not None:
            assert text not in REFUSED
            assert edits == operation(view, view.call_at(end))


def test_predict_must_be_a_method():
    code = Code("y = predict(x)\n")
    with pytest.raises(NoFix, match="no predict"):
        predict_to_call(*code.call("predict("))


@pytest.mark.parametrize(
    "text, start, new, after",
    [
        ("a = f(1) + 2\n", "f(", "g", "a = g + 2\n"),
        ("a = f(1) * 2\n", "f(", "b + c", "a = (b + c) * 2\n"),
        ("a = f(1).x\n", "f(", "b + c", "a = (b + c).x\n"),
        ("a = (f(1))\n", "f(", "b + c", "a = (b + c)\n"),
        ("a = [f(\n  1), 2]\n", "f(", "b if c else d", "a = [b if c else d, 2]\n"),
        ("def g():\n\ta = f(1)\n", "f(", "lambda: 0", "def g():\n\ta = lambda: 0\n"),
        ("a = f'{f(1)!r}'\n", "f(", "b", "a = f'{b!r}'\n"),
        ("a = é(1)\n", "é(", "ü", "a = ü\n"),
    ],
)
def test_replace(text, start, new, after):
    assert rewritten(text, replace_expression, start, new) == after


@pytest.mark.parametrize(
    "text, which, after",
    [
        ("f(i)\n", 0, "f(tf.constant(i))\n"),
        ("f(a, i + 1, k=2)\n", 1, "f(a, tf.constant(i + 1), k=2)\n"),
        ("f(a, k=2)\n", "k", "f(a, k=tf.constant(2))\n"),
        ("f(\n    a,\n    i,  # step\n)\n", 1, "f(\n    a,\n    tf.constant(i),  # step\n)\n"),
        ("f(i, *rest)\n", 0, "f(tf.constant(i), *rest)\n"),
    ],
)
def test_wrap(text, which, after):
    assert rewritten(text, wrap_argument, "f(", which, "tf.constant({})") == after


@pytest.mark.parametrize(
    "text, which", [("f(*a, i)\n", 1), ("f(a)\n", 1), ("f(a)\n", "k"), ("f(**k)\n", "k"), ("f(a for a in b)\n", 0)]
)
def test_wrap_refused(text, which):
    with pytest.raises(NoFix):
        rewritten(text, wrap_argument, "f(", which, "tf.constant({})")


KEYWORDS = {
    "f()\n": "f(k=True)\n",
    "f(a)\n": "f(a, k=True)\n",
    "f(a,)\n": "f(a, k=True,)\n",
    "f(a, b=1, *c)\n": "f(a, b=1, *c, k=True)\n",
    "f( a )\n": "f( a, k=True )\n",
    "f(\n    a,\n    b,\n)\n": "f(\n    a,\n    b,\n    k=True,\n)\n",
    "f(\n    a,  # one\n    b,  # two\n)\n": "f(\n    a,  # one\n    b,  # two\n    k=True,\n)\n",
    "f(\n    a,\n)\n": "f(\n    a,\n    k=True,\n)\n",
    "f(\n    a,  # one\n)\n": "f(\n    a,  # one\n    k=True,\n)\n",
    "f(\n    a,\n    b\n)\n": "f(\n    a,\n    b,\n    k=True\n)\n",
    "f(\n    a,\n    b  # two\n)\n": "f(\n    a,\n    b,  # two\n    k=True\n)\n",
    "f(a,\n  b)\n": "f(a,\n  b,\n  k=True)\n",
    "f(a, g(\n    1))\n": "f(a, g(\n    1), k=True)\n",
    "if a:\n\tf(\n\t\ta,\n\t\tb,\n\t)\n": "if a:\n\tf(\n\t\ta,\n\t\tb,\n\t\tk=True,\n\t)\n",
}


@pytest.mark.parametrize("text", KEYWORDS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_add_keyword(text, newline):
    before, after = text.replace("\n", newline), KEYWORDS[text].replace("\n", newline)
    assert rewritten(before, add_keyword, "f(", "k", "True") == after


@pytest.mark.parametrize("text", ["f(k=1)\n", "f(**kw)\n", "f(a for a in b)\n"])
def test_add_keyword_refused(text):
    with pytest.raises(NoFix):
        rewritten(text, add_keyword, "f(", "k", "True")


@pytest.mark.parametrize(
    "text, after",
    [
        ("f(a, k=1)\n", "f(a)\n"),
        ("f(k=1)\n", "f()\n"),
        ("f(k=1, b=2)\n", "f(b=2)\n"),
        ("f(\n    a,\n    k=1,\n)\n", "f(\n    a,\n)\n"),
        ("f(a, k=1, b=2)\n", "f(a, b=2)\n"),
    ],
)
def test_without_keyword(text, after):
    assert rewritten(text, without_keyword, "f(", "k") == after


def test_append_attribute():
    assert rewritten("h.append(model.fit(x))\n", append_attribute, "model.fit(", "history") == (
        "h.append(model.fit(x).history)\n"
    )
    with pytest.raises(NoFix):
        rewritten("h = model.fit(x).history\n", append_attribute, "model.fit(", "history")
    with pytest.raises(NoFix):
        rewritten("async def f():\n    h = await model.fit(x)\n", append_attribute, "model.fit(", "history")


def test_argument():
    code = Code("f(a, *b, k=c)\n")
    _, call = code.call("f(")
    assert argument(call, 0).value.value == "a"
    assert argument(call, "k").value.value == "c"
    with pytest.raises(NoFix):
        argument(call, 1)


@pytest.mark.parametrize(
    "decorator, after",
    [
        ("@tf.function", "@tf.function(reduce_retracing=True)"),
        ("@tf.function()", "@tf.function(reduce_retracing=True)"),
        ("@tf.function(jit_compile=True)  # fast", "@tf.function(jit_compile=True, reduce_retracing=True)  # fast"),
        ("@function", "@function(reduce_retracing=True)"),
    ],
)
def test_decorator_keyword(decorator, after):
    text = "class A:\n    @first\n    {}\n    # why\n    def f(self):\n        pass\n"
    code = Code(text.format(decorator))
    row = code.place(decorator)[0]
    view = code.view(decorator)
    assert code.apply(decorator_keyword(view, decorator_on(view, row), "reduce_retracing", "True")) == text.format(
        after
    )


def test_no_decorator_there():
    code = Code("@a\ndef f():\n    pass\n")
    with pytest.raises(NoFix):
        decorator_on(code.view("@a"), 2)


@pytest.mark.parametrize(
    "before, after",
    [
        ("def f(x):\n    return x\n", "@tf.function\ndef f(x):\n    return x\n"),
        ("@a  # one\ndef f(x): return x\n", "@a  # one\n@tf.function\ndef f(x): return x\n"),
        (
            "class A:\n\n\t# about f\n\tdef f(x):\n\t\treturn x\n",
            "class A:\n\n\t# about f\n\t@tf.function\n\tdef f(x):\n\t\treturn x\n",
        ),
    ],
)
def test_add_decorator(before, after):
    code = Code(before)
    assert code.apply(add_decorator(code.view("def f"), code.statement("def f"), "tf.function")) == after
