"""From which numbers on memory counts as grown.  Bytes per repeat unless said otherwise."""

from __future__ import annotations

from .units import KIB

RETAINED_LEAST = 8 * KIB  # that nobody calls noise: `fit` on one model leaves 3 to 6 KiB now and then
RETAINED_WITH_OBJECTS = 2 * KIB  # enough when graphs, functions, models or files pile up with it, one by one
DEFERRED_LEAST = 32 * KIB  # of garbage
DEFERRED_PEAK = 1024 * KIB  # ... and bytes of it at their highest
DEFERRED_ANYWAY = 256 * KIB  # of garbage that counts whatever it consists of
UNEXPLAINED_LEAST = 16 * KIB  # when nothing grows with it: TensorFlow's caches take 3 to 9 per `fit`, ever less of it
UNEXPLAINED_FEW = 32 * KIB  # ... and the repeats are few
LIMIT_LEAST = 1024 * KIB  # in a run that memory ended before there were points for a slope
DRIVER_LEAST = 256 * KIB  # as the driver counts: it counts the pool, which grows in pages of megabytes
FEW_REPEATS = 40
ENOUGH_REPEATS = 8  # of the first phase, for garbage to show whether it waits
POINTS = 4  # settled states, or readings of a curve, from which on a slope can prove something
ONE_EACH = 0.45  # objects per repeat from which on one stays in each of them: what elements share counts by half
ALWAYS_ONE = 0.9  # ... without any doubt
KEEPS_UP = 0.3  # of the rate in the second phase that the first has to have left, for both to tell the same
WEIGHTS = 0.05  # objects with weights per repeat, from which on garbage has some
