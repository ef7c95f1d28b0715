"""Calls of a function with plausible values for its parameters, or as the program itself calls it."""

import ast
import re

from tflint_mem.verify.standins import guess
from tflint_mem.verify.standins.hints import plausible_shape

from .region import call_sites
from .scope import base_name, binds, parameters, reads
from .snippet import CannotCut, Line

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def call_of(function, owner, model, given, text):
    """(source of a call, Lines of setup, stand-in sentences) of a function or method with stand-ins for its parameters."""
    setup, sentences, imports = [], [], []
    shape = plausible_shape(text)
    decorators = {
        base_name(decorator) if not isinstance(decorator, ast.Attribute) else decorator.attr
        for decorator in function.decorator_list
    }
    made = []
    arguments = _arguments(
        function,
        owner is not None and "staticmethod" not in decorators,
        model,
        given,
        shape,
        text,
        sentences,
        imports,
        made,
    )
    name = function.name
    if owner is not None:
        if "staticmethod" in decorators or "classmethod" in decorators:
            name = f"{owner.name}.{function.name}"
        else:
            init = next(
                (child for child in owner.body if isinstance(child, _FUNCTIONS) and child.name == "__init__"), None
            )
            construct = (
                _arguments(init, True, model, given, shape, text, sentences, imports) if init is not None else ""
            )
            setup.append(Line(f"_subject = {owner.name}({construct})"))
            name = f"_subject.{function.name}"
            if function.name == "__init__":
                name, arguments, made = owner.name, construct, []
                setup.pop()
            elif "property" in decorators or "cached_property" in decorators:
                return f"_subject.{function.name}", [Line(line) for line in unique(imports) + made] + setup, sentences
    call = f"{name}({arguments})"
    if isinstance(function, ast.AsyncFunctionDef):
        imports.append("import asyncio")
        call = f"asyncio.run({call})"
    elif any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in _own_nodes(function)):
        call = f"for _ in {call}: pass"
    return call, [Line(line) for line in unique(imports) + made] + setup, sentences


# what is a thing of its own, and no plain value: made anew in each repeat, it would be what grows
_MADE = re.compile(r"(tf|np|pd|types|logging)\.|_[A-Z]|\(lambda made|\[(tf|np)\.")


def _arguments(function, is_method, model, given, shape, text, sentences, imports, made=None):
    """Source of the arguments: only parameters without a default get one.

    made: gets the lines that make stand-ins once, before anything repeats; without it they are made where they are passed
    """
    arguments = function.args
    positional = arguments.posonlyargs + arguments.args
    required = positional[: len(positional) - len(arguments.defaults)]
    if is_method and required:
        required = required[1:]
    parts = []
    own = "\n".join(model.text.rows[function.lineno - 1 : function.end_lineno])
    needed = [(argument, False) for argument in required]
    needed += [
        (argument, True) for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults) if default is None
    ]
    for argument, by_keyword in needed:
        if argument.arg in given:
            source = given[argument.arg]
            sentences.append(f"{argument.arg}: {source} (verify-with)")
        else:
            annotation = ast.unparse(argument.annotation) if argument.annotation is not None else None
            value = guess.value_for(argument.arg, own, shape, annotation)
            if value is None:
                raise CannotCut(
                    f"a value for the parameter {argument.arg!r} of {function.name}() "
                    f"(# tflint-mem: verify-with {argument.arg}=...)"
                )
            source = value.source
            imports.append(value.imports)
            if made is not None and _MADE.match(source):
                made.append(f"_given_{argument.arg} = {source}")
                source = f"_given_{argument.arg}"
            sentences.append(f"{argument.arg}: {value.text}")
        parts.append(f"{argument.arg}={source}" if by_keyword else source)
    return ", ".join(parts)


def _own_nodes(function):
    stack = list(function.body)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, _FUNCTIONS + (ast.Lambda, ast.ClassDef)):
            stack.extend(ast.iter_child_nodes(node))


def unique(blocks):
    lines = []
    for block in dict.fromkeys(blocks):
        for line in block.rstrip("\n").split("\n") if block else ():
            if not (line.startswith("import ") and line in lines):
                lines.append(line)
    return lines


def real_call(files, model, function):
    """The program's own call of a function whose arguments are plain values or what its top level makes; None when there is none."""
    tops = {name for statement in model.tree.body for name in binds(statement)}
    for caller, chain in call_sites(files, model, function):
        call = chain[-1]
        inner = any(
            isinstance(node, _FUNCTIONS + (ast.Lambda, ast.ClassDef, ast.For, ast.While) + _COMPREHENSIONS)
            for node in chain[:-1]
        )
        arguments = call.args + [keyword.value for keyword in call.keywords]
        if (
            caller is model
            and not inner
            and isinstance(call.func, ast.Name)
            and arguments
            and all(
                reads(argument) <= tops and not isinstance(argument, (ast.Starred, ast.Await)) for argument in arguments
            )
        ):
            return call
    return None


def switched(text, function, chain):
    """Takes the branches of a function that lead to a place, where a parameter alone decides: its callers may choose either.

    Returns sentences for the report.
    """
    own, sentences = parameters(function), []
    for node, inner in zip(chain, chain[1:] + [None]):
        if (
            not isinstance(node, ast.If)
            or inner is None
            or node.test.lineno != node.test.end_lineno
            or inner is node.test
        ):
            continue
        parts = list(ast.walk(node.test))
        plain = all(
            isinstance(
                part,
                (
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
                ),
            )
            for part in parts
        )
        names = {part.id for part in parts if isinstance(part, ast.Name)}
        if (
            plain
            and names
            and names <= own
            and not any(isinstance(part, ast.Constant) and part.value is None for part in parts)
        ):
            width = node.test.end_col_offset - node.test.col_offset
            taken = inner in node.body
            text.patch([(node.test.lineno, node.test.col_offset, width, str(taken))])
            sentences.append(
                f"row {node.lineno}: {ast.unparse(node.test)} is {str(taken).lower()}, as a caller may choose"
            )
    return sentences
