"""Can what is made again and again be made once?  The fix of loads and tables in functions that repeat: a cached
function.

`loader` gives a fix that moves a call into a cached function at module level.  Two places of a module that make the
same
thing share one function; it has a plain name unless the module needs several.

`varying` gives a name because of which a cache would not help, "" when there is none.  Uncertain: a name of which
nothing
is known is given as one that varies.
"""

from __future__ import annotations

from collections import Counter

from tflint_mem.analysis.models.models import local_name
from tflint_mem.facts import CallRef, Constant, Expression, Name, walk
from tflint_mem.finding import UNSAFE
from tflint_mem.project.holds.values import Thing

from . import hot, variance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tflint_mem.codemod import Proposal
    from tflint_mem.project.holds.values import Value
    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Repair
    from tflint_mem.ruleset.fix_context import FixContext


def loader(
    context: Context,
    m: Module,
    i: int,
    peers: Sequence[Site],
    *,
    verb: str = "load",
    noun: str = "model",
    message: str = "Load the model once, behind a cache",
    by_name: bool = False,
) -> Repair:
    """A fix function: call `i` moves into a cached function of the module.

    peers       the calls for which the same kind of fix is offered, `i` among them
    verb, noun  the function is called `_load_model`, or `_load_net` where its result is called `net`
    message     of the fix
    by_name     its parameters are the local names that the call reads, not the arguments that read them
    """
    # a rerun of the script makes its functions anew, and their caches
    streamlit = context.project.repeats_of.scripts.streamlit(m)
    decorator = f"{streamlit}.cache_resource" if streamlit else None
    group = _peers(context, m, i, peers, noun)
    alike = group.alike(m, i) if _free_of_locals(m, i) else (i,)
    base = f"_{verb}_{_noun(m, alike[0], noun)}"
    if group.shared_with_others(_noun(m, alike[0], noun), alike):
        base += _suffix(m, alike[0])

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        first, _ = (None, None) if alike[0] == i else fx.at(m, alike[0])
        edits = do.cached_loader(fx.source, view, call, base, decorator, above=first, by_name=by_name)
        return do.Proposal(UNSAFE, message, edits)

    return fix


def _noun(m: Module, i: int, noun: str) -> str:
    """What the file calls the thing: the name it is assigned to where that is a word."""
    name = (local_name(m, i) or "").strip("_").lower()
    return name if len(name) > 2 else noun


def _suffix(m: Module, i: int) -> str:
    """The function around the call, or the class whose constructor it is."""
    parts = [part.strip("_").lower() for part in m.qualname(m.calls[i].scope).split(".")]
    return "_for_" + next((part for part in reversed(parts) if part and part != "init"), "module")


def _free_of_locals(m: Module, i: int) -> bool:
    local = m.bindings(m.calls[i].scope)
    return not any(
        isinstance(e, Name) and e.id in local for argument in m.arguments(i) for e in walk(argument, m.calls)
    )


class _Lists:
    """A list of peers, by module.

    peers      the list itself: as long as it is kept it keeps its id
    by_module  index of a module -> the numbers of its calls, or their groups once they were asked for
    """

    __slots__ = ("peers", "by_module")

    def __init__(self, peers: Sequence[Site]) -> None:
        self.peers = peers
        self.by_module: dict[int, set[int] | _Peers] = {}
        for m, i in peers:
            numbers = self.by_module.setdefault(m.index, set())
            if isinstance(numbers, set):
                numbers.add(i)


def _peers(context: Context, m: Module, i: int, peers: Sequence[Site], noun: str) -> _Peers:
    """The _Peers of call `i` for a list of peers, found once for each module."""
    key = ("peers", id(peers), noun)
    lists: _Lists | None = context.memo.get(key)
    if lists is None:
        lists = context.memo[key] = _Lists(peers)
    found = lists.by_module.get(m.index, set())
    if isinstance(found, _Peers):
        return found if i in found.numbers else _Peers(m, {i, *found.numbers}, noun)
    if i not in found:
        return _Peers(m, {i, *found}, noun)
    group = lists.by_module[m.index] = _Peers(m, found, noun)
    return group


class _Peers:
    """Calls of one module, in groups of those that are written alike.

    numbers  of the calls
    nouns    how many of them have which noun
    """

    def __init__(self, m: Module, numbers: Collection[int], noun: str) -> None:
        self.numbers = frozenset(numbers)
        self.nouns = Counter(_noun(m, j, noun) for j in numbers)
        groups: dict[object, list[int]] = {}
        for j in sorted(numbers):
            groups.setdefault(_written(m, CallRef(j)), []).append(j)
        self._groups = {written: tuple(group) for written, group in groups.items()}
        self._within = {group: Counter(_noun(m, j, noun) for j in group) for group in self._groups.values()}

    def alike(self, m: Module, i: int) -> tuple[int, ...]:
        """The calls that are written as call `i` is, which is one of them, in order."""
        return self._groups[_written(m, CallRef(i))]

    def shared_with_others(self, noun: str, some: tuple[int, ...]) -> bool:
        """Has a call besides `some`, which are a group or one call, that noun as well?"""
        own = self._within[some][noun] if some in self._within else 1
        return self.nouns[noun] > own


def _written(m: Module, e: object) -> object:
    """A key of an expression that is the same for all that are written alike.

    It has what is called in place of the numbers of calls, and no places.
    """
    if isinstance(e, CallRef):
        call = m.calls[e.number]
        return (
            CallRef,
            _written(m, call.func),
            tuple([_written(m, a) for a in call.args]),
            tuple([(keyword.name, _written(m, keyword.value)) for keyword in call.keywords]),
        )
    if isinstance(e, Expression):
        return (type(e), *[_written(m, getattr(e, field)) for field in e._fields if field != "pos"])
    if isinstance(e, tuple):
        return tuple([_written(m, part) for part in e])
    return e


def varying(context: Context, m: Module, i: int, repeat: Repeat) -> str:
    """A local name that the arguments of call `i` read and that may be another thing in another pass, or no key of a
    cache; "" when there is none.
    """
    local = m.bindings(m.calls[i].scope)
    names = {
        e.id for argument in m.arguments(i) for e in walk(argument, m.calls) if isinstance(e, Name) and e.id in local
    }
    if repeat.block is None:
        return min(names, default="")
    for name in sorted(names):
        values = context.infer.values(m, m.calls[i].scope, Name(name), m.calls[i].statement)
        if (
            not values
            or not all(_is_key(v) for v in values)
            or hot.made_in_pass(repeat, values)
            or variance.of(context, repeat, Name(name)) != variance.SAME
        ):
            return name
    return ""


def _is_key(v: Value) -> bool:
    """A text or number, or a model: what `lru_cache` takes as an argument and finds again."""
    return (
        isinstance(v, Constant)
        and isinstance(v.value, (str, int, float, bytes, type(None)))
        or isinstance(v, Thing)
        and v.kind in ("model", "int", "float", "str")
    )
