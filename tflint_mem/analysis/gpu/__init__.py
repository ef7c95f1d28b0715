"""What happens on a GPU, and when is TensorFlow's runtime started?

tf_runtime    which code runs TensorFlow, and what has run it before a call
entry_points  which modules are programs, and what runs when they are started
first_work    the first training or inference that a program reaches
configured    does a module say anything about GPU memory or devices?
"""
