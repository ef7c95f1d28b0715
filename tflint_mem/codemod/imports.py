"""Names that imports bind in a file, and new imports where the file would have put them itself.

Only the standard library's `ast` is needed here.  Rows are rows of the module.
"""

import ast
import sys

from tflint_mem.finding import Edit

from . import NoFix
from .names import binds, bound
from .outline import dotted, outline, strip_end

_FRAMEWORK = frozenset(("tensorflow", "keras", "tf_keras", "tensorflow_hub"))
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
# Statements on these may stand between two imports without ending the file's import block.
_SETTINGS = frozenset(("logging", "matplotlib", "mpl", "os", "sys", "warnings"))
_IMPORTS = (ast.Import, ast.ImportFrom)


def visible(source, row: int = None) -> dict:
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


def _locals(file, function) -> set:
    """Parameters of a function and names it binds."""
    return file.once(("locals", function), lambda: _parameters(function) | bound(function.body))


def _scope_imports(file, owner, row) -> dict:
    """Imports of the scope of a module or function, above `row` if that is given."""
    imports = file.once(("imports", owner), lambda: _imports_of(owner.body))
    return {local: target for local, target, above in imports if row is None or above <= row}


def _imports_of(body) -> list:
    """[(local name, dotted import, row)] of a scope, without the names that other statements bind as well."""
    found, others = [], set()
    for statement in _same_level(body):
        if isinstance(statement, _IMPORTS):
            found += [(local, target, statement.lineno) for local, target in _imported(statement).items()]
        elif not isinstance(statement, (ast.Try, ast.If)) and type(statement).__name__ != "TryStar":
            others |= bound([statement])
    return [entry for entry in found if entry[0] not in others]


def _imported(statement) -> dict:
    """{local name: dotted import} of one import statement."""
    if isinstance(statement, ast.Import):
        return {
            alias.asname or alias.name.split(".")[0]: alias.name if alias.asname else alias.name.split(".")[0]
            for alias in statement.names
        }
    module = "." * statement.level + (statement.module or "")
    return {alias.asname or alias.name: f"{module}.{alias.name}" for alias in statement.names if alias.name != "*"}


def _same_level(body):
    """The statements of a scope, looking into `try` and `if` but not into functions, classes and loops."""
    for statement in body:
        yield statement
        if isinstance(statement, (ast.Try, ast.If)) or type(statement).__name__ == "TryStar":
            for field in ("body", "orelse", "finalbody"):
                yield from _same_level(getattr(statement, field, ()))
            for handler in getattr(statement, "handlers", ()):
                yield from _same_level(handler.body)


def _functions_around(file, row) -> list:
    """The functions whose body covers `row`, outermost first."""
    if row is None:
        return []
    around = [node for node in file.functions if node.lineno <= row <= node.end_lineno]
    return sorted(around, key=lambda node: node.lineno)


def _parameters(function) -> set:
    arguments = function.args
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
    return {argument.arg for argument in every if argument}


def framework_names(source, row: int = None) -> set:
    """Local names bound by imports of TensorFlow, Keras or TensorFlow Hub."""
    return {name for name, target in visible(source, row).items() if target.split(".")[0] in _FRAMEWORK}


# --- spelling and adding ---------------------------------------------------------------------------------------------


def ensure(source, module: str, name: str = None, row: int = None) -> tuple:
    """`(expression, edits)`: how to spell `module` (or `module.name`) on `row`, and the import to add if there is none."""
    wanted = f"{module}.{name}" if name else module
    local = _spelling(visible(source, row), wanted)
    if local:
        return local, []
    new = name or module.split(".")[0]
    file = outline(source)
    taken = file.globals | file.once("bound", lambda: bound(file.tree.body))
    for function in _functions_around(file, row):
        taken = taken | _locals(file, function)
    if new in taken and not _binds_the_same(file, new, wanted):
        raise NoFix(f"the name {new} is taken")
    line = f"from {module} import {name}" if name else f"import {module}"
    return name or module, [add_import(source, line, row)]


def _binds_the_same(file, local, wanted) -> bool:
    """Whether everything that binds `local` in the file is an import of `wanted` (say, in another function)."""
    found = False
    for node in file.nodes:
        if isinstance(node, _IMPORTS) and local in binds(node):
            if _imported(node).get(local) != wanted:
                return False
            found = True
        elif local in binds(node) or (isinstance(node, ast.arg) and node.arg == local):
            return False
    return found


