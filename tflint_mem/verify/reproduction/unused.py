"""Texts without what nothing in any of them names: imports, definitions, constants."""

from __future__ import annotations

import ast
import re
import textwrap
import tokenize

from tflint_mem.hardening.parsing import parsed
from tflint_mem.verify.snippet.scope import binds
from tflint_mem.verify.snippet.syntax import DEFINITIONS, block, first_row, last_row

from .edited import Edited, drop_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

_WORD = re.compile(r"\w+")
_IMPORT = re.compile(r"(?m)^[ \t]*(?:from\s+[\w.]+\s+import\s+(?:\([^)]*\)|[^\n]*)|import\s+[^\n]*)$")
_FROM = re.compile(r"(?m)^[ \t]*from\s+(?P<module>[\w.]+)\s+import\s+(?P<names>\([^)]*\)|[^\n]*)")
_RENAMED = re.compile(r"\b(\w+)\s+as\s+(\w+)")
SHARED = ".0"
_MOST_ROUNDS = 12
# what Python and TensorFlow call by themselves, without a name in any text
_CALLED = re.compile(
    r"__\w+__|find_spec|create_module|exec_module|handle|call|build|get_config|compute_output_shape|on_\w+"
)


def without_unused(texts: Mapping[str, str], outside: str = "", aliases: bool = False) -> dict[str, str]:
    """What is left of some texts that name each other.

    outside   text that may name anything in them as well; those whose names end in SHARED have one namespace with it
    aliases   `a = b` goes too; in a program it may be what keeps something alive
    """
    left = dict(texts)
    for _ in range(_MOST_ROUNDS):
        counts = _counted([*left.values(), outside])
        shorter = {
            name: _shorter(
                text, counts, {*_counted(_together(name, left, outside)), *_imported_from(name, left)}, aliases
            )
            for name, text in left.items()
        }
        if shorter == left:
            break
        left = shorter
    return left


def _together(name: str, texts: Mapping[str, str], outside: str) -> list[str]:
    """The texts that share the namespace of one."""
    if not name.endswith(SHARED):
        return [texts[name]]
    return [outside, *(text for other, text in texts.items() if other.endswith(SHARED))]


def _counted(texts: Iterable[str]) -> dict[str, int]:
    """How often each word is used: what is only bound or imported somewhere is not."""
    counts: dict[str, int] = {}
    renamed: list[tuple[str, str]] = []
    for text in texts:
        renamed += _RENAMED.findall(text)
        for word in _used_in(text):
            counts[word] = counts.get(word, 0) + 1
    for name, other in renamed:
        if other in counts:
            counts[name] = counts.get(name, 0) + 1
    return counts


def _used_in(text: str) -> Iterator[str]:
    """The names that a text reads, with the words of its strings; all words of one that does not parse."""
    try:
        tree = parsed(textwrap.dedent(text))
    except (SyntaxError, ValueError, RecursionError):
        yield from _WORD.findall(_IMPORT.sub("", re.sub(r"(?m)^\s*#.*$", "", text)))
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield node.attr
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            yield from node.names
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _WORD.findall(node.value)


def _imported_from(name: str, texts: Mapping[str, str]) -> set[str]:
    """What other texts import from the file of this name."""
    parts = name.removesuffix(".py").split("/")
    own = parts[-2] if parts[-1] == "__init__" and len(parts) > 1 else parts[-1]
    found: set[str] = set()
    for other, text in texts.items():
        if other == name:
            continue
        for match in _FROM.finditer(text):
            module = match.group("module").split(".")[-1]
            if module in (own, ""):
                found.update(_WORD.findall(match.group("names")))
                if "*" in match.group("names"):
                    found.update(_counted(texts.values()))
    return found


def _shorter(text: str, counts: Mapping[str, int], imported: Collection[str], aliases: bool) -> str:
    """counts: how often all texts use each word; imported: what its imports may be there for"""
    try:
        edited = Edited(text)
    except (SyntaxError, ValueError, RecursionError):
        return text
    for body, top in _bodies(edited.tree):
        dropped: list[ast.stmt] = []
        for node in body:
            if isinstance(node, (ast.Import, ast.ImportFrom)) and top:
                if not _without_names(edited, node, imported):
                    dropped.append(node)
            elif not _is_used(edited, node, counts, aliases, not top):
                dropped.append(node)
        drop_all(edited, body, dropped)
    _drop_passes(edited)
    left = edited.text()
    try:
        ast.parse(left)
    except SyntaxError:
        return text
    return left


