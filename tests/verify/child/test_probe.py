"""The measuring loop and its meters, without TensorFlow."""

import gc
import os
import subprocess
import sys
import time

import pytest

from support import ROOT
from tflint_mem.finding import Finding
from tflint_mem.verify import session
from tflint_mem.verify.child import gpu, meters, runtime
from tflint_mem.verify.child.nvml import NA
from tflint_mem.verify.child.objects import Objects
from tflint_mem.verify.child.plan import Plan
from tflint_mem.verify.child.probe import Done, Probe
from tflint_mem.verify.containment.run import Run
from tflint_mem.verify.plan.options import Options
from tflint_mem.verify.report import text
from tflint_mem.verify.verdict import measured as numbers_of
from tflint_mem.verify.verdict import memory, objections, speed, units
from tflint_mem.verify.verdict.result import Result


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def measured(body, source=(1, 2, 3), clock=None, **plan):
    """Runs `for x in repeat(source): body(x)` under a probe; returns (events, probe)."""
    events = []
    plan = dict(dict(seconds=0.3, least=6, most=20, blocks=4, clear=False), **plan)
    probe = Probe(events.append, Plan(**plan), clock=clock) if clock else Probe(events.append, Plan(**plan))
    try:
        while probe.again():
            for element in probe.repeat(source):
                body(element)
    except Done:
        pass
    return events, probe


def of(events, kind):
    return [event for event in events if event["event"] == kind]


def run_of(events, status="done"):
    return Run(status, events, 1.0, 0, 0, "")


def test_phases_come_in_order():
    events, _ = measured(lambda x: None)
    phases = [event["phase"] for event in of(events, "sample")]
    assert phases == sorted(phases, key=["warm", "loop", "again"].index)
    assert [event["at"] for event in of(events, "settled")] == ["base", "loop", "block", "block", "block", "block"]
    assert 20 <= of(events, "raw")[0]["n"] == phases.count("loop") <= 22
    # settled only where a pass over the three elements ends
    done = [0]
    for event in of(events, "settled"):
        done.append(done[-1] + event["n"])
    assert all(number % 3 == 0 for number in done)
    assert events[-1] == dict(events[-1], event="end", reason="done")


def test_elements_are_served_again_and_lambdas_anew():
    seen = []
    measured(seen.append, source=("a", "b"))
    assert seen[:5] == ["a", "b", "a", "b", "a"]
    made = []
    _, probe = measured(lambda x: None, source=lambda: made.append(1) or iter((1, 2, 3)))
    assert len(made) == pytest.approx(probe.repeats / 3, abs=1)


def test_one_shot_iterators_are_remembered_when_small():
    _, probe = measured(lambda x: None, source=iter(["a", "b"]))
    assert probe.repeats > 20


def test_large_elements_of_a_one_shot_iterator_are_not_kept():
    events, probe = measured(lambda x: None, source=iter([bytearray(10000) for _ in range(5)]))
    assert probe.repeats == 5
    assert events[-1]["reason"] == "exhausted"


def test_varying_elements_are_served_once_and_short_counts_go_on():
    seen = []
    _, probe = measured(seen.append, source=range(3, 7), vary=True)
    assert seen == list(range(3, 3 + len(seen))) and probe.extended
    seen.clear()
    events, probe = measured(seen.append, source=["x%d" % number for number in range(12)], vary=True)
    assert seen == ["x%d" % number for number in range(12)] and not probe.extended
    assert events[-1]["reason"] in ("exhausted", "done")
    assert len(of(events, "settled")) >= 4


def test_keys_need_other_numbers_and_what_they_stand_for_the_same():
    seen = []
    _, probe = measured(seen.append, source=(0.3, 0.1, 0.03), keyed=True)
    assert len(set(seen)) == len(seen) > 6 and probe.extended
    assert all(abs(number / (0.3, 0.1, 0.03)[index % 3] - 1) < 1e-4 for index, number in enumerate(seen))
    for source in ((32, 16, 8), ("sgd", "adam"), (0.1, 0.1)):  # of these no others are known
        seen.clear()
        _, probe = measured(seen.append, source=source, keyed=True)
        assert set(seen) == set(source) and not probe.extended


def test_on_a_busy_machine_the_phases_fit_into_what_is_left():
    plan = Plan(seconds=8, ends=time.time() + 5)
    plan.fit_into_the_rest()
    assert 1.5 < plan.seconds < 2.1
    # collections take their time too: as few of them as can prove anything
    plan = Plan(seconds=8, blocks=6, ends=time.time() + 30)
    plan.fit_into_the_rest(1.0)
    assert plan.blocks == 6 and plan.seconds == 8
    plan.fit_into_the_rest(4.0)
    assert plan.blocks == 3 and 3.5 < plan.seconds < 4.1
    for plan in (Plan(seconds=8), Plan(seconds=8, ends=time.time() + 60)):
        plan.fit_into_the_rest()
        assert plan.seconds == 8


