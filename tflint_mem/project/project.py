"""The project: the facts of all files, linked.

`Project` holds the modules and answers, for any call in any of them, the questions that rules are made of: what does it
call (`apis`), who calls this function (`callers`), does this place repeat (`repeats`), is it released (`released`), is
it compiled (`compiled`).  Everything is computed when asked for: a project without suspicious calls costs only its facts.
"""

import os
from collections import deque

from tflint_mem import facts as F
from tflint_mem.hardening.budget import Searches
from tflint_mem.knowledge.api import canonical
from tflint_mem.project.holds.asked import Asked
from tflint_mem.project.holds.infer import Infer
from tflint_mem.project.linking.hardware import Hardware
from tflint_mem.project.linking.imports import Imports
from tflint_mem.project.linking.index import Index
from tflint_mem.project.linking.module import Module, tail_of
from tflint_mem.project.linking.names import Names
from tflint_mem.project.linking.spelling import Spelling
from tflint_mem.project.linking.versions import Versions
from tflint_mem.project.repeats.callers import Callers
from tflint_mem.project.repeats.compiled import Compiled
from tflint_mem.project.repeats.iterated import Iterated
from tflint_mem.project.repeats.released import Released
from tflint_mem.project.repeats.repeats import Repeats
from tflint_mem.sources.notebook_name import notebook_name

LARGE = 1600  # files; the modules of a larger project would take more than a quarter of a gigabyte ...
KEEP_IN_LARGE = 700  # ... so it keeps these decoded, and decodes the others again when they are asked for
_LASTING = (
    "modules",
    "names",
    "index",
    "_loaded",
    "_keep",
    "defined",
    "attributes",
    "module",
    "searches",
)  # of a project: all but its answers
PART = 50  # percent of them that rules go through together


