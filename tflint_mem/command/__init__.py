"""The command line: what is asked for, and one run from the paths to the exit code."""
