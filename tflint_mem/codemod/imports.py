"""Names that imports bind in a file: how a module is spelled there, and the import to add where there is none.

Only the standard library's `ast` is needed here.  Rows are rows of the module.
"""

from __future__ import annotations

import ast

from tflint_mem.facts import Record

from . import NoFix
from .import_place import FRAMEWORK, IMPORTS, add_import, same_level
from .names import binds, bound
from .outline import last_row, outline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tflint_mem.finding import Edit
    from tflint_mem.sources.source import Source

    from .outline import Function, Outline

_BACKENDS = frozenset(
    (
        "tensorflow.keras.backend",
        "keras.backend",
        "tf_keras.backend",
        "tensorflow.python.keras.backend",
        "tensorflow.compat.v1.keras.backend",
        "tensorflow.compat.v2.keras.backend",
    )
)
_TF = ("tensorflow", "tensorflow.compat.v2", "tensorflow.compat.v1")


class Spelling(Record):
    """How to write something in a file.

    expression  its code
    edits       what the file needs for that: the import, if it has none
    """

    __slots__ = ()
    expression: str
    edits: list[Edit]


class _Import(Record):
    """A name that an import binds.

    local   the name
    target  the dotted thing that it stands for
    row     the row of the import
    """

    __slots__ = ()
    local: str
    target: str
    row: int


def visible(source: Source, row: int | None = None) -> dict[str, str]:
    """{local name: dotted import} of the imports whose names can be used on `row` (None: anywhere at module level).

    `import a.b` binds `a` to "a"; `import a.b as c` binds `c` to "a.b"; `from a import b as c` binds `c` to "a.b".
    Names that something else binds too, and names that a local of a function around `row` hides, are left out.
    """
    file = outline(source)
    around = _functions_around(file, row)
    found = _scope_imports(file, file.tree, None if around else row)
    found = {name: target for name, target in found.items() if name not in file.globals}
    for function in around:
        local = _locals(file, function)
        found = {name: target for name, target in found.items() if name not in local}
        found.update(_scope_imports(file, function, row if function is around[-1] else None))
    return found


def _locals(file: Outline, function: Function) -> set[str]:
    """Parameters of a function and names it binds."""
    return file.once(("locals", function), lambda: _parameters(function) | bound(function.body))


def _scope_imports(file: Outline, owner: ast.Module | Function, row: int | None) -> dict[str, str]:
    """{local name: dotted import} of the scope of a module or function, above `row` if that is given."""
    imports = file.once(("imports", owner), lambda: _imports_of(owner.body))
    return {each.local: each.target for each in imports if row is None or each.row <= row}


def _imports_of(body: Sequence[ast.stmt]) -> list[_Import]:
    """The imports of a scope, without the names that other statements bind as well."""
    found: list[_Import] = []
    others: set[str] = set()
    for statement in same_level(body):
        if isinstance(statement, IMPORTS):
            found += [_Import(local, target, statement.lineno) for local, target in _imported(statement).items()]
        elif not isinstance(statement, (ast.Try, ast.If)) and type(statement).__name__ != "TryStar":
            others |= bound([statement])
    return [each for each in found if each.local not in others]


def _imported(statement: ast.Import | ast.ImportFrom) -> dict[str, str]:
    """{local name: dotted import} of one import statement."""
    if isinstance(statement, ast.Import):
        return {
            alias.asname or alias.name.split(".")[0]: alias.name if alias.asname else alias.name.split(".")[0]
            for alias in statement.names
        }
    module = "." * statement.level + (statement.module or "")
    return {alias.asname or alias.name: f"{module}.{alias.name}" for alias in statement.names if alias.name != "*"}


def _functions_around(file: Outline, row: int | None) -> list[Function]:
    """The functions whose body covers `row`, outermost first."""
    if row is None:
        return []
    around = [node for node in file.functions if node.lineno <= row <= last_row(node)]
    return sorted(around, key=lambda node: node.lineno)


