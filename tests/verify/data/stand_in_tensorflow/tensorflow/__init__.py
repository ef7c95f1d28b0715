"""Just enough of TensorFlow for tests of --verify on machines without it: versions, devices, models that are cyclic garbage."""

import os
import sys
import types

__version__ = "0.0.stand-in"


class _Device:
    def __init__(self, name):
        self.name = name


class config:
    @staticmethod
    def list_physical_devices(kind=None):
        count = int(os.environ.get("STAND_IN_GPUS", "0"))
        return [_Device(f"/physical_device:GPU:{index}") for index in range(count)] if kind == "GPU" else [_Device("/physical_device:CPU:0")]


class Model:
    """Holds weights and itself, like a Keras model."""

    def __init__(self, units=400_000):
        self.weights = bytearray(units)
        self.layers = [self]

    def predict(self, x):
        return x


Model.__module__ = "keras.src.models.model"


class keras:
    class backend:
        @staticmethod
        def clear_session():
            pass

    class models:
        @staticmethod
        def load_model(path):
            with open(path, "rb"):
                return Model()


def zeros(shape):
    return [0.0] * shape


class _PhysicalDevice:
    def __init__(self, name, device_type):
        self.name, self.device_type = name, device_type


class _Context:
    """Lists of devices, as TensorFlow's eager context keeps them."""

    def __init__(self):
        self._physical_devices = [_PhysicalDevice("/physical_device:CPU:0", "CPU")]
        self._visible_device_list = list(self._physical_devices)
        self._physical_device_to_index, self._memory_growth_map = {}, {}

    def _initialize_physical_devices(self):
        pass


for _name in ("tensorflow.python", "tensorflow.python.eager", "tensorflow.python.eager.context"):
    sys.modules[_name] = types.ModuleType(_name)
sys.modules["tensorflow.python.eager"].context = sys.modules["tensorflow.python.eager.context"]
_the_context = _Context()
sys.modules["tensorflow.python.eager.context"].context = lambda: _the_context
