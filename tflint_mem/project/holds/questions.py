"""What the parts of the inference ask each other.

`infer.Infer` is put together from parts, each of which answers for one kind of thing and asks the others through
`self`.  Here every question that crosses the border of a part is declared, under the module in which it is answered
and explained.  At run time none of the declarations is there: it costs nothing to ask.

`m` is a module, `scope` the number of a scope in it, `i` the number of a call, and `at` the number of the statement at
which a question is asked (-1: none in particular).
"""

from __future__ import annotations

from tflint_mem.facts.record import Record

from .answers import Answers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from tflint_mem.facts import Call, Expression, Imported, Reference
    from tflint_mem.project.linking.bindings import Binding, Path
    from tflint_mem.project.linking.module import Function, Module
    from tflint_mem.project.project import Project

    from .values import Found, MapValue, Value, Values

    Owner: TypeAlias = tuple[int, int]  # the index of a module and the scope of a class in it
    Assignments: TypeAlias = dict[str, list["Assignment"]]  # attribute -> where it is assigned


class Bases(Record):
    """The bases of a class: classes of the project, and the canonical names of foreign ones."""

    __slots__ = ()
    ours: tuple[Owner, ...]
    foreign: tuple[str, ...]


class Assignment(Record):
    """`self.x = …` in a function of a class.

    function   the scope of the function
    statement  the number of the statement
    value      what is given, or the annotation
    path       positions for unpacking
    kind       assign, annotation, with, or iter (an element of the value)
    """

    __slots__ = ()
    function: int
    statement: int
    value: Expression
    path: Path
    kind: str


class Questions(Answers):
    """What every part may ask, and what all parts know: the project, and how far the search has gone in.

    project  gives modules, names and callers
    inner    the front part of a dotted name that is looked at and does not lead out of the project
    """

    project: Project
    inner: Expression | None

    if TYPE_CHECKING:
        # infer: expressions
        def values(self, m: Module, scope: int, expression: Expression | None, at: int) -> Values: ...

        # bound: names
        def name(self, m: Module, scope: int, name: str, at: int) -> Values: ...
        def outside(self, m: Module, scope: int, expression: Expression) -> str | None: ...
        def module_name(self, m: Module, name: str) -> Values: ...
        def reaching(self, m: Module, bindings: Sequence[Binding], at: int) -> Sequence[Binding]: ...
        def binding(self, m: Module, binding: Binding) -> Values: ...
        def imported(self, m: Module, bound: Imported) -> Values: ...

        # containers: what is in something, what is put into it, and what taking it apart gives
        def elements(self, values: Found) -> Values: ...
        def unpack(self, values: Values, path: Path) -> Values: ...
        def item(self, mapping: MapValue, key: Expression | None) -> Values: ...
        def with_added(self, m: Module, scopes: Sequence[int] | None, target: Reference, values: Values) -> Values: ...

        # parameters
        def parameter(self, m: Module, scope: int, index: int) -> Values: ...
        def argument_for(self, m: Module, scope: int, index: int, caller: Module, i: int, how: str) -> Values: ...
        def argument(self, m: Module, scope: int, index: int, caller: Module, i: int) -> Expression | None: ...
        def annotated(self, m: Module, scope: int, annotation: Expression) -> Values: ...

        # classes
        def bases(self, m: Module, scope: int) -> Bases: ...
        def mro(self, m: Module, scope: int) -> list[Owner]: ...
        def foreign_bases(self, m: Module, scope: int) -> list[str]: ...
        def class_kind(self, m: Module, scope: int) -> str | None: ...
        def lookup(self, m: Module, scope: int, name: str) -> Function | None: ...
        def decorator_names(self, m: Module, scope: int) -> tuple[str, ...]: ...

        # attributes
        def attribute_assignments(self, m: Module, scope: int) -> Assignments: ...
        def instance_attribute(self, m: Module, scope: int, name: str) -> Values: ...
        def attribute(self, m: Module, scope: int, bases: Values, name: str) -> Values: ...
        def declared(self, m: Module, scope: int) -> bool: ...

        # results: calls
        def callee(self, m: Module, i: int) -> Values: ...
        def returns(self, m: Module, scope: int) -> Values: ...
        def call_values(self, m: Module, i: int) -> Values: ...
        def result(self, m: Module, i: int, call: Call, v: Value) -> Found: ...
