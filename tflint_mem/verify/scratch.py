"""The folder of one job: the only one that its child can write to."""

import os
import shutil
import stat
import subprocess
import tempfile


class Scratch:
    """A temporary folder with the layout of one job; removed at the end, whatever a program has made of it.

    `root` is what the child sees, `base` an empty folder beside it for its view of the system.
    """

    def __init__(self):
        self._top = os.path.realpath(tempfile.mkdtemp(prefix="tflint-mem-verify-"))
        self.root, self.base = os.path.join(self._top, "job"), os.path.join(self._top, "view")
        for folder in (self.root, self.base, *(self.path(name) for name in ("home", "tmp", "work", "binding"))):
            os.mkdir(folder, 0o700)

    def path(self, *names):
        """A path inside the folder."""
        return os.path.join(self.root, *names)

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        remove(self._top)


def remove(folder):
    """Removes a folder with all that is in it: what is locked, however deep; links are not followed."""
    try:
        shutil.rmtree(folder, onerror=_unlocked)
    except (OSError, RecursionError):
        pass
    if os.path.lexists(folder):  # deeper than Python goes
        subprocess.run(["rm", "-rf", "--", folder], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def _unlocked(function, path, error):
    """Gives the owner back what a program took from itself, and tries again."""
    if isinstance(error[1], FileNotFoundError):
        return
    for place in (os.path.dirname(path), path):
        try:
            if stat.S_ISDIR(os.lstat(place).st_mode):
                os.chmod(place, 0o700)
        except OSError:
            pass
    try:
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.unlink(path)
    except OSError:
        pass  # `rm` says the last word