def test_two_repeats_are_looked_at_however_slow_they_are():
    class Looks:
        repeats, ended = 0, 0

        def first(self, frame):
            self.began = frame.f_code.co_name

        def repeat(self, frame):
            self.repeats += not self.ended

        def end(self):
            self.ended = self.ended or self.repeats

    clock = Clock()
    probe = Probe(lambda event: None, Plan(seconds=2, least=6, most=20, blocks=3, clear=False), clock=clock)
    probe.seen = Looks()
    try:
        for _ in probe.repeat(range(1000)):
            clock.now += 1.5  # one of them is warm enough
    except Done:
        pass
    assert probe.seen.ended == 2 and probe.seen.began == "test_two_repeats_are_looked_at_however_slow_they_are"


def test_a_round_of_the_outer_loop_is_paid_for_by_its_first_repeat():
    clock, events = Clock(), []
    probe = Probe(events.append, Plan(protocol="speed", seconds=30, rounds=True, clear=False), clock=clock)
    try:
        while probe.again():
            while True:
                clock.now += 1.0
                for _ in probe.repeat((1, 2, 3)):
                    clock.now += 0.1
    except Done:
        pass
    busy = [round(event["busy"], 3) for event in of(events, "sample")]
    assert busy[:6] == [0.1, 0.1, 0.1, 1.1, 0.1, 0.1] and set(busy) == {0.1, 1.1}


def test_numbers_of_a_long_range_are_not_extended():
    seen = []
    _, probe = measured(seen.append, source=range(16), vary=True)
    assert max(seen) < 16 and not probe.extended


def test_lengths_are_known_below_enumerate_and_zip():
    seen = []
    names = ["x%d" % number for number in range(30)]
    events, probe = measured(seen.append, source=lambda: enumerate(zip(names, iter(range(40)))), vary=True)
    assert [number for number, _ in seen] == list(range(len(seen))) and not probe.extended
    # enough of the 30 elements are left for both phases
    assert [event["at"] for event in of(events, "settled")].count("block") >= 4


def test_a_length_that_cannot_be_told_is_no_error():
    class Unknown:
        def __len__(self):
            raise TypeError("the length is unknown")

        def __iter__(self):
            return iter(["a", "b"])

    for vary in (False, True):
        _, probe = measured(lambda x: None, source=Unknown(), vary=vary)
        assert probe.repeats == 2 if vary else probe.repeats > 20


def test_slow_repeats_get_fewer_of_them_and_still_two_phases():
    clock = Clock()

    def slow(x):
        clock.now += 3.0

    events, probe = measured(slow, clock=clock, seconds=8.0, least=8, most=1000)
    assert probe.repeats <= 10
    assert [event["at"] for event in of(events, "settled")].count("block") == 3


def test_a_loop_that_is_left_at_once_does_not_repeat():
    events = []
    probe = Probe(events.append, Plan(seconds=0.2, clear=False))
    while probe.again():
        for _ in probe.repeat([1, 2, 3]):
            break
    assert events[-1]["reason"] == "leaves" and probe.left_at_once


def test_an_empty_loop_ends():
    events = []
    probe = Probe(events.append, Plan(seconds=0.2, clear=False))
    while probe.again():
        for _ in probe.repeat([]):
            pass
    assert events[-1] == dict(events[-1], reason="exhausted", repeats=0)


def test_except_exception_does_not_stop_the_end():
    def swallowing(element):
        try:
            return element
        except Exception:
            return None

    events, probe = measured(swallowing)
    assert probe.finished


def test_the_soft_limit_ends_a_phase_early():
    kept = []
    events, probe = measured(lambda x: kept.append(bytearray(1 << 20)), seconds=60, most=100000, soft_limit=1)
    assert probe.repeats < 30
    assert events[-1]["reason"] == "done"


def test_kept_bytes_are_retained_and_garbage_is_deferred():
    kept = []
    events, _ = measured(lambda x: kept.append(bytearray(200_000)), seconds=1.0)
    numbers = numbers_of.Measured(run_of(events))
    judged = memory.judge_memory(numbers, run_of(events))
    assert (judged.verdict, judged.kind) == ("confirmed", "retained")
    assert numbers.host.retained.value == pytest.approx(200_000, rel=0.1)
    assert numbers.host.retained.rises

    class Cycle:
        def __init__(self):
            self.me, self.weights = self, bytearray(500_000)

    gc.collect()
    gc.disable()
    try:
        events, _ = measured(lambda x: Cycle(), seconds=1.0)
    finally:
        gc.enable()
    numbers = numbers_of.Measured(run_of(events))
    judged = memory.judge_memory(numbers, run_of(events))
    assert (judged.verdict, judged.kind) == ("confirmed", "deferred")
    assert abs(numbers.host.retained.value) < 20_000


