"""Stand-ins for modules that are not installed: every name in them can be called, subclassed, iterated and computed
with.

What a call returns is an array of random numbers in the shape that the code around it works with.  What a model would
do has no stand-in: `predict`, `fit` and the like of an unknown module say that the module is needed.
"""

import dis
import functools
import importlib.abc
import importlib.machinery
import sys
import types

import numpy as np

MODEL_LIKE = frozenset(
    """
predict predict_on_batch fit train_on_batch compile load_weights set_weights get_weights trainable_variables
trainable_weights get_layer apply_gradients load_model
""".split()
)
# by these TensorFlow and NumPy tell what they have been given
_ASKED_FOR = frozenset("is_tensor_like numpy op graph dtype shape ndim".split())
_ARITHMETIC = """add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow neg pos abs
lt le gt ge matmul rmatmul""".split()
_GREETING = 16  # elements that an unknown result is iterated over
REQUEST = None  # what a web framework hands to its handlers
FLAGGED = None  # (end of a file name, row): what an unknown module does there is what is measured
_installed, _settings = {}, {}


class Named:
    """A name in a module that is not installed: function, class, constant or module, whatever the code makes of it."""

    def __init__(self, path):
        self.__dict__["_path"] = path

    def __getattr__(self, name):
        return _attribute(self._path, name)

    def __setattr__(self, name, value):
        self.__dict__[name] = value

    def __call__(self, *arguments, **options):
        return _called(self._path, arguments, options)

    def __mro_entries__(self, bases):
        return (Base,)

    def __instancecheck__(self, instance):
        return False

    def __subclasscheck__(self, subclass):
        return False

    def __getitem__(self, key):
        return Named(self._path + "[]")

    def __setitem__(self, key, value):
        pass

    def __contains__(self, key):
        return True

    def __iter__(self):
        return _elements(self._path)

    def __bool__(self):
        return True

    def __len__(self):
        return _GREETING

    def __int__(self):
        return 4

    __index__ = __int__

    def __float__(self):
        return 0.5

    def __str__(self):
        return "stand-in"

    def __fspath__(self):
        return "data"

    def __format__(self, how):
        return _formatted(self, how)

    def __array__(self, dtype=None, copy=None):
        return np.asarray(_called(self._path, (), {}), dtype=dtype)

    def __or__(self, other):
        return self

    __ror__ = __or__

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        return False

    def __await__(self):
        return _at_once(_called(self._path, (), {}))

    async def __aenter__(self):
        return self

    async def __aexit__(self, *ignored):
        return False


for _name in _ARITHMETIC:

    def _operation(self, *other, _name="__%s__" % _name):
        if other and isinstance(other[0], str):
            return (
                str(self) + other[0]
                if _name == "__add__"
                else other[0] + str(self)
                if _name == "__radd__"
                else NotImplemented
            )
        return getattr(np.float32(4), _name)(*other)

    setattr(Named, "__%s__" % _name, _operation)


class Data(np.ndarray):
    """What a call of such a name returns: an array that also takes what is done to tables, detections, messages and
    sessions."""

    def __array_finalize__(self, other):
        self._path = getattr(other, "_path", "")

    def __getattr__(self, name):
        if name in ("values", "array", "numpy_array", "content"):
            return self
        return _attribute(self._path, name)

    def __call__(self, *arguments, **options):
        return _called(self._path, arguments, options)

    def __getitem__(self, key):
        first = key[0] if isinstance(key, (tuple, list)) and key else key
        if isinstance(first, (str, Named)):
            return data(self._path)
        return np.ndarray.__getitem__(self, key)

    def __setitem__(self, key, value):
        if not isinstance(key, (str, Named)):
            np.ndarray.__setitem__(self, key, value)

    def __iter__(self):
        if getattr(self, "_fresh", False):
            return _elements(self._path)
        return _unpacked(self._path) or np.ndarray.__iter__(self)

    def __bool__(self):
        return True

    def __int__(self):
        return int(self.flat[0]) if self.size else 0

    __index__ = __int__

    def __float__(self):
        return float(self.flat[0]) if self.size else 0.0

    def __hash__(self):
        return id(self)

    def __format__(self, how):
        return _formatted(self, how)

    def __fspath__(self):
        return "data"

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        return False

    def __await__(self):
        return _at_once(self)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *ignored):
        return False


class Base:
    """What takes the place of a base class."""

    def __init__(self, *arguments, **fields):
        self.__dict__.update(fields)

    def __init_subclass__(cls, **options):
        pass

    def __getattr__(self, name):
        return _attribute(type(self).__name__, name)


def data(path, shape=None):
    """Random numbers, the first one 1, of the shape that the module was installed with."""
    shape = _installed.get(path.split(".")[0], {}).get("shape", (16,)) if shape is None else shape
    values = np.random.rand(*shape).astype("float32")
    if values.size:
        values.flat[0] = 1.0
    made = values.view(Data)
    made._path, made._fresh = path, True
    return made


