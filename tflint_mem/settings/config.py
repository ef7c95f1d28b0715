"""Settings of one run: defaults, then the user's own configuration, then that of the project, then the command line.

The configuration is `[tool.tflint-mem]` of the nearest `pyproject.toml` upwards, or the nearest `tflint-mem.toml` (which
wins in the same folder).  Nearest is counted from the common folder of the checked paths.  The user's own configuration
counts where the project has none; what a project may not choose (see `trust`) it says everywhere.  A TOML parser is imported
only when a file of that kind has something for us: most projects have a `pyproject.toml`, few of them this table.
"""

import os

from tflint_mem.sources.files import TooLarge, read_regular
from tflint_mem.storage.user import config_file, is_inside

DEFAULT_EXCLUDE = (
    ".bzr",
    ".direnv",
    ".eggs",
    ".git",
    ".git-rewrite",
    ".hg",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nox",
    ".pants.d",
    ".pyenv",
    ".pytest_cache",
    ".pytype",
    ".ruff_cache",
    ".svn",
    ".tox",
    ".venv",
    ".vscode",
    "__pycache__",
    "__pypackages__",
    "_build",
    "buck-out",
    "build",
    "dist",
    "node_modules",
    "site-packages",
    "venv",
)
OUTPUT_FORMATS = ("full", "concise", "json", "github", "sarif", "rdjson")
MAX_FILE_SIZE = 5_000_000
_MOST_BYTES, _MOST_DOTS = 4_000_000, 5_000  # of a configuration file, in a line of it
FILE_NAMES = ("tflint-mem.toml", "pyproject.toml")

STRINGS, STRING, BOOL = "a list of strings", "a string", "true or false"
SIZE, SECONDS, TABLE, LISTS = "a number of bytes", "a number of seconds", "a table", "a table of lists of strings"
TIMEOUT_PER_FILE = 30.0  # seconds

KEYS = {
    "select": STRINGS,
    "ignore": STRINGS,
    "extend-select": STRINGS,
    "exclude": STRINGS,
    "extend-exclude": STRINGS,
    "force-exclude": BOOL,
    "respect-gitignore": BOOL,
    "per-file-ignores": LISTS,
    "fix": BOOL,
    "unsafe-fixes": BOOL,
    "pedantic": BOOL,
    "output-format": STRING,
    "baseline": STRING,
    "cache-dir": STRING,
    "max-file-size": SIZE,
    "timeout-per-file": SECONDS,
    "tensorflow-version": STRING,
    "handlers": STRINGS,
    "entry-points": STRINGS,
    "verify": TABLE,
}


class UsageError(Exception):
    """The run cannot start: a wrong option, configuration key, rule or path.  One line says which and what is near."""