def test_one_large_repeat_is_no_garbage_that_waits():
    class Cycle:
        def __init__(self, size):
            self.me, self.weights = self, bytearray(size)

    def body(size):
        gc.collect()
        Cycle(size)

    gc.collect()
    gc.disable()
    try:
        events, _ = measured(body, source=[200_000, 400_000, 800_000, 1_600_000, 3_200_000, 6_400_000], seconds=1.0)
    finally:
        gc.enable()
    judged = memory.judge_memory(numbers_of.Measured(run_of(events)), run_of(events))
    assert judged.verdict != "confirmed", judged


def test_nothing_kept_is_not_confirmed():
    events, _ = measured(lambda x: bytearray(300_000), seconds=1.0)
    judged = memory.judge_memory(numbers_of.Measured(run_of(events)), run_of(events))
    assert judged.verdict == "not-confirmed"


def test_a_cache_that_fills_is_bounded():
    cache = {}

    def body(x):
        key = len(cache)
        if key < 60:
            cache[key] = bytearray(100_000)

    events, _ = measured(body, seconds=1.0, most=200, least=150)
    judged = memory.judge_memory(numbers_of.Measured(run_of(events)), run_of(events))
    assert judged.verdict in ("bounded", "not-confirmed")


def test_few_spelled_out_repeats_are_bounded():
    kept = []
    events, _ = measured(lambda x: kept.append(bytearray(200_000)), seconds=1.0)
    judged = memory.judge_memory(numbers_of.Measured(run_of(events)), run_of(events))
    assert objections.limited(judged, 3).verdict == "bounded"
    assert objections.limited(judged, 5).verdict == "confirmed"
    # 200 kB for each of few repeats: one megabyte at most, and then it is over; files that stay open are another matter
    numbers = numbers_of.Measured(run_of(events))
    assert objections.limited(judged, 5, numbers).verdict == "confirmed"
    numbers.heap.retained.value /= 4
    little = objections.limited(judged, 5, numbers)
    assert little.verdict == "bounded" and little.message.endswith("5 repeats in all, 244 KiB")
    judged.mechanism = "open files"
    assert objections.limited(judged, 5, numbers).verdict == "confirmed"
    assert objections.limited(judged, None).verdict == "confirmed"


def test_speed_needs_a_clear_difference():
    class Times:
        def __init__(self, *times):
            self.times = numbers_of.Times(*times)

    slow, quick, middling = Times(0.040, 0.038, 0.045), Times(0.002, 0.0019, 0.003), Times(0.030, 0.02, 0.05)
    assert speed.judge_speed(slow, quick).verdict == "confirmed"
    assert speed.judge_speed(slow, middling).verdict == "not-confirmed"
    assert speed.judge_speed(slow, None).verdict == "not-confirmed"
    assert "20.0 times" in speed.judge_speed(slow, quick).message
    unsure = speed.judge_speed(slow, Times(0.002, 0.0019, 0.05))
    assert unsure.undecided and unsure.message.endswith("20.0 times as long, but the times overlap")


def test_readings_are_numbers_or_say_why():
    host = meters.HostMemory()
    assert host.resident() > 1 << 20
    assert host.peak() >= host.resident() * 0.5
    current, peak = gpu.Allocator().read()
    assert isinstance(current, NA) and isinstance(peak, NA)
    assert not runtime.context_started()
    counts = Objects().count()
    assert counts["models"] == 0 and counts["open files"] > 0 if os.path.isdir("/proc/self/fd") else True


def test_what_a_gpu_says_and_what_it_does_not_is_shown():
    events = [
        {
            "event": "sample",
            "phase": "loop",
            "t": float(number),
            "busy": 0.1,
            "rss": 1000,
            "heap": 1000,
            "allocator": 1000 + 4096 * number,
            "na": {"nvml": "the driver does not list this process", "device": "not available"},
        }
        for number in range(12)
    ]
    measured = numbers_of.Measured(run_of(events))
    finding = Finding(
        code="TFM204",
        name="tensors-accumulated",
        group="leak",
        severity="warning",
        message="",
        path="a.py",
        start=(1, 1),
        end=(1, 1),
    )
    verification = {
        "verdict": "confirmed",
        "kind": None,
        "mechanism": None,
        "iterations": 12,
        "seconds": 1.0,
        "message": "it grows",
        "stand_ins": [],
        "needs": [],
    }
    shown = "\n".join(
        text.rows(Result(finding.replace(verification=dict(verification, device="GPU (one)")), measured), width=200)
    )
    assert "NVML, this process: not measured (the driver does not list this process)" in shown
    assert "NVML, all processes: not measured (not available)" in shown
    assert "TensorFlow's allocator: +4.0 KiB per repeat" in shown
    assert "NVML" not in "\n".join(
        text.rows(Result(finding.replace(verification=dict(verification, device="CPU")), measured))
    )


