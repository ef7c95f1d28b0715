"""Puts the probe into the text of what repeats: `for x in xs` becomes `for x in repeat(xs)`."""

import ast

from .behind import behind
from .calling import call_of
from .cutter import Replacing, Synthetic
from .scope import reads
from .snippet import CannotCut, Line

ENDLESS = "range(1000000000)"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def instrument(driver, repeat, once, given):
    """Puts the probe into the text of the repeat.  Returns a Synthetic that has to stand behind the target, or None."""
    text = driver.texts.setdefault(repeat.model, repeat.model.text.fresh())
    node = repeat.node
    if once:
        body = _moved(text.statement(node), text.indent(node) or "")
        return _once_lines(driver, repeat, body)
    if repeat.kind == "loop" and isinstance(node, ast.While):
        indent = text.indent(node)
        first = node.body[0]
        if indent is None or first.lineno == node.lineno:
            raise CannotCut("a while loop whose body begins in a row of its own")
        text.insert(node.lineno, f"{indent}_repeats = repeat({ENDLESS})")
        text.insert(text.first_row(first), f"{text.indent(first)}next(_repeats)")
        return None
    if repeat.kind == "loop" and isinstance(node, ast.AsyncFor):
        raise CannotCut("a loop that is not an `async for`")
    if repeat.kind == "loop":
        _wrap(text, node.iter, _in_class_body(repeat))
    elif repeat.kind == "comprehension":
        _wrap(text, node.generators[0].iter, _in_class_body(repeat))
    elif repeat.kind == "map":
        _wrap(text, node.args[1], False)
    elif repeat.kind == "function":
        model = repeat.model
        own = "\n".join(model.text.rows)
        call, setup, sentences = call_of(node, None, model, given, own)
        driver.stand_ins += sentences
        indent = text.indent(node) or ""
        lines = setup + [Line(f"for _ in repeat({ENDLESS}):"), Line("    " + call)]
        return Synthetic([Line(indent + line.text) for line in lines])
    else:
        indent = text.indent(node) or ""
        body = [
            Line("    " + line.text if line.text.strip() else line.text, line.origin) for line in text.statement(node)
        ]
        return Replacing([Line(f"{indent}for _ in repeat({ENDLESS}):")] + body, reads(node))
    return None


def go_on(driver, repeat, flagged_row, further):
    """The Synthetic that goes on behind the loop, or None."""
    driver.behind = behind(repeat, driver.texts[repeat.model], flagged_row) if further else None
    return driver.behind.lines if driver.behind is not None else None


def _moved(lines, indent):
    return [Line("    " + line.text if line.text.strip() else line.text, line.origin) for line in lines]


def _once_lines(driver, repeat, body):
    indent = driver.texts[repeat.model].indent(repeat.node) or ""
    # the first operation: conflicts in the configuration of devices come to light only there
    after = [Line(indent + "    import tensorflow as _tensorflow"), Line(indent + "    _tensorflow.zeros(1)")]
    return Replacing([Line(f"{indent}for _ in repeat(range(1)):")] + body + after, reads(repeat.node))


def _in_class_body(repeat):
    for node in reversed(repeat.chain[:-1]):
        if isinstance(node, _FUNCTIONS + (ast.Lambda,)):
            return False
        if isinstance(node, ast.ClassDef):
            return True
    return False


def _wrap(text, node, in_class):
    """`xs` -> `repeat(xs)`; an expression that makes its elements anew for each pass -> `repeat(lambda: ...)`."""
    simple = isinstance(node, (ast.Name, ast.Attribute, ast.Constant, ast.List, ast.Tuple)) or (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("range", "sorted", "list")
    )
    bound = any(isinstance(inner, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)) for inner in ast.walk(node))
    head = "repeat(" if simple or bound or in_class else "repeat(lambda: "
    if isinstance(node, ast.Tuple) and not _parenthesised(text, node):
        head, tail = head + "(", "))"
    else:
        tail = ")"
    text.patch([(node.lineno, node.col_offset, 0, head), (node.end_lineno, node.end_col_offset, 0, tail)])


def _parenthesised(text, node):
    row = text.rows[node.lineno - 1].encode("utf-8")
    return row[node.col_offset : node.col_offset + 1] == b"("
