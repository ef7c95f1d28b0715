"""Questions about the whole project that lead into each other end, however many stand in a row."""

import subprocess
import sys

COUNT = 400


def test_a_long_chain_of_questions_in_each_other_is_no_fault(tmp_path):
    """Who calls `step0` is found by what `made1()` holds, which depends on who calls `step1`, and so on."""
    rows = ["import tensorflow as tf", "", ""]
    for number in range(COUNT):
        rows += [
            f"class Part{number}:",
            f"    def step{number}(self, given):",
            f"        return given.step{number + 1}(given)",
            "",
            "",
        ]
    rows += [
        f"class Part{COUNT}:",
        f"    def step{COUNT}(self, given):",
        "        return tf.keras.models.load_model(given)",
        "",
        "",
    ]
    rows += ["def run(part):", "    while True:", "        part.step0(part)", ""]
    (tmp_path / "parts.py").write_text("\n".join(rows))
    command = [sys.executable, "-m", "tflint_mem", "check", "--isolated", "--no-cache", "--pedantic", "parts.py"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode in (0, 1) and done.stderr == "", done.stderr[-500:]
