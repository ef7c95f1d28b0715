"""A child on a card that is not its own: its share, its cache, and the accounts that TensorFlow keeps there."""

import os
import sys
import types

import pytest

from support.made_runs import MIB
from tflint_mem.finding import Finding
from tflint_mem.verify.child import gpu
from tflint_mem.verify.child.nvml import NA
from tflint_mem.verify.containment import cuda_cache, gpu_share, runner, variables
from tflint_mem.verify.experiment import verify_finding
from tflint_mem.verify.plan.options import Options
from tflint_mem.verify.snippet.first_party import Files

GIB = 1024 * MIB


def facts(**more):
    return dict(
        dict(
            tensorflow="2.15.0",
            gpus=["GPU:0"],
            driver_gpus=[{"name": "one"}],
            shared_with=0,
            in_use=600 * MIB,
            free=79 * GIB,
        ),
        **more,
    )


@pytest.mark.parametrize(
    "more, bytes_left, words",
    [
        ({}, 0, None),
        ({"shared_with": 1}, 77 * GIB, None),
        ({"in_use": 40 * GIB, "free": 40 * GIB}, 38 * GIB, None),  # nobody is listed (a container), and yet it is used
        ({"shared_with": 2, "free": 6 * GIB}, 6 * GIB - 6 * GIB // 4, None),
        ({"shared_with": 1, "free": 3 * GIB}, 0, "3.0 GiB are left"),
        ({"shared_with": 1, "free": None}, 0, "does not say what is free"),
        ({"shared_with": 1, "tensorflow": "2.4.1"}, 0, "takes all that is left"),
    ],
)
def test_a_card_that_others_use_is_not_taken_whole(more, bytes_left, words):
    left, lacks = gpu_share.leave(facts(**more))
    assert left == bytes_left and (words is None) == (lacks is None) and (words is None or words in lacks)


def test_the_child_gets_the_limit_and_nobody_else(tmp_path):
    limited = variables.child_environment(Options(), str(tmp_path), growth=False, leave=77 * GIB)
    assert limited["TF_DEVICE_MIN_SYS_MEMORY_IN_MB"] == str(77 * 1024) and "TF_FORCE_GPU_ALLOW_GROWTH" not in limited
    assert "TF_DEVICE_MIN_SYS_MEMORY_IN_MB" not in variables.child_environment(Options(), str(tmp_path))


def test_reserving_on_a_crowded_card_is_not_tried(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "execute", lambda *given, **more: pytest.fail("it ran"))
    path = tmp_path / "app.py"
    path.write_text("import tensorflow as tf\ntf.zeros(1)\n")
    finding = Finding(
        code="TFM601",
        name="memory-growth-missing",
        group="config",
        severity="hint",
        message="m",
        path=str(path),
        start=(1, 1),
        end=(1, 1),
    )
    found = verify_finding(finding, Files(), Options(), facts(shared_with=1, free=2 * GIB)).verification
    assert found["verdict"] == "not-runnable" and "a GPU with 4 GiB free" in found["needs"][0]


def test_the_cache_of_kernels_is_lent_as_a_copy(tmp_path):
    home = tmp_path / "home"
    cache = home / ".nv" / "ComputeCache"
    (cache / "1" / "2").mkdir(parents=True)
    (cache / "index").write_bytes(b"index")
    (cache / "1" / "2" / "kernel").write_bytes(b"kernel")
    (cache / "1" / "secret").symlink_to("/etc/passwd")
    child = tmp_path / "scratch" / "home"
    child.mkdir(parents=True)
    found = cuda_cache.lend({"HOME": str(home)}, str(child))["CUDA_CACHE_PATH"]
    assert found.startswith(str(child)) and open(os.path.join(found, "1", "2", "kernel"), "rb").read() == b"kernel"
    assert not os.path.lexists(os.path.join(found, "1", "secret"))
    with open(os.path.join(found, "index"), "wb") as handle:
        handle.write(b"changed by the child")
    assert (cache / "index").read_bytes() == b"index"


def test_a_cache_that_is_elsewhere_too_large_or_off(tmp_path, monkeypatch):
    cache = tmp_path / "kernels"
    cache.mkdir()
    (cache / "index").write_bytes(b"index" * 100)
    for number, (environment, names) in enumerate(
        [
            ({"CUDA_CACHE_PATH": str(cache)}, ["index"]),
            ({"CUDA_CACHE_DISABLE": "1", "CUDA_CACHE_PATH": str(cache)}, None),
            ({"HOME": "/nowhere"}, []),
        ]
    ):
        child = tmp_path / f"child{number}"
        given = cuda_cache.lend(environment, str(child))
        assert (os.listdir(given["CUDA_CACHE_PATH"]) if given else None) == names
    monkeypatch.setattr(cuda_cache, "MOST", 10)
    assert (
        os.listdir(cuda_cache.lend({"CUDA_CACHE_PATH": str(cache)}, str(tmp_path / "small"))["CUDA_CACHE_PATH"]) == []
    )


def test_the_child_has_the_cache_only_where_a_gpu_may_be_used(tmp_path):
    (tmp_path / "home").mkdir()
    assert variables.child_environment(Options(), str(tmp_path))["CUDA_CACHE_PATH"].startswith(str(tmp_path / "home"))
    assert "CUDA_CACHE_PATH" not in variables.child_environment(Options(device="cpu"), str(tmp_path))


class Context:
    """TensorFlow's eager context, as far as the allocator's account needs it."""

    def __init__(self, started=True, devices=("/device:GPU:0", "/device:GPU:1"), **readings):
        self._initialized, self.devices = started, [types.SimpleNamespace(name=name) for name in devices]
        for name, reading in readings.items():
            setattr(self, name, reading)

    def ensure_initialized(self):
        self._initialized = True

    def list_logical_devices(self, kind):
        return self.devices


def allocator(monkeypatch, context, sessions=None):
    module = types.ModuleType("tensorflow.python.eager.context")
    module._context, module.context = context, lambda: context
    monkeypatch.setitem(sys.modules, "tensorflow", types.ModuleType("tensorflow"))
    monkeypatch.setitem(sys.modules, "tensorflow.python.eager.context", module)
    if sessions is not None:
        session = types.ModuleType("tensorflow.python.client.session")
        session.BaseSession = sessions
        monkeypatch.setitem(sys.modules, "tensorflow.python.client.session", session)
    else:
        monkeypatch.delitem(sys.modules, "tensorflow.python.client.session", raising=False)
    return gpu.Allocator()


def test_the_allocators_of_all_gpus_add_up(monkeypatch):
    context = Context(get_memory_info=lambda name: {"current": 5 if name == "GPU:0" else 7, "peak": 10})
    assert allocator(monkeypatch, context).read() == (12, 20)


def test_an_older_tensorflow_tells_current_bytes_alone(monkeypatch):
    current, peak = allocator(monkeypatch, Context(get_total_memory_usage=lambda name: 5)).read()
    assert current == 10 and isinstance(peak, NA)


def test_an_allocator_without_an_account_is_named(monkeypatch):
    def refuse(name):
        raise ValueError("Allocator stats not available for device 'GPU:0'")

    monkeypatch.setenv("TF_GPU_ALLOCATOR", "cuda_malloc_async")
    current, _ = allocator(monkeypatch, Context(get_memory_info=refuse)).read()
    assert isinstance(current, NA) and current.reason.startswith("cuda_malloc_async keeps no account")


def test_graph_mode_is_read_once_there_is_a_session(monkeypatch):
    class BaseSession:
        pass

    class Session(BaseSession):
        pass

    context = Context(started=False, devices=("/device:GPU:0",), get_memory_info=lambda name: {"current": 5, "peak": 9})
    meter = allocator(monkeypatch, context, BaseSession)
    assert isinstance(meter.read()[0], NA) and not context._initialized  # nothing is started for the program
    alive = Session()
    assert meter.read() == (5, 9) and context._initialized and alive is not None


def test_graph_mode_is_not_looked_for_without_end(monkeypatch):
    class BaseSession:
        pass

    meter = allocator(monkeypatch, Context(started=False), BaseSession)
    looks = []
    monkeypatch.setattr(gpu.gc, "get_objects", lambda: looks.append(1) or [])
    for _ in range(50):
        assert isinstance(meter.read()[0], NA)
    assert len(looks) == 5
