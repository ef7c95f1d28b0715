"""Calls of a function with plausible values for its parameters, or as the program itself calls it."""

from __future__ import annotations

import ast
import re

from tflint_mem.verify.standins import guess
from tflint_mem.verify.standins.hints import plausible_shape

from .call_sites import call_sites
from .lines import Line
from .scope import base_name, binds, parameters, reads
from .snippet import CannotCut
from .source_text import Patch
from .syntax import COMPREHENSIONS, FUNCTIONS, last_column, last_row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .first_party import FileModel, Files
    from .source_text import Text
    from .syntax import Chain, Function


class DirectCall:
    """A call that needs nobody else.

    source      of the expression or statement          setup    lines that run once before it
    stand_ins   what was made up for it, one sentence each
    """

    __slots__ = ("source", "setup", "stand_ins")

    def __init__(self, source: str, setup: Iterable[Line] = (), stand_ins: Iterable[str] = ()) -> None:
        self.source, self.setup, self.stand_ins = source, list(setup), list(stand_ins)


def call_of(
    function: Function, owner: ast.ClassDef | None, model: FileModel, given: Mapping[str, str], text: str
) -> DirectCall:
    """A call of a function or method with stand-ins for its parameters.  Raises CannotCut where one has none.

    owner   the class of a method        given   source of values, by name of the parameter
    text    of the file, which shows what shape its data have
    """
    arguments = _Arguments(model, given, plausible_shape(text))
    decorators = {
        decorator.attr if isinstance(decorator, ast.Attribute) else base_name(decorator)
        for decorator in function.decorator_list
    }
    passed = arguments.of(function, owner is not None and "staticmethod" not in decorators, made_once=True)
    made = arguments.made
    name = function.name
    setup: list[Line] = []
    is_value = False
    if owner is not None and ("staticmethod" in decorators or "classmethod" in decorators):
        name = f"{owner.name}.{function.name}"
    elif owner is not None:
        init = next((child for child in owner.body if isinstance(child, FUNCTIONS) and child.name == "__init__"), None)
        construct = arguments.of(init, True) if init is not None else ""
        name = f"_subject.{function.name}"
        if function.name == "__init__":
            name, passed, made = owner.name, construct, []
        else:
            setup.append(Line(f"_subject = {owner.name}({construct})"))
            is_value = "property" in decorators or "cached_property" in decorators
    call = name if is_value else f"{name}({passed})"
    if is_value:
        pass
    elif isinstance(function, ast.AsyncFunctionDef):
        arguments.imports.append("import asyncio")
        call = f"asyncio.run({call})"
    elif any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in _own_nodes(function)):
        call = f"for _ in {call}: pass"
    head = [Line(line) for line in unique(arguments.imports) + made]
    return DirectCall(call, head + setup, arguments.stand_ins)


# what is a thing of its own, and no plain value: made anew in each repeat, it would be what grows
_MADE = re.compile(r"(tf|np|pd|types|logging)\.|_[A-Z]|\(lambda made|\[(tf|np)\.")


