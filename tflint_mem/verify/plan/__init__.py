"""What may a verification use, which rule is verified how, and which interpreter runs it?

    options      settings of the user, from the configuration and the command line
    interpreter  the interpreter that is meant, never one that lies in the checked tree by chance
    protocols    rules by what of them is measured, and how long
    seat         the part of the machine that one of several measurements has to itself

Read first and never changed by a run; settings/ reads `options` as well, so that nothing heavy is imported here.
"""
