"""Waits that are cut, and files that are read, in the first repeats of a snippet."""

import os
import threading
import time

from tflint_mem.verify.child.reads import Reads
from tflint_mem.verify.child.waits import Waits
from tflint_mem.verify.child.watch import SnippetFiles


def test_only_long_waits_of_the_snippet_s_own_repeats_are_cut(tmp_path):
    path, told, repeating = str(tmp_path / "snippet.py"), [], [False]
    run = {"sleep": None}
    exec(compile("def wait(seconds):\n    import time\n    time.sleep(seconds)\n", path, "exec"), run)
    asked = []
    real, time.sleep = time.sleep, asked.append
    try:
        with Waits(told.append, SnippetFiles(path, []), lambda: repeating[0]) as waits:
            run["wait"](5)
            repeating[0] = True
            assert not waits.taken()
            run["wait"](0.2)
            time.sleep(7)  # a library's
            thread = threading.Thread(target=run["wait"], args=(9,))
            thread.start()
            thread.join()
            run["wait"](60)
            run["wait"](60)
            assert waits.taken() and not waits.taken()
        assert asked == [5, 0.2, 7, 9, 0.01, 0.01] and time.sleep == asked.append
    finally:
        time.sleep = real
    assert [each["text"] for each in told] == ["time.sleep: in the repeats waits of 1 s and more are cut to 10 ms"]


def test_what_is_read_and_what_is_looked_at(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    for name in ("model.bin", "asked.bin", "code.py"):
        (work / name).write_bytes(b"1")
    before = open, os.stat
    reads = Reads(str(work))
    reads.begin()
    try:
        with open(work / "model.bin", "rb"), open(work / "new.txt", "w"), open(work / "code.py"):
            os.path.exists(work / "asked.bin")
        with open("/proc/self/status"), open(os.__file__):
            pass
        found = reads.taken()
        assert reads.taken() == ([], [])
    finally:
        reads.end()
    assert found == (["model.bin"], ["asked.bin", "model.bin"])
    assert (open, os.stat) == before
