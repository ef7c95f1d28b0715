"""What `--fix` and `--add-noqa` do to files: nothing of others is lost, nothing half-written, nothing left behind."""

import os
import stat
import subprocess
import sys

import pytest

from support import ROOT
from tflint_mem.storage import in_place

LEAKY = "import tensorflow as tf\n\nfor step in range(1000):\n    model = tf.keras.models.load_model('m.keras')\n    print(step, model(tf.zeros([1, 4])))\n"
FIXED = "import tensorflow as tf\n\nmodel = tf.keras.models.load_model('m.keras')\nfor step in range(1000):\n    print(step, model(tf.zeros([1, 4])))\n"
OPTIONS = ("--isolated", "--no-cache", "--ignore", "TFM6,TFM202", "--output-format", "concise")


def fix(*paths, cwd, script=None, options=OPTIONS, mode="--fix"):
    """The finished command; `script` runs before it in the same process."""
    start = (
        ["-m", "tflint_mem"]
        if script is None
        else ["-c", script + "\nfrom tflint_mem import __main__; __main__.main()"]
    )
    return subprocess.run(
        [sys.executable, *start, "check", *options, mode, *paths], cwd=cwd, capture_output=True, text=True
    )


@pytest.fixture
def leaky(tmp_path):
    path = tmp_path / "leaky.py"
    path.write_text(LEAKY)
    return path


def test_what_another_process_wrote_meanwhile_stays(leaky):
    script = (
        "from tflint_mem.fixes import rounds as apply\nold = apply.steps\n"
        "def steps(*given, **more):\n    open('leaky.py', 'a').write('# mine\\n')\n    return old(*given, **more)\napply.steps = steps"
    )
    done = fix(cwd=leaky.parent, script=script)
    assert done.returncode == 2
    assert done.stderr == "tflint-mem: leaky.py: not written: another program changed the file meanwhile\n"
    assert leaky.read_text() == LEAKY + "# mine\n"
    assert os.listdir(leaky.parent) == ["leaky.py"]


def test_mode_times_and_attributes_are_kept(leaky):
    leaky.chmod(0o4751)
    try:
        os.setxattr(leaky, "user.note", b"kept")
        noted = True
    except (OSError, AttributeError):
        noted = False
    assert fix(cwd=leaky.parent).returncode == 0
    assert leaky.read_text() == FIXED
    assert stat.S_IMODE(leaky.stat().st_mode) == 0o4751
    assert not noted or os.getxattr(leaky, "user.note") == b"kept"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")
def test_owner_and_group_are_kept(leaky):
    os.chown(leaky, 1234, 4321)
    assert fix(cwd=leaky.parent).returncode == 0
    assert leaky.read_text() == FIXED
    assert (leaky.stat().st_uid, leaky.stat().st_gid) == (1234, 4321)


def test_a_file_whose_owner_cannot_be_kept_stays(leaky):
    script = (
        "import os\nreal = os.stat\n"
        "def other(path, *a, **k):\n    found = real(path, *a, **k)\n"
        "    return os.stat_result((*found[:4], found.st_uid + 1, *found[5:])) if str(path).endswith('leaky.py') else found\n"
        "def refuse(*given): raise PermissionError(1, 'no')\nos.stat, os.fchown = other, refuse"
    )
    done = fix(cwd=leaky.parent, script=script)
    assert (done.returncode, done.stderr) == (
        2,
        "tflint-mem: leaky.py: not written: the file's owner and group cannot be kept\n",
    )
    assert leaky.read_text() == LEAKY and os.listdir(leaky.parent) == ["leaky.py"]


@pytest.mark.parametrize("mode", ["--fix", "--add-noqa"])
def test_a_read_only_file_stays(leaky, mode):
    leaky.chmod(0o444)
    done = fix(cwd=leaky.parent, mode=mode)
    assert done.returncode == 2 and "leaky.py: not written: the file is read-only" in done.stderr
    assert leaky.read_text() == LEAKY and stat.S_IMODE(leaky.stat().st_mode) == 0o444


