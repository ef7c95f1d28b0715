"""What keeps a run going on hostile input: faults, time limits, unsafe text, missing streams."""
