"""What a model is trained on and called with, in the place of data that a program loads: arrays of the shapes that the
model itself says."""

from __future__ import annotations

import ast

from .scope import reads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_TRAINS = {
    "fit": "fit",
    "fit_generator": "fit",
    "train_on_batch": "train_on_batch",
    "evaluate": "evaluate",
    "evaluate_generator": "evaluate",
    "test_on_batch": "test_on_batch",
}
_CALLS = {"predict": "predict", "predict_generator": "predict", "predict_on_batch": "predict_on_batch"}
_LONG = frozenset(("fit", "evaluate", "predict"))  # that print what they do, and go through more than a batch

FED = '''
def _fed(model, otherwise, targets=True):
    """Noise of the shapes that the model itself says: inputs, and targets where they are wanted."""
    import numpy as np

    def shape_of(name):
        try:
            return getattr(model, name)
        except (AttributeError, ValueError, RuntimeError):
            return None

    def made(shape):
        if isinstance(shape, dict):
            return {name: made(part) for name, part in shape.items()}
        if isinstance(shape, list):
            return [made(part) for part in shape]
        return np.random.rand(4, *[side or 8 for side in shape[1:]]).astype("float32")

    inputs = made(shape_of("input_shape") or (None, *otherwise))
    if not targets:
        return (inputs,)
    outputs = shape_of("output_shape") or (None, *model(inputs).shape[1:])
    if "sparse" in str(getattr(model, "loss", "")) and isinstance(outputs, tuple):
        return inputs, np.zeros((4, *[side or 8 for side in outputs[1:-1]]), "int32")
    return inputs, made(outputs)

'''


class Feeding(ast.NodeTransformer):
    """Replaces what models are given.

    used   it has replaced something        lost   with it went callbacks, which may be what counts
    """

    def __init__(self, shape: Sequence[int], given: set[str], data: set[str]) -> None:
        """shape: of one example, for a model that says none

        given, data   names that have values of the user's; names that hold loaded data
        """
        self.used = self.lost = False
        self._shape, self._given, self._data = tuple(shape), given, data

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """A call of `fit`, `predict` or one of their kind."""
        self.generic_visit(node)
        called = node.func
        if not isinstance(called, ast.Attribute) or not (node.args or node.keywords):
            return node
        name = _TRAINS.get(called.attr) or _CALLS.get(called.attr)
        if name is None or reads(*node.args) <= self._given:
            return node
        self.used = True
        self.lost = self.lost or any(keyword.arg == "callbacks" for keyword in node.keywords)
        targets = "" if called.attr in _TRAINS else ", targets=False"
        quiet = (", epochs=1" if name == "fit" else "") + (", verbose=0" if name in _LONG else "")
        receiver = ast.unparse(called.value)
        source = f"{receiver}.{name}(*_fed({receiver}, {self._shape!r}{targets}){quiet})"
        if not reads(node) & self._data:
            # an object of the program's own that has a method of this name is called as it is
            source += f' if hasattr({receiver}, "compile") else {ast.unparse(node)}'
        return ast.parse(source, mode="eval").body
