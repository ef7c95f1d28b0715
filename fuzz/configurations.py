"""Configurations: keys of all types, hostile patterns, ignore files, things that are no regular files, odd options."""

from random import Random

from fuzz import programs
from fuzz.case import Case

KEYS = (
    "select",
    "ignore",
    "extend-select",
    "exclude",
    "extend-exclude",
    "force-exclude",
    "respect-gitignore",
    "per-file-ignores",
    "fix",
    "unsafe-fixes",
    "output-format",
    "baseline",
    "cache-dir",
    "max-file-size",
    "tensorflow-version",
    "handlers",
    "entry-points",
    "verify",
    "slect",
    "",
    "tool",
    "jobs",
)
SELECTORS = (
    "TFM101",
    "TFM1",
    "TFM",
    "ALL",
    "load-model-in-loop",
    "tfm101",
    "TFM999",
    "",
    " ",
    "TFM101,TFM2",
    "*",
    "-",
    "\u0660",
    "TFM1\n",
    "x" * 3000,
    "\x1b[31m",
)
PATTERNS = (
    "*.py",
    "case.py",
    "**/case.py",
    "sub",
    "sub/",
    "/sub",
    "!case.py",
    "**/" * 22 + "x",
    "{a,b}" * 22,
    "*a" * 30,
    "[",
    "[]",
    "[!]",
    "[z-a]",
    "{",
    "}",
    "{a",
    "{a,{b,c}}",
    "a{,}b",
    "{}",
    "\\",
    "\\\\",
    "?" * 200,
    "*" * 200,
    "**",
    "/",
    "//",
    "",
    " ",
    ".",
    "..",
    "../..",
    "~",
    "\x00",
    "\ud800",
    "\u00e9",
    "[\u00e9-\u0000]",
    "***/x",
    "a/**/b/**/c",
    "(?:",
    "(a+)+$",
    "$",
    "[[:alpha:]]",
    "#x",
    "\\#x",
    "!",
    "!!",
    "x\r",
    "a" * 5000,
    "{" * 400,
    "{a," * 60 + "}" * 60,
    "**/" * 300,
    "*[a]*" * 12,
    "*/" * 40,
    "{a,b,c,d,e,f,g,h}" * 6,
)
SPEC_PARTS = (
    "*",
    "**",
    "/",
    "a",
    "?",
    "[a-z]",
    "!",
    "\\",
    "{a,b}",
    ".py",
    "[",
    "]",
    " ",
    "#",
    "case",
    "sub",
    "[!a]",
    "[^a]",
    "\\ ",
    "**/",
)
VALUES = (
    "true",
    "false",
    "0",
    "-1",
    "1e400",
    "nan",
    "9" * 300,
    "1979-05-27",
    "07:32:00",
    "[]",
    "{}",
    "''",
    "[[]]",
    "[1]",
    "['x', 1]",
    "{x = 1}",
    "[{}]",
    "'''\n'''",
    '"\\u0000"',
    '"\\ud800"',
    '"\\U0010ffff"',
    "0x_1",
    "[" * 50 + "]" * 50,
    "[" * 3000,
    "{x = " * 200 + "1" + "}" * 200,
    "inf",
    "1_000",
    "''",
    "'..'",
    "'/dev/zero'",
    "'/'",
    "'~'",
    "'case.py'",
    "'a' 'b'",
    "",
)
VERSIONS = (
    "'2.15'",
    "'2'",
    "'1.15'",
    "''",
    "'x'",
    "'2.x'",
    "'99999999999999999999.1'",
    "2.15",
    "'-1'",
    "'2.15.0rc1'",
    "'>=2'",
    "'\u0662.1'",
    "'" + "1." * 2000 + "'",
    "'" + "9" * 5000 + "'",
)
OPTIONS = ("--select", "--ignore", "--extend-select")


