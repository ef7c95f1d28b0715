"""Which functions and graphs are traced, when, and what would a trace freeze?

In reading order:

    traced_functions  where is each `tf.function` made, with which options, and who calls it?
    tracing           what does a function do on the host, which a trace would do once or not at all?
    given             would a trace take the arguments of a function as they are?
    frozen            what state would a trace keep that changes afterwards?
    big_arrays        which arrays are known to be big?
    captured          which of them does a traced function read from around it?
    remade            is a `tf.function` that is made anew meant so, and what does it hold?
    one_trace         would one trace do for all passes?
    new_models        does a function give a traced one a model that it makes anew?
    tensor_parameters would a traced function do the same with a tensor?
    graphs            which calls make operations of a TF1 graph, which run it, and what does a loop over it go over?
    session_code      which code of TensorFlow 1 runs again and again together with a session?
    operation_makers  which statements add operations to a graph?
    graph_growth      which of them do so in each repeat?
    open_sessions     which sessions are kept, and does anything close them?
    backend_objects   which functions and gradients of Keras' backend are made again?
    decorating        may the function around a call be decorated with `@tf.function`?
"""
