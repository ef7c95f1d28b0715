"""Does an array or tensor argument have another shape in each repeat?  Only what the code shows counts: an unknown size
is no evidence.
"""

from __future__ import annotations

from tflint_mem.facts import (
    Assign,
    Attribute,
    BinaryOp,
    CallRef,
    Comprehension,
    Constant,
    Delete,
    ListDisplay,
    Name,
    Reference,
    SequenceDisplay,
    Slice,
    Starred,
    Subscript,
    TupleDisplay,
    UnaryOp,
)
from tflint_mem.project.holds.values import External, ModuleValue
from tflint_mem.project.linking.module import tail_of, walk

from . import hot, varying_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Call, Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

FEW = varying_values.FEW
MAX_DEPTH = 10
MAX_REPEATS = 6
_SAME_SHAPE = frozenset(
    (
        "array",
        "asarray",
        "constant",
        "convert_to_tensor",
        "cast",
        "expand_dims",
        "astype",
        "float32",
        "copy",
        "transpose",
        "squeeze",
        "stack",
        "vstack",
        "reshape",
        "numpy",
        "atleast_2d",
        "ascontiguousarray",
        "identity",
        "abs",
        "clip",
        "preprocess_input",
        "normalize",
        "from_tensors",
        "tensor",
    )
)
_FILLED = {
    "zeros": 0,
    "ones": 0,
    "fill": 0,
    "full": 0,
    "empty": 0,
    "normal": 0,
    "uniform": 0,
    "rand": None,
    "randn": None,
    "range": 0,
    "arange": None,
    "linspace": None,
    "eye": 0,
}
_GROWN = frozenset(("append", "concatenate", "concat", "hstack", "vstack", "r_"))
_RESIZED = frozenset(
    (
        "resize",
        "resize_with_pad",
        "resize_with_crop_or_pad",
        "random_crop",
        "image_resize",
        "pad_to_bounding_box",
        "crop_to_bounding_box",
    )
)
_SHRINKS = frozenset(("pop", "popleft", "clear", "remove"))
_TEXT = frozenset(("split", "splitlines", "tokenize", "encode", "word_tokenize", "list"))
_IMAGES = frozenset(
    ("imread", "imdecode", "decode_image", "decode_jpeg", "decode_png", "decode_bmp", "load_img")
)  # of the size that the file has; a data set's mostly have one
_BODIES = frozenset(("json", "get_json"))
_LOOKED_UP = frozenset(("get", "ord", "index", "char_to_id", "encode"))


class Shape:
    """`what` is a phrase for messages; `loop` the (module, context) that brings the sizes, or None."""

    __slots__ = ("what", "loop")

    def __init__(self, what, loop: int = None):
        self.what, self.loop = what, loop


def argument(context: Context, repeat: Repeat, expression: Expression):
    """A Shape for an argument of the flagged call, or None."""
    m, i = repeat.hops[-1]
    shapes = _Shapes(context, repeat)
    return shapes.numbers.sure(shapes.of(len(repeat.hops) - 1, expression, m.calls[i].statement, m.calls[i].block, 0))


def varying(context: Context, m: Module, i: int):
    """(repeat, Shape) of the first argument of call `i` whose shape varies, or None."""
    given = [e for e in m.arguments(i) if not isinstance(e, Starred)]
    best = None
    for number, repeat in enumerate(hot.repeats(context, m, i, outer=True)) if given else ():
        if number >= MAX_REPEATS:
            break
        if repeat.count is not None and repeat.count <= FEW or not hot.eager(context, repeat):
            continue
        for expression in given:
            shape = argument(context, repeat, expression)
            if shape is not None and (shape.loop is None or shape.loop == (repeat.module, repeat.block)):
                return repeat, shape
            best = best or shape and (repeat, shape)
    return best


