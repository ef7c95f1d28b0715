"""Every way in which the driver knows or does not know, through the real `nvidia-ml-py` and a stand-in driver library."""

import json
import os
import subprocess
import sys

import pytest

from support import ROOT
from tflint_mem.verify.child.nvml import NA, open_nvml

pytest.importorskip("pynvml")
MIB = 1024 * 1024

PROGRAM = """
import json, os, sys
sys.path.insert(0, {root!r})
os.environ["FAKE_NVML_PID"] = str(os.getpid())
import ctypes
ctypes.CDLL(None).setenv(b"FAKE_NVML_PID", str(os.getpid()).encode(), 1)
from tflint_mem.verify.child.gpu import GpuMemory
from tflint_mem.verify.child.nvml import NA
gpu = GpuMemory()
def shown(reading):
    return {{"na": reading.reason}} if isinstance(reading, NA) else reading
print(json.dumps({{
    "driver": shown(gpu.driver), "process": shown(gpu.process()), "in_use": shown(gpu.in_use()), "others": gpu.shared_with(),
    "withheld": gpu.withheld, "devices": shown(gpu.devices) if isinstance(gpu.devices, NA) else
        [[device.index, device.mig, shown(device.name), shown(device.total)] for device in gpu.devices],
}}))
"""


def read(folder, scenario, program=PROGRAM, **variables):
    environment = dict(os.environ, LD_LIBRARY_PATH=str(folder), FAKE_NVML=scenario, **variables)
    done = subprocess.run(
        [sys.executable, "-c", program.format(root=str(ROOT))], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_one_gpu(driver):
    found = read(driver, "one")
    assert found == {
        "driver": "999.1",
        "process": 500 * MIB,
        "in_use": 700 * MIB,
        "others": 0,
        "withheld": {},
        "devices": [["0", False, "Stand-in GPU", 40000 * MIB]],
    }


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


def test_a_device_that_refuses_its_list_leaves_the_sum_of_the_others(driver):
    found = read(driver, "one-refuses")
    assert found["process"] == 500 * MIB and list(found["withheld"]) == ["1"]
    assert read(driver, "two")["withheld"] == {}


@pytest.mark.parametrize("scenario", ["list-v2", "list-plain", "mps"])
def test_lists_of_older_drivers_and_of_the_shared_server(driver, scenario):
    found = read(driver, scenario)
    assert found["process"] == 500 * MIB
    assert found["others"] == (1 if scenario == "mps" else 0)


@pytest.mark.parametrize(
    "setting, process, in_use, indexes",
    [
        ("0", 500, 700, ["0"]),
        ("1", 300, 700, ["1"]),
        ("1,0", 800, 1400, ["1", "0"]),
        ("GPU-2", 300, 700, ["1"]),
        ("0,-1,1", 500, 700, ["0"]),
        ("0,7,1", 500, 700, ["0"]),
        ("GPU-", None, None, []),
        ("-1", None, None, []),
        ("", None, None, []),
    ],
)
def test_what_is_invisible_does_not_count(driver, setting, process, in_use, indexes):
    found = read(driver, "two", CUDA_VISIBLE_DEVICES=setting)
    assert [device[0] for device in found["devices"]] == indexes
    for name, wanted in (("process", process), ("in_use", in_use)):
        assert found[name] == (wanted * MIB if wanted else {"na": "CUDA_VISIBLE_DEVICES shows no GPU"})


def test_indexes_of_different_gpus_mean_what_the_driver_means_only_by_bus(driver):
    assert len(read(driver, "mixed", CUDA_VISIBLE_DEVICES="1")["devices"]) == 2
    assert [
        device[0]
        for device in read(driver, "mixed", CUDA_VISIBLE_DEVICES="1", CUDA_DEVICE_ORDER="PCI_BUS_ID")["devices"]
    ] == ["1"]
    assert [device[0] for device in read(driver, "mixed", CUDA_VISIBLE_DEVICES="GPU-2")["devices"]] == ["1"]


def test_a_slice_by_its_name(driver):
    assert [device[0] for device in read(driver, "mig", CUDA_VISIBLE_DEVICES="MIG-102")["devices"]] == ["0:1"]


WORKERS = """
import ctypes, json, os, subprocess, sys
sys.path.insert(0, {root!r})
setenv = ctypes.CDLL(None).setenv
setenv(b"FAKE_NVML_PID", str(os.getpid()).encode(), 1)
from tflint_mem.verify.child import gpu_processes
from tflint_mem.verify.child.gpu import GpuMemory
before = GpuMemory()
alone = before.process(), before.shared_with()
worker = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
gpu_processes._FRESH = 0.0
found = []
for listed, holding in ((worker.pid, ()), (987654, ()), (987654, (worker.pid,))):
    setenv(b"FAKE_NVML_WORKER", str(listed).encode(), 1)
    gpu_processes.holds_gpu = holding.__contains__
    found.append([before.process(), before.shared_with()])
late = GpuMemory()
found.append([late.process(), late.shared_with()])
worker.communicate()
print(json.dumps([alone, *found]))
"""


def test_workers_of_the_program_are_the_program(driver):
    alone, named, stranger, hidden, before = read(driver, "one", program=WORKERS)
    assert alone == [500 * MIB, 0]
    assert named == [700 * MIB, 0]
    assert stranger == [
        500 * MIB,
        1,
    ]  # somebody else came: none of our processes uses a GPU under a name we do not know
    assert hidden == [700 * MIB, 0]
    assert before == [500 * MIB, 1]  # it was there first


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


LOOP = """
import ctypes, os, time
import tensorflow as tf

setenv, held = ctypes.CDLL(None).setenv, 500
for number in range(100000):
    held += {step}  # here
    setenv(b"FAKE_NVML_PID", str(os.getpid()).encode(), 1)
    setenv(b"FAKE_NVML_USED", str(held).encode(), 1)
    time.sleep(0.005)
"""


@pytest.mark.parametrize("step, verdict", [(8, "confirmed"), (0, "not-confirmed")])
def test_the_command_decides_by_what_the_driver_counts(driver, tmp_path, step, verdict):
    (tmp_path / "app.py").write_text(LOOP.format(step=step).lstrip())
    environment = dict(
        os.environ,
        LD_LIBRARY_PATH=str(driver),
        FAKE_NVML="told",
        STAND_IN_GPUS="1",
        PYTHONPATH=os.pathsep.join([str(ROOT / "tests" / "verify" / "data" / "stand_in_tensorflow"), str(ROOT)]),
    )
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tflint_mem",
            "verify",
            "app.py:6",
            "--project",
            ".",
            "--verify-env",
            "FAKE_NVML",
            "--verify-env",
            "STAND_IN_GPUS",
            "--output-format",
            "json",
            "--report",
            "page.html",
        ],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        timeout=120,
    )
    found = json.loads(done.stdout)[0]["verification"]
    assert (found["verdict"], found["device"]) == (verdict, "GPU (Stand-in GPU)"), done.stdout + done.stderr
    page = (tmp_path / "page.html").read_text()
    if step:
        assert (found["kind"], found["meter"], found["mechanism"]) == ("retained", "nvml", "GPU memory")
        assert found["message"].startswith(
            "8.0 MiB stay per repeat after a collection on the GPU, as the driver counts"
        )
        assert {meter["name"]: meter["flagged"]["retained"] for meter in found["meters"]}["nvml"] == 8 * MIB
        assert "GPU memory, as the driver counts, above its start" in page
    else:
        assert found["meter"] == "host" and "Host memory in use" in page
