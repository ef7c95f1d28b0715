"""What is kept from check to check changes nothing about what is found."""

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tflint_mem.api import Settings, check_paths
from tflint_mem.hardening.notices import ignore
from tflint_mem.server.files import Files
from tflint_mem.server.live import Live
from tflint_mem.server.options import Options
from tflint_mem.sources.source import Source

VARIANTS = {
    "loader.py": (
        "import tensorflow as tf\n\n\ndef load(path):\n    return tf.keras.models.load_model(path)\n",
        "import tensorflow as tf\n\n\ndef load(path):\n    m = tf.keras.models.load_model(path)  # noqa: TFM101\n    return m\n",
        "import functools\nimport tensorflow as tf\n\n\n@functools.lru_cache\ndef load(path):\n    return tf.keras.models.load_model(path)\n",
        "import tensorflow as tf\n\n\nclass Model:\n    def __init__(self):\n        self.m = tf.keras.models.load_model('é')\n\n\ndef load(path):\n    return Model().m\n",
        "import tensorflow as tf\n\n\ndef load(path:\n",
        "",
    ),
    "use.py": (
        "from loader import load\n\n\ndef use(name):\n    return load(name)\n",
        "import loader as other\n\nuse = other.load\n",
        "def use(name):\n    return None\n",
    ),
    "main.py": (
        "from use import use\n\nfor name in open('names'):\n    print(use(name))\n",
        "from use import use\n\nprint(use('one'))\n",
        "from loader import load\n\nfor name in range(3):\n    load(name).predict([name])\n",
        "import tensorflow as tf\nfrom use import use\n\nfor n in range(9):\n    tf.compat.v1.reset_default_graph()\n    use(n)\n",
        "for\n",
    ),
    "pyproject.toml": ("", '[tool.tflint-mem]\nignore = ["TFM101"]\n', "[tool.tflint-mem]\npedantic = true\n"),
}
STEPS = st.lists(
    st.one_of(
        [st.tuples(st.just(name), st.integers(0, len(texts) - 1), st.booleans()) for name, texts in VARIANTS.items()]
    ),
    min_size=3,
    max_size=6,
)


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_after_any_edits_the_findings_are_those_of_a_first_check(steps, tmp_path_factory):
    """Texts change in the editor, or on the disk; a first check finds the same where the disk holds what is open."""
    here, there = (tmp_path_factory.mktemp(name) for name in ("kept", "fresh"))
    live, held = Live(Options()), {}
    for name, texts in VARIANTS.items():
        (here / name).write_text(texts[0])
        (there / name).write_text(texts[0])
    for name, number, on_disk in [("loader.py", 0, False), ("main.py", 0, False), *steps]:
        text = VARIANTS[name][number]
        (there / name).write_text(text)
        if (on_disk and name not in held) or name == "pyproject.toml":
            (here / name).write_text(text)
        else:
            held[name] = text
        sources = [Source.of_text(str(here / each), text) for each, text in sorted(held.items())]
        seen = live.check(sources, {}, ignore).findings
        check = live.with_fixes_that_hold(sources, {}, ignore)
        paths = [str(there / each) for each in sorted(held)]
        configured = (
            Settings.from_file(there / "pyproject.toml") if (there / "pyproject.toml").read_text() else Settings()
        )
        report = check_paths(paths, configured.replace(project=str(there)))
        assert told(check.findings, here) == told(report.findings, there)
        # where fixes are not tried, all that can be shown is there
        assert {finding.key() for finding in check.findings if finding.path in check.paths} <= {
            finding.key() for finding in seen
        }


def told(findings, folder):
    return [repr(finding).replace(str(folder), "") for finding in findings]


def test_files_are_read_again_when_they_change(tmp_path):
    files, path = Files(), tmp_path / "a.py"
    path.write_text("x = 1\n")
    first = files.read(str(path), 1000)
    assert files.read(str(path), 1000) is first
    path.write_text("x = 2\n")
    os.utime(path, ns=(0, 0))
    assert files.read(str(path), 1000).raw == b"x = 2\n"
