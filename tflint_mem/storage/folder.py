"""The folder of the cache: files in it that only runs of the same user have written, and not too many of them.

A repository may bring such a folder along.  So every file begins with a signature, made with a secret of the user
(`secret`), and nobody looks at the rest of one whose signature does not hold.  Without a secret nothing is read or
written, nor where something else than our own folder and files lies in their place.
"""

from __future__ import annotations

import os
import stat
import sys

from tflint_mem.sources.files import read_regular

from . import secret
from .new_file import put_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.settings.settings import Settings

FOLDER = ".tflint_mem_cache"
SIGNED = 32  # bytes of a signature
_LARGEST = 256_000_000  # bytes of a file
_MOST_FILES, _MOST_BYTES = 40, 512_000_000  # that stay; the oldest go first
_MARK = "# Made by tflint-mem\n*\n"  # the ignore file of the folder
_MADE = (".json", ".facts", ".part")  # how the names of our files end
_ABANDONED = 86_400  # seconds after which a file that is half written is nobody's any more


class CacheFolder:
    """The cache of one tree.

    path      of the folder, which need not be there
    """

    def __init__(self, settings: Settings) -> None:
        import hashlib

        self._blake2b = hashlib.blake2b
        self.path = os.path.join(settings.tree, settings.cache_dir or FOLDER)
        self._ignore = os.path.join(self.path, ".gitignore")
        self._secret = secret.key(settings.tree) if self._is_ours(self.path, stat.S_ISDIR) else None
        self._program: list[tuple[str, int, int]] | None = None

    @property
    def usable(self) -> bool:
        """Can anything be signed here?"""
        return self._secret is not None

    @property
    def program(self) -> list[tuple[str, int, int]]:
        """Names, sizes and times of the program's own modules: rules under development change without a new version."""
        if self._program is None:
            self._program = _program()
        return self._program

    def digest(self, raw: bytes | memoryview) -> bytes:
        """What tells bytes from others."""
        return self._blake2b(raw, digest_size=16).digest()

    def sign(self, raw: bytes | memoryview, purpose: bytes) -> bytes:
        """The signature of bytes that serve a purpose (16 bytes at most)."""
        return self._blake2b(raw, digest_size=SIGNED, key=self._secret or b"", person=purpose).digest()

    def read(self, name: str) -> bytes | None:
        """The bytes of a file of ours, unverified; None when nothing can be signed here.  Raises OSError."""
        path = os.path.join(self.path, name)
        if self._secret is None or not self._is_ours(path, stat.S_ISREG):
            return None
        return read_regular(path, _LARGEST)

    def write(self, name: str, raw: bytes) -> None:
        """Put the file there; a folder that cannot be written to costs nothing but the next run's time."""
        path = os.path.join(self.path, name)
        if self._secret is None or len(raw) > _LARGEST:
            return
        try:
            os.makedirs(self.path, exist_ok=True)
            if not (
                self._is_ours(self.path, stat.S_ISDIR)
                and self._is_ours(self._ignore, stat.S_ISREG)
                and self._is_ours(path, stat.S_ISREG)
            ):
                return
            try:
                with open(self._ignore, "x", encoding="utf-8") as file:  # never through a link
                    file.write(_MARK)
            except FileExistsError:
                pass
            new = not os.path.exists(path)
            put_bytes(path, raw, 0o600)
            if new:
                self._tidy(path)
        except (OSError, ValueError):
            pass

    def _is_ours(self, path: str, kind: object) -> bool:
        """Lies nothing else there?  A link would lead us out of the tree."""
        try:
            return bool(kind(os.lstat(path).st_mode))  # type: ignore[operator]  # a test of `stat`
        except FileNotFoundError:
            return True
        except (OSError, ValueError):
            return False

    def _tidy(self, keep: str) -> None:
        """Let the oldest files go when there are too many."""
        import time

        found = []
        with os.scandir(self.path) as entries:
            for entry in entries:
                if entry.name.endswith(_MADE) and entry.is_file(follow_symlinks=False) and entry.path != keep:
                    status = entry.stat(follow_symlinks=False)
                    found.append((status.st_mtime, status.st_size, entry.path))
        count, size, now = 1, 0, time.time()
        for changed, length, path in sorted(found, reverse=True):
            half = path.endswith(".part")
            if not half:
                count, size = count + 1, size + length
            if now - changed > _ABANDONED if half else count > _MOST_FILES or size > _MOST_BYTES:
                os.unlink(path)


def is_ours(folder: str) -> bool:
    """Is it a folder that a run of ours has made for a cache?  One behind a link is none."""
    try:
        return (
            not os.path.islink(folder)
            and read_regular(os.path.join(folder, ".gitignore"), len(_MARK)).decode("utf-8", "replace") == _MARK
        )
    except OSError:
        return False


_NO_PART = frozenset(("verify", "report", "__pycache__"))  # folders that change no finding


def _program() -> list[tuple[str, int, int]]:
    from importlib.util import find_spec

    rules = find_spec("tflint_mem.rules")  # they may stand elsewhere
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    seen: list[tuple[str, int, int]] = []
    waiting = [home, *((rules.submodule_search_locations if rules else None) or ())]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    status = entry.stat()
                    seen.append((entry.name, status.st_size, status.st_mtime_ns))
                elif entry.is_dir() and entry.name not in _NO_PART:
                    waiting.append(entry.path)
    return sorted(seen)


def interpreter() -> tuple[str | None, int]:
    """What decides about the bytes that `marshal` writes and about the grammar."""
    return (sys.implementation.cache_tag, sys.hexversion)
