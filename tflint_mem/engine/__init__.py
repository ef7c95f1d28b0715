"""From sources to findings: which files matter, the rules over the linked project, how sure a finding is.

    engine     `analyze`, which calls the others in this order
    relevance  the files that are worth parsing, by their import_lines; connected: does one of them need others?
    rule_runs  the rules over the linked project, faults and all
    worth      how sure a finding is, and whether it is worth a place in a default run
    ahead, side_by_side   several processes: facts of many files, rules of a large project
    reading    what comes before the facts of a file, and after those of all
    places     of several findings for one place, the one that stays
    session    what lasts between the analyses of one run

`engine.analyze` is all that others call.  It changes nothing but the `Session` that it is given.
"""
