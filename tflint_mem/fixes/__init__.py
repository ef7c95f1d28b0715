"""Proposed fixes, tried and applied.

    fixing    all files of a check, side by side     rounds   one file, in rounds
    clashes   which fixes get in each other's way    shift    where places are after edits
    offers    which fixes a report may offer

`fixing.fix` works on a `Check`; who calls it decides whether files are written, and writes them.
"""
