"""Which names a piece of code reads, binds and changes: questions that decide whether code may move.

Everything here reads the standard library's `ast` and answers for the scope that the given nodes stand in; what a
nested function binds for itself does not count, what it binds by `global` or `nonlocal` does.
"""

import ast

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

# Methods that change the object they are called on.
MUTATORS = frozenset(
    (
        "add append appendleft clear discard extend extendleft insert move_to_end next pop popitem popleft push put read "
        "readline remove reverse rotate setdefault shuffle sort update write writelines"
    ).split()
)


def kept(node, key, make):
    """`make()`, worked out once for each `key` of an `ast` node, which keeps it for as long as it lives."""
    memo = node.__dict__.setdefault("_kept", {})
    if key not in memo:
        memo[key] = make()
    return memo[key]


def everything(nodes):
    """All `ast` nodes at and below `nodes`."""
    for node in nodes:
        yield from ast.walk(node)


def same_scope(nodes):
    """The nodes at and below `nodes` that run in the same scope: nested functions contribute decorators and defaults."""
    stack = list(nodes)
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, _FUNCTIONS):
            arguments = node.args
            stack.extend(arguments.defaults)
            stack.extend(default for default in arguments.kw_defaults if default is not None)
            stack.extend(getattr(node, "decorator_list", ()))
        elif isinstance(node, ast.ClassDef):
            stack.extend([*node.decorator_list, *node.bases, *node.keywords])
        else:
            stack.extend(ast.iter_child_nodes(node))


def bound(nodes) -> set:
    """Names that `nodes` bind or delete in their scope, comprehension variables included."""
    if len(nodes) == 1:
        return kept(nodes[0], "bound", lambda: _bound(nodes))
    return _bound(nodes)


def _bound(nodes) -> set:
    found = set()
    for node in same_scope(nodes):
        found |= binds(node)
    for node in everything(nodes):
        if isinstance(node, _FUNCTIONS + (ast.ClassDef,)):
            declared = {
                name
                for inner in ast.walk(node)
                if isinstance(inner, (ast.Global, ast.Nonlocal))
                for name in inner.names
            }
            if declared:
                found |= declared & {name for inner in ast.walk(node) for name in binds(inner)}
    return found


def binds(node) -> set:
    if isinstance(node, ast.Name):
        return set() if isinstance(node.ctx, ast.Load) else {node.id}
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, ast.ExceptHandler) and node.name:
        return {node.name}
    if isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
        return {node.name}
    if isinstance(node, ast.MatchMapping) and node.rest:
        return {node.rest}
    return set()


def loaded(nodes) -> set:
    """Names read anywhere in `nodes`, also inside nested functions."""
    return {node.id for node in everything(nodes) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def free(function) -> set:
    """Names a function definition (decorators and defaults included) takes from around it."""
    inner = set()
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            inner.add(node.arg)
    inner |= bound(function.body)
    declared = {
        name for node in ast.walk(function) if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names
    }
    arguments = function.args
    outside = loaded(
        [*function.decorator_list, *arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
    )
    annotations = loaded(
        [a.annotation for a in ast.walk(arguments) if isinstance(a, ast.arg) and a.annotation is not None]
        + ([function.returns] if function.returns else [])
    )
    return (loaded(function.body) - inner) | declared | outside | annotations


def chains(nodes) -> set:
    """The longest dotted reads in `nodes`: `self.path`, `tf.keras.models.load_model`, `name`."""
    found = set()
    stack = list(nodes)
    while stack:
        node = stack.pop()
        chain = _chain(node)
        if chain:
            found.add(chain)
        else:
            stack.extend(ast.iter_child_nodes(node))
    return found


def _chain(node) -> str:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


def changed(nodes) -> set:
    """Dotted objects that `nodes` change in place: targets of attribute and item assignment, receivers of mutators."""
    if len(nodes) == 1:
        return kept(nodes[0], "changed", lambda: _changed(nodes))
    return _changed(nodes)


def _changed(nodes) -> set:
    found = set()
    for node in everything(nodes):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            found.add(_chain(node))
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            found.add(_chain(node.value))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
            found.add(_chain(node.func.value))
    found.discard("")
    return found


def touches(chain: str, change: str) -> bool:
    """Whether a change of the dotted `change` may show in a read of `chain`."""
    return chain == change or chain.startswith(change + ".") or change.startswith(chain + ".")


def own_jumps(body, kinds) -> list:
    """Statements of `kinds` (break, continue …) in `body` that belong to the loop whose body it is.

    `break` and `continue` inside an inner loop belong to that loop; its `else` clause belongs to this one.
    """
    found = []
    stack = [(statement, False) for statement in reversed(body)]
    while stack:
        node, inner = stack.pop()
        if isinstance(node, _FUNCTIONS + (ast.ClassDef,)):
            continue
        if isinstance(node, kinds) and not (inner and isinstance(node, (ast.Break, ast.Continue))):
            found.append(node)
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            stack.extend((child, inner) for child in node.orelse)
            stack.extend((child, True) for child in node.body)
        else:
            stack.extend((child, inner) for child in ast.iter_child_nodes(node))
    return found


def place(node) -> tuple:
    """Sort key of an `ast` node: where it starts."""
    return node.lineno, node.col_offset


def never_empty(loop, constants=()) -> bool:
    """True when a loop certainly runs its body: `while True`, a literal that is not empty, `range` of a positive number.

    constants  {name: expression} of names the file binds exactly once
    """
    if isinstance(loop, ast.While):
        return isinstance(loop.test, ast.Constant) and bool(loop.test.value)
    return _holds_something(loop.iter, constants)


def _holds_something(node, constants, depth=0) -> bool:
    if depth > 4:
        return False
    node = _literal_of(node, constants)
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return any(not isinstance(item, ast.Starred) for item in node.elts)
    if isinstance(node, ast.Dict):
        return any(key is not None for key in node.keys)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (str, bytes)) and bool(node.value)
    if not isinstance(node, ast.Call) or node.keywords and _chain(node.func).rpartition(".")[2] == "range":
        return False
    name = _chain(node.func).rpartition(".")[2]
    if name == "range":
        numbers = [_literal_of(argument, constants) for argument in node.args]
        if (
            not all(isinstance(n, ast.Constant) and isinstance(n.value, int) for n in numbers)
            or not 1 <= len(numbers) <= 3
        ):
            return False
        try:
            return bool(range(*(n.value for n in numbers)))
        except ValueError:
            return False
    if name in ("enumerate", "tqdm", "trange", "sorted", "reversed", "list", "tuple") and node.args:
        return _holds_something(node.args[0], constants, depth + 1)
    if name == "zip" and node.args:
        return all(_holds_something(argument, constants, depth + 1) for argument in node.args)
    return False


def _literal_of(node, constants):
    """The expression that a constant of the module stands for, else `node` itself."""
    return constants[node.id] if isinstance(node, ast.Name) and node.id in constants else node


def constants(tree, nodes) -> dict:
    """{name: expression} of the names that a module assigns once, at its top level, and binds nowhere else."""
    counts = {}
    for node in nodes:
        for name in binds(node):
            counts[name] = counts.get(name, 0) + 1
    return {
        statement.targets[0].id: statement.value
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        and len(statement.targets) == 1
        and isinstance(statement.targets[0], ast.Name)
        and counts[statement.targets[0].id] == 1
    }
