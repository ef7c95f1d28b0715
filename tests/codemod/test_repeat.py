"""Adding statements to each repeat."""

import pytest

from support.codemod import Code
from tflint_mem.codemod import NoFix
from tflint_mem.codemod.operations import append_to_repeat

LINES = ["clear()", "gc.collect()"]

CASES = {
    "end": (
        """\
for x in y:
    m = build(x)
    # last
    m.predict(x)  # why
z = 1
""",
        """\
for x in y:
    m = build(x)
    # last
    m.predict(x)  # why
    clear()
    gc.collect()
z = 1
""",
    ),
    "continue": (
        """\
while x:
    # first

    if a:
        continue
    m = build(x)
""",
        """\
while x:
    clear()
    gc.collect()
    # first

    if a:
        continue
    m = build(x)
""",
    ),
    "continue of an inner loop": (
        """\
for x in y:
    while z:
        continue
""",
        """\
for x in y:
    while z:
        continue
    clear()
    gc.collect()
""",
    ),
    "continue in the else of an inner loop": (
        """\
for x in y:
    while z:
        pass
    else:
        continue
    a = 1
""",
        """\
for x in y:
    clear()
    gc.collect()
    while z:
        pass
    else:
        continue
    a = 1
""",
    ),
    "one line": (
        "for x in y: f(x); g(x)  # both\n",
        """\
for x in y:  # both
    f(x)
    g(x)
    clear()
    gc.collect()
""",
    ),
    "one line with else": (
        """\
for x in y: f(x)
else: done()
""",
        """\
for x in y:
    f(x)
    clear()
    gc.collect()
else: done()
""",
    ),
    "nested": (
        """\
class A:
    async def f(self):
        async for x in y:
            if x:
                m = build(x)

            # trailing comment
        return 1
""",
        """\
class A:
    async def f(self):
        async for x in y:
            if x:
                m = build(x)
            clear()
            gc.collect()

            # trailing comment
        return 1
""",
    ),
    "end of the file": ("for x in y:\n    f(x)", "for x in y:\n    f(x)\n    clear()\n    gc.collect()"),
    "ends with a conditional return": (
        """\
for x in y:
    m = build(x)
    if m:
        break
""",
        """\
for x in y:
    m = build(x)
    if m:
        break
    clear()
    gc.collect()
""",
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("newline, indent", [("\n", "    "), ("\r\n", "\t"), ("\n", " ")])
def test_loop(name, newline, indent):
    before, after = (text.replace("    ", indent).replace("\n", newline) for text in CASES[name])
    if name.startswith("one line"):
        after = CASES[name][1].replace("\n", newline)  # nothing in such a file shows how it indents
    code = Code(before)
    word = next(word for word in ("for x", "while x") if word in before)
    assert code.apply(append_to_repeat(code.view(word), code.loop(word), LINES)) == after


def test_function_that_repeats():
    code = Code('''\
        @study
        def objective(trial):
            """Score a trial."""

            m = build(trial)
            return m.evaluate()

        def other(trial): return build(trial)
        ''')
    view = code.view("def objective")
    assert code.apply(append_to_repeat(view, code.statement("def objective"), LINES)) == code.text.replace(
        'trial."""\n', 'trial."""\n    clear()\n    gc.collect()\n'
    )
    view = code.view("def other")
    assert code.apply(append_to_repeat(view, code.statement("def other"), LINES)) == code.text.replace(
        "(trial): return", "(trial):\n    clear()\n    gc.collect()\n    return"
    )


@pytest.mark.parametrize(
    "text, reason",
    [
        ("for x in y:\n    m = build(x)\nuse(m)\n", "used outside"),
        ("def f():\n    for x in y:\n        m = build(x)\n    return m\n", "used outside"),
        ("for x in y:\n    m = build(x)\n    break\n", "leaving"),
        ("for x in y:\n    m = build(x)\n    raise z\n", "leaving"),
        ("def f():\n    for x in y: return build(x)\n", "leaves"),
    ],
)
def test_refused(text, reason):
    code = Code(text)
    with pytest.raises(NoFix, match=reason):
        append_to_repeat(code.view("for x"), code.loop("for x"), LINES, name="m")


def test_comprehension_and_stored_are_refused():
    code = Code("m = [build(x) for x in y]\n")
    view, call = code.call("build(")
    with pytest.raises(NoFix, match="comprehension"):
        append_to_repeat(view, view.loops(call)[0], LINES)
    code = Code("for x in y:\n    build(x)\n")
    with pytest.raises(NoFix, match="kept"):
        append_to_repeat(code.view("for x"), code.loop(), LINES, stored=True)
    with pytest.raises(NoFix, match="no loop"):
        append_to_repeat(code.view("for x"), code.statement("build"), LINES)
