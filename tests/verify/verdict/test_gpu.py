"""Verdicts on what a GPU would show, on made-up readings: no GPU is needed to know what would be said."""

import pytest

from support.made_runs import FLAT, MIB, made, result_of
from tflint_mem.verify.containment.run import Run
from tflint_mem.verify.plan.options import Options
from tflint_mem.verify.report import chart, text
from tflint_mem.verify.verdict import memory, objections
from tflint_mem.verify.verdict.measured import Measured

OOM = {"type": "ResourceExhaustedError", "message": "OOM when allocating tensor with shape[512,512]"}


def judged(run):
    return memory.judge_memory(Measured(run), run)


def test_flat_meters_confirm_nothing():
    found = judged(made())
    assert (found.verdict, found.meter) == ("not-confirmed", "host")


def test_growth_on_the_driver_alone_is_confirmed():
    found = judged(made(kept={"nvml": 8 * MIB}))
    assert (found.verdict, found.kind, found.meter) == ("confirmed", "retained", "nvml")
    assert found.mechanism == "GPU memory outside of TensorFlow's allocator"
    assert found.message == "8.0 MiB stay per repeat after a collection on the GPU, as the driver counts"
    alone = judged(made(kept={"nvml": 8 * MIB}, meters=("nvml",), missing={"allocator": "no account"}))
    assert (alone.verdict, alone.meter, alone.mechanism) == ("confirmed", "nvml", "GPU memory")


def test_the_allocator_tells_more_than_the_driver():
    found = judged(made(kept={"nvml": 8 * MIB, "allocator": 8 * MIB, "heap": 20000}))
    assert (found.verdict, found.meter) == ("confirmed", "allocator")


def test_a_pool_that_grows_now_and_then_is_no_leak():
    steps = [0, 0, 0, 64 * MIB, 64 * MIB, 64 * MIB, 64 * MIB, 64 * MIB]
    assert judged(made(noise={"nvml": steps})).verdict == "not-confirmed"


def test_garbage_on_the_gpu_with_a_flat_host():
    found = judged(made(loop=60, garbage={"allocator": 100 * MIB, "nvml": 0}, raw_counts={"models": 1, "variables": 4}))
    assert (found.verdict, found.kind, found.meter) == ("confirmed", "deferred", "allocator")
    assert (
        "100 MiB of garbage per repeat wait for a late collection on the GPU" in found.message
        and "5.9 GiB" in found.message
    )


def test_garbage_in_a_pool_that_only_the_driver_sees():
    run = made(loop=60, garbage={"nvml": 100 * MIB}, meters=("nvml",), raw_counts={"models": 1})
    for event in run.events:  # the pool gives nothing back
        if (
            event["event"] == "settled"
            and event["at"] != "base"
            or event["event"] == "sample"
            and event["phase"] == "again"
        ):
            event["nvml"] = FLAT + 60 * 100 * MIB
    found = judged(run)
    assert (found.verdict, found.kind, found.meter) == ("confirmed", "deferred", "nvml")
    # the same pool with the allocator's word that nothing of it is in use
    calm = made(loop=60)
    for event, other in zip(calm.events, run.events):
        if "nvml" in other:
            event["nvml"] = other["nvml"]
    assert judged(calm).verdict == "not-confirmed"


def test_the_repeats_of_the_code_are_counted_on_the_meter_that_decided():
    run = made(kept={"allocator": 100 * MIB})
    found = objections.limited(judged(run), 50, Measured(run))
    assert (found.verdict, found.meter) == ("confirmed", "allocator")
    little = made(kept={"allocator": 64 * 1024})
    bounded = objections.limited(judged(little), 6, Measured(little))
    assert bounded.verdict == "bounded" and bounded.message.endswith("6 repeats in all, 384 KiB")


@pytest.mark.parametrize(
    "error",
    [
        OOM,
        {"type": "InternalError", "message": "CUDA_ERROR_OUT_OF_MEMORY: out of memory"},
        {"type": "_ArrayMemoryError", "message": "Unable to allocate 2.00 GiB for an array"},
    ],
)
def test_running_out_of_memory_while_it_grows_is_confirmed(error):
    for kept in ({"allocator": 100 * MIB}, {"nvml": 100 * MIB}, {"heap": 4 * MIB}):
        found = judged(made(loop=30, blocks=0, kept=kept, status="error", error=error))
        assert found.verdict == "confirmed" and "ran out of memory after 33 repeats" in found.message, found
        assert "in `step()`" in found.message and found.meter in (*kept, "host")


