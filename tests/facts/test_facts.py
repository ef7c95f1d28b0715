"""Records, what the walk makes of each kind of statement and expression, and packing."""

import copy
import pickle

import pytest

from support import FIXTURES
from tflint_mem import facts as F
from tflint_mem.facts.pack import pack, unpack

X, Y, Z = F.Name("x"), F.Name("y"), F.Name("z")


# -- records


def test_a_record_is_equal_to_one_of_its_class_with_the_same_fields():
    assert F.Name("x") == X and hash(F.Name("x")) == hash(X)
    assert F.Name("x") != F.Name("y")
    assert F.TupleDisplay((X,)) != F.ListDisplay((X,)) and F.Await(X) != F.Yield(X)
    assert F.SELF == F.Name("self") and F.NONE == F.Constant(None) and F.Constant(None) != F.Constant(0)


def test_numbers_are_equal_as_everywhere_in_python():
    assert F.Constant(1) == F.Constant(True) == F.Constant(1.0) and F.Constant(1) != F.Constant("1")


def test_fields_are_given_in_order_or_by_name():
    attribute = F.Attribute(X, attr="y")
    assert attribute == F.Attribute(attr="y", base=X) == F.Attribute(X, "y")
    assert (attribute.base, attribute.attr, attribute.tail) == (X, "y", "y")
    assert F.Pos(1, 2, 3, 4).end_line == 3


@pytest.mark.parametrize(
    ("given", "named", "says"),
    [
        ((), {}, "Attribute needs 'base'"),
        ((X,), {}, "Attribute needs 'attr'"),
        ((X, "y", 1), {}, "Attribute has 2 fields, not 3"),
        ((X, "y"), {"attr": "z"}, "given 'attr'"),
        ((X,), {"attr": "y", "other": 1}, "given 'other'"),
    ],
)
def test_wrong_arguments_are_refused(given, named, says):
    with pytest.raises(TypeError, match=says):
        F.Attribute(*given, **named)


def test_a_field_may_have_a_default():
    class Counted(F.Record):
        __slots__ = ()
        name: str
        number: int = 3

    class Longer(Counted, tag="longer"):
        __slots__ = ()
        more: str = ""

    assert Counted("a") == Counted("a", 3) == Counted(name="a") and Counted("a", 4).number == 4
    assert Longer("a", more="b").more == "b" and Longer("a").number == 3 and Longer("a") != Counted("a")


def test_a_class_without_slots_is_refused():
    with pytest.raises(TypeError, match="slots"):

        class Loose(F.Record):
            name: str


def test_a_record_cannot_be_changed():
    with pytest.raises(AttributeError):
        X.id = "y"
    with pytest.raises(AttributeError):
        X.more = 1


@pytest.mark.parametrize(
    "record", [X, F.Attribute(X, "y"), F.Span(1, 2), F.DictDisplay((None, X), (Y, Z)), F.Keyword(None, F.NONE)]
)
def test_records_are_copied_and_pickled(record):
    for again in (
        copy.copy(record),
        copy.deepcopy(record),
        *(pickle.loads(pickle.dumps(record, protocol)) for protocol in (2, 4, 5)),
    ):
        assert again == record and type(again) is type(record)


def test_a_record_shows_its_class_and_its_fields():
    assert repr(F.Attribute(X, "y")) == "Attribute(base=Name(id='x'), attr='y')"
    assert repr(F.Block("for", -1, 0, None)) == "Block(kind='for', parent=-1, statement=0, branch=None)"


# -- what the walk makes


