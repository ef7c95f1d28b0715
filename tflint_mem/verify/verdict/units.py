"""Bytes and seconds in words."""

from __future__ import annotations

KIB = 1024.0


def size(value: float) -> str:
    """Bytes for people: "812 B", "5.2 KiB", "940 KiB", "4.1 MiB"."""
    sign, value = ("-" if value < 0 else ""), abs(value)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1000 or unit == "GiB":
            return f"{sign}{value:.0f} {unit}" if value >= 100 or unit == "B" else f"{sign}{value:.1f} {unit}"
        value /= KIB
    raise AssertionError("unreachable")


def duration(seconds: float) -> str:
    """Seconds for people: "1.8 s", "41 ms", "120 us"."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    if seconds >= 1e-3:
        return f"{seconds * 1e3:.0f} ms" if seconds >= 1e-2 else f"{seconds * 1e3:.1f} ms"
    return f"{seconds * 1e6:.0f} us"
