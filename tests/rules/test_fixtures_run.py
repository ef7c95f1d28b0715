"""Every fixture pair really runs under TensorFlow, and where a count can show it, the leaky one leaks.

What grows is counted (models, registry entries, symbolic tensors), never read from the resident set: the same
numbers come out on every machine.  Needs an installed TensorFlow; see `fixture_zygote.py` for how scripts run.
"""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from support import FIXTURES, ROOT

SECONDS = 60  # a fixture takes one to five; a loaded machine may be slow

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="scripts run in forked processes"),
]

ADVICE = sorted(FIXTURES.glob("TFM*/advice_*.py"))  # what a help text says to do, done
SCRIPTS = sorted(script for name in ("leaky.py", "fixed.py") for script in FIXTURES.glob(f"TFM*/{name}"))

# rule: (meter of fixture_zygote.py, by how much leaky.py must end above fixed.py)
GROWS = {
    "TFM101": ("models_waiting", 14),  # 8 loads of a Sequential (and the functional model inside it) against 1
    "TFM102": ("custom_gradients", 5),  # one registry entry per first fit of a compiled model: 6 against 1
    "TFM103": ("models_waiting", 10),  # 6 requests against 1 load
    "TFM104": ("keras_tensors_kept", 14),  # each call of a live model on a new Input stays on that model
    "TFM105": ("models_kept", 5),  # 6 models behind 6 History objects against 1
    "TFM106": ("custom_gradients", 10),  # two entries per first fit with Adam: 12 against 2
    "TFM109": ("native_kib", 32768),  # an array of 8 MiB is copied into the graph several times
    "TFM110": ("models_kept", 5),  # 6 models in the list against 1
    "TFM204": ("native_kib", 8192),  # 60 feature maps of 256 KiB
    "TFM205": ("native_kib", 6144),  # 24 tapes with activations of 320 KiB and more
    "TFM206": ("native_kib", 4096),  # the tape still holds what it recorded over 24 batches
    "TFM301": ("custom_gradients", 6),  # each new function that trains registers one and is pinned by it
    "TFM302": ("graphs_kept", 10),  # one trace per Python value against one
    "TFM303": ("graphs_kept", 10),  # one trace per shape against two
    "TFM304": ("native_kib", 512),  # 29 names more in the kernel cache
    "TFM305": ("native_kib", 2048),  # 20 compiled programs against 1
    "TFM306": ("graphs_kept", 8),  # 12 unrolled traces against one, and the parts of its loop
    "TFM307": ("native_kib", 3072),  # 200 kernels more in the cache
    "TFM402": ("graphs_kept", 8),  # the graph of every link of the chain
    "TFM403": ("native_kib", 32768),  # 200 batches of 256 KiB in a cache that is never complete
    "TFM501": ("models_waiting", 8),  # the call frees nothing: dead models wait as if it were not there
    "TFM502": ("native_kib", 8192),  # an unclosed session keeps its variables
    "TFM503": ("graph_operations", 50),  # the graph grows in each pass of the loop
    "TFM504": ("graph_operations", 100),  # each call adds operations to the graph
    "TFM701": ("open_files", 10),  # 12 writers that stay open
    "TFM705": ("native_kib", 16384),  # 24 pictures of 1.2 MiB, and what was drawn
    "TFM703": ("native_kib", 4096),  # 7 tables of 20 000 entries too many, about 1 MiB each
}

# Rules without such a count, and why.
NOT_COUNTED = {
    "TFM107": "costs time; the kernel cache that optimizers leave is native memory, too small here to count",
    "TFM108": "harms the model in training; nothing accumulates",
    "TFM201": "costs time, memory is flat as measured",
    "TFM202": "costs time, memory is flat as measured",
    "TFM203": "costs time, memory is flat as measured",
    "TFM207": "leaks on Keras 2; Keras 3 leaves garbage that a collection takes",
    "TFM401": "costs time, memory is flat as measured",
    "TFM505": "changes nothing on Keras 2 and raises on Keras 3; nothing accumulates",
    "TFM601": "tested by the options TensorFlow would start with",
    "TFM702": "the memory is in the children",
    "TFM704": "a kept view pins its interpreter: native memory, of which the small model of the fixture has too little to count",
}

