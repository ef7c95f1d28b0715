"""The former name of this room: to be deleted once every importer says `tflint_mem.knowledge`."""

from . import *  # noqa: F403
