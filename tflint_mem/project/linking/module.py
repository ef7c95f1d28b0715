"""One module of the project: its facts, loaded when asked for, and the look-ups every question needs."""

from __future__ import annotations

from tflint_mem import facts as F
from tflint_mem.facts import dotted, tail_of, walk
from tflint_mem.facts.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence

    from tflint_mem.facts import Block, Expression, Facts, Imported, Statement
    from tflint_mem.facts.records import Body

    Locate = Callable[[int], tuple[int, int]]
    Site = tuple["Module", int]  # a call in a module
    Function = tuple["Module", int]  # a scope of a module


class Binding(Record):
    """A place where a scope binds a name: the name holds what `value` gives, taken apart by `path`.

    kind       assign, annotation, iter (an element of the value), with, import, def, class, param, except, augment
    statement  the number of the statement; -1 for a parameter
    value      an expression; of a parameter its position, of an import what it binds, of a def or class its scope
    path       positions for unpacking, "*" for a starred one
    """

    __slots__ = ()
    kind: str
    statement: int
    scope: int
    value: Expression | Imported | int | None
    path: tuple[int | str, ...]


_BODY = ("scopes", "blocks", "statements", "calls")
_NEAR = range(10)  # blocks that are gone through one by one; code is seldom nested deeper


