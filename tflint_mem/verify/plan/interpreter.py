"""Where the interpreter of a verification comes from: what the user named, never what lies in the checked tree by
chance."""

import os
import sys

from tflint_mem.storage.user import is_inside

from .options import OptionError


def resolve(python: str, tree: str | None) -> str:
    """Absolute path of the interpreter that `python` names.  Raises OptionError when there is none.

    A path counts from the current folder.  A bare name is looked for on PATH, in its absolute folders only and not in
    those of the tree, unless this program itself runs from there (an environment that the user has activated).
    """
    if os.path.dirname(python):
        return os.path.abspath(os.path.expanduser(python))
    import shutil

    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        if not os.path.isabs(folder) or _is_theirs(folder, tree):
            continue
        found = shutil.which(python, path=folder)
        if found:
            return found
    raise OptionError(f"verify python {python}: not found on PATH; in the checked tree it is not looked for")


def _is_theirs(folder: str, tree: str | None) -> bool:
    if is_inside(folder, sys.prefix):
        return False
    return is_inside(folder, os.getcwd()) or (tree is not None and is_inside(folder, tree))