class _Shapes:
    def __init__(self, context: Context, repeat: Repeat):
        self.context, self.repeat, self.infer = context, repeat, context.infer
        self.numbers = varying_values.Search(context, repeat)
        self.names, self.cuts, self.known = set(), 0, {}  # as in the search for numbers, whose budget is that of both
        self.step = self.numbers.budget.step

    def of(self, position: int, e: Expression, at: int, around: int, depth: int):
        if e is None or depth > MAX_DEPTH or not self.step():
            return None
        tag = e[0]
        if tag == "x":
            return self.subscript(position, e, at, around, depth + 1)
        if tag == "n":
            return self.name(position, e[1], at, around, depth + 1)
        if tag == "c":
            return self.call(position, e[1], at, around, depth + 1)
        if tag == "b":
            return self.of(position, e[2], at, around, depth + 1) or self.of(position, e[3], at, around, depth + 1)
        if tag == "i":
            return self.of(position, e[2], at, around, depth + 1) or self.of(position, e[3], at, around, depth + 1)
        if tag == "w":
            return self.of(position, e[2], at, around, depth + 1)
        return None

    # -- slices -------------------------------------------------------------------------------------------------------

    def subscript(self, position: int, e: Expression, at: int, around: int, depth: int):
        index = e[2]
        items = index.items if index is not None and isinstance(index, TupleDisplay) else (index,)
        for item in items:
            if item is None:
                continue
            if isinstance(item, Slice) and item.step is None:
                found = self.slice(position, item.low, item.high, at, around)
                if found:
                    return found
            elif (
                isinstance(item, (Name, BinaryOp))
                and not _none(item)
                and not (isinstance(item, Name) and len(items) > 1)
            ):
                found = self.of(position, item, at, around, depth)  # x[chosen] has the length of `chosen`
                if found:
                    return found
        if any(item is not None and isinstance(item, Slice) or _none(item) for item in items):
            found = self.of(position, e[1], at, around, depth)
            return None if found and found.what.startswith("rows ") and any(_none(item) for item in items) else found
        return None

    def slice(self, position: int, low, high, at: int, around: int):
        """The length `high - low`: does it hold something that varies?"""
        length = _minus(self.sum(position, high, at, 0), self.sum(position, low, at, 0))
        if length is None or high is None and low is None:
            return None
        if high is not None and isinstance(high, UnaryOp) and low is None or high is None and isinstance(low, UnaryOp):
            return (
                None
                if high is None or isinstance(high.operand, Constant)
                else self.size(position, high.operand, at, around)
            )
        for atom in length:
            for part in atom:
                found = self.size(position, part, at, around)
                if found:
                    return Shape(
                        f"a slice whose length is {found.what}"
                        if found.what.startswith("the ")
                        else "a slice whose length changes",
                        found.loop,
                    )
        return None

    def sum(self, position: int, e: Expression, at: int, depth: int):
        """The expression as {product of atoms: factor}; names that arithmetic was assigned to are taken apart.  None:
        too hard.
        """
        if e is None:
            return {}
        if depth > 6:
            return None
        tag = e[0]
        if tag == "k":
            return {(): e[1]} if isinstance(e[1], (int, float)) and not isinstance(e[1], bool) else None
        if tag == "u" and e[1] in ("-", "+"):
            inner = self.sum(position, e[2], at, depth + 1)
            return inner if e[1] == "+" else _minus({}, inner)
        if tag == "b" and e[1] in ("+", "-", "*"):
            left, right = self.sum(position, e[2], at, depth + 1), self.sum(position, e[3], at, depth + 1)
            if left is None or right is None:
                return None
            return _times(left, right) if e[1] == "*" else _minus(left, right if e[1] == "-" else _minus({}, right))
        m, scope = self.numbers.place(position)
        if tag == "c" and tail_of(m.calls[e[1]][0]) in ("min", "int") and m.calls[e[1]][1]:
            return self.sum(
                position, m.calls[e[1]][1][0], at, depth + 1
            )  # min(start + n, end): only the last one is shorter
        if tag == "n":
            bindings = m.bindings(scope).get(e[1], ())
            reaching = self.infer.reaching(m, bindings, at) if bindings else ()
            if (
                len(reaching) == 1
                and reaching[0][0] == "assign"
                and not reaching[0][4]
                and (isinstance(reaching[0][3], (BinaryOp, Name)) or _is_min(m, reaching[0][3]))
            ):
                return self.sum(position, reaching[0][3], reaching[0][1], depth + 1)
        return {(e,): 1}

    def size(self, position: int, e: Expression, at: int, around: int):
        """A Shape for a number that gives a size: a loop variable, a counter, something random."""
        m, scope = self.numbers.place(position)
        found = self.numbers.of(position, e, at, around, 0)
        if found and found.kind == "number":
            return Shape(found.what, found.loop)
        if not isinstance(e, Name):
            return self.random(m, e)
        bindings = m.bindings(scope).get(e.id, ())
        for kind, statement, _, value, path in self.infer.reaching(m, bindings, at) if bindings else ():
            if kind == "iter":  # one of several numbers that a loop takes apart: (x, y, w, h) of a box
                loop = next((c for c in m.loops(around) if self.numbers.binds(m, c, statement, value)), None)
                count = self.context.project.repeats_of.length(m, scope, value, statement)
                if (
                    loop is not None
                    and (count is None or count > FEW)
                    and not self.few_numbers(position, value, statement)
                ):
                    return Shape(f"the loop variable `{e.id}`", (m, loop))
            elif kind == "assign" and self.numbers.repeated(position, m.statements[statement][2]):
                random = self.random(m, value)
                if random:
                    return random
            elif kind == "param" and position > 0:
                other, j = self.repeat.hops[position - 1]
                given = self.infer.argument(m, scope, value, other, j)
                if given is not None:
                    return self.size(position - 1, given, other.calls[j][5], other.calls[j][4])
        return None

    def few_numbers(self, position: int, iterable, at: int):
        """Is it a dataset or another thing whose elements are tensors of one shape?"""
        return bool({"dataset", "tensor"} & self.numbers.kinds(position, iterable, at))

    @staticmethod
    def random(m: Module, e: Expression):
        for inner in walk(e, m.calls):
            if isinstance(inner, CallRef):
                f = m.calls[inner.number].func
                while isinstance(f, Attribute):
                    if f.attr in ("random", "randint", "randrange", "integers"):
                        return Shape("a random number")
                    f = f.base
                if isinstance(f, Name) and f.id in ("random", "randint", "randrange", "rng"):
                    return Shape("a random number")
        return None

    # -- names --------------------------------------------------------------------------------------------------------

    def name(self, position: int, name: str, at: int, around: int, depth: int):
        m, scope = self.numbers.place(position)
        key = (m.index, scope, name, at)
        bindings = m.bindings(scope).get(name)
        if not bindings:
            return None
        if key in self.names:
            self.cuts += 1
            return None
        reaching = self.infer.reaching(m, bindings, at)
        asked = (position, *map(id, reaching), m.loops(around), depth)
        if asked in self.known:
            return self.known[asked][0]
        cuts = self.cuts
        self.names.add(key)
        try:
            shape = next(
                (
                    found
                    for binding in reaching
                    for found in (self.binding(position, name, binding, around, depth),)
                    if found
                ),
                None,
            )
        finally:
            self.names.discard(key)
        if self.cuts == cuts:
            self.known[asked] = shape, reaching
        return shape

    def binding(self, position: int, name: str, binding: Binding, around: int, depth: int):
        m, scope = self.numbers.place(position)
        kind, statement, _, value, path = binding
        if kind == "assign" and not path:
            where = m.statements[statement][2]
            if (
                isinstance(value, CallRef)
                and tail_of(m.calls[value.number][0]) in _GROWN
                and m.loops(where)
                and self.numbers.repeated(position, where)
            ):
                if any(e == Name(name) for e in walk(value, m.calls)) and not self.cut(m, scope, name, where):
                    return Shape(f"`{name}`, which grows")
            if self.numbers.repeated(position, where):
                return self.of(position, value, statement, where, depth)
        elif kind == "iter" and any(self.numbers.binds(m, c, statement, value) for c in m.loops(around)):
            if not path or path == (0,):
                return self.padded(position, value, statement)
        elif kind == "param" and position > 0:
            other, j = self.repeat.hops[position - 1]
            given = self.infer.argument(m, scope, value, other, j)
            if given is not None:
                return self.of(position - 1, given, other.calls[j][5], other.calls[j][4], depth)
        return None

    def cut(self, m: Module, scope: int, name: str, where: int):
        """Is the name cut back in the same loop: `tokens = tokens[-n:]`?"""
        loop = m.loops(where)[-1]
        for kind, statement, _, value, _ in m.bindings(scope).get(name, ()):
            if (
                kind == "assign"
                and isinstance(value, Subscript)
                and value.base == Name(name)
                and m.inside(m.statements[statement].block, loop)
            ):
                return True
        return False

    def padded(self, position: int, e: Expression, at: int, depth: int = 0):
        """Is it a dataset whose batches are padded to the longest of each: `padded_batch` without fixed shapes?"""
        m, scope = self.numbers.place(position)
        if depth > 6 or not self.step():
            return None
        if isinstance(e, Name):
            bindings = m.bindings(scope).get(e.id, ())
            for kind, statement, _, value, path in self.infer.reaching(m, bindings, at) if bindings else ():
                if kind == "assign" and not path:
                    found = self.padded(position, value, statement, depth + 1)
                    if found:
                        return found
            return None
        if not isinstance(e, CallRef):
            return None
        call = m.calls[e.number]
        tail = tail_of(call[0])
        if tail in ("padded_batch", "bucket_by_sequence_length") and "dataset." + tail in self.context.project.apis(
            m, e.number
        ):
            shapes = next(
                (v for k, v in call[2] if k == "padded_shapes"),
                call[1][1] if tail == "padded_batch" and len(call[1]) > 1 else None,
            )
            if any(k == "pad_to_bucket_boundary" for k, _ in call[2]):
                return None
            if shapes is None or any(inner == Constant(None) for inner in walk(shapes, m.calls)):
                return Shape(f"a batch of `{tail}`, which is as wide as its longest element")
            return None
        if isinstance(call[0], Attribute):
            return self.padded(position, call[0].base, at, depth + 1)
        if tail in ("enumerate", "iter", "tqdm") and call[1]:
            return self.padded(position, call[1][0], at, depth + 1)
        return None

    # -- calls --------------------------------------------------------------------------------------------------------

    def call(self, position: int, i: int, at: int, around: int, depth: int):
        m, scope = self.numbers.place(position)
        call = m.calls[i]
        tail = tail_of(call[0])
        if tail in _RESIZED and len(call[1]) > 1:
            return self.sizes(position, call[1][1], at, around)
        if tail in _FILLED:
            given = call[1] if _FILLED[tail] is None else call[1][:1]
            return next(
                (
                    s
                    for a in (*given, *[v for k, v in call[2] if k in ("shape", "size", "num", "dims")])
                    for s in (self.sizes(position, a, at, around),)
                    if s
                ),
                None,
            )
        if tail in _GROWN and call[1]:
            return self.of(position, call[1][0], at, around, depth)
        if tail == "pad_sequences":
            return (
                None
                if any(k == "maxlen" for k, _ in call[2]) or len(call[1]) > 1
                else self.length(position, call[1][0], at, around, depth)
                if call[1]
                else None
            )
        if tail in _IMAGES or tail == "open" and isinstance(call[0], Attribute) and tail_of(call[0].base) == "Image":
            sized = any(name in ("target_size", "size") for name, _ in call[2])
            return (
                None
                if sized or self.repeat.kind != "handler" or isinstance(_given(call), Constant)
                else Shape("an image of the size that its file has")
            )
        if tail not in _SAME_SHAPE:
            return None
        if call[1] and tail in _ROWS and _from_request(m, scope, call[1][0]):
            return Shape("rows of a request, whose number changes")
        if call[1] and not (
            tail in ("reshape", "astype", "copy", "numpy", "squeeze", "transpose")
            and isinstance(call[0], Attribute)
            and not self.is_module(m, scope, call)
        ):
            found = self.length(position, call[1][0], at, around, depth) or self.of(
                position, call[1][0], at, around, depth
            )
            return (
                None
                if found and tail in ("expand_dims", "reshape", "atleast_2d") and found.what.startswith("rows ")
                else found
            )
        if isinstance(call[0], Attribute):
            found = self.of(position, call[0].base, at, around, depth)
            return (
                None if found and tail in ("reshape", "squeeze") and found.what.startswith("rows ") else found
            )  # one row of features
        return None

    def is_module(self, m: Module, scope: int, call: Call):
        return any(
            isinstance(v, (External, ModuleValue)) for v in self.infer.values(m, scope, call.func[1], call.statement)
        )

    def sizes(self, position: int, e: Expression, at: int, around: int):
        """A shape given as a number or as a tuple of numbers."""
        for item in e[1] if isinstance(e, SequenceDisplay) else (e,):
            found = self.size(position, item, at, around)
            if found:
                return Shape(
                    f"an array of a size that is {found.what}"
                    if found.what.startswith("the ")
                    else "an array of a changing size",
                    found.loop,
                )
            if isinstance(item, BinaryOp) and any(
                self.size(position, inner, at, around) for inner in walk(item) if isinstance(inner, Name)
            ):
                return Shape("an array of a changing size")
        return None

    def length(self, position: int, e: Expression, at: int, around: int, depth: int):
        """A Python list that becomes an array: does its length vary?"""
        m, scope = self.numbers.place(position)
        if depth > MAX_DEPTH or not self.step():
            return None
        if isinstance(e, SequenceDisplay):
            return next((s for item in e[1] for s in (self.length(position, item, at, around, depth + 1),) if s), None)
        if isinstance(e, Comprehension):
            return self.encoded(position, e, at, around)
        if isinstance(e, Name):
            for kind, statement, _, value, path in self.infer.reaching(m, m.bindings(scope).get(e.id, []), at):
                where = m.statements[statement][2] if statement >= 0 else -1
                if kind == "assign" and not path and isinstance(value, (Comprehension, ListDisplay)):
                    if value == ListDisplay(()):
                        if self.fed(position, m, scope, e.id, where, at, around):
                            return Shape(f"the list `{e.id}`, which grows")
                    elif self.numbers.repeated(position, where):
                        found = self.length(position, value, statement, where, depth + 1)
                        if found:
                            return found
        return None

    def encoded(self, position: int, e: Expression, at: int, around: int):
        """`[vocabulary[word] for word in sentence.split()]`, `[f(i) for i in range(n)]`."""
        m, scope = self.numbers.place(position)
        target, iterable, _, _ = m.blocks[e[3]][3]
        item = e[2][0]
        if isinstance(iterable, CallRef):
            call = m.calls[iterable.number]
            tail = tail_of(call[0])
            if tail == "range" and call[1]:
                return self.sizes(position, call[1][-1] if len(call[1]) < 3 else call[1][1], at, around)
            if tail in _TEXT and self.looped(
                position,
                call[0].base
                if isinstance(call[0], Attribute) and tail != "word_tokenize" and not call[1]
                else (call[1] or (Constant(0),))[0],
                at,
                around,
            ):
                return Shape("a text encoded word by word")
            return None
        looked_up = (
            isinstance(item, Subscript)
            and item.index == target
            or isinstance(item, CallRef)
            and tail_of(m.calls[item.number][0]) in _LOOKED_UP
            and target in m.calls[item.number][1]
        )
        if looked_up and self.looped(position, iterable, at, around):
            return Shape("a text encoded character by character")
        return None

    def looped(self, position: int, e: Expression, at: int, around: int):
        """Is it the variable of a loop around, or made from it?"""
        m, scope = self.numbers.place(position)
        for inner in walk(e, m.calls):
            if not isinstance(inner, Name) or not self.step():
                continue
            for kind, statement, _, value, _ in self.infer.reaching(m, m.bindings(scope).get(inner.id, []), at):
                if kind == "iter" and any(self.numbers.binds(m, c, statement, value) for c in m.loops(around)):
                    return True
                if kind == "param" and position > 0:
                    other, j = self.repeat.hops[position - 1]
                    given = self.infer.argument(m, scope, value, other, j)
                    if given is not None and self.looped(position - 1, given, other.calls[j][5], other.calls[j][4]):
                        return True
        return False

    def fed(self, position: int, m: Module, scope: int, name: str, where: int, at: int, around: int):
        """A list that was empty before the loop, is appended to in it, never cut back, and not asked for its length
        before the call.
        """
        for loop in m.loops(around):
            if m.inside(where, loop):
                continue
            grows = False
            for i in m.scope_calls(scope):
                f = m.calls[i].func
                if isinstance(f, Attribute) and f.base == Name(name) and m.inside(m.calls[i].block, loop):
                    if f.attr in _SHRINKS:
                        return False
                    grows = grows or f.attr in ("append", "extend", "insert")
            if not grows:
                continue
            if any(
                s
                and isinstance(s, (Delete, Assign))
                and m.inside(s.block, loop)
                and any(_of(t, name) for t in s.targets)
                for s in map(m.statements.__getitem__, m.scope_statements(scope))
            ):
                return False
            return not self.measured(m, name, around, loop)
        return False

    @staticmethod
    def measured(m: Module, name: str, around: int, loop: int):
        """Does an `if len(name) …` stand between?"""
        for c in m.chain(around):
            if c == loop:
                return False
            if m.blocks[c].kind == "if" and any(
                e == Name(name) for e in walk(m.statements[m.blocks[c].statement][5], m.calls)
            ):
                return True
        return False


