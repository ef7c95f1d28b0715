"""Stand-ins for files and folders, and the project's own ones where it has them."""

from __future__ import annotations

import posixpath
import re

from .action import Action, make_parent
from .models import MODEL_TYPES, model_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .hints import Shape

IMAGE_TYPES = (".jpg", ".jpeg", ".png", ".bmp", ".gif")
RECORD_TYPES = (".tfrecord", ".tfrecords", ".tfrec")


def for_path(
    path: str,
    shape: Shape,
    columns: Sequence[str] = (),
    words: bool = False,
    rows: int = 8,
    lines: int = 64,
) -> Action:
    """The stand-in that a file name asks for; a name without an extension is a folder or a SavedModel: see the caller.

    shape            of one example                       rows   number of examples in an array
    columns, words   of a table, see `text_file`          lines  number of rows of a table
    """
    kind = posixpath.splitext(path)[1].lower()
    if kind in MODEL_TYPES:
        return model_file(path, shape)
    if kind in IMAGE_TYPES:
        return image_file(path, picture_size(shape))
    if kind in (".npy", ".npz"):
        return array_file(path, (rows,) + tuple(shape))
    if kind in RECORD_TYPES:
        return records_file(path)
    return text_file(path, columns, words, lines)


def picture_size(shape: Shape) -> Shape:
    """Height and width of pictures for a shape that may be of something else."""
    return shape[:2] if len(shape) >= 2 else (64, 64)


def image_file(path: str, size: Shape = (64, 64)) -> Action:
    """An image of noise, of a height and a width, in the format that the name asks for."""
    height, width = size
    kind = posixpath.splitext(path)[1].lower()
    encode = "encode_png" if kind in (".png", ".bmp", ".gif") else "encode_jpeg"
    code = (
        "import os\nimport tensorflow as tf\n%s"
        "with tf.device('CPU'):\n"
        "    tf.io.write_file(%r, tf.io.%s(tf.cast(tf.random.uniform(%r, 0, 255, 'int32'), 'uint8')))\n"
        % (make_parent(path), path, encode, (height, width, 3))
    )
    return Action(code, "%s: a picture of noise, %d x %d" % (path, height, width))


def array_file(path: str, shape: Shape) -> Action:
    """A `.npy` or `.npz` file."""
    code = "import os\nimport numpy as np\n" + make_parent(path)
    examples = shape[0] if shape else 8
    if path.lower().endswith(".npz"):
        code += (
            "_x, _y = np.random.rand(*%r).astype('float32'), np.arange(%d) %% 10\n"
            "np.savez(%r, x_train=_x, y_train=_y, x_test=_x, y_test=_y, x=_x, y=_y, arr_0=_x, arr_1=_y)\n"
            % (tuple(shape), examples, path)
        )
    elif re.match(r"y([._-]|$)|labels?|targets?|classes", posixpath.splitext(posixpath.basename(path))[0].lower()):
        code += "np.save(%r, np.arange(%d) %% 2)\n" % (path, examples)
        return Action(code, "%s: %d labels, 0 and 1" % (path, examples))
    else:
        code += "np.save(%r, np.random.rand(*%r).astype('float32'))\n" % (path, tuple(shape))
    return Action(code, "%s: random numbers of shape %r" % (path, tuple(shape)))


def records_file(path: str) -> Action:
    """A file of TFRecords."""
    code = (
        "import os\nimport tensorflow as tf\n%swith tf.io.TFRecordWriter(%r) as _file:\n"
        "    for _number in range(64):\n        _file.write(b'record %%d' %% _number)\n" % (make_parent(path), path)
    )
    return Action(code, "%s: 64 short records" % path)


def saved_dataset(path: str, shape: Shape) -> Action:
    """What `tf.data.Dataset.load` reads."""
    code = (
        "import numpy as np\nimport tensorflow as tf\n"
        "tf.data.Dataset.from_tensor_slices(np.random.rand(64, *%r).astype('float32')).batch(4).save(%r)\n"
        % (tuple(shape), path)
    )
    return Action(code, "%s: a saved data set of 64 random examples in batches" % path)


