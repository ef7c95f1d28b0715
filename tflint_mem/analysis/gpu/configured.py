"""Settings of a GPU: does a module say anything about them?

The question: *does the module mention GPU memory or the choice of devices, put its work on the CPU, take another
backend than TensorFlow, or call what is named like a helper for that and is not the project's own?*  Judged by names
alone, in favour of the module: what it says is not looked at, nor whether it runs.
"""

from __future__ import annotations

from tflint_mem.facts import Constant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

_SETTINGS = frozenset(
    (
        "set_memory_growth",
        "allow_growth",
        "gpu_options",
        "GPUOptions",
        "per_process_gpu_memory_fraction",
        "TF_FORCE_GPU_ALLOW_GROWTH",
        "set_logical_device_configuration",
        "set_virtual_device_configuration",
        "LogicalDeviceConfiguration",
        "VirtualDeviceConfiguration",
        "set_visible_devices",
        "CUDA_VISIBLE_DEVICES",
        "TPUStrategy",
        "TPUClusterResolver",
        "TF_GPU_ALLOCATOR",
    )
)
_HELPER_WORDS = (
    "growth",
    "memory",
    "config",
    "setup",
    "set_up",
    "limit",
    "init",
    "visible",
    "select",
    "option",
    "prepare",
    "session",
)


def configures(context: Context, m: Module) -> bool:
    """Does the module say anything about GPU memory, devices, another backend or the CPU?"""
    key = ("configured", m.index)
    known: bool | None = context.memo.get(key)
    if known is None:
        known = context.memo[key] = (
            bool(context.project.mentions_in(m, _SETTINGS))
            or _chooses_device(context, m)
            or _other_backend(context, m)
            or _helper(context, m)
        )
    return known


def _chooses_device(context: Context, m: Module) -> bool:
    """`tf.device("/cpu:0")` and the like."""
    if not context.project.index.has("called", "device", m.index):
        return False
    for i in m.calls_by_tail().get("device", ()):
        argument = m.calls[i].args[0] if m.calls[i].args else None
        if isinstance(argument, Constant) and isinstance(argument.value, str) and "cpu" in argument.value.lower():
            return True
    return False


def _other_backend(context: Context, m: Module) -> bool:
    """Keras told to use something else than TensorFlow."""
    from tflint_mem.analysis.program.devices import environment

    return context.project.index.has("idents", "KERAS_BACKEND", m.index) and any(
        value not in (None, "tensorflow") for value in environment(m, "KERAS_BACKEND")
    )


def _helper(context: Context, m: Module) -> bool:
    """A call such as `limit_gpu_memory()` of a function that is not the project's own."""
    for tail in _helper_names(context):
        if context.project.index.has("called", tail, m.index) and not any(
            context.project.functions_called(m, i) for i in m.calls_by_tail().get(tail, ())
        ):
            return True
    return False


def _helper_names(context: Context) -> list[str]:
    """Names of what is called in the project that tell of settings for a GPU."""
    known: list[str] | None = context.memo.get("GPU helpers")
    if known is None:
        known = context.memo["GPU helpers"] = [
            tail
            for tail in context.project.index.names("called")
            if "gpu" in tail.lower()
            and any(word in tail.lower() for word in _HELPER_WORDS)
            and not tail.lower().startswith(("is_", "get_", "list_", "has_", "num_"))
        ]
    return known
