"""Facts: what one walk over a module's syntax tree leaves behind, as plain data.

`collect(code, filename)` parses with the standard library and returns a `Facts` tuple of tuples, strings and
numbers: no syntax node survives, so facts can be cached, sent between processes and kept for a whole project.

Expressions are small tuples whose first item is a tag:

    ("n", name)                    a name                     ("a", base, attr)            an attribute
    ("c", i)                       call number i              ("k", value)                 a constant
    ("t"|"l"|"S", items)           tuple, list, set           ("d", keys, values)          a dictionary
    ("x", base, index, pos)        a subscript                ("sl", low, high, step)      a slice
    ("b", op, left, right, pos)    a binary operation         ("u", op, operand)           a unary operation
    ("o", op, items)               and / or                   ("q", left, ops, rights)     a comparison
    ("i", test, body, orelse)      a conditional expression   ("f", scope)                 a lambda
    ("g", kind, items, context)    a comprehension            ("s", value)                 a starred argument
    ("w", name, value)             name := value, an ASSIGN too("v"|"y", value)             await / yield
    ("j", items)                   an f-string                ("?", items)                 anything else

Statements are tuples `(kind, scope, context, line, end_line, *payload)`, see the constants below.  Contexts are the
blocks around a statement inside its scope (loops, branches, `with`, `try`): `(kind, parent, statement, branch)`.
Calls are `(func, args, keywords, scope, context, statement, pos)`; they are numbered in order of evaluation, and the
statements and calls of one scope are contiguous.  `pos` is `(line, column, end_line, end_column)`, columns in UTF-8
bytes from 0 as `ast` gives them.
"""

import _ast as A
import sys

# Statement kinds and their payloads.
ASSIGN = "="  # targets, value, annotation
AUGMENT = "+="  # target, op, value, pos
RETURN = "return"  # value, pos
EXPR = "expr"  # value
DELETE = "del"  # targets
WITH = "with"  # ((context expression, target or None), ...), body context
FOR = "for"  # target, iterable, body context
WHILE = "while"  # test, body context
IF = "if"  # test, body context, else context or None
TRY = "try"  # body context, ((exception type, name, context), ...), else context, finally context
GLOBAL = "global"  # names
IMPORT = "import"  # ((bound name, dotted module, attribute or None, level), ...), pos
JUMP = "jump"  # "break", "continue", "raise"
DEF = "def"  # scope of the function, positions of its decorators
CLASS = "class"  # scope of the class
OTHER = "other"  # expressions

# Scope record: fields by position (a tuple, so that facts stay plain data).
(
    S_KIND,
    S_NAME,
    S_PARENT,
    S_LINE,
    S_END,
    S_DECORATORS,
    S_PARAMS,
    S_RETURNS,
    S_BASES,
    S_STMT,
    S_STMTS,
    S_CALLS,
    S_FLAGS,
) = range(13)
# S_RETURNS of a class is its metaclass.  Parameter: (name, annotation, default, kind) with kind one of "p" positional, "*", "k" keyword-only, "**".

LOOPS = frozenset(("for", "while", "comp"))
MAX_ITEMS = 64  # items of a literal that are kept; the calls inside the rest are still walked

_OPS = {
    A.Add: "+",
    A.Sub: "-",
    A.Mult: "*",
    A.Div: "/",
    A.FloorDiv: "//",
    A.Mod: "%",
    A.Pow: "**",
    A.MatMult: "@",
    A.LShift: "<<",
    A.RShift: ">>",
    A.BitOr: "|",
    A.BitXor: "^",
    A.BitAnd: "&",
    A.And: "and",
    A.Or: "or",
    A.Not: "not",
    A.UAdd: "+",
    A.USub: "-",
    A.Invert: "~",
    A.Eq: "==",
    A.NotEq: "!=",
    A.Lt: "<",
    A.LtE: "<=",
    A.Gt: ">",
    A.GtE: ">=",
    A.Is: "is",
    A.IsNot: "is not",
    A.In: "in",
    A.NotIn: "not in",
}


