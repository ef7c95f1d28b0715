"""Just enough of TensorFlow for tests of --verify on machines without it: versions, devices, models that are cyclic garbage."""

import contextlib
import ctypes
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


class _Block:
    """Bytes on the stand-in GPU: the pool behind them doubles, or follows them, and the driver is told its size.

    held   bytes that live      pool   bytes that the driver gave
    """

    held = pool = 0

    def __init__(self, size):
        self.size = size
        _Block.held += size
        while _Block.pool < _Block.held:
            follows = os.environ.get("TF_GPU_ALLOCATOR") == "cuda_malloc_async"
            _Block.pool += max(2 << 20, 0 if follows else _Block.pool)
        setenv = ctypes.CDLL(None).setenv
        setenv(b"FAKE_NVML_PID", str(os.getpid()).encode(), 1)
        lie = int(os.environ.get("STAND_IN_LIE", "0"))  # MiB that the driver says too much
        setenv(b"FAKE_NVML_USED", str(300 + (_Block.pool >> 20) + lie * (_Block.held >> 20)).encode(), 1)

    def __add__(self, other):
        return _Block(self.size)

    def __del__(self):
        _Block.held -= self.size

    def numpy(self):
        return self


uint8 = "uint8"


@contextlib.contextmanager
def device(name):
    yield


def zeros(shape, dtype=None):
    if dtype is not None:
        _the_context._initialized = True
        return _Block(shape[0])
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

    _initialized = False

    def _initialize_physical_devices(self):
        pass

    def list_logical_devices(self, kind):
        return [_Device("/device:GPU:0")] if int(os.environ.get("STAND_IN_GPUS", "0")) else []

    def get_memory_info(self, name):
        return {"current": _Block.held, "peak": _Block.held}


for _name in ("tensorflow.python", "tensorflow.python.eager", "tensorflow.python.eager.context"):
    sys.modules[_name] = types.ModuleType(_name)
sys.modules["tensorflow.python.eager"].context = sys.modules["tensorflow.python.eager.context"]
_the_context = _Context()
sys.modules["tensorflow.python.eager.context"]._context = _the_context
sys.modules["tensorflow.python.eager.context"].context = lambda: _the_context
