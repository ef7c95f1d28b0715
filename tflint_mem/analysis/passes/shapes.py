"""Does an array or tensor argument have another shape in each repeat?

`argument` answers for one expression, `varying` for a call: a `Shape`, None when nothing shows that the shape varies.
Only
what the code shows counts: an unknown size is no evidence, and a search that is given up says nothing.
"""

from __future__ import annotations

from itertools import islice

from tflint_mem.facts import (
    NONE,
    Attribute,
    BinaryOp,
    CallRef,
    Conditional,
    Constant,
    Expression,
    Name,
    Record,
    Slice,
    Starred,
    Subscript,
    TupleDisplay,
    Walrus,
    tail_of,
    walk,
)
from tflint_mem.project.holds.values import External, ModuleValue

from . import hot
from .axes import new_axis
from .data_lengths import DataLengths
from .list_lengths import MAX_DEPTH, few_additions
from .requests import from_request
from .sizes import Shape
from .steady import bound_by
from .varying import FEW

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.facts import Call
    from tflint_mem.project.linking.bindings import Binding
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

__all__ = ["FEW", "Found", "MAX_REPEATS", "Shape", "argument", "varying"]

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
_ROWS = frozenset(("array", "asarray", "constant", "convert_to_tensor"))
_METHODS = frozenset(("reshape", "astype", "copy", "numpy", "squeeze", "transpose"))  # of arrays, and functions, too
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
}  # where the shape stands; None: all arguments are sizes
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
_IMAGES = frozenset(
    ("imread", "imdecode", "decode_image", "decode_jpeg", "decode_png", "decode_bmp", "load_img")
)  # of the size that the file has; a data set's mostly have one


def argument(context: Context, repeat: Repeat, expression: Expression) -> Shape | None:
    """A Shape for an argument of the flagged call, or None."""
    m, i = repeat.hops[-1]
    shapes = _Shapes(context, repeat)
    found = shapes.of(len(repeat.hops) - 1, expression, m.calls[i].statement, m.calls[i].block, 0)
    return found if shapes.numbers.looked_at_all() else None


class Found(Record):
    """An argument whose shape varies: in which repeat, and how."""

    __slots__ = ()
    repeat: Repeat
    shape: Shape


def varying(context: Context, m: Module, i: int) -> Found | None:
    """The first argument of call `i` whose shape varies, or None; one that surely does before others."""
    best: Found | None = None
    unsure: Found | None = None
    for found in _varying(context, m, i):
        if not found.shape.sure:
            unsure = unsure or found
        elif _brings(found):
            return found
        else:
            best = best or found
    return best or unsure


def ways(context: Context, m: Module, i: int) -> Iterator[Repeat]:
    """The repeats that bring new shapes of an argument of call `i`."""
    return (found.repeat for found in _varying(context, m, i) if _brings(found))


def _varying(context: Context, m: Module, i: int) -> Iterator[Found]:
    """The arguments whose shapes vary, by repeat."""
    given = [e for e in m.arguments(i) if not isinstance(e, Starred)]
    for repeat in islice(hot.repeats(context, m, i, outer=True), MAX_REPEATS) if given else ():
        if repeat.count is not None and repeat.count <= FEW or not hot.eager(context, repeat):
            continue
        for expression in given:
            shape = argument(context, repeat, expression)
            if shape is not None:
                yield Found(repeat, shape)


def _brings(found: Found) -> bool:
    """Is it the repeat itself that brings the new shapes?"""
    return found.shape.loop is None or found.shape.loop == (found.repeat.module, found.repeat.block)


