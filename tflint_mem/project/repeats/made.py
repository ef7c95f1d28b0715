"""Does the program make objects of a class, or is it one of several implementations that nobody uses today?"""

from __future__ import annotations

from tflint_mem.facts import Reference, walk
from tflint_mem.project.linking.body import statement_expressions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

    from .repeat import ClassId

MAX_USERS = 64  # modules that mention a class; one that more of them mention is used
MAX_SIBLINGS = 12


def in_its_place(project: Project, m: Module, owner: int) -> Iterator[ClassId]:
    """The other classes of its interface of which the project makes objects, where nothing names a class but imports;
    none where something does.
    """
    if _named(project, m, owner):
        return
    for index, base in project.infer.mro(m, owner)[1:]:
        bm = project.module(index)
        siblings: tuple[ClassId, ...] = project.subclasses(bm, base)[:MAX_SIBLINGS]
        for other, sibling in siblings:
            om = project.module(other)
            if (other, sibling) != (m.index, owner) and project.callers_of.constructions(om, sibling):
                yield other, sibling


def _named(project: Project, m: Module, owner: int) -> bool:
    """Does a statement name the class, or one that derives from it: a call, a table of classes, a base?"""
    name = m.scopes[owner].name
    if project.subclasses(m, owner):
        return True
    if len(project.index.modules("idents", name)) > MAX_USERS:
        return True
    return any(
        isinstance(e, Reference) and e.tail == name
        for other in project.mentioning(name)
        for statement in other.statements
        for each in statement_expressions(statement)
        for e in walk(each, other.calls)
    )