class Settings:
    """What a run goes by.

    select, ignore, extend_select   layers of selectors as written; use `enabled` and `explicit`
    exclude, extend_exclude         path patterns, relative to `project_root`
    pedantic                        show what is not worth acting on by itself, too: see worth
    force_exclude                   excludes hold for files given by name as well
    per_file_ignores                {pattern: [selectors]}; a leading "!" inverts the pattern
    timeout_per_file                seconds that the analysis of a file may take, 0 for no limit
    tensorflow_version              "2.15" or None when the code under check must tell
    handlers, entry_points          the project's own decorators of handlers; its own scripts, as patterns
    verify                          the table for --verify, as written
    project_root                    absolute folder: of the configuration file, else of the repository, else the current one
    config_path                     the file that was read, or None
    tree                            the checked tree: the folder that a check neither reads nor writes outside of by itself
    refused                         trust.Refused: what the configuration of a checked tree says in vain
    passed_over                     lines about configuration files that are not read
    """

    __slots__ = (
        "select",
        "ignore",
        "extend_select",
        "exclude",
        "extend_exclude",
        "force_exclude",
        "respect_gitignore",
        "per_file_ignores",
        "fix",
        "unsafe_fixes",
        "pedantic",
        "output_format",
        "baseline",
        "cache_dir",
        "max_file_size",
        "timeout_per_file",
        "tensorflow_version",
        "handlers",
        "entry_points",
        "verify",
        "project_root",
        "config_path",
        "isolated",
        "cache",
        "tree",
        "refused",
        "passed_over",
        "_layers",
        "_resolved",
        "_ignored_per_file",
    )

    def __init__(self):
        self.select, self.ignore, self.extend_select = None, [], []
        self.exclude, self.extend_exclude = list(DEFAULT_EXCLUDE), []
        self.force_exclude, self.respect_gitignore = False, True
        self.per_file_ignores = {}
        self.fix = self.unsafe_fixes = self.pedantic = False
        self.output_format, self.baseline, self.cache_dir = "full", None, None
        self.max_file_size, self.timeout_per_file = MAX_FILE_SIZE, TIMEOUT_PER_FILE
        self.tensorflow_version, self.handlers, self.entry_points, self.verify = None, [], [], {}
        self.project_root, self.config_path, self.isolated, self.cache = os.getcwd(), None, False, True
        self.tree, self.refused, self.passed_over = self.project_root, [], []
        self._layers, self._resolved, self._ignored_per_file = [], None, None

    @property
    def excludes(self):
        """All path patterns to leave out."""
        return [*self.exclude, *self.extend_exclude]

    @property
    def enabled(self):
        """The codes that run, as a frozenset."""
        return self._selection()[0]

    @property
    def explicit(self):
        """The codes that somebody selected by full code or name: only these hints can fail a run."""
        return self._selection()[1]

    def update(self, values):
        """Take over `values` (keys in kebab-case); None means "not given".  One call is one layer of selection."""
        values = {key.replace("-", "_"): value for key, value in values.items() if value is not None}
        layer = tuple(values.get(key) for key in ("select", "ignore", "extend_select"))
        if any(part is not None for part in layer):
            self._layers.append(layer)
            self._resolved = None
        for key, value in values.items():
            setattr(self, key, {**self.verify, **value} if key == "verify" else value)
        if "per_file_ignores" in values:
            self._ignored_per_file = None

    def validate(self):
        """Raises UsageError for selectors that name no rule; costs nothing when there are none."""
        if self._layers:
            self._selection()
        if self.per_file_ignores:
            self._per_file()

    def is_ignored(self, path, code):
        """True when `per-file-ignores` switches `code` off in the file at `path`."""
        if not self.per_file_ignores:
            return False
        absolute = os.path.abspath(path)
        return any(code in codes and globs.match(absolute) != inverted for globs, inverted, codes in self._per_file())

    def _selection(self):
        if self._resolved is None:
            from tflint_mem.settings.selection import resolve

            self._resolved = resolve(self._layers)
        return self._resolved

    def _per_file(self):
        if self._ignored_per_file is None:
            from tflint_mem.settings.globs import Globs
            from tflint_mem.settings.selection import codes_of

            self._ignored_per_file = [
                (Globs([pattern.removeprefix("!")], self.project_root), pattern.startswith("!"), codes_of(selectors))
                for pattern, selectors in self.per_file_ignores.items()
            ]
        return self._ignored_per_file


