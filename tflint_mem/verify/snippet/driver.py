"""The ways to a repeat: through real calls from the top of the program, or by a direct call of the function around it."""

import ast
import copy

from .calling import call_of, real_call, switched
from .cut import path_to
from .cutter import Synthetic, is_main_guard, prune
from .instrument import ENDLESS, go_on, instrument
from .region import Repeat, call_sites
from .scope import binds, reads
from .snippet import CannotCut, Line

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Driver:
    """How the region is reached.

    model      the file that becomes the snippet         statement   top-level statement (or statement of the main guard), or None
    pruned     {FileModel: {top-level statement: pruned copy}}
    setup      Synthetic lines that run once before the region, region: Synthetic lines when there is no statement
    texts      {FileModel: patched Text}
    stand_ins  sentences                                  repeat      the Repeat
    behind     what follows behind the loop, a Behind, or None
    called     the function around the repeat is called directly; guessed: with stand-ins for its parameters
    """

    __slots__ = (
        "model",
        "statement",
        "pruned",
        "setup",
        "region",
        "texts",
        "stand_ins",
        "repeat",
        "imports",
        "behind",
        "called",
        "guessed",
    )

    def __init__(self, model, repeat):
        self.model, self.repeat = model, repeat
        self.statement, self.pruned, self.setup, self.region, self.texts, self.stand_ins, self.imports = (
            None,
            {},
            [],
            None,
            {},
            [],
            [],
        )
        self.behind, self.called, self.guessed = None, False, False


def drivers(files, repeat, given, once, rows, flagged_row, further):
    """Drivers for a repeat: through real calls, then by a direct call of the function around it."""
    repeat = _later_loop(repeat, once)
    found = []
    for way in _ways_up(files, repeat):
        found.append(_by_calls(files, repeat, way, once, rows, given, flagged_row, further))
    function = repeat.node if repeat.kind == "function" else (repeat.functions() or [None])[0]
    if function is not None:
        real = real_call(files, repeat.model, function) if function is repeat.node else None
        if real is not None:
            found.append(_direct(files, repeat, given, once, rows, flagged_row, further, real))
        try:
            found.append(_direct(files, repeat, given, once, rows, flagged_row, further))
        except CannotCut:
            if not found:
                raise
    return found


def _later_loop(repeat, once):
    """What is flagged at the top level stands before the loop that uses it (a cached dataset, a captured array)."""
    if once or repeat.kind != "statement":
        return repeat
    parent = repeat.chain[-2]
    block = next(
        (getattr(parent, name) for name in ("body", "orelse", "finalbody") if repeat.node in getattr(parent, name, [])),
        [],
    )
    names = binds(repeat.node)
    for statement in block[block.index(repeat.node) + 1 :] if repeat.node in block else []:
        if reads(statement) & names:
            if isinstance(statement, (ast.For, ast.While)):
                return Repeat("loop", repeat.model, statement, repeat.chain[:-1] + (statement,))
            names |= binds(statement)
    return repeat


def _ways_up(files, repeat, most=3):
    """Chains of call sites from the function around the repeat up to a top-level statement: [[(model, chain), ...]]."""
    functions = repeat.functions()
    if repeat.kind == "function":
        if not functions and not repeat.classes():
            return []  # every call of it is a repeat, and no loop of ours calls it: it is called directly
        functions = functions or [None]
        if functions == [None]:
            return []
    if not functions:
        return [[]]
    ways, stack = [], [(repeat.model, functions[0], [])]
    seen = set()
    while stack and len(ways) < most:
        model, function, way = stack.pop(0)
        if id(function) in seen or len(way) > 5:
            continue
        seen.add(id(function))
        for caller, chain in call_sites(files, model, function):
            around = [node for node in chain if isinstance(node, _FUNCTIONS)]
            step = way + [(caller, chain)]
            if not around:
                if _statement_of(chain) is not None:
                    ways.append(step)
            else:
                stack.append((caller, around[0], step))
    return ways


