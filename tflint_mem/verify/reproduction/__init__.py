"""What does somebody attach to a bug report, and does it show by itself what was measured?

A reproduction is one file for the plain interpreter.  The modules in the order in which they are used:

    edited, unreached, unused   rows of source, without what never ran and what nothing names
    program                     the snippet as it ran, in its parts: the user's own rows, and the modules beside it
    stand_ins                   the code of stand-ins, as short as what ran of it
    meter                       the few rows that repeat and measure
    imports                     what whoever gets it may not have
    heading                     what the file shows, with what, and which stand-ins are in it
    file                        all of it together
    shows                       what a reproduction printed when it was run alone, and whether that is what was measured

The file is cut by what was seen to run, so that it has to be run before it is believed: the shortest that shows what
the verdict says is kept.
"""