def make(rng: Random) -> Case:
    """A small tree with a configuration that nobody wanted."""
    files = {
        "case.py": programs.program(rng, rng.choice((0, 0, 1))),
        "sub/case.py": b"import tensorflow as tf\nfor p in ps:\n    tf.keras.models.load_model(p).predict(p)\n",
        "sub/deep/a/b.py": b"import keras\n",
    }
    arguments = (
        ["--no-cache"]
        if rng.random() < 0.8
        else ["--cache-dir", rng.choice(("cache", "case.py", "\u00e9", "sub/../x", "a" * 300))]
    )
    how = rng.randrange(6)
    if how <= 2:
        name = rng.choice(("tflint-mem.toml", "pyproject.toml", "pyproject.toml", "sub/tflint-mem.toml"))
        files[name] = _raw(rng, _toml(rng, name))
    elif how == 3:
        for name in rng.sample((".gitignore", "sub/.gitignore", ".git/info/exclude"), 2):
            files[name] = _raw(rng, "\n".join(_pattern(rng) for _ in range(rng.choice((1, 3, 40)))))
        files[".git/HEAD"] = b"x"
    elif how == 4:
        name = rng.choice(
            (
                "tflint-mem.toml",
                "pyproject.toml",
                ".gitignore",
                "sub/.gitignore",
                "requirements.txt",
                "setup.cfg",
                "link.py",
                "pkg/__init__.py",
                "a.ipynb",
                ".tflint_mem_cache",
            )
        )
        files[name] = rng.choice(
            (
                ("fifo",),
                ("link", "/dev/zero"),
                ("link", "/dev/null"),
                ("link", name.rsplit("/")[-1]),
                ("link", ".."),
                ("link", "nowhere"),
                ("link", "/etc/hostname"),
                ("link", "case.py"),
                ("link", "/proc/self/mem"),
                ("link", "/dev/stdin"),
            )
        )
        if rng.random() < 0.2:
            files[name + "/x"] = b"x"
    else:
        arguments += _options(rng)
    if rng.random() < 0.15:
        arguments += _options(rng)
    return Case("configurations", files, arguments, may_fail=True)


def _pattern(rng: Random) -> str:
    if rng.random() < 0.4:
        return rng.choice(PATTERNS)
    return "".join(rng.choice(SPEC_PARTS) for _ in range(rng.choice((1, 2, 5, 12, 40))))


def _string(text: str) -> str:
    """A TOML string; what TOML cannot spell stays out."""
    out = "".join(c if c.isprintable() and c not in '"\\' and c.isascii() else f"\\U{ord(c):08x}" for c in text)
    return f'"{out}"'


def _strings(rng: Random, words) -> str:
    return "[" + ", ".join(_string(words(rng)) for _ in range(rng.choice((0, 1, 1, 2, 5)))) + "]"


def _value(rng: Random, key: str) -> str:
    if rng.random() < 0.25:
        return rng.choice(VALUES)
    if key in ("select", "ignore", "extend-select"):
        return _strings(rng, lambda r: r.choice(SELECTORS))
    if key in ("exclude", "extend-exclude", "entry-points"):
        return _strings(rng, _pattern)
    if key in ("handlers",):
        return _strings(
            rng,
            lambda r: r.choice(
                (
                    "app.route",
                    "x",
                    "",
                    ".",
                    "..",
                    "a b",
                    "*",
                    "tf.function",
                    "\u00e9.\u00e9",
                    "." * 3000,
                    "a." * 3000,
                    "@x",
                    "x()",
                    "functools.lru_cache",
                )
            ),
        )
    if key in ("force-exclude", "respect-gitignore", "fix", "unsafe-fixes"):
        return rng.choice(("true", "false"))
    if key == "per-file-ignores":
        return (
            "{"
            + ", ".join(
                f"{_string(_pattern(rng))} = {_strings(rng, lambda r: r.choice(SELECTORS))}"
                for _ in range(rng.choice((0, 1, 2)))
            )
            + "}"
        )
    if key == "output-format":
        return rng.choice(("'full'", "'json'", "'sarif'", "'x'", "''", "'jsno'"))
    if key == "tensorflow-version":
        return rng.choice(VERSIONS)
    if key == "verify":
        return rng.choice(
            (
                "{}",
                "{timeout = 1}",
                "{python = 'x'}",
                "{memory = '4G'}",
                "{memory = -1}",
                "{x = 1}",
                "{timeout = 'x'}",
                "{timeout = nan}",
                "{timeout = 1e999}",
                "{device = 'x'}",
                "{network = true}",
                "{memory = '" + "9" * 400 + "G'}",
                "{memory = 'G'}",
                "{total-timeout = []}",
            )
        )
    if key in ("baseline", "cache-dir"):
        return rng.choice(
            ("'x'", "''", "'/dev/null'", "'case.py'", "'..'", "'\u00e9'", "'sub'", '"\\u0000"', "'" + "a" * 300 + "'")
        )
    return rng.choice(VALUES)