# rule: what TensorFlow raises in leaky.py on a machine with two GPUs (stand-ins: the rules are checked in Python)
RAISES = {
    "TFM602": "ValueError: Memory growth cannot differ between GPU devices",
    "TFM603": "RuntimeError: Physical devices cannot be modified after being initialized",
    "TFM604": "ValueError: Cannot set memory growth on device when virtual devices configured",
}


class Zygote:
    """A process that has imported TensorFlow and forks for every script."""

    def __init__(self, log):
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "support" / "fixture_zygote.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert self.process.stdout.readline() == "ready\n", "TensorFlow could not be imported"
        self.results = {}

    def run(self, script, cwd, gpus=0):
        """The reply for a script; each (script, gpus) runs once per test session."""
        key = (script, gpus)
        if key not in self.results:
            request = {"script": str(script), "cwd": str(cwd), "seconds": SECONDS, "gpus": gpus}
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            self.results[key] = json.loads(self.process.stdout.readline())
        return self.results[key]


@pytest.fixture(scope="module")
def zygote(tmp_path_factory):
    log_path = tmp_path_factory.mktemp("zygote") / "stderr"
    with open(log_path, "wb") as log:
        zygote = Zygote(log)
        yield zygote
        zygote.process.stdin.close()
        zygote.process.wait(timeout=SECONDS)


def pair(code):
    """The leaky and the fixed script of a rule."""
    (folder,) = FIXTURES.glob(f"{code}-*")
    return folder / "leaky.py", folder / "fixed.py"


def test_every_pair_is_measured_or_says_why_not():
    rules = {script.parent.name[:6] for script in SCRIPTS}
    listed = GROWS.keys() | RAISES.keys() | NOT_COUNTED.keys()
    assert not rules - listed, "give these a meter in GROWS, or say in NOT_COUNTED why there is none"
    assert not listed - rules, "these have no fixtures"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: f"{script.parent.name}/{script.name}")
def test_fixture_runs(zygote, script, tmp_path):
    reply = zygote.run(script, tmp_path)
    assert reply["code"] == 0, reply["output"]


@pytest.mark.parametrize("script", ADVICE, ids=lambda script: f"{script.parent.name}/{script.name}")
def test_advice_runs(zygote, script, tmp_path):
    """Advice that raises, or that gives another result than it promises, is worse than none: each alternative of a help text is tried."""
    reply = zygote.run(script, tmp_path)
    assert reply["code"] == 0, reply["output"]


@pytest.mark.parametrize("code", sorted(GROWS))
def test_leaky_fixture_leaves_more_behind(zygote, code, tmp_path):
    meter, least = GROWS[code]
    leaky, fixed = (zygote.run(script, tmp_path)["meters"] for script in pair(code))
    if meter not in leaky:
        pytest.skip(f"{meter} cannot be read here")
    assert leaky[meter] - fixed[meter] >= least, f"{meter}: leaky {leaky[meter]}, fixed {fixed[meter]}"


@pytest.mark.parametrize("code", sorted(RAISES))
def test_wrong_gpu_configuration_fails_on_two_gpus(zygote, code, tmp_path):
    leaky, fixed = (zygote.run(script, tmp_path, gpus=2) for script in pair(code))
    assert leaky["code"] == 1
    assert leaky["output"].rstrip().endswith(RAISES[code])
    assert fixed["code"] == 0, fixed["output"]


def test_missing_memory_growth_reserves_all(zygote, tmp_path):
    leaky, fixed = (zygote.run(script, tmp_path, gpus=2)["meters"]["memory_growth"] for script in pair("TFM601"))
    assert (leaky, fixed) == (0, 1)
