"""What the NVIDIA driver knows about memory: a thin wrapper over `nvidia-ml-py` that reads and never raises.

Every reading is a number or `NA(reason)`: the driver has many ways not to know (no library, mismatch after an
update, MIG, a container that hides process ids, a value it declares not available) and none of them means zero bytes.
Nothing here sets anything: no accounting mode, no persistence mode.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Set
    from types import ModuleType
    from typing import Any, Protocol

    class Process(Protocol):
        """An entry of the driver's lists.  usedGpuMemory: bytes, None where the driver does not tell."""

        pid: int
        usedGpuMemory: int | None


class NA:
    """A reading that could not be taken; falsy, and says why."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "NA(%r)" % (self.reason,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NA) and other.reason == self.reason


class Device:
    """One GPU, or one MIG slice of a GPU.

    handle: what the binding knows it by; index: the driver's number of the GPU ("0"), or GPU and slice ("0:1");
    total: its memory in bytes; mig: is it a slice?
    """

    __slots__ = ("handle", "index", "name", "uuid", "total", "mig")

    def __init__(self, handle: object, index: str, name: str | NA, uuid: str | NA, total: int | NA, mig: bool) -> None:
        self.handle, self.index, self.name, self.uuid, self.total, self.mig = handle, index, name, uuid, total, mig


class ProcessMemory:
    """One program on one device.

    own     bytes, or NA: listed without a number, not listed at all (it does not use the device, or the container hides
            its id), or the list is refused
    others  number of listed processes that are not the program's
    """

    __slots__ = ("own", "others")

    def __init__(self, own: int | NA, others: int) -> None:
        self.own, self.others = own, others


def load_binding() -> ModuleType | NA:
    """The `pynvml` module of `nvidia-ml-py`, or NA when it is not installed."""
    try:
        import pynvml
    except ImportError:
        return NA("nvidia-ml-py is not installed")
    binding: ModuleType = pynvml
    return binding


class Nvml:
    """An open connection to the driver.  Build it with `open_nvml`."""

    def __init__(self, binding: ModuleType) -> None:
        self._lib = binding
        self.driver: str | NA = self._read(binding.nvmlSystemGetDriverVersion)

    def close(self) -> None:
        """Ends the connection; what the driver then says is of no interest."""
        self._read(self._lib.nvmlShutdown)

    def _read(self, function: Callable[..., Any], *arguments: object) -> Any:
        """The result of one driver call, or NA with the driver's own words."""
        try:
            return function(*arguments)
        except self._lib.NVMLError as error:
            return NA(_words(error))
        except Exception as error:  # a binding newer than the driver: missing symbols, changed structures
            return NA("%s: %s" % (type(error).__name__, error))

    def devices(self) -> list[Device] | NA:
        """All GPUs, each MIG-partitioned one as its slices; NA when the driver cannot say."""
        count: int | NA = self._read(self._lib.nvmlDeviceGetCount)
        if isinstance(count, NA):
            return count
        found: list[Device] = []
        for index in range(count):
            handle = self._read(self._lib.nvmlDeviceGetHandleByIndex, index)
            if isinstance(handle, NA):
                continue
            slices = self._slices(handle, index)
            found.extend(slices or [self._describe(handle, str(index), False)])
        return found

    def _slices(self, handle: object, index: int) -> list[Device]:
        mode = self._read(self._lib.nvmlDeviceGetMigMode, handle)
        if isinstance(mode, NA):
            return []
        now, _ = mode  # what it is now, and what it will be after a reset
        if not now:
            return []
        most: int | NA = self._read(self._lib.nvmlDeviceGetMaxMigDeviceCount, handle)
        if isinstance(most, NA):
            return []
        found = []
        for number in range(most):
            part = self._read(self._lib.nvmlDeviceGetMigDeviceHandleByIndex, handle, number)
            if not isinstance(part, NA):
                found.append(self._describe(part, "%d:%d" % (index, number), True))
        return found

    def _describe(self, handle: object, index: str, mig: bool) -> Device:
        memory = self._read(self._lib.nvmlDeviceGetMemoryInfo, handle)
        return Device(
            handle,
            index,
            _text(self._read(self._lib.nvmlDeviceGetName, handle)),
            _text(self._read(self._lib.nvmlDeviceGetUUID, handle)),
            memory if isinstance(memory, NA) else memory.total,
            mig,
        )

    def used(self, device: Device) -> int | NA:
        """Bytes in use on the device by everybody, or NA."""
        memory = self._read(self._lib.nvmlDeviceGetMemoryInfo, device.handle)
        used: int | NA = memory if isinstance(memory, NA) else memory.used
        return used

    def process_memory(
        self,
        device: Device,
        pids: Collection[int],
        before: Collection[int] = (),
        hidden: Callable[[Set[int]], int] | None = None,
    ) -> ProcessMemory:
        """ProcessMemory of the processes `pids` (one program and its children) on the device.

        before  ids that were listed before the program began: never ours
        hidden  called with the listed ids, tells how many of our processes use a GPU under ids that we do not know;
                when just as many unknown ones have come since, these are they
        """
        listed = self.processes(device)
        if isinstance(listed, NA):
            return ProcessMemory(listed, 0)
        ours = [process for process in listed if process.pid in pids]
        came = [process for process in listed if process.pid not in pids and process.pid not in before]
        if came and hidden is not None and len(came) == hidden({process.pid for process in listed}):
            ours += came
        strangers = len(listed) - len(ours)
        if not ours:
            return ProcessMemory(NA("the driver does not list this process"), strangers)
        total = 0
        for process in ours:
            if process.usedGpuMemory is None:
                return ProcessMemory(NA("the driver lists this process without its memory"), strangers)
            total += process.usedGpuMemory
        return ProcessMemory(total, strangers)

    def processes(self, device: Device) -> list[Process] | NA:
        """The processes that the driver lists on the device, each once: of CUDA, of its shared server (MPS), of
        graphics.

        NA when it refuses the first of these lists.
        """
        computing = self._list("Compute", device)
        if isinstance(computing, NA):
            return computing
        found = list(computing)
        for kind in ("MPSCompute", "Graphics"):
            more = self._list(kind, device)
            known = {process.pid for process in found}
            # one process may hold a compute and a graphics context; its bytes are the same bytes
            found += [] if isinstance(more, NA) else [process for process in more if process.pid not in known]
        return found

    def _list(self, kind: str, device: Device) -> list[Process] | NA:
        """One list, in the newest form that this driver speaks."""
        name, reading = "nvmlDeviceGet%sRunningProcesses" % kind, NA("no list of processes in this binding")
        for form in (name, name + "_v3", name + "_v2", None):
            function: Callable[[object], list[Process]] | None
            function = getattr(self._lib, form, None) if form else self._plain(name)
            if function is None:
                continue
            try:
                return function(device.handle)
            except self._lib.NVMLError as error:
                reading = NA(_words(error))
                if getattr(error, "value", None) not in _OTHER_FORM:
                    break
            except Exception as error:
                reading = NA("%s: %s" % (type(error).__name__, error))
        return reading

    def _plain(self, name: str) -> Callable[[object], list[Process]] | None:
        """The list of drivers before CUDA 11, which the binding has forgotten: ids and bytes, no instances."""
        pointer = getattr(self._lib, "_nvmlGetFunctionPointer", None)
        check = getattr(self._lib, "_nvmlCheckReturn", None)
        if pointer is None or check is None:
            return None
        import ctypes

        class Entry(ctypes.Structure):
            _fields_ = [("pid", ctypes.c_uint), ("usedGpuMemory", ctypes.c_ulonglong)]

        def read(handle: object) -> list[Process]:
            function, count = pointer(name), ctypes.c_uint(_MOST_LISTED)
            entries = (Entry * _MOST_LISTED)()
            check(function(handle, ctypes.byref(count), entries))
            return [
                Listed(entry.pid, None if entry.usedGpuMemory == 2**64 - 1 else entry.usedGpuMemory)
                for entry in entries[: count.value]
            ]

        return read