def _statement_of(chain):
    """The top-level statement (or statement of the main guard) in a chain of nodes."""
    if len(chain) > 2 and is_main_guard(chain[1]) and isinstance(chain[2], ast.stmt):
        return chain[2]
    return chain[1] if len(chain) > 1 and isinstance(chain[1], ast.stmt) else None


def statements_of(chain, guard=True):
    """Statements of a chain from its top-level one down; the main guard is left out."""
    found = [node for node in chain[1:] if isinstance(node, ast.stmt)]
    return found[1:] if found and is_main_guard(found[0]) and len(found) > 1 else found


def _by_calls(files, repeat, way, once, rows, given, flagged_row, further):
    """Driver that starts at a top-level statement of the program and follows real calls."""
    driver = Driver(way[-1][0] if way else repeat.model, repeat)
    after = instrument(driver, repeat, once, given) or go_on(driver, repeat, flagged_row, further)
    chain = statements_of(repeat.chain)
    _prune_into(driver, repeat.model, chain, rows, after, is_driver=not way)
    for number, (model, calls) in enumerate(way):
        last = number == len(way) - 1
        _prune_into(driver, model, statements_of(calls), rows, None, is_driver=last)
    return driver


def _prune_into(driver, model, chain, rows, after, is_driver):
    """Notes the pruned copy of the chain's top-level statement, or makes it the driver's statement."""
    top = chain[0]
    kept = driver.pruned.setdefault(model, {})
    base = kept.get(top)
    if len(chain) > 1:
        new, _ = prune(chain, rows.get(model, ()), after)
        if base is not None and isinstance(new, ast.ClassDef):
            new = _merged(base, new)
        elif base is not None:
            new = base  # the way passes twice through one function: its first cut already leads to the repeat
        kept[top] = new
    elif after is not None:
        driver.region = after
    if is_driver:
        driver.statement = top


def _merged(first, second):
    """Two cuts of one class: of each method the pruned one wins."""
    new = copy.copy(second)
    by_name = {getattr(child, "name", None): child for child in first.body if getattr(child, "pruned", False)}
    new.body = [
        by_name.get(getattr(child, "name", None), child) if not getattr(child, "pruned", False) else child
        for child in second.body
    ]
    return new


def _direct(files, repeat, given, once, rows, flagged_row, further, real=None):
    """Driver that calls the function around the repeat itself, with stand-ins for its parameters.

    real    a call of the program's own to take instead, or None
    """
    model = repeat.model
    functions = repeat.functions() + ([repeat.node] if repeat.kind == "function" else [])
    outer = functions[0]
    driver = Driver(model, repeat)
    chain = statements_of(repeat.chain)
    is_target = repeat.kind == "function" and outer is repeat.node
    text = "\n".join(model.text.rows)
    around = [node for node in repeat.chain[: repeat.chain.index(outer)] if isinstance(node, ast.ClassDef)]
    call, setup, sentences = (
        (ast.unparse(real), [], [])
        if real is not None
        else call_of(outer, around[-1] if around else None, model, given, text)
    )
    driver.stand_ins += sentences
    driver.setup, driver.called, driver.guessed = setup, True, real is None
    if is_target:
        driver.texts[model] = model.text.fresh()
        if flagged_row is not None:
            driver.stand_ins += switched(driver.texts[model], outer, path_to(model.tree, flagged_row))
        body = ["for _ in repeat(%s):" % ("range(1)" if once else ENDLESS), "    " + call]
        names = {around[-1].name if around else outer.name} | (reads(real) if real is not None else set())
        driver.region = Synthetic([Line(line) for line in body], names)
        if around and len(chain) > 1:
            new, _ = prune(chain, rows.get(model, ()), None)
            driver.pruned[model] = {chain[0]: new}
    else:
        after = instrument(driver, repeat, once, given) or go_on(driver, repeat, flagged_row, further)
        new, _ = prune(chain, rows.get(model, ()), after)
        driver.pruned[model] = {chain[0]: new}
        driver.region = Synthetic([Line(call)], {outer.name} if not around else {around[-1].name})
    return driver