def _spelling(known, wanted):
    """The shortest expression for the dotted `wanted`, or None."""
    found = []
    for local, target in known.items():
        if wanted == target:
            found.append(local)
        elif wanted.startswith(target + ".") and target.split(".")[0] in _FRAMEWORK:
            found.append(local + wanted[len(target) :])
    return min(found, key=len) if found else None


def tf_name(source, row: int = None) -> str:
    """The expression the file uses for the `tensorflow` module; NoFix when none can be used on `row`."""
    known = visible(source, row)
    for module in _TF:
        found = _spelling(known, module)
        if found:
            return found
    raise NoFix("tensorflow is not imported under a name")


def clear_session_expression(source, row: int = None) -> tuple:
    """`(expression, edits)`: the call that clears Keras' session in the spelling this file is closest to."""
    known = visible(source, row)
    for name, target in known.items():
        if target.split(".")[0] in _FRAMEWORK and target.endswith(".clear_session"):
            return f"{name}()", []
    for wanted, tail in (
        (_BACKENDS, ""),
        (_TF, ".keras.backend"),
        (("tensorflow.keras", "keras", "tf_keras"), ".backend"),
        (("tensorflow.compat.v1.keras", "tensorflow.compat.v2.keras", "tensorflow.python.keras"), ".backend"),
    ):
        for name, target in known.items():
            if target in wanted:
                return f"{name}{tail}.clear_session()", []
    file = outline(source)
    flavours = file.once("packages", lambda: _imported_packages(file))
    for flavour, module in (("tensorflow", "tensorflow.keras"), ("keras", "keras"), ("tf_keras", "tf_keras")):
        if flavour in flavours:
            local = next((name for name in ("K", "backend") if name not in file.names), None)
            if local is None:
                raise NoFix("the names K and backend are taken")
            line = f"from {module} import backend" + (" as K" if local == "K" else "")
            return f"{local}.clear_session()", [add_import(source, line, row)]
    raise NoFix("neither tensorflow nor keras is imported here")


def _imported_packages(file) -> set:
    """First components of every module the file imports, wherever it does."""
    found = set()
    for node in file.nodes:
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


# --- where imports go ------------------------------------------------------------------------------------------------


def add_import(source, line: str, row: int = None) -> Edit:
    """The edit that adds the import statement `line` to the file's leading imports, in its sorted place where they are sorted.

    row  where the import is needed; NoFix when the place for imports is not above it
    """
    file = outline(source)
    standard = line.split()[1].split(".")[0] in sys.stdlib_module_names
    at, place = insertion_row(source, row, standard)
    if row is not None and at > row:
        raise NoFix("there is no place for an import above this code")
    newline = file.newline
    if place == "before":
        return Edit(start=(at, 1), end=(at, 1), content=line + newline * 2)
    if place == "imports":
        runs = _runs(source, at)
        if standard and runs and not _is_standard(runs[-1][-1][2][0]):
            first = runs[0][0][0]  # there is none of the standard library yet: it gets a section of its own on top
            return Edit(start=(first, 1), end=(first, 1), content=line + newline * 2)
        run = _run_for(runs, standard)
        before = _first_behind(run, line)
        if before is not None:
            return Edit(start=(before, 1), end=(before, 1), content=line + newline)
        at = run[-1][1] if run else at
    end = (at, len(strip_end(file.lines[at - 1])) + 1)
    apart = place == "docstring" or _role(file.group_at(at)[2][-1]) == "future"
    return Edit(start=end, end=end, content=newline * (2 if apart else 1) + line)


def _runs(source, at) -> list:
    """The leading imports down to row `at` in runs without a row between them, as groups of the outline."""
    runs, cell = [], source.locate(at)[0]
    for group in outline(source).groups:
        first, last, members = group
        if last > at or source.locate(first)[0] != cell:
            continue
        if {_role(member) for member in members} != {"import"}:
            runs.append([])
        elif runs and runs[-1] and runs[-1][-1][1] + 1 == first:
            runs[-1].append(group)
        else:
            runs.append([group])
    return [run for run in runs if run]


def _run_for(runs, standard) -> list:
    """The run a new import belongs to: the standard library's own part of the last one, else the last with TensorFlow or Keras in it."""
    if not runs:
        return []
    if standard:
        run = runs[-1]
        return run[next((i for i in range(len(run), 0, -1) if not _is_standard(run[i - 1][2][0])), 0) :]
    own = [run for run in runs if not all(getattr(group[2][0], "level", 0) for group in run)] or runs
    return next(
        (run for run in reversed(own) if any(_order_key(group[2][0])[1].split(".")[0] in _FRAMEWORK for group in run)),
        own[-1],
    )


