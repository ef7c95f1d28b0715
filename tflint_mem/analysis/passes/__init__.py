"""What differs from one pass of a repeat to the next, and what does a pass keep or do?

steady           is an argument surely the same in each pass?
compiled         does a pass run eagerly, or inside a traced function?
training         does a pass train, and is it a step, a round, or beside the point?
hot              is a place hot?  All that rules ask of the three before can be had from here, too
variance         does what an expression gives follow the loop variable, change, or stay?
trials           does a pass train something new?
kept             what does a pass put into a container, and what becomes of that?
cached           can what a pass makes be made once?
varying          what an answer about values says, and what the search for it is told
varying_names    names, loop variables, counters and attributes
varying_results  operations, texts, records, calls
varying_values   does an argument hold another Python value in each pass?
lengths          sums of sizes, and which expressions read a request
varying_lists    lists, texts and datasets that are longer in one pass than in another
shapes           does an argument have another shape in each pass?
"""