def test_a_file_with_several_names_stays(leaky):
    os.link(leaky, leaky.parent / "other_name.txt")
    done = fix(cwd=leaky.parent)
    assert done.returncode == 2 and "has 2 names (hard links)" in done.stderr
    assert leaky.read_text() == LEAKY and leaky.stat().st_nlink == 2


def test_a_link_out_of_the_tree_is_followed_only_by_name(leaky):
    tree = leaky.parent / "tree"
    tree.mkdir()
    (tree / "link.py").symlink_to("../leaky.py")
    done = fix("tree", cwd=leaky.parent)
    assert (done.returncode, done.stderr) == (0, "") and "Checked 0 files" in done.stdout
    (leaky.parent / ".git").mkdir()  # the link stays in the repository, but leaves what is checked of it
    done = fix("tree", cwd=leaky.parent)
    assert done.returncode == 2 and "outside of what is checked; name it to change it" in done.stderr
    assert leaky.read_text() == LEAKY
    assert fix("tree/link.py", cwd=leaky.parent).returncode == 0
    assert leaky.read_text() == FIXED and (tree / "link.py").is_symlink()


def test_a_link_within_the_tree_is_followed(leaky):
    (leaky.parent / "also.py").symlink_to("leaky.py")
    done = fix(cwd=leaky.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert leaky.read_text() == FIXED and (leaky.parent / "also.py").is_symlink()


# --- what a killed run leaves


def abandoned(folder, name=".tflint-mem-0123456789abcdef.tmp"):
    path = folder / name
    path.write_bytes(b"half")
    return path


def test_the_next_run_takes_away_what_a_killed_one_left(leaky):
    left = abandoned(leaky.parent)
    foreign = [
        abandoned(leaky.parent, name)
        for name in (
            ".tflint-mem-notes",
            ".tflint-mem-0123456789abcdef.tmp.py",
            ".tflint-mem-0123456789ABCDEF.tmp",
            "tflint-mem-0123456789abcdef.tmp",
        )
    ]
    link, folder = leaky.parent / ".tflint-mem-00000000000000aa.tmp", leaky.parent / ".tflint-mem-00000000000000bb.tmp"
    link.symlink_to("leaky.py")
    folder.mkdir()
    os.mkfifo(leaky.parent / ".tflint-mem-00000000000000cc.tmp")
    fix("--diff", cwd=leaky.parent, options=OPTIONS[:-2])
    assert left.exists()
    assert fix(cwd=leaky.parent).returncode == 0
    assert not left.exists() and link.is_symlink() and folder.is_dir() and all(path.exists() for path in foreign)
    assert (leaky.parent / ".tflint-mem-00000000000000cc.tmp").exists()


def test_the_file_of_a_run_that_lives_stays(leaky):
    handle, path = in_place._create(str(leaky.parent))
    assert fix(cwd=leaky.parent).returncode == 0
    assert os.path.exists(path)
    os.close(handle)
    assert fix(cwd=leaky.parent).returncode == 0
    assert not os.path.exists(path)


def test_killed_runs():
    """A few of the hundreds that `fuzz/kill_fix.py` makes."""
    done = subprocess.run(
        [sys.executable, ROOT / "fuzz" / "kill_fix.py", "--runs", "12"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "no file damaged, nothing left after the next run"), (
        done
    )


# --- who decides that files are written


def test_a_configuration_file_does_not_decide_that_files_are_written(leaky):
    (leaky.parent / "tflint-mem.toml").write_text("fix = true\nignore = ['TFM6', 'TFM202']\n")
    done = subprocess.run(
        [sys.executable, "-m", "tflint_mem", "check", "--no-cache"], cwd=leaky.parent, capture_output=True, text=True
    )
    assert done.returncode == 1 and leaky.read_text() == LEAKY
    assert "tflint-mem.toml: `fix` is ignored: " in done.stderr and "give --fix or --trust" in done.stderr
    assert fix(cwd=leaky.parent, options=("--no-cache",)).returncode == 0
    assert leaky.read_text() == FIXED


def test_a_setting_on_the_command_line_does(leaky):
    assert fix(cwd=leaky.parent, mode="--config=fix=true").returncode == 0
    assert leaky.read_text() == FIXED


# --- a fix is judged by all rules


def test_a_fix_that_would_break_a_rule_that_is_not_selected(tmp_path):
    (tmp_path / "data.py").write_text(
        "import tensorflow as tf\n\nnumbers = tf.data.Dataset.from_tensor_slices(tf.random.normal([64, 4])).batch(8)\n"
    )
    text = (
        "from data import numbers\nimport tensorflow as tf\n\nnet = tf.keras.Sequential([tf.keras.layers.Dense(1)])\n"
        "net.compile('sgd', 'mse')\n\nif __name__ == '__main__':\n    net.predict(numbers)\n"
    )
    (tmp_path / "train.py").write_text(text)
    done = fix("--unsafe-fixes", cwd=tmp_path, options=("--isolated", "--select", "TFM601"))
    assert "it would cause TFM603 memory-growth-too-late" in done.stdout
    assert "TFM603 memory-growth-too-late [" not in done.stdout
    assert (tmp_path / "train.py").read_text() == text


def test_fixes_that_only_work_together(tmp_path):
    """Half of it is refused alone: with the second operation in the loop, the graph grows as before."""
    head = (
        "import tensorflow.compat.v1 as tf\n\ntf.disable_eager_execution()\ny = tf.zeros([8], tf.int64)\n"
        "logits = tf.zeros([8, 3])\nwith tf.Session() as sess:\n"
    )
    moved = "{0}hits = tf.equal(tf.argmax(logits, 1), y)\n{0}rate = tf.reduce_mean(tf.cast(hits, tf.float32))\n"
    path = tmp_path / "graph.py"
    path.write_text(head + "    for step in range(100):\n" + moved.format(" " * 8) + "        print(sess.run(rate))\n")
    done = fix("--unsafe-fixes", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "Checked 1 file: 2 findings fixed, none left.\n")
    assert (
        path.read_text()
        == head + moved.format(" " * 4) + "    for step in range(100):\n        print(sess.run(rate))\n"
    )


# --- --add-noqa


@pytest.mark.parametrize(
    "text",
    [
        "for p in ps:\n    m = tf.keras.models.load_model(p); y = \\\n        3\n    m.predict(y)\n",
        "for p in ps:\n    m = [tf.keras.models.load_model(p), '''\n  a\n''']\n    m[0].predict(1)\n",
        "for p in ps:\n    m = tf.keras.models.load_model(p) \\\n        if p else \\\n        None\n    m.predict(1)\n",
        "for p in ps:\n    for m in [tf.keras.models.load_model(p), '''\n''']: m.predict(1)\n",
    ],
)
@pytest.mark.parametrize("book", [False, True])
def test_add_noqa_silences_and_breaks_nothing(tmp_path, text, book):
    import ast
    import json

    text = "import tensorflow as tf\nimport glob\nps = glob.glob('*')\n" + text
    path = tmp_path / ("code.ipynb" if book else "code.py")
    cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": text}
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}) if book else text)
    before = fix(cwd=tmp_path, options=("--isolated", "--no-cache"), mode="--quiet")
    assert before.returncode == 1
    assert fix(cwd=tmp_path, options=("--isolated",), mode="--add-noqa").returncode == 0
    written = path.read_text()
    new = json.loads(written)["cells"][0]["source"] if book else written
    assert ast.dump(ast.parse(new)) == ast.dump(ast.parse(text))
    after = fix(cwd=tmp_path, options=("--isolated", "--no-cache"), mode="--quiet")
    assert (after.returncode, after.stdout) == (0, "")
    assert fix(cwd=tmp_path, options=("--isolated",), mode="--add-noqa").stderr == "tflint-mem: added 0 noqa comments\n"
    assert path.read_text() == written
