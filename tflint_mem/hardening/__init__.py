"""What keeps a run going on hostile input, and in a process that is not ours.

    errors      the mistakes of who runs the program        notices    what a run says beside its findings
    faults      the mistakes of the program itself: each costs the place where it happened
    watch       how long the analysis of a file may take    budget     how far a search may go
    depth       the limit of recursion, raised for as long as somebody needs it
    parsing     the code under check, parsed and compiled without a word of the compiler's
    safe        text from the code under check, fit to print
    streams     the standard streams of a process that may have been started without them

Nothing here knows what a finding, a fact or a setting is.  `depth` and `parsing` are all that a call of the library
touches of the whole process (the limit of recursion, the filters of warnings), both under a lock and only for as long
as somebody is inside.  The timer of `watch` and the streams of `streams` are for a process that is the command's own,
as is what `command.process` does.
"""