def test_running_out_without_growth_has_a_reason_of_its_own():
    said = result_of(made(loop=30, blocks=0, status="error", error=OOM)).verification
    assert said["verdict"] == "not-runnable"
    assert said["needs"] == [
        "more memory: it ran out after 33 repeats that did not grow: ResourceExhaustedError: "
        "OOM when allocating tensor with shape[512,512] in `step()`"
    ]


def test_another_exception_after_flat_repeats_is_shown():
    error = {"type": "ValueError", "message": "too long"}
    said = result_of(made(loop=30, blocks=0, status="error", error=error)).verification
    assert said["verdict"] == "not-confirmed" and said["message"].endswith("; then ValueError: too long in `step()`")


def test_an_exception_before_growth_was_settled_acquits_nobody():
    error = {"type": "ValueError", "message": "too long"}
    said = result_of(made(loop=30, blocks=0, kept={"heap": 200_000}, status="error", error=error)).verification
    assert said["verdict"] == "not-runnable" and "ValueError: too long" in said["message"]


def test_the_fixed_figure_and_the_curve_are_those_of_the_meter_that_decided():
    result = result_of(made(kept={"nvml": 8 * MIB, "heap": 1}), fixed=made(kept={"nvml": 100 * 1024}))
    assert result.verification["meter"] == "nvml"
    assert result.verification["message"].endswith("; fixed: no growth (100 KiB per repeat)")
    shown = "\n".join(text.rows(result, width=300))
    assert "+8.0 MiB per repeat, 8.0 MiB stay" in shown
    assert text.curve_of(result.flagged, "nvml") == result.flagged.curves["nvml"]
    from tflint_mem.verify.report import html_page

    page = html_page._picture(result)
    assert "GPU memory, as the driver counts" in page and "device" not in page
    assert chart.MIB


def test_few_repeats_on_a_busy_machine_leave_it_undecided():
    noise = {"heap": [0, 3 * MIB, 0, 3 * MIB, 0]}
    leak = dict(loop=4, blocks=3, each=1, kept={"heap": MIB}, noise=noise)
    said = result_of(made(**leak, slow=True)).verification
    assert said["verdict"] == "not-runnable" and said["undecided"] is True
    assert said["message"].startswith("undecided: too few repeats") and "--verify-timeout" in said["needs"][0]
    # time for more of them, and the same leak is found; and without it, nothing
    assert judged(made(loop=40, each=10, kept={"heap": MIB}, noise=noise)).verdict == "confirmed"
    assert judged(made(loop=4, blocks=3, each=1, slow=True)).verdict == "not-confirmed"
    cut = made(loop=8, blocks=0, kept={"heap": 100_000}, status="timeout")
    assert judged(cut).undecided
    assert judged(made(loop=8, blocks=0, status="timeout")).verdict == "not-confirmed"


def test_time_cuts_off_no_verdict():
    # growth that time stopped may still stop by itself, a leak of few repeats may be noise
    assert judged(made(loop=5, blocks=0, kept={"heap": 3 * MIB}, status="timeout")).undecided
    assert judged(made(loop=30, blocks=0, kept={"heap": 3 * MIB}, status="timeout")).undecided
    for how, kind in (("kept", "retained"), ("garbage", "deferred")):
        found = judged(made(loop=30, blocks=1, each=2, status="timeout", **{how: {"heap": 3 * MIB}}))
        assert (found.verdict, found.kind) == ("confirmed", kind)
    # objects of the first repeats may be what they set up, unless the code has no more of them
    graphs = dict(loop=4, blocks=1, each=1, kept={"heap": 60_000}, counts={"graphs": 1})
    assert judged(made(**graphs)).undecided and judged(made(**graphs, slow=True)).undecided
    counted = made(**graphs)
    counted.last("end")["counted"] = True
    assert judged(counted).verdict == "confirmed"
    small = dict(kept={"heap": 20_000}, loop=10, each=2)
    assert judged(made(**small)).undecided
    assert judged(made(**dict(small, loop=60, each=20))).verdict == "confirmed"
    # garbage that nothing has collected yet
    waiting = dict(garbage={"heap": 80_000}, raw_counts={"models": 1}, each=2)
    assert judged(made(loop=9, **waiting)).undecided
    assert judged(made(loop=40, **waiting)).verdict == "confirmed"
    # where the code counts its elements, there is no more to wait for
    run = made(**small)
    run.last("end")["counted"] = True
    assert judged(run).verdict == "not-confirmed"