def _attribute(path, name):
    if name.startswith("_") or name in _ASKED_FOR:
        raise AttributeError(name)
    top = path.split(".")[0]
    if name in MODEL_LIKE and _installed.get(top, {}).get("guarded"):
        raise ModuleNotFoundError(
            "No module named %r: what its %s() does is part of what is measured" % (top, name), name=top
        )
    if name == "request" and REQUEST is not None:
        return REQUEST
    if name == "config":
        return _settings.setdefault(top, Settings(top))
    if name.startswith(("cache", "experimental_singleton", "experimental_memo", "memo")):
        return _cached
    if name in ("tqdm", "track", "progress_bar", "stqdm", "tqdm_notebook"):
        return _passed_on
    if name == "trange":
        return lambda *arguments, **options: _passed_on(range(*arguments))
    if name.endswith(("Error", "Exception", "Timeout", "Warning")) and name[0].isupper():
        return type(name, (Exception,), {})
    return Named(path + "." + name)


def _called(path, arguments, options):
    if len(arguments) == 1 and not options and isinstance(arguments[0], (types.FunctionType, type)):
        return arguments[0]  # a decorator
    _refuse_at_flagged(path.split(".")[0])
    _refuse_models(path)
    # a filter, a scaler, a transformation: what goes in tells the shape of what comes out
    arrays = [given.shape for given in arguments if isinstance(given, np.ndarray) and given.ndim]
    return data(path + "()", arrays[0] if arrays else None)


def _refuse_models(path):
    """Of a library of models only what its stand-in itself has is there: no model is made of random numbers."""
    top = path.split(".")[0]
    if _installed.get(top, {}).get("in_part"):
        message = "No module named %r: %s is part of what is measured" % (top, path)
        raise ModuleNotFoundError(message, name=top)  # acts


def _refuse_at_flagged(top):
    if FLAGGED is None or not _installed.get(top, {}).get("guarded"):
        return
    frame = sys._getframe(1)
    while frame.f_globals is globals():
        frame = frame.f_back
    if frame.f_lineno == FLAGGED[1] and frame.f_code.co_filename.endswith(FLAGGED[0]):
        message = "No module named %r: what it does in the flagged row is what is measured" % top
        raise ModuleNotFoundError(message, name=top)  # acts


class Settings(dict):
    """The settings of an application: what the code stores there is found there again."""

    def __init__(self, path):
        super().__init__()
        self._path = path

    def __missing__(self, key):
        return Named("%s.config[%r]" % (self._path, key))

    def __getattr__(self, name):
        return _attribute(self._path + ".config", name)


class Bar:
    """A bar that shows nothing: its elements, and whatever one says to it."""

    def __init__(self, path):
        self.__dict__["_path"] = path

    def __getattr__(self, name):
        return _attribute(self._path, name)

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        return False

    def __iter__(self):
        return iter(self.__dict__["_over"])


class LongBar(Bar):
    """A bar over something that has a length."""

    def __len__(self):
        return len(self.__dict__["_over"])

    def __getitem__(self, key):
        return self.__dict__["_over"][key]


def _passed_on(elements=(), *arguments, **options):
    bar = (LongBar if hasattr(elements, "__len__") else Bar)("tqdm")
    bar.__dict__["_over"] = elements
    return bar


def _cached(*arguments, **options):
    if arguments and callable(arguments[0]):
        return functools.lru_cache(None)(arguments[0])
    return lambda function: functools.lru_cache(None)(function)


def _elements(path):
    return _unpacked(path, 3) or iter([data(path + "[]") for _ in range(_GREETING)])


def _unpacked(path, depth=2):
    """`a, b = what` asks for two elements, neither more nor fewer; None when nothing is unpacked."""
    frame = sys._getframe(depth)
    count = _unpacks(frame.f_code, frame.f_lasti)
    return iter([data(path + "[]") for _ in range(count)]) if count else None


@functools.lru_cache(None)
def _unpacks(code, offset):
    for instruction in dis.get_instructions(code):
        if instruction.offset == offset:
            return instruction.arg if instruction.opname == "UNPACK_SEQUENCE" else 0
    return 0


def _at_once(value):
    return value
    yield


def _formatted(value, how):
    kind = how[-1:]
    if kind in "dxXob" and kind:
        return format(int(value), how)
    return (
        format(float(value), how)
        if kind and kind in "eEfFgG%"
        else format("stand-in", how if kind in ("", "s") else "")
    )


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the module and everything below it; names that the source defines come first."""

    def __init__(self, name, defined):
        self.name, self.defined = name, defined

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == self.name:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        module = types.ModuleType(spec.name)

        def get(name):
            if name in self.defined and not name.startswith("_"):
                return self.defined[name]
            return _attribute(spec.name, name)

        module.__getattr__ = get
        return module

    def exec_module(self, module):
        pass


def install(name, shape=(16,), guarded=True, source="", constants=None, in_part=False):
    """Puts a stand-in for module `name` in place.

    shape    of what its calls return               guarded  refuse what a model would do
    source   Python source of names that it has; each of them is found in every module below it too
    constants  further names and their values         in_part  of what the source does not have nothing can be called
    """
    defined = {"_data": data}
    _installed[name] = {"shape": tuple(shape), "guarded": guarded, "in_part": in_part}
    if source:
        exec(compile(source, "<stand-in for %s>" % name, "exec"), defined)
    defined.update(constants or {})
    for loaded in [loaded for loaded in sys.modules if loaded == name or loaded.startswith(name + ".")]:
        del sys.modules[loaded]
    sys.meta_path[:] = [
        finder
        for finder in sys.meta_path
        if getattr(finder, "name", None) != name or type(finder).__name__ != "_Finder"
    ]
    sys.meta_path.append(_Finder(name, defined))
