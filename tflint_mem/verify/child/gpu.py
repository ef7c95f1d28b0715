"""The meters of a GPU: what the driver counts, and what TensorFlow's own allocator counts."""

from __future__ import annotations

import gc
import os
import sys

from .gpu_processes import Family
from .nvml import NA, ProcessMemory, open_nvml, own_pids
from .runtime import context_module, context_started
from .visible_gpus import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from .nvml import Device


class GpuMemory:
    """Bytes that this program holds on the GPUs it may use, as the driver counts them, and what is in use there by all.

    all_devices  the devices that the driver knows, or NA
    before       bytes in use by everybody when this was made, or NA
    withheld     {index of a device: reason} where one device refuses what others tell
    """

    def __init__(self, binding: ModuleType | None = None) -> None:
        self._nvml = open_nvml(binding)
        self.all_devices = self._nvml if isinstance(self._nvml, NA) else self._nvml.devices()
        self._family = Family(own_pids())
        self.withheld: dict[str, str] = {}
        # by index of a device: the last readings, and the processes that were there before this program
        self._last: dict[str, int] = {}
        self._last_used: dict[str, int] = {}
        self._listed: dict[str, frozenset[int]] = {}
        # the devices that the program may use, for a value of CUDA_VISIBLE_DEVICES
        self._shown: list[Device] | None = None
        self._shown_for: str | None = None
        self._started = False
        if not isinstance(self._nvml, NA) and not isinstance(self.all_devices, NA):
            for device in self.all_devices:
                listed = self._nvml.processes(device)
                known = () if isinstance(listed, NA) else listed
                self._listed[device.index] = frozenset(entry.pid for entry in known)
        self.before = self.in_use()

    @property
    def driver(self) -> str | NA:
        """The driver's version, or NA."""
        return self._nvml if isinstance(self._nvml, NA) else self._nvml.driver

    @property
    def devices(self) -> list[Device] | NA:
        """The devices that the program may use, or NA.  What it says after CUDA has started counts no more."""
        if isinstance(self.all_devices, NA):
            return self.all_devices
        setting = os.environ.get("CUDA_VISIBLE_DEVICES")
        if self._shown is None or setting != self._shown_for and not self._started:
            self._shown, self._shown_for = visible(self.all_devices), setting
        return self._shown

    def _usable(self) -> list[Device] | NA:
        """The same; NA also when there is no device to ask."""
        if not isinstance(self.all_devices, NA) and not self.all_devices:
            return NA("the driver knows no GPU")
        return self.devices if self.devices or isinstance(self.devices, NA) else NA("CUDA_VISIBLE_DEVICES shows no GPU")

    def _of(self, device: Device) -> ProcessMemory:
        if isinstance(self._nvml, NA):
            return ProcessMemory(self._nvml, 0)
        before = self._listed.get(device.index, frozenset())
        return self._nvml.process_memory(device, self._family.pids(), before, self._family.hidden)

    def _used(self, device: Device) -> int | NA:
        return self._nvml if isinstance(self._nvml, NA) else self._nvml.used(device)

    def process(self) -> int | NA:
        """Bytes of this program over all devices that list it, or NA.

        A device that refuses its list takes no part: it is in `withheld`, with its reason.
        """
        devices = self._usable()
        if isinstance(devices, NA):
            return devices
        total: int | None = None
        absent: NA | None = None
        refused: NA | None = None
        for device in devices:
            own = self._of(device).own
            if isinstance(own, NA) and "does not list" in own.reason:
                absent = own
                self._last.pop(device.index, None)
                continue
            if isinstance(own, NA):
                self.withheld[device.index] = own.reason
                refused = own
                if device.index not in self._last:
                    continue
                own = self._last[device.index]
            self._last[device.index] = own
            total = own + (total or 0)
        if total is not None:
            self._started = True
            return total
        if refused is not None or absent is None:
            return refused if refused is not None else NA("no device of the driver's could be asked")
        return NA(absent.reason + ": it holds nothing there, or its process id is hidden (container)")

    def in_use(self) -> int | NA:
        """Bytes in use on these devices by every process, or NA; on a shared GPU this is not ours alone."""
        devices = self._usable()
        if isinstance(devices, NA):
            return devices
        total: int | None = None
        missing = NA("no device of the driver's could be asked")
        for device in devices:
            used = self._used(device)
            if isinstance(used, NA):
                missing = used
                if device.index not in self._last_used:
                    continue
                used = self._last_used[device.index]
            self._last_used[device.index] = used
            total = used + (total or 0)
        return missing if total is None else total

    def free(self) -> int | NA:
        """The fewest bytes that are free on one of the devices, or NA."""
        devices = self._usable()
        if isinstance(devices, NA):
            return devices
        found = []
        for device in devices:
            used = self._used(device)
            if not isinstance(used, NA) and not isinstance(device.total, NA):
                found.append(device.total - used)
        return min(found) if found else NA("the driver does not say what is free")

    def shared_with(self) -> int:
        """How many other processes the driver lists on the devices (0 when it does not say)."""
        devices = self._usable()
        return 0 if isinstance(devices, NA) else sum(self._of(device).others for device in devices)


