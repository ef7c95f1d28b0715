"""What differs from one pass of a repeat to the next, and what does a pass keep or do?

In reading order:

    axes             does an expression add an axis, and is it one sample?
    steady           is an argument surely the same in each pass?
    compiled         does a pass run eagerly, or inside a traced function?
    training         does a pass train, and is it a step, a round, or beside the point?
    hot              is a place hot?  All that rules ask of the four before can be had from here, too
    variance         does what an expression gives follow the loop variable, change, or stay?
    trials           does a pass train something new?
    retrained        is one model trained anew in each pass?
    kept             what does a pass put into a container, and what becomes of that?
    cached           can what a pass makes be made once?
    varying          what is said about another value in each pass, and what the search for it asks
    varying_names    the same of names, loop variables, counters and attributes
    varying_results  the same of operations, texts, records and calls
    varying_values   does an argument hold another Python value in each pass?
    sizes            does a number that gives a size vary?
    list_lengths     is a list, a text or a batch longer in one pass than in another?
    requests         does an expression read rows from a request?
    shapes           does an argument have another shape in each pass?
    wrappers         which models only wrap one that is there already, and who uses them?
    retrained        is it one model, made before the repeat, that each pass trains?
    predictions      how often is `predict` called, and for how much?
    eager_calls      which calls does Python launch op by op?
    long_repeats     does what is kept of each pass add up?
    tensor_views     what keeps or returns a view into the memory of a TFLite interpreter?
    dataset_uses     is a data set read in a pass, used up, or put together with others?
    chained_datasets which data sets are put on top of themselves?
    rebuilt_datasets which data sets are built again in each pass?
    endless_datasets which data sets never end?
    fresh_iterators  which iterators are made for one batch?
"""
