"""Two versions of a program beside each other: what counts as the same, and what does not."""

import os
import sys
import threading
import types

import pytest

from tflint_mem.verify.child import seen
from tflint_mem.verify.child.seen import Seen
from tflint_mem.verify.child.values import described
from tflint_mem.verify.child.watch import SnippetFiles
from tflint_mem.verify.verdict.fix import proven
from tflint_mem.verify.verdict.results import OTHER, SAME, UNKNOWN, compared, differing, unsettled

numpy = pytest.importorskip("numpy")


def event(printed="", values=None, files=None, n=1):
    told = {name: described(value) for name, value in (values or {}).items()}
    return {"event": "seen", "n": n, "printed": printed, "values": told, "files": files or {}, "read": []}


SAME_PAIRS = [
    (3, 3),
    (0.1, 0.1000001),
    ("loss", "loss"),
    ("/tmp/tmpa1b2c3_d/model.keras", "/tmp/tmpz9y8x7_w/model.keras"),
    (None, None),
    ([1, 2.0, "x"], [1, 2.00001, "x"]),
    ({"a": [1.0]}, {"a": [1.00001]}),
    (numpy.float32(0.5), 0.5),
    (numpy.arange(1000.0), numpy.arange(1000.0) * (1 + 1e-6)),
    (numpy.array(["a"]), numpy.array(["a"])),
    (float("nan"), float("nan")),
    (b"x", b"x"),
    ({1, 2}, {2, 1}),
]
OTHER_PAIRS = [
    (3, 4, "`x` in repeat 1 is 4, was 3"),
    (0.9, 0.81, "is 0.81, was 0.9"),
    (3.353549, 3.3547, "is 3.3547, was 3.35355"),
    (True, False, "is False, was True"),
    ("a", "b", "is 'b', was 'a'"),
    (None, 1, "is 1, was None"),
    ([1, 2], [1, 2, 3], "is a list of 3 (1, 2, 3), was a list of 2 (1, 2)"),
    ([1], numpy.array([1]), "is an array of shape (1,) [1], was a list of 1 (1)"),
    (numpy.zeros(3), numpy.zeros(4), "is an array of shape (4,)"),
    (numpy.zeros(3), numpy.zeros(3, int), "is an array of shape (3,)"),
    (numpy.arange(5000), numpy.where(numpy.arange(5000) == 4321, -1, numpy.arange(5000)), "is an array"),
    (list(range(50)), [*range(49), 0], "is a list of 50"),
    ({"a": 1}, {"a": 2}, "`x['a']` in repeat 1 is 2, was 1"),
    ({"a": 1}, {"a": 1, "b": 2}, "is a dictionary of 2"),
    (10**6, 10**6 + 1, "is 1000001"),
]


@pytest.mark.parametrize("one, other", SAME_PAIRS)
def test_the_same(one, other):
    found = compared([event(values={"x": one})], [event(values={"x": other})])
    assert (found.verdict, found.number, found.difference) == (SAME, 1, None)


@pytest.mark.parametrize("one, other, words", OTHER_PAIRS)
def test_not_the_same(one, other, words):
    found = compared([event(values={"x": one})], [event(values={"x": other})])
    assert found.verdict == OTHER and words in str(found.difference)


@pytest.mark.parametrize(
    "one, other, same",
    [
        ("loss 0.5001\n", "loss 0.5002\n", True),
        ("loss 0.5\n", "loss 0.6\n", False),
        ("loss 0.3333\n", "loss 0.3334\n", True),  # rounded
        ("loss 0.3333\n", "loss 0.3335\n", False),
        ("loss 1.5e-3\n", "loss 1.6e-3\n", False),
        ("done in 3.2 s, 12ms/step\n", "done in 0.1 s, 3ms/step\n", True),
        ("<object at 0x7f00aa>\n", "<object at 0x7f11bb>\n", True),
        ("a\nb\n", "a\n", False),
        ("", "warning\n", False),
        ("kept 1000\n", "kept 1001\n", False),
    ],
)
def test_what_is_printed(one, other, same):
    found = compared([event(one, {"x": 1})], [event(other, {"x": 1})])
    assert (found.verdict == SAME) == same
    if not same:
        assert found.difference.where == "what is printed"


def test_files_and_names_and_repeats():
    before = [event(files={"log.txt": "0.5"}, values={"x": 1}), event(values={"x": 2}, n=2)]
    assert compared(before, [event(values={"x": 1})]).difference.where == "the file log.txt"
    assert compared(before, [event(files={"log.txt": "0.6"})]).difference.where == "the file log.txt"
    # what only one version has says nothing, and a name may move to the module
    moved = [event(files={"log.txt": "0.5"}, values={"global x": 1, "y": 3}), event(values={"global x": 3}, n=2)]
    found = compared(before, moved)
    assert found.verdict == OTHER and str(found.difference) == "`x` in repeat 2 is 3, was 2"


def test_names_of_files_with_a_time_in_them():
    one, other = (f"logs/run0/events.out.tfevents.{stamp}.0.v2" for stamp in ("1796142100.vm.2", "1796142177.vm.51"))
    values = {"x": 1}
    assert compared([event(files={one: ""}, values=values)], [event(files={other: ""}, values=values)]).verdict == SAME
    found = compared([event(files={one: ""}, values=values)], [event(files={"logs/run1/x": ""}, values=values)])
    assert found.difference.where == "the file logs/run0/events.out.tfevents.*.0.v2"


