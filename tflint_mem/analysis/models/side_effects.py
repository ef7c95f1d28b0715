"""What running a piece of code may do besides computing: write files, wait for somebody, set what others read, call the unknown.

A fix that moves code past this piece, or runs it once instead of each time, asks here first.  The search follows the
project's own functions to a depth; what it cannot see is `unknown`, and no fix is safe there.
"""

from __future__ import annotations

from tflint_mem import facts as F
from tflint_mem.facts import (
    Attribute,
    Await,
    BinaryOp,
    CallRef,
    Constant,
    FString,
    Lambda,
    Name,
    SequenceDisplay,
    Starred,
    Subscript,
    Yield,
)
from tflint_mem.knowledge import TRAINING_METHODS
from tflint_mem.project.holds.values import ClassValue, External, Instance, SelfValue, SequenceValue, Thing, TupleValue
from tflint_mem.project.linking.module import dotted, tail_of

from .models import walk_statement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Call, Expression
    from tflint_mem.project.holds.values import Value
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

MAX_DEPTH = 6
MAX_FUNCTIONS = 200
_SAVERS = frozenset(
    (
        "save",
        "save_model",
        "save_weights",
        "save_checkpoint",
        "export",
        "export_saved_model",
        "export_savedmodel",
        "export_meta_graph",
        "write",
        "write_graph",
        "write_file",
        "write_text",
        "write_bytes",
        "writelines",
        "download",
        "urlretrieve",
        "download_file",
        "get_file",
        "extractall",
        "unpack_archive",
        "copy",
        "copy2",
        "copyfile",
        "copytree",
        "move",
        "rename",
        "renames",
        "replace",
        "remove",
        "unlink",
        "rmtree",
        "delete",
        "touch",
        "symlink",
        "hf_hub_download",
        "snapshot_download",
    )
)
_TARGETS = {
    "copy": 1,
    "copy2": 1,
    "copyfile": 1,
    "copytree": 1,
    "move": 1,
    "rename": 1,
    "renames": 1,
    "replace": 1,
    "urlretrieve": 1,
    "save_model": 1,
}
_PATHS = frozenset(("filepath", "path", "file", "filename", "fname", "dst", "export_dir", "model_path"))
_CHECKPOINTS = frozenset(("keras.callbacks.ModelCheckpoint", "keras.callbacks.BackupAndRestore"))
_QUIET_CALLBACKS = frozenset(
    "keras.callbacks." + name
    for name in (
        "EarlyStopping",
        "ReduceLROnPlateau",
        "LearningRateScheduler",
        "TerminateOnNaN",
        "History",
        "ProgbarLogger",
        "TensorBoard",
        "CSVLogger",
    )
)
_WAITS = frozenset(
    ("sleep", "wait", "wait_for", "input", "raw_input", "accept", "recv", "recv_json", "poll", "listen", "select")
)
_LOOKS = frozenset(
    ("exists", "isfile", "isdir", "is_file", "is_dir", "getmtime", "getctime", "getsize", "stat", "access", "lexists")
)
_UNKNOWN_BUILTINS = frozenset(("exec", "eval", "compile", "__import__", "setattr"))
_RUNS_PROGRAMS = frozenset(("system", "popen", "Popen", "run", "check_call", "check_output", "call", "spawn"))
_FRAMEWORK = ("tf.", "keras.", "tensorflow")
_CALCULATE = frozenset(
    (
        "numpy",
        "pandas",
        "math",
        "cmath",
        "random",
        "sklearn",
        "scipy",
        "cv2",
        "PIL",
        "matplotlib",
        "seaborn",
        "json",
        "re",
        "time",
        "datetime",
        "collections",
        "itertools",
        "functools",
        "operator",
        "os.path",
        "pathlib",
        "logging",
        "tqdm",
        "string",
        "statistics",
        "struct",
        "copy",
        "librosa",
        "skimage",
        "imageio",
        "gc",
        "psutil",
        "absl",
        "warnings",
        "csv",
        "argparse",
        "typing",
        "dataclasses",
        "enum",
        "contextlib",
        "sys",
        "tensorflow_datasets",
        "textwrap",
        "pprint",
        "uuid",
        "hashlib",
        "base64",
        "builtins",
        "glob",
        "soundfile",
        "nltk",
        "gym",
        "gymnasium",
    )
)
MUTATORS = frozenset(
    (
        "append",
        "extend",
        "insert",
        "add",
        "update",
        "pop",
        "popleft",
        "appendleft",
        "clear",
        "remove",
        "setdefault",
        "sort",
        "reverse",
        "fill",
        "put",
        "resize",
        "shuffle",
        "push",
        "discard",
    )
)
# Methods of what holds data: they stay inside the object, whatever it is.
_DATA_METHODS = frozenset(
    (
        "append extend insert add update pop popleft appendleft clear sort reverse items keys values get setdefault index count format join split "
        "rsplit splitlines strip lstrip rstrip lower upper title startswith endswith encode decode astype reshape ravel flatten tolist item mean std sum "
        "min max argmax argmin transpose squeeze numpy shape size copy round fill to_numpy iterrows itertuples iloc loc head tail dropna info debug warning "
        "error exception critical log set_description set_postfix isoformat strftime get_json get_data isOpened total_seconds hex isdigit group groups "
        "write writelines writerow writerows flush close seek read readline readlines replace remove delete touch "
        "match search findall sub rotate convert resize crop getbands predict predict_on_batch predict_proba evaluate summary count_params zfill discard union"
    ).split()
)