def load(paths, config=(), isolated=False, overrides=None, trust=False):
    """Settings for a run over `paths`.

    config     values of --config: files, or `key = value` lines
    overrides  what the command line says, keys in kebab-case
    trust      the configuration of the checked tree may say everything
    Raises UsageError.
    """
    settings = Settings()
    settings.isolated = isolated
    files = [item for item in config if "=" not in item or os.path.isfile(item)]
    inline = [item for item in config if item not in files]
    if files and isolated:
        raise UsageError("--isolated reads no configuration file, so it cannot go together with --config FILE")
    if len(files) > 1:
        raise UsageError('--config: give one file; further settings as `--config "key = value"`')
    start = _common_folder(paths)
    marked = _marked(start)
    tree = marked or start
    if files:
        settings.config_path, table = _explicit(files[0])
        settings.project_root = os.getcwd()
        trust = trust or not is_inside(settings.config_path, tree)
    elif isolated:
        table = None
    else:
        settings.config_path, table = _nearest(start, settings.passed_over)
        if table is not None:
            settings.project_root = tree = os.path.dirname(settings.config_path)
    own_path, own = (None, None) if isolated else _own(tree)
    if table is None:
        settings.project_root = marked or os.getcwd()
        if own is not None:
            settings.config_path = own_path
            settings.update(_checked(own, own_path))
    else:
        _take(settings, table, tree, trust, own and _checked(own, own_path))
    settings.tree = settings.project_root if is_inside(start, settings.project_root) and (table or marked) else tree
    for item in inline:
        settings.update(_checked(_parse(item.encode("utf-8", "surrogateescape"), "--config"), "--config"))
    if overrides:
        settings.update(overrides)
    settings.validate()
    return settings


def _take(settings, table, tree, trusted, own):
    """Take over the project's configuration, above what the user's `own` says about things that a project may not choose."""
    path = settings.config_path
    table = _checked(table, path)
    if own:
        from tflint_mem.settings import trust

        settings.update(trust.of_user(own))
    if not trusted:
        from tflint_mem.settings import trust

        table, settings.refused = trust.of_tree(table, path, tree, settings)
    settings.update(table)


def _common_folder(paths):
    folders = set()
    for path in paths:
        path = os.path.abspath(path)
        folders.add(path if os.path.isdir(path) else os.path.dirname(path))
    if len(folders) == 1:
        return folders.pop()
    try:
        return os.path.commonpath(folders) if folders else os.getcwd()
    except ValueError:  # different drives
        return os.getcwd()


def _parents(folder):
    while True:
        yield folder
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above


def _own(tree):
    """`(path, table)` of the user's own configuration, or `(None, None)`.

    One that lies in the checked tree is the tree's, even if the environment says that the user lives there.
    """
    path = config_file()
    if path is None or not os.path.isfile(path) or is_inside(path, tree):
        return None, None
    return _explicit(path, "the user's configuration ")


def _nearest(start, passed_over):
    """`(path, table)` of the nearest configuration upwards from the folder `start`, or `(None, None)`.

    passed_over   gets a line for each file that is not the project's to read
    """
    for folder in _parents(start):
        for name in FILE_NAMES:
            path = os.path.join(folder, name)
            try:
                raw = read_regular(path, _MOST_BYTES)
            except TooLarge as error:
                raise UsageError(f"{path}: {error.strerror}, too much for a configuration") from None
            except OSError:
                continue
            if name == "pyproject.toml" and b"tflint-mem" not in raw:
                continue
            stranger = _stranger(path, folder, start)
            if stranger:
                passed_over.append(f"{path}: passed over, {stranger}")
                continue
            table = _parse(raw, path)
            if name == "pyproject.toml":
                table = _tool_table(table, path)
                if table is None:
                    continue
            return path, table
    return None, None


def _stranger(path, folder, start):
    """Why the file found in `folder` does not configure the check of `start`; None when it does."""
    if os.path.islink(path) and not is_inside(path, _marked(folder, (".git", ".hg")) or folder):
        return "it is a link that leads out of the tree"
    if folder != start and hasattr(os, "getuid"):
        try:
            if os.stat(path).st_uid not in (os.getuid(), 0, os.stat(start).st_uid):
                return "it lies above the checked folder and belongs to somebody else"
        except OSError:
            return "it cannot be looked at"
    return None