class Facts:
    """Everything known about one module.

    scopes, contexts, statements, calls   as described above; scope 0 is the module itself
    idents   every identifier that occurs as a name or attribute, and strings in capitals such as the names of environment
             variables (for reverse look-ups)
    called   last names of what is called
    given    last names of what is handed over, assigned, or imported under another name: it may be called under that
    defs     names of the functions and classes defined anywhere in the module
    derived  last names of the bases of its classes, and of classes that get another name
    decorating  last names of decorators
    foreign  attributes that are assigned on something else than `self`: `agent.model = …`
    imports  what all import statements bind, as in their payload
    bases    (class, last name of a base) of its classes, and (name, class) of other names given to classes: `Base = keras.Model`
    stored   attributes that are assigned: `self.x = …`
    """

    __slots__ = (
        "scopes",
        "contexts",
        "statements",
        "calls",
        "idents",
        "called",
        "given",
        "derived",
        "decorating",
        "foreign",
        "defs",
        "imports",
        "bases",
        "stored",
    )

    def __init__(self, body, names, defs, imports, bases):
        self.scopes, self.contexts, self.statements, self.calls = body
        self.idents, self.called, self.given, self.derived, self.decorating, self.foreign, self.stored = names
        self.defs, self.imports, self.bases = defs, imports, bases

    def body(self):
        """The bulky part, as data for `marshal`; the rest answers questions about all modules at once."""
        return (self.scopes, self.contexts, self.statements, self.calls)

    def roles(self):
        """The names that are found again in all modules, in the order of `project.index.ROLES`."""
        return (self.idents, self.called, self.given, self.derived, self.decorating, self.foreign)


class _Walk:
    __slots__ = (
        "names",
        "attributes",
        "constants",
        "contexts",
        "statements",
        "calls",
        "idents",
        "scopes",
        "queue",
        "scope",
        "context",
        "statement",
        "flags",
    )

    def __init__(self):
        self.contexts, self.statements, self.calls, self.idents = [], [], [], set()
        self.scopes, self.queue = [], []
        self.names, self.attributes, self.constants = (
            {},
            {},
            {},
        )  # equal ones are one tuple: a body is a fifth smaller, and sooner unpacked
        self.scope = self.statement = 0
        self.context = -1
        self.flags = ""


def collect(code, filename="<module>"):
    """Parse `code` (bytes or str) and return its Facts.  Raises SyntaxError, ValueError (NUL), RecursionError, MemoryError."""
    tree = compile(
        code, filename, "exec", 0x400, dont_inherit=True
    )  # PyCF_ONLY_AST: top-level await parses, as notebooks need
    w = _Walk()
    w.scopes.append(["module", "<module>", -1, 1, 0, (), (), None, (), -1, (0, 0), (0, 0), ""])
    w.queue.append((0, tree.body))
    head = 0
    defs = []
    while head < len(w.queue):
        index, body = w.queue[head]
        w.queue[head] = None
        head += 1
        w.scope, w.context, w.flags = index, -1, ""
        first_statement, first_call = len(w.statements), len(w.calls)
        if type(body) is list:
            _block(w, body)
        else:  # a lambda: its body is its return value
            w.statement = len(w.statements)
            w.statements.append(None)
            value = _EXPR[type(body)](w, body)
            w.statements[w.statement] = (RETURN, index, -1, body.lineno, body.end_lineno, value, _pos(body))
        record = w.scopes[index]
        record[S_STMTS] = (first_statement, len(w.statements))
        record[S_CALLS] = (first_call, len(w.calls))
        record[S_FLAGS] += w.flags
        if index and record[S_KIND] != "lambda":
            defs.append(record[S_NAME])
    called, given, imports, bases, stored, foreign = set(), set(), [], [], set(), set()
    _names(w, called.add, given.add, imports.extend, bases.append, stored.add, foreign.add)
    w.idents.update(w.names)
    names = (w.idents, called, given, {base for _, base in bases}, _decorating(w), foreign, stored)
    return Facts(
        (tuple(map(tuple, w.scopes)), tuple(w.contexts), tuple(w.statements), tuple(w.calls)),
        [tuple(map(sys.intern, found)) for found in names],
        tuple(map(sys.intern, defs)),
        tuple(imports),
        tuple(bases),
    )