def expression(text):
    statement = F.collect(f"_ = {text}\n").statements[0]
    assert type(statement) is F.Assign
    return statement.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", X),
        ("x.y", F.Attribute(X, "y")),
        ("x()", F.CallRef(0)),
        ("'text'", F.Constant("text")),
        ("None", F.NONE),
        ("(x, y)", F.TupleDisplay((X, Y))),
        ("[x]", F.ListDisplay((X,))),
        ("{x}", F.SetDisplay((X,))),
        ("{x: y, **z}", F.DictDisplay((X, None), (Y, Z))),
        ("x[y]", F.Subscript(X, Y, F.Pos(1, 4, 1, 8))),
        ("x[y:]", F.Subscript(X, F.Slice(Y, None, None), F.Pos(1, 4, 1, 9))),
        ("x + y", F.BinaryOp("+", X, Y, F.Pos(1, 4, 1, 9))),
        ("not x", F.UnaryOp("not", X)),
        ("x and y", F.BoolOp("and", (X, Y))),
        ("x < y is not z", F.Comparison(X, ("<", "is not"), (Y, Z))),
        ("x if y else z", F.Conditional(Y, X, Z)),
        ("lambda: x", F.Lambda(1)),
        ("[x for y in z]", F.Comprehension("list", (X,), 0)),
        ("{x: y for y in z}", F.Comprehension("dict", (X, Y), 0)),
        ("[*x]", F.ListDisplay((F.Starred(X),))),
        ("(x := y)", F.Walrus("x", Y)),
        ("await x", F.Await(X)),
        ("f'{x}y'", F.FString((X, F.Constant("y")))),
        ("b''", F.Unknown(())),
        ("...", F.Unknown(())),
    ],
)
def test_expressions(text, expected):
    found = expression(text)
    assert found == expected and type(found) is type(expected)


def test_yields_flag_the_function():
    facts = F.collect("async def f():\n    yield\n    yield x\n")
    assert [s.value for s in facts.statements[1:]] == [F.Yield(None), F.Yield(X)]
    assert facts.scopes[1].flags == "ag"


HEAD = (0, -1, 1, 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = \\\n y", F.Assign(*HEAD, (X,), Y, None)),
        ("x: y = \\\n z", F.Assign(*HEAD, (X,), Z, Y)),
        ("x += \\\n y", F.Augment(*HEAD, X, "+", Y, F.Pos(1, 0, 2, 2))),
        ("(\nx)", F.ExprStatement(0, -1, 1, 2, X)),
        ("del x, \\\n y.z", F.Delete(*HEAD, (X, F.Attribute(Y, "z")))),
        ("with x as y:\n pass", F.With(*HEAD, (F.WithItem(X, Y),), 0)),
        ("for x in y:\n pass", F.For(*HEAD, X, Y, 0)),
        ("while x:\n pass", F.While(*HEAD, X, 0)),
        ("if x:\n pass", F.If(*HEAD, X, 0, None)),
        ("if x: pass\nelse: pass", F.If(*HEAD, X, 0, 1)),
        ("try: pass\nexcept x as y: pass", F.Try(*HEAD, 0, (F.Handler(X, "y", 1),), None, None)),
        ("global x, \\\n y", F.Global(*HEAD, ("x", "y"))),
        (
            "import x.y, \\\n z as a",
            F.Import(*HEAD, (F.Imported("x", "x.y", "", 0), F.Imported("a", "z", None, 0)), F.Pos(1, 0, 2, 7)),
        ),
        ("from ..x import (\n y)", F.Import(*HEAD, (F.Imported("y", "x", "y", 2),), F.Pos(1, 0, 2, 3))),
        ("raise \\\n x", F.Jump(*HEAD, "raise", X)),
        ("@x\ndef f(): pass", F.Def(*HEAD, 1, (F.Pos(1, 1, 1, 2),))),
        ("class C:\n pass", F.ClassDef(*HEAD, 1)),
        ("assert x, \\\n y", F.Other(*HEAD, (X, Y))),
    ],
)
def test_statements(text, expected):
    found = F.collect(text).statements[0]
    assert repr(found) == repr(expected)


def test_statements_inside_others():
    facts = F.collect("while x: break\nwhile x: continue\nwhile x: raise\n\ndef f():\n    return x\n")
    assert [(s.what, s.value, s.block) for s in facts.statements[1:6:2]] == [
        ("break", None, 0),
        ("continue", None, 1),
        ("raise", None, 2),
    ]
    assert repr(facts.statements[-1]) == repr(F.Return(1, -1, 6, 6, X, F.Pos(6, 4, 6, 12)))


@pytest.mark.parametrize("end", ["return x", "raise x", "break", "continue"])
def test_what_stands_behind_the_end_of_a_body_is_left_out(end):
    facts = F.collect(f"def f():\n    for x in y:\n        if x:\n            {end}\n            g(x)\n        h(x)\n")
    assert [call.func for call in facts.calls] == [F.Name("h")]
    facts = F.collect("def f():\n    return x\n    yield g(x)\n")
    assert facts.calls, "a generator all the same"
    assert F.collect("raise SystemExit\ng(x)\n").calls, "the next cell of a notebook is run by hand"