def text_file(path: str, columns: Sequence[str] = (), words: bool = False, lines: int = 64) -> Action:
    """A small text file: CSV with the columns asked for (of numbers or of words), JSON, or lines."""
    zipped = path.lower().endswith(".zip")
    kind = posixpath.splitext(path[:-4] if zipped else path)[1].lower()
    code = "import os\n" + make_parent(path)
    if kind in (".csv", ".tsv"):
        separator = "\t" if kind == ".tsv" else ","
        names = list(columns) or ["a", "b", "c", "label"]
        rows = [separator.join(names)]
        cell = "word%d" if words else "%.1f"
        # long tables begin anew after their first rows: the text that makes them stays short
        again = max(1, -(-lines // 64))
        rows += [
            separator.join(cell % ((row * 7 + column * 3) % 10) for column in range(len(names))) for row in range(64)
        ]
        kinds = "words" if words else "numbers"
        content, what = "\n".join(rows) + "\n", "%d rows of %s (%s)" % (64 * again, kinds, ", ".join(names))
        if again > 1 and not zipped:
            head, _, body = content.partition("\n")
            code += "with open(%r, 'w') as _file:\n    _file.write(%r + %r * %d)\n" % (path, head + "\n", body, again)
            return Action(code, "%s: %s" % (path, what))
    elif kind == ".json":
        content, what = "{}\n", "an empty object"
    elif kind in (".yaml", ".yml"):
        content, what = "{}\n", "an empty mapping"
    else:
        content, what = "".join("line %d of text\n" % number for number in range(256)), "256 lines of text"
    if zipped:
        code += "import zipfile\nwith zipfile.ZipFile(%r, 'w') as _file:\n    _file.writestr(%r, %r)\n" % (
            path,
            posixpath.basename(path)[:-4],
            content,
        )
        return Action(code, "%s: %s" % (path, what))
    code += "with open(%r, 'w') as _file:\n    _file.write(%r)\n" % (path, content)
    return Action(code, "%s: %s" % (path, what))


def folder(path: str, names: Sequence[str], size: Shape) -> Action:
    """A folder with a few files of the given names (pictures of a size, arrays, text)."""
    code = "import os\nos.makedirs(%r, exist_ok=True)\n" % path
    for name in names:
        code += for_path(posixpath.join(path, name), (*size, 3)).code
    return Action(code, "%s: a folder with %s" % (path, ", ".join(names) if names else "nothing in it"))


def link(path: str, real: str) -> Action:
    """The project's own file, made visible in the scratch folder."""
    return Action(
        "import os\n%sos.path.lexists(%r) or os.symlink(%r, %r)\n" % (make_parent(path), path, real, path),
        "%s: the project's own file" % path,
    )


def copy(path: str, real: str) -> Action:
    """A copy of the project's own file, where the project cannot be protected against writing through a link."""
    return Action(
        "import os\nimport shutil\n%sshutil.copy(%r, %r)\n" % (make_parent(path), real, path),
        "%s: a copy of the project's own file" % path,
    )


def beside_module(relative: str, real: str, can_link: bool) -> Action:
    """The project's own file beside the module that looks for it; copied where a link would let it be written to."""
    put = (
        "os.symlink(%r, _path)" % real
        if can_link
        else "(shutil.copytree if os.path.isdir(%r) else shutil.copy)(%r, _path)" % (real, real)
    )
    return Action(
        "import os\nimport shutil\nimport tempfile\n"
        "_path = os.path.join(os.environ.setdefault('TFLINT_MEM_MODULES', tempfile.mkdtemp()), %r)\n"
        "os.makedirs(os.path.dirname(_path), exist_ok=True)\nos.path.lexists(_path) or %s\n" % (relative, put),
        "%s: the project's own" % relative,
    )
