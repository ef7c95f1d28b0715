"""What takes the place of files, values and modules that are missing.  Python 3.8 syntax: the child asks for them."""