class _Arguments:
    """Makes up arguments.

    imports     blocks of lines that they need             stand_ins   one sentence each
    made        lines that make stand-ins once, before anything repeats
    """

    def __init__(self, model: FileModel, given: Mapping[str, str], shape: tuple[int, ...]) -> None:
        self._model, self._given, self._shape = model, given, shape
        self.imports: list[str] = []
        self.stand_ins: list[str] = []
        self.made: list[str] = []

    def of(self, function: Function, is_method: bool, made_once: bool = False) -> str:
        """Source of the arguments: only parameters without a default get one.

        made_once   things are made before anything repeats, not where they are passed
        """
        arguments = function.args
        positional = arguments.posonlyargs + arguments.args
        required = positional[: len(positional) - len(arguments.defaults)]
        if is_method and required:
            required = required[1:]
        own = "\n".join(self._model.text.rows[function.lineno - 1 : last_row(function)])
        parts = [self._value(argument, function, own, made_once) for argument in required]
        parts += [
            f"{argument.arg}={self._value(argument, function, own, made_once)}"
            for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults)
            if default is None
        ]
        return ", ".join(parts)

    def _value(self, argument: ast.arg, function: Function, own: str, made_once: bool) -> str:
        """Source of a value for one parameter.  own: text of the function."""
        if argument.arg in self._given:
            source = self._given[argument.arg]
            self.stand_ins.append(f"{argument.arg}: {source} (verify-with)")
            return source
        annotation = ast.unparse(argument.annotation) if argument.annotation is not None else None
        value = guess.value_for(argument.arg, own, self._shape, annotation)
        if value is None:
            raise CannotCut(
                f"a value for the parameter {argument.arg!r} of {function.name}() "
                f"(# tflint-mem: verify-with {argument.arg}=...)"
            )
        source = value.source
        self.imports.append(value.imports)
        if made_once and _MADE.match(source):
            self.made.append(f"_given_{argument.arg} = {source}")
            source = f"_given_{argument.arg}"
        self.stand_ins.append(f"{argument.arg}: {value.text}")
        return source


def _own_nodes(function: Function) -> Iterator[ast.AST]:
    stack: list[ast.AST] = list(function.body)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            stack.extend(ast.iter_child_nodes(node))


def unique(blocks: Iterable[str]) -> list[str]:
    """The lines of blocks of code, each block and each `import` once."""
    lines: list[str] = []
    for block in dict.fromkeys(blocks):
        for line in block.rstrip("\n").split("\n") if block else ():
            if not (line.startswith("import ") and line in lines):
                lines.append(line)
    return lines


def real_call(files: Files, model: FileModel, function: Function) -> ast.Call | None:
    """The program's own call of a function whose arguments are plain values or what its top level makes; None when
    there is none."""
    tops = {name for statement in model.tree.body for name in binds(statement)}
    for site in call_sites(files, model, function):
        call = site.call
        inner = any(
            isinstance(node, (*FUNCTIONS, ast.Lambda, ast.ClassDef, ast.For, ast.While, *COMPREHENSIONS))
            for node in site.chain[:-1]
        )
        arguments = call.args + [keyword.value for keyword in call.keywords]
        if (
            site.model is model
            and not inner
            and isinstance(call.func, ast.Name)
            and arguments
            and all(
                reads(argument) <= tops and not isinstance(argument, (ast.Starred, ast.Await)) for argument in arguments
            )
        ):
            return call
    return None


_PLAIN = (
    ast.Name,
    ast.Constant,
    ast.Compare,
    ast.UnaryOp,
    ast.BoolOp,
    ast.expr_context,
    ast.cmpop,
    ast.unaryop,
    ast.boolop,
    ast.Tuple,
    ast.List,
)


def switched(text: Text, function: Function, chain: Chain) -> list[str]:
    """Takes the branches of a function that lead to a place, where a parameter alone decides: its callers may choose
    either.

    Returns sentences for the report.
    """
    own, sentences = parameters(function), []
    for node, inner in zip(chain, [*chain[1:], None]):
        if not isinstance(node, ast.If) or inner is None or inner is node.test:
            continue
        test = node.test
        if test.lineno == last_row(test) and _is_choice(test, own):
            taken = inner in node.body
            text.patch(Patch(test.lineno, test.col_offset, last_column(test) - test.col_offset, str(taken)))
            sentences.append(f"row {node.lineno}: {ast.unparse(test)} is {str(taken).lower()}, as a caller may choose")
    return sentences


def _is_choice(test: ast.expr, parameters_of: set[str]) -> bool:
    """Do parameters alone decide, by their values?  Whether one is None is no choice: stand-ins never are."""
    parts = list(ast.walk(test))
    names = {part.id for part in parts if isinstance(part, ast.Name)}
    return (
        all(isinstance(part, _PLAIN) for part in parts)
        and bool(names)
        and names <= parameters_of
        and not any(isinstance(part, ast.Constant) and part.value is None for part in parts)
    )
