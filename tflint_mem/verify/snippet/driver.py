"""The ways to a repeat: real calls from the top of the program, or a direct call of the function around it."""

from __future__ import annotations

import ast

from .behind import behind
from .call_sites import call_sites
from .direct_call import DirectCall, call_of, real_call, switched
from .instrument import ENDLESS, instrument
from .lines import Line
from .pruning import merged, prune
from .region import Repeat
from .scope import Synthetic, binds, reads
from .snippet import CannotCut
from .syntax import block, classes_in, functions_in, is_main_guard, path_to, statements_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from .behind import Behind
    from .call_sites import CallSite
    from .first_party import FileModel, Files
    from .source_text import Text
    from .syntax import Chain, Function

_MOST_WAYS = 3
_MOST_CALLS_DEEP = 5


class Driver:
    """How the region is reached.

    model      the file that becomes the snippet
    repeat     what repeats
    statement  top-level statement (or statement of the main guard) that is run, None when `region` is all there is
    pruned     for each file its pruned copies, by top-level statement
    setup      lines that run once before the region
    region     lines that the cutter writes: in place of the statement, behind it, or alone
    texts      the text of each file that the probe was put into
    stand_ins  what was put in place of something missing, one sentence each
    behind     what follows behind the loop, or None
    called     the function around the repeat is called directly; guessed: with stand-ins for its parameters
    """

    __slots__ = (
        "model",
        "repeat",
        "statement",
        "pruned",
        "setup",
        "region",
        "texts",
        "stand_ins",
        "behind",
        "called",
        "guessed",
    )

    def __init__(self, model: FileModel, repeat: Repeat) -> None:
        self.model, self.repeat = model, repeat
        self.statement: ast.stmt | None = None
        self.pruned: dict[FileModel, dict[ast.stmt, ast.stmt]] = {}
        self.setup: list[Line] = []
        self.region: Synthetic | None = None
        self.texts: dict[FileModel, Text] = {}
        self.stand_ins: list[str] = []
        self.behind: Behind | None = None
        self.called = self.guessed = False


class Wish:
    """What is wanted of all drivers for one place.

    given        source of values, by name of what they are for
    once         run the flagged statement once instead of its repeat
    rows         rows whose statements are kept in any case, by file
    flagged_row  row of the flagged statement, None when it stands in another file than the repeat
    further      go on behind the loop
    """

    __slots__ = ("given", "once", "rows", "flagged_row", "further")

    def __init__(
        self,
        given: Mapping[str, str],
        once: bool,
        rows: Mapping[FileModel, Collection[int]],
        flagged_row: int | None,
        further: bool,
    ) -> None:
        self.given, self.once, self.rows, self.flagged_row, self.further = given, once, rows, flagged_row, further


def drivers(files: Files, repeat: Repeat, wish: Wish) -> list[Driver]:
    """Drivers for a repeat: through real calls, then by a direct call of the function around it.

    Raises CannotCut when there is none.
    """
    repeat = _later_loop(repeat, wish.once)
    found = [_by_calls(repeat, way, wish) for way in _ways_up(files, repeat)]
    target = repeat.function()
    function = target if target is not None else next(iter(repeat.functions()), None)
    if function is not None:
        real = real_call(files, repeat.model, target) if target is not None else None
        if real is not None:
            found.append(_direct(repeat, wish, real))
        try:
            found.append(_direct(repeat, wish))
        except CannotCut:
            if not found:
                raise
    return found


def _later_loop(repeat: Repeat, once: bool) -> Repeat:
    """What is flagged at the top level stands before the loop that uses it (a cached dataset, a captured array)."""
    if once or repeat.kind != "statement":
        return repeat
    blocks = (block(repeat.chain[-2], name) for name in ("body", "orelse", "finalbody"))
    siblings = next((statements for statements in blocks if repeat.node in statements), None)
    if siblings is None:
        return repeat
    names = binds(repeat.node)
    for statement in siblings[siblings.index(repeat.node) + 1 :]:
        if reads(statement) & names:
            if isinstance(statement, (ast.For, ast.While)):
                return Repeat("loop", repeat.model, statement, (*repeat.chain[:-1], statement))
            names |= binds(statement)
    return repeat