def test_others_on_the_gpu_are_named_before_anything_runs():
    facts = {
        "tensorflow": "2.21.0",
        "gpus": ["/physical_device:GPU:0"],
        "driver_gpus": [{"name": "one"}],
        "shared_with": 2,
        "isolated": None,
    }
    assert session.announcement([], Options(), facts).endswith(
        "2 other processes use the GPU; what they hold is not counted."
    )
    assert "other process" not in session.announcement([], Options(device="cpu"), facts)
    assert "other process" not in session.announcement([], Options(), dict(facts, shared_with=0))


def test_heap_counts_what_malloc_handed_out():
    heap = meters.Heap()
    before = heap.in_use()
    if isinstance(before, NA):
        pytest.skip(before.reason)
    block = bytearray(50 << 20)
    assert heap.in_use() - before == pytest.approx(50 << 20, rel=0.01)
    del block
    assert heap.in_use() - before < 1 << 20


def test_nothing_heavy_is_imported():
    program = (
        "import sys; sys.path.insert(0, %r); import tflint_mem.verify.command, tflint_mem.verify.session, tflint_mem.verify.report.html_page;"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'tensorflow', 'numpy', 'libcst', 'pynvml', 'rich'}))"
        % str(ROOT)
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize(
    "value, text",
    [
        (0, "0 B"),
        (999, "999 B"),
        (1536, "1.5 KiB"),
        (952_000, "930 KiB"),
        (4.1 * 2**20, "4.1 MiB"),
        (-2048, "-2.0 KiB"),
    ],
)
def test_sizes(value, text):
    assert units.size(value) == text


@pytest.mark.parametrize("value, text", [(2.5, "2.5 s"), (0.041, "41 ms"), (0.0021, "2.1 ms"), (0.00012, "120 us")])
def test_durations(value, text):
    assert units.duration(value) == text


def test_a_flagged_line_that_is_reached_late_is_waited_for():
    events, seen, calls, clock, filled = [], [], [], Clock(), []

    def emit(event):
        events.append(dict(event, after=len(filled)))

    probe = Probe(emit, Plan(seconds=0.3, least=6, most=20, blocks=2, clear=False), clock=clock)
    probe.still_unseen = lambda: not seen
    probe.on_check, probe.on_seen = lambda: calls.append("look"), lambda: calls.append("stop")
    with pytest.raises(Done):
        for _ in probe.repeat(range(1000000000)):
            clock.now += 0.01
            filled.append(1)
            if len(filled) == 300:
                seen.append(1)
    assert calls == ["look", "stop"]
    # measured only after that
    assert of(events, "settled")[0]["after"] > 300 and of(events, "end")[0]["reason"] == "done"


def test_and_given_up_when_it_is_not_reached():
    events, clock = [], Clock()
    probe = Probe(events.append, Plan(seconds=0.3, least=6, most=20, blocks=2, clear=False), clock=clock)
    probe.still_unseen, probe.on_check, probe.on_seen = lambda: True, lambda: None, lambda: None
    with pytest.raises(Done):
        for _ in probe.repeat(range(1000000000)):
            clock.now += 0.1
    assert not of(events, "settled") and 8 <= clock.now < 9


def test_views_into_an_interpreter_are_counted_and_copies_are_not():
    numpy = pytest.importorskip("numpy")

    class InterpreterWrapper:
        def __init__(self):
            self.memory = numpy.zeros(8)

        @property
        def __array_interface__(self):
            return self.memory.__array_interface__

    class Interpreter:
        __module__ = "tensorflow.lite.python.interpreter"

    objects, alive, wrapper = Objects(), Interpreter(), InterpreterWrapper()
    before = objects.count()["interpreter views"]
    kept = [numpy.asarray(wrapper), numpy.asarray(wrapper).copy(), wrapper.memory]
    kept.append(("name", numpy.asarray(wrapper)))
    gc.collect()
    assert objects.count()["interpreter views"] == before + 2 and alive is not None