def test_what_came_back_each_time_does_not_hang():
    said = result_of(made(loop=2, blocks=0, kept={"heap": 3 * MIB}), code="TFM702").verification
    assert (said["verdict"], said["message"]) == ("not-confirmed", "2 repeats that came back")


def test_a_fix_cures_its_own_line_where_something_else_grows_too():
    leak = made(kept={"heap": 3 * MIB}, counts={"models": 1})
    other = made(kept={"heap": MIB}, counts={"models": 0})
    said = result_of(leak, code="TFM105", fixed=other).verification
    assert (said["verdict"], said["fix"]["cures"]) == ("confirmed", True)
    assert "; fixed: no models stay; of something else 1.0 MiB stay per repeat" in said["message"]
    assert result_of(leak, code="TFM204", fixed=other).verification["fix"]["cures"] is False
    as_much = made(kept={"heap": 3 * MIB}, counts={"models": 0})
    assert result_of(leak, code="TFM105", fixed=as_much).verification["fix"]["cures"] is False
    # what stays is gone, and garbage waits as before
    calm = made(kept={"heap": 9_000}, garbage={"heap": MIB}, raw_counts={"models": 1})
    said = result_of(leak, code="TFM106", fixed=calm).verification
    assert said["fix"]["cures"] and "; fixed: 8.8 KiB per repeat stay; of something else 1.0 MiB of" in said["message"]
    more = made(kept={"heap": 9_000}, garbage={"heap": 4 * MIB}, raw_counts={"models": 1})
    assert result_of(leak, code="TFM106", fixed=more).verification["fix"]["cures"] is False
    half = made(kept={"heap": MIB}, counts={"models": 1})
    said = result_of(leak, code="TFM105", fixed=half).verification
    assert said["fix"]["cures"] is False and "; the fixed version grows too: " in said["message"]


def test_no_verdict_after_no_repeat():
    run = made(loop=0, blocks=0, status="exhausted")
    said = result_of(run).verification
    assert said["verdict"] == "not-runnable" and "before anything was measured" in said["message"]


def test_reserved_memory_of_a_hidden_process_is_the_difference():
    hidden = {"nvml": "the driver does not list this process"}

    def once(held):
        run = made(loop=0, blocks=0, meters=("device",), missing=hidden, before=2 * 1024 * MIB)
        for event in run.events:
            if event["event"] == "sample":
                event["device"] = 2 * 1024 * MIB + held
        return run

    said = result_of(once(30 * 1024 * MIB), code="TFM601", fixed=once(600 * MIB)).verification
    assert said["verdict"] == "confirmed" and "before and after: the driver hides this process" in said["message"]
    assert "30.0 GiB reserved by one operation, 600 MiB with memory growth" in said["message"]


