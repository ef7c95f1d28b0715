"""Devices and how work is spread over them: GPUs, their configuration, strategies.

`AREA` is the table.  To add a strategy, add its canonical name to "strategy".  What makes TensorFlow look for its GPUs
as soon as it is called, and with that fixes their configuration, goes to `INITIALISERS`.
"""

from .area import Area

AREA = Area(
    makes={
        "strategy": (
            "tf.distribute.MirroredStrategy",
            "tf.distribute.OneDeviceStrategy",
            "tf.distribute.MultiWorkerMirroredStrategy",
            "tf.distribute.TPUStrategy",
            "tf.distribute.get_strategy",
            "tf.distribute.experimental.TPUStrategy",
        ),
        "devices": (
            "tf.config.list_physical_devices",
            "tf.config.get_visible_devices",
            "tf.config.list_logical_devices",
        ),
    },
    methods={
        "strategy": {
            "tensor": ("run", "experimental_run_v2", "reduce"),
            "dataset": ("experimental_distribute_dataset", "distribute_datasets_from_function"),
        },
    },
    elements={"devices": "device"},
    aliases={
        "tf.python.client.device_lib.list_local_devices": "tf.device_lib.list_local_devices",
        "tf.config.experimental.list_physical_devices": "tf.config.list_physical_devices",
        "tf.config.experimental.list_logical_devices": "tf.config.list_logical_devices",
        "tf.config.experimental.get_visible_devices": "tf.config.get_visible_devices",
        "tf.config.experimental.set_visible_devices": "tf.config.set_visible_devices",
        "tf.config.experimental.set_memory_growth": "tf.config.set_memory_growth",
        "tf.config.experimental.set_virtual_device_configuration": "tf.config.set_logical_device_configuration",
        "tf.config.experimental.VirtualDeviceConfiguration": "tf.config.LogicalDeviceConfiguration",
        "tf.distribute.experimental.MultiWorkerMirroredStrategy": "tf.distribute.MultiWorkerMirroredStrategy",
    },
)

# -- groups that rules ask for ----------------------------------------------------------------------------------------

INITIALISERS = frozenset(
    (
        "tf.config.list_logical_devices",
        "tf.device_lib.list_local_devices",
        "tf.test.is_gpu_available",
        "tf.test.gpu_device_name",
    )
)