def _parameters(function: Function) -> set[str]:
    arguments = function.args
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
    return {argument.arg for argument in every if argument}


def framework_names(source: Source, row: int | None = None) -> set[str]:
    """Local names bound by imports of TensorFlow, Keras or TensorFlow Hub."""
    return {name for name, target in visible(source, row).items() if target.split(".")[0] in FRAMEWORK}


def ensure(source: Source, module: str, name: str | None = None, row: int | None = None) -> Spelling:
    """How to spell `module` (or `module.name`) on `row`, and the import to add if there is none.

    NoFix when the name is taken, or there is no place for the import above the row.
    """
    wanted = f"{module}.{name}" if name else module
    local = _spelling(visible(source, row), wanted)
    if local:
        return Spelling(local, [])
    new = name or module.split(".")[0]
    file = outline(source)
    taken = file.globals | file.once("bound", lambda: bound(file.tree.body))
    for function in _functions_around(file, row):
        taken = taken | _locals(file, function)
    if new in taken and not _binds_the_same(file, new, wanted):
        raise NoFix(f"the name {new} is taken")
    line = f"from {module} import {name}" if name else f"import {module}"
    return Spelling(name or module, [add_import(source, line, row)])


def _binds_the_same(file: Outline, local: str, wanted: str) -> bool:
    """Whether everything that binds `local` in the file is an import of `wanted` (say, in another function)."""
    found = False
    for node in file.nodes:
        if isinstance(node, IMPORTS) and local in binds(node):
            if _imported(node).get(local) != wanted:
                return False
            found = True
        elif local in binds(node) or (isinstance(node, ast.arg) and node.arg == local):
            return False
    return found


def _spelling(known: Mapping[str, str], wanted: str) -> str | None:
    """The shortest expression for the dotted `wanted`, or None."""
    found: list[str] = []
    for local, target in known.items():
        if wanted == target:
            found.append(local)
        elif wanted.startswith(target + ".") and target.split(".")[0] in FRAMEWORK:
            found.append(local + wanted[len(target) :])
    return min(found, key=len) if found else None


def tf_name(source: Source, row: int | None = None) -> str:
    """The expression the file uses for the `tensorflow` module; NoFix when none can be used on `row`."""
    known = visible(source, row)
    for module in _TF:
        found = _spelling(known, module)
        if found:
            return found
    raise NoFix("tensorflow is not imported under a name")


def clear_session_expression(source: Source, row: int | None = None) -> Spelling:
    """The call that clears Keras' session in the spelling this file is closest to.

    NoFix when the file imports neither TensorFlow nor Keras, or the names for it are taken.
    """
    known = visible(source, row)
    for name, target in known.items():
        if target.split(".")[0] in FRAMEWORK and target.endswith(".clear_session"):
            return Spelling(f"{name}()", [])
    for wanted, tail in (
        (_BACKENDS, ""),
        (_TF, ".keras.backend"),
        (("tensorflow.keras", "keras", "tf_keras"), ".backend"),
        (("tensorflow.compat.v1.keras", "tensorflow.compat.v2.keras", "tensorflow.python.keras"), ".backend"),
    ):
        for name, target in known.items():
            if target in wanted:
                return Spelling(f"{name}{tail}.clear_session()", [])
    file = outline(source)
    flavours = file.once("packages", lambda: _imported_packages(file))
    for flavour, module in (("tensorflow", "tensorflow.keras"), ("keras", "keras"), ("tf_keras", "tf_keras")):
        if flavour in flavours:
            local = next((name for name in ("K", "backend") if name not in file.names), None)
            if local is None:
                raise NoFix("the names K and backend are taken")
            line = f"from {module} import backend" + (" as K" if local == "K" else "")
            return Spelling(f"{local}.clear_session()", [add_import(source, line, row)])
    raise NoFix("neither tensorflow nor keras is imported here")


def _imported_packages(file: Outline) -> set[str]:
    """First components of every module the file imports, wherever it does."""
    found: set[str] = set()
    for node in file.nodes:
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found
