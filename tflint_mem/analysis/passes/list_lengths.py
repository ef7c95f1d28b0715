"""Is a list, a text or a batch longer in one pass than in another?

Only what the code shows counts: a list that grows, a text that is split, a comprehension over a size that varies, a
dataset
that pads to the longest element of each batch.
"""

from __future__ import annotations

from tflint_mem.facts import (
    NONE,
    Assign,
    Attribute,
    CallRef,
    Comprehension,
    Constant,
    Delete,
    Expression,
    ListDisplay,
    Name,
    SequenceDisplay,
    Subscript,
    tail_of,
    walk,
)
from tflint_mem.project.repeats.headers import test_of

from .sizes import Shape, Sizes
from .steady import bound_by
from .varying import FEW

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Call
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

MAX_DEPTH = 10  # expressions in each other, names included
_MAX_CHAIN = 6  # steps from a dataset back to where it is padded
# Methods that make a list shorter: one that is called on a list in the loop says that it does not grow for good.
_SHRINKS = frozenset(("pop", "popleft", "clear", "remove"))
_TEXT = frozenset(("split", "splitlines", "tokenize", "encode", "word_tokenize", "list"))
_LOOKED_UP = frozenset(("get", "ord", "index", "char_to_id", "encode"))
_EMPTY = ListDisplay(())


class ListLengths(Sizes):
    """Questions about the lengths of lists, texts and padded batches."""

    def length(self, position: int, e: Expression, at: int, around: int, depth: int) -> Shape | None:
        """A Python list that becomes an array: does its length vary?"""
        m, scope = self.numbers.place(position)
        if depth > MAX_DEPTH or not self.step():
            return None
        if isinstance(e, SequenceDisplay):
            return next(filter(None, (self.length(position, item, at, around, depth + 1) for item in e.items)), None)
        if isinstance(e, Comprehension):
            return self._encoded(position, e, at, around)
        if isinstance(e, Name):
            for b in self.infer.reaching(m, m.bindings(scope).get(e.id, []), at):
                if b.kind == "assign" and not b.path and isinstance(b.value, (Comprehension, ListDisplay)):
                    where = m.statements[b.statement].block
                    if b.value == _EMPTY:
                        if _fed(self.context, m, scope, e.id, where, around):
                            return Shape(f"the list `{e.id}`, which grows")
                    elif self.numbers.repeated(position, where):
                        found = self.length(position, b.value, b.statement, where, depth + 1)
                        if found:
                            return found
        return None

    def _encoded(self, position: int, e: Comprehension, at: int, around: int) -> Shape | None:
        """`[vocabulary[word] for word in sentence.split()]`, `[f(i) for i in range(n)]`."""
        m, _ = self.numbers.place(position)
        clause = m.blocks[e.block].clause
        if isinstance(clause.iterable, CallRef):
            call = m.calls[clause.iterable.number]
            if tail_of(call.func) == "range" and call.args:
                return self.sizes(position, call.args[-1] if len(call.args) < 3 else call.args[1], at, around)
            text = _text_of(call)
            if text is not None and self._looped(position, text, at, around):
                return Shape("a text encoded word by word")
            return None
        item = e.items[0]
        looked_up = (
            isinstance(item, Subscript)
            and item.index == clause.target
            or isinstance(item, CallRef)
            and tail_of(m.calls[item.number].func) in _LOOKED_UP
            and clause.target in m.calls[item.number].args
        )
        if looked_up and self._looped(position, clause.iterable, at, around):
            return Shape("a text encoded character by character")
        return None

    def _looped(self, position: int, e: Expression, at: int, around: int) -> bool:
        """Is it the variable of a loop around, or made from it?"""
        m, scope = self.numbers.place(position)
        for inner in walk(e, m.calls):
            if not isinstance(inner, Name) or not self.step():
                continue
            for b in self.infer.reaching(m, m.bindings(scope).get(inner.id, []), at):
                if b.kind == "iter" and any(bound_by(m, b, c) for c in m.loops(around)):
                    return True
                if b.kind == "param" and isinstance(b.value, int) and position > 0:
                    other, j = self.repeat.hops[position - 1]
                    given = self.infer.argument(m, scope, b.value, other, j)
                    if given is not None and self._looped(
                        position - 1, given, other.calls[j].statement, other.calls[j].block
                    ):
                        return True
        return False

    def padded(self, position: int, e: Expression, at: int, depth: int = 0) -> Shape | None:
        """Is it a dataset whose batches are padded to the longest of each: `padded_batch` without fixed shapes?"""
        m, scope = self.numbers.place(position)
        if depth > _MAX_CHAIN or not self.step():
            return None
        if isinstance(e, Name):
            bindings = m.bindings(scope).get(e.id)
            for b in self.infer.reaching(m, bindings, at) if bindings else ():
                if b.kind == "assign" and not b.path and isinstance(b.value, Expression):
                    found = self.padded(position, b.value, b.statement, depth + 1)
                    if found:
                        return found
            return None
        if not isinstance(e, CallRef):
            return None
        call = m.calls[e.number]
        tail = tail_of(call.func)
        if tail in ("padded_batch", "bucket_by_sequence_length"):
            if "dataset." + tail in self.context.project.apis(m, e.number):
                return _padding(m, call, tail)
        if isinstance(call.func, Attribute):
            return self.padded(position, call.func.base, at, depth + 1)
        if tail in ("enumerate", "iter", "tqdm") and call.args:
            return self.padded(position, call.args[0], at, depth + 1)
        return None


