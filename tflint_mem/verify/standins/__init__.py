"""What takes the place of files, values and modules that are missing?

In the order in which its modules are used:

    hints            what the snippet's own text says: shapes, rows, columns
    guess            a value for a name that has none, by the tables in clues, made of values and of the small classes
                     whose source is in classes
    files, models    a file or folder, of the kind that its name asks for
    surroundings     what is no file: downloads, variables, windows, games, the command line
    missing_modules  a module that is not installed; substitute gives the source of those in substitutes/
    old_numpy        names that NumPy has given up
    noted            the code of stand-ins so that it tells which of it has run
    action           what each of them gives: code to run before the snippet, a sentence for the report, and changes
                     of the snippet's own text

Everything here makes source and runs nothing; of the file system it reads `substitutes/` alone.

The tool asks for stand-ins when it cuts a snippet, and the measured process when something is missing: all of it is
Python 3.8 syntax, in the interpreter of the checked project, with the standard library alone.
"""
