"""What one meter says over both phases of a run: the same questions for host memory and for each meter of a GPU."""

from . import stats

_NOISE = 1024 * 1024  # bytes within which a curve is flat
GPU_METERS = ("allocator", "nvml")  # that can decide, the one that tells more first


class Account:
    """Numbers of one meter.  Bytes; None where nothing was measured.

    name         "host", "allocator" or "nvml"
    garbage      bytes that the first collection returned after the loop phase, at their highest
    typical      median growth from one repeat to the next: the rate between two collections
    large_step   what one repeat may add: nine tenths of all rises are no higher
    first_phase  bytes per repeat that the first phase left after its collection
    total        bytes that stayed from the base to the last settled state
    cleared      bytes that `clear_session()` returned beyond that
    risen        bytes that the loop phase added to the base, at their highest, garbage included
    shape        stats.shape of the curve
    """

    __slots__ = ("name", "garbage", "typical", "large_step", "first_phase", "total", "cleared", "risen", "shape")

    def __init__(self, name: str, values: list, run: object, settled: list) -> None:
        """values: the curve; run: a runner.Run; settled: its settled states without the cleared one."""
        self.name = name
        self.shape = stats.shape(values, _NOISE)
        steps = [later - earlier for earlier, later in zip(values, values[1:])]
        self.typical = stats.median(steps) if steps else 0.0
        rises = sorted(step for step in steps if step > 0)
        self.large_step = rises[int(0.9 * (len(rises) - 1))] if rises else 0.0
        self.garbage = self.first_phase = self.total = self.cleared = self.risen = None
        self._phases(values, {event["at"]: event for event in run.of("settled")}, run.last("raw"), settled)

    def _phases(self, values: list, by_name: dict, raw: dict, settled: list) -> None:
        base, end = by_name.get("base"), by_name.get("loop")
        if base is None or end is None:
            return
        key = self.name
        if key == "host":  # malloc's own account where it keeps one
            key = "heap" if end.get("heap") is not None and base.get("heap") is not None else "rss"
        if base.get(key) is None or end.get(key) is None:
            return
        highest = max([*values, end[key]] + ([raw[key]] if raw and raw.get(key) is not None else []))
        self.garbage = max(0, highest - end[key])
        self.risen = max(0, highest - base[key])
        self.first_phase = (end[key] - base[key]) / float(max(1, end["n"]))
        last = settled[-1].get(key)
        if last is not None:
            self.total = last - base[key]
            if by_name.get("cleared", {}).get(key) is not None:
                self.cleared = last - by_name["cleared"][key]


def host_values(curve: list) -> list:
    """The curve of host memory: malloc's account, resident memory where there is none."""
    values = [sample["heap"] if sample["heap"] is not None else sample["rss"] for sample in curve]
    return [value for value in values if value is not None]


def values_of(curve: list, name: str) -> list:
    """The curve of one meter of the GPU."""
    return [sample[name] for sample in curve if sample.get(name) is not None]