class Effects:
    """What a region may do.

    written     (prefix, suffix) of the paths of the files it may write, see `ends`; ("", "") where nobody knows which
    looked      the same of the paths that it asks about: is there a file, how old is it?
    waits       seconds that it sleeps at most; infinite for a message, a person or a time that nobody knows
    unknown     the first thing called that nobody can see into, "" when there is none
    attributes  last names of attributes, and of lists and arrays, that are assigned or changed
    names       {(module index, name)} of module variables, and of variables of outer functions, that it binds
    """

    __slots__ = ("written", "looked", "waits", "unknown", "attributes", "names")

    def __init__(self):
        self.written, self.looked, self.waits, self.unknown = [], [], 0.0, ""
        self.attributes, self.names = set(), set()

    @property
    def empty(self):
        """Nothing but computing."""
        return not (self.written or self.looked or self.waits or self.unknown or self.attributes or self.names)


def of_loop(context: Context, m: Module, loop: int, but=None):
    """Effects of one loop context of module `m`, the functions that it calls included; `but`: a call that does not count.

    Many fixes of one loop ask, each but for its own call: where that has no effects the answer is one for all of them.
    """
    memo = context.memo.setdefault("effects of loops", {})
    key = (m.index, loop)
    scope = m.statements[m.contexts[loop].statement].scope
    if but is not None and but < len(m.calls) and m.calls[but][3] == scope and m.inside(m.calls[but][4], loop):
        alone = _Search(context)
        alone.call(m, but, 0)
        if not alone.found.empty:
            key = (m.index, loop, but)
    if key not in memo:
        search = _Search(context)
        search.region(m, scope, loop, but if len(key) == 3 else None, 0)
        memo[key] = search.found
    return memo[key]


