"""Which GPUs a program may use: `CUDA_VISIBLE_DEVICES` read as CUDA reads it."""

from __future__ import annotations

import os

from .nvml import NA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .nvml import Device


def visible(devices: Sequence[Device], environment: Mapping[str, str] | None = None) -> list[Device]:
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
    found: list[Device] = []
    for word in text.split(","):
        word = word.strip()
        if word.isdigit():
            named = [device for device in devices if device.index.split(":")[0] == str(int(word))]
            if named and not by_bus:
                return list(devices)
        else:
            named = [
                device
                for device in devices
                if not isinstance(device.uuid, NA)
                and word.startswith(("GPU-", "MIG-"))
                and device.uuid.startswith(word)
            ]
            named = named if len(named) == 1 else []  # a beginning that fits two names none
        if not named:
            break
        found += [device for device in named if device not in found]
    return found