def _bodies(tree: ast.Module) -> list[tuple[list[ast.stmt], bool]]:
    """The bodies of the module and its classes, and those that run when it is imported; is it one for all to see?"""
    found = [(tree.body, True)]
    found += [(node.body, False) for node in ast.walk(tree) if isinstance(node, (ast.ClassDef, *DEFINITIONS))]
    return found


def _drop_passes(edited: Edited) -> None:
    """Takes out what is left of branches that were never taken, where the condition is no call."""
    for node in ast.walk(edited.tree):
        for name in ("body", "orelse", "finalbody"):
            inner = [each for each in block(node, name) if isinstance(each, ast.stmt)]
            idle = [each for each in inner if isinstance(each, ast.Pass) or _is_idle_branch(edited, each)]
            if idle and len(idle) < len(inner):
                for each in idle:
                    edited.drop(each)


def _is_idle_branch(edited: Edited, node: ast.stmt) -> bool:
    if not isinstance(node, ast.If) or node.orelse or not all(isinstance(each, ast.Pass) for each in node.body):
        return False
    is_elif = edited.rows[node.lineno - 1].lstrip().startswith("elif")
    return not is_elif and not any(isinstance(each, (ast.Call, ast.NamedExpr)) for each in ast.walk(node.test))


def _own(edited: Edited, node: ast.stmt) -> dict[str, int]:
    """How often each word is used in the rows of a statement."""
    return _counted(["\n".join(edited.rows[first_row(node) - 1 : last_row(node)])])


def _is_used(edited: Edited, node: ast.stmt, counts: Mapping[str, int], aliases: bool, inside: bool) -> bool:
    """Does anything else name what a statement defines, or does it do more than to define it?

    aliases   it is one of a stand-in, whose values nothing has to be alive for      inside   of a class or a function
    """
    if isinstance(node, DEFINITIONS):
        names = {node.name}
        if _CALLED.fullmatch(node.name) or node.decorator_list and not isinstance(node, ast.ClassDef):
            return True
    elif isinstance(node, ast.Assign):
        alias = isinstance(node.value, (ast.Name, ast.Attribute)) or _is_made_of_texts(node.value)
        alias = alias or inside and _is_property(node.value)
        if not _is_plain(node.value) and not (aliases and alias):
            return True
        if not all(isinstance(target, ast.Name) for target in node.targets):
            return True
        names = binds(node)
    else:
        return True
    own = _own(edited, node)
    return any(counts.get(name, 0) > own.get(name, 0) for name in names)


def _is_made_of_texts(node: ast.expr) -> bool:
    """`frozenset("a b".split())`"""
    made = (ast.Call, ast.Attribute, ast.Name, ast.Constant, ast.keyword, ast.expr_context)
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    names |= {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
    return all(isinstance(each, made) for each in ast.walk(node)) and names <= {"frozenset", "set", "dict", "split"}


def _is_property(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "property"


def _is_plain(node: ast.expr) -> bool:
    """A value that nothing has to run for and that keeps nothing alive: numbers, texts, and collections of them."""
    allowed = (
        *(ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.UnaryOp, ast.BinOp),
        *(ast.expr_context, ast.operator, ast.unaryop),
    )
    return isinstance(node, ast.Lambda) or all(isinstance(each, allowed) for each in ast.walk(node))


def _without_names(edited: Edited, node: ast.Import | ast.ImportFrom, counts: Collection[str]) -> bool:
    """Takes the names out of an import that nothing uses; is one left?"""
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        return True
    used = [alias for alias in node.names if alias.name == "*" or _bound(alias) in counts]
    if used and len(used) < len(node.names) and edited.is_alone(node):
        shorter = type(node)(**{**vars(node), "names": used})
        edited.replace(first_row(node), last_row(node), edited.indent(node) + ast.unparse(shorter))
    return bool(used)


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.split(".")[0]


def without_blanks(text: str) -> str:
    """The text with a blank row between its definitions and no others; rows of strings stay as they are."""
    try:
        edited = Edited(text)
        data = edited.inside_strings()
    except (SyntaxError, ValueError, RecursionError, tokenize.TokenError):
        return text.strip("\n")
    kept: list[str] = []
    for number, row in enumerate(edited.rows, 1):
        if row.strip() or number in data:
            apart = (
                not row.startswith((" ", "\t", ")", "]", "}", "else", "elif", "except", "finally"))
                and number not in data
            )
            after_block = bool(kept) and kept[-1].startswith((" ", "\t")) and number - 1 not in data
            begins = row.startswith(("def ", "class ", "@", "async def ", "if __name__"))
            if kept and apart and (after_block or begins and not kept[-1].startswith("@")):
                kept.append("")
            kept.append(row)
    return "\n".join(kept)