class Module:
    """A module and its lazily decoded body.

    index   position in the project        path    the file as the run names it
    decoded  the project's record of modules whose body is in memory, oldest first
    recent  asked for since the project last looked for bodies to let go of
    resolved  what imports mean here, as far as it was asked for: see `names.Names.known`
    packages  name -> dotted name of what another package has, for names that an import at the top gives: see `infer.Bindings.outside`
    bound   scope -> its bindings, those that were asked for: see `bindings`
    left_out  whether its own facts are gone: see `empty`
    mended  whether it does not parse as it is: it calls others, and nothing is found in it
    unit_test  whether it is named like a test
    parts   of the module's path           locate  row -> (cell, row in cell) for a notebook, else None
    """

    __slots__ = (
        "index",
        "path",
        "parts",
        "package",
        "unit_test",
        "_foreign",
        "_named",
        "_made",
        "notebook",
        "locate",
        "defs",
        "roles",
        "imports",
        "bases",
        "stored",
        "_blob",
        "loaded",
        "decoded",
        "recent",
        "resolved",
        "packages",
        "scopes",
        "blocks",
        "statements",
        "calls",
        "bound",
        "left_out",
        "mended",
        "_calls_by_tail",
        "_refs_by_tail",
        "_comps",
        "declared_global",
        "_classes",
        "_aliases",
        "_members",
        "_ifs",
        "_jumps",
        "_returns",
        "_reads",
        "_fills",
        "_declaring",
        "_links",
        "_loops",
        "_ordered",
        "_spans",
        "_of_statement",
    )

    def __init__(
        self,
        index: int,
        path: str,
        parts: tuple[str, ...],
        collected: Facts,
        decoded: deque[int],
        locate: Locate | None = None,
        keep: bool = True,
    ) -> None:
        self.index, self.path, self.parts = index, path, parts
        self.locate, self.notebook = locate, locate is not None
        self.unit_test = bool(parts) and not self.notebook and _tests(parts[-1], collected.bases)
        self.package = bool(parts) and parts[-1] == "__init__"
        self.roles, self.defs = collected.roles(), collected.defs
        self.imports, self.bases, self.stored = collected.imports, collected.bases, collected.stored
        self.decoded, self.recent, self.resolved = decoded, False, {}
        self.left_out = self.mended = False
        self._blob = None
        self._keep(collected.body())
        self._clear()
        if not keep:
            self.release()

    def _keep(self, body: Body) -> None:
        self.scopes, self.blocks, self.statements, self.calls = body
        self.loaded = True

    if not TYPE_CHECKING:  # it would stand for any name that is not there

        def __getattr__(self, name):
            """A body that was let go of comes back when one of its parts is asked for."""
            if name not in _BODY or self._blob is None:
                raise AttributeError(name)
            from tflint_mem.facts.pack import unpack

            self._keep(unpack(self._blob))
            self.decoded.append(self.index)
            return getattr(self, name)

    def _clear(self) -> None:
        (
            self.bound,
            self.declared_global,
            self.packages,
            self._members,
            self._ifs,
            self._jumps,
            self._fills,
            self._classes,
        ) = {}, {}, {}, {}, {}, {}, {}, None
        self._returns, self._reads = {}, None
        self._links, self._loops, self._spans, self._of_statement, self._ordered = {}, {-1: ()}, None, None, {}
        self._calls_by_tail = self._refs_by_tail = self._comps = self._aliases = self._foreign = self._named = (
            self._made
        ) = self._declaring = None

    def release(self) -> None:
        """Forget the decoded body and everything derived from it; it comes back when asked for.

        What is kept is a thirtieth of the decoded body: packing costs a tenth of making the facts, unpacking half of decoding.
        """
        if self.loaded:
            if self._blob is None:
                from tflint_mem.facts.pack import pack

                self._blob = pack((self.scopes, self.blocks, self.statements, self.calls))
            for name in _BODY:
                delattr(self, name)
            self.loaded = False
        self._clear()

    def empty(self) -> None:
        """From now on this is the module of an empty file."""
        self.left_out = True
        nothing = F.collect(b"", self.path)
        self.defs, self.imports, self.bases, self._blob = nothing.defs, nothing.imports, nothing.bases, None
        if not self.loaded:
            self.decoded.append(self.index)
        self._keep(nothing.body())
        self._clear()

    @property
    def contexts(self) -> Sequence[Block]:
        """The blocks; to be deleted once every reader calls them so."""
        return self.blocks

    # -- scopes ---------------------------------------------------------------------------------------------------

    def scope_statements(self, scope: int) -> range:
        first, last = self.scopes[scope][F.S_STMTS]
        return range(first, last)

    def scope_calls(self, scope: int) -> range:
        first, last = self.scopes[scope][F.S_CALLS]
        return range(first, last)

    def qualname(self, scope: int) -> str:
        """`Class.method` or `outer.inner`; "" for the module."""
        parts = []
        while scope > 0:
            parts.append(self.scopes[scope][F.S_NAME])
            scope = self.scopes[scope][F.S_PARENT]
        return ".".join(reversed(parts))

    def is_method(self, scope: int) -> bool:
        record = self.scopes[scope]
        return (
            record[F.S_KIND] == "function"
            and self.scopes[record[F.S_PARENT]][F.S_KIND] == "class"
            and record[F.S_PARENT] > 0
        )

    def method_around(self, scope: int) -> int:
        """The method that a function is, or in which it is defined, however deep; `scope` itself when there is none."""
        inner = scope
        while inner > 0 and not self.is_method(inner):
            inner = self.scopes[inner][F.S_PARENT]
        return inner if inner > 0 else scope

    def classes(self) -> list[int]:
        """Scopes of all classes in the module."""
        if self._classes is None:
            self._classes = [i for i, record in enumerate(self.scopes) if record[F.S_KIND] == "class"]
        return self._classes

    def members(self, scope: int) -> dict[str, int]:
        """name -> function scope of the functions defined directly in a class or function body (last definition wins)."""
        found = self._members.get(scope)
        if found is not None:
            return found
        found = self._members[scope] = {}
        for i in self.scope_statements(scope):
            statement = self.statements[i]
            if statement and statement[0] == F.DEF:
                found[self.scopes[statement[5]][F.S_NAME]] = statement[5]
        return found

    # -- blocks -------------------------------------------------------------------------------------------------

    def chain(self, block: int) -> Iterator[int]:
        """The blocks around a place inside its scope, innermost first."""
        blocks = self.blocks
        while block >= 0:
            yield block
            block = blocks[block][1]

    def inside(self, block: int, outer: int) -> bool:
        """Is `block` the block `outer` or nested in it?  -1 is the whole scope."""
        if outer == -1:
            return True
        blocks = self.blocks
        for _ in _NEAR:
            if block <= outer:  # a block is numbered after the one around it
                return block == outer
            block = blocks[block][1]
        if self._spans is None:
            self._spans = _spans(blocks)
        first, last = self._spans[outer]
        return block >= 0 and first <= self._spans[block][0] <= last

    def outward(self, question: object, block: int, matters: Callable[[int], object]) -> Iterator[int]:
        """The blocks around a place that matter, innermost first.

        question   names what makes a block matter; `matters(block)` is asked once for each of the module
        """
        memo = self._links.get(question)
        if memo is None:
            memo = self._links[question] = {-1: -1}
        while True:
            found = memo.get(block)
            if found is None:
                found = self._nearest(memo, block, matters)
            if found < 0:
                return
            yield found
            block = self.blocks[found][1]

    def _nearest(self, memo, block, matters):
        """The nearest block that matters, `block` itself included; entered for all on the way."""
        passed = []
        while block not in memo:
            if matters(block):
                memo[block] = block
            else:
                passed.append(block)
                block = self.blocks[block][1]
        found = memo[block]
        memo.update(dict.fromkeys(passed, found))
        return found

    def ifs(self, scope: int) -> list[int]:
        """The `if` statements of a scope, in order."""
        found = self._ifs.get(scope)
        if found is None:
            found = self._ifs[scope] = [
                s
                for s in self.scope_statements(scope)
                if self.statements[s] is not None and self.statements[s][0] == F.IF
            ]
        return found

    def returns(self, scope: int) -> list[int]:
        """The `return` statements of a scope that give something, in order."""
        found = self._returns.get(scope)
        if found is None:
            statements = map(self.statements.__getitem__, self.scope_statements(scope))
            found = self._returns[scope] = [
                s for s in statements if s is not None and s[0] == F.RETURN and s[5] is not None
            ]
        return found

    def jumps(self, scope: int) -> dict[int, list[tuple[int, str]]]:
        """block -> [(statement, what)] of what ends a block of the scope whatever happened in it: "return", "raise", "break", "continue", "exit"."""
        found = self._jumps.get(scope)
        if found is None:
            found = self._jumps[scope] = {}
            for s in self.scope_statements(scope):
                statement = self.statements[s]
                what = None if statement is None else self._jump(statement)
                if what is not None:
                    found.setdefault(statement[2], []).append((s, what))
        return found

    def fills(self, scope: int) -> dict[Expression, tuple[list[int], list[int]]]:
        """container -> calls and statements of the scope that may put something into it: `x.append(v)`, `x[k].append(v)`, `x[k] = v`."""
        found = self._fills.get(scope)
        if found is None:
            found = self._fills[scope] = {}
            for i in self.scope_calls(scope):
                call = self.calls[i]
                if call[0][0] == "a" and call[1]:
                    for container in (call[0][1], self._container_of(call[0][1])):
                        if container is not None:
                            found.setdefault(container, ([], []))[0].append(i)
            for s in self.scope_statements(scope):
                statement = self.statements[s]
                if statement and statement[0] == F.ASSIGN and statement[6] is not None:
                    for target in statement[5]:
                        if target[0] == "x":
                            filled = found.setdefault(target[1], ([], []))[1]
                            if filled[-1:] != [s]:
                                filled.append(s)
        return found

    def _container_of(self, item):
        """What `x[k]`, `x.setdefault(k, [])` and `x.get(k)` are an item of, else None."""
        if item[0] == "x":
            return item[1]
        f = self.calls[item[1]][0] if item[0] == "c" else ("", "")
        return f[1] if f[0] == "a" and f[2] in ("setdefault", "get") else None

    def _jump(self, statement):
        kind = statement[0]
        if kind == F.RETURN:
            return "return"
        if kind == F.JUMP:
            return statement[5]
        if kind == F.EXPR and statement[5][0] == "c" and tail_of(self.calls[statement[5][1]][0]) in _EXITS:
            return "exit"
        return None

    def loops(self, block: int) -> tuple[int, ...]:
        """Loop blocks around a place, innermost first."""
        known, passed = self._loops, []
        while block not in known:
            passed.append(block)
            block = self.blocks[block][1]
        found = known[block]
        for each in reversed(passed):
            if self.blocks[each][0] in F.LOOPS:
                found = (each, *found)
            known[each] = found
        return found

    def spot(self, line: int) -> str:
        """ "line 12", or "cell 3, line 4" in a notebook: for messages."""
        if self.locate is None:
            return f"line {line}"
        cell, row = self.locate(line)
        return f"cell {cell}, line {row}"

    def loop_line(self, block: int) -> int:
        kind, _, statement, branch = self.blocks[block]
        return branch[2] if kind == "comp" else self.statements[statement][3]

    # -- names ----------------------------------------------------------------------------------------------------

    def bindings(self, scope: int) -> dict[str, list[Binding]]:
        """name -> list of bindings in this scope, in order of the text."""
        found = self.bound.get(scope)
        if found is None:
            found = self.bound[scope] = self._bind(scope)
        return found

    def in_order(self, bindings):
        """Do these bindings of a name stand in the order of their statements?  Those of comprehensions come behind the others."""
        known, found = self._ordered.get(id(bindings), (None, False))
        if known is not bindings:  # a list that is kept keeps its id
            found = all(before[1] <= after[1] for before, after in zip(bindings, bindings[1:]))
            self._ordered[id(bindings)] = bindings, found
        return found

    def global_names(self, scope: int) -> Collection[str]:
        self.bindings(scope)
        return self.declared_global.get(scope, ())

    def declaring(self, name: str) -> Sequence[int]:
        """Functions that declare the name global or nonlocal."""
        if self._declaring is None:
            self._declaring = {}
            for statement in self.statements:
                if statement is not None and statement[0] == F.GLOBAL:
                    for each in statement[5]:
                        self._declaring.setdefault(each, []).append(statement[1])
        return self._declaring.get(name, ())

    def _bind(self, scope):
        names = {}
        record = self.scopes[scope]

        for i, param in enumerate(record[F.S_PARAMS]):
            names.setdefault(param[0], []).append(Binding("param", -1, scope, i, ()))
        statements = self.statements
        for i in self.scope_statements(scope):
            statement = statements[i]
            if statement is None:
                continue
            kind = statement[0]
            if kind == F.ASSIGN:
                if statement[6] is not None or statement[7] is not None:
                    for target in statement[5]:
                        if statement[6] is None:
                            _bind_target(names, scope, target, "annotation", i, statement[7])
                        else:
                            _bind_target(names, scope, target, "assign", i, statement[6])
            elif kind == F.AUGMENT:
                _bind_target(names, scope, statement[5], "augment", i, statement[7])
            elif kind == F.FOR:
                _bind_target(names, scope, statement[5], "iter", i, statement[6])
            elif kind == F.WITH:
                for expression, target in statement[5]:
                    if target is not None:
                        _bind_target(names, scope, target, "with", i, expression)
            elif kind == F.IMPORT:
                for bound in statement[5]:
                    names.setdefault(bound[0], []).append(Binding("import", i, scope, bound, ()))
            elif kind == F.DEF or kind == F.CLASS:
                names.setdefault(self.scopes[statement[5]][F.S_NAME], []).append(
                    Binding(kind, i, scope, statement[5], ())
                )
            elif kind == F.TRY:
                for _, name, _ in statement[6]:
                    if name:
                        names.setdefault(name, []).append(Binding("except", i, scope, None, ()))
            elif kind == F.GLOBAL:
                self.declared_global.setdefault(scope, set()).update(statement[5])
        for block in self.comprehensions(scope):
            target, iterable, _, _ = self.blocks[block][3]
            _bind_target(names, scope, target, "iter", self.blocks[block][2], iterable)
        return names

    def comprehensions(self, scope: int) -> Sequence[int]:
        """The blocks of a scope's comprehensions, in order; those of the lambdas in it have a scope of their own."""
        if self._comps is None:
            self._comps = {}
            for i, (kind, _, statement, _) in enumerate(self.blocks):
                if kind == "comp":
                    # a comprehension in a lambda's body belongs to the statement that stands for that body
                    self._comps.setdefault(self.statements[statement][1], []).append(i)
        return self._comps.get(scope, ())

    # -- calls ----------------------------------------------------------------------------------------------------

    def calls_by_tail(self) -> dict[str, list[int]]:
        """last name of the called expression -> call numbers."""
        if self._calls_by_tail is None:
            index = self._calls_by_tail = {}
            for i, call in enumerate(self.calls):
                tail = called_name(self, call[0])
                if tail is not None:
                    index.setdefault(tail, []).append(i)
        return self._calls_by_tail

    def calls_of(self, statement: int) -> Sequence[int]:
        """The calls that stand in a statement itself, in order."""
        if self._of_statement is None:
            index = self._of_statement = {}
            for i, call in enumerate(self.calls):
                index.setdefault(call[5], []).append(i)
        return self._of_statement.get(statement, ())

    def behind(self, statement: int) -> Iterator[int]:
        """The numbers of the statements inside a compound statement of the same scope, in order, and of None in between."""
        end = self.statements[statement][4]
        for s in range(statement + 1, self.scopes[self.statements[statement][1]][F.S_STMTS][1]):
            each = self.statements[s]
            if each is not None and each[3] > end:
                return
            yield s

    def arguments(self, i: int) -> list[Expression]:
        """The expressions that call `i` is given, by position and by keyword."""
        call = self.calls[i]
        return [*call[1], *[value for _, value in call[2]]]

    def read_in_calls(self) -> dict[str, list[tuple[int, Expression]]]:
        """attribute, or "__getitem__" -> [(call, what it is an attribute or item of)], for what calls are given or made on."""
        if self._reads is None:
            index = self._reads = {}
            for i, call in enumerate(self.calls):
                for expression in (call[0], *self.arguments(i)):
                    for e in walk(expression):
                        if e[0] in ("a", "x"):
                            index.setdefault(e[2] if e[0] == "a" else "__getitem__", []).append((i, e[1]))
        return self._reads

    def references(self) -> dict[str | int, list[tuple[int, int | str]]]:
        """name -> [(call, position or keyword)] where a function could be handed over as an argument; lambdas under their scope number."""
        if self._refs_by_tail is None:
            index = self._refs_by_tail = {}

            for i, (_, positional, keywords, *_) in enumerate(self.calls):
                position = 0
                for argument in positional:
                    if argument[0] in _HANDED:
                        _note_reference(index, argument, i, position, self.calls)
                    position += 1
                for name, argument in keywords:
                    if argument[0] in _HANDED:
                        _note_reference(index, argument, i, name or "**", self.calls)
        return self._refs_by_tail

    def foreign_attributes(self) -> dict[str, list[tuple[int, Expression]]]:
        """attribute -> statements that assign it on something else than `self`: `agent.model = …`."""
        if self._foreign is None:
            self._foreign = {}
            for i, statement in enumerate(self.statements):
                if statement is not None and statement[0] == F.ASSIGN and statement[6] is not None:
                    for target in statement[5]:
                        if target[0] == "a" and target[1] != ("n", "self"):
                            self._foreign.setdefault(target[2], []).append((i, target[1]))
        return self._foreign

    def aliases(self) -> dict[str, set[str]]:
        """name -> other names under which this module may call it.

        `from x import f as g`, `g = f`, `g = tf.function(f)`, `self.step = partial(f, …)`.
        """
        if self._aliases is None:
            index = self._aliases = {}
            for statement in self.statements:
                if statement is None:
                    continue
                if statement[0] == F.IMPORT:
                    for name, _, attribute, _ in statement[5]:
                        if attribute and attribute != name:
                            index.setdefault(attribute, set()).add(name)
                elif statement[0] == F.ASSIGN and statement[6] is not None and statement[6][0] in _ALIASED:
                    for target in statement[5]:
                        self._alias(index, target, statement[6])
        return self._aliases

    def aliases_of(self, names: Iterable[str]) -> set[str]:
        """Other names that these have in this module."""
        return {alias for name in names for alias in self.aliases().get(name, ())}

    def made(self) -> dict[str, set[str]]:
        """name of a called function or class -> names of what its result is assigned to: `step = make_step(…)`, `self.net = Net()`."""
        if self._made is None:
            index = self._made = {}
            for statement in self.statements:
                if (
                    statement is not None
                    and statement[0] == F.ASSIGN
                    and statement[6] is not None
                    and statement[6][0] == "c"
                ):
                    maker = tail_of(self.calls[statement[6][1]][0])
                    if maker is not None:
                        index.setdefault(maker, set()).update(name for name in map(tail_of, statement[5]) if name)
        return self._made

    def with_inner(self, scope: int) -> list[int]:
        """A function and the functions defined in it, at any depth."""
        found = [scope]
        for s in range(scope + 1, len(self.scopes)):  # an inner scope is numbered after the one around it
            if self.scopes[s][F.S_PARENT] in found:
                found.append(s)
        return found

    def aliases_of_defined(self, defined: Container[str]) -> frozenset[str]:
        """Other names that functions and classes of the project have in this module."""
        if self._named is None:
            self._named = frozenset().union(*(names for name, names in self.aliases().items() if name in defined))
        return self._named

    def _alias(self, index, target, value):
        if value[0] in ("d", "l", "t") and target[0] in ("n", "a"):  # a table of functions: TABLE[key]()
            for item in value[2] if value[0] == "d" else value[1]:
                if item[0] in ("n", "a"):
                    index.setdefault(tail_of(item), set()).add(TABLE + tail_of(target))
            return
        if target[0] == value[0] == "t":
            for pair in zip(target[1], value[1]):
                self._alias(index, *pair)
            return
        if value[0] == "c":
            arguments = self.calls[value[1]][1]
            value = arguments[0] if arguments else None
        tail = tail_of(value) if value is not None else None
        name = tail_of(target)
        if tail is not None and name is not None and name != tail:
            index.setdefault(tail, set()).add(name)


