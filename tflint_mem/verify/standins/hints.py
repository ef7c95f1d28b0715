"""What a snippet's own text says about what it works with: shapes, rows, columns, protocols."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Shape = Sequence[int]  # of one example, without the batch

_OF_OBSERVATIONS = r"(?:input_dims|state_dim|obs_dim|state_size|n_features)\s*=\s*[\[(]?\s*(\d[\d,\s]*)"
_SHAPE_HINTS = (
    _OF_OBSERVATIONS,
    r"(?:input_shape|shape)\s*=\s*\(([\d,\s]+)\)",
    r"\bInput\(\s*\(([\d,\s]+)\)",
    r"(?:target_size|image_size|img_size|IMG_SIZE|IMAGE_SIZE|INPUT_SIZE)\s*=\s*[\[(]([\d,\s]+)[\])]",
    r"resize\([^()]*?[\[(]\s*(\d+\s*,\s*\d+)\s*[\])]",
    r"reshape\(\s*[\[(]?\s*-?1\s*,\s*([\d,\s]+)[\])]",
    r"(?:zeros|ones|normal|uniform|rand|randn|random)\(\s*(?:size\s*=\s*|shape\s*=\s*)?[\[(]?\s*1\s*,\s*([\d,\s]+)[\])]",
)


def plausible_shape(text: str) -> tuple[int, ...]:
    """The input shape (without the batch) that the snippet's own words suggest.

    Pictures of 64 x 64, or sixteen numbers, when they say nothing.
    """
    for pattern in _SHAPE_HINTS:
        match = re.search(pattern, text)
        if match:
            numbers = tuple(int(word) for word in re.findall(r"\d+", match.group(1)))
            if not numbers or 0 in numbers or len(numbers) > 4:
                continue
            if (
                len(numbers) == 2
                and not re.search(r"LSTM|GRU|Conv1D|timesteps|sequence", text)
                and "reshape" not in pattern
            ):
                return numbers + (3,)
            return numbers
    if re.search(r"image|img|frame|photo|picture|cv2|\bPIL\b", text, re.IGNORECASE):
        return (64, 64, 3)
    return (16,)


def observation_shape(text: str) -> tuple[int, ...]:
    """What an environment shows: what the code says, frames for code with convolutions, else a handful of numbers."""
    match = re.search(_OF_OBSERVATIONS, text)
    if match:
        return tuple(int(word) for word in re.findall(r"\d+", match.group(1)))
    return (84, 84, 3) if re.search(r"Conv2D|atari|Pong|Breakout|NoFrameskip", text) else (8,)


def rows_for(text: str) -> int:
    """Number of examples in stand-in arrays: two of the batches into which the code itself divides them, else eight."""
    sizes = [int(word) for word in re.findall(r"len\(\w+\)\s*//\s*(\d+)", text)]
    return max([8] + [2 * size for size in sizes if size <= 128])


def rows_in(text: str) -> int:
    """Number of rows for a stand-in table: as many as the code's own slices go up to, else 64."""
    ends = [int(word) for word in re.findall(r"\[[^\[\]\n]*:\s*(\d+)\b[^\[\]\n]*\]", text)]
    return max([64] + [end for end in ends if end <= 20000])


def columns_in(text: str) -> list[str]:
    """Names of columns that the code takes from tables, at most 40.

    `table["age"]`, `table[["age", "size"]]`, `for name in ("age", "size"): table[name]`
    """
    found = re.findall(r"(?<!environ)(?<=\w)\[\s*['\"]([A-Za-z_][\w .-]*)['\"]\s*\]", text)
    groups = re.findall(r"\w\[\s*\[([^\]\n]*)\]\s*\]", text)
    for loop in re.finditer(r"\bfor (?P<name>\w+) in (?:repeat\()?[(\[](?P<names>[^()\[\]\n]*)[)\]]", text):
        if re.search(r"\w\[%s\]" % loop.group("name"), text):
            groups.append(loop.group("names"))
    for group in groups:
        found += re.findall(r"['\"]([^'\"]+)['\"]", group)
    return list(dict.fromkeys(found))[:40]


def speaks_new(text: str) -> bool:
    """Does the code speak the newer protocol of gym, in which `reset` returns a pair and `step` five values?"""
    return bool(re.search(r"terminated|truncated|,\s*_?(info)?\s*=\s*\w+\.reset\(", text))
