"""The base of facts: see `tflint_mem.record`."""

from __future__ import annotations

from tflint_mem.record import Record as Record
from tflint_mem.record import new as new