def _decorating(w):
    """The last names of all decorators, called or not."""
    found = set()
    for record in w.scopes:
        for e in record[S_DECORATORS]:
            if e[0] == "c":
                e = w.calls[e[1]][0]
            if e[0] in ("n", "a"):
                found.add(e[-1])
    return found


def _names(w, call, add, imported, derive, store, inject):
    """Give `called`, `given`, `imports`, `bases`, `stored` and `foreign` of the facts to the six functions."""
    for record in w.scopes:
        for base in record[S_BASES]:
            if base[0] in ("n", "a"):
                derive((record[S_NAME], base[-1]))
    calls = w.calls
    for func, args, keywords, _, _, _, _ in calls:
        tag = func[0]
        if tag == "a":
            call(func[2])
            if func[2] == "remote":  # a Ray task: f.remote(x)
                _tails(func[1], call)
        elif tag == "n":
            call(func[1])
        elif tag == "c":  # what a function has given is called: make_step()(x)
            inner = calls[func[1]][0]
            if inner[0] in ("n", "a") and inner[-1][0].islower():
                call("()")
        for e in args:
            tag = e[0]
            if tag == "n":
                add(e[1])
            elif tag == "a":
                add(e[2])
            elif tag in _HOLDING:
                _tails(e, add, calls)
        for _, e in keywords:
            if e[0] in _HOLDING:
                _tails(e, add, calls)
    for statement in w.statements:
        kind = statement[0]
        if kind == ASSIGN:
            value = statement[6]
            if value is not None:
                _tails(value, add)
            for target in statement[5]:
                if target[0] == "n":
                    if value is not None and value[0] in ("n", "a") and value[-1][:1].isupper():
                        derive((target[1], value[-1]))
                    continue
                for item in target[1] if target[0] == "t" else (target,):
                    if item[0] == "a":
                        store(item[2])
                        if item[1] != ("n", "self"):
                            inject(item[2])
        elif kind == IMPORT:
            imported(statement[5])
            for name, module, attribute, _ in statement[5]:
                if attribute and name != attribute:
                    add(attribute)
                    if attribute[:1].isupper():
                        derive((name, attribute))


_HOLDING = frozenset("natldc")


def _tails(e, add, calls=()):
    """The last names of a name, an attribute or the items of a literal; with `calls`, those of what is called there, too."""
    tag = e[0]
    if tag == "n":
        add(e[1])
    elif tag == "a":
        add(e[2])
    elif tag in ("t", "l"):
        for item in e[1]:
            _tails(item, add, calls)
    elif tag == "d":
        for item in e[2]:
            _tails(item, add, calls)
    elif tag == "c" and calls:  # an object that is made there: study.optimize(Objective(data))
        _tails(calls[e[1]][0], add)


# -- statements ---------------------------------------------------------------------------------------------------


def _block(w, body):
    for node in body:
        handler = _STMT.get(type(node))
        (handler or _other)(w, node)


def _open(w, kind, statement, branch=None):
    """A new context inside the current one; the caller sets and restores `w.context`."""
    w.contexts.append((kind, w.context, statement, branch))
    return len(w.contexts) - 1


def _enter(w, kind, statement, body, branch=None):
    outer = w.context
    w.context = inner = _open(w, kind, statement, branch)
    _block(w, body)
    w.context = outer
    return inner


def _reserve(w):
    w.statement = index = len(w.statements)
    w.statements.append(None)
    return index


