"""Write a file that may be new, or no regular file at all."""

import os


def save(path, data):
    """Put `data` (bytes) into `path` in one step; a pipe or a device is simply written to.  Raises OSError."""
    from tflint_mem.writing import write_atomic

    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as file:
            file.write(data)
        return
    created = not os.path.exists(path)
    if created:
        open(path, "xb").close()
    try:
        write_atomic(path, data)
    except OSError:
        if created:
            os.unlink(path)
        raise