def _spans(blocks):
    """[(its place, the last place in it)] for each block, when they are put in order so that what is in one stands behind it."""
    sizes = [1] * len(blocks)
    for c in range(len(blocks) - 1, -1, -1):
        if blocks[c][1] >= 0:
            sizes[blocks[c][1]] += sizes[c]
    places, free, outermost = [], [], 0
    for c, (_, around, *_) in enumerate(blocks):
        place = free[around] if around >= 0 else outermost
        if around >= 0:
            free[around] += sizes[c]
        else:
            outermost += sizes[c]
        places.append((place, place + sizes[c] - 1))
        free.append(place + 1)
    return places


def _bind_target(names, scope, target, kind, statement, expression, path=()):
    """Enter the names that an assignment target binds; tuples are taken apart."""
    tag = target[0]
    if tag == "n":
        names.setdefault(target[1], []).append(Binding(kind, statement, scope, expression, path))
    elif tag in ("t", "l"):
        for i, item in enumerate(target[1]):
            _bind_target(names, scope, item, kind, statement, expression, path + (i,))
    elif tag == "s":
        _bind_target(names, scope, target[1], kind, statement, expression, path + ("*",))


_HANDED = frozenset("nafctld")  # tags of what may be, or hold, a function
_ALIASED = frozenset("nactld")  # tags of what a name may be another name for


