"""Names that NumPy has given up, for code that was written with an older one."""

from __future__ import annotations

import re

from .action import Action

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# name -> what NumPy itself names in its place
_NOW = {
    "in1d": "lambda ar1, ar2, *arguments, **options: np.isin(np.ravel(ar1), ar2, *arguments, **options)",
    "bool": "bool",
    "int": "int",
    "float": "float",
    "complex": "complex",
    "object": "object",
    "str": "str",
    "long": "int",
    "unicode": "str",
    "float_": "np.float64",
    "complex_": "np.complex128",
    "string_": "np.bytes_",
    "unicode_": "np.str_",
    "NaN": "np.nan",
    "NAN": "np.nan",
    "Inf": "np.inf",
    "Infinity": "np.inf",
    "infty": "np.inf",
    "PINF": "np.inf",
    "NINF": "-np.inf",
    "PZERO": "0.0",
    "NZERO": "-0.0",
    "product": "np.prod",
    "cumproduct": "np.cumprod",
    "alltrue": "np.all",
    "sometrue": "np.any",
    "row_stack": "np.vstack",
    "round_": "np.round",
    "mat": "np.asmatrix",
    "trapz": "np.trapezoid",
    "asscalar": "lambda array: array.item()",
    "asfarray": "lambda array, dtype=float: np.asarray(array, dtype)",
    "msort": "lambda array: np.sort(array, axis=0)",
    "rank": "np.ndim",
    "cast": "{np.dtype(name).type: np.dtype(name).type for name in 'bhilBHILfd'}",
}
_MISSES = re.compile(r"module 'numpy' has no attribute '(\w+)'|`np\.(\w+)` was removed")


def missing(message: str) -> str | None:
    """The name that NumPy no longer has, from an AttributeError's message, or None."""
    match = _MISSES.search(message)
    return (match.group(1) or match.group(2)) if match else None


def again(error: BaseException) -> Iterator[Action]:
    """The name again, in terms of what took its place; nothing for any other exception."""
    name = missing(str(error)) if isinstance(error, AttributeError) else None
    if name is not None and name in _NOW:
        now = _NOW[name]
        said = now.split(":")[1].strip().split("(")[0] if now.startswith("lambda") else now.split(" for ")[0]
        yield Action(
            "import numpy as np\nif %r not in vars(np):\n    np.%s = %s\n" % (name, name, now),
            "np.%s: %s, since this NumPy no longer has it" % (name, said),
        )
