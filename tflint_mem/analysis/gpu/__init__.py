"""What happens on a GPU, and when is TensorFlow's runtime started?

tf_runtime   which code runs TensorFlow, and what has run it before a call
"""