class Project:
    """All modules of one run.

    files   how many files are checked, of which modules may come: what stays decoded depends on it
    add(path, facts)   before any question is asked
    link()             once, after the last `add`
    """

    def __init__(self, settings=None, root=None, files=0):
        self.settings = settings
        self.root = root
        self.modules = []
        self.names = Names()
        self.index = Index()
        self._loaded, self._keep = deque(), KEEP_IN_LARGE if files > LARGE else LARGE
        self._subclasses = {}
        self._apis, self._api_sets, self._called = {}, {}, {}
        self.defined = set()  # names of all functions and classes of the project
        self.attributes = set()  # names of all attributes that it assigns
        self.searches = Searches()
        self.infer = Infer(self)
        self.asked = Asked(self)
        self.callers_of = Callers(self)
        self.iterated = Iterated(self)
        self.repeats_of = Repeats(self)
        self.released_by = Released(self)
        self.compiled_by = Compiled(self)
        self.versions = Versions(self)
        self.spelling = Spelling(self)
        self.hardware = Hardware(self)
        self.imports = Imports(self)

    def close(self):
        """Let go of everything: the parts refer to each other, and only a slow full collection would find them."""
        for part in (
            self.infer,
            self.asked,
            self.callers_of,
            self.iterated,
            self.repeats_of,
            self.repeats_of.guards,
            self.repeats_of.guards.tables,
            self.repeats_of.handlers,
            self.repeats_of.feasible,
            self.repeats_of.owners,
            self.repeats_of.kindred,
            self.repeats_of.nearest,
            self.callers_of.whole,
            self.released_by,
            self.compiled_by,
            self.versions,
            self.spelling,
            self.hardware,
            self.imports,
        ):
            part.project = None
        self.callers_of.forget()
        self._called.clear()
        self.modules.clear()
        self.__dict__.pop("module", None)
        self.infer.forget()

    def anew(self, late=()):
        """The same modules without any answers, for the case that a search broke off; those with the indices `late` are empty from now on."""
        other = Project(self.settings, self.root)
        for name in _LASTING:
            if name in self.__dict__:
                setattr(other, name, self.__dict__[name])
        for module in self.modules:
            module.forget()
        for index in late:
            self.modules[index].empty()
        return other

    # -- modules --------------------------------------------------------------------------------------------------

    def add(self, path, collected, locate=None):
        """Add a module; `path` as the run names it, `locate` maps a notebook's rows to cells (None for a Python file)."""
        absolute = os.path.abspath(path)
        stem = absolute[: -len(".ipynb")] if absolute.endswith(".ipynb") else os.path.splitext(absolute)[0]
        parts = tuple(p for p in stem.split(os.sep) if p)
        module = Module(
            len(self.modules), path, parts, collected, self._loaded, locate, keep=len(self._loaded) < self._keep
        )
        module.resolved = self.names.known(parts)
        self.modules.append(module)
        if module.loaded:
            self._loaded.append(module.index)
        self.names.add(
            module.index, parts if locate is None else (*parts[:-1], notebook_name(parts[-1]))
        )  # %run names notebooks
        return module

    def link(self):
        """Build the reverse index of names; the lists of the modules are dropped."""
        for module in self.modules:
            self.defined.update(module.defs)
            self.attributes.update(module.stored)
            self.index.add(module.index, module.roles)
            module.roles = module.stored = ()
        if len(self.modules) <= self._keep:
            self.module = self.modules.__getitem__  # all stay decoded

    def module(self, index):
        """The module of an index; when too many bodies are decoded, those go that nobody asked for lately."""
        found = self.modules[index]
        found.recent = True
        loaded = self._loaded
        while len(loaded) > self._keep:
            oldest = self.modules[loaded.popleft()]
            if (
                oldest.recent
            ):  # a second chance: a pass over all modules must not drive out those that every question needs
                oldest.recent = False
                loaded.append(oldest.index)
            else:
                oldest.release()
        return found

    def found(self, role, name, limit=None):
        """Modules that use the name in the role (see `index`), in order; none when there are more than `limit`."""
        numbers = self.index.modules(role, name)
        return [] if limit is not None and len(numbers) > limit else [self.module(number) for number in numbers]

    def mentioning(self, name, limit=None):
        """Modules in which the identifier occurs; none when there are more than `limit`."""
        return self.found("idents", name, limit)

    def using(self, name, limit=None):
        """Modules that may call what has that name, or hand it over; none when there are more than `limit`."""
        numbers = self.calling((name,))
        return [] if limit is not None and len(numbers) > limit else [self.module(number) for number in numbers]

    def calling(self, names):
        """Indices of the modules that may call what has one of the names, under that name or another, in order."""
        return sorted(
            {number for name in names for role in ("called", "given") for number in self.index.modules(role, name)}
        )

    def mentioned(self, names):
        """Indices of the modules in which one of the identifiers occurs, in order."""
        return sorted({number for name in names for number in self.index.modules("idents", name)})

    def mentions_in(self, module, names):
        """Those of the identifiers that occur in the module."""
        return {name for name in names if self.index.has("idents", name, module.index)}

    def parts(self):
        """Ranges of indices that cover the modules: as many at once as can stay decoded while other modules are asked, too."""
        size = max(PART * self._keep // 100, 1)
        return (
            [range(first, first + size) for first in range(0, len(self.modules), size)]
            if len(self.modules) > self._keep
            else [None]
        )

    def all_modules(self):
        """Every module, decoded."""
        for index in range(len(self.modules)):
            yield self.module(index)

    def resolve(self, module, dotted, level):
        """The module of the project that an import of `dotted` at `level` means in `module`, or None."""
        index = module.resolved.get((dotted, level), -1)
        if index == -1:
            index = self.names.resolve(module.parts, module.package, dotted, level)
        return None if index is None or index == module.index else self.module(index)

    # -- calls ----------------------------------------------------------------------------------------------------

    def apis(self, m, i):
        """Names of what call `i` of module `m` calls.

        `keras.load_model` (canonical), `model.predict` (a method of a thing of that kind), `model.__call__` (the thing
        itself called), `new:model` (a class of the project that derives from keras.Model is constructed), `ext:…`.
        """
        return self.infer.kept(self._apis, (m.index, i), self._api_set, m, i)

    def _api_set(self, m, i):
        found = frozenset(self._api_names(m, i))
        return self._api_sets.setdefault(found, found)  # a few hundred different ones

    def _api_names(self, m, i):
        names = set()
        for v in self.infer.callee(m, i):
            tag = v[0]
            if tag == "ext":
                names.add(canonical(v[1]))
            elif tag == "bm":
                receiver = v[1]
                if receiver[0] == "obj":
                    names.add(f"{receiver[1]}.{v[2]}")
                elif receiver[0] in ("seq", "map", "tup"):
                    names.add(f"{receiver[0]}.{v[2]}")
            elif tag == "obj":
                names.add(v[1] + ".__call__")
            elif tag in ("inst", "self"):
                kind = self.infer.class_kind(self.module(v[1]), v[2])
                if kind and not self.infer.lookup(self.module(v[1]), v[2], "__call__"):
                    names.add(kind + ".__call__")
            elif tag == "cls":
                kind = self.infer.class_kind(self.module(v[1]), v[2])
                if kind:
                    names.add("new:" + kind)
            elif tag == "part":  # load = functools.partial(load_model, compile=False)
                names.update(canonical(inner[1]) for inner in v[1] if inner[0] == "ext")
        return names

    def functions_called(self, m, i):
        """[(module, scope)] of the project functions that call `i` may run (constructors give `__init__`)."""
        if len(self.modules) > self._keep:
            return self._functions_called(m, i)  # a list for each call of a large project is too much
        return self.infer.kept(self._called, (m.index, i), self._functions_called, m, i)

    def _functions_called(self, m, i):
        found = []
        for v in self.infer.callee(m, i):
            self._functions(v, found)
        return found

    def functions_in(self, m, scope, expression, at):
        """[(module, scope)] of the project functions that an expression may be (a bound method, a partial, a `tf.function`)."""
        found = []
        for v in self.infer.values(m, scope, expression, at):
            self._functions(v, found)
        return found

    def functions_of(self, v):
        """[(module, scope)] of the project functions that one value of the inference runs when it is called."""
        found = []
        self._functions(v, found)
        return found

    def _functions(self, v, found):
        tag = v[0]
        if tag == "fn":
            found.append((self.module(v[1]), v[2]))
        elif tag == "meth":
            found.append((self.module(v[2]), v[3]))
        elif tag == "cls":
            init = self.infer.lookup(self.module(v[1]), v[2], "__init__")
            if init:
                found.append(init)
        elif tag in ("inst", "self"):
            cm = self.module(v[1])
            method = self.infer.lookup(cm, v[2], "__call__") or (
                self.infer.lookup(cm, v[2], "call") if self.infer.class_kind(cm, v[2]) else None
            )
            if method:
                found.append(method)
        elif tag == "part":
            for inner in v[1]:
                self._functions(inner, found)
        elif tag == "obj" and v[1] == "tf.function" and v[2] is not None and v[2][0] != "deco":
            m, i = self.module(v[2][0]), v[2][1]
            call = m.calls[i]
            expression = (
                call[1][0] if call[1] else next((e for k, e in call[2] if k in ("func", "python_function")), None)
            )
            if expression is not None:
                for inner in self.infer.values(m, call[3], expression, call[5]):
                    if inner[0] in ("fn", "meth"):
                        self._functions(inner, found)

    def kinds(self, m, scope, expression, at):
        """Kinds of things (see knowledge) an expression may hold; project classes give their Keras kind."""
        found = set()
        for v in self.infer.values(m, scope, expression, at):
            if v[0] == "obj":
                found.add(v[1])
            elif v[0] in ("inst", "self"):
                kind = self.infer.class_kind(self.module(v[1]), v[2])
                if kind:
                    found.add(kind)
        return found

    def callers(self, m, scope):
        """[(module, call, how)]: see `callers.Callers`."""
        return self.callers_of.of(self.module(m.index), scope)

    def subclasses(self, m, scope):
        """[(module index, class scope)] of the project classes that derive from this one."""
        key = (m.index, scope)
        if key not in self._subclasses:
            self._subclasses[key] = ()
            name = m.scopes[scope][F.S_NAME]
            found = []
            for other in self.found("derived", name, 64):
                for s in other.classes():
                    if (other.index, s) != key and any(tail_of(b) == name for b in other.scopes[s][F.S_BASES]):
                        bases = self.infer.bases(other, s)
                        if bases and key in bases[0]:
                            found.append((other.index, s))
                            found.extend(self.subclasses(other, s))
            self._subclasses[key] = tuple(found[:24])
        return self._subclasses[key]

    # -- the questions ----------------------------------------------------------------------------------------------

    def repeats(self, m, i, accept=None):
        """Why call `i` of `m` runs again and again: a Repeat (see repeats), or None.

        `accept(repeat)` may refuse a way of repeating (for example because it is released); then another is tried.
        """
        return self.repeats_of.of_call(m, i, accept)

    def released(self, repeat, names=None):
        """The call or construct that ends the life of what was made before the next repeat, or None."""
        return self.released_by.along(repeat, names)

    def compiled(self, m, scope):
        """Does the function always run inside a `tf.function`, a Keras step or `Dataset.map`?"""
        return self.compiled_by.always(m, scope)