def _explicit(path, option="--config "):
    try:
        table = _parse(read_regular(path, _MOST_BYTES), path)
    except OSError as error:
        raise UsageError(f"{option}{path}: {error.strerror or error}") from None
    if os.path.basename(path) == "pyproject.toml":
        table = _tool_table(table, path) or {}
    return path, table


def _tool_table(document, path):
    tools = document.get("tool")
    table = tools.get("tflint-mem") if isinstance(tools, dict) else None
    if table is not None and not isinstance(table, dict):
        raise UsageError(f"{path}: `tool.tflint-mem` should be a table")
    return table


def _marked(start, marks=(".git", ".hg", "pyproject.toml", "setup.py", "setup.cfg")):
    """The nearest folder upwards that looks like the root of a project, or None."""
    for folder in _parents(start):
        if any(os.path.exists(os.path.join(folder, mark)) for mark in marks):
            return folder
    return None


def _parse(raw, path):
    try:
        import tomllib
    except ImportError:  # Python 3.10
        import tomli as tomllib
    if any(line.count(b".") > _MOST_DOTS for line in raw.splitlines()):
        raise UsageError(
            f"{path}: invalid TOML: a line with more than {_MOST_DOTS} dots"
        )  # the parser takes their square in time
    try:
        return tomllib.loads(raw.decode("utf-8-sig").replace("\r\n", "\n"))
    except ValueError as error:  # no TOML, no UTF-8, a number of thousands of digits
        raise UsageError(f"{path}: invalid TOML: {error}") from None
    except RecursionError:
        raise UsageError(f"{path}: invalid TOML: nested too deeply") from None


def _checked(table, path):
    """The table if every key is known and every value of its type."""
    for key, value in table.items():
        if key not in KEYS:
            from tflint_mem.settings.selection import nearest

            raise UsageError(f"{path}: unknown key `{_short(key)}`{nearest(_short(key), KEYS)}")
        if not _fits(value, KEYS[key]):
            raise UsageError(f"{path}: `{key}` should be {KEYS[key]}, not {_toml_type(value)}")
    if table.get("output-format") not in (None, *OUTPUT_FORMATS):
        from tflint_mem.settings.selection import nearest

        raise UsageError(
            f"{path}: unknown output-format `{_short(table['output-format'])}`{nearest(_short(table['output-format']), OUTPUT_FORMATS)}"
        )
    folder = os.path.dirname(os.path.abspath(path)) if path != "--config" else os.getcwd()
    if table.get("verify"):
        from tflint_mem.verify import OptionError, Options

        try:
            Options.from_table(table["verify"], folder)
        except OptionError as error:
            raise UsageError(f"{path}: {error}") from None
        table = {**table, "verify": _located(table["verify"], folder)}
    for key in ("baseline", "cache-dir"):
        if key in table:
            table = {**table, key: os.path.join(folder, os.path.expanduser(table[key]))}
    return table


def _located(verify, folder):
    """The table of that name with absolute paths: tables of several files are put together."""
    located = dict(verify)
    if os.sep in located.get("python", ""):
        located["python"] = os.path.join(folder, os.path.expanduser(located["python"]))
    if "setup" in located:  # a file or source code
        path = os.path.join(folder, os.path.expanduser(located["setup"]))
        try:
            if os.path.exists(path) or (located["setup"].endswith(".py") and "\n" not in located["setup"]):
                located["setup"] = path
        except ValueError:
            pass
    return located


def _short(text):
    return text if len(text) <= 100 else text[:100] + "…"


def _fits(value, kind):
    if kind == STRINGS:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if kind == LISTS:
        return isinstance(value, dict) and all(_fits(item, STRINGS) for item in value.values())
    if kind == SECONDS:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e9
    if kind == SIZE:
        return isinstance(value, int) and not isinstance(value, bool) and value > 0
    return isinstance(value, {STRING: str, BOOL: bool, TABLE: dict}[kind])


def _toml_type(value):
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "a list",
        dict: "a table",
    }
    return names.get(type(value), type(value).__name__)
