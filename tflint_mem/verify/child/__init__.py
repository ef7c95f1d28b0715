"""What runs inside the measured process.  Python 3.8 syntax: it is the interpreter of the project that runs it."""
