"""Stand-ins that do not fit each other, or what the code makes of them: models and arrays are made again to fit."""

from __future__ import annotations

import re

from tflint_mem.verify.standins import files, hints, models
from tflint_mem.verify.standins.action import Action, Rewrite
from tflint_mem.verify.standins.substitute import substitute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .state import State

_MISFITS = re.compile(
    r"incompatible with the layer|incompatible input shape|has incompatible shape|Matrix size-incompatible"
    r"|cardinality is ambiguous|must have the same (?:shape|rank|first dimension)|Shapes? .* are incompatible"
    r"|outside the valid range|Dimensions must be equal|Incompatible shapes|Inputs to a layer should be tensors"
    r"|rank .* is undefined|could not convert string to float|Invalid dtype"
    r"|expects \d+ input\(s\)|Input shapes? (?:must|should)|Unsupported object type|Failed to convert a NumPy array",
    re.IGNORECASE | re.DOTALL,
)
_WORDS = "data that does not fit the user's own model is repeated or cut to its shapes"
_MISMATCH = (
    r"could not broadcast input array from shape \(([^)]*)\) into shape \(\d+, ?\d+, ?\d+\)",
    r"expected shape=\(([^)]*)\), found shape=\(([^)]*)\)",
    r"Expected shape \(([^)]*)\), but input has incompatible shape \(([^)]*)\)",
    r"incompatible with the layer: expected (?:axis -1|min_ndim).*?(?:full shape|Full shape) received: \(([^)]*)\)",
    r"Expected input_shape.*?got \(([^)]*)\)",
)


def shape(error: BaseException, state: State) -> Iterator[Action]:
    """A stand-in model got data of another shape than it takes: it is made again for that shape."""
    written = re.search(
        r"tf\.keras\.Sequential\(\[tf\.keras\.Input\(\([\d, ]*\)\)[^\n]*?activation='softmax'[^\n]*?\)\]\)",
        state.text(),
    )
    if (
        not (state.models or written)
        or not isinstance(error, (ValueError, TypeError))
        and "InvalidArgument" not in type(error).__name__
    ):
        return
    for pattern in _MISMATCH:
        match = re.search(pattern, str(error), re.IGNORECASE | re.DOTALL)
        if match is None:
            continue
        last = match.group(match.lastindex or 0)
        found = [word.strip() for word in last.split(",") if word.strip()]
        if "broadcast" in pattern:
            found.insert(0, "1")  # one example, without the batch
        if any(not (word.isdigit() or word == "None") for word in found) or len(found) < 2:
            continue
        new = tuple(int(word) if word.isdigit() else 16 for word in found[1:])
        if new == state.shape:
            continue
        state.shape = new
        yield from _remade(state)
        if "broadcast" in pattern:
            state.setup = [
                code for code in state.setup if not any("np.save(%r" % path in code for path in state.arrays)
            ]
            for path in state.arrays:
                yield files.array_file(path, (hints.rows_for(state.text()), *new))
        if written and not state.models:
            names = tuple(re.findall(r"name='([^']+)'", written.group(0)))
            yield Action(
                "",
                "the stand-in model takes inputs of shape %r" % (new,),
                Rewrite(written.group(0), models.network(new, layer_names=names)),
            )
        return


def rank(error: BaseException, state: State) -> Iterator[Action]:
    """A guessed array has too few dimensions for the user's own layers."""
    match = re.search(r"expected (?:min_)?ndim=(\d), found ndim=\d\. Full shape received: \(([\d, ]+)\)", str(error))
    sides = {3: (16, 8, 16), 4: (4, 64, 64, 3), 5: (2, 8, 32, 32, 3)}.get(int(match.group(1))) if match else None
    old = "np.random.rand(*(%s))" % match.group(2).strip() if match else ""
    if sides and old in state.text():
        yield Action(
            "",
            "random numbers of shape %r, since the code's own layers take as many dimensions" % (sides,),
            Rewrite(old, "np.random.rand(*%r)" % (sides,)),
        )


def outputs(error: BaseException, state: State) -> Iterator[Action]:
    """A stand-in model gives ten numbers for each example where the code has one."""
    if (
        state.models
        and state.outputs == 10
        and re.search(r"\[(\d+),10\] vs\.? \[\1(,1)?\]|\[(\d+)(,1)?\] vs\.? \[\3,10\]", str(error))
    ):
        state.outputs = 1
        yield from _remade(state)


def layer(error: BaseException, state: State) -> Iterator[Action]:
    """A layer that the snippet asks for by name: the stand-in model gets one of that name."""
    match = re.search(r"No such layer: (\S+?)\.? Existing layers", str(error))
    if match and state.models and match.group(1) not in state.layer_names:
        state.layer_names.append(match.group(1))
        yield from _remade(state)


def classes(error: BaseException, state: State) -> Iterator[Action]:
    """A stand-in model says a class for which the code has no label: it says one of two instead."""
    number = isinstance(error, KeyError) and error.args and re.match(r"(np\.int\d+\()?\d+\)?$", repr(error.args[0]))
    if (
        state.models
        and state.outputs > 2
        and (number or isinstance(error, IndexError) and "index out of range" in str(error))
    ):
        state.outputs = 2
        yield from _remade(state)


def _remade(state: State) -> list[Action]:
    """Actions that make all stand-in models anew; those for the old ones are dropped."""

    def makes(code: str, path: str) -> bool:
        return any(form % path in code for form in (".save(%r)", ".export(%r)", "open(%r, 'wb')"))

    state.setup = [code for code in state.setup if not any(makes(code, path) for path in state.models)]
    return [model_for(path, state) for path in state.models]


def model_for(path: str, state: State) -> Action:
    """The stand-in for a model at a path, as it is known now that it has to be."""
    return models.model_file(path, state.input_shape(), state.layer_names, _trains(state.text()), state.outputs)


def _trains(text: str) -> bool:
    """Is a model trained or scored that nothing here compiles?  It was compiled when it was saved."""
    return re.search(r"\.(fit|evaluate|train_on_batch|test_on_batch)\(", text) is not None and ".compile(" not in text


def fitted(error: BaseException, state: State) -> Iterator[Action]:
    """Stand-in data that does not fit the user's own model is brought to its shapes on the way in."""
    if _MISFITS.search(str(error)) and (state.setup or "np.random." in state.text()):
        yield substitute("fitting", _WORDS)