def _note_reference(index, expression, i, where, calls):
    """Enter what an argument may hand over: a name, a lambda, or those in a list or dictionary."""
    tag = expression[0]
    if tag in ("n", "a"):
        index.setdefault(tail_of(expression), []).append((i, where))
    elif tag == "f":
        index.setdefault(expression[1], []).append((i, where))
    elif tag == "c":  # an object or function that is made there: study.optimize(Objective(data))
        tail = tail_of(calls[expression[1]][0])
        if tail is not None:
            index.setdefault(tail, []).append((i, where))
    elif tag in ("t", "l"):
        for item in expression[1]:
            _note_reference(index, item, i, where, calls)
    elif tag == "d":
        for item in expression[2]:
            _note_reference(index, item, i, where, calls)


_EXITS = frozenset(("exit", "_exit", "quit", "abort"))
TABLE = "[]"  # marks the name of a table whose items are called
RESULT = "()"  # stands for the name of what a function has given: `make_step()(x)`
WRAPPING = frozenset(("delayed", "sync_to_async", "async_to_sync", "database_sync_to_async"))  # delayed(f)(x) runs f(x)


def called_name(m: Module, expression: Expression) -> str | None:
    """The name under which a call is indexed: its last identifier, or the table that `TABLE[key]()` and `TABLE.get(key)()` call from."""
    tail = tail_of(expression)
    if tail == "remote" and expression[0] == "a":
        return tail_of(expression[1])  # a Ray task
    if tail is None:
        if expression[0] == "x":
            tail = tail_of(expression[1])
        elif expression[0] == "c":
            f, arguments, *_ = m.calls[expression[1]]
            if arguments and tail_of(f) in WRAPPING:
                return tail_of(arguments[0])
            tail = tail_of(f[1]) if f[0] == "a" and f[2] in ("get", "pop") else None
            if tail is None and (tail_of(f) or "A")[0].islower():
                return RESULT
        if tail is not None:
            tail = TABLE + tail
    return tail


