"""Which functions and graphs are traced, when, and what would a trace freeze?

session_code      code of TensorFlow 1 that runs again and again together with a session
operation_makers  statements that add operations to a graph
graph_growth      which of them do so in each repeat
"""
