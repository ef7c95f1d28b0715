"""Which names a piece of syntax reads, binds and may change.  Works on the standard library's `ast`."""

import ast
import builtins

_BUILTINS = frozenset(dir(builtins)) | {"__file__", "__name__", "__doc__"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def reads(*nodes):
    """Names that the nodes take from around them: loaded, and not bound inside an own scope (function, class, comprehension)."""
    found = set()
    for node in nodes:
        _read(node, found)
    return found - _BUILTINS


def _read(node, found):
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Store):
            found.add(node.id)
        return
    if isinstance(node, _FUNCTIONS):
        returned = [node.returns] if getattr(node, "returns", None) is not None else []
        for outer in getattr(node, "decorator_list", []) + _argument_expressions(node.args) + returned:
            _read(outer, found)
        inner = set()
        body = node.body if isinstance(node.body, list) else [node.body]
        for child in body:
            _read(child, inner)
        own = parameters(node) | _bound_in(body)
        for child in ast.walk(node):
            if isinstance(child, (ast.Global, ast.Nonlocal)):
                own -= set(child.names)
                inner |= set(child.names)
        found |= inner - own
        return
    if isinstance(node, ast.ClassDef):
        for outer in node.decorator_list + node.bases + [keyword.value for keyword in node.keywords]:
            _read(outer, found)
        inner = set()
        for child in node.body:
            _read(child, inner)
        found |= inner - _bound_in(node.body)
        # what a class body binds is not visible in its methods: they read the name outside
        for child in node.body:
            if isinstance(child, _FUNCTIONS):
                _read(child, found)
        return
    if isinstance(node, _COMPREHENSIONS):
        inner = set()
        for child in ast.iter_child_nodes(node):
            _read(child, inner)
        bound = set()
        for generator in node.generators:
            bound |= _targets(generator.target)
        found |= inner - bound
        return
    if getattr(type(node), "synthetic", False):
        found |= node.names
        return
    if isinstance(node, ast.AugAssign):
        found.update(name.id for name in ast.walk(node.target) if isinstance(name, ast.Name))
    for child in ast.iter_child_nodes(node):
        _read(child, found)


def exposed(*statements):
    """Names that the statements, run in order, read before they certainly bind them: what they need from before."""
    found, bound = set(), set()
    for statement in statements:
        found |= _exposed_by(statement) - bound
        bound |= certainly_binds(statement)
    return found


def _exposed_by(statement):
    if isinstance(statement, (ast.For, ast.AsyncFor)):
        inner = exposed(*statement.body, *statement.orelse) - _targets(statement.target)
        return (
            inner
            | reads(statement.iter)
            | (reads(statement.target) if not isinstance(statement.target, ast.Name) else set())
        )
    if isinstance(statement, ast.While):
        return reads(statement.test) | exposed(*statement.body, *statement.orelse)
    if isinstance(statement, ast.If):
        return reads(statement.test) | exposed(*statement.body) | exposed(*statement.orelse)
    if isinstance(statement, (ast.With, ast.AsyncWith)):
        outer = reads(*[item.context_expr for item in statement.items])
        return outer | (exposed(*statement.body) - certainly_binds(statement))
    return reads(statement)


def _argument_expressions(arguments):
    annotations = [argument.annotation for argument in _all_arguments(arguments) if argument.annotation is not None]
    return arguments.defaults + [default for default in arguments.kw_defaults if default is not None] + annotations


def _all_arguments(arguments):
    every = arguments.posonlyargs + arguments.args + arguments.kwonlyargs
    return every + [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]


def parameters(function):
    """Names of all parameters of a function or lambda."""
    return {argument.arg for argument in _all_arguments(function.args)}


def binds(statement):
    """Names that a statement binds in its own scope (also inside its blocks)."""
    return _bound_in([statement])


def _bound_in(statements):
    found = set()
    stack = list(statements)
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
            continue
        if isinstance(node, ast.Lambda) or isinstance(node, _COMPREHENSIONS):
            found.update(walrus.target.id for walrus in ast.walk(node) if isinstance(walrus, ast.NamedExpr))
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            found.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found.update((alias.asname or alias.name.split(".")[0]) for alias in node.names if alias.name != "*")
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            found.add(node.name)
        stack.extend(ast.iter_child_nodes(node))
    return found


def _targets(node):
    return {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}


def certainly_binds(statement):
    """Names that the statement gives a new value on every path: what was there before does not matter any more."""
    if isinstance(statement, ast.Assign):
        return {name for target in statement.targets for name in _plain_targets(target)}
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        return set(_plain_targets(statement.target))
    if isinstance(statement, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return binds(statement)
    if isinstance(statement, (ast.With, ast.AsyncWith)):
        return {
            name
            for item in statement.items
            if item.optional_vars is not None
            for name in _plain_targets(item.optional_vars)
        }
    return set()


def _plain_targets(target):
    if isinstance(target, ast.Name):
        return [target.id]
    if isinstance(target, (ast.Tuple, ast.List)):
        return [name for element in target.elts for name in _plain_targets(element)]
    if isinstance(target, ast.Starred):
        return _plain_targets(target.value)
    return []


def base_name(node):
    """The name at the root of `a`, `a.b[0].c`, `a.b().c`; None for anything else."""
    while True:
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred, ast.Await)):
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        else:
            return None


def dotted(node):
    """ "a.b.c" for a chain of attributes on a name, None otherwise."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        return ".".join([node.id] + parts[::-1])
    return None


def changes(statement):
    """Names whose values the statement may change without binding them: attribute and item stores, receivers and arguments of
    calls whose result is thrown away, anywhere inside the statement."""
    found = set()
    for node in ast.walk(statement):
        if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, (ast.Store, ast.Del)):
            found.add(base_name(node))
        elif isinstance(node, ast.Expr):
            # `a.append(x), b.append(y)` and `[a.append(x) for x in xs]` change as much as a plain call does
            for call in ast.walk(node.value):
                if isinstance(call, ast.Call):
                    found.add(base_name(call.func))
                    for argument in call.args + [keyword.value for keyword in call.keywords]:
                        found |= reads(argument)
    found.discard(None)
    return found


def attributes_used(*nodes):
    """Every attribute name that occurs in the nodes, however it is reached, and string arguments of getattr and friends."""
    found = set()
    for node in nodes:
        for child in ast.walk(node):
            if isinstance(child, ast.Attribute):
                found.add(child.attr)
            elif isinstance(child, ast.Call) and base_name(child.func) in ("getattr", "hasattr", "setattr"):
                found.update(
                    argument.value
                    for argument in child.args
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                )
    return found


def attributes_of(name, *nodes):
    """Attributes taken directly from `name` ("load" for `utils.load(x)`); None when `name` is also used otherwise."""
    found, bare = set(), 0
    for node in nodes:
        for child in ast.walk(node):
            if isinstance(child, ast.Name) and child.id == name and isinstance(child.ctx, ast.Load):
                bare += 1
            elif isinstance(child, ast.Attribute) and isinstance(child.value, ast.Name) and child.value.id == name:
                found.add(child.attr)
                bare -= 1
    return found if bare == 0 else None
