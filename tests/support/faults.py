"""A command in which something was put wrong before it starts, and small files in which it finds something."""

import json
import os
import subprocess
import sys
import textwrap

LEAKY = textwrap.dedent("""\
    import tensorflow as tf


    def scores(folder, images):
        for image in images:
            model = tf.keras.models.load_model(folder)
            print(model.predict_on_batch(image))
""")
GRAPHS = textwrap.dedent("""\
    import tensorflow as tf


    def steps(batches):
        for batch in batches:
            step = tf.function(lambda x: x + 1)
            step(batch)
""")
# a program that is the command, but for what a test puts wrong before
DRIVER = """\
import sys
from tflint_mem.__main__ import main
{broken}
main()
"""


def broken(folder, fault, *arguments, timeout=120, **more):
    """The finished command in which `fault`, Python code, was put wrong."""
    program = DRIVER.format(broken=textwrap.dedent(fault))
    return subprocess.run(
        [sys.executable, "-c", program, "check", "--isolated", "--ignore", "TFM601", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=timeout,
        **more,
    )


def found(done):
    return sorted((os.path.basename(record["filename"]), record["code"]) for record in json.loads(done.stdout))
