"""How is a measured process started, what may it see, do and use, and how is it ended?

In the order in which its modules are used:

    runner         the two jobs: what an interpreter has, and a snippet to run; gives a Run
    scratch        the folder of one job, the only one that its child writes to
    variables      the child's environment; cuda_cache lends it CUDA's kernels, gpu_share leaves GPU memory to others
    supervisor     starts the guard, watches the child with processes, reads what it says with channel, ends it
    limits         what nobody configures
    view           which files it may see: a plan, made in the tool
    guard, become  in a process of its own: takes away what the child shall not have, in layers (sandbox: namespaces,
                   capabilities, limits; mounts or landlock: files; seccomp: system calls), and becomes the child
    process_table  who is there: for the tool, the guard and the child alike

Nothing in the tool's own process changes for good: no handler of signals, no variable, no working directory, no limit.
All that is taken away is taken away in the guard's processes.

guard, become and what they import run before each measurement under the tool's own interpreter without `site`: they
import little, and `typing` never.  process_table runs in the measured process as well, in the interpreter of the
checked project: Python 3.8 syntax.  Nothing here imports what stands above it: plan, snippet and events are named for
their types alone.
"""
