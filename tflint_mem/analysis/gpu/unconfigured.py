"""Programs that compute with TensorFlow and configure no GPU.

The question: *which programs reach work on TensorFlow without a word on GPU memory in anything that they import?*  What
another program imports and serves is a part of that one.  Programs that are known to run without a GPU are left out;
whether the machine has one, and what variables of its environment say, nobody knows.
"""

from __future__ import annotations

from tflint_mem.facts import Record

from . import configured, entry_points, first_work

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tflint_mem.facts import Pos
    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.ruleset.context import Context


class Program(Record):
    """A module that is started, reaches work and configures no GPU.

    place    of its first import that leads to TensorFlow
    work     the first call that computes
    service  only its handlers and commands are started
    closure  indices of the module and of all that it imports
    """

    __slots__ = ()
    m: Module
    place: Pos
    work: Site
    service: bool
    closure: frozenset[int]


def programs(context: Context, listed: Callable[[Module], bool], ignored: Callable[[Module], bool]) -> list[Program]:
    """The programs, the one that stands for all first: nearest to the root of the project, and not about tests.  None
    when no finding is wanted in any of them.

    listed   is the module one of the scripts that the settings name?
    ignored  do the settings leave the module out?
    """
    everywhere = range(len(context.project.modules))
    if context.asked is not None and not any(True for _ in _found(context, listed, ignored, context.asked)):
        return []
    found = list(_found(context, listed, ignored, everywhere))
    # what a program imports and serves is part of that program
    own = [
        program
        for program in found
        if not (
            program.service and any(program.m.index in other.closure and other.m is not program.m for other in found)
        )
    ]
    return sorted(own, key=_rank)


def _found(
    context: Context, listed: Callable[[Module], bool], ignored: Callable[[Module], bool], indices: Iterable[int]
) -> Iterator[Program]:
    project = context.project
    entries = entry_points.EntryPoints(context, listed)
    for m in map(project.modules.__getitem__, context.shown(indices)):
        if not entries.may_start(m):
            continue
        starts = entries.starts(m)
        if not starts or project.hardware.without_gpu(m) or ignored(m):
            continue
        closure = project.imports.closure(m)
        if any(configured.configures(context, project.module(index)) for index in closure):
            continue
        place = first_work.first_import(context, m)
        work = first_work.of_program(context, starts) if place is not None else None
        if place is None or work is None:
            continue
        if first_work.trains(*work) or not entries.tries_out_a_part(m):
            service = len(starts) > 1 and not entries.runs_itself(m)
            yield Program(m, place, work, service, frozenset(closure))


def _rank(program: Program) -> tuple[object, ...]:
    parts = program.m.parts
    return "test" in parts[-1].lower(), len(parts), [part.lower() for part in parts], parts