def test_calls_scopes_and_blocks():
    facts = F.collect(
        "@x\nclass C(y.B, metaclass=z):\n    def f(self, a: int = 1, /, *b, c, **d): pass\n\ng = [h(i, k=j, **l) for i in x]\n"
    )
    module, cls, method = facts.scopes
    assert (module.kind, module.parent, module.statements, module.calls) == ("module", -1, F.Span(0, 2), F.Span(0, 1))
    assert (cls.kind, cls.name, cls.decorators, cls.bases, cls.metaclass) == (
        "class",
        "C",
        (X,),
        (F.Attribute(Y, "B"),),
        Z,
    )
    assert method.parameters == (
        F.Parameter("self", None, None, "p"),
        F.Parameter("a", F.Name("int"), F.Constant(1), "p"),
        F.Parameter("b", None, None, "*"),
        F.Parameter("c", None, None, "k"),
        F.Parameter("d", None, None, "**"),
    )
    [call], [block] = facts.calls, facts.blocks
    assert (call.func, call.args, call.keywords) == (
        F.Name("h"),
        (F.Name("i"),),
        (F.Keyword("k", F.Name("j")), F.Keyword(None, F.Name("l"))),
    )
    assert (call.scope, call.block, call.statement, call.pos) == (0, 0, 1, F.Pos(5, 5, 5, 19))
    assert block.clause == F.Clause(F.Name("i"), X, 5, "list")
    with pytest.raises(TypeError):
        assert F.Block("for", -1, 0, None).clause
    assert list(module.statements.numbers()) == [0, 1]


def test_the_names_of_a_module_by_their_part():
    facts = F.collect(
        "import a.b as c\nfrom d import E as F\n@g\nclass H(i.J):\n    def k(self):\n        self.l = m(n, o=[p])\n        q.r = s\n"
    )
    assert sorted(facts.called) == ["m"] and sorted(facts.given) == ["E", "n", "p", "s"]
    assert (facts.defs, facts.bases) == (("H", "k"), (("H", "J"), ("F", "E")))
    assert (sorted(facts.decorating), sorted(facts.foreign), sorted(facts.stored)) == (["g"], ["r"], ["l", "r"])
    assert facts.imports == (F.Imported("c", "a.b", None, 0), F.Imported("F", "d", "E", 0))


# -- questions about one expression


def test_tail_and_dotted():
    deep = F.Attribute(F.Attribute(X, "y"), "z")
    assert (F.tail_of(X), F.tail_of(deep), F.tail_of(F.CallRef(0))) == ("x", "z", None)
    assert (
        F.dotted(deep) == ("x", "y", "z") and F.dotted(X) == ("x",) and F.dotted(F.Attribute(F.CallRef(0), "y")) is None
    )


def test_walk_goes_through_all_in_order_and_into_calls_when_they_are_given():
    facts = F.collect("_ = [x.a, y[z:], {k: v, **w}, f(g, h=i)]\n")
    value = facts.statements[0].value
    names = [e.id for e in F.walk(value) if isinstance(e, F.Name)]
    assert names == ["x", "y", "z", "k", "v", "w"]
    assert [e.id for e in F.walk(value, facts.calls) if isinstance(e, F.Name)] == [*names, "f", "g", "i"]
    assert list(F.walk(None)) == []


# -- packing


def spelled(part):
    return [repr(each) for each in part]


def test_every_fixture_comes_back_from_its_packed_form():
    for path in sorted(FIXTURES.rglob("*.py")):
        body = F.collect(path.read_bytes()).body()
        assert list(map(spelled, unpack(pack(body)))) == list(map(spelled, body)), path


def test_equal_names_stay_one_record():
    _, _, statements, _ = unpack(pack(F.collect("x = y.z = 1\ny.z = x = 1\n").body()))
    (x, attribute), (again, other) = statements[0].targets, reversed(statements[1].targets)
    assert x is again and attribute is other and statements[0].value is statements[1].value
    assert attribute.base == Y


def test_what_is_nested_deeply_is_packed():
    body = F.collect("x = " + " + ".join(["y"] * 2000) + "\n").body()
    assert pack(unpack(pack(body))) == pack(body)


def test_an_empty_module_is_packed():
    assert list(map(spelled, unpack(pack(F.collect("").body())))) == list(map(spelled, F.collect("").body()))
