"""What TensorFlow, Python and the devices are, as the child sees them."""

from __future__ import annotations

import os
import platform
import sys

from .gpu import GpuMemory, allocator_name
from .nvml import NA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.verify.events import Environment


def describe() -> Environment:
    """Imports TensorFlow and returns plain data: versions, GPUs as TensorFlow sees them, GPUs as the driver sees them.

    Lists physical devices only: that does not start them.
    """
    facts: Environment = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processors": os.cpu_count(),
        "tensorflow": None,
        "keras": None,
        "numpy": None,
        "gpus": [],
        "driver": None,
        "driver_gpus": [],
        "nvml": None,
        "error": None,
    }
    try:
        import tensorflow as tf
    except BaseException as error:
        facts["error"] = "%s: %s" % (type(error).__name__, error)
        return facts
    facts["tensorflow"] = tf.__version__
    facts["keras"], facts["numpy"] = _version("keras"), _version("numpy")
    try:
        facts["gpus"] = [device.name for device in tf.config.list_physical_devices("GPU")]
    except Exception as error:
        facts["error"] = "list_physical_devices: %s" % error
    gpu = GpuMemory()
    if isinstance(gpu.all_devices, NA):
        facts["nvml"] = gpu.all_devices.reason
    else:
        facts["driver"] = None if isinstance(gpu.driver, NA) else gpu.driver
        for device in gpu.all_devices:
            facts["driver_gpus"].append(
                {
                    "index": device.index,
                    "mig": device.mig,
                    "name": None if isinstance(device.name, NA) else device.name,
                    "total": None if isinstance(device.total, NA) else device.total,
                    "visible": not isinstance(gpu.devices, NA) and device in gpu.devices,
                }
            )
        facts["shared_with"] = gpu.shared_with()
        free = gpu.free()
        facts["free"] = None if isinstance(free, NA) else free
        used = gpu.in_use()
        facts["in_use"] = None if isinstance(used, NA) else used
        facts["allocator"] = allocator_name()
    facts["executable"] = sys.executable
    return facts


def _version(name: str) -> str | None:
    """The version of a package, None where it is not there or does not say."""
    try:
        found: str = __import__(name).__version__
    except Exception:
        return None
    return found
