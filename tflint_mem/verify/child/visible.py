"""Which GPUs a program may use: `CUDA_VISIBLE_DEVICES` read as CUDA reads it.  Python 3.8 syntax."""

import os

from .nvml import NA


def visible(devices, environment=None):
    """The devices of the driver's list that CUDA shows to this process, by index or by UUID; all where nobody can tell.

    CUDA stops at the first word that names no device.  It counts the fastest GPU first, the driver by bus: indexes say
    something where all GPUs are of one kind, or CUDA counts by bus as well.
    """
    environment = os.environ if environment is None else environment
    text = environment.get("CUDA_VISIBLE_DEVICES")
    if text is None:
        return list(devices)
    kinds = {str(device.name) for device in devices}
    by_bus = len(kinds) <= 1 or environment.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"
    found = []
    for word in text.split(","):
        word = word.strip()
        if word.isdigit():
            named = [device for device in devices if device.index.split(":")[0] == str(int(word))]
            if named and not by_bus:
                return list(devices)
        else:
            known = [device for device in devices if not isinstance(device.uuid, NA)]
            named = [device for device in known if word.startswith(("GPU-", "MIG-")) and device.uuid.startswith(word)]
            named = named if len(named) == 1 else []  # a beginning that fits two names none
        if not named:
            break
        found += [device for device in named if device not in found]
    return found
