"""What does one snippet do to memory?  Asked in a process of its own, which this room is.

In the order in which its modules are used:

    child         the process: reads the job, writes events
    environment   the one task: what this interpreter has
    execute       the other: attempt, repair, attempt again, until the snippet is measured
    watch         what the first repeat raises, and whether the flagged line runs
    repairs/      from an exception to the stand-in that lets the next attempt go on
    plan, probe   the loop of the measurement, with elements (what it runs over), shorten (trainings that take too long)
                  and used_models (what stands behind the loop)
    recorder      its events, from the readings of all meters: meters (host memory), objects, and gpu with nvml (the
                  driver), gpu_processes (which processes are ours) and visible_gpus (which devices)
    runtime       TensorFlow's runtime, looked at without starting it

It is started by containment/guard.py and knows nothing of the tool but its own files: what it is told is a job
(tflint_mem/verify/job.py), what it says are events (tflint_mem/verify/events.py).  It may change anything in its own
process, which ends with the job; it writes into its scratch folder alone.  A meter changes nothing of what it measures:
TensorFlow is never imported for a reading.

All of it runs in the interpreter of the checked project: Python 3.8 syntax, the standard library alone at import, and
no `typing` at run time.  Of other rooms it uses standins, snippet/scope.py and containment/process_table.py, which are
bound to the same.
"""
