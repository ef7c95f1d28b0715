"""Sessions and graphs of TensorFlow 1, and what only runs in them.

`AREA` is the table.  To add what opens a session, add its canonical name to "session"; to `SESSION_TYPES` only what is
a class that has to be closed.  What starts a graph afresh goes to `GRAPH_RELEASES`.
"""

from .area import Area

AREA = Area(
    makes={
        "session": (
            "tf.Session",
            "tf.InteractiveSession",
            "tf.train.MonitoredTrainingSession",
            "tf.train.MonitoredSession",
            "keras.backend.get_session",
            "tf.get_default_session",
        ),
        "graph": ("tf.Graph", "tf.get_default_graph"),
        "operation": (
            "tf.global_variables_initializer",
            "tf.local_variables_initializer",
            "tf.variables_initializer",
            "tf.tables_initializer",
            "tf.group",
            "tf.no_op",
            "tf.assign",
            "tf.assign_add",
            "tf.assign_sub",
        ),
    },
    methods={"session": {"ndarray": ("run",)}},
    attributes={"session": {"graph": "graph"}},
    aliases={
        "tf.python.client.session.Session": "tf.Session",
        "tf.python.framework.ops.reset_default_graph": "tf.reset_default_graph",
        "tf.initialize_all_variables": "tf.global_variables_initializer",
    },
)

# -- groups that rules ask for ----------------------------------------------------------------------------------------

SESSION_TYPES = frozenset(("tf.Session", "tf.InteractiveSession"))
GRAPH_RELEASES = frozenset(("tf.reset_default_graph",))
