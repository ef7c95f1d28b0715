"""The stand-in for the driver of a GPU, which a C compiler makes."""

import shutil
import subprocess

import pytest

from support import ROOT


@pytest.fixture(scope="session")
def driver(tmp_path_factory):
    """Folder with the compiled stand-in."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("driver")
    source = ROOT / "tests" / "verify" / "data" / "nvml_stand_in.c"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-Wall", "-Werror", "-o", str(folder / "libnvidia-ml.so.1"), str(source)],
        check=True,
    )
    return folder
