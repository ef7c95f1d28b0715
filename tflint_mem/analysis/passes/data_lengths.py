"""Is an array of a length that the data says: rows of JSON, tokens of a text, what a mask lets through?

That a text has as many tokens as it has, and a mask as many places as it has, is sure.  Whether files hold rows or
images of one size or of several nobody sees: such a `Shape` is not sure.
"""

from __future__ import annotations

from tflint_mem.facts import (
    FALSE,
    Attribute,
    BinaryOp,
    CallRef,
    Comparison,
    Constant,
    Expression,
    Name,
    SequenceDisplay,
    Subscript,
    UnaryOp,
    tail_of,
)

from . import hot
from .list_lengths import MAX_DEPTH, ListLengths
from .sizes import Shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Call

_JSON = frozenset(("json.loads", "json.load", "ujson.loads", "ujson.load", "orjson.loads"))
_TOKENS = frozenset(
    (
        "encode",
        "encode_plus",
        "batch_encode_plus",
        "encode_as_ids",
        "EncodeAsIds",
        "texts_to_sequences",
        "convert_tokens_to_ids",
    )
)
_SUBWORD = ("token", "tok", "sp", "spm", "bpe", "vocab")  # what a tokenizer is called, or begins with
_OF_ONE_LENGTH = frozenset(("max_length", "padding", "pad_to_max_length", "maxlen"))
_PLACES = frozenset(("where", "nonzero", "flatnonzero", "argwhere"))
_LOGIC = frozenset(("&", "|", "^"))
_MASKED = frozenset(("boolean_mask", "compress"))

ROWS = "as many rows as a piece of JSON holds"
TOKENS = "as many tokens as a text has"
MASKED = "as many rows as a mask lets through"
STORED = "an array of the size that its file has"


class DataLengths(ListLengths):
    """Questions about lengths that only the data tells."""

    def of_data(self, position: int, e: Expression, at: int, depth: int) -> Shape | None:
        """A Shape for what becomes an array: a name, an item, or what reads or encodes."""
        m, scope = self.numbers.place(position)
        if depth > MAX_DEPTH or not self.step():
            return None
        if isinstance(e, SequenceDisplay):
            return next(filter(None, (self.of_data(position, item, at, depth + 1) for item in e.items)), None)
        if isinstance(e, Subscript):
            return self.of_data(position, e.base, at, depth + 1)
        if isinstance(e, Name):
            for b in self.infer.reaching(m, m.bindings(scope).get(e.id, []), at):
                if b.kind == "assign" and not b.path and isinstance(b.value, Expression):
                    if self.numbers.repeated(position, m.statements[b.statement].block):
                        found = self.of_data(position, b.value, b.statement, depth + 1)
                        if found:
                            return found
            return None
        if not isinstance(e, CallRef):
            return None
        call = m.calls[e.number]
        f = call.func
        if _tokenizes(call):
            given = call.args[0] if call.args else None
            return Shape(TOKENS) if given is not None and not isinstance(given, Constant) else None
        if not self.context.project.apis(m, e.number).isdisjoint(_JSON):
            return Shape(ROWS, sure=False)
        if isinstance(f, Attribute) and f.attr in ("get", "pop"):
            return self.of_data(position, f.base, at, depth + 1)
        return None

    def stored(self, position: int, call: Call) -> Shape | None:
        """A Shape for `np.load(path)` with a path that changes."""
        f, args = call.func, call.args
        if not isinstance(f, Attribute) or f.attr != "load" or f.base not in (Name("np"), Name("numpy")) or not args:
            return None
        changes = position == len(self.repeat.hops) - 1 and not hot.steady(self.context, self.repeat, args[0])
        return Shape(STORED, sure=False) if changes else None

    def masked(self, position: int, index: Expression, at: int) -> Shape | None:
        """A Shape for `x[mask]` and `x[np.where(mask)]` where each pass has a mask of its own."""
        if position != len(self.repeat.hops) - 1 or not self._is_mask(position, index, at, 0):
            return None
        return None if hot.steady(self.context, self.repeat, index) else Shape(MASKED)

    def mask_of(self, call: Call) -> Expression | None:
        """The mask of `tf.boolean_mask(x, mask)`."""
        return call.args[1] if tail_of(call.func) in _MASKED and len(call.args) > 1 else None

    def _is_mask(self, position: int, e: Expression, at: int, depth: int) -> bool:
        m, scope = self.numbers.place(position)
        if depth > MAX_DEPTH or not self.step():
            return False
        if isinstance(e, Comparison):
            return all(operator not in ("is", "is not", "in", "not in") for operator in e.ops)
        if isinstance(e, BinaryOp) and e.op in _LOGIC:
            return any(self._is_mask(position, side, at, depth + 1) for side in (e.left, e.right))
        if isinstance(e, UnaryOp) and e.op == "~":
            return self._is_mask(position, e.operand, at, depth + 1)
        if isinstance(e, Subscript) and isinstance(e.base, CallRef):  # np.where(mask)[0]
            return tail_of(m.calls[e.base.number].func) in _PLACES
        if isinstance(e, CallRef):
            call = m.calls[e.number]
            return tail_of(call.func) in _PLACES and len(call.args) == 1
        if isinstance(e, Name):
            reaching = self.infer.reaching(m, m.bindings(scope).get(e.id, []), at)
            return bool(reaching) and all(
                b.kind == "assign"
                and not b.path
                and isinstance(b.value, Expression)
                and self._is_mask(position, b.value, b.statement, depth + 1)
                for b in reaching
            )
        return False


def _tokenizes(call: Call) -> bool:
    """Does a tokenizer, told so by its name, encode a text, and not to a length that is said?"""
    f = call.func
    if isinstance(f, Attribute) and f.attr in _TOKENS:
        named = any(part.startswith(_SUBWORD) for part in (tail_of(f.base) or "").lower().split("_"))
    else:
        named = "tokenizer" in (tail_of(f) or "")
    return named and not any(keyword.name in _OF_ONE_LENGTH and keyword.value != FALSE for keyword in call.keywords)
