"""The run that is for machines with a GPU, with a stand-in for the driver and for TensorFlow."""

import json
import os
import subprocess
import sys

import pytest

from support import ROOT
from support.verify import STAND_IN

pytest.importorskip("pynvml")


def bench(folder, driver, *arguments, **variables):
    environment = dict(
        os.environ,
        LD_LIBRARY_PATH=str(driver),
        FAKE_NVML="told",
        STAND_IN_GPUS="1",
        PYTHONPATH=os.pathsep.join([STAND_IN, str(ROOT)]),
        **variables,
    )
    command = [
        sys.executable,
        str(ROOT / "bench" / "gpu.py"),
        "record.json",
        *arguments,
        "--env",
        "FAKE_NVML",
        "STAND_IN_GPUS",
    ]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, timeout=300)


def test_accounts_that_agree_and_a_rule_flagged_and_fixed(driver, tmp_path):
    done = bench(tmp_path, driver, "--codes", "TFM602", "--table", "table.md", FAKE_NVML_OTHERS="1")
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["card"] == {"name": "Stand-in GPU", "count": 1, "driver": "999.1"}
    assert list(record["accounts"]) == ["async", "growth", "two-processes", "visible-index", "visible-uuid"]
    assert not [found["why"] for found in record["accounts"].values() if not found["agrees"]]
    rows = record["accounts"]["growth"]["rows"]
    assert [row["asked"] >> 20 for row in rows] == [64 * taken for taken in range(9)]
    assert rows[-1]["driver"] - rows[0]["driver"] >= rows[-1]["asked"]
    assert {(item["code"], item["what"]) for item in record["pairs"].values()} == {
        ("TFM602", "leaky"),
        ("TFM602", "fixed"),
    }
    table = (tmp_path / "table.md").read_text()
    assert "| TFM602 | leaky |" in table and "| two-processes | yes |" in table
    again = bench(tmp_path, driver, "--codes", FAKE_NVML_OTHERS="1")
    assert again.returncode == 0 and again.stdout == ""  # what the record holds is not run again


def test_a_driver_that_counts_otherwise_is_found_out(driver, tmp_path):
    done = bench(tmp_path, driver, "--codes", "--accounts", "growth", "two-processes", STAND_IN_LIE="3")
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "record.json").read_text())["accounts"]
    assert "the driver says" in found["growth"]["why"] and not found["growth"]["agrees"]


def test_the_time_ends_a_run_and_the_record_goes_on(driver, tmp_path):
    done = bench(tmp_path, driver, "--codes", "--accounts", "growth", "visible-index", "--seconds", "-1")
    assert done.returncode == 0 and done.stdout.startswith("2 are left"), done.stderr
    assert not (tmp_path / "record.json").exists()


def test_without_a_gpu_nothing_is_recorded(driver, tmp_path):
    environment = dict(os.environ, LD_LIBRARY_PATH=str(driver), FAKE_NVML="none", PYTHONPATH=str(ROOT))
    command = [sys.executable, str(ROOT / "bench" / "gpu.py"), "record.json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 1 and "no GPU" in done.stderr and not (tmp_path / "record.json").exists()
