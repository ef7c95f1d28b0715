"""What is it that repeats around a finding, and which lines of the project does it take to run just that?

The answer is one runnable file.  The modules in the order in which they are used:

    given            what the user gives for names that code does not define
    first_party      the project's own files: source_text (their rows), syntax (their trees), scope (names in them)
    candidates       the way through all of what follows; fixed_version does it again for the file after its fix
    region           finding -> what repeats; call_sites: who calls a function
    driver           -> the ways from the top of the program to it: direct_call makes calls up, instrument puts
                     the probe in, behind goes on after a loop, pruning copies what leads to a place
    slice            -> what that needs of each file: file_cut (one file), needed (one block), imported (other files)
    assemble         -> the Snippet: writing makes lines of statements, repeat_count looks how often they repeat
    snippet, lines   the file itself, and where its lines stood

Nothing here runs code or writes files.  The trees of `first_party` are shared and never changed: what is pruned is
copied.  `scope` runs in the measured process too: Python 3.8 syntax.  No module here imports from the root of `verify`,
from `containment` or from `verdict`; stand-ins for values come from `standins`, kinds of rules from `plan`.
"""
