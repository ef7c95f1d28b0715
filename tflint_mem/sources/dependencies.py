"""Files beside the checked ones on which findings depend: requirements that were read, modules that were looked for.

A stored result (see `cache`) holds as long as these are as they were, too; whoever opens or looks for such a file notes it.
"""

PATHS = set()


def note(path):
    """The findings of this run depend on what is at `path`, or on its absence."""
    PATHS.add(path)
    return path
