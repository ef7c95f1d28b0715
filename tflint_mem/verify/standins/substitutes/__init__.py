"""Small substitutes for modules that are not installed.

Each file is the source of names that stand in for one module; `anything.py` is what all others are made of.  They are
never imported here: their text goes into the snippet, so that a kept reproduction runs by itself.  Python 3.8 syntax.
"""