class _Search:
    def __init__(self, context: Context):
        self.context, self.found, self.seen = context, Effects(), set()

    def region(self, m: Module, scope: int, loop: int, but, depth):
        declared = set(m.global_names(scope))
        outer = {name for name in declared if scope > 0}
        for s in m.scope_statements(scope):
            statement = m.statements[s]
            if (
                statement is None
                or not m.inside(statement.block, loop)
                and not (loop >= 0 and m.contexts[loop].statement == s)
            ):
                continue
            for target in _targets(statement):
                if isinstance(target, Attribute):
                    self.found.attributes.add(target.attr)
                elif isinstance(target, Subscript):
                    self.found.attributes.add(tail_of(target.base) or "")
                elif isinstance(target, Name) and (scope == 0 or target.id in outer):
                    self.found.names.add((m.index, target.id))
            if any(isinstance(e, (Await, Yield)) for e in walk_statement(m, statement)):
                self.unsure("what runs while it is suspended")
        for i in m.scope_calls(scope):
            if i != but and m.inside(m.calls[i].block, loop):
                self.call(m, i, depth)

    def unsure(self, name: str):
        self.found.unknown = self.found.unknown or name

    def call(self, m: Module, i: int, depth):
        call, context = m.calls[i], self.context
        tail = tail_of(call.func) or ""
        apis = context.project.apis(m, i)
        names = apis | {v.name for v in context.infer.callee(m, i) if isinstance(v, External)}
        functions = context.project.functions_called(m, i)
        if isinstance(call.func, Attribute) and (tail in MUTATORS or tail.startswith(("set_", "add_")) and not apis):
            self.found.attributes.add(tail_of(call.func.base) or "")
        if apis & _CHECKPOINTS:
            self.written(m, i, 0)
        elif names & {"builtins.open"} or tail == "open" and call.func == Name("open"):
            mode = context.argument(m, i, 1, "mode")
            if mode is not None and not (
                isinstance(mode, Constant) and isinstance(mode.value, str) and not set(mode.value) & set("wax+")
            ):
                self.written(m, i, 0)
        elif functions:
            for fm, scope in functions:
                self.function(fm, scope, depth)
            self.handed(m, i, depth)
        elif tail in _WAITS:
            self.waiting(m, call, tail)
        elif tail in _LOOKS:
            path = call.args[0] if call.args else call.func.base if isinstance(call.func, Attribute) else None
            self.found.looked.append(
                ends(context, m, call.scope, path, call.statement) if path is not None else ("", "")
            )
        elif tail in _SAVERS and not _of_data(context, m, i, tail, names):
            self.written(m, i, _TARGETS.get(tail, 0))
        elif (
            any(name.startswith(("subprocess.", "os.system", "os.popen")) for name in names)
            or tail in _RUNS_PROGRAMS
            and not apis
            and isinstance(call.func, Attribute)
            and dotted(call.func)
            and dotted(call.func)[0] in ("os", "subprocess")
        ):
            self.unsure(f"{tail}()")
        elif tail in TRAINING_METHODS and context.argument(m, i, None, "callbacks") is not None:
            self.callbacks(m, i, context.argument(m, i, None, "callbacks"))
        elif self.harmless(m, i, tail, apis, names):
            self.handed(m, i, depth)
        else:
            self.unsure(f"{tail or 'what it calls'}()")

    def handed(self, m: Module, i: int, depth):
        """Functions of the project that the call is given: it may run them."""
        call = m.calls[i]
        for argument in m.arguments(i):
            if isinstance(argument, (Lambda, Name, Attribute)):
                for fm, scope in self.context.project.functions_in(m, call.scope, argument, call.statement):
                    self.function(fm, scope, depth)

    def waiting(self, m: Module, call: Call, tail: str):
        seconds = (
            self.context.project.repeats_of.number(m, call.scope, call.args[0], call.statement)
            if tail == "sleep" and call.args
            else None
        )
        self.found.waits = max(self.found.waits, seconds if seconds is not None else float("inf"))

    def harmless(self, m: Module, i: int, tail: str, apis, names: frozenset[str]):
        """Is the call one of TensorFlow, of a library that calculates, or of an object that only holds data?"""
        call = m.calls[i]
        if isinstance(call.func, Name) and tail in _UNKNOWN_BUILTINS:
            return False
        if any(name.startswith(_FRAMEWORK) or name.partition(".")[0] in _KINDS for name in apis):
            return True
        if any(
            name.partition(".")[0] in _CALCULATE
            or name.startswith(("os.path.", "os.getcwd", "os.listdir", "os.environ"))
            for name in names
        ):
            return True
        if any(isinstance(v, ClassValue) for v in self.context.infer.callee(m, i)):
            return True  # a class without a constructor of its own
        return (
            isinstance(call.func, Attribute)
            and tail in _DATA_METHODS
            or any(name.startswith("ext:") and name[4:].partition(".")[0] in _CALCULATE for name in apis)
        )

    def function(self, m: Module, scope: int, depth):
        key = (m.index, scope)
        if key in self.seen:
            return
        if depth >= MAX_DEPTH or len(self.seen) >= MAX_FUNCTIONS:
            self.unsure(f"{m.scopes[scope].name}()")
            return
        self.seen.add(key)
        self.region(m, scope, -1, None, depth + 1)

    def callbacks(self, m: Module, i: int, given):
        """Callbacks of a training may write checkpoints."""
        call = m.calls[i]
        items = given[1] if isinstance(given, SequenceDisplay) else (given,)
        for item in items:
            for v in self.context.infer.values(m, call.scope, item, call.statement) or (None,):
                self.callback(m, v)

    def callback(self, m: Module, v: Value):
        if v is not None and isinstance(v, (SequenceValue, TupleValue)):
            for inner in self.context.infer.elements(frozenset((v,))):
                self.callback(m, inner)
        elif (
            v is not None
            and isinstance(v, Thing)
            and v.kind == "callback"
            and v.origin is not None
            and isinstance(v.origin[1], int)
        ):
            om, j = self.context.project.module(v.origin[0]), v.origin[1]
            names = self.context.project.apis(om, j)
            if names & _CHECKPOINTS:
                self.written(om, j, 0)
            elif not names & _QUIET_CALLBACKS:
                self.unsure("a callback")
        elif v is not None and isinstance(v, (Instance, SelfValue)):
            cm = self.context.project.module(v.module)
            for scope in cm.members(v.scope).values():
                self.function(cm, scope, 1)
        else:
            self.unsure("a callback")

    def written(self, m: Module, i: int, position):
        self.found.written.append(target(self.context, m, i, position) or ("", ""))


_KINDS = frozenset(
    (
        "model",
        "layer",
        "optimizer",
        "metric",
        "loss",
        "tape",
        "tensor",
        "tensors",
        "variable",
        "variables",
        "strategy",
        "saved_model",
        "table",
        "dataset",
        "iterator",
        "history",
        "ndarray",
        "session",
        "graph",
        "seq",
        "map",
        "tup",
        "tf",
        "keras",
        "callback",
        "shape",
        "writer",
        "new:model",
        "new:layer",
        "new:callback",
        "interpreter",
        "backend-function",
    )
)


