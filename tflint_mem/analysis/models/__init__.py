"""Where do models come from, what becomes of them, and what keeps them alive?

In the order of reading; each module imports only those above it:

    syntax        what a statement or expression says by itself: what it holds, what a call is assigned to
    results       what a call gives, by the inference
    held          calls of what variables and attributes hold: `model(x)`, `self.net(x)`
    stored        is what each repeat makes put into a container on purpose?
    parts         is a model a block of another one, and none of its own?
    releases      in which ways does a call repeat without a release of what it made before?
    origins       which calls load or construct models, each with its repeat
    trained       what is done with a model on the way of its repeat: is it trained, is it asked?
    lifetimes     which models live on across a place
    outputs       does a model give one tensor or several, and is what a call gives used as one array?
    output_calls  which call makes the output that an expression is, and is that one tensor?
    symbolic      does a call compute something, or add to a functional model?
    receivers     is a method called on a Keras model, or on something else that has one of that name?
    handed_out    who gets the result of a call, and which statement puts it into a container?
    step_objects  what a function does with the metric or optimizer that it makes
    optimizers    which optimizers keep nothing from step to step
    loaded        the words for models that are loaded again
    built         the words for models that are built again
    paths         what literals tell of the path of a file
    effect_names  what the last name of a call says about its effects
    side_effects  what running a loop may do besides computing
    saved         may the load of a saved model run once for all passes of a loop?
    fixes         the fixes: hoist a load, or clear at the end of each repeat
    models        what rules ask of `syntax`, `results`, `stored`, `parts`, `releases`, `origins`, `trained` and
                  `fixes`, under one name
    handed_out    where the result of a call goes
    step_objects  what the function that makes a metric or an optimizer does with it
    table_use     does a lookup table belong to a model that is being built?
"""
