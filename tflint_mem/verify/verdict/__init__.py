"""What do the measured processes of a finding prove?

From what they said (tflint_mem/verify/events.py) to one verdict, with the numbers that it rests on.  The modules in the
order in which they are used:

    runs             what was run for a finding; signs: did it come to its repeats?  endings: how did it end?
    measured         events -> numbers: account (one meter), growth (per repeat), objects (by kind), stats (slopes)
    judge            the way through all of what follows
    memory, speed, without_growth    numbers -> a Verdict, by kind of rule; thresholds: from which number on
    mechanism        what keeps the memory
    objections       what speaks against a confirmed verdict; the fixed version is one of them
    lacking, needs   what is missing for a verdict, in words that a user can act on; fixed_story: what the fix did
    contract         the dictionary of the JSON contract; result: that with all behind it
    words, units     the vocabulary of verdicts, bytes and seconds

Nothing here runs, reads or writes anything: the same events give the same verdict.  Thresholds are measured (docs and
bench/verify.py say how): whoever moves one runs that again.
"""
