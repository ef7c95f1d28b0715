"""A cached function at module level for what is made again and again: the fix of loads and tables in functions that repeat.

Two places of a module that make the same thing share one function; it has a plain name unless the module needs several.
"""

from __future__ import annotations

from collections import Counter

from tflint_mem import facts as F
from tflint_mem.analysis.models.models import local_name
from tflint_mem.facts import Constant, Name
from tflint_mem.finding import UNSAFE
from tflint_mem.project.holds.values import Thing
from tflint_mem.project.linking.module import walk

from . import hot, variance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.holds.values import Value
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.fix_context import FixContext


def loader(
    context: Context,
    m: Module,
    i: int,
    peers,
    *,
    verb="load",
    noun="model",
    message="Load the model once, behind a cache",
    by_name=False,
):
    """A fix function: call `i` moves into a cached function of the module.

    peers   the calls of the module (module, call) for which the same kind of fix is offered, `i` among them
    verb, noun   the function is called `_load_model`, or `_load_net` where its result is called `net`
    by_name  its parameters are the local names that the call reads, not the arguments that read them
    """
    streamlit = context.project.repeats_of.scripts.streamlit(
        m
    )  # a rerun of the script makes its functions anew, and their caches
    decorator = f"{streamlit}.cache_resource" if streamlit else None
    group = _peers(context, m, i, peers, noun)
    alike = group.alike(m, i) if _free_of_locals(m, i) else (i,)
    base = f"_{verb}_{_noun(m, alike[0], noun)}"
    if group.shared_with_others(_noun(m, alike[0], noun), alike):
        base += _suffix(m, alike[0])

    def fix(fx: FixContext):
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        first = None if alike[0] == i else fx.at(m, alike[0])[0]
        return UNSAFE, message, do.cached_loader(fx.source, view, call, base, decorator, above=first, by_name=by_name)

    return fix


def _noun(m: Module, i: int, noun):
    """What the file calls the thing: the name it is assigned to where that is a word."""
    name = (local_name(m, i) or "").strip("_").lower()
    return name if len(name) > 2 else noun


def _suffix(m: Module, i: int):
    """The function around the call, or the class whose constructor it is."""
    parts = [part.strip("_").lower() for part in m.qualname(m.calls[i].scope).split(".")]
    return "_for_" + next((part for part in reversed(parts) if part and part != "init"), "module")


def _free_of_locals(m: Module, i: int):
    local = m.bindings(m.calls[i].scope)
    return not any(
        isinstance(e, Name) and e.id in local for argument in m.arguments(i) for e in walk(argument, m.calls)
    )


def _peers(context: Context, m: Module, i: int, peers, noun):
    """The _Peers of call `i` for a list of peers, found once for each module."""
    kept, by_module = context.memo.setdefault(
        ("peers", id(peers), noun), (peers, {})
    )  # a list that is kept keeps its id
    if not by_module:
        for other, j in peers:
            by_module.setdefault(other.index, set()).add(j)
    found = by_module.get(m.index, ())
    if i not in found:
        return _Peers(m, {i, *found}, noun)
    if not isinstance(found, _Peers):
        found = by_module[m.index] = _Peers(m, found, noun)
    return found


class _Peers:
    """Calls of one module, in groups of those that are written alike."""

    def __init__(self, m: Module, numbers, noun):
        self.numbers = frozenset(numbers)
        self.nouns = Counter(_noun(m, j, noun) for j in numbers)
        groups: dict = {}
        for j in sorted(numbers):
            groups.setdefault(_shape(m, F.CallRef(j)), []).append(j)
        self._groups = {shape: tuple(group) for shape, group in groups.items()}
        self._within = {group: Counter(_noun(m, j, noun) for j in group) for group in self._groups.values()}

    def __contains__(self, i: int) -> bool:
        return i in self.numbers

    def alike(self, m: Module, i: int) -> tuple:
        """The calls that are written as call `i` is, which is one of them, in order."""
        return self._groups[_shape(m, F.CallRef(i))]

    def shared_with_others(self, noun, some) -> bool:
        """Has a call besides `some`, which are a group or one call, that noun as well?"""
        own = self._within[some][noun] if some in self._within else 1
        return self.nouns[noun] > own


def _shape(m: Module, e: Expression):
    """An expression with what is called in place of the numbers of calls, and without places."""
    if not isinstance(e, tuple):
        return e
    if e[:1] == ("c",):
        call = m.calls[e[1]]
        return (
            "c",
            _shape(m, call.func),
            tuple(_shape(m, a) for a in call.args),
            tuple((k, _shape(m, v)) for k, v in call.keywords),
        )
    if e[:1] in (("x",), ("b",)):
        e = e[:-1]
    return tuple(_shape(m, part) for part in e)


def varying(context: Context, m: Module, i: int, repeat: Repeat):
    """A local name that the arguments of call `i` read and that may be another thing in another pass, or no key of a cache; "" when there is none."""
    local = m.bindings(m.calls[i].scope)
    names = {
        e.id for argument in m.arguments(i) for e in walk(argument, m.calls) if isinstance(e, Name) and e.id in local
    }
    if repeat.context is None:
        return min(names, default="")
    for name in sorted(names):
        values = context.infer.values(m, m.calls[i].scope, F.Name(name), m.calls[i].statement)
        if (
            not values
            or not all(_is_key(v) for v in values)
            or hot.made_in_pass(context, repeat, values)
            or variance.of(context, repeat, F.Name(name)) != variance.SAME
        ):
            return name
    return ""


def _is_key(v: Value):
    """A text or number, or a model: what `lru_cache` takes as an argument and finds again."""
    return (
        isinstance(v, Constant)
        and isinstance(v.value, (str, int, float, bytes, type(None)))
        or isinstance(v, Thing)
        and v.kind in ("model", "int", "float", "str")
    )
