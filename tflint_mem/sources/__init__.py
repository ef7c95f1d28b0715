"""Files as they are read: bytes, rows, notebooks, and the files beside them on which findings depend."""
