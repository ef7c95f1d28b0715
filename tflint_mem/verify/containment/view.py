"""Which files a measured child may see: the system, its interpreter, the project, and a scratch folder of its own.

    plan = view.plan(python, folders, environment, scratch)

is plain data for guard.py, which makes it a private root folder (mounts.py) or, where that is refused, a set of rules
(landlock.py).  Everything that is not named here does not exist for the child: homes, other people's temporary files,
sockets of services, mail, logs, what is mounted beside.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tflint_mem.verify.job import View

_SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/opt",
    "/nix",
    "/gnu",
    "/sys",
    "/run/opengl-driver",
    "/run/current-system",
    "/System",
    "/Library/Developer",
)
_ETC = (
    "alternatives",
    "bash.bashrc",
    "ca-certificates",
    "ca-certificates.conf",
    "crypto-policies",
    "egl",
    "fonts",
    "gai.conf",
    "glvnd",
    "group",
    "host.conf",
    "hosts",
    "ImageMagick-6",
    "inputrc",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "locale.alias",
    "locale.conf",
    "localtime",
    "magic",
    "matplotlibrc",
    "mime.types",
    "nsswitch.conf",
    "nv_tegra_release",
    "nvidia",
    "OpenCL",
    "os-release",
    "passwd",
    "pki/ca-trust",
    "pki/tls/certs",
    "protocols",
    "python3",
    "resolv.conf",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
    "static",
    "terminfo",
    "timezone",
    "vulkan",
)
_TOO_WIDE = (
    "/",
    "/home",
    "/root",
    "/Users",
    "/tmp",
    "/var",
    "/var/tmp",
    "/run",
    "/dev",
    "/dev/shm",
    "/proc",
    "/etc",
    "/private",
    "/mnt",
    "/media",
    "/srv",
)
_FOLDERS_OF_VARIABLES = (
    "PYTHONPATH",
    "LD_LIBRARY_PATH",
    "CUDA_HOME",
    "CUDA_PATH",
    "CUDA_ROOT",
    "CUDNN_PATH",
    "ROCM_PATH",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "PYTHONHOME",
)
# in the project's own folders: what holds keys rather than code
_PRIVATE = (
    ".git",
    ".hg",
    ".env",
    ".env.local",
    ".envrc",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".ssh",
    ".aws",
    ".azure",
    ".gcloud",
    ".kube",
    ".docker",
    ".streamlit/secrets.toml",
    ".dvc/config.local",
)
_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def plan(python: str, folders: Sequence[str], environment: Mapping[str, str], scratch: str) -> View:
    """The files that a child may see.

    python       the interpreter that will run            folders   the project's
    environment  what the child will have as environment
    """
    homes = _homes()
    read: list[str] = []
    wide: list[str] = []
    for folder in [*_of_interpreter(python, environment), *_of_variables(environment), _PACKAGE]:
        read += _both(folder) if folder and not _is_wide(folder, homes) else []
    for folder in folders:
        if _is_wide(folder, homes):
            wide.append(folder)
        else:
            read += _both(folder)
    hide = [
        os.path.join(os.path.realpath(folder), name) for folder in folders if folder not in wide for name in _PRIVATE
    ]
    for path in read:
        real = os.path.realpath(path)
        if real != path:  # the same folder under another name
            hide += [path + hidden[len(real) :] for hidden in hide if hidden.startswith(real + "/")]
    return {
        "read": list(dict.fromkeys([*_SYSTEM, *read])),
        "hide": [path for path in dict.fromkeys(hide) if os.path.lexists(path)],
        "scratch": scratch,
        "etc": [os.path.join("/etc", name) for name in _ETC],
        "wide": wide,
    }


def _homes() -> set[str]:
    homes = {os.path.realpath(os.path.expanduser("~"))}
    try:
        import pwd

        homes.add(os.path.realpath(pwd.getpwuid(os.getuid()).pw_dir))
    except (ImportError, KeyError):
        pass
    return homes


def _is_wide(folder: str, homes: set[str]) -> bool:
    """Would showing this folder show a home, or what everybody shares?"""
    real = os.path.realpath(folder)
    return real in _TOO_WIDE or any(
        home == real or home.startswith(real.rstrip("/") + "/") for home in homes if home not in ("/", "/nonexistent")
    )


def _both(folder: str) -> list[str]:
    """The folder as it is named and as it is: links on the way lead nowhere in another view."""
    return list(dict.fromkeys([os.path.abspath(folder), os.path.realpath(folder)]))


def _of_variables(environment: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    for name in _FOLDERS_OF_VARIABLES:
        found += [folder for folder in environment.get(name, "").split(os.pathsep) if os.path.isabs(folder)]
    base = environment.get("PYTHONUSERBASE")
    return [*found, os.path.join(base, "lib")] if base else found


def _of_interpreter(python: str, environment: Mapping[str, str]) -> list[str]:
    """Folders that an interpreter needs, told from outside: it must not run before it is contained."""
    start = python if os.sep in python else shutil.which(python, path=environment.get("PATH")) or python
    if os.path.realpath(start) == os.path.realpath(sys.executable) and os.path.dirname(start) == os.path.dirname(
        sys.executable
    ):
        prefixes = [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix]
        paths = [path for path in sys.path if os.path.isabs(path) and os.path.isdir(path)]
    else:
        prefixes, paths = [], []
    prefixes += [os.path.dirname(os.path.dirname(place)) for place in _links(os.path.abspath(start))]
    for prefix in list(prefixes):
        try:
            with open(os.path.join(prefix, "pyvenv.cfg"), encoding="utf-8") as handle:
                home = re.search(r"^home\s*=\s*(.+)$", handle.read(), re.MULTILINE)
        except (OSError, UnicodeDecodeError):
            continue
        if home:
            prefixes += [
                os.path.dirname(os.path.dirname(place))
                for place in _links(os.path.join(home.group(1).strip(), "python3"))
            ]
            prefixes.append(os.path.dirname(home.group(1).strip()))
    libraries = [
        path
        for prefix in dict.fromkeys(prefixes)
        for path in glob.glob(os.path.join(glob.escape(prefix), "lib*", "python3*", "site-packages"))
    ]
    user = environment.get("PYTHONUSERBASE")
    libraries += glob.glob(os.path.join(glob.escape(user), "lib", "python3*", "site-packages")) if user else []
    return [
        *prefixes,
        *paths,
        *[folder for library in dict.fromkeys([*libraries, *paths]) for folder in _linked(library)],
    ]


def _links(place: str, most: int = 20) -> list[str]:
    """A path and all that it links to, one step after the other."""
    found = [place]
    while os.path.islink(found[-1]) and len(found) < most:
        found.append(os.path.normpath(os.path.join(os.path.dirname(found[-1]), os.readlink(found[-1]))))
    return [*found, os.path.realpath(place)]


def _linked(library: str, most: int = 200) -> list[str]:
    """Folders that packages installed "editable" in a library live in."""
    found: list[str] = []
    seen: set[str] = set()
    queue = [library]
    while queue and len(seen) < 10:
        library = queue.pop()
        if library in seen:
            continue
        seen.add(library)
        for path in sorted(
            glob.glob(os.path.join(glob.escape(library), "*.pth"))
            + glob.glob(os.path.join(glob.escape(library), "__editable__*.py"))
        )[:most]:
            try:
                with open(path, encoding="utf-8") as handle:
                    text = handle.read(100_000)
            except (OSError, UnicodeDecodeError):
                continue
            if path.endswith(".pth"):
                folders = [
                    line.strip() for line in text.split("\n") if line.startswith("/") and os.path.isdir(line.strip())
                ]
                queue += [folder for folder in folders if folder.endswith("site-packages")]
            else:
                folders = [folder for folder in re.findall(r"'(/[^']+)'", text) if os.path.isdir(folder)]
            found += folders
    return found
