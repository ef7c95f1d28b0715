"""The folder of one job: the only one that its child can write to."""

import os
import shutil
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
    _remove(folder)
    if os.path.lexists(folder):
        # a program may take rights from itself; whoever owns the folders can take them back
        for path, names, _ in os.walk(folder):
            for name in names:
                place = os.path.join(path, name)
                if not os.path.islink(place):
                    try:
                        os.chmod(place, 0o700)
                    except OSError:
                        pass
        _remove(folder)


def _remove(folder):
    try:
        # Python's own way ends at a thousand folders in each other
        subprocess.run(
            ["rm", "-rf", "--", folder],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
