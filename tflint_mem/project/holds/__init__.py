"""What does this hold?

What names, attributes, parameters, calls and other expressions may evaluate to, across functions, classes and files:
`project.infer.values(m, scope, expression, at)` gives a set of values.

To be read in this order:

    values       the forms of values: a thing of TensorFlow, a function or class of the project, a container …
    infer        the way in, and the parts that the inference is put together from
    questions    what the parts ask each other
    answers      each question is answered once; what depends on itself; how deep a search goes
    expressions  what each kind of expression gives
    bound        names: which binding is in force, and what it gives; imports
    containers   what goes into lists and dictionaries, and what comes out
    parameters   what callers pass, what annotations and defaults say
    classes      bases, kinds and methods of classes; decorators
    attributes   of objects, classes, modules and things
    results      what calls give; `foreign`: those of what other packages have
    asked        what an unknown thing must be, judged by what is asked of it

What is uncertain.  An empty set means unknown, and never "nothing": what asks has to keep silent.  A set is what is
seen to come in, not all that may: a parameter that three callers pass may get something else from one that is not
seen.  Between functions no order is followed (an attribute holds all that any method assigns); inside one the order of
the statements decides which binding is in force.  None is mostly left out: `x = None` is how code says "not yet".  An
answer that depends on itself is what the other paths give.  Only `asked` guesses, from what only one thing can be
asked.

Bounds.  Each of them makes the answer less, and none makes it wrong:

    MAX_VALUES 16          what may be more things than these says nothing that a rule could use
    MAX_CALLERS 32         whose arguments are looked at: as before, more seldom add another kind of thing
    MAX_DEPTH 100          of expressions in each other: far above real code, far below Python's limit of recursion,
                           as one step takes several frames
    SURE_DEPTH 60          what was found below it, when a search was cut off, might be more if it were asked from
                           elsewhere, so it is not kept: no answer may depend on which question came first
    MAX_NESTING, MAX_SIZE  of containers in each other: `b = (a, a)`, `c = (b, b)` … double with each step
    LARGE_CYCLE 60         members of a cycle are asked again, each from its own place, unless that costs the square
    MOST_ANSWERS 50,000    of a very large project, in two generations: what nobody asks for again is forgotten
"""
