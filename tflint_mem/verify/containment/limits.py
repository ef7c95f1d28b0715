"""Limits of a measured process that nobody configures.  What is configured (memory, time) stands in plan/options.py."""

from __future__ import annotations

LARGEST_FILE = 2 << 30  # bytes of any one file that it writes
MOST_ON_DISK = 4 << 30  # bytes in its scratch folder, and in files that it holds open without a name
MOST_PROCESSES = 512  # that it may have at once
POLL_SECONDS = 0.1  # between two looks at it from outside
