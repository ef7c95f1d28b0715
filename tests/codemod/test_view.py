"""View: joining positions to concrete syntax, and edits that touch nothing but what they change."""

import ast
import glob
import os
import random
import sysconfig

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from support.codemod import Code
from tflint_mem.codemod import NoFix
from tflint_mem.codemod.hunks import join
from tflint_mem.codemod.node_order import children, walk
from tflint_mem.codemod.outline import outline, split_lines, unique_name
from tflint_mem.codemod.view import REMOVE, View, view_at
from tflint_mem.finding import Edit
from tflint_mem.sources.source import Source

STDLIB = sysconfig.get_paths()["stdlib"]
SAMPLE = sorted(glob.glob(os.path.join(STDLIB, "*.py")))[::12] + [
    os.path.join(STDLIB, "test", "test_fstring.py"),
    os.path.join(STDLIB, "test", "test_patma.py"),
]
SAMPLE = [path for path in SAMPLE if os.path.exists(path) and os.path.getsize(path) < 80_000]

EVERYTHING = """\
@first(1)
@second
class A(Base(), metaclass=meta(f())):
    @deco(g())
    async def method(self, a: ann(1) = default(2), *args: star(3), k=kw(4), **kwargs: more(5)) -> returns(6):
        async with open_(7) as w, other(8):
            x = [one(9)(ten(10)) async for i in source(11) if check(12) for j in inner(13)]
            y = yes(14) if test(15) else no(16)
            await call(*star(17), key=value(18), **rest(19))
            return {key(20): val(21), **spread(22)}, {elem(23)}, f"{fmt(24)!r:{spec(25)}} {last(26)}"
        try:
            z = lambda p=dflt(27), *q: body(28)
        except (err(29), other) as e:
            raise exc(30) from cause(31)
        else:
            assert cond(32), msg(33)
        finally:
            del a[idx(34):stop(35):step(36)], b
        while w := cond(37):
            x += aug(38); pass
        else:
            print(a(39) < b(40) < c(41), not d(42) and e(43) or f(44), -g(45) ** h(46), é(47), "é" + s(48))
        for i, j in items(49): print(i(50)); break
        global gg
        match subj(51):
            case Cls(1, k=2) if guard(52):
                out(53)
            case [1, *rest] | {"a": 1, **kw}:
                out(54)
            case _:
                out(55).chained(56)[sub(57)].attr(58)
        t: ann(59) = val(60)
        return (yield yielded(61))
"""


def positions_by_libcst(text):
    """{(row, exclusive column of the closing parenthesis): text of the call} as LibCST's own metadata sees it."""
    wrapper = MetadataWrapper(cst.parse_module(text))
    places = wrapper.resolve(PositionProvider)
    found = {}

    class Visitor(cst.CSTVisitor):
        def visit_Call(self, node):
            bare = node.with_changes(lpar=(), rpar=())
            found[places[node].end.line, places[node].end.column + 1] = wrapper.module.code_for_node(bare)

    wrapper.module.visit(Visitor())
    return found


def test_calls_are_where_libcst_says():
    code = Code(EVERYTHING)
    view = view_at(code.source, 3)
    expected = positions_by_libcst(EVERYTHING)
    assert len(expected) >= 61
    for end, text in expected.items():
        assert view.code(view.call_at(end)) == text


def test_every_call_has_its_own_number():
    code = Code(EVERYTHING)
    view = view_at(code.source, 1)
    for call in (node for node in ast.walk(ast.parse(EVERYTHING)) if isinstance(node, ast.Call)):
        if len(call.args) == 1 and isinstance(call.args[0], ast.Constant):
            line = EVERYTHING.split("\n")[call.end_lineno - 1]
            column = len(line.encode()[: call.end_col_offset].decode()) + 1
            found = view.call_at((call.end_lineno, column))
            assert found.args[0].value.value == repr(call.args[0].value)


