"""What a verdict says where a meter of the GPU sees less, or more, than the program: on made-up readings."""

import pytest

from support.made_runs import MIB, made, result_of


def said(run, **more):
    return result_of(run, **more).verification


def test_sessions_that_stay_on_a_gpu_in_graph_mode():
    leak = dict(kept={"allocator": 4 * MIB}, meters=("allocator",), counts={"sessions": 1})
    found = said(made(**leak), code="TFM502")
    assert (found["verdict"], found["kind"], found["meter"]) == ("confirmed", "retained", "allocator")
    unread = dict(leak, kept={}, meters=(), missing={"allocator": "no session yet"})
    assert said(made(**unread), code="TFM502")["verdict"] == "not-confirmed"


@pytest.mark.parametrize("kept, verdict", [({"nvml": 8 * MIB}, "confirmed"), ({}, "not-confirmed")])
def test_a_card_that_refuses_its_list_leaves_a_verdict_on_the_others(kept, verdict):
    found = said(made(kept=kept, missing={"nvml of GPU 1": "NVML: Insufficient Permissions"}))
    assert (found["verdict"], found["meter"]) == (verdict, "nvml" if kept else "host")


def test_what_others_take_on_the_card_accuses_nobody():
    # strangers, or a card that the program may not see: the whole of it grows, this process does not
    found = said(made(kept={"device": 64 * MIB}, meters=("nvml", "allocator", "device")))
    assert (found["verdict"], found["kind"]) == ("not-confirmed", None)


def test_what_workers_of_the_program_take_accuses_it():
    # their bytes are the driver's for this program; the allocator of this process knows nothing of them
    found = said(made(kept={"nvml": 20 * MIB, "device": 20 * MIB}, meters=("nvml", "allocator", "device")))
    assert (found["verdict"], found["meter"]) == ("confirmed", "nvml")
    assert found["mechanism"] == "GPU memory outside of TensorFlow's allocator"


ASYNC = {"allocator": "cuda_malloc_async keeps no account: the driver's numbers decide"}


def test_without_an_account_of_the_allocator_the_driver_decides():
    found = said(made(kept={"nvml": 2 * MIB}, meters=("nvml",), missing=ASYNC), allocator="cuda_malloc_async")
    assert (found["verdict"], found["kind"], found["meter"]) == ("confirmed", "retained", "nvml")
    pieces = {"nvml": [0, 2 * MIB, 2 * MIB, 2 * MIB, 2 * MIB, 2 * MIB, 2 * MIB, 2 * MIB]}
    assert said(made(noise=pieces, meters=("nvml",), missing=ASYNC))["verdict"] in ("not-confirmed", "bounded")


def test_a_fixed_version_is_acquitted_by_the_meter_that_accused():
    leak = made(kept={"allocator": 8 * MIB, "nvml": 8 * MIB})
    cured = said(leak, fixed=made(kept={"heap": 900}))
    assert cured["verdict"] == "confirmed" and cured["fix"]["cures"] is True
    assert cured["message"].split("; ")[1] == "fixed: no growth (0 B per repeat)"
    half = said(leak, fixed=made(kept={"allocator": 4 * MIB, "nvml": 4 * MIB}))
    assert (half["verdict"], half["fix"]["cures"]) == ("confirmed", False)