class Allocator:
    """TensorFlow's own account of its GPU allocators: what the program holds, not what the pool reserves."""

    def __init__(self) -> None:
        self._looks = 0  # for a session: walking all objects takes tens of milliseconds
        self._refused: NA | None = None

    def read(self) -> tuple[int | NA, int | NA]:
        """Bytes over all GPUs: (now, at their highest)."""
        if sys.modules.get("tensorflow") is None:
            return _neither("TensorFlow is not imported")
        if not context_started() and not self._start_beside_sessions():
            return _neither("TensorFlow has not started its devices" if self._refused is None else self._refused.reason)
        module = context_module()
        try:
            if module is None:
                raise LookupError("TensorFlow's context")
            context = module.context()
            devices = [d.name.replace("/device:", "") for d in context.list_logical_devices("GPU")]
        except Exception as error:
            return _neither("no device list: %s" % error)
        if not devices:
            return _neither("TensorFlow's CPU allocator keeps no account")
        current = 0
        peak: int | None = 0
        for name in devices:
            try:
                info = memory_info(context, name.lstrip("/"))
            except Exception as error:
                return _neither("%s keeps no account (%r): %s" % (allocator_name(), name, error))
            current += info["current"]
            highest = info.get("peak")
            peak = None if peak is None or highest is None else peak + highest
        return current, NA("this TensorFlow tells no peak") if peak is None else peak

    def _start_beside_sessions(self) -> bool:
        """Programs of graph mode never start what is asked here.  Sessions share the allocators of a process: once one
        has made them, asking changes neither their size nor their limits."""
        session, module = sys.modules.get("tensorflow.python.client.session"), context_module()
        if session is None or self._refused is not None or self._looks >= 5 or module is None:
            return False
        self._looks += 1
        base = session.BaseSession
        if not any(isinstance(item, base) for item in gc.get_objects() if "Session" in type(item).__name__):
            return False
        try:
            module.context().ensure_initialized()
        except Exception as error:
            self._refused = NA("graph mode, and no context beside its sessions: %s" % error)
            return False
        return True


def _neither(reason: str) -> tuple[NA, NA]:
    return NA(reason), NA(reason)


def memory_info(context: Any, device: str) -> dict[str, int]:
    """{"current": bytes, "peak": bytes} of one device; no "peak" in TensorFlow 2.4, which tells current bytes alone."""
    if hasattr(context, "get_memory_info"):
        info: dict[str, int] = context.get_memory_info(device)
        return info
    return {"current": context.get_total_memory_usage(device)}


def allocator_name() -> str:
    """What TensorFlow's allocator of GPU memory is called."""
    return "cuda_malloc_async" if os.environ.get("TF_GPU_ALLOCATOR") == "cuda_malloc_async" else "get_memory_info"
