"""After how many passes a loop leaves because something counts them: `for i, x in enumerate(xs): … if i >= 3: break`."""

from tflint_mem import facts as F
from tflint_mem.facts import Constant
from tflint_mem.project.linking.module import tail_of

_AFTER = {"==": 1, ">=": 1, ">": 2}  # passes when the counter has started at zero and counts by one


def passes(m, loop):
    """The most passes that loop context `loop` of module `m` makes before its own counter ends it, or None."""
    best = None
    for s in m.scope_statements(m.statements[m.contexts[loop][2]][1]):
        statement = m.statements[s]
        if not statement or not (statement[0] == F.JUMP and statement[5] == "break" or statement[0] == F.RETURN):
            continue
        kind, parent, header, branch = m.contexts[statement[2]] if statement[2] >= 0 else ("", 0, 0, 0)
        if kind == "if" and branch and parent == loop:
            found = _limit(m, loop, header)
            if found is not None and (best is None or found < best):
                best = found
    return best


def _limit(m, loop, header):
    """The passes until `counter == k`, `counter >= k` or `counter > k` of an `if` statement holds, or None."""
    test = m.statements[header][5]
    if test[0] != "q" or len(test[2]) != 1 or test[2][0] not in _AFTER or test[1][0] != "n":
        return None
    limit = test[3][0] if isinstance(test[3], tuple) and test[3] and isinstance(test[3][0], tuple) else test[3]
    if limit[0] != "k" or type(limit[1]) is not int:
        return None
    first = _first(m, loop, test[1][1], header)
    if first is None or limit[1] < first:
        return None
    return limit[1] - first + _AFTER[test[2][0]]


def _first(m, loop, name, header):
    """The counter's value at the test in the first pass, when it counts the passes by one; else None."""
    statement = m.statements[m.contexts[loop][2]]
    scope = statement[1]
    if m.contexts[loop][0] == "for":
        target, iterable = statement[5], statement[6]
        call = m.calls[iterable[1]] if iterable[0] == "c" else None
        if (
            call
            and tail_of(call[0]) == "enumerate"
            and len(call[1]) == 1
            and not call[2]
            and target[0] == "t"
            and target[1][0] == ("n", name)
        ):
            return 0
        if (
            call
            and tail_of(call[0]) == "range"
            and target == ("n", name)
            and (len(call[1]) == 1 or call[1][0] == Constant(0))
            and len(call[1]) < 3
        ):
            return 0
    bindings = m.bindings(scope).get(name, ())
    added = [b for b in bindings if b[0] == "augment"]
    starts = [
        b
        for b in bindings
        if b[0] == "assign" and b[3][0] == "k" and type(b[3][1]) is int and not m.inside(m.statements[b[1]][2], loop)
    ]
    if len(added) != 1 or len(starts) != 1 or len(bindings) != 2:
        return None
    adding = m.statements[added[0][1]]
    outside = m.contexts[loop][1]
    if adding[6] != "+" or adding[7] != Constant(1) or adding[2] != loop or m.statements[starts[0][1]][2] != outside:
        return None  # counted elsewhere, or begun once for several runs of this loop
    return starts[0][3][1] + (1 if added[0][1] < header else 0)


def holds_once(m, name, number, loop, block):
    """Does `name == number` hold in one pass of a loop at most: a counter from outside of all loops, raised by one in each pass or where it holds (in `block`)?"""
    raised = False
    for kind, statement, _, value, path in m.bindings(m.statements[m.contexts[loop][2]][1]).get(name, ()):
        record = m.statements[statement]
        if kind == "assign" and value[0] == "k" and type(value[1]) is int and value[1] <= number and not path:
            if m.loops(record[2]) or statement > m.contexts[loop][2]:
                return False
        elif kind == "augment" and record[6] == "+" and record[7] == Constant(1) and m.inside(record[2], loop):
            raised = raised or record[2] in (loop, block)
        else:
            return False
    return raised