@pytest.mark.parametrize("path", SAMPLE, ids=os.path.basename)
def test_order_of_children_is_the_source_order(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        module = cst.parse_module(file.read())
    kinds = (cst.Call, cst.Name, cst.BaseSmallStatement, cst.BaseCompoundStatement)
    ours = [id(node) for node in walk(module) if isinstance(node, kinds)]
    theirs = []
    stack = [module]
    while stack:
        node = stack.pop()
        if isinstance(node, kinds):
            theirs.append(id(node))
        stack.extend(reversed(node.children))
    assert ours == theirs


@pytest.mark.parametrize("path", SAMPLE[:8], ids=os.path.basename)
def test_views_of_real_files(path):
    """Every call of every statement is found by its end, and no change is no edit."""
    source = Source.read(path)
    tree = ast.parse(source.raw)
    for group in outline(source).groups:
        view = view_at(source, group.first)
        assert view.edits() == []
        assert (view.first_row, view.last_row) == (group.first, group.last)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in random.Random(1).sample(calls, min(50, len(calls))):
        line = source.lines[call.end_lineno - 1]
        found = view_at(source, call.end_lineno).call_at(
            (call.end_lineno, len(line.encode()[: call.end_col_offset].decode()) + 1)
        )
        assert ast.dump(ast.parse(f"({cst.Module([]).code_for_node(found)}\n)", mode="eval").body) == ast.dump(call)


def test_no_call_there():
    code = Code("f(1)\n")
    with pytest.raises(NoFix, match="no call ends there"):
        view_at(code.source, 1).call_at((1, 3))
    with pytest.raises(NoFix, match="no statement"):
        view_at(code.source, 2)


def test_statements_by_start_and_row():
    code = Code("""\
        x = 1; y = f(
            2); z = 3
        @deco
        # comment
        def f():
            a = 1; b = 2
        """)
    view = view_at(code.source, 2)
    assert (view.first_row, view.last_row) == (1, 2)
    assert view.code(view.statement_at((2, 9))) == "z = 3"
    view = view_at(code.source, 4)
    assert isinstance(view.function_on(3), cst.FunctionDef)
    assert view.function_on(3) is view.function_on(5) is view.statement_at((5, 1))
    assert view.code(view.statement_at((6, 12))) == "b = 2"
    with pytest.raises(NoFix):
        view.loop_on(6)


def test_loops_and_functions_around():
    code = Code("""\
        def f():
            for a in first():
                while second():
                    x = [third(b) for b in fourth(a) for c in fifth(b) if sixth()]
                    g = lambda: seventh()
                    def inner(p=eighth()):
                        return ninth()
                else:
                    tenth()
        """)
    view = view_at(code.source, 1)

    def loops(text):
        _, call = code.call(text)
        return [type(loop).__name__ for loop in view.loops(call)]

    assert loops("first(") == []
    assert loops("second(") == ["While", "For"]
    assert loops("third(") == ["ListComp", "While", "For"]
    assert loops("fourth(") == ["While", "For"]
    assert loops("fifth(") == ["ListComp", "While", "For"]
    assert loops("sixth(") == ["ListComp", "While", "For"]
    assert loops("seventh(") == []
    assert loops("eighth(") == ["While", "For"]
    assert loops("ninth(") == []
    assert loops("tenth(") == ["For"]
    assert view.function(code.call("ninth(")[1]).name.value == "inner"
    assert view.function(code.call("eighth(")[1]).name.value == "f"
    assert view.function(view.function_on(1)) is None


def test_edits_are_whole_rows_and_minimal():
    code = Code("""\
        def f():
            a = 1  # one

            b = g(
                2,
            )
            c = 3
        """)
    view = view_at(code.source, 1)
    b, c = code.statement("b ="), code.statement("c =")
    assert view.edits({c: cst.Pass()}) == [Edit(start=(7, 1), end=(7, 10), content="    pass")]
    assert view.edits({b: REMOVE, c: cst.Pass()}) == [Edit(start=(4, 1), end=(7, 10), content="    pass")]
    assert view.edits({b: REMOVE}) == [Edit(start=(4, 1), end=(7, 1), content="")]
    before = view.edits(insert_before={view.statement(c): view.new("x = 0\nif x:\n    y = 1\n")})
    assert before == [Edit(start=(7, 1), end=(7, 1), content="    x = 0\n    if x:\n        y = 1\n")]
    after = view.edits(insert_after={view.statement(c): view.new("x = 0\n")})
    assert after == [Edit(start=(7, 10), end=(7, 10), content="\n    x = 0")]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("final", [True, False])
@pytest.mark.parametrize("indent", ["\t", " ", "   "])
def test_style_of_the_file(newline, final, indent):
    rows = ["if a:", "{i}x = 1  # é", "{i}y = 2"]
    text = newline.join(rows).format(i=indent) + newline * final
    source = Source.from_bytes("code.py", text.encode())
    view = view_at(source, 1)
    y = view.statement(view.statement_at((3, 1 + len(indent))))
    edits = view.edits(insert_after={y: view.new("while b:\n    c = 3\n")})
    expected = newline.join([*rows, "{i}while b:", "{i}{i}c = 3"]).format(i=indent) + newline * final
    assert source.with_edits(edits) == expected.encode()
    edits = view.edits(insert_before={y: view.new("z = 0\n")})
    expected = newline.join([*rows[:2], "{i}z = 0", rows[2]]).format(i=indent) + newline * final
    assert source.with_edits(edits) == expected.encode()
    edits = view.edits({y: REMOVE})
    assert source.with_edits(edits) == (newline.join(rows[:2]).format(i=indent) + newline * final).encode()


def test_indent_of_the_file_for_a_statement_without_blocks():
    source = Source.from_bytes("code.py", b"def f():\n  return 1\n\nwhile x: g()\n")
    assert outline(source).indent == "  "
    view = view_at(source, 4)
    body = view.loop_on(4).body
    edits = view.edits({body: cst.IndentedBlock(view.new("g()\nif y:\n    h()\n"))})
    assert source.with_edits(edits).endswith(b"while x:\n  g()\n  if y:\n    h()\n")
    source = Source.from_bytes("code.py", b"x = 1\r\nif x: y = 2")
    view = view_at(source, 2)
    edits = view.edits(insert_before={view.statement_on(2): view.new("z = 3\n")})
    assert source.with_edits(edits) == b"x = 1\r\nz = 3\r\nif x: y = 2"
    assert outline(Source.from_bytes("code.py", b"x = 1\n")).indent == "    "


def test_semicolons():
    code = Code("""\
        a = 1; b = 2; c = 3  # why
        """)
    view = view_at(code.source, 1)
    assert code.apply(view.edits({code.statement("c ="): REMOVE})) == "a = 1; b = 2  # why\n"
    assert code.apply(view.edits({code.statement("a ="): REMOVE})) == "b = 2; c = 3  # why\n"
    everything = {code.statement(name): REMOVE for name in ("a =", "b =", "c =")}
    assert code.apply(view.edits(everything)) in ("", "\n")
    kept = Code("a = 1; b = 2;\n")
    assert kept.apply(kept.view("a").edits({kept.statement("a ="): REMOVE})) == "b = 2;\n"


def test_a_removed_statement_takes_only_its_own_comments():
    code = Code("""\
        def f():
            # about all of it
            a = 1
            b = 2

            # about c
            c = 3

            # about d
            d = 4
        """)
    view = code.view("a = 1")
    assert code.apply(view.edits({code.statement("a ="): REMOVE})) == code.text.replace("    a = 1\n", "")
    assert code.apply(view.edits({code.statement("c ="): REMOVE})) == code.text.replace(
        "    # about c\n    c = 3\n\n", ""
    )
    assert code.apply(view.edits({code.statement("d ="): REMOVE})) == code.text.replace(
        "\n    # about d\n    d = 4\n", ""
    )


def test_pass_in_a_block_left_empty():
    code = Code("""\
        if a:
            b()
        else: c(); d()
        """)
    view = code.view("if a")
    assert code.apply(view.edits({code.statement("b()"): REMOVE})) == "if a:\n    pass\nelse: c(); d()\n"
    both = {code.statement("c()"): REMOVE, code.statement("d()"): REMOVE}
    assert code.apply(view.edits(both)) == "if a:\n    b()\nelse: pass\n"


def test_form_feeds_are_refused():
    source = Source.from_bytes("code.py", b"def f():\n    a = 1\n\x0c\n    b = 2\n")
    view = None
    try:
        view = view_at(source, 1)
    except NoFix as error:
        assert "untouched" in error.reason
    assert view is None or view.text == view.module.code


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "+".join(["'a'"] * 1000) + "\n",
        "x = " + " and ".join(["a"] * 1000) + "\n",
        "x = a" + ".b()" * 2000 + "\n",
        "if a:\n    pass\n" + "elif b:\n    pass\n" * 500,
        "x = (" + " ".join(['"a"'] * 3000) + ")\n",
        "x = [" + "1," * 250_000 + "]\n",
        "x = " + "-" * 900 + "1\n",
    ],
    ids=["sum", "and", "chain", "elif", "strings", "large", "minus"],
)
def test_pathological_code_is_refused(text):
    source = Source.from_bytes("code.py", text.encode())
    with pytest.raises(NoFix, match="nested|large"):
        view_at(source, 1)


