"""The facts of all files, linked: what the rules ask.

    linking  which file is meant: modules, names, imports, versions
    holds    what an expression may evaluate to
    repeats  why something runs again and again, and what ends its life in between
    project  all of it as one: `Project`, which rules see as `context.project`

`linking` stands on facts and knowledge.  `repeats` reads the forms of values that `holds` has; what else the two need
of each other they ask by way of the project, as what a name holds depends on who calls, and who calls on what a name
holds.  Every answer is computed when it is asked for and kept until `Project.anew` or `close`.  An empty answer means
unknown.
"""
