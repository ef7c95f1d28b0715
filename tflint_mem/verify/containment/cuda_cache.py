"""CUDA's cache of compiled kernels, lent to a child: its home is new, and without the cache each child compiles anew.

The child gets a copy in its scratch folder: it finds what the user's programs compiled, and what it writes there, no
other program ever runs.
"""

from __future__ import annotations

import contextlib
import os
import shutil

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

MOST = 512 << 20  # bytes that are copied; what is larger is left, and the child compiles what it needs


def lend(environment: Mapping[str, str], home: str) -> dict[str, str]:
    """{"CUDA_CACHE_PATH": folder below `home`}, filled from the user's cache where there is one and it is small enough.

    environment: the user's own, which says where his cache is.  Raises nothing.
    """
    if environment.get("CUDA_CACHE_DISABLE") == "1":
        return {}
    source = environment.get("CUDA_CACHE_PATH") or os.path.join(environment.get("HOME", "/"), ".nv", "ComputeCache")
    target = os.path.join(home, ".nv", "ComputeCache")
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.isdir(source) and _size(source) <= MOST:
            shutil.copytree(source, target, ignore=_odd)
        else:
            os.makedirs(target, exist_ok=True)
    except (OSError, shutil.Error):
        with contextlib.suppress(OSError):
            os.makedirs(target, exist_ok=True)  # another program is changing it: what was copied is good
    return {"CUDA_CACHE_PATH": target}


def _size(folder: str) -> int:
    total = 0
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            total += 0 if os.path.islink(path) else os.path.getsize(path)
            if total > MOST:
                return total
    return total


def _odd(folder: str, names: list[str]) -> list[str]:
    """What is neither a plain file nor a folder: it leads elsewhere."""
    paths = {name: os.path.join(folder, name) for name in names}
    return [
        name
        for name, path in paths.items()
        if os.path.islink(path) or not (os.path.isfile(path) or os.path.isdir(path))
    ]