def _of_data(context: Context, m: Module, i: int, tail: str, names: frozenset[str]):
    """Is it `text.replace(a, b)`, `array.copy()`, `writer.write(…)` on something that is no file system?"""
    call = m.calls[i]
    if not isinstance(call.func, Attribute):
        return False
    if any(
        name.partition(".")[0] in ("seq", "map", "tup", "ndarray", "tensor", "variable", "dataset") for name in names
    ):
        return True
    known = dotted(call.func)
    library = known is not None and known[0] in ("os", "shutil", "gfile", "tf", "Path", "path")
    return (
        tail in ("replace", "copy", "remove", "write", "writelines", "delete", "move", "touch")
        and not library
        and (tail in ("replace", "write", "writelines") or len(call.args) == (0 if tail == "copy" else 1))
    )


def target(context: Context, m: Module, i: int, position=None):
    """The ends (see `ends`) of the path that a saving call writes, None when it is given none."""
    call = m.calls[i]
    position = _TARGETS.get(tail_of(call.func), 0) if position is None else position
    path = next((value for name, value in call.keywords if name in _PATHS), None)
    if path is None and position < len(call.args):
        path = call.args[position]
    return ends(context, m, call.scope, path, call.statement) if path is not None else None


def _targets(statement: int):
    kind = statement[0]
    if kind == F.ASSIGN:
        targets = statement[5]
    elif kind in (F.AUGMENT, F.FOR):
        targets = (statement[5],)
    elif kind == F.WITH:
        targets = tuple(target for _, target in statement[5] if target is not None)
    elif kind == F.DELETE:
        targets = statement[5]
    else:
        return []
    found = []
    stack = list(targets)
    while stack:
        target = stack.pop()
        if isinstance(target, SequenceDisplay):
            stack.extend(target[1])
        elif isinstance(target, Starred):
            stack.append(target.value)
        else:
            found.append(target)
    return found


# -- paths -------------------------------------------------------------------------------------------------------------


def ends(context: Context, m: Module, scope: int, e: Expression, at: int, depth=0):
    """(prefix, suffix) that the text of a path surely has, as far as literals tell; the whole text twice for a constant.

    A path is compared by these: two paths whose ends contradict each other are different files.
    """
    if isinstance(e, Constant):
        text = str(e.value)
        return (text, text)
    if depth > 4:
        return ("", "")
    if isinstance(e, FString) and e.items:
        first, last = e.items[0], e.items[-1]
        return (
            str(first.value) if isinstance(first, Constant) else "",
            str(last.value) if isinstance(last, Constant) else "",
        )
    if isinstance(e, BinaryOp) and e.op in ("+", "/"):
        left, right = (ends(context, m, scope, side, at, depth + 1) for side in e[2:4])
        return (left[0], right[1])
    if isinstance(e, CallRef):
        call = m.calls[e.number]
        tail = tail_of(call.func)
        if tail in ("join", "joinpath", "str", "Path", "abspath", "fspath") and call.args:
            first = (
                ends(context, m, scope, call.args[0], at, depth + 1)
                if tail != "abspath" and not isinstance(call.func, Constant)
                else ("", "")
            )
            return (first[0], ends(context, m, scope, call.args[-1], at, depth + 1)[1])
        if (
            tail == "format"
            and isinstance(call.func, Attribute)
            and isinstance(call.func.base, Constant)
            and isinstance(call.func.base.value, str)
        ):
            text = call.func.base.value
            return (text.partition("{")[0], text.rpartition("}")[2])
        return ("", "")
    values = [v for v in context.infer.values(m, scope, e, at)]
    if len(values) == 1 and isinstance(values[0], Constant):
        return (str(values[0].value), str(values[0].value))
    if isinstance(e, Name):
        bindings = m.bindings(scope).get(e.id, ()) or m.bindings(0).get(e.id, ())
        if len(bindings) == 1 and bindings[0].kind == "assign" and not bindings[0].path:
            return ends(context, m, bindings[0].scope, bindings[0].value, bindings[0].statement, depth + 1)
    return ("", "")


def may_be_same(one, other):
    """May two paths, known by their ends, name the same file (or one a file below the other)?"""
    (a, b), (c, d) = one, other
    if a == b and c == d and a and c:
        a, c = a.removeprefix("./").rstrip("/"), c.removeprefix("./").rstrip("/")
        return a == c or a.startswith(c + "/") or c.startswith(a + "/")
    heads = a.startswith(c) or c.startswith(a)
    tails = b.endswith(d) or d.endswith(b)
    return heads and tails