# What makes pictures of one size.
_ONE_SIZE = ("resize", "resize_with_crop_or_pad", "resize_with_pad", "random_crop", "ensure_shape", "set_shape")


def _padding(m: Module, call: Call, tail: str) -> Shape | None:
    """A Shape for the batches of a call that pads, unless it pads all of them to one length."""
    if any(keyword.name == "pad_to_bucket_boundary" for keyword in call.keywords):
        return None
    if any(m.calls_by_tail().get(name) for name in _ONE_SIZE):
        return None  # there is nothing to pad
    by_place = call.args[1] if tail == "padded_batch" and len(call.args) > 1 else None
    shapes = next((keyword.value for keyword in call.keywords if keyword.name == "padded_shapes"), by_place)
    if shapes is None or any(inner == NONE for inner in walk(shapes, m.calls)):
        return Shape(f"a batch of `{tail}`, which is as wide as its longest element")
    return None


def _text_of(call: Call) -> Expression | None:
    """The text that a call takes apart: `sentence` of `sentence.split()`; None for another call."""
    tail = tail_of(call.func)
    if tail not in _TEXT:
        return None
    if isinstance(call.func, Attribute) and tail != "word_tokenize" and not call.args:
        return call.func.base
    return call.args[0] if call.args else Constant(0)


def few_additions(context: Context, m: Module, loop: int) -> bool:
    """Has a loop so few passes that what grows in it, and begins anew with it, has a handful of lengths?"""
    count = context.project.repeats_of.usual.count(m, loop)
    return count is not None and count <= FEW


def _fed(context: Context, m: Module, scope: int, name: str, where: int, around: int) -> bool:
    """A list that was empty before the loop, is appended to in it, never cut back, and not asked for its length before
    the call.
    """
    place = Name(name)
    for loop in m.loops(around):
        if m.inside(where, loop) or few_additions(context, m, loop):
            continue
        grows = False
        for i in m.scope_calls(scope):
            f = m.calls[i].func
            if isinstance(f, Attribute) and f.base == place and m.inside(m.calls[i].block, loop):
                if f.attr in _SHRINKS:
                    return False
                grows = grows or f.attr in ("append", "extend", "insert")
        if not grows:
            continue
        for s in m.scope_statements(scope):
            statement = m.statements[s]
            if isinstance(statement, (Delete, Assign)) and m.inside(statement.block, loop):
                if any(t == place or isinstance(t, Subscript) and t.base == place for t in statement.targets):
                    return False
        return not _measured(m, place, around, loop)
    return False


def _measured(m: Module, place: Name, around: int, loop: int) -> bool:
    """Does an `if len(name) …` stand between?"""
    for b in m.chain(around):
        if b == loop:
            return False
        if m.blocks[b].kind == "if" and any(e == place for e in walk(test_of(m, b), m.calls)):
            return True
    return False