def test_what_is_read_anew_in_each_repeat():
    def repeats(read, looked=None, text=None):
        more = {} if looked is None else {"looked": looked}
        files = {} if text is None else {"m.bin": text}
        return [dict(event(values={"x": 1}, files=files, n=n), read=read, **more) for n in (1, 2)]

    where = "the file m.bin"
    # nothing writes it and nobody waits: what is read once is the same
    assert compared(repeats(["m.bin"]), repeats([])).verdict == SAME
    # it was written in between, nobody has seen what; the same text again is the same
    assert compared(repeats(["m.bin"], text=""), repeats([], text="")).difference.where == where
    assert compared(repeats(["m.bin"], text="a"), repeats([], text="a")).verdict == SAME
    # behind a wait it may be another one: to look whether it is will do
    found = compared(repeats(["m.bin"], looked=["m.bin"]), repeats([], looked=[]))
    assert (found.verdict, found.difference.where, found.difference.repeat) == (OTHER, where, 2)
    assert compared(repeats(["m.bin"], looked=["m.bin"]), repeats([], looked=["m.bin"])).verdict == SAME


def test_what_cannot_be_told_is_not_the_same():
    assert compared([], [event()]).verdict == UNKNOWN
    assert compared([event()], [event()]).verdict == UNKNOWN
    one, other, again = ([event(values={"x": value, "y": 1})] for value in (1, 2, 3))
    assert differing(one, again) == {"`x`"}
    found = compared(one, other, differing(one, again))
    assert found.verdict == UNKNOWN and "differs from run to run" in found.reason


def test_a_difference_that_was_not_run_again_is_no_verdict():
    found = unsettled(compared([event(values={"x": 1})], [event(values={"x": 2})]))
    assert (found.verdict, found.reason) == (
        UNKNOWN,
        "`x` in repeat 1 is 2, was 1, and there was no time to run it once more",
    )


def test_the_same_weights_and_another_optimizer():
    one, other = ([dict(event(), values={"net": ["model", [1.5, 2.0], [steps, 0.25]]})] for steps in (6, 12))
    found = compared(one, other)
    assert str(found.difference) == "the optimizer of `net` in repeat 1 is 12.25 in all, was 6.25 in all"
    third = [dict(event(), values={"net": ["model", [1.5, 2.5], [6, 0.25]]})]
    assert "is a model whose weights make 4 in all" in str(compared(one, third).difference)


def test_one_repeat_does_not_show_what_is_carried_on():
    once = [event(values={"x": 1})]
    assert compared(once, once, least=2).verdict == UNKNOWN
    twice = [*once, event(values={"x": 2}, n=2)]
    assert compared(twice, twice, least=2).verdict == SAME and compared(twice, once, least=2).verdict == UNKNOWN


def test_what_nobody_has_seen_is_not_compared():
    one, other = [event(files={"m.h5": ""})], [event(files={"m.h5": ""})]
    assert compared(one, other).verdict == UNKNOWN
    empty = [dict(event(), values={"x": ["object", "Net", {}], "y": ["model", [], []]})]
    assert compared(empty, empty).verdict == UNKNOWN


def test_proven_needs_all_of_it():
    good = {"cures": True, "results": SAME}
    assert proven(good, "confirmed")
    assert not proven(good, "bounded") and not proven(None, "confirmed")
    assert not proven(dict(good, cures=None), "confirmed") and not proven(dict(good, results=UNKNOWN), "confirmed")


class Net:
    def __init__(self, deep):
        self.seen, self.inner, self.call = 2, Net(deep - 1) if deep else None, lambda x: x


def test_objects_are_bounded_and_nothing_of_theirs_runs():
    found = described(Net(20))
    assert found[:2] == ["object", "Net"] and found[2]["seen"] == ["number", 2] and "call" not in found[2]
    assert str(found).count("Net") == 4

    class Loud(list):
        def __iter__(self):
            raise AssertionError("iterated")

    rows = iter([1, 2])
    described({"rows": rows, "module": sys, "function": len})
    assert next(rows) == 1
    assert described(threading.Thread()) is None and described(types.SimpleNamespace(a=1)) is None  # not the program's
    endless = []
    endless.append(endless)
    assert described(endless)[0] == "list"


def test_a_repeat_is_told_with_its_own_prints_and_files(tmp_path, capsys):
    path = tmp_path / "snippet.py"
    events, files = [], SnippetFiles(str(path), [])
    sees = Seen(events.append, files, str(tmp_path), 3)
    text = (
        "import random\n"
        "def run(sees, other):\n"
        "    for step in range(5):\n"
        "        if step: sees.repeat(__import__('sys')._getframe())\n"
        "        else: sees.first(__import__('sys')._getframe())\n"
        "        drawn = random.random()\n"
        "        print('step', step)\n"
        "        other()\n"
        "        open('row%d.txt' % step, 'w').write('row')\n"
    )
    module = types.ModuleType("snippet")
    before = sys.stdout
    here = os.getcwd()
    os.chdir(tmp_path)
    try:
        sees.begin()
        exec(compile(text, str(path), "exec"), vars(module))
        module.run(sees, lambda: print("not the snippet's"))
    finally:
        sees.end()
        os.chdir(here)
    assert sys.stdout is before and "not the snippet's" in capsys.readouterr().out
    assert [each["printed"] for each in events] == ["step 0\n", "step 1\n", "step 2\n"]
    assert [each["values"]["step"] for each in events] == [["number", 1], ["number", 2], ["number", 3]]
    assert events[0]["files"] == {"row0.txt": "row"} and len(events) == seen.MOST_REPEATS
    again = []
    sees = Seen(again.append, files, str(tmp_path), 3)
    sees.begin()
    os.chdir(tmp_path)
    try:
        module.run(sees, lambda: None)
    finally:
        sees.end()
        os.chdir(here)
    assert [each["values"]["drawn"] for each in again] == [each["values"]["drawn"] for each in events]