def test_a_deep_statement_does_not_spoil_its_neighbour():
    code = Code("x = " + "+".join(["'a'"] * 600) + "\ny = f(1)\n")
    assert code.view("y").code(code.call("f(")[1]) == "f(1)"


def test_broken_code():
    with pytest.raises(NoFix, match="does not parse"):
        view_at(Source.from_bytes("code.py", b"def f(:\n"), 1)
    with pytest.raises(NoFix):
        View(Source.from_bytes("code.py", b"x = 1\n"), 5, 6)


def test_edits_never_make_invalid_code():
    code = Code("x = f(1)\n")
    view, call = code.call("f(")
    with pytest.raises(NoFix):
        view.edits({call: [cst.Name("a"), cst.Name("b")]})
    with pytest.raises(NoFix):
        view.expression("1 +")


def test_join():
    a = Edit(start=(1, 1), end=(1, 1), content="a")
    b = Edit(start=(1, 1), end=(1, 1), content="b")
    c = Edit(start=(2, 1), end=(3, 1), content="c")
    assert join([c], [a]) == [a, c]
    assert join([a], [a]) == [a]
    assert join([a], [b])[0].content == "ab"
    assert join([Edit(start=(2, 1), end=(2, 1), content="x")], [c]) == [Edit(start=(2, 1), end=(3, 1), content="xc")]
    with pytest.raises(NoFix):
        join([c], [Edit(start=(2, 5), end=(2, 6), content="")])


def test_unique_name():
    source = Source.from_bytes("code.py", b"import a.model\nmodel_2 = 1\ndef f(gpu): pass\n")
    assert unique_name(source, "model") == "model_3"
    assert unique_name(source, "gpu") == "gpu_2"
    assert unique_name(source, "fresh") == "fresh"
    assert unique_name(source, "list") == "list_2"
    assert unique_name(source, "class") == "class_2"


def test_lines_are_split_as_the_tokenizer_does():
    text = "a\x0cb\u2028c\nd\r\ne\rf"
    assert split_lines(text) == ["a\x0cb\u2028c\n", "d\r\n", "e\r", "f"]
    assert "".join(split_lines(text)) == text
    assert split_lines("") == []


def test_children_skip_whitespace():
    module = cst.parse_module("x = f(a , b)  # c\n")
    call = module.body[0].body[0].value
    assert [type(node).__name__ for node in children(call)] == ["Name", "Arg", "Arg"]