def _toml(rng: Random, name: str) -> str:
    head = (
        "[tool.tflint-mem]\n"
        if name.startswith("pyproject")
        else rng.choice(("", "", "", "[x]\n", "[tool.tflint-mem]\n"))
    )
    if rng.random() < 0.1:
        head = rng.choice(
            (
                "[tool]\ntflint-mem = 1\n",
                "tool = 1 # tflint-mem\n",
                "[[tool.tflint-mem]]\n",
                "tool.tflint-mem.select = []\n[tool.tflint-mem]\n",
                "[tool.'tflint-mem']\n",
                "[" * 2000 + "#tflint-mem",
                "a." * 5000 + "b = 1 # tflint-mem\n",
                "['tool']\n[tool.tflint-mem.verify]\n",
                "# tflint-mem\n",
            )
        )
    keys = rng.sample(KEYS, rng.choice((1, 1, 2, 4)))
    rows = [f"{key if key and rng.random() < 0.9 else repr(key)} = {_value(rng, key)}" for key in keys]
    return head + rng.choice(("\n", "\r\n", "\n\n")).join(rows) + rng.choice(("", "\n", "\n#"))


def _raw(rng: Random, text: str) -> bytes:
    raw = text.encode("utf-8", "surrogatepass")
    if rng.random() < 0.15:
        place = rng.randrange(len(raw) + 1)
        how = rng.randrange(5)
        if how == 0:
            return raw[:place]
        if how == 1:
            return (
                raw[:place]
                + rng.choice((b"\xff", b"\x00", b"\r", b"\x1b", b"\xed\xa0\x80", b"\x0c", b"\xe2\x80\xa8"))
                + raw[place:]
            )
        if how == 2:
            return b"\xef\xbb\xbf" + raw
        if how == 3:
            return text.encode("utf-16", "surrogatepass")
        return raw * rng.choice((2, 300))
    return raw


def _options(rng: Random) -> list[str]:
    how = rng.randrange(8)
    if how == 0:
        return [rng.choice(OPTIONS), ",".join(rng.choice(SELECTORS) for _ in range(rng.choice((1, 3))))]
    if how == 1:
        return [
            rng.choice(("--exclude", "--extend-exclude")),
            _pattern(rng),
            *rng.choice(((), ("--force-exclude",), ("--no-respect-gitignore",))),
        ]
    if how == 2:
        key = rng.choice(KEYS)
        return ["--config", f"{key} = {_value(rng, key)}"]
    if how == 3:
        return [
            "--config",
            rng.choice(
                (
                    "case.py",
                    "sub",
                    "nowhere",
                    "",
                    "=",
                    "x",
                    "x=",
                    "a=b=c",
                    "select = ['x']",
                    "/dev/null",
                    "\udcff",
                    "\x00",
                    "tflint-mem.toml",
                    "[" * 3000 + "= 1",
                    "select.x = 1",
                )
            ),
        ]
    if how == 4:
        return ["--stdin-filename", rng.choice(("x", "", "a.ipynb", "\udcff.py", "sub", "/x/y.py"))]
    if how == 5:
        return [
            rng.choice(("--baseline", "--output-file")),
            rng.choice(("nowhere", "case.py", "sub", "", "/dev/null", "/dev/full", "x/y", "\udcff")),
        ]
    if how == 6:
        return rng.choice(
            (
                ["--statistics"],
                ["--exit-zero"],
                ["--quiet"],
                ["--verbose"],
                ["--color", "always"],
                ["--color", "x"],
                ["--isolated", "--config", "x = 1"],
                ["nowhere.py"],
                ["-"],
                [""],
                ["\udcff"],
                ["a\x00b"],
                ["--", "-x.py"],
                ["sub", "sub/", "./sub"],
                [".."],
                ["--output-format", "x"],
                ["--jobs", "x"],
                ["--cache-dir", ""],
            )
        )
    return ["--select", "ALL", "--ignore", rng.choice(SELECTORS), "--extend-select", rng.choice(SELECTORS)]
