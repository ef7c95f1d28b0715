"""The values of the inference.

A value is a small tuple; an expression has a frozenset of them (empty: unknown).

    ("ext", dotted)          something of another package, by the dotted name it was reached through
    ("mod", m)               a module of the project          ("fn", m, scope)      a function or lambda of the project
    ("cls", m, scope)        a class of the project           ("inst", m, scope)    an instance of it
    ("meth", value, m, scope) a bound method                  ("bm", value, name)   a method of something that is not ours
    ("obj", kind, origin)    a thing that TensorFlow makes (kinds: see knowledge); origin is (m, call) or None
    ("seq", values)          a list, set or generator         ("tup", (values, ...)) a tuple
    ("map", items, values)   a dictionary: ((key, values), ...) and all its values
    ("part", values, count)  functools.partial of a callable with so many positional arguments given
    ("k", constant)
"""

MAX_VALUES = 16
MAX_DEPTH = 100  # of expressions in each other
SURE_DEPTH = 60  # answers that were found further down are not kept when a search was cut off there
MAX_CALLERS = 32
MODEL_BASES = frozenset(("keras.Model", "keras.Sequential", "keras.Functional"))


class Ordered(frozenset):
    """Several values, gone through in the same order in every run: strings hash differently each time, and a cycle is cut where it is met first."""

    __slots__ = ("_order",)

    def __iter__(self):
        try:
            return iter(self._order)
        except AttributeError:
            self._order = sorted(frozenset.__iter__(self), key=repr)
            return iter(self._order)


def obj(kind, origin=None):
    return ("obj", kind, origin)


def one(value):
    return frozenset((value,))


def few(values):
    return frozenset(values if len(values) <= MAX_VALUES else sorted(values, key=repr)[:MAX_VALUES])


def has_content(values):
    for v in values:
        if v[0] == "seq" and v[1] or v[0] == "map" and v[2] or v[0] == "tup" and v[1] or v[0] == "obj" or v[0] == "inst":
            return True
        if v[0] in ("ext", "fn", "cls", "k"):
            return True
    return not any(v[0] in ("seq", "map") for v in values)