def _e(w, node):
    return None if node is None else _EXPR[type(node)](w, node)


def _head(kind, w, node):
    return (kind, w.scope, w.context, node.lineno, node.end_lineno)


def _assign(w, node):
    i = _reserve(w)
    value = _EXPR[type(node.value)](w, node.value)
    targets = tuple([_EXPR[type(t)](w, t) for t in node.targets])
    w.statements[i] = (ASSIGN, w.scope, w.context, node.lineno, node.end_lineno, targets, value, None)


def _ann_assign(w, node):
    i = _reserve(w)
    value = _e(w, node.value)
    w.statements[i] = _head(ASSIGN, w, node) + ((_e(w, node.target),), value, _e(w, node.annotation))


def _aug_assign(w, node):
    i = _reserve(w)
    value = _e(w, node.value)
    w.statements[i] = _head(AUGMENT, w, node) + (_e(w, node.target), _OPS[type(node.op)], value, _pos(node))


def _return(w, node):
    i = _reserve(w)
    w.statements[i] = _head(RETURN, w, node) + (_e(w, node.value), _pos(node))


def _expr_statement(w, node):
    value = node.value
    if type(value) is A.Constant:
        return  # a docstring
    i = _reserve(w)
    w.statements[i] = (EXPR, w.scope, w.context, node.lineno, node.end_lineno, _EXPR[type(value)](w, value))


def _delete(w, node):
    i = _reserve(w)
    w.statements[i] = _head(DELETE, w, node) + (tuple([_e(w, t) for t in node.targets]),)


def _with(w, node):
    i = _reserve(w)
    items = tuple([(_e(w, item.context_expr), _e(w, item.optional_vars)) for item in node.items])
    inner = _open(w, "with", i)
    w.statements[i] = _head(WITH, w, node) + (items, inner)
    outer, w.context = w.context, inner
    _block(w, node.body)
    w.context = outer


def _for(w, node):
    i = _reserve(w)
    iterable = _e(w, node.iter)
    target = _e(w, node.target)
    inner = _open(w, "for", i)
    w.statements[i] = _head(FOR, w, node) + (target, iterable, inner)
    outer, w.context = w.context, inner
    _block(w, node.body)
    w.context = outer
    if node.orelse:
        _enter(w, "else", i, node.orelse)


def _while(w, node):
    i = _reserve(w)
    inner = _open(w, "while", i)
    outer, w.context = w.context, inner
    test = _e(w, node.test)  # the test runs at every pass: it belongs to the loop
    w.statements[i] = (WHILE, w.scope, outer, node.lineno, node.end_lineno, test, inner)
    _block(w, node.body)
    w.context = outer
    if node.orelse:
        _enter(w, "else", i, node.orelse)


def _if(w, node):
    i = _reserve(w)
    test = _e(w, node.test)
    body = _open(w, "if", i, True)
    orelse = _open(w, "if", i, False) if node.orelse else None
    w.statements[i] = _head(IF, w, node) + (test, body, orelse)
    outer = w.context
    w.context = body
    _block(w, node.body)
    if node.orelse:
        w.context = orelse
        _block(w, node.orelse)
    w.context = outer


def _try(w, node):
    i = _reserve(w)
    outer = w.context
    body = _enter(w, "try", i, node.body)
    handlers = []
    for handler in node.handlers:
        kind = _e(w, handler.type)
        handlers.append((kind, handler.name, _enter(w, "except", i, handler.body)))
    orelse = _enter(w, "tryelse", i, node.orelse) if node.orelse else None
    final = _enter(w, "finally", i, node.finalbody) if node.finalbody else None
    w.statements[i] = (TRY, w.scope, outer, node.lineno, node.end_lineno, body, tuple(handlers), orelse, final)


def _global(w, node):
    w.statements.append(_head(GLOBAL, w, node) + (tuple(node.names),))


