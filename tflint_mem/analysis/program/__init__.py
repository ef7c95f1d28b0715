"""What does this program run on: which back end, mode, devices, and in which order do its parts run?"""
