"""What does this program run on: which back end, mode, devices, and in which order do its parts run?

In the order of reading:

    backends         which backend Keras runs on, when it is surely not TensorFlow
    modes            graphs or eager execution; what a condition on the version says about it
    mechanisms       from both: what keeps a Keras model that a repeat has dropped
    devices          which GPUs a configuring call names
    execution_order  what runs before a call, across functions and imports
    public           functions that only the users of a library call
"""
