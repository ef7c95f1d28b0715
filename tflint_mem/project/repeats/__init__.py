"""Does this run again and again, and what is released between?

The answer to the first question is a `Repeat`: a loop, a handler, a trial of a search, a recursion, with the calls that
lead from there to the flagged one.  The second asks what is called, or which construct stands, on that way.

In reading order:

    repeat       what the room answers with
    headers      the heads of compound statements
    repeats      the search: from a call to the loops around it, and on to the callers of its function

  which loops count
    lengths      how often a loop runs, when the code says so
    leaving      loops that leave in their first pass, or after so many
    turns        loops that run each of several functions once
    recursion    functions that call themselves

  who calls
    callers      direct calls, by the names that a function goes by
    handed       functions that are handed over, put into a table, kept on an object
    consumers    what a call does with a function that it is given
    iterated     `for batch in reader:` runs `__next__`
    kindred      callers of a library's methods, by the words that things are called
    reach        what calls and decorators run
    whole        the memo of such answers about the whole project
    nearest      the shortest way up to a repeat, where there are too many

  what calls without being called
    frameworks   a row for each: to add one, add its row
    decorated    handlers by their decorators
    handlers     and by their names, types and bases
    scripts      Streamlit's

  what runs only once, and only some ways
    conditions   what a condition says about a place
    places       what fills a place that is looked at, and how long it keeps it
    guards       once-guards: `if self.model is None`
    tables       guards that fill a table under ever new keys
    caching      functions whose results are kept
    owners       is a new object made in each repeat, with nothing in it yet?
    feasible     what callers pass decides conditions on parameters

  what is released
    released     what ends the life of what a repeat makes
    compiled     what always runs inside a traced graph

Where the answer is uncertain, the room takes what programs mostly do: receivers that nobody is seen to pass are told
by their names (`kindred`), studies, pools and data sets by theirs (`consumers`), handlers by conventions
(`frameworks`).  A guard is believed when the place that it looks at is filled inside it and kept until the next repeat.
A number is believed when no caller passes more.

Searches are bounded, so that one question costs about the same in every project: a repeat is looked for in so many
places (`repeats.MAX_PATHS`) and through so many functions (`repeats.MAX_DEPTH`); where that is not enough, along one
shortest way (`repeats.MAX_CHAIN`), and where that cannot be taken the answer is "unknown" and told
(`hardening.budget`).  A name that very many modules use says nothing in particular (`callers.MAX_NAMED`, `EVERYWHERE`),
so its users are not looked at.
"""
