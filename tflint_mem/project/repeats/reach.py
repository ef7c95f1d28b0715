"""What calls and decorators run: functions of the project."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

    from .repeat import Function


def run_by(
    project: Project, kind: str, m: Module, calls: Iterable[int], depth: int
) -> Iterator[tuple[Module, int, int]]:
    """Yield (module, scope, calls in between) of what these calls of `m` run, themselves (0) or through others.

    The functions come in the order of a breadth-first search, each once.
    kind    under which the steps are counted       depth   how many calls in between there may be
    """
    waiting, seen = [(m, calls, 0)], set()
    for fm, numbers, level in waiting:
        project.searches.count(kind)
        for i in numbers:
            for target, scope in project.functions_called(fm, i):
                if (target.index, scope) not in seen:
                    seen.add((target.index, scope))
                    yield target, scope, level
                    if level < depth:
                        waiting.append((target, target.scope_calls(scope), level + 1))


def runs(project: Project, m: Module, i: int, function: Function) -> bool:
    """May call `i` of `m` run the function?"""
    fm, scope = function
    return any(s == scope and other.index == fm.index for other, s in project.functions_called(m, i))


def own_decorators(project: Project, m: Module, scope: int) -> Iterator[Function]:
    """The functions of the project that decorate a function."""
    for name in project.infer.decorator_names(m, scope):
        if name.startswith("fn:"):
            _, index, decorator = name.split(":")
            yield project.module(int(index)), int(decorator)
