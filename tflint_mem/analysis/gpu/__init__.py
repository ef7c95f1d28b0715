"""What happens on a GPU, and when is TensorFlow's runtime started?

In reading order:

    tf_runtime      which code runs TensorFlow, and what has run it before a call
    forked_workers  which processes are forked, and which functions run in them?
    spawnable       could they be spawned instead?
    entry_points    which modules are programs, and what runs when they are started?
    first_work      which training or inference does a program reach first?
    configured      does a module say anything about GPU memory or devices?
    unconfigured    which programs compute and configure none?
    device_setup    which calls set up the devices?
    session_setup   which sessions are made to configure a GPU?
"""