def _first_behind(run, line):
    """Row of the first import of a sorted run that comes behind `line`, or None."""
    if any(len(group[2]) != 1 or not isinstance(group[2][0], _IMPORTS) for group in run):
        return None
    new = _order_key(ast.parse(line).body[0])
    for key in (
        lambda pair: pair,
        lambda pair: pair[1:],
    ):  # `import a` before `from b import c`, or all by their modules
        keys = [key(_order_key(group[2][0])) for group in run]
        if keys == sorted(keys):
            return next((group[0] for group, own in zip(run, keys) if own > key(new)), None)
    return None


def _order_key(statement) -> tuple:
    """(whether it is `from … import`, the module) of an import."""
    if isinstance(statement, ast.ImportFrom):
        return True, ("." * statement.level + (statement.module or "")).lower()
    return False, statement.names[0].name.lower() if isinstance(statement, ast.Import) else ""


def insertion_row(source, row: int = None, standard: bool = False) -> tuple:
    """`(row, place)`: new imports go behind that row ("imports", "docstring") or right before it ("before").

    The leading block is the docstring, `from __future__`, imports, `try` and `if TYPE_CHECKING` blocks that only choose
    imports, and settings between imports (`os.environ[...] = ...`).  In a notebook it ends with its cell.
    standard  the import is one of the standard library: it goes behind the first run of such imports, if there is one
    """
    groups = [group for group in outline(source).groups if row is None or group[0] <= row]
    best = None
    run = False
    cell = source.locate(1)[0]
    for first, last, members in groups:
        roles = {_role(member) for member in members}
        here = source.locate(first)[0]
        if here != cell and best is not None and best[1] == "imports":
            break
        cell = here
        if standard and run and not all(map(_is_standard, members)):
            break
        run = all(map(_is_standard, members))
        if roles & {"import", "future"}:
            best = (last, "imports")
        elif roles == {"docstring"} and best is None and first == groups[0][0]:
            best = (last, "docstring")
        elif roles == {"other"} and source.kind == "notebook" and best is None:
            continue
        elif "other" in roles:
            break
    if best:
        return best
    if not groups:
        raise NoFix("there is no place for an import above this code")
    return groups[0][0], "before"


def _is_standard(statement) -> bool:
    """Whether the statement only imports from the standard library."""
    if isinstance(statement, ast.Import):
        return all(alias.name.split(".")[0] in sys.stdlib_module_names for alias in statement.names)
    return (
        isinstance(statement, ast.ImportFrom)
        and not statement.level
        and statement.module != "__future__"
        and statement.module.split(".")[0] in sys.stdlib_module_names
    )


def _role(statement) -> str:
    if isinstance(statement, ast.ImportFrom) and statement.module == "__future__" and not statement.level:
        return "future"
    if isinstance(statement, _IMPORTS) or _chooses_imports(statement):
        return "import"
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return "docstring"
    return "setting" if _is_setting(statement) else "other"


def _chooses_imports(statement) -> bool:
    """`try: import a / except ImportError: …` and `if TYPE_CHECKING: import a`."""
    if isinstance(statement, ast.If):
        test = {
            dotted(node).split(".")[-1]
            for node in ast.walk(statement.test)
            if isinstance(node, (ast.Name, ast.Attribute))
        }
        if not test & {"TYPE_CHECKING", "version_info", "platform", "PY2", "PY3"}:
            return False
    elif not isinstance(statement, ast.Try):
        return False
    inner = [other for other in _same_level([statement]) if other is not statement]
    allowed = (*_IMPORTS, ast.Assign, ast.Expr, ast.Pass, ast.Raise, ast.Try, ast.If)
    return any(isinstance(other, _IMPORTS) for other in inner) and all(isinstance(other, allowed) for other in inner)


def _is_setting(statement) -> bool:
    if isinstance(statement, ast.Assign):
        target = statement.targets[0]
        if isinstance(target, ast.Name):
            return target.id.startswith("__")
        while isinstance(target, (ast.Subscript, ast.Attribute)):
            target = target.value
        return isinstance(target, ast.Name) and target.id in _SETTINGS
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return dotted(statement.value.func).split(".")[0] in _SETTINGS
    return False
