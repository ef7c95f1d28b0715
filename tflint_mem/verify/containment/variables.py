"""The environment of a measured child: an allow list.  What is not known to be harmless and useful stays behind.

A list of bad names is never complete: every service invents its own for its keys.  What TensorFlow, CUDA, the numeric
libraries and Python itself listen to is a list that ends.  More passes by `--verify-env NAME`, on the command line
alone.
"""

from __future__ import annotations

import os
import re

from . import cuda_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tflint_mem.verify.plan.options import Options

_NAMES = frozenset(
    """
    PATH LANG LANGUAGE TZ TERM COLUMNS LINES USER LOGNAME SHELL HOSTNAME
    PYTHONPATH PYTHONHOME PYTHONUSERBASE PYTHONNOUSERSITE PYTHONUTF8 PYTHONWARNINGS PYTHONHASHSEED PYTHONOPTIMIZE
    VIRTUAL_ENV CONDA_PREFIX CONDA_DEFAULT_ENV CONDA_PYTHON_EXE
    LD_LIBRARY_PATH DYLD_LIBRARY_PATH DYLD_FALLBACK_LIBRARY_PATH LIBRARY_PATH
    CUDA_HOME CUDA_PATH CUDA_ROOT CUDA_DIR CUDNN_PATH CUDA_VERSION
    CUDA_VISIBLE_DEVICES CUDA_DEVICE_ORDER CUDA_LAUNCH_BLOCKING CUDA_MODULE_LOADING CUDA_DEVICE_MAX_CONNECTIONS
    CUDA_CACHE_DISABLE CUDA_CACHE_MAXSIZE CUDA_FORCE_PTX_JIT CUDA_MPS_PIPE_DIRECTORY
    NVIDIA_VISIBLE_DEVICES NVIDIA_DRIVER_CAPABILITIES NVIDIA_REQUIRE_CUDA NVIDIA_DISABLE_REQUIRE NVIDIA_TF32_OVERRIDE
    NCCL_DEBUG NCCL_P2P_DISABLE NCCL_SHM_DISABLE NCCL_IB_DISABLE NCCL_SOCKET_IFNAME
    HIP_VISIBLE_DEVICES ROCR_VISIBLE_DEVICES ROCM_PATH HSA_OVERRIDE_GFX_VERSION
    XLA_FLAGS KERAS_BACKEND TF_KERAS SM_FRAMEWORK AUTOGRAPH_VERBOSITY
    MALLOC_ARENA_MAX MALLOC_TRIM_THRESHOLD_ MALLOC_MMAP_THRESHOLD_ MALLOC_TOP_PAD_
    GOTO_NUM_THREADS NUMEXPR_NUM_THREADS NUMEXPR_MAX_THREADS VECLIB_MAXIMUM_THREADS NUMBA_NUM_THREADS
    PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION HDF5_USE_FILE_LOCKING OPENCV_IO_ENABLE_OPENEXR QT_QPA_PLATFORM
""".split()
)

# families of names whose rest the library makes up; `TF_VAR_` alone is Terraform's, `NVIDIA_API_KEY` a key
_FAMILIES = re.compile(
    r"LC_[A-Z]+|(OMP|KMP|MKL|OPENBLAS|BLIS|GOMP|DNNL|ONEDNN)_[A-Z0-9_]+"
    r"|TF_(CPP|GPU|XLA|CUDA|CUDNN|CUBLAS|CUFFT|CUSOLVER|ENABLE|DISABLE|FORCE|USE|NUM|DETERMINISTIC|MIN|AUTOTUNE|ONEDNN"
    r"|NEED|ALLOW"
    r"|LAYOUT|MLIR|FUNCTION|DATA|INTRA|INTER|OVERRIDE|DUMP|SYNC|PROFILER|THREAD|ROCM|MKL|LITE)_[A-Z0-9_]+"
)
_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASS|CREDENTIAL|API|KEY|PRIVATE|AUTH|COOKIE|SIGN|JWT")
# a value that carries a password inside an address, or a key, whatever the name says
_SECRET_VALUE = re.compile(
    r"://[^/\s:@]+:[^/\s@]+@|-----BEGIN [A-Z ]*PRIVATE KEY|\beyJ[\w-]{8,}\.[\w-]{8,}"
    r"|\b(gh[pousr]|glpat|sk|hf)[-_]\w{16,}"
)


def is_allowed(name: str, value: str) -> bool:
    """May the child have this variable without anybody having asked for it?"""
    known = name in _NAMES or _FAMILIES.fullmatch(name) and not _SECRET_NAME.search(name)
    return bool(known) and not _SECRET_VALUE.search(value)


def clean_environment(environment: Mapping[str, str], scratch: str, more: Collection[str] = ()) -> dict[str, str]:
    """The environment for a child: what is allowed, and all private folders in `scratch`.

    more    names that the user asked for on the command line (`--verify-env`); they pass as they are
    """
    kept = {name: value for name, value in environment.items() if name in more or is_allowed(name, value)}
    home = os.path.join(scratch, "home")
    kept.update(
        HOME=home,
        TMPDIR=os.path.join(scratch, "tmp"),
        XDG_CACHE_HOME=os.path.join(home, ".cache"),
        XDG_CONFIG_HOME=os.path.join(home, ".config"),
        KERAS_HOME=os.path.join(home, ".keras"),
        MPLCONFIGDIR=os.path.join(home, ".matplotlib"),
        MPLBACKEND="Agg",
        SDL_VIDEODRIVER="dummy",
        PYTHONDONTWRITEBYTECODE="1",
        PYTHONUNBUFFERED="1",
        PYTHONIOENCODING="utf-8",
    )
    # packages that the user installed for himself stay importable although the home is another one
    kept.setdefault("PYTHONUSERBASE", os.path.join(environment.get("HOME", home), ".local"))
    return kept


def child_environment(
    options: Options, scratch: str, memory: bool = True, growth: bool = True, leave: int = 0, cache: bool = True
) -> dict[str, str]:
    """Environment of the child: what passes of ours, and what makes memory readable.

    memory   make host memory honest                    growth   let the GPU's memory grow on demand
    leave    bytes of GPU memory that a child which reserves all of it must leave free, for others
    cache    lend CUDA's cache of kernels
    """
    environment = clean_environment(os.environ, scratch, options.env)
    environment["TF_CPP_MIN_LOG_LEVEL"] = "3"
    environment["PYTHONHASHSEED"] = "0"
    environment.pop("TF_FORCE_GPU_ALLOW_GROWTH", None)
    if growth:
        environment["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    if memory:
        environment["TF_ENABLE_ONEDNN_OPTS"] = "0"
        environment["PYTHONMALLOC"] = "malloc"
    if options.legacy_keras:
        environment["TF_USE_LEGACY_KERAS"] = "1"
    if leave:
        environment["TF_DEVICE_MIN_SYS_MEMORY_IN_MB"] = str(leave >> 20)
    if options.seat.gpu is not None:
        environment["CUDA_VISIBLE_DEVICES"] = options.seat.gpu
    if options.device == "cpu":
        environment["CUDA_VISIBLE_DEVICES"] = "-1"
    elif cache:
        environment.update(cuda_cache.lend(os.environ, os.path.join(scratch, "home")))
    return environment
