"""Applying the edits of findings to files: in rounds, without clashes, and only those that hold what they promise."""