def _ways_up(files: Files, repeat: Repeat) -> list[list[CallSite]]:
    """The calls that lead from the function around the repeat up to a top-level statement, innermost first.

    One empty way where no function is around it.
    """
    functions = repeat.functions()
    if not functions:
        # every call of a function is a repeat, and no loop of ours calls it: it is called directly
        return [] if repeat.kind == "function" else [[]]
    ways: list[list[CallSite]] = []
    stack: list[tuple[FileModel, Function, list[CallSite]]] = [(repeat.model, functions[0], [])]
    seen: set[int] = set()
    while stack and len(ways) < _MOST_WAYS:
        model, function, way = stack.pop(0)
        if id(function) in seen or len(way) > _MOST_CALLS_DEEP:
            continue
        seen.add(id(function))
        for site in call_sites(files, model, function):
            around = functions_in(site.chain)
            if around:
                stack.append((site.model, around[0], [*way, site]))
            elif _stands_in_statement(site.chain):
                ways.append([*way, site])
    return ways


def _stands_in_statement(chain: Chain) -> bool:
    """Does a top-level statement (or statement of the main guard) lead to the end of the chain?"""
    if len(chain) > 2 and is_main_guard(chain[1]) and isinstance(chain[2], ast.stmt):
        return True
    return len(chain) > 1 and isinstance(chain[1], ast.stmt)


def _by_calls(repeat: Repeat, way: Sequence[CallSite], wish: Wish) -> Driver:
    """Driver that starts at a top-level statement of the program and follows real calls."""
    driver = Driver(way[-1].model if way else repeat.model, repeat)
    after = _put_probe(driver, wish)
    _prune_into(driver, repeat.model, statements_of(repeat.chain), wish, after, is_driver=not way)
    for site in way:
        _prune_into(driver, site.model, statements_of(site.chain), wish, None, is_driver=site is way[-1])
    return driver


def _put_probe(driver: Driver, wish: Wish) -> Synthetic | None:
    """Puts the probe into the text of the repeat.  Returns lines that have to stand behind the target, or None."""
    repeat = driver.repeat
    text = driver.texts.setdefault(repeat.model, repeat.model.text.fresh())
    probe = instrument(repeat, text, wish.once, wish.given)
    driver.stand_ins += probe.stand_ins
    if probe.after is None and wish.further:
        driver.behind = behind(repeat, text, wish.flagged_row)
    return driver.behind.lines if driver.behind is not None else probe.after


def _prune_into(
    driver: Driver,
    model: FileModel,
    chain: Sequence[ast.stmt],
    wish: Wish,
    after: Synthetic | None,
    is_driver: bool,
) -> None:
    """Notes the pruned copy of the chain's top-level statement, or makes it the driver's statement."""
    top = chain[0]
    kept = driver.pruned.setdefault(model, {})
    base = kept.get(top)
    if len(chain) > 1:
        new = prune(chain, wish.rows.get(model, ()), after).statement
        if isinstance(base, ast.ClassDef) and isinstance(new, ast.ClassDef):
            new = merged(base, new)
        elif base is not None:
            new = base  # the way passes twice through one function: its first cut already leads to the repeat
        kept[top] = new
    elif after is not None:
        driver.region = after
    if is_driver:
        driver.statement = top


def _direct(repeat: Repeat, wish: Wish, real: ast.Call | None = None) -> Driver:
    """Driver that calls the function around the repeat itself, with stand-ins for its parameters.

    real    a call of the program's own to take instead, or None
    """
    model, target = repeat.model, repeat.function()
    functions = repeat.functions() + ([target] if target is not None else [])
    outer = functions[0]
    owners = classes_in(repeat.chain[: repeat.chain.index(outer)])
    owner = owners[-1] if owners else None
    driver = Driver(model, repeat)
    chain = statements_of(repeat.chain)
    call = (
        DirectCall(ast.unparse(real))
        if real is not None
        else call_of(outer, owner, model, wish.given, "\n".join(model.text.rows))
    )
    driver.stand_ins += call.stand_ins
    driver.setup, driver.called, driver.guessed = call.setup, True, real is None
    names = {owner.name if owner is not None else outer.name}
    if outer is target:
        driver.texts[model] = model.text.fresh()
        if wish.flagged_row is not None:
            driver.stand_ins += switched(driver.texts[model], outer, path_to(model.tree, wish.flagged_row))
        body = ["for _ in repeat(%s):" % ("range(1)" if wish.once else ENDLESS), "    " + call.source]
        names |= reads(real) if real is not None else set()
        driver.region = Synthetic([Line(line) for line in body], names)
        if owner is not None and len(chain) > 1:
            driver.pruned[model] = {chain[0]: prune(chain, wish.rows.get(model, ())).statement}
    else:
        after = _put_probe(driver, wish)
        driver.pruned[model] = {chain[0]: prune(chain, wish.rows.get(model, ()), after).statement}
        driver.region = Synthetic([Line(call.source)], names)
    return driver
