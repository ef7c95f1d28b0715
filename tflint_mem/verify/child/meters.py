"""The meters of host memory.  A reading is a number or `NA(reason)`; none raises, none is zero for "unknown".

Standard library only; TensorFlow is looked up in `sys.modules` and never imported here, so that reading a meter cannot
change what is measured.
"""

from __future__ import annotations

import gc
import os
import sys

from tflint_mem.verify.containment.process_table import PROC

from .nvml import NA
from .runtime import context_started

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class HostMemory:
    """Resident memory of this process, in bytes."""

    def __init__(self) -> None:
        self._page: int | None = None  # bytes
        try:
            import resource

            self._page = resource.getpagesize()
        except ImportError:
            pass

    def resident(self) -> int | NA:
        """Bytes resident now."""
        if self._page is None:
            return _resident_without_proc()
        try:
            with open(PROC + "/self/statm", "rb") as statm:
                return int(statm.read().split()[1]) * self._page
        except (OSError, ValueError, IndexError):
            return _resident_without_proc()

    def peak(self) -> int | NA:
        """The highest number of resident bytes since the process began."""
        try:
            import resource

            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        except (ImportError, OSError) as error:
            return NA("no resource usage: %s" % error)
        return peak if sys.platform == "darwin" else peak * 1024


def _resident_without_proc() -> int | NA:
    from tflint_mem.verify.containment.without_proc import resident

    return resident([os.getpid()]) or NA("no resident size on this system: it has no /proc, no psutil and no ps")


class Heap:
    """Bytes that malloc has handed out and not got back: exact where resident memory is rounded, pooled and late.

    Python's own small-object allocator takes its regions from the system directly; the child runs with
    `PYTHONMALLOC=malloc` so that those objects are counted too.
    """

    def __init__(self) -> None:
        import ctypes

        class Info(ctypes.Structure):
            _fields_ = [
                (name, ctypes.c_size_t)
                for name in (
                    "arena",
                    "ordblks",
                    "smblks",
                    "hblks",
                    "hblkhd",
                    "usmblks",
                    "fsmblks",
                    "uordblks",
                    "fordblks",
                    "keepcost",
                )
            ]

        try:
            self._call = ctypes.CDLL(None).mallinfo2
            self._call.restype = Info
            self._missing: NA | None = None if self._call().uordblks else NA("this allocator keeps no account")
        except Exception:
            self._missing = NA("no mallinfo2 in this C library")

    def in_use(self) -> int | NA:
        """Bytes handed out, in arenas and in mapped blocks, or NA."""
        if self._missing is not None:
            return self._missing
        info = self._call()
        in_arenas: int = info.uordblks
        mapped: int = info.hblkhd
        return in_arenas + mapped


_give_back: list[Callable[[int], object] | None] = []  # malloc_trim, None where there is none; looked up once


def settle() -> None:
    """Collects garbage, waits for the GPU and gives free heap pages back: what is left is what the program keeps."""
    gc.collect()
    gc.collect()
    tf = sys.modules.get("tensorflow")
    if tf is not None and context_started():
        try:
            tf.test.experimental.sync_devices()
        except Exception:
            pass  # older TensorFlow has no such call; its kernels end before the memory is read back anyway
    if not _give_back:
        try:
            import ctypes

            _give_back.append(ctypes.CDLL(None).malloc_trim)
        except Exception:
            _give_back.append(None)  # no glibc: the allocator decides alone when to give pages back
    for trim in _give_back:
        if trim is not None:
            trim(0)