class Listed:
    """A process in the driver's plain list."""

    __slots__ = ("pid", "usedGpuMemory")

    def __init__(self, pid: int, used: int | None) -> None:
        self.pid, self.usedGpuMemory = pid, used


_OTHER_FORM = (2, 13, 25)  # invalid argument, function not found, version mismatch: an older form may be known
_MOST_LISTED = 512


def open_nvml(binding: ModuleType | NA | None = None) -> Nvml | NA:
    """Nvml, or NA with the reason: no binding, no driver library, driver and library of different versions, no
    permission."""
    binding = load_binding() if binding is None else binding
    if isinstance(binding, NA):
        return binding
    try:
        binding.nvmlInit()
    except binding.NVMLError as error:
        return NA(_words(error))
    except Exception as error:
        return NA("%s: %s" % (type(error).__name__, error))
    return Nvml(binding)


OUTER_PIDS: set[int] = set()  # of this process, in the namespaces around its own: guard.py tells


def own_pids() -> set[int]:
    """The process ids of this process as this and every outer process-id namespace names it (Linux), else just its id.

    Inside a container the driver may list the host's id; the kernel tells it only where the container may see it.
    """
    found = {os.getpid()} | OUTER_PIDS
    try:
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith("NSpid:"):
                    found.update(int(word) for word in line.split()[1:])
    except (OSError, ValueError):
        pass
    return found


def _words(error: BaseException) -> str:
    return "NVML: " + (str(error) or type(error).__name__)


def _text(value: str | bytes | NA) -> str | NA:
    """Text from the driver: older bindings give bytes."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
