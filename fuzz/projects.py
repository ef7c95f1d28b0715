"""Projects: several mutated programs that import each other, in circles too, under odd names."""

from random import Random

from fuzz import material, notebooks, programs
from fuzz.case import Case

NAMES = (
    "a.py",
    "b.py",
    "c.py",
    "pkg/__init__.py",
    "pkg/d.py",
    "pkg/sub/__init__.py",
    "pkg/sub/e.py",
    "n.ipynb",
    "tests/test_a.py",
    "setup.py",
    "__main__.py",
    "__init__.py",
)
ODD_NAMES = (
    "tensorflow.py",
    "keras/__init__.py",
    "numpy.py",
    "-x.py",
    "a b.py",
    "a'b\".py",
    "a\nb.py",
    "\u00e9.py",
    "::error::x.py",
    "\x1b[31m.py",
    "\udcff.py",
    "a,b.py",
    "%0A.py",
    "a;b.py",
    ".py",
    "..py",
    ".hidden.py",
    "a.b.py",
    "class.py",
    "1.py",
    "x.py/y.py",
    "pkg.py",
    "pkg/pkg.py",
    "pkg/a.py",
    "[a].py",
    "{a}.py",
    "a*.py",
    "$(id).py",
    "a\\b.py",
    "a.PY",
    "\U0001f600.ipynb",
    "a" * 240 + ".py",
)


def make(rng: Random) -> Case:
    """A folder of two to six files with imports between them."""
    names = rng.sample(NAMES, rng.choice((2, 2, 3, 4, 6)))
    if rng.random() < 0.15:
        names[-1] = rng.choice(ODD_NAMES)
    sources = {name: programs.program(rng, rng.choice((0, 0, 1, 1, 2, 4))) for name in names}
    if rng.random() < 0.6:
        _split(rng, sources)
    files = {}
    for name, raw in sources.items():
        lines = [_import(rng, name, other, sources[other]) for other in names if rng.random() < 0.6]
        raw = _with_imports(rng, raw, lines)
        files[name] = notebooks.of_program(rng, raw) if name.endswith(".ipynb") else raw
    if rng.random() < 0.1:
        files["requirements.txt"] = rng.choice(
            (
                b"tensorflow==1.15\n",
                b"tensorflow>=2.16,<3\n",
                b"tensorflow==\xff\n",
                b"-r requirements.txt\n",
                b"tensorflow==9" * 999,
                b"keras<3\ntensorflow~=2.\n",
            )
        )
    return Case("projects", files)


def _module(name: str) -> str:
    parts = name.rsplit(".", 1)[0].split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _defined(raw: bytes) -> list[str]:
    pieces = material.pieces(raw.decode("utf-8", "replace"))
    if pieces is None:
        return ["x"]
    return pieces.defined or pieces.names[:20] or ["x"]


def _import(rng: Random, name: str, other: str, raw: bytes) -> str:
    """A statement in `name` that imports from `other`."""
    module = _module(other) or "pkg"
    if rng.random() < 0.35:
        module = "." * rng.choice((1, 1, 2, 3)) + rng.choice((module.split(".")[-1], module, ""))
    thing = rng.choice(_defined(raw))
    absolute = module.lstrip(".") or "pkg"
    return rng.choice(
        (
            f"from {module} import *",
            f"from {module} import {thing}",
            f"from {module} import {thing} as f",
            f"from {module} import {thing} as {thing}, f as x",
            f"import {absolute}",
            f"import {absolute} as x",
            f"import {absolute} as tf",
            f"from {module} import (\n    {thing},\n)",
            f"def g():\n    from {module} import {thing}\n    return {thing}()",
            f"try:\n    from {module} import {thing}\nexcept ImportError:\n    {thing} = None",
            f"import importlib; x = importlib.import_module('{absolute}')",
            f"for i in range(3):\n    import {absolute}\n    {absolute}.{thing}()",
            f"from {module} import {thing}\nfor i in x:\n    {thing}(i)",
            f"import {absolute}\nclass {thing}({absolute}.{thing}):\n    def f(self):\n        return super().f()",
        )
    )


def _with_imports(rng: Random, raw: bytes, lines: list[str]) -> bytes:
    for line in lines:
        line = line.encode("utf-8", "surrogatepass") + b"\n"
        place = raw.rfind(b"\n", 0, rng.randrange(len(raw) + 1)) + 1 if rng.random() < 0.3 else 0
        raw = raw[:place] + line + raw[place:] if rng.random() < 0.7 else raw.rstrip(b"\n") + b"\n" + line
    return raw


def _split(rng: Random, sources: dict) -> None:
    """Move the definitions of one file into another and import them back."""
    one, two = rng.sample(list(sources), 2)
    pieces = material.pieces(sources[one].decode("utf-8", "replace"))
    if pieces is None:
        return
    moved = [
        span for span in pieces.statements if span[2] == 0 and pieces.segment(span).startswith((b"def ", b"class "))
    ]
    names = []
    raw = pieces.raw
    for span in sorted(moved, reverse=True):
        segment = pieces.segment(span)
        names.append(segment.split(b"(")[0].split(b":")[0].split()[-1].decode("utf-8", "replace"))
        raw = raw[: span[0]] + b"pass" + raw[span[1] :]
        sources[two] = sources[two].rstrip(b"\n") + b"\n\n" + segment + b"\n"
    names = [name for name in names if name.isidentifier()]
    if names:
        sources[one] = f"from {_module(two) or '.'} import {', '.join(names)}\n".encode() + raw
