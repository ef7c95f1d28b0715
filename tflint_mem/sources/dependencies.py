"""Files beside the checked ones on which findings depend: requirements that were read, modules that were looked for.

A stored result (see `storage.cache`) holds as long as these are as they were, too; whoever opens or looks for such a
file does it by way of the `Beside` of his run.
"""

from __future__ import annotations

import os

from .files import read_regular


class Beside:
    """The files that a run has looked for.

    paths   all of them, whether they are there or not
    """

    __slots__ = ("paths",)

    def __init__(self) -> None:
        self.paths: set[str] = set()

    def is_file(self, path: str) -> bool:
        """Is there such a file?"""
        self.paths.add(path)
        return os.path.isfile(path)

    def is_folder(self, path: str) -> bool:
        """Is there such a folder?"""
        self.paths.add(path)
        return os.path.isdir(path)

    def beginning(self, path: str, most: int) -> bytes:
        """The first `most` bytes of a file.  Raises OSError."""
        self.paths.add(path)
        return read_regular(path, most, cut=True)