def _import(w, node):
    names = []
    for alias in node.names:
        if alias.asname:
            names.append((alias.asname, alias.name, None, 0))
        else:
            names.append((alias.name.partition(".")[0], alias.name, "", 0))  # "": binds the top package only
        w.idents.update(alias.name.split("."))
    w.statements.append(_head(IMPORT, w, node) + (tuple(names), _pos(node)))


def _import_from(w, node):
    module = node.module or ""
    w.idents.update(module.split("."))
    for alias in node.names:
        w.idents.add(alias.name)
    names = tuple([(a.asname or a.name, module, a.name, node.level) for a in node.names])
    w.statements.append(_head(IMPORT, w, node) + (names, _pos(node)))


def _jump(w, node):
    w.statements.append(_head(JUMP, w, node) + (_JUMPS[type(node)],))


def _raise(w, node):
    i = _reserve(w)
    value = _e(w, node.exc)
    w.statements[i] = _head(JUMP, w, node) + ("raise", value)


_JUMPS = {A.Break: "break", A.Continue: "continue"}


def _pass(w, node):
    """`pass` and a bare name leave no facts."""


def _function(w, node):
    i = _reserve(w)
    decorators = tuple([_e(w, d) for d in node.decorator_list])
    args = node.args
    params = _params(w, args)
    returns = _e(w, node.returns)
    scope = len(w.scopes)
    line = node.decorator_list[0].lineno if node.decorator_list else node.lineno
    w.statements[i] = (
        DEF,
        w.scope,
        w.context,
        line,
        node.end_lineno,
        scope,
        tuple([_pos(d) for d in node.decorator_list]),
    )
    flags = "a" if type(node) is A.AsyncFunctionDef else ""
    w.scopes.append(
        [
            "function",
            node.name,
            w.scope,
            node.lineno,
            node.end_lineno,
            decorators,
            params,
            returns,
            (),
            i,
            (0, 0),
            (0, 0),
            flags,
        ]
    )
    w.queue.append((scope, node.body))


def _params(w, args):
    positional = args.posonlyargs + args.args
    defaults = [None] * (len(positional) - len(args.defaults)) + args.defaults
    params = [(p.arg, _e(w, p.annotation), _e(w, d), "p") for p, d in zip(positional, defaults)]
    if args.vararg:
        params.append((args.vararg.arg, _e(w, args.vararg.annotation), None, "*"))
    params.extend([(p.arg, _e(w, p.annotation), _e(w, d), "k") for p, d in zip(args.kwonlyargs, args.kw_defaults)])
    if args.kwarg:
        params.append((args.kwarg.arg, _e(w, args.kwarg.annotation), None, "**"))
    return tuple(params)


def _class(w, node):
    i = _reserve(w)
    decorators = tuple([_e(w, d) for d in node.decorator_list])
    bases = tuple([_e(w, b) for b in node.bases])
    metaclass = None
    for keyword in node.keywords:
        value = _e(w, keyword.value)
        metaclass = value if keyword.arg == "metaclass" else metaclass
    scope = len(w.scopes)
    w.statements[i] = (CLASS, w.scope, w.context, node.lineno, node.end_lineno, scope)
    w.scopes.append(
        [
            "class",
            node.name,
            w.scope,
            node.lineno,
            node.end_lineno,
            decorators,
            (),
            metaclass,
            bases,
            i,
            (0, 0),
            (0, 0),
            "",
        ]
    )
    w.queue.append((scope, node.body))


def _match(w, node):
    i = _reserve(w)
    subject = _e(w, node.subject)
    w.statements[i] = _head(OTHER, w, node) + ((subject,),)
    for case in node.cases:
        guard = _e(w, case.guard)
        del guard  # walked for the calls in it
        _enter(w, "match", i, case.body)