_ROWS = frozenset(("array", "asarray", "constant", "convert_to_tensor"))


def _given(call: Call):
    """What a reader is given: the path, or all that it is called with."""
    return call.args[0] if call.args else call.keywords[0].value if call.keywords else Constant(None)


def _from_request(m: Module, scope: int, e: Expression, depth: int = 0):
    """Is the expression what a request's JSON holds under a key: `request.json["rows"]`, `data["rows"]`,
    `payload.get("rows")`?
    """
    if isinstance(e, Subscript):
        return _is_body(m, scope, e.base, depth)
    if isinstance(e, CallRef):
        f = m.calls[e.number].func
        return isinstance(f, Attribute) and f.attr == "get" and _is_body(m, scope, f.base, depth)
    if isinstance(e, Name) and depth < 3:
        bindings = m.bindings(scope).get(e.id, ())
        return bool(bindings) and all(
            b.kind == "assign" and not b.path and _from_request(m, scope, b.value, depth + 1) for b in bindings
        )
    return False


def _is_body(m: Module, scope: int, e: Expression, depth: int):
    """`request.json`, `request.get_json()`, `json.loads(request.data)`, or a name for it."""
    if isinstance(e, CallRef):
        f, given, *_ = m.calls[e.number]
        if isinstance(f, Attribute) and f.attr == "loads" and given:
            return any(inner == Name("request") for inner in walk(given[0], m.calls))
        e = f
    if isinstance(e, Attribute):
        return e.attr in _BODIES and tail_of(e.base) == "request"
    if isinstance(e, Name) and depth < 3:
        bindings = m.bindings(scope).get(e.id, ())
        return bool(bindings) and all(
            b.kind == "assign" and not b.path and _is_body(m, scope, b.value, depth + 1) for b in bindings
        )
    return False


def _of(target, name: str):
    return target == Name(name) or isinstance(target, Subscript) and target.base == Name(name)


def _none(item):
    return item == Constant(None) or item is not None and isinstance(item, Reference) and tail_of(item) == "newaxis"


def _is_min(m: Module, e: Expression):
    return isinstance(e, CallRef) and tail_of(m.calls[e.number].func) in ("min", "int")


def _minus(left, right):
    if left is None or right is None:
        return None
    found = dict(left)
    for atom, factor in right.items():
        found[atom] = found.get(atom, 0) - factor
    return {atom: factor for atom, factor in found.items() if factor}


def _times(left, right):
    found = {}
    for a, x in left.items():
        for b, y in right.items():
            atom = tuple(sorted((*a, *b), key=repr))
            found[atom] = found.get(atom, 0) + x * y
    return found
