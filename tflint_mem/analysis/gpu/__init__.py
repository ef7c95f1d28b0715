"""What happens on a GPU, and when is TensorFlow's runtime started?"""