def _other(w, node):
    """Any other statement: its expressions are walked, nested statements too."""
    i = _reserve(w)
    found = []
    for field in node._fields:
        value = getattr(node, field, None)
        for item in value if type(value) is list else (value,):
            if isinstance(item, A.expr):
                found.append(_EXPR[type(item)](w, item))
            elif isinstance(item, A.stmt):
                _block(w, [item])
    w.statements[i] = _head(OTHER, w, node) + (tuple(found),)


_STMT = {
    A.Assign: _assign,
    A.AnnAssign: _ann_assign,
    A.AugAssign: _aug_assign,
    A.Return: _return,
    A.Expr: _expr_statement,
    A.Delete: _delete,
    A.With: _with,
    A.AsyncWith: _with,
    A.For: _for,
    A.AsyncFor: _for,
    A.While: _while,
    A.If: _if,
    A.Try: _try,
    A.Global: _global,
    A.Nonlocal: _global,
    A.Import: _import,
    A.ImportFrom: _import_from,
    A.Break: _jump,
    A.Continue: _jump,
    A.Raise: _raise,
    A.Pass: _pass,
    A.FunctionDef: _function,
    A.AsyncFunctionDef: _function,
    A.ClassDef: _class,
    A.Match: _match,
}
if hasattr(A, "TryStar"):
    _STMT[A.TryStar] = _try


# -- expressions --------------------------------------------------------------------------------------------------


def _pos(node):
    return (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)


def _name(w, node):
    name = node.id
    found = w.names.get(name)
    if found is None:
        found = w.names[name] = ("n", name)
    return found


def _attribute(w, node):
    attr = node.attr
    w.idents.add(attr)
    value = node.value
    if type(value) is A.Name:
        key = (value.id, attr)
        found = w.attributes.get(key)
        if found is None:
            found = w.attributes[key] = ("a", _name(w, value), attr)
        return found
    return ("a", _EXPR[type(value)](w, value), attr)


_PLAIN = frozenset((int, float, bool, type(None)))


def _constant(w, node):
    value = node.value
    if type(value) is str:
        if value.isupper() and value.isidentifier():
            w.idents.add(value)
        return ("k", value if len(value) <= 200 else value[:200])
    if type(value) not in _PLAIN:
        return ("?", ())
    key = (type(value), value)  # 1, 1.0 and True are equal
    found = w.constants.get(key)
    if found is None:
        found = w.constants[key] = ("k", value)
    return found


def _call(w, node):
    func = node.func
    f = _EXPR[type(func)](w, func)
    args = tuple([_EXPR[type(a)](w, a) for a in node.args])
    keywords = tuple([(k.arg, _EXPR[type(k.value)](w, k.value)) for k in node.keywords]) if node.keywords else ()
    calls = w.calls
    calls.append(
        (
            f,
            args,
            keywords,
            w.scope,
            w.context,
            w.statement,
            (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset),
        )
    )
    return ("c", len(calls) - 1)


def _items(tag):
    def handler(w, node):
        elements = node.elts
        if len(elements) > MAX_ITEMS:
            elements = elements[:MAX_ITEMS] + [e for e in elements[MAX_ITEMS:] if type(e) is not A.Constant]
        return (tag, tuple([_EXPR[type(e)](w, e) for e in elements][:MAX_ITEMS]))

    return handler


def _dict(w, node):
    keys, values = node.keys, node.values
    if len(values) > MAX_ITEMS:
        kept = [i for i in range(len(values)) if i < MAX_ITEMS or type(values[i]) is not A.Constant]
        keys, values = [keys[i] for i in kept], [values[i] for i in kept]
    return ("d", tuple([_e(w, k) for k in keys])[:MAX_ITEMS], tuple([_EXPR[type(v)](w, v) for v in values])[:MAX_ITEMS])


def _subscript(w, node):
    return ("x", _e(w, node.value), _e(w, node.slice), _pos(node))


def _slice(w, node):
    return ("sl", _e(w, node.lower), _e(w, node.upper), _e(w, node.step))


