"""From old lines and new lines to the smallest line-granular edits in module coordinates."""

from tflint_mem.finding import Edit

from .outline import strip_end

# difflib is quadratic at worst; beyond this a single hunk is good enough.
_MOST_LINES = 3000


def hunks(source, lines, first_row, old, new, newline) -> list:
    """Edits that turn the rows from `first_row` (their text is `old`, line ends kept) into `new`.

    source   the Source, asked for the notebook cell of a row: no edit reaches into the next cell
    lines    all lines of the module
    Every edit covers whole rows, so it can be shown as a suggestion in a review.
    """
    old, new = _ended(old, newline), _ended(new, newline)
    edits = []
    for first, last, start, end in _changed(old, new):
        content = "".join(new[start:end])
        row = first_row + first
        if first == last == len(old):
            at = _end_of(lines, row - 1)
            edits.append(Edit(start=at, end=at, content=newline + _without_end(content)))
        elif first == last:
            edits.append(Edit(start=(row, 1), end=(row, 1), content=content))
        elif start == end:
            begin, stop = whole_rows(source, lines, row, first_row + last - 1)
            edits.append(Edit(start=begin, end=stop, content=""))
        else:
            edits.append(Edit(start=(row, 1), end=_end_of(lines, first_row + last - 1), content=_without_end(content)))
    return edits


def _ended(lines, newline):
    lines = list(lines)
    if lines and strip_end(lines[-1]) == lines[-1]:
        lines[-1] += newline
    return lines


def _without_end(text):
    if text.endswith("\r\n"):
        return text[:-2]
    return text[:-1] if text.endswith(("\n", "\r")) else text


def _end_of(lines, row):
    return row, len(strip_end(lines[row - 1])) + 1


def whole_rows(source, lines, first, last):
    """The range that takes the rows `first` to `last` out together with one line end of their own cell."""
    cell = source.locate(first)[0]
    if last < len(lines) and source.locate(last + 1)[0] == cell:
        return (first, 1), (last + 1, 1)
    if first > 1 and source.locate(first - 1)[0] == cell:
        return _end_of(lines, first - 1), _end_of(lines, last)
    return (first, 1), _end_of(lines, last)


def _changed(old, new):
    """(first, last, start, end): old[first:last] becomes new[start:end]."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    before, after = old[head : len(old) - tail], new[head : len(new) - tail]
    if not before and not after:
        return []
    if not before or not after or len(before) == len(after) == 1 or len(before) + len(after) > _MOST_LINES:
        return [(head, head + len(before), head, head + len(after))]
    import difflib

    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    return [
        (head + i1, head + i2, head + j1, head + j2) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal"
    ]
