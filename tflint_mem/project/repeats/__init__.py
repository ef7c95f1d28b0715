"""Does this run again and again?  Loops, callers, handlers, guards, and what a repeat releases."""
