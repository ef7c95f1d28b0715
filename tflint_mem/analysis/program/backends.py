"""Which backend does Keras run on?  What was measured of TensorFlow's own mechanisms is not claimed for JAX or PyTorch.

The answer is the name of another backend, or None: TensorFlow, or nobody knows.  Evidence, strongest first: what the
program's own modules set, what its project's files set, requirements that name Keras and another backend but no
TensorFlow.  Where pieces of evidence of one kind contradict each other they count for nothing.  What the shell of
whoever runs the program sets is not seen.
"""

from __future__ import annotations

from tflint_mem.facts import Constant, tail_of

from .devices import environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

_OTHERS = frozenset(("jax", "torch", "numpy", "openvino"))
_OLD = frozenset(("theano", "cntk", "plaidml.keras.backend"))  # of Keras before 2.4; `tf.keras` never asked for them
_VARIABLE = "KERAS_BACKEND"
_SETTINGS = (
    ".env",
    "Dockerfile",
    "docker-compose.yml",
    "docker-compose.yaml",
    "tox.ini",
    ".keras/keras.json",
    "keras.json",
)
FIRST_WITH_KERAS_3 = (2, 16)  # from here on `tf.keras` is Keras 3, which asks the variable


def other(context: Context, m: Module) -> str | None:
    """The name of the backend that Keras has in this module when it is surely not TensorFlow, else None."""
    memo: dict[int, str | None] = context.once("backends", dict)
    if m.index not in memo:
        memo[m.index] = _other(context, m)
    return memo[m.index]


def _other(context: Context, m: Module) -> str | None:
    said = _said(context, m) or _of_folders(context, m)
    if said is None:
        said = (
            None
            if _imports(m, "tensorflow") or _imports(m, "tf_keras")
            else _named_by(context.project.versions.required(m))
        )
    if said in _OLD:
        return None if _imports(m, "tensorflow") else said
    if said in _OTHERS:
        return (
            None
            if _imports(m, "tensorflow") and context.project.versions.at_least(m, *FIRST_WITH_KERAS_3) is False
            else said
        )
    return None


def _said(context: Context, m: Module) -> str | None:
    """What the module, one that it imports or one that imports it sets; None where they differ or say nothing."""
    project = context.project
    named = project.index.modules("idents", _VARIABLE), project.index.modules("idents", "set_backend")
    if not any(named):
        return None
    own = _set_in(m)
    if own:
        return own.pop() if len(own) == 1 else None
    around = set(project.imports.closure(m))
    for index in project.imports.importers(m):
        around.update(project.imports.closure(project.module(index)))
    found: set[str] = set()
    for index in sorted(around.intersection(set().union(*named))):
        found |= _set_in(project.module(index))
    return found.pop() if len(found) == 1 else None


def _set_in(m: Module) -> set[str]:
    """The backends that a module sets by constants, whatever a switch of its own says."""
    found = {value for value in environment(m, _VARIABLE, sure=True) if isinstance(value, str)}
    for call in m.calls:
        if (
            tail_of(call.func) == "set_backend"
            and call.args
            and isinstance(call.args[0], Constant)
            and isinstance(call.args[0].value, str)
        ):
            found.add(call.args[0].value)
    return found


def _of_folders(context: Context, m: Module) -> str | None:
    """What the nearest files around the module set: `KERAS_BACKEND=jax`, `{"backend": "jax"}`."""
    return next(filter(None, map(_set_by, context.project.versions.texts_near(m, _SETTINGS))), None)


def _set_by(text: str) -> str | None:
    """The backend that the text of a settings file names, or None."""
    for key in (_VARIABLE, '"backend"'):
        _, there, rest = text.partition(key)
        word = rest.lstrip(" \t\r\n=:'\"").split("\n")[0].split(",")[0].strip(" \t\r\n'\"}") if there else ""
        if word in _OTHERS | _OLD | {"tensorflow"}:
            return word
    return None


def _named_by(words: set[str]) -> str | None:
    """The one other backend among the packages that are required, when they are for Keras without TensorFlow."""
    named = words & (_OTHERS | {"jaxlib"})
    found = {"jax" if name == "jaxlib" else name for name in named} & {"jax", "torch"}
    without = not any(
        word.startswith(("tensorflow", "tf-nightly", "tf_nightly", "tf-keras", "tf_keras")) for word in words
    )
    return found.pop() if len(found) == 1 and "keras" in words and without else None


def _imports(m: Module, root: str) -> bool:
    return any(each.module.partition(".")[0] == root and not each.level for each in m.imports)