def _binop(w, node):
    spine = []
    while type(node) is A.BinOp:  # left-deep chains are walked without recursion
        spine.append(node)
        node = node.left
    result = _EXPR[type(node)](w, node)
    for op in reversed(spine):
        result = ("b", _OPS[type(op.op)], result, _EXPR[type(op.right)](w, op.right), _pos(op))
    return result


def _unary(w, node):
    return ("u", _OPS[type(node.op)], _e(w, node.operand))


def _boolean(w, node):
    return ("o", _OPS[type(node.op)], tuple([_e(w, v) for v in node.values]))


def _compare(w, node):
    return (
        "q",
        _e(w, node.left),
        tuple([_OPS[type(o)] for o in node.ops]),
        tuple([_e(w, c) for c in node.comparators]),
    )


def _conditional(w, node):
    return ("i", _e(w, node.test), _e(w, node.body), _e(w, node.orelse))


def _lambda(w, node):
    params = _params(w, node.args)
    scope = len(w.scopes)
    w.scopes.append(
        [
            "lambda",
            "<lambda>",
            w.scope,
            node.lineno,
            node.end_lineno,
            (),
            params,
            None,
            (),
            w.statement,
            (0, 0),
            (0, 0),
            "",
        ]
    )
    w.queue.append((scope, node.body))
    return ("f", scope)


def _comprehension(kind):
    def handler(w, node):
        outer, statement = w.context, w.statement
        for generator in node.generators:
            iterable = _e(w, generator.iter)
            target = _e(w, generator.target)
            w.context = _open(w, "comp", statement, (target, iterable, node.lineno, kind))
            for test in generator.ifs:
                _e(w, test)
        inner = w.context
        items = (_e(w, node.key), _e(w, node.value)) if kind == "dict" else (_e(w, node.elt),)
        w.context = outer
        return ("g", kind, items, inner)

    return handler


def _starred(w, node):
    return ("s", _e(w, node.value))


def _walrus(w, node):
    target, value = _e(w, node.target), _e(w, node.value)
    w.statements.append(_head(ASSIGN, w, node) + ((target,), value, None))
    return ("w", target[1], value)


def _await(w, node):
    return ("v", _e(w, node.value))


def _yield(w, node):
    if "g" not in w.flags:
        w.flags += "g"
    return ("y", _e(w, node.value))


def _joined(w, node):
    return ("j", tuple([_e(w, v) for v in node.values]))


def _formatted(w, node):
    return _e(w, node.value)


def _unknown(w, node):
    found = []
    for field in node._fields:
        value = getattr(node, field, None)
        for item in value if type(value) is list else (value,):
            if isinstance(item, A.expr):
                found.append(_EXPR[type(item)](w, item))
    return ("?", tuple(found))


# Every kind of expression has an entry: a plain dictionary is looked up twice as fast as one with a default.
_EXPR = dict.fromkeys(A.expr.__subclasses__(), _unknown)
_EXPR.update(
    {
        A.Name: _name,
        A.Attribute: _attribute,
        A.Constant: _constant,
        A.Call: _call,
        A.Tuple: _items("t"),
        A.List: _items("l"),
        A.Set: _items("S"),
        A.Dict: _dict,
        A.Subscript: _subscript,
        A.Slice: _slice,
        A.BinOp: _binop,
        A.UnaryOp: _unary,
        A.BoolOp: _boolean,
        A.Compare: _compare,
        A.IfExp: _conditional,
        A.Lambda: _lambda,
        A.ListComp: _comprehension("list"),
        A.SetComp: _comprehension("set"),
        A.GeneratorExp: _comprehension("generator"),
        A.DictComp: _comprehension("dict"),
        A.Starred: _starred,
        A.NamedExpr: _walrus,
        A.Await: _await,
        A.Yield: _yield,
        A.YieldFrom: _yield,
        A.JoinedStr: _joined,
        A.FormattedValue: _formatted,
    }
)
