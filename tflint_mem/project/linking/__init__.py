"""Which file is meant?  Modules, imports, names, and what the project says about versions and hardware.

To be read in this order:

    body, blocks, bindings, mentions
                  the layers of a module, each with the questions that it answers about one module
    call_names    the names that calls go by
    module        a module as a whole, and what is known of it without its body
    index, names  which modules use a name; which module an import means
    modules       the modules of a run: added, linked, found, opened
    imports       which modules a module runs when it is imported
    requirements  what the project's requirements say
    versions, spelling, hardware
                  which TensorFlow it runs on, which one code is written for, whether it has a GPU

What is uncertain.  Nobody tells a linter what `sys.path` will be: `names` takes the nearest file that fits, or none.
Names are taken as they are written: `calls_by_tail` and the index find what may be meant, and who asks has to see
whether it is. Where requirements or configuration say nothing the answer is None, or a range that is open at both
ends.

What may be touched.  A new question about one module goes to the layer it belongs to, with a memo that `forget` of
that layer makes anew.  What a scope or statement is stays with `facts`; what an expression holds is asked of
`project.holds`, and why something runs again of `project.repeats`: nothing here imports either, and only `versions`
and `spelling` ask the project.
"""
