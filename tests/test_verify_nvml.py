"""Every way in which the driver knows or does not know, through the real `nvidia-ml-py` and a stand-in driver library."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tflint_mem.verify.nvml import NA, open_nvml

pytest.importorskip("pynvml")
ROOT = Path(__file__).parent.parent
MIB = 1024 * 1024

PROGRAM = """
import json, os, sys
sys.path.insert(0, {root!r})
os.environ["FAKE_NVML_PID"] = str(os.getpid())
import ctypes
ctypes.CDLL(None).setenv(b"FAKE_NVML_PID", str(os.getpid()).encode(), 1)
from tflint_mem.verify.meters import GpuMemory
from tflint_mem.verify.nvml import NA
gpu = GpuMemory()
def shown(reading):
    return {{"na": reading.reason}} if isinstance(reading, NA) else reading
print(json.dumps({{
    "driver": shown(gpu.driver), "process": shown(gpu.process()), "in_use": shown(gpu.in_use()), "others": gpu.shared_with(),
    "devices": shown(gpu.devices) if isinstance(gpu.devices, NA) else
        [[device.index, device.mig, shown(device.name), shown(device.total)] for device in gpu.devices],
}}))
"""


@pytest.fixture(scope="session")
def driver(tmp_path_factory):
    """Folder with the compiled stand-in."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("driver")
    source = Path(__file__).parent / "verify_data" / "nvml_stand_in.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-Wall", "-Werror", "-o", str(folder / "libnvidia-ml.so.1"), str(source)], check=True)
    return folder


def read(folder, scenario):
    environment = dict(os.environ, LD_LIBRARY_PATH=str(folder), FAKE_NVML=scenario)
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(root=str(ROOT))], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_one_gpu(driver):
    found = read(driver, "one")
    assert found == {"driver": "999.1", "process": 500 * MIB, "in_use": 700 * MIB, "others": 0,
                     "devices": [["0", False, "Stand-in GPU", 40000 * MIB]]}


def test_two_gpus_add_up(driver):
    found = read(driver, "two")
    assert found["process"] == 800 * MIB
    assert found["in_use"] == 1400 * MIB
    assert [device[0] for device in found["devices"]] == ["0", "1"]


def test_bytes_of_other_processes_are_not_ours(driver):
    found = read(driver, "shared")
    assert found["process"] == 500 * MIB
    assert found["in_use"] == 9000 * MIB
    assert found["others"] == 1


def test_a_process_with_graphics_and_compute_counts_once(driver):
    assert read(driver, "graphics-too")["process"] == 500 * MIB


def test_slices_of_a_partitioned_gpu(driver):
    found = read(driver, "mig")
    assert [device[:2] for device in found["devices"]] == [["0:0", True], ["0:1", True]]
    assert found["process"] == 500 * MIB


@pytest.mark.parametrize(
    "scenario, words",
    [
        ("none", "knows no GPU"),
        ("not-available", "without its memory"),
        ("hidden", "hidden (container)"),
        ("idle", "holds nothing there"),
        ("list-refused", "Permission"),
        ("mismatch", "Version Mismatch"),
        ("no-driver", "Driver Not Loaded"),
        ("no-permission", "Permission"),
    ],
)
def test_what_is_unknown_is_never_zero(driver, scenario, words):
    process = read(driver, scenario)["process"]
    assert isinstance(process, dict) and words.lower() in process["na"].lower()


def test_device_memory_may_be_unknown_while_the_process_is_known(driver):
    found = read(driver, "no-memory-info")
    assert found["process"] == 500 * MIB
    assert isinstance(found["in_use"], dict)
    assert isinstance(found["devices"][0][3], dict)


def test_without_a_driver_library(tmp_path):
    found = read(tmp_path, "one")
    assert "not found" in found["process"]["na"].lower()
    assert "not found" in found["devices"]["na"].lower()


def test_without_the_binding():
    missing = NA("nvidia-ml-py is not installed")
    assert open_nvml(missing) == missing
    assert not missing


def test_a_binding_newer_than_the_driver_is_no_crash():
    class Old:
        class NVMLError(Exception):
            pass

        @staticmethod
        def nvmlInit():
            raise AttributeError("no such function in this driver")

    assert "AttributeError" in open_nvml(Old).reason
