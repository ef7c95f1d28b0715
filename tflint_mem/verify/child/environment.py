"""What TensorFlow, Python and the devices are, as the child sees them.  Python 3.8 syntax."""

import os
import platform
import sys

from .meters import GpuMemory, allocator_name
from .nvml import NA


def describe():
    """Imports TensorFlow and returns plain data: versions, GPUs as TensorFlow sees them, GPUs as the driver sees them.

    Lists physical devices only: that does not start them.
    """
    facts = {
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
    for name in ("keras", "numpy"):
        try:
            facts[name] = __import__(name).__version__
        except Exception:
            pass
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
                    "visible": device in gpu.devices,
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
