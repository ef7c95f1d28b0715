"""Runs fixture scripts under TensorFlow, each in a process of its own, and says what they left behind.

Started by `test_fixtures_run.py` as `python fixture_zygote.py`.  It only *imports* TensorFlow (no op runs, no thread
pool exists) and then forks one child per request, so that every script finds an untouched runtime without paying the
import again.

Requests and replies are JSON lines on stdin and stdout:
    {"script": path, "cwd": empty folder, "seconds": limit, "gpus": stand-in GPUs to pretend}
    {"code": exit status (124: over the limit), "output": stdout and stderr, "meters": {name: number}}

The automatic garbage collector is off in the child: whether a generation-2 collection happens to come by inside a loop
is chance, so "how many models are dead but still there" could not be tested otherwise.  Meters (counts, but for
`native_kib`):
    models_waiting      Keras models that exist at the end of the script, dead or alive, before any collection
    models_kept         the same after a full collection
    graphs_kept         FuncGraph objects after a full collection
    variables_kept      TensorFlow variables after a full collection
    keras_tensors_kept  symbolic tensors (each belongs to a call of a layer or model) after a full collection
    custom_gradients    entries in TensorFlow's registry of custom gradients, which nothing ever removes
    graph_operations    operations in the default graph at the end (graph mode)
    open_files          open file descriptors
    native_kib          bytes malloc has handed out, in KiB, after a full collection (absent where glibc is not)
    memory_growth       1 when TensorFlow's GPU options allow growth, else 0 (only with stand-in GPUs)
"""

import gc
import json
import os
import runpy
import signal
import sys
import tempfile
import time
import traceback

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
sys.dont_write_bytecode = True


def main():
    import keras
    import tensorflow as tf

    tf.keras.Model, keras.Model  # TensorFlow loads Keras on first use: do it once, here
    os.write(1, b"ready\n")
    for line in sys.stdin:
        os.write(1, json.dumps(serve(json.loads(line))).encode() + b"\n")


def serve(request):
    """Run one request in a forked child and wait for it."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as meters:
        pid = os.fork()
        if pid == 0:
            os.setsid()
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            code = 70
            try:
                code = child(request, meters)
            except BaseException:
                traceback.print_exc()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        code = wait(pid, request["seconds"])
        output.seek(0)
        meters.seek(0)
        text = meters.read().decode()
        return {
            "code": code,
            "output": output.read().decode(errors="replace"),
            "meters": json.loads(text) if text else {},
        }


def wait(pid, seconds):
    """Exit status of the child; 124 when it had to be killed with everything it started."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return 124


def child(request, meters):
    """Run the script as `__main__`, then write the meters; the exit status the script would have had."""
    gc.disable()
    os.chdir(request["cwd"])
    sys.argv = [request["script"]]
    sys.path[0] = os.path.dirname(request["script"])
    if request["gpus"]:
        pretend_gpus(request["gpus"])
    code, namespace = 0, None
    try:
        namespace = runpy.run_path(request["script"], run_name="__main__")
    except SystemExit as exit:
        code = exit.code if isinstance(exit.code, int) else 0 if exit.code is None else 1
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    meters.write(json.dumps(measure(request["gpus"])).encode())
    meters.flush()
    del namespace  # kept until here: what the script's globals hold is alive at its end
    return code


def pretend_gpus(count):
    """Put stand-in GPUs into the list of physical devices.

    All rules about growth, limits and order are checked in Python before a device is touched, so a build without
    CUDA raises exactly what a machine with GPUs would.
    """
    from tensorflow.python.eager import context

    state = context.context()
    state._initialize_physical_devices()
    kind = type(state._physical_devices[0])
    gpus = [kind(name=f"/physical_device:GPU:{index}", device_type="GPU") for index in range(count)]
    state._physical_devices = [*state._physical_devices, *gpus]
    state._visible_device_list = [*state._visible_device_list, *gpus]
    for index, gpu in enumerate(gpus):
        state._physical_device_to_index[gpu] = index
        state._memory_growth_map[gpu] = None


def measure(gpus):
    """The meters of this process (see the module's docstring)."""
    from tensorflow.python.eager import context
    from tensorflow.python.framework import ops

    meters = {"models_waiting": count("keras", "Model")}
    gc.collect()
    meters["models_kept"] = count("keras", "Model")
    meters["graphs_kept"] = count("tensorflow", "FuncGraph")
    meters["variables_kept"] = count("tensorflow", "BaseResourceVariable")
    meters["keras_tensors_kept"] = count("keras", "KerasTensor")
    meters["custom_gradients"] = sum(name.startswith("CustomGradient") for name in ops.gradient_registry._registry)
    meters["graph_operations"] = len(ops.get_default_graph().get_operations())
    meters["open_files"] = len(os.listdir("/dev/fd"))
    native = native_kib()
    if native is not None:
        meters["native_kib"] = native
    if gpus:
        try:
            meters["memory_growth"] = int(context.context().config.gpu_options.allow_growth)
        except ValueError:  # growth differs between the stand-ins: there is no such option to read
            meters["memory_growth"] = 0
    return meters


def count(package, name):
    """Live objects whose class is, or descends from, a class of that name in that package."""
    known, found = {}, 0
    for thing in gc.get_objects():
        kind = type(thing)
        if kind not in known:
            known[kind] = any(
                base.__name__ == name and base.__module__.partition(".")[0] == package for base in kind.__mro__
            )
        found += known[kind]
    return found


def native_kib():
    """What malloc has handed out, arenas and mapped blocks, in KiB; None without glibc 2.33."""
    import ctypes

    class MallInfo2(ctypes.Structure):
        _fields_ = [
            (field, ctypes.c_size_t)
            for field in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
        ]

    try:
        mallinfo2 = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError):
        return None
    mallinfo2.restype = MallInfo2
    info = mallinfo2()
    return (info.uordblks + info.hblkhd) // 1024


if __name__ == "__main__":
    main()
