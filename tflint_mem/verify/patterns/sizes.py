"""What the text of checked code tells about sizes: how wide its examples and layers are, how many rows a batch has."""

from __future__ import annotations

import re

from tflint_mem.verify.standins.hints import plausible_shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_LAYERS = re.compile(r"\b(?:Dense|LSTM|GRU|Conv[123]D|units|filters|hidden_units|n_units)\s*[(=]\s*(?:units=)?(\d+)")
_BATCH = re.compile(r"\bbatch_?size\s*=\s*(\d+)|\.batch\(\s*(\d+)", re.IGNORECASE)
# what keeps a measurement short: a pattern costs by its kind, and is not to fill the machine
_MOST = {"INPUTS": 4096, "UNITS": 2048, "ROWS": 512}


def sizes_in(text: str, names: Iterable[str]) -> dict[str, int]:
    """Sizes that a text tells, of those with these names: INPUTS (numbers in one example), UNITS (of its widest
    layer), ROWS (of a batch)."""
    found: dict[str, int] = {}
    shape = plausible_shape(text)
    if re.search(r"\bInput\(|input_shape|input_dim|shape\s*=", text):
        count = 1
        for side in shape:
            count *= side
        found["INPUTS"] = count
    widths = [int(number) for number in _LAYERS.findall(text)]
    if widths:
        found["UNITS"] = max(widths)
    rows = [int(first or second) for first, second in _BATCH.findall(text)]
    if rows:
        found["ROWS"] = max(rows)
    wanted = set(names)
    return {name: min(size, _MOST[name]) for name, size in found.items() if name in wanted and size > 0}
