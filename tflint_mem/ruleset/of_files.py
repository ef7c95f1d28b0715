"""The rules about a file as text: whether it can be read, and whether its comments silence anything.

They look at no project, need no TensorFlow, and so have no module in `rules`; their documentation is here.
"""

from __future__ import annotations

from tflint_mem.finding import SYNTAX_ERROR, UNUSED_SUPPRESSION

EXPLANATIONS = {
    SYNTAX_ERROR: """\
Finds files that cannot be read as Python code or as a notebook.

## What it does

Reports the first place where a file stops being Python, or text at all, and what is wrong there. What the rest of the
file holds is still used as far as it can be read, so findings in other files stay what they are; in this one nothing
else is reported.

## Why is this bad?

A file that does not parse is not checked, and a check that leaves out a file should not look as if it had passed. One
that names neither TensorFlow nor Keras is not parsed, so it is not told. Files in Python 2 are a hint, once for their
project. Homework with parts to be filled in and unfinished cells of notebooks are told with `--pedantic`.

## How to live with it

The rule is on whatever `--select` says: who selects a few rules still wants to know what they were not asked about. To
switch it off, name it: `--ignore TFM000`, `per-file-ignores`, an entry in the baseline, or a comment that names it,
`# tflint-mem: ignore-file[syntax-error]`, in front of the place (`--add-noqa` and `--add-ignore` write that one). A
finding that is switched off makes no exit code 1.

## Example

```text
import tensorflow as tf

model = tf.keras.Sequential(
```

## Fix safety

There is no fix.
""",
    UNUSED_SUPPRESSION: """\
Finds comments to this program that silence nothing, or name no rule.

## What it does

Reports a code in `# noqa: TFM101`, a rule in `# tflint-mem: ignore[...]` or `ignore-file[...]`, and a `skip-file`, that
no finding needs any more, and those that name no rule at all. A comment is judged only when all of the rules it names
ran over its file: what was not selected, what `per-file-ignores` leaves out and a file that does not parse are no
proof. Findings that only `--pedantic` shows count as silenced. A `# noqa` without codes, and codes of other tools, are
left alone.

## Why is this bad?

A comment that silences nothing says that something is wrong here that is not, and will silence the next thing that is.

## Example

```python
import tensorflow as tf

model = tf.keras.models.load_model("model.keras")  # noqa: E501, TFM101
```

Use instead:

```python
import tensorflow as tf

model = tf.keras.models.load_model("model.keras")  # noqa: E501
```

## Fix safety

The fix is safe: it takes away the code, or the comment where nothing else is left of it.
""",
}
