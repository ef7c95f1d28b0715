"""Files as they are read: bytes, rows, notebooks, and the files beside them on which findings depend.

    files        regular files of bounded size              text      rows and columns; what can be wrong with a file
    source       Source: one file to check                  notebook  a notebook as one module, and back
    magics       what IPython adds to Python, masked        mending   a file that does not parse, made readable
    notebook_name   the name that imports know it by        paths     how a report names files
    dependencies    the files beside the checked ones that a run has looked for

A run makes a `Source` of each file; nothing is decoded until somebody asks.  Nothing here knows what the code means.
"""