class _Shapes(DataLengths):
    """The search for a shape that varies in one argument."""

    def of(self, position: int, e: Expression, at: int, around: int, depth: int) -> Shape | None:
        """What varies in the shape of an expression; the arguments are those of `varying_values.Search.of`."""
        if depth > MAX_DEPTH or not self.step():
            return None
        if isinstance(e, Subscript):
            return self.subscript(position, e, at, around, depth + 1)
        if isinstance(e, Name):
            return self.name(position, e.id, at, around, depth + 1)
        if isinstance(e, CallRef):
            return self.call(position, e.number, at, around, depth + 1)
        if isinstance(e, BinaryOp):
            return self.of(position, e.left, at, around, depth + 1) or self.of(position, e.right, at, around, depth + 1)
        if isinstance(e, Conditional):
            return self.of(position, e.body, at, around, depth + 1) or self.of(
                position, e.orelse, at, around, depth + 1
            )
        if isinstance(e, Walrus):
            return self.of(position, e.value, at, around, depth + 1)
        return None

    def subscript(self, position: int, e: Subscript, at: int, around: int, depth: int) -> Shape | None:
        """`x[:n]`, `x[chosen]`, `x[None]`"""
        items = e.index.items if isinstance(e.index, TupleDisplay) else (e.index,)
        axes = [new_axis(item) for item in items]
        for item, added in zip(items, axes):
            if isinstance(item, Slice) and item.step is None:
                found = self.slice(position, item.low, item.high, at, around)
                if found:
                    return found
            elif isinstance(item, BinaryOp) or isinstance(item, Name) and len(items) == 1:
                if not added:
                    found = self.of(position, item, at, around, depth)  # x[chosen] has the length of `chosen`
                    if found:
                        return found
            if not added:
                found = self.masked(position, item, at)
                if found:
                    return found
        if any(axes) or any(isinstance(item, Slice) for item in items):
            found = self.of(position, e.base, at, around, depth)
            return _unless_rows(found) if any(axes) else found
        return None

    # -- names ---------------------------------------------------------------------------------------------------------

    def name(self, position: int, name: str, at: int, around: int, depth: int) -> Shape | None:
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
            return self.known[asked]
        cuts = self.cuts
        self.names.add(key)
        try:
            shape = next(filter(None, (self._binding(position, name, b, around, depth) for b in reaching)), None)
        finally:
            self.names.discard(key)
        if self.cuts == cuts:
            self.known[asked] = shape
            self.held.append(reaching)
        return shape

    def _binding(self, position: int, name: str, binding: Binding, around: int, depth: int) -> Shape | None:
        """What varies in the shape of what one binding gives the name."""
        m, scope = self.numbers.place(position)
        kind, value, path = binding.kind, binding.value, binding.path
        if kind == "param" and isinstance(value, int) and position > 0:
            other, j = self.repeat.hops[position - 1]
            given = self.infer.argument(m, scope, value, other, j)
            if given is not None:
                return self.of(position - 1, given, other.calls[j].statement, other.calls[j].block, depth)
        if not isinstance(value, Expression):
            return None
        if kind == "assign" and not path:
            where = m.statements[binding.statement].block
            if (
                isinstance(value, CallRef)
                and tail_of(m.calls[value.number].func) in _GROWN
                and m.loops(where)
                and self.numbers.repeated(position, where)
                and any(e == Name(name) for e in walk(value, m.calls))
                and not _cut(m, scope, name, where)
                and binding in self.infer.reaching(m, m.bindings(scope)[name], binding.statement)
                and not few_additions(self.context, m, next(iter(m.loops(where))))
            ):
                return Shape(f"`{name}`, which grows")
            if self.numbers.repeated(position, where):
                return self.of(position, value, binding.statement, where, depth)
        elif kind == "iter" and any(bound_by(m, binding, c) for c in m.loops(around)):
            if not path or path == (0,):
                return self.padded(position, value, binding.statement)
        return None

    # -- calls ---------------------------------------------------------------------------------------------------------

    def call(self, position: int, i: int, at: int, around: int, depth: int) -> Shape | None:
        """What varies in the shape of what call `i` gives."""
        m, scope = self.numbers.place(position)
        call = m.calls[i]
        f, args, tail = call.func, call.args, tail_of(call.func)
        if tail in _RESIZED and len(args) > 1:
            return self.sizes(position, args[1], at, around)
        if tail in _FILLED:
            return self._filled(position, call, tail, at, around)
        if tail in _GROWN and args:
            return self.of(position, args[0], at, around, depth)
        if tail == "pad_sequences":
            if any(keyword.name == "maxlen" for keyword in call.keywords) or len(args) != 1:
                return None
            return self.length(position, args[0], at, around, depth)
        if tail in _IMAGES or tail == "open" and isinstance(f, Attribute) and tail_of(f.base) == "Image":
            sized = any(keyword.name in ("target_size", "size") for keyword in call.keywords)
            if sized or isinstance(_given(call), Constant):
                return None
            return Shape("an image of the size that its file has", sure=self.repeat.kind == "handler")
        if tail == "load":
            return self.stored(position, call)
        mask = self.mask_of(call)
        if mask is not None:
            return self.masked(position, mask, at)
        if tail not in _SAME_SHAPE:
            return None
        if args and tail in _ROWS and from_request(m, scope, args[0]):
            return Shape("rows of a request, whose number changes")
        if args and not (tail in _METHODS and isinstance(f, Attribute) and not self._is_module(m, scope, call, f)):
            found = self.length(position, args[0], at, around, depth) or self.of(position, args[0], at, around, depth)
            if found is None and tail in _ROWS:
                found = self.of_data(position, args[0], at, depth)
            if tail == "reshape":
                return _reshaped(found)
            return _unless_rows(found) if tail in ("expand_dims", "atleast_2d") else found
        if isinstance(f, Attribute):
            found = self.of(position, f.base, at, around, depth)
            if tail == "reshape":
                return _reshaped(found)
            return _unless_rows(found) if tail == "squeeze" else found  # one row of features
        return None

    def _filled(self, position: int, call: Call, tail: str, at: int, around: int) -> Shape | None:
        """An array that is made of a size: `np.zeros((n, 3))`."""
        given = call.args if _FILLED[tail] is None else call.args[:1]
        named = [k.value for k in call.keywords if k.name in ("shape", "size", "num", "dims")]
        return next(filter(None, (self.sizes(position, a, at, around) for a in (*given, *named))), None)

    def _is_module(self, m: Module, scope: int, call: Call, f: Attribute) -> bool:
        """Is what stands before the dot a module: `np.reshape(x, …)`?"""
        return any(isinstance(v, (External, ModuleValue)) for v in self.infer.values(m, scope, f.base, call.statement))


def _unless_rows(found: Shape | None) -> Shape | None:
    """What was found, unless it is about rows, which are not what varies behind a new axis."""
    return None if found and found.what.startswith("rows ") else found


def _reshaped(found: Shape | None) -> Shape | None:
    """The same for what is given another shape: where the size was only possible, the new one says what it is."""
    return _unless_rows(found) if found and found.sure else None


def _cut(m: Module, scope: int, name: str, where: int) -> bool:
    """Is the name cut back in the same loop: `tokens = tokens[-n:]`?"""
    *_, loop = m.loops(where)
    return any(
        b.kind == "assign"
        and isinstance(b.value, Subscript)
        and b.value.base == Name(name)
        and m.inside(m.statements[b.statement].block, loop)
        for b in m.bindings(scope).get(name, ())
    )


def _given(call: Call) -> Expression:
    """What a reader is given: the path, or all that it is called with."""
    return next((e for e in (*call.args, *[keyword.value for keyword in call.keywords])), NONE)