def test_what_grows_in_the_fixed_version_too_is_not_this_line():
    leak, half = made(kept={"heap": MIB}), made(kept={"heap": MIB // 2})
    said = result_of(leak, fixed=made(kept={"heap": MIB})).verification
    assert said["verdict"] == "not-confirmed"
    assert (
        said["message"]
        == "1.0 MiB stay per repeat, and 1.0 MiB in the fixed version: something else grows here, not what is flagged"
    )
    assert result_of(leak, fixed=half).verification["verdict"] == "confirmed"
    assert result_of(leak, fixed=made()).verification["message"].endswith("; fixed: no growth (0 B per repeat)")
    # as many bytes, and yet the models are gone
    models = made(kept={"heap": MIB}, counts={"models": 1})
    assert result_of(models, fixed=made(kept={"heap": MIB})).verification["verdict"] == "confirmed"


def test_a_fixed_version_that_raises_is_said():
    error = {"type": "TypeError", "message": "missing argument"}
    said = result_of(made(kept={"heap": MIB}), fixed=made(loop=5, blocks=0, status="error", error=error)).verification
    assert said["verdict"] == "confirmed"
    assert said["message"].endswith(
        "; the fixed version raises after 8 repeats: TypeError: missing argument in `step()`"
    )

    at_once = Run(
        "error", [dict(error, event="error", where="snippet", repeats=0, own=True, row=1, line="step()")], 1.0, 0, 0, ""
    )
    assert (
        result_of(made(kept={"heap": MIB}), fixed=at_once)
        .verification["message"]
        .endswith("; the fixed version does not run: TypeError: missing argument in `step()`")
    )
    both = result_of(at_once, fixed=made()).verification
    assert both["verdict"] == "not-runnable" and both["message"].endswith("; the fixed version runs")


@pytest.mark.parametrize("graphs, verdict", [(0, "not-runnable"), (3, "not-confirmed")])
def test_a_traced_function_that_is_never_called_is_no_evidence(graphs, verdict):
    run = made()
    for event in run.events:
        if "counts" in event:
            event["counts"]["graphs"] = graphs
    said = result_of(run, code="TFM302").verification
    assert said["verdict"] == verdict
    assert ("never called" in said["message"]) == (graphs == 0)


def test_the_same_stand_ins_each_time_acquit_no_retracing():
    run = made(counts={"graphs": 0})
    for event in run.events:
        if "counts" in event:
            event["counts"]["graphs"] = 1
    said = result_of(run, code="TFM302", same=True).verification
    assert said["verdict"] == "not-runnable" and said["undecided"] and "its caller's choice" in said["needs"][0]
    assert result_of(run, code="TFM302").verification["verdict"] == "not-confirmed"
    assert result_of(run, code="TFM204", same=True).verification["verdict"] == "not-confirmed"


def test_two_gpus_are_needed_where_they_are_to_differ():
    from tflint_mem.finding import Finding
    from tflint_mem.verify.experiment import verify_finding

    finding = Finding(
        code="TFM602", name="x", group="config", severity="error", message="m", path="a.py", start=(1, 1), end=(1, 1)
    )
    said = verify_finding(finding, None, Options(), {"gpus": ["GPU:0"], "driver_gpus": []}).verification
    assert said["verdict"] == "not-runnable" and said["needs"][0].startswith("a second GPU")


def test_a_card_that_refuses_its_list_is_named():
    run = made(missing={"nvml of GPU 1": "NVML: Insufficient Permissions"})
    shown = "\n".join(text.rows(result_of(run), width=200))
    assert "NVML, GPU 1: not in these numbers (NVML: Insufficient Permissions)" in shown
    assert "NVML, this process: +0 B per repeat" in shown


def test_a_page_of_the_pool_does_not_leave_a_slow_run_undecided():
    step = {"nvml": [0, 0, 0, 64 * MIB, 64 * MIB]}
    assert judged(made(loop=4, blocks=3, each=1, slow=True, noise=step)).verdict == "not-confirmed"
    assert judged(made(loop=4, blocks=3, each=1, slow=True, noise=step, meters=("nvml",))).undecided


@pytest.mark.parametrize("start, words, cures", [(5.0, "it still hangs", False), (30.0, "too slow here to tell", None)])
def test_a_worker_that_starts_slowly_is_not_said_to_hang(start, words, cures):
    def hanging(start):
        raised = {"event": "watched", "reached": True, "raised": ["TimeoutError"]}
        begin = {"event": "begin", "wall": 1000.0 + start, "tensorflow": True}
        run = made(loop=2, blocks=0)
        return Run("done", [*run.events, begin, raised], start + 20, 0, 0, "", ended=1020.0 + start)

    said = result_of(hanging(5.0), code="TFM702", fixed=hanging(start)).verification
    assert said["verdict"] == "confirmed" and said["message"].endswith(f"; fixed: {words}")
    assert said["fix"]["cures"] is cures