def call_text(m: Module, i: int) -> str:
    """What call `i` calls, as short text for messages: `load_model(…)`, `BUILDERS[…](…)`, `make(…).fit(…)`."""
    return _spelled(m, m.calls[i][0], 2) + "(…)"


def _spelled(m, expression, depth):
    parts = dotted(expression)
    if parts:
        return ".".join(parts)
    if depth:
        if expression[0] == "a":
            return f"{_spelled(m, expression[1], depth - 1)}.{expression[2]}"
        if expression[0] == "x":
            return f"{_spelled(m, expression[1], depth - 1)}[…]"
        if expression[0] == "c":
            return _spelled(m, m.calls[expression[1]][0], depth - 1) + "(…)"
    tail = tail_of(expression)
    return f"….{tail}" if tail else "…"


def _tests(name, bases):
    """Is a module of that name one of unit tests?  `TestAgent` is when it has a test case, too; an experiment may be called so as well."""
    return (
        name.startswith("test_")
        or name.endswith("_test")
        or name == "conftest"
        or name.startswith("Test")
        and any(base == "TestCase" for _, base in bases)
    )


def statement_expressions(statement: Statement) -> list[Expression]:
    """The expressions that a statement itself evaluates (its blocks excluded)."""
    kind = statement[0]
    if kind == F.ASSIGN:
        return [e for e in (*statement[5], statement[6]) if e is not None]
    if kind == F.AUGMENT:
        return [e for e in (statement[5], statement[7]) if e is not None]
    if kind in (F.RETURN, F.EXPR):
        return [statement[5]] if statement[5] is not None else []
    if kind in (F.DELETE, F.OTHER):
        return [e for e in statement[5] if e is not None]
    if kind == F.WITH:
        return [e for item in statement[5] for e in item if e is not None]
    if kind == F.FOR:
        return [statement[5], statement[6]]
    if kind in (F.WHILE, F.IF):
        return [statement[5]]
    if kind == F.JUMP and len(statement) > 6 and statement[6] is not None:
        return [statement[6]]
    return []
