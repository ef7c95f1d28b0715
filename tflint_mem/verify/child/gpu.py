"""The meters of a GPU: what the driver counts, and what TensorFlow's own allocator counts.  Python 3.8 syntax."""

import gc
import os
import sys

from .family import Family
from .nvml import NA, open_nvml, own_pids
from .runtime import context_started
from .runtime import module as context_module
from .visible import visible


class GpuMemory:
    """Bytes that this program holds on the GPUs it may use, as the driver counts them, and what is in use there by all.

    before     bytes in use by everybody when this was made, or NA
    withheld   {index of a device: reason} where one device refuses what others tell
    """

    def __init__(self, binding=None):
        self._nvml = open_nvml(binding)
        self.all_devices = self._nvml if isinstance(self._nvml, NA) else self._nvml.devices()
        self._family, self.withheld = Family(own_pids()), {}
        self._last, self._last_used = {}, {}
        self._shown, self._shown_for, self._started = None, object(), False
        self._listed = {}
        for device in () if isinstance(self.all_devices, NA) else self.all_devices:
            listed = self._nvml.processes(device)
            known = () if isinstance(listed, NA) else listed
            self._listed[device.index] = frozenset(entry.pid for entry in known)
        self.before = self.in_use()

    @property
    def driver(self):
        """The driver's version, or NA."""
        return self._nvml if isinstance(self._nvml, NA) else self._nvml.driver

    @property
    def devices(self):
        """The devices that the program may use, or NA.  What it says after CUDA has started counts no more."""
        if isinstance(self.all_devices, NA):
            return self.all_devices
        setting = os.environ.get("CUDA_VISIBLE_DEVICES")
        if self._shown is None or setting != self._shown_for and not self._started:
            self._shown, self._shown_for = visible(self.all_devices), setting
        return self._shown

    def _none(self):
        """NA when there is no device to ask."""
        if isinstance(self.all_devices, NA):
            return self.all_devices
        if not self.all_devices:
            return NA("the driver knows no GPU")
        return None if self.devices else NA("CUDA_VISIBLE_DEVICES shows no GPU")

    def _of(self, device):
        before = self._listed.get(device.index, ())
        return self._nvml.process_memory(device, self._family.pids(), before, self._family.hidden)

    def process(self):
        """Bytes of this program over all devices that list it, or NA.

        A device that refuses its list takes no part: it is in `withheld`, with its reason.
        """
        none = self._none()
        if none is not None:
            return none
        total, absent, refused = None, None, None
        for device in self.devices:
            own = self._of(device).own
            if isinstance(own, NA) and "does not list" in own.reason:
                absent = own
                self._last.pop(device.index, None)
                continue
            if isinstance(own, NA):
                self.withheld[device.index] = own.reason
                refused, own = own, self._last.get(device.index)
                if own is None:
                    continue
            self._last[device.index] = own
            total = own + (total or 0)
        if total is not None:
            self._started = True
            return total
        if refused is not None:
            return refused
        return NA(absent.reason + ": it holds nothing there, or its process id is hidden (container)")

    def in_use(self):
        """Bytes in use on these devices by every process, or NA; on a shared GPU this is not ours alone."""
        none = self._none()
        if none is not None:
            return none
        total, missing = None, None
        for device in self.devices:
            used = self._nvml.used(device)
            if isinstance(used, NA):
                missing, used = used, self._last_used.get(device.index)
                if used is None:
                    continue
            self._last_used[device.index] = used
            total = used + (total or 0)
        return missing if total is None else total

    def free(self):
        """The fewest bytes that are free on one of the devices, or NA."""
        none = self._none()
        if none is not None:
            return none
        found = []
        for device in self.devices:
            used = self._nvml.used(device)
            if not isinstance(used, NA) and not isinstance(device.total, NA):
                found.append(device.total - used)
        return min(found) if found else NA("the driver does not say what is free")

    def shared_with(self):
        """How many other processes the driver lists on the devices (0 when it does not say)."""
        if self._none() is not None:
            return 0
        return sum(self._of(device).others for device in self.devices)


class Allocator:
    """TensorFlow's own account of its GPU allocators: what the program holds, not what the pool reserves."""

    def __init__(self):
        self._looks = 0  # for a session: walking all objects takes tens of milliseconds
        self._refused = None

    def read(self):
        """(current, peak) bytes over all GPUs, each a number or NA."""
        tf = sys.modules.get("tensorflow")
        if tf is None:
            return (NA("TensorFlow is not imported"),) * 2
        if not context_started() and not self._start_beside_sessions():
            return (NA("TensorFlow has not started its devices") if self._refused is None else self._refused,) * 2
        try:
            context = context_module().context()
            devices = [d.name.replace("/device:", "") for d in context.list_logical_devices("GPU")]
        except Exception as error:
            return (NA("no device list: %s" % error),) * 2
        if not devices:
            return (NA("TensorFlow's CPU allocator keeps no account"),) * 2
        current, peak = 0, 0
        for name in devices:
            try:
                info = memory_info(context, name.lstrip("/"))
            except Exception as error:
                return (NA("%s keeps no account (%r): %s" % (allocator_name(), name, error)),) * 2
            current += info["current"]
            peak = None if peak is None or info.get("peak") is None else peak + info["peak"]
        return current, NA("this TensorFlow tells no peak") if peak is None else peak

    def _start_beside_sessions(self):
        """Programs of graph mode never start what is asked here.  Sessions share the allocators of a process: once one
        has made them, asking changes neither their size nor their limits."""
        session = sys.modules.get("tensorflow.python.client.session")
        if session is None or self._refused is not None or self._looks >= 5 or context_module() is None:
            return False
        self._looks += 1
        base = session.BaseSession
        if not any(isinstance(item, base) for item in gc.get_objects() if "Session" in type(item).__name__):
            return False
        try:
            context_module().context().ensure_initialized()
        except Exception as error:
            self._refused = NA("graph mode, and no context beside its sessions: %s" % error)
            return False
        return True


def memory_info(context, device):
    """{"current": bytes, "peak": bytes} of one device; no "peak" in TensorFlow 2.4, which tells current bytes alone."""
    if hasattr(context, "get_memory_info"):
        return context.get_memory_info(device)
    return {"current": context.get_total_memory_usage(device)}


def allocator_name():
    """What TensorFlow's allocator of GPU memory is called."""
    return "cuda_malloc_async" if os.environ.get("TF_GPU_ALLOCATOR") == "cuda_malloc_async" else "get_memory_info"
